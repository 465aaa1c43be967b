//! Conversions of addresses.

use wufu_circuits::address::Address;
use wufu_verifier::PublicKey;

use crate::{error::ConvertError, read, v1};

impl TryFrom<&v1::Address> for Address {
    type Error = ConvertError;

    fn try_from(message: &v1::Address) -> Result<Self, ConvertError> {
        Ok(Self {
            org: read::org("org", &message.org)?,
            pk: PublicKey(read::element("pk", &message.pk)?),
            ek: read::array("ek", &message.ek)?,
        })
    }
}

impl TryFrom<v1::Address> for Address {
    type Error = ConvertError;

    fn try_from(message: v1::Address) -> Result<Self, ConvertError> {
        Self::try_from(&message)
    }
}

impl From<&Address> for v1::Address {
    fn from(address: &Address) -> Self {
        Self {
            org: address.org.clone(),
            pk: address.pk.to_bytes().to_vec(),
            ek: address.ek.to_vec(),
        }
    }
}

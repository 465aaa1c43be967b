//! Vouchers: one-use codes for somebody who has no wallet yet.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{error::ConvertError, read, v1};

/// A one-use code. It is never a seed: the wallet that redeems it makes its own.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Voucher {
    /// The campaign or charity.
    #[zeroize(skip)]
    pub org: String,
    /// The code.
    pub code: [u8; 32],
    /// When it expires, in Unix seconds.
    #[zeroize(skip)]
    pub expiry: u64,
}

impl fmt::Debug for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Voucher(..)")
    }
}

impl TryFrom<v1::Voucher> for Voucher {
    type Error = ConvertError;

    fn try_from(message: v1::Voucher) -> Result<Self, ConvertError> {
        Ok(Self {
            org: read::org("org", &message.org)?,
            code: read::array("code", &message.code)?,
            expiry: message.expiry,
        })
    }
}

impl From<&Voucher> for v1::Voucher {
    fn from(voucher: &Voucher) -> Self {
        Self { org: voucher.org.clone(), code: voucher.code.to_vec(), expiry: voucher.expiry }
    }
}

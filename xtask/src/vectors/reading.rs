//! Messages by their names, read as our own reader does.

use wufu_circuits::Address;
use wufu_proto::{
    ConvertError, Envelope, decode,
    grant::{CardGift, CardGrant, DonationReceipt, PersonGrant},
    json::{JsonError, from_json, to_json},
    limits::MessageLimits,
    v1,
    voucher::Voucher,
};
use wufu_verifier::{Policy, ProofRequest};

/// A message that was read, understood and written again.
pub struct Read {
    /// The bytes, written again.
    pub bytes: Vec<u8>,
    /// The JSON form, written from the bytes.
    pub json: String,
    /// The bytes of the message in the JSON.
    pub from_json: Result<Vec<u8>, JsonError>,
}

fn read<M, D>(bytes: &[u8], json: &str) -> Result<Read, ConvertError>
where
    M: MessageLimits,
    D: TryFrom<M, Error = ConvertError>,
    M: for<'a> From<&'a D>,
{
    let message = M::from(&D::try_from(decode::<M>(bytes)?)?);
    Ok(Read {
        bytes: message.encode_to_vec(),
        json: to_json(&message).unwrap(),
        from_json: from_json::<M>(json).map(|message| message.encode_to_vec()),
    })
}

/// Reads the bytes of the message `name`, and its JSON form.
pub fn read_message(name: &str, bytes: &[u8], json: &str) -> Result<Read, ConvertError> {
    match name {
        "wufu.v1.Address" => read::<v1::Address, Address>(bytes, json),
        "wufu.v1.CardGrant" => read::<v1::CardGrant, CardGrant>(bytes, json),
        "wufu.v1.PersonGrant" => read::<v1::PersonGrant, PersonGrant>(bytes, json),
        "wufu.v1.DonationReceipt" => read::<v1::DonationReceipt, DonationReceipt>(bytes, json),
        "wufu.v1.Gift" => read::<v1::Gift, CardGift>(bytes, json),
        "wufu.v1.Voucher" => read::<v1::Voucher, Voucher>(bytes, json),
        "wufu.v1.Policy" => read::<v1::Policy, Policy>(bytes, json),
        "wufu.v1.ProofRequest" => read::<v1::ProofRequest, ProofRequest>(bytes, json),
        "wufu.v1.Envelope" => read::<v1::Envelope, Envelope>(bytes, json),
        other => panic!("no reader for {other}"),
    }
}

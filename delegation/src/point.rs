//! Points as bytes. Unlike the points of a proof they may be the identity, since a sum over masks
//! or over nothing may be.

use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

/// The error for bytes that are not a point of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{point} is not the canonical encoding of a point of the group")]
pub struct PointError {
    /// The name of the point.
    pub point: &'static str,
}

/// Decodes one compressed point: on the curve, in the subgroup, and in the one encoding that we
/// write.
pub(crate) fn decode<P>(point: &'static str, bytes: &[u8]) -> Result<P, PointError>
where
    P: AffineRepr + CanonicalDeserialize + CanonicalSerialize,
{
    // This checks curve and subgroup.
    let decoded = P::deserialize_compressed(bytes).map_err(|_| PointError { point })?;
    // Decoding drops x if the infinity flag is set.
    let mut again = Vec::with_capacity(bytes.len());
    encode(&decoded, &mut again);
    if again == bytes { Ok(decoded) } else { Err(PointError { point }) }
}

/// Appends a compressed point.
pub(crate) fn encode<P: CanonicalSerialize>(point: &P, out: &mut Vec<u8>) {
    let before = out.len();
    // Writing to a vector cannot fail. If it did, every reader would refuse the rest.
    if point.serialize_compressed(&mut *out).is_err() {
        out.truncate(before);
    }
}

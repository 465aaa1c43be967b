//! Decoding of one compressed point. All points are refused here, for the same reasons.

use alloc::vec::Vec;
use core::fmt;

use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

/// Errors from reading a curve point.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PointError {
    /// Not a point of the curve and its subgroup of order r, or not its canonical bytes.
    Invalid {
        /// The name of the point.
        point: &'static str,
    },
    /// The identity, which no honest proof or key contains.
    Identity {
        /// The name of the point.
        point: &'static str,
    },
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { point } => {
                write!(f, "{point} is not the canonical encoding of a point of the group")
            }
            Self::Identity { point } => write!(f, "{point} is the identity"),
        }
    }
}

impl core::error::Error for PointError {}

/// Decodes one compressed point: on the curve, in the subgroup, not the identity, and in the one
/// encoding that we write.
pub(crate) fn decode_point<P>(point: &'static str, bytes: &[u8]) -> Result<P, PointError>
where
    P: AffineRepr + CanonicalDeserialize + CanonicalSerialize,
{
    // This checks curve and subgroup.
    canonical(point, bytes, P::deserialize_compressed(bytes).ok())
}

/// Returns the decoded point if it is not the identity and its encoding is the one that we write.
pub(crate) fn canonical<P>(
    point: &'static str,
    bytes: &[u8],
    decoded: Option<P>,
) -> Result<P, PointError>
where
    P: AffineRepr + CanonicalSerialize,
{
    let decoded = decoded.ok_or(PointError::Invalid { point })?;
    // Decoding drops x if the infinity flag is set.
    if encode_point(&decoded) != bytes {
        return Err(PointError::Invalid { point });
    }
    if decoded.is_zero() {
        return Err(PointError::Identity { point });
    }
    Ok(decoded)
}

/// Checks a point that did not arrive as bytes: on the curve, in the subgroup, not the identity.
pub(crate) fn check_point<P>(point: &'static str, given: &P) -> Result<(), PointError>
where
    P: AffineRepr + CanonicalDeserialize + CanonicalSerialize,
{
    // Compression drops most of y: a point off the curve would come back as another one.
    let decoded: P = decode_point(point, &encode_point(given))?;
    if decoded == *given { Ok(()) } else { Err(PointError::Invalid { point }) }
}

/// Encodes one compressed point.
pub(crate) fn encode_point<P: CanonicalSerialize>(point: &P) -> Vec<u8> {
    let mut out = Vec::with_capacity(point.compressed_size());
    // Writing to a vector cannot fail. If it did, no bytes would match these.
    if point.serialize_compressed(&mut out).is_err() {
        out.clear();
    }
    out
}

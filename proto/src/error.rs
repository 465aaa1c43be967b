//! The errors of conversions.

use core::fmt;

use wufu_verifier::{
    FieldError, Reason,
    check::request::RequestError,
    encoding::text::NameError,
    groth16::proof::ProofError,
    statement::{InputsError, policy::PolicyError, record::RecordError},
};

/// Errors from converting a message. Each names the field, and none shows a value that could be
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertError {
    /// The bytes are not a protobuf message of this type.
    Malformed {
        /// The message.
        message: &'static str,
    },
    /// The bytes are not in the encoding that we would write: unknown fields, defaults written out,
    /// or another order.
    NotCanonical {
        /// The message.
        message: &'static str,
    },
    /// The bytes are longer than such a message can be.
    Long {
        /// The message.
        message: &'static str,
        /// The length, in bytes.
        got: usize,
        /// The largest accepted length, in bytes.
        max: usize,
    },
    /// A field is missing.
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field of bytes or text has the wrong length.
    Length {
        /// The field.
        field: &'static str,
        /// The length, in bytes.
        got: usize,
        /// The smallest accepted length.
        min: usize,
        /// The largest accepted length.
        max: usize,
    },
    /// A list has the wrong number of items.
    Count {
        /// The field.
        field: &'static str,
        /// The number of items.
        got: usize,
        /// The smallest accepted number.
        min: usize,
        /// The largest accepted number.
        max: usize,
    },
    /// A list of items of one size ends inside an item.
    Stride {
        /// The field.
        field: &'static str,
        /// The length, in bytes.
        got: usize,
        /// The size of an item.
        stride: usize,
    },
    /// A number is out of range, or does not stand for any of its choices.
    Choice {
        /// The field.
        field: &'static str,
        /// The number.
        got: u64,
        /// What the number may be.
        expected: &'static str,
    },
    /// A text is not one of the accepted ones, or is malformed.
    Text {
        /// The field.
        field: &'static str,
        /// What the text may be.
        expected: &'static str,
    },
    /// A text is not an acceptable name: see [`wufu_verifier::encoding::text`].
    Name {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// A number in a witness is out of range. The number is secret, so the error does not show it.
    Secret {
        /// The field.
        field: &'static str,
        /// What the number may be.
        expected: &'static str,
    },
    /// The envelope's parts do not belong together.
    Binding {
        /// The part that its circuit requires.
        expected: &'static str,
    },
    /// A field element is refused.
    Field(FieldError),
    /// A number of a donation is refused.
    Record(RecordError),
    /// A policy is refused.
    Policy(PolicyError),
    /// A request, or its signature, is refused.
    Request(RequestError),
    /// The public inputs are refused.
    Inputs(InputsError),
    /// A proof is refused.
    Proof(ProofError),
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { message } => write!(f, "these bytes are no {message}"),
            Self::NotCanonical { message } => {
                write!(f, "these bytes are not the one encoding of their {message}")
            }
            Self::Long { message, got, max } => {
                write!(f, "{got} bytes are longer than any {message}, expected at most {max}")
            }
            Self::Missing { field } => write!(f, "{field} is missing"),
            Self::Length { field, got, min, max } => {
                write!(f, "{field} is {got} bytes, expected ")?;
                range(f, *min, *max)
            }
            Self::Count { field, got, min, max } => {
                write!(f, "{got} {field}, expected ")?;
                range(f, *min, *max)
            }
            Self::Stride { field, got, stride } => {
                write!(f, "{field} is {got} bytes, expected a multiple of {stride}")
            }
            Self::Choice { field, got, expected } => {
                write!(f, "{field} is {got}, expected {expected}")
            }
            Self::Text { field, expected } | Self::Secret { field, expected } => {
                write!(f, "{field} is not {expected}")
            }
            Self::Name { field, error } => write!(f, "{field} {error}"),
            Self::Binding { expected } => write!(f, "the envelope lacks or contradicts {expected}"),
            Self::Field(error) => error.fmt(f),
            Self::Record(error) => error.fmt(f),
            Self::Policy(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
            Self::Inputs(error) => error.fmt(f),
            Self::Proof(error) => error.fmt(f),
        }
    }
}

impl ConvertError {
    /// Returns the reason code of this refusal.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Malformed { .. } => Reason::MessageMalformed,
            Self::NotCanonical { .. } => Reason::MessageNotCanonical,
            Self::Long { .. } => Reason::MessageLong,
            Self::Missing { .. } => Reason::MessageMissing,
            Self::Length { .. } => Reason::MessageLength,
            Self::Count { .. } => Reason::MessageCount,
            Self::Stride { .. } => Reason::MessageStride,
            Self::Choice { .. } => Reason::MessageChoice,
            Self::Text { .. } | Self::Name { .. } => Reason::MessageText,
            Self::Secret { .. } => Reason::MessageSecret,
            Self::Binding { .. } => Reason::MessageBinding,
            Self::Field(error) => error.reason(),
            Self::Record(error) => error.reason(),
            Self::Policy(error) => error.reason(),
            Self::Request(error) => error.reason(),
            Self::Inputs(error) => error.reason(),
            Self::Proof(error) => error.reason(),
        }
    }
}

fn range(f: &mut fmt::Formatter<'_>, min: usize, max: usize) -> fmt::Result {
    if min == max { write!(f, "{min}") } else { write!(f, "{min} to {max}") }
}

impl std::error::Error for ConvertError {}

macro_rules! from {
    ($($error:ident => $variant:ident),+ $(,)?) => {
        $(impl From<$error> for ConvertError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

from!(
    FieldError => Field,
    InputsError => Inputs,
    PolicyError => Policy,
    ProofError => Proof,
    RecordError => Record,
    RequestError => Request,
);

//! Why a message is refused.

use core::fmt;

use wufu_verifier::{
    FieldError, Reason,
    check::request::RequestError,
    encoding::text::NameError,
    groth16::proof::ProofError,
    statement::{InputsError, policy::PolicyError, record::RecordError},
};

/// Why a message is not what it should be. It names the field and never shows a value that could be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertError {
    /// The bytes are no protobuf message of this type.
    Malformed {
        /// The message.
        message: &'static str,
    },
    /// The bytes are not those that we would write for the message: unknown fields, defaults written out, another order.
    NotCanonical {
        /// The message.
        message: &'static str,
    },
    /// Longer than any such message.
    Long {
        /// The message.
        message: &'static str,
        /// How many bytes there are.
        got: usize,
        /// The most that there may be.
        max: usize,
    },
    /// A field is not there.
    Missing {
        /// The field.
        field: &'static str,
    },
    /// Bytes or a text of the wrong length.
    Length {
        /// The field.
        field: &'static str,
        /// How many bytes there are.
        got: usize,
        /// The fewest that there may be.
        min: usize,
        /// The most that there may be.
        max: usize,
    },
    /// The wrong number of items.
    Count {
        /// The field.
        field: &'static str,
        /// How many there are.
        got: usize,
        /// The fewest that there may be.
        min: usize,
        /// The most that there may be.
        max: usize,
    },
    /// A list of items of one size, cut inside an item.
    Stride {
        /// The field.
        field: &'static str,
        /// How many bytes there are.
        got: usize,
        /// The size of an item.
        stride: usize,
    },
    /// A number that stands for a choice has no meaning, or is out of its range.
    Choice {
        /// The field.
        field: &'static str,
        /// The number.
        got: u64,
        /// What it may be.
        expected: &'static str,
    },
    /// A text that is not one of those that it may be, or not of the right form.
    Text {
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// A text that is not a name: see [`wufu_verifier::encoding::text`].
    Name {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// A number of a witness is out of its range. It is secret, so it is not told.
    Secret {
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// Something that does not belong to the circuit.
    Binding {
        /// What belongs to it.
        expected: &'static str,
    },
    /// A field element.
    Field(FieldError),
    /// A number of a donation.
    Record(RecordError),
    /// A policy.
    Policy(PolicyError),
    /// A request, its signature included.
    Request(RequestError),
    /// Public inputs.
    Inputs(InputsError),
    /// A proof.
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
    /// The code of this refusal.
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

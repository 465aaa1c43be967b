//! Field elements named by their meaning, so that the compiler refuses one where another belongs.
//!
//! Circuits, matrices and encodings work with plain field elements: use [`Fr`] there.

use core::fmt;

use ark_bn254::Fr;

use crate::encoding::field::{self, FieldBytes, FieldError};

macro_rules! element {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub Fr);

        impl $name {
            /// Returns the field element.
            pub const fn fr(self) -> Fr {
                self.0
            }

            /// Returns its canonical bytes.
            pub fn to_bytes(self) -> FieldBytes {
                field::encode(&self.0)
            }
        }

        impl From<Fr> for $name {
            fn from(element: Fr) -> Self {
                Self(element)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

element! {
    /// The root of a log's tree.
    #[derive(PartialOrd, Ord)]
    Root
}

element! {
    /// One element for both roots of a Five Fu claim and its scope.
    Anchor
}

element! {
    /// For whom, and for what, a nullifier counts.
    Scope
}

element! {
    /// `H(D_PK, sk)`: the owner that a card or a donation is committed to.
    PublicKey
}

element! {
    /// A card, committed to its kind and its owner: a leaf of the card log.
    Commitment
}

element! {
    /// What is the same each time the same card, person or donation is shown in a scope. A spent
    /// set keeps its canonical bytes, so each nullifier has one form there.
    #[derive(PartialOrd, Ord)]
    Nullifier
}

impl Nullifier {
    /// Decodes 32 bytes.
    ///
    /// # Errors
    /// Returns an error if their number is another, or they are not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        field::decode("nullifier", bytes).map(Self)
    }
}

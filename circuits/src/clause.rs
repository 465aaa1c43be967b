//! The clauses of the statements, by tag.

use std::fmt;

macro_rules! clauses {
    ($($tag:ident = $meaning:literal,)+) => {
        /// A clause of a statement. The same tag stands in `docs/spec/statements.md`, at the rows
        /// that enforce the clause, and in the name of the test that makes it alone false.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Clause {
            $(#[doc = $meaning] $tag,)+
        }

        impl Clause {
            /// All clauses, in the order of the statements.
            pub const ALL: &[Self] = &[$(Self::$tag,)+];

            /// The tag, such as `F3`.
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$tag => stringify!($tag),)+ }
            }

            /// What the clause says.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$tag => $meaning,)+ }
            }
        }
    };
}

clauses! {
    F1 = "pk is derived from sk",
    F2 = "each card commits to its kind and to pk",
    F3 = "each card is in the card log",
    F4 = "each card's nullifier is the one under sk",
    F5 = "the person of pk is in the person log",
    F6 = "the person's nullifier is the one for the scope",
    F7 = "the anchor is that of both roots and the scope",
    F8 = "the payload is bound",
    D1 = "pk is derived from sk",
    D2 = "the donation commits to the record and to pk",
    D3 = "the donation is in the donation log",
    D4 = "the donation's nullifier is the one under sk for the scope",
    D5 = "the policy is that of the project set and the bounds",
    D6 = "the project is in the project set",
    D7 = "amount and time are within the bounds",
    D8 = "the payload is bound",
    G1 = "pk is derived from sk",
    G2 = "the card commits to its kind and to pk",
    G3 = "the card is in the card log",
    G4 = "the card's nullifier is the one under sk",
    G5 = "the new card has the same kind and the friend's pk, and rho is the nullifier",
    G6 = "the kind is one of the five",
    G7 = "the payload is bound",
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A statement is false. This is the first clause that does not hold.
///
/// It names the clause, and reveals nothing of the witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClauseError {
    /// The false clause.
    pub clause: Clause,
}

impl fmt::Display for ClauseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clause {} is false: {}", self.clause, self.clause.meaning())
    }
}

impl std::error::Error for ClauseError {}

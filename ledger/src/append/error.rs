//! Why an append failed.

use wufu_verifier::{
    encoding::text::{NameError, QuotedText},
    log::signed_note::MAX_BYTES,
};

use crate::store::StoreError;

/// Why an append failed. Nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The address belongs to another organisation, whose keys differ.
    #[error("the address belongs to {got:?}, expected {expected:?}")]
    Org {
        /// The address's organisation.
        got: String,
        /// The ledger's organisation.
        expected: String,
    },
    /// The serial was issued before.
    #[error("serial {serial} was issued already")]
    Serial {
        /// The requested serial.
        serial: u64,
    },
    /// The serial is 2^63 or more.
    #[error("serial is {serial}, expected below 2^63")]
    SerialRange {
        /// The requested serial.
        serial: u64,
    },
    /// The public key already belongs to a registered person.
    #[error("{address} is registered already")]
    Registered {
        /// The address that holds the key.
        address: String,
    },
    /// A claim was admitted. With a new key, a person could claim a second time.
    #[error("the person log is frozen since the first claim")]
    Frozen,
    /// The ledger's rules name no currency.
    #[error(
        "this ledger has no currency, so it accepts no donations. The currency is set when a \
         ledger is made: make one for donations with `wufu ledger init --currency CODE`"
    )]
    NoCurrency,
    /// A donation with this receipt is in the ledger.
    #[error("receipt {receipt:?} was imported already")]
    Receipt {
        /// The receipt's name.
        receipt: String,
    },
    /// There is no donation with this receipt.
    #[error(
        "no donation has receipt {}: import it first, or check its spelling",
        QuotedText(.receipt)
    )]
    Unknown {
        /// The receipt's name.
        receipt: String,
    },
    /// The donation has an owner.
    #[error(
        "the donation of receipt {} has an owner already: it is leaf {leaf_index} of {origin}, and \
         that cannot be changed",
        QuotedText(.receipt)
    )]
    Owned {
        /// The receipt's name.
        receipt: String,
        /// The origin of the donation log.
        origin: String,
        /// The leaf's index in that log.
        leaf_index: u64,
    },
    /// The receipt's name is empty or too long.
    #[error("receipt is {got} bytes, expected 1 to 256")]
    ReceiptLength {
        /// The length in bytes.
        got: usize,
    },
    /// The receipt's name is not UTF-8.
    #[error("receipt is not UTF-8")]
    ReceiptText,
    /// A name that could be mistaken for another one, or that hides characters.
    #[error("{field} {} {error}", QuotedText(.name))]
    Name {
        /// What it names: a receipt, an institution or a project.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with the name.
        error: NameError,
    },
    /// The list of projects would be too long to sign.
    #[error("the list of projects would be longer than a note of {MAX_BYTES} bytes")]
    DirectoryFull,
    /// The log has no room for the leaves.
    #[error("{origin} would have {got} leaves, expected at most {capacity}")]
    Full {
        /// The log's origin.
        origin: String,
        /// How many leaves the log would have.
        got: u64,
        /// How many leaves the log can have.
        capacity: u64,
    },
    /// Made-up wallets are for trials only.
    #[error("made-up owners are refused in production")]
    Production,
    /// The log already holds the leaf, or something else that must be unique.
    #[error("an entry is in the log already")]
    Duplicate,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        if error.is_duplicate() { Self::Duplicate } else { Self::Store(error) }
    }
}

impl AppendError {
    /// Whether the fault lies with the ledger, and not with the request.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

//! Why nothing was appended.

use wufu_verifier::{
    encoding::text::{NameError, QuotedText},
    log::signed_note::MAX_BYTES,
};

use crate::store::StoreError;

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// An address of another org: its keys would not fit.
    #[error("address is of {got:?}, expected {expected:?}")]
    Org {
        /// The address's org.
        got: String,
        /// The ledger's.
        expected: String,
    },
    /// The serial was issued.
    #[error("serial {serial} was issued already")]
    Serial {
        /// The serial.
        serial: u64,
    },
    /// A serial of 2^63 or more.
    #[error("serial is {serial}, expected below 2^63")]
    SerialRange {
        /// The serial.
        serial: u64,
    },
    /// The public key is a person's already.
    #[error("{address} is registered already")]
    Registered {
        /// The address.
        address: String,
    },
    /// A claim was admitted: a replaced key could claim a second time.
    #[error("the person log is frozen since the first claim")]
    Frozen,
    /// The ledger's policy names no currency.
    #[error(
        "this ledger has no currency, so it takes no donations; it is set when a ledger is made: make one for donations with \
         wufu ledger init --currency CODE"
    )]
    NoCurrency,
    /// The receipt is in the log.
    #[error("receipt {receipt:?} was imported already")]
    Receipt {
        /// The receipt's name.
        receipt: String,
    },
    /// There is no donation of that receipt.
    #[error("no donation has receipt {}: import it first, or look at its spelling", QuotedText(.receipt))]
    Unknown {
        /// The receipt's name.
        receipt: String,
    },
    /// The donation has an owner.
    #[error(
        "the donation of receipt {} has an owner already: it is leaf {leaf_index} of {origin}, and that cannot be changed",
        QuotedText(.receipt)
    )]
    Owned {
        /// The receipt's name.
        receipt: String,
        /// The log.
        origin: String,
        /// Its place there.
        leaf_index: u64,
    },
    /// A receipt's name without bytes, or too long.
    #[error("receipt is {got} bytes, expected 1 to 256")]
    ReceiptLength {
        /// Its length.
        got: usize,
    },
    /// A receipt's name that is no text.
    #[error("receipt is not UTF-8")]
    ReceiptText,
    /// A name that could be taken for another, or hides something.
    #[error("{field} {} {error}", QuotedText(.name))]
    Name {
        /// Whose name it is.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// The list of projects would be too long to be signed.
    #[error("the list of projects would be longer than a note of {MAX_BYTES} bytes")]
    DirectoryFull,
    /// The log has no room.
    #[error("{origin} would have {got} leaves, expected at most {capacity}")]
    Full {
        /// The log.
        origin: String,
        /// How many there would be.
        got: u64,
        /// How many there may be.
        capacity: u64,
    },
    /// Wallets are made up in trials only.
    #[error("made-up owners are refused in production")]
    Production,
    /// The log holds the leaf, or something that must be unique, already.
    #[error("an entry is in the log already")]
    Duplicate,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        if error.is_duplicate() { Self::Duplicate } else { Self::Store(error) }
    }
}

impl AppendError {
    /// Whether the ledger failed, rather than what it was asked.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

//! Why the ledger does not sign from its own database.

/// Why the ledger does not sign from its own database. Nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// Signed checkpoints are missing.
    #[error(
        "the database holds {got} checkpoints, but {expected} were signed, and none is signed \
         again: run `wufu ledger audit`, then restore the folder from a backup"
    )]
    Checkpoints {
        /// How many checkpoints there are.
        got: u64,
        /// How many checkpoints were signed.
        expected: u64,
    },
    /// Signed summaries are missing.
    #[error(
        "the newest summary in the database is {}, but number {expected} was signed; nothing is \
         written or signed on top of it: run `wufu ledger audit`, then restore the folder from a \
         backup whose ledger.db holds number {expected}. If there is none, move summary.note away \
         and run `wufu ledger close-epoch --accept-database`; that is safe only when nobody was \
         given what was signed or admitted since the newest summary in the database",
        .got.map_or("missing".into(), |got| format!("number {got}"))
    )]
    Behind {
        /// The newest summary in the database.
        got: Option<u64>,
        /// The newest summary that was signed.
        expected: u64,
    },
    /// The file and the database hold different summaries with one number.
    #[error(
        "summary.note and the database hold different summaries of number {number}: one of them is \
         from another copy of this ledger, and nothing is written or signed. Run `wufu ledger \
         audit`, then restore ledger.db and summary.note from one copy, the one that was served. \
         If the database is known to be that copy, move summary.note away and run `wufu ledger \
         close-epoch --accept-database`"
    )]
    Forked {
        /// The number of both summaries.
        number: u64,
    },
    /// Rows that were acknowledged since the newest summary are missing: the state in the database
    /// is older than the one in the file.
    #[error(
        "ledger.db is older than state.note, which holds the newest signed state outside the \
         database: {part} has {got} rows, but {expected} were signed. Nothing is written or signed \
         on top of it: run `wufu ledger audit`, then restore the newest copy of ledger.db. If \
         there is none, move state.note away and run the command again; that is safe only when \
         nobody was given what was admitted or appended since"
    )]
    Older {
        /// The part of the database that lost rows.
        part: &'static str,
        /// How many rows of it the signed state in the database has.
        got: u64,
        /// How many rows of it the file has.
        expected: u64,
    },
    /// The file and the database hold different states with the same number of rows.
    #[error(
        "state.note and ledger.db hold different signed states of the same {part}: one of them is \
         from another copy of this ledger, and nothing is written or signed. Run `wufu ledger \
         audit`, then restore ledger.db, summary.note and state.note from one copy, the one that \
         was served. If the database is known to be that copy, move state.note away"
    )]
    OtherState {
        /// The part of the database that differs.
        part: &'static str,
    },
    /// Rows differ from those that were signed.
    #[error(
        "the rows of {part} in ledger.db are not those that were signed ({}), so nothing is signed \
         on top of them: run `wufu ledger audit`, which names them, then restore the folder from a \
         backup. If there is none, and the database is to be taken as it is, move summary.note and \
         state.note away and run `wufu ledger close-epoch --accept-database`; the audit then says \
         that earlier changes cannot be detected",
        if got == expected {
            "at least one was changed".into()
        } else {
            format!("there are {got}, but {expected} were signed")
        }
    )]
    Edited {
        /// The part of the database that differs.
        part: &'static str,
        /// How many rows there are.
        got: u64,
        /// How many rows were signed.
        expected: u64,
    },
    /// The file is missing.
    #[error(
        "summary.note is missing: it holds the newest signed summary outside the database. Restore \
         it from a backup; if it is lost, and the database is known to be the newest copy, run \
         `wufu ledger close-epoch --accept-database`"
    )]
    FileMissing,
    /// The file is not a summary that this ledger signed.
    #[error(
        "summary.note is not a summary signed by this ledger's key: it is cut short, or not this \
         ledger's. Restore it from a backup of this folder; if there is none, and the database is \
         known to be the newest copy, run `wufu ledger close-epoch --accept-database`, which \
         replaces it"
    )]
    FileUnsigned,
}

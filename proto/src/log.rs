//! Questions to a ledger about its logs, and the answers.

use wufu_verifier::{
    Fr, Record,
    encoding::field,
    hash::merkle::{CARD_DEPTH, SHARD_DEPTH, SHARD_LEAVES},
    log::{history::Window, signed_note::LogKey},
};

use crate::{error::ConvertError, read, v1};

/// The depth of the deepest log, in levels.
const MAX_DEPTH: usize = CARD_DEPTH;
/// The largest number of shards in a log.
const MAX_SHARDS: usize = 1 << (2 * (MAX_DEPTH - SHARD_DEPTH));

/// The organisation that runs a ledger, its logs and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerInfo {
    /// The release that the ledger runs.
    pub version: String,
    /// The campaign or charity.
    pub org: String,
    /// The key that signs its notes. Compare it with a copy that you got from another source.
    pub log_key: LogKey,
    /// The logs.
    pub logs: Vec<LogInfo>,
    /// The length of an epoch, in seconds.
    pub epoch_seconds: u64,
    /// How long a replaced root is still accepted.
    pub window: Window,
    /// An ISO 4217 code, if there is a donation log.
    pub currency: Option<String>,
}

/// One log of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// The log's name, such as `org/cards`.
    pub origin: String,
    /// The levels of its tree.
    pub depth: usize,
    /// The number of leaves.
    pub size: u64,
}

impl TryFrom<v1::GetLedgerInfoResponse> for LedgerInfo {
    type Error = ConvertError;

    fn try_from(message: v1::GetLedgerInfoResponse) -> Result<Self, ConvertError> {
        let org = read::org("org", &message.org)?;
        let expected = "the org's key, as name+hash+base64";
        let log_key = LogKey::parse(&message.log_key).ok().filter(|key| key.name() == org);
        let log_key = log_key.ok_or(ConvertError::Text { field: "log key", expected })?;
        let iso = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
        let currency = match message.currency {
            empty if empty.is_empty() => None,
            code if iso(&code) => Some(code),
            _ => {
                let expected = "three capital letters of ISO 4217";
                return Err(ConvertError::Text { field: "currency", expected });
            }
        };
        if message.epoch_seconds == 0 {
            let expected = "1 or more";
            return Err(ConvertError::Choice { field: "epoch seconds", got: 0, expected });
        }
        Ok(Self {
            version: read::label("version", message.version)?,
            org,
            log_key,
            logs: message.logs.into_iter().map(LogInfo::try_from).collect::<Result<_, _>>()?,
            epoch_seconds: message.epoch_seconds,
            window: Window(message.window_seconds),
            currency,
        })
    }
}

impl From<&LedgerInfo> for v1::GetLedgerInfoResponse {
    fn from(info: &LedgerInfo) -> Self {
        Self {
            version: info.version.clone(),
            org: info.org.clone(),
            log_key: info.log_key.to_string(),
            logs: info.logs.iter().map(v1::LogInfo::from).collect(),
            epoch_seconds: info.epoch_seconds,
            window_seconds: info.window.0,
            currency: info.currency.clone().unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::LogInfo> for LogInfo {
    type Error = ConvertError;

    fn try_from(message: v1::LogInfo) -> Result<Self, ConvertError> {
        let v1::LogInfo { origin, depth, size } = message;
        let got = u64::from(depth);
        let wrong = ConvertError::Choice { field: "depth", got, expected: "9 to 16" };
        let levels = usize::try_from(depth).map_err(|_| wrong.clone())?;
        if levels <= SHARD_DEPTH || levels > MAX_DEPTH {
            return Err(wrong);
        }
        Ok(Self { origin: read::origin("origin", &origin)?, depth: levels, size })
    }
}

impl From<&LogInfo> for v1::LogInfo {
    fn from(info: &LogInfo) -> Self {
        // A depth that does not fit is far beyond what any reader accepts.
        let depth = u32::try_from(info.depth).unwrap_or(u32::MAX);
        Self { origin: info.origin.clone(), depth, size: info.size }
    }
}

macro_rules! query {
    (
        $(#[$doc:meta])* $name:ident = $message:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The log's name, such as `org/cards`.
            pub origin: String,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl TryFrom<v1::$message> for $name {
            type Error = ConvertError;

            fn try_from(message: v1::$message) -> Result<Self, ConvertError> {
                let v1::$message { origin, $($field),* } = message;
                Ok(Self { origin: read::origin("origin", &origin)?, $($field),* })
            }
        }

        impl From<&$name> for v1::$message {
            fn from(query: &$name) -> Self {
                let $name { origin, $($field),* } = query.clone();
                Self { origin, $($field),* }
            }
        }
    };
}

query! {
    /// Asks for the checkpoint in force at an epoch.
    CheckpointQuery = GetCheckpointRequest {
        /// The epoch. Without it, the newest checkpoint is returned.
        epoch: Option<u64>
    }
}

query! {
    /// Asks for the checkpoint in force at an epoch, and all later ones.
    HistoryQuery = ListCheckpointsRequest {
        /// The epoch.
        from_epoch: u64
    }
}

query! {
    /// Asks for the roots of all shards at an epoch.
    RoofQuery = GetRoofRequest {
        /// The epoch.
        epoch: u64
    }
}

query! {
    /// Asks for one shard at an epoch.
    ShardQuery = GetShardRequest {
        /// The epoch.
        epoch: u64,
        /// Its number, from 0.
        shard: u64
    }
}

/// The roots of all shards, with the checkpoint that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roof {
    /// The checkpoint's signed note, not yet opened.
    pub note: String,
    /// One root for each shard, the open one last.
    pub shard_roots: Vec<Fr>,
}

impl TryFrom<v1::GetRoofResponse> for Roof {
    type Error = ConvertError;

    fn try_from(message: v1::GetRoofResponse) -> Result<Self, ConvertError> {
        read::stride("shard roots", &message.shard_roots, 32)?;
        read::count("shard roots", message.shard_roots.len() / 32, 0, MAX_SHARDS)?;
        let shard_roots = read::elements("shard root", &message.shard_roots)?;
        Ok(Self { note: message.note, shard_roots })
    }
}

impl From<&Roof> for v1::GetRoofResponse {
    fn from(roof: &Roof) -> Self {
        let shard_roots = roof.shard_roots.iter().flat_map(field::encode).collect();
        Self { note: roof.note.clone(), shard_roots }
    }
}

/// What a shard holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShardContent {
    /// The leaves of a card or person log.
    Leaves(Vec<Fr>),
    /// The records of a donation log, from which anybody computes the leaves.
    Records(Vec<Record>),
}

impl ShardContent {
    /// Returns the leaves, computed from the records where there are records.
    ///
    /// # Cost
    /// Two hashes for each record.
    pub fn leaves(&self) -> Vec<Fr> {
        match self {
            Self::Leaves(leaves) => leaves.clone(),
            Self::Records(records) => Record::leaves(records),
        }
    }
}

/// One shard, whole: up to 65,536 leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 0.
    pub shard: u64,
    /// What it holds.
    pub content: ShardContent,
}

impl TryFrom<v1::GetShardResponse> for Shard {
    type Error = ConvertError;

    fn try_from(message: v1::GetShardResponse) -> Result<Self, ConvertError> {
        use v1::get_shard_response::Content;
        let content = match read::some("content", message.content)? {
            Content::Leaves(bytes) => {
                read::stride("leaves", &bytes, 32)?;
                read::count("leaves", bytes.len() / 32, 0, SHARD_LEAVES)?;
                ShardContent::Leaves(read::elements("leaf", &bytes)?)
            }
            Content::Records(bytes) => {
                read::stride("records", &bytes, Record::BYTES)?;
                read::count("records", bytes.len() / Record::BYTES, 0, SHARD_LEAVES)?;
                let records = bytes.chunks_exact(Record::BYTES).map(Record::decode);
                ShardContent::Records(records.collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { shard: message.shard, content })
    }
}

impl From<&Shard> for v1::GetShardResponse {
    fn from(shard: &Shard) -> Self {
        use v1::get_shard_response::Content;
        let content = match &shard.content {
            ShardContent::Leaves(leaves) => {
                Content::Leaves(leaves.iter().flat_map(field::encode).collect())
            }
            ShardContent::Records(records) => {
                Content::Records(records.iter().flat_map(Record::encode).collect())
            }
        };
        Self { shard: shard.shard, content: Some(content) }
    }
}

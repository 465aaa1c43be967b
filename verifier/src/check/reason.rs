//! Reason codes: why something is refused. Every error of this crate has one.
//!
//! Messages are for people and may change. Codes are for programs. A verifier in another language,
//! a batch and the C library give the same code for the same input, and `vectors/` holds an input
//! for each. Numbers and names never change and are never reused; later releases may add some.

use core::fmt;

use crate::{
    check::{VerifyError, batch::EntropyError, request::RequestError, spent::SpendError},
    encoding::{canonical::CanonicalError, field::FieldError},
    groth16::{key::KeyError, point::PointError, proof::ProofError},
    log::{
        checkpoint::CheckpointError,
        history::{HistoryError, RootError},
        notes::NotesError,
        signed_note::NoteError,
    },
    statement::{InputsError, policy::PolicyError, record::RecordError},
};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $text:literal;)+) => {
        /// The reason why something is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Reason {
            /// All reasons, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name, in lower-case letters and hyphens.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The meaning, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

reasons! {
    /// A field element is not 32 bytes.
    FieldLength = 101, "field-length";
    /// A field element's integer is not below its modulus, so it is a second encoding of a smaller
    /// one.
    FieldNotCanonical = 102, "field-not-canonical";
    /// Canonical bytes end inside a value.
    CanonicalTruncated = 111, "canonical-truncated";
    /// Bytes follow the last field of canonical bytes.
    CanonicalTrailing = 112, "canonical-trailing";
    /// Canonical bytes have another number of fields than their message.
    CanonicalCount = 113, "canonical-count";
    /// A field of canonical bytes has the wrong length.
    CanonicalLength = 114, "canonical-length";
    /// A text in canonical bytes is not UTF-8.
    CanonicalText = 115, "canonical-text";

    /// A point is off its curve, outside its subgroup of order r, or not its one encoding.
    PointInvalid = 201, "point-invalid";
    /// A point is the identity.
    PointIdentity = 202, "point-identity";
    /// A proof is not 128 bytes.
    ProofLength = 203, "proof-length";
    /// Public inputs are not as many as the statement has.
    InputsLength = 204, "inputs-length";

    /// A verifying key has the wrong number of bytes for its circuit.
    KeyLength = 301, "key-length";
    /// Bytes do not begin like a verifying key of this version.
    KeyMagic = 302, "key-magic";
    /// A key's byte for provenance or reduction is neither 0 nor 1.
    KeyChoice = 303, "key-choice";
    /// A key is for a circuit that is not part of this release.
    KeyUnknownCircuit = 304, "key-unknown-circuit";
    /// `alpha` or `beta` is a generator up to sign: anything can be forged.
    KeyNoFirstPhase = 305, "key-no-first-phase";
    /// `beta` is `gamma` or `delta` up to sign: anything can be forged.
    KeyBetaIsShared = 306, "key-beta-is-shared";
    /// `gamma` is `delta` up to sign: anything can be forged.
    KeyGammaIsDelta = 307, "key-gamma-is-delta";
    /// `delta` is a generator up to sign: anything can be forged.
    KeyDeltaIsGenerator = 308, "key-delta-is-generator";
    /// `gamma` is a generator up to sign, in a key that is not from snarkjs.
    KeyGammaIsGenerator = 309, "key-gamma-is-generator";
    /// A key's number of input points is not its statement's number of inputs plus one.
    KeyInputPoints = 310, "key-input-points";
    /// A development key, where only ceremony keys are accepted.
    KeyDevelopment = 311, "key-development";

    /// A record is not 56 bytes.
    RecordLength = 401, "record-length";
    /// An amount is 2^48 minor units or more.
    RecordAmount = 402, "record-amount";
    /// A time is 2^40 seconds or more.
    RecordTime = 403, "record-time";
    /// Institution or project has the id 0.
    RecordProjectKey = 404, "record-project-key";
    /// A set has no projects.
    PolicyEmptySet = 411, "policy-empty-set";
    /// A set has more than 4,096 projects.
    PolicyLargeSet = 412, "policy-large-set";
    /// A set is not in strictly ascending order.
    PolicyOrder = 413, "policy-order";
    /// A set's bytes are not eight for each project.
    PolicySetLength = 414, "policy-set-length";
    /// A lower bound is above its upper one.
    PolicyBounds = 415, "policy-bounds";
    /// Bytes do not begin like a request of this version.
    RequestContext = 421, "request-context";
    /// A request asks for something other than a donation.
    RequestCircuit = 422, "request-circuit";
    /// Purpose or origin is empty, too long, deceives a reader (hidden characters, another normal
    /// form), or is reserved.
    RequestText = 423, "request-text";
    /// A request lists no key, more than 16, or a broken one.
    RequestKeys = 424, "request-keys";
    /// The verifier of a request is not an Ed25519 key.
    RequestVerifier = 425, "request-verifier";
    /// A request's signature is not its verifier's.
    RequestSignature = 426, "request-signature";

    /// A note is longer than 1 MiB.
    NoteLong = 501, "note-long";
    /// A note is not a text, an empty line and at most 100 signature lines.
    NoteForm = 502, "note-form";
    /// The name of a log key is empty, or has white space, a plus, or characters that hide or are
    /// not in normal form.
    NoteName = 503, "note-name";
    /// A log key is not of the form name+hash+base64, or is weak.
    NoteKey = 504, "note-key";
    /// A note has no signature of the expected key.
    NoteUnsigned = 505, "note-unsigned";
    /// A signature of the expected key does not fit the note.
    NoteSignature = 506, "note-signature";
    /// A checkpoint does not have the five lines of one.
    CheckpointForm = 511, "checkpoint-form";
    /// A checkpoint is not of a log of the org whose key signed it.
    CheckpointOrigin = 512, "checkpoint-origin";
    /// A checkpoint's root is zero.
    CheckpointZeroRoot = 513, "checkpoint-zero-root";
    /// A checkpoint's note is longer than 16 KiB.
    CheckpointLong = 514, "checkpoint-long";
    /// A checkpoint's time is not its epoch's number times the length of an epoch, or that length
    /// is 0.
    CheckpointSchedule = 515, "checkpoint-schedule";
    /// A checkpoint is of another log than the history.
    HistoryOrigin = 521, "history-origin";
    /// A checkpoint was opened with another key than those in the history.
    HistoryKey = 522, "history-key";
    /// A checkpoint's epochs have another length than the published one.
    HistorySchedule = 523, "history-schedule";
    /// A checkpoint contradicts one of the history: both are evidence.
    HistoryContradiction = 524, "history-contradiction";

    /// A key id is not 32 bytes.
    KeyIdLength = 601, "key-id-length";
    /// The proof claims to be under another key than the pinned one.
    OtherKey = 602, "other-key";
    /// The pinned key is for another circuit than the question.
    OtherCircuit = 603, "other-circuit";
    /// The question does not allow the pinned key, or is about another log than the history.
    Question = 604, "question";
    /// A history is of another log than the campaign's.
    OtherLog = 605, "other-log";
    /// The root or anchor belongs to no epoch that the verifier knows.
    RootUnknown = 611, "root-unknown";
    /// The root or anchor was replaced before the window.
    RootExpired = 612, "root-expired";
    /// The root's epoch has not begun.
    RootFuture = 613, "root-future";
    /// The log signed checkpoints that contradict each other, so none of its roots is accepted.
    LogContradicted = 614, "log-contradicted";
    /// The scope is not that of this verifier and purpose.
    ScopeNotAsked = 621, "scope-not-asked";
    /// The policy is not the one that was asked for.
    PolicyNotAsked = 622, "policy-not-asked";
    /// The bound payload is not that of this verifier, challenge or payee, expiry and key.
    ExtNotAsked = 623, "ext-not-asked";
    /// The request or claim has expired.
    Over = 624, "over";
    /// The pairing equation does not hold: the proof proves nothing.
    Equation = 631, "equation";
    /// There is no fresh randomness for a batch, so none of it is verified.
    Entropy = 641, "entropy";

    /// A nullifier was spent before, or stands twice in the statement.
    Spent = 701, "spent";
    /// The spent set failed.
    Store = 702, "store";

    /// Bytes are not a protobuf message of the expected type.
    MessageMalformed = 801, "message-malformed";
    /// Bytes are not the one encoding of their message.
    MessageNotCanonical = 802, "message-not-canonical";
    /// A field of a message is missing.
    MessageMissing = 803, "message-missing";
    /// Bytes or a text in a message have the wrong length.
    MessageLength = 804, "message-length";
    /// A message has the wrong number of items.
    MessageCount = 805, "message-count";
    /// A list of items of one size is cut inside an item.
    MessageStride = 806, "message-stride";
    /// A number in a message has no meaning, or is out of its range.
    MessageChoice = 807, "message-choice";
    /// A text in a message is malformed, or is not one of the accepted ones.
    MessageText = 808, "message-text";
    /// A secret number in a message is out of its range.
    MessageSecret = 809, "message-secret";
    /// A message holds something that does not belong to its circuit.
    MessageBinding = 810, "message-binding";
    /// A message is longer than its kind may be.
    MessageLong = 811, "message-long";
    /// A file is empty.
    FileEmpty = 821, "file-empty";
    /// A file does not begin with the head of a message's file, or is not as long as its head says.
    FileForm = 822, "file-form";
    /// A file holds a message of another kind.
    FileKind = 823, "file-kind";
}

impl Reason {
    /// The number. 0 is never used: a C library can return it for "accepted".
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Returns the reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! reason_of {
    ($($error:ident { $($pattern:pat => $reason:expr,)+ })+) => {
        $(impl $error {
            /// Returns the reason code of this refusal.
            pub fn reason(&self) -> Reason {
                match self {
                    $($pattern => $reason,)+
                }
            }
        })+
    };
}

reason_of! {
    FieldError {
        Self::Length { .. } => Reason::FieldLength,
        Self::NotCanonical { .. } => Reason::FieldNotCanonical,
    }
    CanonicalError {
        Self::Truncated { .. } => Reason::CanonicalTruncated,
        Self::Trailing { .. } => Reason::CanonicalTrailing,
        Self::Count { .. } => Reason::CanonicalCount,
        Self::Length { .. } => Reason::CanonicalLength,
        Self::Text { .. } => Reason::CanonicalText,
        Self::Field(error) => error.reason(),
    }
    PointError {
        Self::Invalid { .. } => Reason::PointInvalid,
        Self::Identity { .. } => Reason::PointIdentity,
    }
    ProofError {
        Self::Length { .. } => Reason::ProofLength,
        Self::Point(error) => error.reason(),
    }
    InputsError {
        Self::Length { .. } => Reason::InputsLength,
        Self::Field(error) => error.reason(),
    }
    KeyError {
        Self::Length { .. } => Reason::KeyLength,
        Self::Magic => Reason::KeyMagic,
        Self::Choice { .. } => Reason::KeyChoice,
        Self::UnknownCircuit { .. } => Reason::KeyUnknownCircuit,
        Self::Point(error) => error.reason(),
        Self::NoFirstPhase { .. } => Reason::KeyNoFirstPhase,
        Self::BetaIsShared => Reason::KeyBetaIsShared,
        Self::GammaIsDelta => Reason::KeyGammaIsDelta,
        Self::DeltaIsGenerator => Reason::KeyDeltaIsGenerator,
        Self::GammaIsGenerator => Reason::KeyGammaIsGenerator,
        Self::InputPoints { .. } => Reason::KeyInputPoints,
        Self::Development => Reason::KeyDevelopment,
    }
    RecordError {
        Self::Amount { .. } => Reason::RecordAmount,
        Self::Time { .. } => Reason::RecordTime,
        Self::ProjectKey { .. } => Reason::RecordProjectKey,
        Self::Length { .. } => Reason::RecordLength,
        Self::Field(error) => error.reason(),
    }
    PolicyError {
        Self::EmptySet => Reason::PolicyEmptySet,
        Self::LargeSet { .. } => Reason::PolicyLargeSet,
        Self::Order => Reason::PolicyOrder,
        Self::SetLength { .. } => Reason::PolicySetLength,
        Self::Bounds { .. } => Reason::PolicyBounds,
        Self::Record(error) => error.reason(),
        Self::Canonical(error) => error.reason(),
    }
    RequestError {
        Self::Canonical(error) => error.reason(),
        Self::Context => Reason::RequestContext,
        Self::Circuit => Reason::RequestCircuit,
        Self::Policy(error) => error.reason(),
        Self::Text { .. } | Self::Name { .. } => Reason::RequestText,
        Self::Keys { .. } => Reason::RequestKeys,
        Self::Verifier => Reason::RequestVerifier,
        Self::Signature => Reason::RequestSignature,
    }
    NoteError {
        Self::Long { .. } => Reason::NoteLong,
        Self::Form => Reason::NoteForm,
        Self::Name { .. } => Reason::NoteName,
        Self::Key | Self::KeyHash { .. } => Reason::NoteKey,
        Self::Unsigned { .. } => Reason::NoteUnsigned,
        Self::Signature { .. } => Reason::NoteSignature,
    }
    CheckpointError {
        Self::Note(error) => error.reason(),
        Self::Form { .. } => Reason::CheckpointForm,
        Self::Origin { .. } => Reason::CheckpointOrigin,
        Self::Root(error) => error.reason(),
        Self::ZeroRoot => Reason::CheckpointZeroRoot,
        Self::Long { .. } => Reason::CheckpointLong,
        Self::Schedule { .. } => Reason::CheckpointSchedule,
    }
    HistoryError {
        Self::Origin { .. } => Reason::HistoryOrigin,
        Self::Key { .. } => Reason::HistoryKey,
        Self::Schedule { .. } => Reason::HistorySchedule,
        Self::Contradiction(_) => Reason::HistoryContradiction,
    }
    NotesError {
        Self::Long { .. } => Reason::NoteLong,
        Self::Empty
        | Self::Utf8
        | Self::NoNote { .. }
        | Self::ByteOrderMark
        | Self::CarriageReturn { .. }
        | Self::Unfinished { .. } => Reason::NoteForm,
        Self::Checkpoint { error, .. } => error.reason(),
        Self::History { error, .. } => error.reason(),
        Self::OtherLogs { .. } => Reason::HistoryOrigin,
    }
    RootError {
        Self::Unknown => Reason::RootUnknown,
        Self::Expired { .. } => Reason::RootExpired,
        Self::Future { .. } => Reason::RootFuture,
        Self::Contradicted => Reason::LogContradicted,
    }
    VerifyError {
        Self::KeyIdLength { .. } => Reason::KeyIdLength,
        Self::Key { .. } => Reason::OtherKey,
        Self::Circuit { .. } => Reason::OtherCircuit,
        Self::Question { .. } => Reason::Question,
        Self::Log { .. } => Reason::OtherLog,
        Self::Inputs(error) => error.reason(),
        Self::Proof(error) => error.reason(),
        Self::Root(error) => error.reason(),
        Self::NotAsked { input: "scope" } => Reason::ScopeNotAsked,
        Self::NotAsked { input: "policy" } => Reason::PolicyNotAsked,
        Self::NotAsked { .. } => Reason::ExtNotAsked,
        Self::Over { .. } => Reason::Over,
        Self::Equation => Reason::Equation,
    }
}

impl EntropyError {
    /// Returns the reason code of this refusal.
    pub fn reason(&self) -> Reason {
        Reason::Entropy
    }
}

impl<E> SpendError<E> {
    /// Returns the reason code of this refusal.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Spent { .. } => Reason::Spent,
            Self::Store(_) => Reason::Store,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_are_each_of_one_reason() {
        assert!(Reason::ALL.is_sorted_by(|one, next| one.code() < next.code()));
        let names: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_ne!(reason.code(), 0);
            assert_eq!(Reason::from_name(reason.as_str()), Some(*reason));
            assert!(reason.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(reason.meaning().ends_with('.'), "{reason}");
        }
        assert_eq!(Reason::from_name("accepted"), None);
    }

    #[test]
    fn what_was_not_asked_is_told_apart() {
        let reason = |input| VerifyError::NotAsked { input }.reason();
        assert_eq!(reason("scope"), Reason::ScopeNotAsked);
        assert_eq!(reason("policy"), Reason::PolicyNotAsked);
        assert_eq!(reason("ext"), Reason::ExtNotAsked);
    }
}

//! A file of four million empty items is 8 MB of protobuf, or 12 MB of JSON. `wallet receive` made
//! 600 MB of it, and 4.5 GB of the longest file that it read; `wufu verify` made 500 MB of 16 MiB.
//! Now items are counted before anything is decoded.
//!
//! This test has a process of its own, because the allocator counts everything in it.
#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use peak_alloc::PeakAlloc;
use wufu_proto::{ConvertError, FileError, decode, file, json, limits::MessageLimits, v1};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const ITEMS: usize = 4_000_000;
/// How much may be allocated beyond the file itself.
const MOST: usize = 32 << 20;

/// Returns the result of `read`, and by how many bytes memory grew while it ran.
fn raised<T>(read: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let read = read();
    (read, MEMORY.peak_usage().saturating_sub(before))
}

/// A file that claims to be `M`, with so many empty items in a field.
fn tagged<M: MessageLimits>(field: u8, items: usize) -> Vec<u8> {
    let body = [field << 3 | 2, 0].repeat(items);
    let head = format!("{} {} {}\n", file::MAGIC, M::full_name(), body.len());
    [head.as_bytes(), &body].concat()
}

fn in_json<M: MessageLimits>(field: &str, item: &str, items: usize) -> Vec<u8> {
    let list = vec![item; items].join(",");
    format!("{{\"@type\":\"{}\",\"{field}\":[{list}]}}", M::full_name()).into_bytes()
}

fn refused<M: MessageLimits>(what: &str, bytes: &[u8]) {
    let (read, more) = raised(|| file::decode::<M>(bytes).map(drop));
    let error = read.unwrap_err();
    assert!(more <= MOST, "{what}: {more} bytes more, expected at most {MOST} ({error})");
    let is_counted = matches!(
        error,
        FileError::Message(ConvertError::Count { .. } | ConvertError::Long { .. })
            | FileError::Json(json::JsonError::Items { .. } | json::JsonError::Long { .. })
    );
    assert!(is_counted, "{what}: {error}");
}

/// Rows of docs/failures.md: 39.
/// A single test, since others beside it would be counted, too.
#[test]
fn four_million_empty_items_take_at_most_32_mib() {
    for field in [1, 2, 3] {
        let file = tagged::<v1::AppendResponse>(field, ITEMS);
        refused::<v1::AppendResponse>("a list of grants", &file);
        let bare = [field << 3 | 2, 0].repeat(ITEMS);
        let (read, more) = raised(|| decode::<v1::AppendResponse>(&bare).map(drop));
        assert!(matches!(read, Err(ConvertError::Count { got: ITEMS, .. })), "{read:?}");
        assert!(more <= MOST, "bare: {more}");
    }
    refused::<v1::AppendRequest>("an append request", &tagged::<v1::AppendRequest>(1, ITEMS));
    refused::<v1::Envelope>("an envelope", &tagged::<v1::Envelope>(9, ITEMS));
    refused::<v1::ProofRequest>("a request", &tagged::<v1::ProofRequest>(8, ITEMS));
    for (field, item) in [("cards", "{}"), ("persons", "{}"), ("donations", "{}")] {
        let text = in_json::<v1::AppendResponse>(field, item, ITEMS);
        refused::<v1::AppendResponse>("a list of grants in JSON", &text);
    }
    let text = in_json::<v1::Envelope>("epochs", "{}", ITEMS);
    refused::<v1::Envelope>("an envelope in JSON", &text);

    // As many items as allowed, and as long as an envelope may be.
    let most = file::decode::<v1::AppendResponse>(&tagged::<v1::AppendResponse>(3, 65_536));
    let (_, more) = raised(|| drop(most));
    assert!(more <= MOST);
    let (read, more) = raised(|| {
        let text = in_json::<v1::AppendResponse>("cards", "{}", 65_536);
        file::decode::<v1::AppendResponse>(&text).map(|all| all.cards.len())
    });
    assert_eq!(read, Ok(65_536));
    assert!(more <= 2 * MOST, "the most items in JSON: {more}");

    // Members of one object, and objects inside each other.
    let members: Vec<String> = (0..1_000_000).map(|n| format!("\"m{n}\":0")).collect();
    let text = format!("{{{}}}", members.join(",")).into_bytes();
    let (read, more) = raised(|| file::decode::<v1::AppendResponse>(&text).map(drop));
    assert!(read.is_err() && more <= MOST, "members: {more}");
    let text = "{\"cards\":".repeat(1_000_000).into_bytes();
    let (read, more) = raised(|| file::decode::<v1::AppendResponse>(&text).map(drop));
    assert!(read.is_err() && more <= MOST, "depth: {more}");

    // The allocator also counts the decoded items.
    let (made, more) = raised(|| vec![v1::CardGrant::default(); 65_536]);
    assert!(more >= 65_536 * size_of::<v1::CardGrant>(), "{more}");
    drop(made);
}

//! Compares `vectors/messages.json` with its generator. What the file lists as accepted is
//! accepted, byte for byte. What it lists as refused is refused for the given reason.

use serde_json::Value;
use wufu_verifier::log::{checkpoint::Checkpoint, signed_note::LogKey};

use xtask::vectors::{self as generator, read_file, read_message};

fn load(name: &str) -> Value {
    let path = format!("{}{name}", generator::FOLDER);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn file() -> Value {
    load("messages.json")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn cases(of: &Value, key: &str) -> Vec<Value> {
    let cases = of[key].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn accepted_messages_come_back_byte_for_byte() {
    let messages = cases(&file(), "messages");
    assert_eq!(messages.len(), 9);
    for message in messages {
        let name = text(&message, "message");
        for case in cases(&message, "accepted") {
            let what = format!("{name}: {}", text(&case, "case"));
            let bytes = hex::decode(text(&case, "bytes")).unwrap();
            let read = read_message(name, &bytes, &case["json"].to_string());
            let read = read.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(read.bytes, bytes, "{what}");
            assert_eq!(read.from_json.as_deref(), Ok(&*bytes), "{what}");
            assert_eq!(serde_json::from_str::<Value>(&read.json).unwrap(), case["json"], "{what}");
        }
    }
}

/// Rows of docs/failures.md: 2, 4, 5, 38.
#[test]
fn refused_messages_are_refused_for_the_reason_given() {
    for message in cases(&file(), "messages") {
        let name = text(&message, "message");
        for case in cases(&message, "refused") {
            let what = format!("{name}: {}", text(&case, "case"));
            let bytes = hex::decode(text(&case, "bytes")).unwrap();
            match read_message(name, &bytes, "{}") {
                Ok(_) => panic!("{what} was accepted"),
                Err(error) => {
                    assert_eq!(error.to_string(), text(&case, "text"), "{what}");
                    assert_eq!(error.reason().as_str(), text(&case, "reason"), "{what}");
                }
            }
        }
    }
}

#[test]
fn refused_json_stands_for_no_message() {
    for message in cases(&file(), "messages") {
        let name = text(&message, "message");
        let good = hex::decode(text(&cases(&message, "accepted")[0], "bytes")).unwrap();
        for case in cases(&message, "refused_json") {
            let read = read_message(name, &good, text(&case, "text")).unwrap();
            assert!(read.from_json.is_err(), "{name}: {}", text(&case, "case"));
        }
    }
}

/// Rows of docs/failures.md: 5.
/// The README's example could not read the demo's request, because it expected other bytes for the
/// same message. Now a file has only one form.
#[test]
fn files_are_read_or_refused_for_the_reason_given() {
    let files = cases(&load("files.json"), "files");
    for case in &files {
        let what = format!("{}: {}", text(case, "message"), text(case, "case"));
        let read = read_file(text(case, "message"), &hex::decode(text(case, "file")).unwrap());
        match (text(case, "verdict"), read) {
            ("accepted", Ok(bytes)) => {
                assert_eq!(hex::encode(bytes), text(case, "bytes"), "{what}")
            }
            ("refused", Err(error)) => {
                assert_eq!(error.reason().as_str(), text(case, "reason"), "{what}: {error}");
            }
            (verdict, read) => panic!("{what}: {read:?}, expected {verdict}"),
        }
    }
    let accepted = files.iter().filter(|case| text(case, "verdict") == "accepted").count();
    assert!(accepted == 6 && files.len() >= 70, "{accepted} of {}", files.len());
}

#[test]
fn checkpoints_are_opened_or_refused() {
    let checkpoints = &file()["checkpoints"];
    let key = LogKey::parse(text(checkpoints, "log_key")).unwrap();
    for case in cases(checkpoints, "accepted") {
        let checkpoint = Checkpoint::open(&key, text(&case, "note")).unwrap();
        assert_eq!(checkpoint.origin(), text(&case, "origin"));
        assert_eq!(checkpoint.size(), case["size"].as_u64().unwrap());
        assert_eq!(checkpoint.epoch(), case["epoch"].as_u64().unwrap());
        assert_eq!(checkpoint.time(), case["time"].as_u64().unwrap());
        assert_eq!(hex::encode(checkpoint.root().to_bytes()), text(&case, "root"));
    }
    for case in cases(checkpoints, "refused") {
        let error = Checkpoint::open(&key, text(&case, "note")).unwrap_err();
        assert_eq!(error.to_string(), text(&case, "text"), "{}", text(&case, "case"));
        assert_eq!(error.reason().as_str(), text(&case, "reason"), "{}", text(&case, "case"));
    }
}

#[test]
fn the_files_are_what_the_generator_writes() {
    for (name, made) in generator::files() {
        assert!(load(name) == made, "{name} is another: run `cargo xtask vectors`");
    }
}

//! Files of messages, and what a reader is told about a file that is not the one it wanted. "These
//! bytes are no ProofRequest" was the message for an empty file, for JSON that an editor had saved
//! with a byte-order mark, for an envelope in its place and for a file that was cut off.

use prost::{Message as _, Name as _};
use wufu_proto::{FileError, file, json, limits::MessageLimits, v1};

fn policy() -> v1::Policy {
    v1::Policy {
        project_keys: vec![(1 << 32) + 1],
        amount_min: 0,
        amount_max: 9,
        time_min: 5,
        time_max: 6,
    }
}

fn grant() -> v1::CardGrant {
    v1::CardGrant {
        org: "wufu".into(),
        kind: 3,
        serial: 7,
        rho: vec![0xab; 32],
        rcm: vec![0xcd; 32],
        path: None,
        epoch: 9,
    }
}

fn told<M: MessageLimits>(bytes: &[u8]) -> String {
    file::decode::<M>(bytes).map(drop).unwrap_err().to_string()
}

#[test]
fn a_message_is_read_from_every_form() {
    let policy = policy();
    let text = json::to_file(&policy).unwrap();
    assert!(text.starts_with("{\"@type\":\"wufu.v1.Policy\",\"projectKeys\":"), "{text}");
    let untagged = json::to_json(&policy).unwrap();
    let last = untagged.replace('}', ",\"@type\":\"wufu.v1.Policy\"}");
    for bytes in [
        file::encode(&policy),
        policy.encode_to_vec(),
        text.clone().into_bytes(),
        untagged.into_bytes(),
        last.into_bytes(),
        format!("\n\r\n  {text}\n\n").into_bytes(),
        text.replace("@type", "\\u0040type").into_bytes(),
    ] {
        let read = file::decode::<v1::Policy>(&bytes);
        assert_eq!(read, Ok(policy.clone()), "{}", String::from_utf8_lossy(&bytes));
    }
    let none = v1::ListGrantsRequest::default();
    let text = json::to_file(&none).unwrap();
    assert_eq!(text, "{\"@type\":\"wufu.v1.ListGrantsRequest\"}\n");
    assert_eq!(file::decode(text.as_bytes()), Ok(none));
}

#[test]
fn what_a_file_is_instead_is_named() {
    let mark = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
    let text = json::to_file(&policy()).unwrap().into_bytes();
    let grant = grant();
    let note = "wufu/cards\n5\nAAAA\n\n\u{2014} wufu AAAA\n".as_bytes();
    for (bytes, expected) in [
        (Vec::new(), "the file is empty, expected a proof request"),
        (
            mark(b""),
            "not a proof request: expected protobuf or JSON, found 3 bytes starting ef bb bf \
             (a byte-order mark); save the file as UTF-8 without one",
        ),
        (mark(&text), "(a byte-order mark)"),
        (b"\xff\xfe{\0".to_vec(), "starting ff fe (a byte-order mark of UTF-16)"),
        (file::encode(&grant), "this is a card grant, expected a proof request"),
        (
            json::to_file(&grant).unwrap().into_bytes(),
            "this is a card grant, expected a proof request",
        ),
        (
            b"wufu-file/1 wufu.v2.Thing 0\n".to_vec(),
            "this is a message that this version does not know, expected a proof request",
        ),
        (
            b"{\"@type\":\"wufu.v2.Thing\"}".to_vec(),
            "this is a message that this version does not know, expected a proof request",
        ),
        (
            b"wufu-file/1 wufu.v1.ProofRequest 9\nabc".to_vec(),
            "the file is cut off: 3 bytes follow its first line, expected 9",
        ),
        (
            b"wufu-file/1 wufu.v1.ProofRequest 3\nabcd".to_vec(),
            "4 bytes follow the first line, expected 3",
        ),
        (
            b"wufu-file/1 wufu.v1.ProofRequest 3\r\nabc".to_vec(),
            "the first line ends with a carriage return: the file was changed on its way, \
             expected \"wufu-file/1 NAME LENGTH\" and a line feed",
        ),
        (b"wufu-file/9 x 3\nabc".to_vec(), "the first line belongs to another version, expected"),
        (b"wufu-vk1\x01\0".to_vec(), "found 10 bytes of a verifying key"),
        (note.to_vec(), "of signed notes"),
        (b"a readme\n".to_vec(), "found 9 bytes of text"),
        (vec![0xff; 40], "found 40 bytes starting ff ff ff"),
        (b"{\"verifier\":1}".to_vec(), "not the JSON of a ProofRequest, at line 1, column"),
    ] {
        let told = told::<v1::ProofRequest>(&bytes);
        assert!(told.contains(expected), "{told}\nexpected {expected}");
    }
}

/// A reader that accepts several kinds of messages goes by what the file says, and does not try one
/// decoder after another.
#[test]
fn a_file_says_which_kind_it_is() {
    let expected = "a card grant or a receipt";
    let kind = |bytes: &[u8]| file::kind(bytes, expected);
    let name = Some(v1::CardGrant::full_name());
    assert_eq!(kind(&file::encode(&grant())), Ok(name.clone()));
    assert_eq!(kind(json::to_file(&grant()).unwrap().as_bytes()), Ok(name));
    assert_eq!(kind(&grant().encode_to_vec()), Ok(None));
    assert_eq!(kind(json::to_json(&grant()).unwrap().as_bytes()), Ok(None));
    assert_eq!(kind(b""), Err(FileError::Empty { expected }));
    assert!(kind(b"{\"@type\":7}").is_err() && kind(b"{\"@type\"").is_err());
    let untagged = file::untagged(&grant().encode_to_vec(), expected).to_string();
    assert!(
        untagged.starts_with("the file does not say what it is, expected a card grant"),
        "{untagged}"
    );
    let marked = file::untagged(b"\xef\xbb\xbf{}", expected).to_string();
    assert!(marked.contains("a byte-order mark"), "{marked}");

    let head = &file::encode(&grant())[..40];
    assert_eq!(file::longest(head), Some(v1::CardGrant::LIMITS.bytes));
    assert_eq!((file::longest(b"{"), file::longest(b"wufu-file/1 x 1\n")), (None, None));
}

/// Rows of docs/failures.md: 16.
#[test]
fn an_error_about_a_file_shows_nothing_of_a_secret() {
    let whole = file::encode(&grant());
    let text = json::to_file(&grant()).unwrap();
    for bytes in [
        grant().encode_to_vec(),
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], &[1]].concat(),
        text.as_bytes()[..text.len() - 3].to_vec(),
        text.replace("q6", "!!").into_bytes(),
        b"a seed, in words that nobody may see".to_vec(),
    ] {
        for error in [
            file::decode::<v1::PersonGrant>(&bytes).map(drop).unwrap_err(),
            file::decode::<v1::Envelope>(&bytes).map(drop).unwrap_err(),
        ] {
            let told = format!("{error} {error:?}");
            for secret in ["abab", "ab ab", "171, 171", "q6ur", "!!ur", "words"] {
                assert!(!told.contains(secret), "{told}");
            }
        }
    }
}

/// A request's key can begin so that its protobuf looks like white space and a bracket.
#[test]
fn protobuf_that_begins_like_json_is_protobuf() {
    let mut verifier = vec![b' '; 32];
    verifier[1] = b'{';
    let request = v1::ProofRequest { verifier, purpose: "why".into(), ..Default::default() };
    let bytes = request.encode_to_vec();
    assert!(bytes.trim_ascii_start().starts_with(b"{"));
    assert_eq!(file::decode(&bytes), Ok(request));
}

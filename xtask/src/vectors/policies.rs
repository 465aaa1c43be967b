//! Records, policies and requests in their canonical bytes.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use wufu_proto::{Envelope, envelope::Binding};
use wufu_verifier::{
    Amount, CircuitName, Policy, ProjectKey, ProjectSet, ProofRequest, Reason, Record, Time,
    encoding::{
        canonical::{Reader, Writer},
        field,
    },
    statement::policy::Bounds,
};

use super::{alias, bytes, fr, honest};

fn a_record() -> Record {
    Record {
        project: ProjectKey::new(37, 304).unwrap(),
        amount: Amount::new(46_700).unwrap(),
        time: Time::new(1_517_000_000).unwrap(),
        own: fr(40),
    }
}

pub fn records() -> Value {
    let good = a_record();
    let largest = Record { amount: Amount::MAX, time: Time::MAX, ..good };
    let least = Record {
        project: ProjectKey::new(1, 1).unwrap(),
        amount: Amount::MIN,
        time: Time::MIN,
        own: good.own,
    };
    let mut cases: Vec<Value> = [
        ("as it is", good),
        ("the largest amount and time", largest),
        ("the least of everything", least),
        ("project 2^32 - 1", Record { project: ProjectKey::new(1, u32::MAX).unwrap(), ..good }),
    ]
    .into_iter()
    .map(|(case, record)| {
        json!({
            "case": case,
            "record": hex::encode(record.encode()),
            "verdict": "accepted",
            "project_key": record.project.to_u64().to_string(),
            "amount": record.amount.minor(),
            "time": record.time.seconds(),
            "own": hex::encode(field::encode(&record.own)),
            "body": hex::encode(field::encode(&record.body())),
            "leaf": hex::encode(field::encode(&record.leaf())),
        })
    })
    .collect();
    let bytes = good.encode();
    let number = |at: usize, number: u64| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    let mut other_own = bytes.to_vec();
    other_own[24..].copy_from_slice(&alias(&bytes[24..]));
    for (case, record, reason) in [
        ("55 bytes", bytes[..55].to_vec(), Reason::RecordLength),
        ("57 bytes", [&bytes[..], &[0]].concat(), Reason::RecordLength),
        ("nothing", vec![], Reason::RecordLength),
        ("project 0", number(0, 37 << 32), Reason::RecordProjectKey),
        ("institution 0", number(0, 304), Reason::RecordProjectKey),
        ("amount 2^48", number(8, 1 << 48), Reason::RecordAmount),
        ("amount 2^64 - 1", number(8, u64::MAX), Reason::RecordAmount),
        ("time 2^40", number(16, 1 << 40), Reason::RecordTime),
        ("own + r", other_own, Reason::FieldNotCanonical),
    ] {
        cases.push(refused(case, "record", &record, reason));
    }
    json!({
        "about": "Public entries of donations: project key, amount, time (u64 little-endian each), \
         own (32 bytes).",
        "records": cases,
    })
}

fn refused(case: &str, what: &str, bytes: &[u8], reason: Reason) -> Value {
    json!({
        "case": case,
        what: hex::encode(bytes),
        "verdict": "refused",
        "reason": reason.as_str(),
    })
}

/// The canonical bytes of a policy, even of a faulty one.
fn raw(
    keys: &[u64],
    [amount_min, amount_max]: [u64; 2],
    [time_min, time_max]: [u64; 2],
) -> Vec<u8> {
    let keys: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
    let writer = Writer::new().bytes(&keys).u64(amount_min).u64(amount_max);
    writer.u64(time_min).u64(time_max).finish()
}

pub fn policies() -> Value {
    let record = a_record();
    let key = |institution, project| ProjectKey::new(institution, project).unwrap();
    let set = |keys: &[ProjectKey]| ProjectSet::new(keys.iter().copied()).unwrap();
    let narrow = Policy {
        projects: set(&[record.project]),
        amount: Bounds::amounts(record.amount, record.amount).unwrap(),
        time: Bounds::times(record.time, record.time).unwrap(),
    };
    let wide = Policy {
        projects: set(&[key(1, 1), key(2, 9), key(37, 304)]),
        amount: Bounds::ANY_AMOUNT,
        time: Bounds::ANY_TIME,
    };
    let above = Amount::new(record.amount.minor() + 1).unwrap();
    let above = Policy { amount: Bounds::amounts(above, Amount::MAX).unwrap(), ..wide.clone() };
    let other = Policy { projects: set(&[key(1, 1)]), ..wide.clone() };
    let mut cases: Vec<Value> = [
        ("one project, one amount, one second", &narrow),
        ("three projects, any amount and time", &wide),
        ("amounts just above the record's", &above),
        ("another project", &other),
    ]
    .into_iter()
    .map(|(case, policy)| {
        let keys = policy.projects.keys().iter().map(|key| key.to_u64().to_string());
        json!({
            "case": case,
            "policy": hex::encode(policy.encode()),
            "verdict": "accepted",
            "project_keys": keys.collect::<Vec<_>>(),
            "amount": [policy.amount.min().minor(), policy.amount.max().minor()],
            "time": [policy.time.min().seconds(), policy.time.max().seconds()],
            "set_root": hex::encode(field::encode(&policy.projects.root())),
            "hash": hex::encode(field::encode(&policy.hash())),
            "admits_the_record": policy.admits(&record),
        })
    })
    .collect();
    let (one, two) = ((1u64 << 32) + 1, (1u64 << 32) + 2);
    let (any, times) = ([0, (1 << 48) - 1], [0, (1 << 40) - 1]);
    let good = raw(&[one, two], any, times);
    let many: Vec<u64> = (1..=4097).map(|project| (1 << 32) + project).collect();
    let cut_set = Writer::new().bytes(&[1; 9]).u64(0).u64(1).u64(0).u64(1).finish();
    let short = Writer::new().bytes(&one.to_le_bytes()).bytes(&[0; 7]).u64(1).u64(0).u64(1);
    let four = Writer::new().bytes(&one.to_le_bytes()).u64(0).u64(1).u64(0).finish();
    for (case, policy, reason) in [
        ("nothing", vec![], Reason::CanonicalTruncated),
        ("the last byte is missing", good[..good.len() - 1].into(), Reason::CanonicalTruncated),
        ("a zero byte follows", [&good[..], &[0]].concat(), Reason::CanonicalTrailing),
        ("four fields", four, Reason::CanonicalCount),
        ("a bound of seven bytes", short.finish(), Reason::CanonicalLength),
        ("a set of nine bytes", cut_set, Reason::PolicySetLength),
        ("no project", raw(&[], any, times), Reason::PolicyEmptySet),
        ("4,097 projects", raw(&many, any, times), Reason::PolicyLargeSet),
        ("unsorted", raw(&[two, one], any, times), Reason::PolicyOrder),
        ("a project twice", raw(&[one, one], any, times), Reason::PolicyOrder),
        ("project 0", raw(&[1 << 32], any, times), Reason::RecordProjectKey),
        ("amounts swapped", raw(&[one], [2, 1], times), Reason::PolicyBounds),
        ("times swapped", raw(&[one], any, [2, 1]), Reason::PolicyBounds),
        ("amount 2^48", raw(&[one], [0, 1 << 48], times), Reason::RecordAmount),
        ("time 2^40", raw(&[one], any, [0, 1 << 40]), Reason::RecordTime),
    ] {
        cases.push(refused(case, "policy", &policy, reason));
    }
    json!({
        "about": "Policies in canonical bytes: keys (u64 each, ascending), lower and upper amount, \
                  lower and upper time. `record` is what `admits_the_record` is about.",
        "record": hex::encode(record.encode()),
        "policies": cases,
    })
}

/// The request that the honest donation answers.
pub fn request() -> ProofRequest {
    let envelope = Envelope::try_from(honest::envelope(CircuitName::Donation)).unwrap();
    let Binding::Request(request) = envelope.binding() else { panic!() };
    request.as_ref().clone()
}

pub fn requests() -> Value {
    let good = request().encode();
    let mut cases = vec![accepted_request("as it is", &request())];
    let field = |at: usize, value: &[u8]| changed(&good, at, value);
    let mut zero = good.clone();
    zero.push(0);
    let deceiving = "tax \u{202e}feiler";
    for (case, request, reason) in [
        ("nothing", vec![], Reason::CanonicalTruncated),
        ("the last byte is missing", good[..good.len() - 1].into(), Reason::CanonicalTruncated),
        ("a zero byte follows", zero, Reason::CanonicalTrailing),
        ("eleven fields", [&11u32.to_le_bytes()[..], &good[4..]].concat(), Reason::CanonicalCount),
        ("another context", field(0, b"wufu 2026-11 proof request v2"), Reason::RequestContext),
        ("a context that is no text", field(0, &[0xff]), Reason::CanonicalText),
        ("a verifier of 31 bytes", field(1, &[1; 31]), Reason::CanonicalLength),
        ("a verifier that is no key", field(1, &no_key()), Reason::RequestVerifier),
        ("a weak verifier", field(1, &[&[1][..], &[0; 31]].concat()), Reason::RequestSignature),
        ("no purpose", field(2, b""), Reason::RequestText),
        ("a purpose of 257 bytes", field(2, &[b'a'; 257]), Reason::RequestText),
        ("the purpose of claims", field(2, b"claim"), Reason::RequestText),
        ("a purpose that deceives", field(2, deceiving.as_bytes()), Reason::RequestText),
        ("another circuit", field(3, b"five-fu"), Reason::RequestCircuit),
        ("a line in the origin", field(4, b"cerf\n"), Reason::RequestText),
        ("no policy", field(5, b""), Reason::CanonicalTruncated),
        ("a policy without projects", field(5, &raw(&[], [0, 1], [0, 1])), Reason::PolicyEmptySet),
        ("a challenge of 33 bytes", field(6, &[0; 33]), Reason::CanonicalLength),
        ("no key", field(8, b""), Reason::RequestKeys),
        ("17 keys", field(8, &bytes(50).repeat(17)), Reason::RequestKeys),
        ("a key id of 33 bytes", field(8, &[0; 33]), Reason::RequestKeys),
    ] {
        cases.push(refused(case, "request", &request, reason));
    }
    let mut unsigned = good.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    cases.push(refused("another signature", "request", &unsigned, Reason::RequestSignature));
    // The request with each signed field changed after signing.
    for (at, value, case) in [
        (2, &b"tax relief 2019"[..], "another purpose"),
        (4, b"cerf/donations/2", "another log"),
        (5, &raw(&[(37 << 32) + 304], [0, 1], [0, 1]), "another policy"),
        (6, &[1; 32], "another challenge"),
        (7, &1u64.to_le_bytes(), "another expiry"),
        (8, &[1; 32], "another key id"),
    ] {
        let request = unresigned(&good, at, value);
        cases.push(refused(case, "request", &request, Reason::RequestSignature));
    }
    names(&good, &mut cases);
    json!({
        "about": "Signed requests in canonical bytes of ten fields: context, verifier, purpose, \
                  circuit, origin, policy, challenge, expiry, key ids, signature (Ed25519, over \
                  the canonical bytes of the nine before it).",
        "requests": cases,
    })
}

fn accepted_request(case: &str, request: &ProofRequest) -> Value {
    let question = request.question();
    let ids: Vec<String> = question.key_ids.iter().map(ToString::to_string).collect();
    json!({
        "case": case,
        "request": hex::encode(request.encode()),
        "verdict": "accepted",
        "verifier": hex::encode(request.verifier()),
        "purpose": question.purpose,
        "origin": question.origin,
        "policy": hex::encode(question.policy.encode()),
        "challenge": hex::encode(question.challenge),
        "expiry": question.expiry,
        "key_ids": ids,
        "scope": hex::encode(request.scope().to_bytes()),
        "ext_under_the_first_key": hex::encode(field::encode(&request.ext(question.key_ids[0]))),
    })
}

/// Valid and faulty purposes and origins. Each is signed by its verifier.
fn names(good: &[u8], cases: &mut Vec<Value>) {
    for (case, purpose) in [
        ("a purpose of many scripts", "Café Ёлка 五福 한글 العربية हिन्दी №1"),
        ("a purpose of 256 bytes", &"a".repeat(256)),
        ("a purpose with an accent that has no composed form", "q\u{323}\u{307}"),
    ] {
        let request = ProofRequest::decode(&changed(good, 2, purpose.as_bytes())).unwrap();
        cases.push(accepted_request(case, &request));
    }
    for (case, purpose) in [
        ("a purpose of a space", " "),
        ("a purpose with a space at its end", "tax "),
        ("a purpose with two spaces in a row", "tax  relief"),
        ("a purpose with a no-break space, U+00A0", "tax\u{a0}relief"),
        ("a purpose with an ideographic space, U+3000", "tax\u{3000}relief"),
        ("a purpose with a tab", "tax\trelief"),
        ("a purpose with U+0085, a control character", "tax\u{85}relief"),
        ("a purpose with U+2028, a line separator", "tax\u{2028}relief"),
        ("a purpose with U+200B, a zero-width space", "tax\u{200b} relief"),
        ("a purpose with U+200D, a zero-width joiner", "tax\u{200d} relief"),
        ("a purpose with U+00AD, a soft hyphen", "tax re\u{ad}lief"),
        ("a purpose with U+034F, a grapheme joiner", "tax\u{34f} relief"),
        ("a purpose with U+061C, an Arabic letter mark", "tax\u{61c} relief"),
        ("a purpose with U+2066, an isolate", "tax \u{2066}relief"),
        ("a purpose of U+3164, a Hangul filler", "\u{3164}"),
        ("a purpose with U+FE0F, a variation selector", "tax\u{fe0f} relief"),
        ("a purpose with U+FEFF, a byte order mark", "\u{feff}tax relief"),
        ("a purpose with U+E0041, a tag", "tax relief\u{e0041}"),
        ("a purpose of U+2800, a blank Braille pattern", "\u{2800}"),
        ("a purpose with U+E000, for private use", "tax \u{e000}"),
        ("a purpose with U+0378, which is not assigned", "tax \u{378}"),
        ("a purpose with U+FFFD, a replacement", "tax \u{fffd}"),
        ("a purpose in normal form NFD", "cafe\u{301}"),
        ("a purpose with U+212B, which NFC replaces", "5 \u{212b}"),
        ("a purpose that begins with an accent", "\u{301}tax"),
    ] {
        let request = changed(good, 2, purpose.as_bytes());
        cases.push(refused(case, "request", &request, Reason::RequestText));
    }
    for (case, origin) in [
        ("an origin with U+200B, a zero-width space", "cerf\u{200b}/donations/1"),
        ("an origin with U+00AD, a soft hyphen", "ce\u{ad}rf/donations/1"),
        ("an origin in normal form NFD", "cafe\u{301}/donations/1"),
        ("an origin with a space", "ce rf/donations/1"),
        ("an origin with a plus", "ce+rf/donations/1"),
    ] {
        let request = changed(good, 4, origin.as_bytes());
        cases.push(refused(case, "request", &request, Reason::RequestText));
    }
}

/// A y that no point of Ed25519 has.
fn no_key() -> [u8; 32] {
    let mut y = [0; 32];
    while ed25519_dalek::VerifyingKey::from_bytes(&y).is_ok() {
        y[0] += 1;
    }
    y
}

fn fields(request: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(request, 10).unwrap();
    (0..10).map(|_| reader.bytes("field").unwrap().to_vec()).collect()
}

fn write(fields: &[Vec<u8>]) -> Writer {
    fields.iter().fold(Writer::new(), |writer, field| writer.bytes(field))
}

/// The request with another field, signed again, so that only that field is wrong.
fn changed(request: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut fields = fields(request);
    fields[at] = value.into();
    let signature = SigningKey::from_bytes(&[7; 32]).sign(&write(&fields[..9]).finish());
    fields[9] = signature.to_bytes().into();
    write(&fields).finish()
}

/// The request with another field, and the old signature.
fn unresigned(request: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut fields = fields(request);
    fields[at] = value.into();
    write(&fields).finish()
}

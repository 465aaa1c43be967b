//! Envelopes from end to end: an envelope, what its verifier asked and has, and the verdict.

mod case;
mod proofs;

use prost::Message;
use serde_json::{Value, json};
use wufu_proto::v1;
use wufu_verifier::{
    CircuitName, KeyId, Reason, Trust, VerifyingKey,
    encoding::{canonical::Writer, field},
    log::history::CLOCK_SKEW,
};

use case::{Case, Cases, SECONDS, claim, donation, gift};
use proofs::{proofs, rerandomised, spent, unreadable};

use super::{alias, fr, honest, logs};

pub fn envelopes() -> Value {
    let mut cases = Cases(vec![]);
    accepted(&mut cases);
    malformed(&mut cases);
    keys(&mut cases);
    roots(&mut cases);
    asked(&mut cases);
    proofs(&mut cases);
    spent(&mut cases);
    unreadable(&mut cases);
    let mut keys = serde_json::Map::new();
    for circuit in CircuitName::ALL {
        keys.insert(circuit.as_str().into(), hex::encode(honest::key(circuit)).into());
    }
    keys.insert("donation, as of a ceremony".into(), hex::encode(other_key()).into());
    json!({
        "about": "Envelopes from end to end. `keys` are the verifying keys that a case's `key` \
                  names; the rest of a case is the envelope, what was asked, what the verifier \
                  holds, and the verdict. README.md tells the steps.",
        "keys": keys,
        "cases": cases.0,
    })
}

/// The donation key with another provenance: another id, but the same points.
fn other_key() -> Vec<u8> {
    let mut key = honest::key(CircuitName::Donation);
    key[8] = 0;
    key
}

fn accepted(cases: &mut Cases) {
    let epoch = honest::number("epoch");
    let expiry = honest::number("expiry");
    for (name, good, epoch) in [
        ("a donation", donation(), epoch),
        ("a claim", claim(), epoch),
        ("a gift", gift(), epoch + 1),
    ] {
        cases.add(name, Ok(epoch), &good, |_| ());
        let case = format!("{name}, its proof re-randomised: another proof of the same");
        cases.add(&case, Ok(epoch), &good, |case| {
            case.envelope.proof = rerandomised(&good.envelope);
        });
        let case = format!("{name}, in the last second");
        cases.add(&case, Ok(epoch), &good, |case| case.now = expiry - 1);
        let case = format!("{name}, by a clock that is 120 s behind the log's");
        cases.add(&case, Ok(epoch), &good, |case| {
            case.now = epoch * SECONDS - CLOCK_SKEW;
        });
        let case = format!("{name}, where others were spent");
        cases.add(&case, Ok(epoch), &good, |case| {
            case.spent = Some(vec![hex::encode(field::encode(&fr(70)))]);
        });
    }
    let good = donation();
    let case = "a donation, its root replaced just within the window";
    cases.add(case, Ok(epoch), &good, |case| {
        replace(case, 0, epoch + 1);
        (case.now, case.window) = ((epoch + 1) * SECONDS + 60, 60);
    });
    let case = "a donation, with the published length of an epoch";
    cases.add(case, Ok(epoch), &good, |case| case.logs[0].1 = Some(SECONDS));
    let good = claim();
    let case = "a claim, where the persons' log went on with the cards' as it was";
    cases.add(case, Ok(epoch), &good, |case| replace(case, 1, epoch + 1));
}

/// Another state of a log, at an epoch.
fn replace(case: &mut Case, log: usize, epoch: u64) {
    let (origin, _, notes) = &mut case.logs[log];
    notes.push(logs::checkpoint(9, origin, (epoch, 2_000_000, fr(71)), SECONDS));
}

fn malformed(cases: &mut Cases) {
    let good = donation();
    let bytes = good.envelope.encode_to_vec();
    let mut raw = |case: &str, reason: Reason, bytes: Vec<u8>| {
        cases.add(case, Err(reason), &good, |case| case.bytes = Some(bytes.clone()));
    };
    raw("no bytes", Reason::MessageChoice, vec![]);
    raw("cut off", Reason::MessageMalformed, bytes[..bytes.len() - 1].into());
    raw("an unknown field", Reason::MessageNotCanonical, [&bytes[..], &[0xf8, 7, 1]].concat());
    raw("twice", Reason::MessageNotCanonical, bytes.repeat(2));
    let mut change = |case: &str, reason: Reason, change: &dyn Fn(&mut v1::Envelope)| {
        cases.add(case, Err(reason), &good, |case| change(&mut case.envelope));
    };
    change("version 2", Reason::MessageChoice, &|m| m.version = 2);
    change("another circuit's name", Reason::InputsLength, &|m| m.circuit = "gift".into());
    change("no circuit's name", Reason::MessageText, &|m| m.circuit = "six-fu".into());
    change("a key id of 31 bytes", Reason::MessageLength, &|m| m.key_id.truncate(31));
    change("no request", Reason::MessageBinding, &|m| m.binding = None);
    change("no epoch", Reason::MessageCount, &|m| m.epochs.clear());
    change("an epoch of another log than the request's", Reason::MessageBinding, &|m| {
        m.epochs[0].origin = "cerf/donations/2".into();
    });
    change("an epoch of no log", Reason::MessageText, &|m| m.epochs[0].origin = "cerf".into());
    change("a proof of 127 bytes", Reason::ProofLength, &|m| m.proof.truncate(127));
    change("an input too few", Reason::InputsLength, &|m| m.public_inputs.truncate(128));
    change("an input too many", Reason::InputsLength, &|m| m.public_inputs.extend([0; 32]));
    change("the nullifier + r", Reason::FieldNotCanonical, &|m| {
        let other = alias(&m.public_inputs[64..96]);
        m.public_inputs[64..96].copy_from_slice(&other);
    });
    change("A at infinity", Reason::PointIdentity, &|m| {
        m.proof[..32].copy_from_slice(&[&[0; 31][..], &[0x40]].concat());
    });
    change("both flags of B", Reason::PointInvalid, &|m| m.proof[95] |= 0xc0);
    change("a request that its verifier did not sign", Reason::RequestSignature, &|m| {
        let Some(v1::envelope::Binding::Request(request)) = &mut m.binding else { panic!() };
        request.challenge[0] ^= 1;
    });
    change("a request without policy", Reason::MessageMissing, &|m| {
        let Some(v1::envelope::Binding::Request(request)) = &mut m.binding else { panic!() };
        request.policy = None;
    });

    let case = "with a checkpoint in it, as envelopes once had in field 6: it could be this \
        wallet's alone";
    cases.add(case, Err(Reason::MessageNotCanonical), &good, |case| {
        let note = case.logs[0].2[0].as_bytes();
        let length = u8::try_from(note.len() % 128).unwrap() | 0x80;
        let length = [length, u8::try_from(note.len() / 128).unwrap()];
        let bytes = case.envelope.encode_to_vec();
        case.bytes = Some([&bytes[..], &[6 << 3 | 2], &length, note].concat());
    });
    let claim = claim();
    let mut change = |case: &str, change: &dyn Fn(&mut v1::Envelope)| {
        cases.add(case, Err(Reason::MessageBinding), &claim, |case| change(&mut case.envelope));
    };
    change("a claim's epochs in the other order", &|m| m.epochs.reverse());
    change("a claim with epochs of another campaign", &|m| {
        m.epochs[0].origin = "wufu-2019/cards".into();
    });

    // The verifier's own checkpoints.
    let own = logs::log_key("cerf", 8).to_string();
    let case = "the verifier pinned another log key";
    cases.add(case, Err(Reason::NoteUnsigned), &good, |case| case.log_key = own.clone());
    let case = "a checkpoint was changed after it was signed";
    cases.add(case, Err(Reason::NoteSignature), &good, |case| {
        let note = &mut case.logs[0].2[0];
        *note = note.replace("747000", "747001");
    });
    let case = "a checkpoint that is none";
    cases.add(case, Err(Reason::NoteForm), &good, |case| case.logs[0].2 = vec!["x".into()]);
    let case = "it says another epoch: nothing is looked up by it";
    cases.add(case, Ok(honest::number("epoch")), &good, |case| case.envelope.epochs[0].epoch = 7);
}

fn keys(cases: &mut Cases) {
    let good = donation();
    let gift_id = key_id(&honest::key(CircuitName::Gift));
    let case = "the verifier pinned another key of the circuit";
    cases.add(case, Err(Reason::OtherKey), &good, |case| case.key = "donation, as of a ceremony");
    let case = "it says that it is under another key";
    cases.add(case, Err(Reason::OtherKey), &good, |case| case.envelope.key_id = gift_id.to_vec());
    let case = "a gift, where a donation was asked for";
    cases.add(case, Err(Reason::OtherKey), &good, |case| {
        case.envelope = honest::envelope(CircuitName::Gift);
    });
    let case = "a gift that says it is under the donation's key, where a donation was asked for";
    cases.add(case, Err(Reason::InputsLength), &good, |case| {
        let key_id = case.envelope.key_id.clone();
        case.envelope = v1::Envelope { key_id, ..honest::envelope(CircuitName::Gift) };
    });
    let case = "a gift under a gift's key that the verifier pinned for donations";
    cases.add(case, Err(Reason::OtherCircuit), &good, |case| {
        case.envelope = honest::envelope(CircuitName::Gift);
        case.key = "gift";
    });
    let case = "the question does not list the pinned key";
    cases.add(case, Err(Reason::Question), &good, |case| {
        case.asked["key_ids"] = json!([hex::encode(gift_id)]);
    });
    let case = "the question is about another log than the verifier's history";
    cases.add(case, Err(Reason::Question), &good, |case| {
        case.asked["origin"] = "cerf/donations/2".into();
    });
    let case = "a claim, checked with the logs in the other order";
    cases.add(case, Err(Reason::OtherLog), &claim(), |case| case.logs.reverse());
    let case = "a claim of one campaign, asked by another";
    cases.add(case, Err(Reason::OtherLog), &claim(), |case| {
        case.asked["org"] = "wufu-2019".into();
    });
    let case = "a gift of one campaign, asked by another";
    cases.add(case, Err(Reason::OtherLog), &gift(), |case| {
        case.asked["org"] = "wufu-2019".into();
    });
    let case = "another key and another challenge and spent: the first of them is told";
    cases.add(case, Err(Reason::OtherKey), &good, |case| {
        case.key = "donation, as of a ceremony";
        case.asked["challenge"] = hex::encode([1; 32]).into();
        case.spent = None;
    });
}

fn key_id(key: &[u8]) -> [u8; 32] {
    let KeyId(id) = VerifyingKey::decode(key, Trust::AcceptDevelopment).unwrap().id();
    id
}

fn roots(cases: &mut Cases) {
    let epoch = honest::number("epoch");
    let good = donation();
    let unknown = Err(Reason::RootUnknown);
    cases.add("no checkpoint of the verifier's own", unknown, &good, |case| {
        case.logs[0].2.clear();
    });
    cases.add("a root that no epoch has", unknown, &good, |case| {
        case.envelope.public_inputs[..32].copy_from_slice(&field::encode(&fr(72)));
    });
    cases.add("root 0", unknown, &good, |case| case.envelope.public_inputs[..32].fill(0));
    cases.add("a root replaced before the window", Err(Reason::RootExpired), &good, |case| {
        replace(case, 0, epoch + 1);
        (case.now, case.window) = ((epoch + 1) * SECONDS + 61, 60);
    });
    cases.add("an epoch that has not begun", Err(Reason::RootFuture), &good, |case| {
        case.now = epoch * SECONDS - CLOCK_SKEW - 1;
    });
    let case = "two checkpoints of one epoch that contradict";
    cases.add(case, Err(Reason::LogContradicted), &good, |case| replace(case, 0, epoch));
    cases.add("a checkpoint of another log", Err(Reason::HistoryOrigin), &good, |case| {
        let other = logs::checkpoint(9, "cerf/donations/2", (epoch, 5, fr(73)), SECONDS);
        case.logs[0].2.push(other);
    });
    let case = "epochs of another length than the published one";
    cases.add(case, Err(Reason::HistorySchedule), &good, |case| case.logs[0].1 = Some(300));

    let good = claim();
    cases.add("a claim, without the persons' checkpoint", unknown, &good, |case| {
        case.logs[1].2.clear();
    });
    cases.add("a claim whose roots were never in force together", unknown, &good, |case| {
        // The persons' root comes an epoch later, and by then the cards' root has changed.
        let persons = honest::notes(CircuitName::FiveFu).swap_remove(1);
        let old = logs::checkpoint(9, "wufu-2018/persons", (epoch, 1000, fr(74)), SECONDS);
        let line = persons.lines().nth(2).unwrap();
        let root = {
            use base64ct::{Base64, Encoding};
            field::decode("root", &Base64::decode_vec(line).unwrap()).unwrap()
        };
        let state = (epoch + 1, 250_000, root);
        case.logs[1].2 = vec![old, logs::checkpoint(9, "wufu-2018/persons", state, SECONDS)];
        replace(case, 0, epoch + 1);
    });
    cases.add(
        "a claim, its roots replaced before the window",
        Err(Reason::RootExpired),
        &good,
        |case| {
            replace(case, 0, epoch + 1);
            (case.now, case.window) = ((epoch + 1) * SECONDS + 61, 60);
        },
    );
    cases.add("a claim, its epoch not begun", Err(Reason::RootFuture), &good, |case| {
        case.now = epoch * SECONDS - CLOCK_SKEW - 1;
    });
    let case = "a claim, where the persons' log contradicts itself";
    cases.add(case, Err(Reason::LogContradicted), &good, |case| replace(case, 1, epoch));
    let case = "a gift, its root replaced before the window";
    cases.add(case, Err(Reason::RootExpired), &gift(), |case| {
        replace(case, 0, epoch + 2);
        (case.now, case.window) = ((epoch + 2) * SECONDS + 61, 60);
    });
}

fn asked(cases: &mut Cases) {
    let good = donation();
    let expiry = honest::number("expiry");
    let mut ask = |case: &str, reason: Reason, field: &str, value: Value| {
        cases.add(case, Err(reason), &good, |case| case.asked[field] = value.clone());
    };
    let verifier = hex::encode(logs_signer(8));
    let scope = Reason::ScopeNotAsked;
    ask("an answer to another verifier", scope, "verifier", verifier.into());
    ask("an answer for another purpose", scope, "purpose", "a loan".into());
    let policy = |keys: &[u64], amounts: [u64; 2]| {
        let keys: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        let writer = Writer::new().bytes(&keys).u64(amounts[0]).u64(amounts[1]);
        Value::from(hex::encode(writer.u64(1_500_000_000).u64((1 << 40) - 1).finish()))
    };
    let projects = [(1 << 32) + 1, (2 << 32) + 9, (37 << 32) + 304];
    let any = (1 << 48) - 1;
    let other = Reason::PolicyNotAsked;
    ask(
        "asked for fewer projects than proved",
        other,
        "policy",
        policy(&projects[2..], [10_000, any]),
    );
    ask("asked for a larger amount than proved", other, "policy", policy(&projects, [20_000, any]));
    ask("asked for less than proved", other, "policy", policy(&projects, [0, any]));
    let ext = Reason::ExtNotAsked;
    ask("an answer to another challenge", ext, "challenge", hex::encode([1; 32]).into());
    ask("an answer to a question with another end", ext, "expiry", (expiry + 1).into());
    cases.add("asked until the last second, which is over", Err(Reason::Over), &good, |case| {
        case.now = expiry;
    });

    for (at, name, reason) in [(1, "scope", scope), (3, "policy", other), (4, "ext", ext)] {
        let case = format!("{name} of a donation was changed in the public inputs");
        cases.add(&case, Err(reason), &good, |case| {
            let input = field::encode(&fr(78));
            case.envelope.public_inputs[32 * at..32 * (at + 1)].copy_from_slice(&input);
        });
    }

    let good = claim();
    let mut ask = |case: &str, field: &str, value: Value| {
        cases.add(case, Err(Reason::ExtNotAsked), &good, |case| case.asked[field] = value.clone());
    };
    ask("a claim for another payee", "payout", hex::encode("alipay:2089").into());
    ask("a claim with another end", "expiry", (expiry + 600).into());
    cases.add("a claim that is over", Err(Reason::Over), &good, |case| case.now = expiry);
    let case = "a claim for another campaign, whose logs hold the same";
    cases.add(case, Err(Reason::RootUnknown), &good, |case| {
        // The roots are the same. Only the scope in the anchor tells the campaigns apart.
        case.log_key = logs::log_key("wufu-2019", 9).to_string();
        case.asked["org"] = "wufu-2019".into();
        for (origin, _, notes) in &mut case.logs {
            *origin = origin.replace("2018", "2019");
            let line = notes[0].lines().nth(2).unwrap().to_string();
            let size: u64 = notes[0].lines().nth(1).unwrap().parse().unwrap();
            use base64ct::{Base64, Encoding};
            let root = field::decode("root", &Base64::decode_vec(&line).unwrap()).unwrap();
            let state = (honest::number("epoch"), size, root);
            *notes = vec![logs::checkpoint(9, origin, state, SECONDS)];
        }
    });
    let good = gift();
    cases.add("a gift with another payload", Err(Reason::ExtNotAsked), &good, |case| {
        case.asked["payload"] = hex::encode("to a foe").into();
    });
    cases.add("a gift that is over", Err(Reason::Over), &good, |case| case.now = expiry);
}

fn logs_signer(seed: u8) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()
}

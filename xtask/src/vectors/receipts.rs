//! What a ledger signs when it admits a claim, and when it refuses one.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use wufu_verifier::{
    FiveFu, KeyId,
    log::{
        receipt::{ClaimReceipt, ClaimRefusal, MAX_PAYOUT, ReceiptError},
        signed_note,
    },
};

use super::{fr, logs};

const ORG: &str = "wufu";

fn signing(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn receipt() -> ClaimReceipt {
    let statement = FiveFu::from_inputs([70, 71, 72, 73, 74, 75, 76, 77].map(fr));
    ClaimReceipt {
        claim: 7,
        nullifiers: ClaimReceipt::nullifiers_of(&statement),
        key_id: KeyId([9; 32]),
        payout: b"payee".to_vec(),
        expiry: 1_796_080_216,
        time: 1_796_074_969,
    }
}

fn refusal() -> ClaimRefusal {
    ClaimRefusal { nullifier: receipt().nullifiers[3], claim: 7, time: 1_796_075_000 }
}

fn sign(text: &str) -> String {
    signed_note::sign(ORG, &signing(9), text).unwrap()
}

fn accepted_receipt(case: &str, receipt: &ClaimReceipt, note: &str) -> Value {
    assert_eq!(ClaimReceipt::open(&logs::log_key(ORG, 9), note).as_ref(), Ok(receipt), "{case}");
    json!({
        "case": case,
        "note": note,
        "verdict": "accepted",
        "claim": receipt.claim.to_string(),
        "nullifiers": receipt.nullifiers.map(|nullifier| hex::encode(nullifier.to_bytes())),
        "key_id": receipt.key_id.to_string(),
        "payout": hex::encode(&receipt.payout),
        "expiry": receipt.expiry.to_string(),
        "time": receipt.time.to_string(),
    })
}

fn accepted_refusal(case: &str, refusal: &ClaimRefusal, note: &str) -> Value {
    assert_eq!(ClaimRefusal::open(&logs::log_key(ORG, 9), note).as_ref(), Ok(refusal), "{case}");
    json!({
        "case": case,
        "note": note,
        "verdict": "accepted",
        "nullifier": hex::encode(refusal.nullifier.to_bytes()),
        "spent_by_claim": refusal.claim.to_string(),
        "time": refusal.time.to_string(),
    })
}

/// A refused case: the line that is wrong, or the reason if the note around the text is wrong.
fn refused(case: &str, note: &str, error: &ReceiptError) -> Value {
    let mut value = json!({
        "case": case, "note": note, "verdict": "refused", "text": error.to_string(),
    });
    match error {
        ReceiptError::Note(error) => value["reason"] = error.reason().as_str().into(),
        ReceiptError::Long { .. } => {
            value["line"] = "none: the note is longer than an answer".into()
        }
        _ => value["line"] = error.field().unwrap().into(),
    }
    value
}

/// The refused cases that apply to every answer. `good` is the text of a good one.
fn refused_of_all(good: &str) -> Vec<(&'static str, String)> {
    let note = sign(good);
    let line = "\u{2014} witness AAAAAAAA\n";
    vec![
        ("of another org", sign(&good.replacen("wufu/", "wufu2/", 1))),
        ("a checkpoint's heading", sign(&good.replacen("wufu/", "wufu/cards/", 1))),
        ("a line more", sign(&format!("{good}more\n"))),
        ("the last line is missing", sign(&good[..good.trim_end().rfind('\n').unwrap() + 1])),
        ("a space after the last line", sign(&format!("{} \n", good.trim_end()))),
        ("a leading zero", sign(&good.replace("claim 7", "claim 07"))),
        ("a sign", sign(&good.replace("claim 7", "claim +7"))),
        ("claim 0", sign(&good.replace("claim 7", "claim 0"))),
        ("claim 2^64", sign(&good.replace("claim 7", "claim 18446744073709551616"))),
        ("an empty line in the text", sign(&good.replacen('\n', "\n\n", 1))),
        ("signed by another key", signed_note::sign(ORG, &signing(8), good).unwrap()),
        ("changed after it was signed", note.replace("claim 7", "claim 8")),
        ("without a signature", good.to_string()),
        ("longer than an answer may be", format!("{note}{}", line.repeat(900))),
    ]
}

fn receipts_refused(good: &str) -> Vec<(&'static str, String)> {
    let lines: Vec<&str> = good.lines().collect();
    let without = |at: usize| {
        let kept = lines.iter().enumerate().filter(|(line, _)| *line != at);
        sign(&kept.map(|(_, line)| format!("{line}\n")).collect::<String>())
    };
    let nullifier = hex::encode(receipt().nullifiers[5].to_bytes());
    let payout = hex::encode(b"payee");
    let mut swapped = lines.clone();
    swapped.swap(8, 9);
    let swapped: String = swapped.iter().map(|line| format!("{line}\n")).collect();
    let mut cases = refused_of_all(good);
    cases.extend([
        ("a refusal", sign(&refusal().text(ORG))),
        ("five nullifiers", without(7)),
        ("no key", without(8)),
        ("key and payout in the other order", sign(&swapped)),
        ("seven nullifiers", sign(&good.replace("key ", &format!("nullifier {nullifier}\nkey ")))),
        ("a nullifier in capitals", sign(&good.replace(&nullifier, &nullifier.to_uppercase()))),
        ("a nullifier of 31 bytes", sign(&good.replace(&nullifier, &nullifier[2..]))),
        ("a nullifier that is not canonical", sign(&good.replace(&nullifier, &"ff".repeat(32)))),
        ("no payout", sign(&good.replace(&format!("payout {payout}"), "payout "))),
        ("half a byte of payout", sign(&good.replace(&payout, &payout[1..]))),
        ("a payout of 257 bytes", sign(&good.replace(&payout, &"70".repeat(MAX_PAYOUT + 1)))),
        ("an expiry with a sign", sign(&good.replace("expiry ", "expiry +"))),
    ]);
    cases
}

pub fn receipts() -> Value {
    let key = logs::log_key(ORG, 9);
    let good = receipt();
    let largest = ClaimReceipt {
        claim: u64::MAX,
        payout: vec![0xff; MAX_PAYOUT],
        expiry: u64::MAX,
        time: 0,
        ..good.clone()
    };
    let co_signed = {
        let (text, ours) = (good.text(ORG), sign(&good.text(ORG)));
        let other = signed_note::sign("witness", &signing(3), &text).unwrap();
        ours + other.split_once("\n\n").unwrap().1
    };
    let mut receipts = vec![
        accepted_receipt("as it is", &good, &sign(&good.text(ORG))),
        accepted_receipt("the largest of everything", &largest, &sign(&largest.text(ORG))),
        accepted_receipt("signed by a witness, too", &good, &co_signed),
    ];
    for (case, note) in receipts_refused(&good.text(ORG)) {
        receipts.push(refused(case, &note, &ClaimReceipt::open(&key, &note).unwrap_err()));
    }
    let spent = refusal();
    let mut refusals = vec![accepted_refusal("as it is", &spent, &sign(&spent.text(ORG)))];
    let mut cases = refused_of_all(&spent.text(ORG));
    cases.push(("a receipt", sign(&good.text(ORG))));
    for (case, note) in cases {
        refusals.push(refused(case, &note, &ClaimRefusal::open(&key, &note).unwrap_err()));
    }
    json!({
        "about": "What a ledger signs: receipts of claims that are admitted, and refusals of \
                  claims whose nullifier was spent. A refused case names the line that is wrong, \
                  or the reason when it is the note around the text; `text` is what our reader \
                  says.",
        "org": ORG,
        "log_key": key.to_string(),
        "receipts": receipts,
        "refusals": refusals,
    })
}

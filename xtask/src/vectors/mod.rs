//! Writes `vectors/*.json`: what a verifier decodes and verifies, and messages that are stored in
//! files. There are accepted cases, and refused ones with the reason.
//!
//! Keys and proofs come from `vectors/honest.json`, which an example of `wufu-wallet` writes.
//! Everything else is made here.

mod cases;
mod curve;
mod directories;
mod envelopes;
mod files;
mod grants;
mod honest;
mod keys;
mod logs;
mod points;
mod policies;
mod proofs;
mod reading;
mod receipts;

use serde_json::{Value, json};

use cases::{Cases, TEXT, alias, bytes, fr, length, modulus, not_canonical};
pub use files::read_file;
pub use reading::read_message;

/// The folder of the files.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/");

/// Writes every file.
///
/// # Errors
/// Returns an error if a file cannot be written.
pub fn write() -> std::io::Result<()> {
    for (name, value) in files() {
        std::fs::write(format!("{FOLDER}{name}"), format!("{value:#}\n"))?;
    }
    Ok(())
}

/// Every file, by name.
pub fn files() -> Vec<(&'static str, Value)> {
    vec![
        ("messages.json", messages()),
        ("keys.json", keys::keys()),
        ("proofs.json", points::proofs()),
        ("inputs.json", points::inputs()),
        ("records.json", policies::records()),
        ("policies.json", policies::policies()),
        ("requests.json", policies::requests()),
        ("logs.json", logs::logs()),
        ("receipts.json", receipts::receipts()),
        ("directories.json", directories::directories()),
        ("envelopes.json", envelopes::envelopes()),
        ("files.json", files::files()),
    ]
}

/// Every message that is sent or stored.
fn messages() -> Value {
    json!({
        "about": "What travels in Wufu. `bytes` is the protobuf encoding in hex, `json` the same \
                  message in protobuf's JSON. An accepted message is read, understood, and written \
                  again as the same bytes. A refused one is refused for the reason given; `text` \
                  is what our reader says. The texts of `refused_json` are no JSON form of their \
                  message; what they lack is the case's name, and there is no code for it. Secrets \
                  in here are nobody's.",
        "messages": [
            grants::address(),
            grants::card_grant(),
            grants::person_grant(),
            grants::donation_receipt(),
            grants::gift(),
            grants::voucher(),
            proofs::policy(),
            proofs::proof_request(),
            proofs::envelope(),
        ],
        "checkpoints": proofs::checkpoints(),
    })
}

//! What a ledger imports: CSV files of donations and owners, amounts, dates, mappings of columns,
//! and directories. Also the operator's file of rules.
#![no_main]

use std::{fs, sync::OnceLock};

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use wufu_fuzz::reached;
use wufu_ledger::{
    CurrencyCode, LedgerPolicy, Owners,
    import::{
        CsvFormat, Mapping, Rows,
        amount::{DecimalMark, parse_amount, parse_amount_with},
        date::{Zone, parse_date},
    },
};
use wufu_verifier::{
    encoding::text,
    log::{
        directory::Directory,
        signed_note::{self, LogKey},
    },
};

fuzz_target!(|data: &[u8]| {
    let Ok(currency) = CurrencyCode::try_from("CNY".to_string()) else { return };
    for is_multiline in [false, true] {
        let zone = is_multiline.then_some(Zone::UTC);
        let format = CsvFormat { is_multiline, zone, ..CsvFormat::default() };
        let Ok(rows) = Rows::read(data, "fuzz.csv", &format, currency) else { continue };
        // Each row is good, blank or bad, and begins on a line of its own.
        let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
        assert!(rows.read <= lines);
        assert_eq!(rows.donations.len() as u64 + rows.blank + rows.bad.count(), rows.read);
        if !rows.donations.is_empty() {
            reached("rows");
        }
        for bad in rows.bad.kept() {
            assert!(bad.line >= 1 && !bad.to_string().is_empty());
        }
    }
    if Owners::read(data, "wufu-2018").is_ok() {
        reached("owners");
    }
    policy(data);
    let Ok(text) = core::str::from_utf8(data) else { return };
    for decimals in [0, 2, 3] {
        if let Ok(amount) = parse_amount(text, decimals) {
            let (unit, minor) = (10u64.pow(decimals as u32), amount.minor());
            let plain = match decimals {
                0 => minor.to_string(),
                _ => format!("{}.{:0decimals$}", minor / unit, minor % unit),
            };
            assert_eq!(parse_amount(&plain, decimals).ok(), Some(amount));
            reached("amount");
        }
    }
    let _ = parse_amount_with(text, 2, DecimalMark::Comma);
    if let Ok(date) = parse_date(text, None) {
        assert_eq!(parse_date(text, Some(&Zone::UTC)), Ok(date));
        reached("date");
    }
    if text::check_name(text).is_ok() {
        assert_eq!(text::normalize(text), text);
        assert_eq!(text.trim(), text);
        reached("name");
    } else if text::check_name(&text::normalize(text)).is_ok() {
        reached("name in another form");
    }
    if let Ok(mapping) = text.parse::<Mapping>() {
        let again = format!("{}={}", mapping.field.name(), mapping.column);
        assert_eq!(again.parse(), Ok(mapping));
        reached("mapping");
    }
    let signing = SigningKey::from_bytes(&[9; 32]);
    let Ok(key) = LogKey::new("cerf", signing.verifying_key()) else { return };
    if let Ok(note) = signed_note::sign("cerf", &signing, text) {
        if let Ok(directory) = Directory::open(&key, "cerf/donations/1", &note) {
            let again = Directory::parse("cerf/donations/1", &directory.text("cerf/donations/1"));
            assert_eq!(again, Ok(directory));
            reached("directory");
        }
    }
});

/// Rules that can be read are the same when they are written and read again.
fn policy(data: &[u8]) {
    static FOLDER: OnceLock<Option<TempDir>> = OnceLock::new();
    // Most inputs are not JSON, so no file is written for them.
    if data.first() != Some(&b'{') {
        return;
    }
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().ok()).as_ref();
    let path = folder.expect("no folder for temporary files").path().join("policy.json");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("a temporary file cannot be written");
        LedgerPolicy::read(&path)
    };
    if let Ok(policy) = read(data) {
        assert!((1..=86_400).contains(&policy.epoch_seconds) && !policy.org.is_empty());
        let again = serde_json::to_vec(&policy).expect("rules are JSON");
        assert_eq!(read(&again).ok(), Some(policy));
        reached("policy");
    }
}

//! What a ledger imports: CSV of donations and of owners, amounts, dates, mappings of columns, directories.
#![no_main]

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use wufu_ledger::{
    CurrencyCode, Directory, Owners,
    import::{Columns, Mapping, Rows, amount::parse_amount, date::parse_date},
};
use wufu_verifier::note::{self, LogKey};

fuzz_target!(|data: &[u8]| {
    let Ok(currency) = CurrencyCode::try_from("CNY".to_string()) else { return };
    if let Ok(rows) = Rows::read(data, "fuzz.csv", &Columns::default(), currency) {
        // Good rows and bad ones are lines of the file.
        let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count();
        assert!(rows.donations.len() + rows.bad.len() <= lines);
        for bad in &rows.bad {
            assert!(bad.line >= 1 && !bad.to_string().is_empty());
        }
    }
    let _ = Owners::read(data, "wufu");
    let Ok(text) = core::str::from_utf8(data) else { return };
    for decimals in [0, 2, 3] {
        if let Ok(amount) = parse_amount(text, decimals) {
            let (unit, minor) = (10u64.pow(decimals as u32), amount.minor());
            let plain = match decimals {
                0 => minor.to_string(),
                _ => format!("{}.{:0decimals$}", minor / unit, minor % unit),
            };
            assert_eq!(parse_amount(&plain, decimals).ok(), Some(amount));
        }
    }
    let _ = parse_date(text);
    if let Ok(mapping) = text.parse::<Mapping>() {
        let again = format!("{}={}", mapping.field.name(), mapping.column);
        assert_eq!(again.parse(), Ok(mapping));
    }
    let signing = SigningKey::from_bytes(&[9; 32]);
    let Ok(key) = LogKey::new("cerf", signing.verifying_key()) else { return };
    if let Ok(note) = note::sign("cerf", &signing, text) {
        let _ = Directory::open(&key, "cerf/donations/1", &note);
    }
});

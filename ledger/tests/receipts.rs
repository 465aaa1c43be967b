//! Receipts of an import: the forms of their names, and owners from a list.

use wufu_ledger::{
    Owners,
    import::{CsvFormat, ImportOptions, ReceiptKey, Rows, amount::DecimalMark},
};

use crate::{
    cases::{format, import, path, told},
    common::{address, ledger},
};

/// The same rows, imported plainly and then with `--receipt-key year`, `institution` and both, were
/// four donations. Money was counted once for each form, and the command's own advice led there.
#[tokio::test]
async fn a_donation_is_one_under_every_form_of_its_receipt() {
    let key = |text: &str| text.parse::<ReceiptKey>().unwrap();
    let forms = [
        (ReceiptKey::default(), "001", "no --receipt-key"),
        (key("year"), "2019/001", "--receipt-key year"),
        (key("institution"), "I/001", "--receipt-key institution"),
        (key("year").with(key("institution")), "I/2019/001", "--receipt-key year,institution"),
    ];
    for (held, name, shown) in forms {
        let (_folder, ledger) = ledger().await;
        let held = CsvFormat { receipt_key: held, ..format() };
        assert_eq!(import(&ledger, "receipts-2019.csv", &held, false).await.unwrap().rows, 1);
        for (other, own, _) in forms.into_iter().filter(|form| form.1 != name) {
            let other = CsvFormat { receipt_key: other, ..format() };
            let told = told(import(&ledger, "receipts-2019.csv", &other, false).await.unwrap_err());
            let expected = format!(
                "2: column \"receipt\": \"{own}\" is already in the ledger, as receipt \"{name}\", \
                 which was imported with {shown}: import the file in the same way, or its \
                 donations count twice (--skip-bad leaves such rows out)"
            );
            assert_eq!(told, [expected]);
            let report = import(&ledger, "receipts-2019.csv", &other, true).await.unwrap();
            assert_eq!((report.rows, report.skipped.count()), (0, 1));
        }
        // A donation of another year is a different one, whatever the form of its receipt.
        let (other, ..) = forms.into_iter().find(|form| form.1 != name).unwrap();
        let other = CsvFormat { receipt_key: other, ..format() };
        let report = import(&ledger, "receipts-2020-same-numbers.csv", &other, false).await;
        assert_eq!(report.unwrap().rows, 1);
        assert_eq!(ledger.totals().await.unwrap().sum, 600);
        assert_eq!(ledger.audit().await.unwrap().findings, []);
    }
}

/// The second of two rows was bad whatever their years were, and nothing said what would
/// distinguish them.
#[tokio::test]
async fn reused_receipt_numbers_are_refused_with_advice() {
    let (_folder, ledger) = ledger().await;
    let head = "receipt,institution,project,amount,date\n";
    for (second, expected) in [
        ("001,I,P,1,2019-05-01", ""),
        (
            "001,I,P,1,2020-01-01",
            "; the years differ: if numbers restart each year, --receipt-key year tells them apart",
        ),
        (
            "001,J,P,1,2019-01-01",
            "; the institutions differ: if each has its own numbers, --receipt-key institution \
             tells them apart",
        ),
        (
            "001,J,P,1,2020-01-01",
            "; years and institutions differ: if numbers restart, --receipt-key year (or \
             institution) tells them apart",
        ),
    ] {
        let text = format!("{head}001,I,P,1,2019-01-01\n{second}\n");
        let rows = Rows::read(text.as_bytes(), "f.csv", &format(), "CNY".parse().unwrap());
        let rows = rows.unwrap();
        let error = ledger.import(rows, ImportOptions::default(), |_| ()).await.unwrap_err();
        let told = told(error);
        assert_eq!(
            told,
            [format!("3: column \"receipt\": \"001\" is already on line 2{expected}")]
        );
    }
}

/// If a list named somebody else for a donation that has an owner, this was silently ignored.
#[tokio::test]
async fn another_owner_than_the_ledgers_is_told() {
    let (_folder, ledger) = ledger().await;
    for (owner, case, expected) in [
        (1, "receipts-2019.csv", vec![]),
        (1, "receipts-2019.csv", vec![]),
        (2, "receipts-2019.csv", vec!["001"]),
        // No row of this file has the receipt, but the ledger does.
        (1, "semicolons-decimal-comma.csv", vec![]),
        (2, "semicolons-decimal-comma.csv", vec!["001"]),
    ] {
        let format = CsvFormat {
            delimiter: if case.starts_with("semi") {
                ";".parse().unwrap()
            } else {
                Default::default()
            },
            decimal_mark: DecimalMark::Comma,
            ..format()
        };
        let owners = Owners::Listed([("001".as_bytes().into(), address(owner).pk)].into());
        let options = ImportOptions { owners, skip_bad: false };
        let told = ledger.import_file(&path(case), &format, options, |_| ()).await.unwrap();
        let receipts: Vec<_> = told.other_owners.first.iter().map(String::as_str).collect();
        assert_eq!((receipts, told.other_owners.count), (expected.clone(), expected.len() as u64));
    }
}

//! Inputs that are empty or of another type, and the form of amounts.

use std::fs;

use super::{folder, log_key, ok, said_once, texts, wufu};

/// An empty envelope was shown as a real one; a path where no socket can be was "in use"; rules
/// that were empty or had a byte-order mark were "not JSON"; and for a file that is not an
/// envelope, the error said so twice.
#[test]
fn what_is_empty_or_of_another_type_is_told_as_it_is() {
    let folder = folder();
    let path = folder.path();
    fs::write(path.join("braces.env"), "{}").unwrap();
    let serve = ["serve", "ledger", "--dir", "cerf", "--unix"];
    let at = |name: &'static str| [&serve[..], &[name]].concat();
    ok(path, &["wallet", "--dir", "fresh", "new"]);
    let ledger = "http://127.0.0.1:1";
    let submit = vec!["wallet", "--dir", "fresh", "submit", "README.md", "--ledger", ledger];
    let rules = vec!["ledger", "info", "--dir", "wufu"];
    let file = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).unwrap();
    let told = |args: &[&str]| {
        let output = wufu(path, args);
        let (_, errors) = texts(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {errors}");
        said_once(args, &errors);
        errors
    };
    for (args, expected) in [
        (vec!["envelope", "show", "braces.env"], "braces.env: not a whole envelope"),
        (at("README.md"), "--unix README.md: a file that is not a socket is there already"),
        (at("folder"), "--unix folder: a folder is there already"),
    ] {
        let errors = told(&args);
        assert!(errors.contains(expected), "{args:?}: {errors}");
    }
    assert_eq!(fs::read(path.join("README.md")).unwrap().len(), 28, "it is left as it is");
    assert_eq!(told(&submit).matches("not an envelope").count(), 1);
    for (bytes, expected) in
        [(&b""[..], "the rules are empty (0 bytes)"), (b"\xef\xbb\xbf{}", "byte-order mark")]
    {
        file("wufu/policy.json", bytes);
        let errors = told(&rules);
        assert!(errors.contains(expected) && errors.contains("policy.json"), "{errors}");
    }
}

/// `wallet list` showed amounts in minor units, although the ledger names its currency.
#[test]
fn amounts_are_listed_in_the_ledgers_currency() {
    let folder = folder();
    let path = folder.path();
    let rows = "receipt,institution,project,amount,date,currency\nR-1,A,B,1050.25,2020-02-15,USD\n";
    fs::write(path.join("rows.csv"), rows).unwrap();
    ok(
        path,
        &[
            "ledger",
            "import",
            "rows.csv",
            "--dir",
            "cerf",
            "--dev-owners",
            "trial",
            "--timezone",
            "UTC",
        ],
    );
    ok(path, &["ledger", "close-epoch", "--dir", "cerf"]);
    ok(path, &["ledger", "receipt", "R-1", "--dir", "cerf", "--out", "receipt.msg"]);
    let wallet = |args: &[&str]| ok(path, &[&["wallet", "--dir", "donor"], args].concat());
    wallet(&["dev", "--owners", "trial", "--receipt", "R-1"]);
    wallet(&["pin", "--log-key", &log_key(path, "cerf")]);
    wallet(&["receive", "receipt.msg"]);
    assert!(wallet(&["list"]).contains("donation of 105,025 minor units"));
    wallet(&["sync", "--org", "cerf", "--ledger", "cerf", "--one-source"]);
    let listed = wallet(&["list"]);
    assert!(listed.contains("donation of 1,050.25 USD"), "{listed}");
}

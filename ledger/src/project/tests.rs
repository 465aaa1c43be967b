use ed25519_dalek::SigningKey;

use super::*;

#[test]
fn ids_follow_first_appearance_and_names_are_readable() {
    let mut directory = Directory::default();
    let mut add = |institution: &str, project: &str| {
        directory.add(institution, project).map(|key| (key.institution(), key.project()))
    };
    assert_eq!(add("A", "x"), Some((1, 1)));
    assert_eq!(add("B", "x"), Some((2, 2)));
    assert_eq!(add("A", "y"), Some((1, 3)));
    assert_eq!(add("A", "x"), Some((1, 1)));
    // FAILURES.md, row 53: names that look alike or reorder text stood in the signed directory.
    let hidden = ["x\u{202e}y", "x\u{200b}", "x\u{ad}y", "\u{3164}", "cafe\u{301}", "x  y"];
    let long = "x".repeat(257);
    let bad = ["", " x", "x ", "x\ny", "x\ty", "x\u{85}y", &long];
    for bad in bad.into_iter().chain(hidden) {
        assert_eq!(add(bad, "x"), None, "{bad:?}");
        assert_eq!(add("A", bad), None, "{bad:?}");
        let named = matches!(refused("A", bad), AppendError::Name { name, .. } if name == bad);
        assert!(named, "{bad:?}");
    }
    assert_eq!(add("A", &"五".repeat(85)), Some((1, 4)));
}

/// An older release took names that are refused now. Its ledger could not append, import or serve its directory any
/// more, since stored names were checked as new ones are.
#[test]
fn names_that_an_older_release_stored_are_still_loaded() {
    let old = ["\u{3000}A", "B\u{a0}C", "D  E", "cafe\u{301}", "x\u{200b}"];
    let institutions = old.map(String::from);
    let projects: Vec<(i64, String)> = (1..).zip(institutions.clone()).collect();
    let mut directory = Directory::of_rows(&institutions, &projects).unwrap();
    assert_eq!(directory.institutions(), institutions);
    // What is there keeps its ids and takes new projects. Names like these still cannot enter.
    let key = directory.add("D  E", "D  E").unwrap();
    assert_eq!((key.institution(), key.project()), (3, 3));
    let key = directory.add("D  E", "new").unwrap();
    assert_eq!((key.institution(), key.project()), (3, 6));
    assert_eq!(directory.add("D  E", "F  G"), None);
    assert_eq!(directory.add("F  G", "new"), None);
    assert_eq!((directory.institutions().len(), directory.projects().len()), (5, 6));
    // It was signed and served all the same, and every client refused it. Now the ledger names what has to be mended.
    for (at, field) in [(0, "institution"), (1, "institution"), (3, "institution")] {
        let names = [institutions[at].clone()];
        let refused = Directory::of_rows(&names, &[]).unwrap().check_names().unwrap_err();
        let told = refused.to_string();
        assert!(told.starts_with(field) && told.contains("make a new ledger"), "{told}");
    }
    let plain = Directory::of_rows(&["A".into()], &[(1, "x".into())]).unwrap();
    assert!(plain.check_names().is_ok());
    // Rows that no release wrote are no directory.
    let long = "x".repeat(257);
    for bad in [&["A", "A"][..], &["A", ""], &["A", &long]] {
        let bad: Vec<String> = bad.iter().copied().map(String::from).collect();
        assert_eq!(Directory::of_rows(&bad, &[]), None, "{bad:?}");
    }
    for bad in [0, 6, i64::MIN] {
        assert_eq!(Directory::of_rows(&institutions, &[(bad, "x".into())]), None, "{bad}");
    }
    let broken = Directory::of_rows(&["A\nproject 1 1 x".to_owned()], &[]).unwrap();
    assert!(broken.check_names().is_err());
}

#[test]
fn a_directory_stays_short_enough_to_be_signed() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut directory = Directory::default();
    let name = |n: usize| format!("{n:0>256}");
    let full = (0..).find(|n| directory.add(&name(*n), &name(*n)).is_none()).unwrap();
    assert!(full > 1000, "{full}");
    assert!(matches!(refused(&name(full), &name(full)), AppendError::DirectoryFull));
    let mut directory = Directory::default();
    for n in 0..full {
        directory.add(&name(n), &name(n)).unwrap();
    }
    let note = signed_note::sign("wufu", &key, &directory.text("wufu/donations/1")).unwrap();
    let key = LogKey::new("wufu", key.verifying_key()).unwrap();
    let mut read = Directory::open(&key, "wufu/donations/1", &note).unwrap();
    assert_eq!(read.projects().len(), full);
    read.bytes = directory.bytes;
    assert_eq!(read, directory);
}

#[test]
fn a_note_with_other_ids_or_lines_is_no_directory() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = LogKey::new("wufu", key.verifying_key()).unwrap();
    let open = |lines: &str| {
        let text = format!("wufu/donations/1/projects\n{lines}");
        let note = signed_note::sign("wufu", &key, &text).unwrap();
        Directory::open(&public, "wufu/donations/1", &note).map(|read| read.projects().len())
    };
    assert_eq!(open("institution 1 A\nproject 1 1 x y\nproject 1 2 z\n"), Ok(2));
    // A note that hides something is not signed at all.
    assert!(
        signed_note::sign("wufu", &key, "wufu/donations/1/projects\ninstitution 1 A\u{202e}\n")
            .is_err()
    );
    for (bad, line) in [
        ("institution 2 A\n", 2),
        ("institution 1 A\ninstitution 2 A\n", 3),
        ("institution 1 A\nproject 1 2 x\n", 3),
        ("institution 1 A\nproject 2 1 x\n", 3),
        ("institution 1 A\nproject 0 1 x\n", 3),
        ("institution 1 A\nproject 1 1 x\nproject 1 2 x\n", 4),
        ("institution 01 A\n", 2),
        ("institution 1\n", 2),
        ("institution 1 \n", 2),
        ("foundation 1 A\n", 2),
        ("project 1 1 x\n", 2),
    ] {
        assert_eq!(open(bad), Err(DirectoryError::Line { line }), "{bad:?}");
    }
    // An operator who signs such names is not believed: FAILURES.md, row 53.
    for (bad, line, at) in [
        ("institution 1 A\u{a0}\n", 2, 2),
        ("institution 1 A\nproject 1 1 cafe\u{301}\n", 3, 4),
        ("institution 1 A  B\n", 2, 3),
    ] {
        let error = open(bad).unwrap_err();
        let told = error.to_string();
        let begin = format!("line {line} of the directory: the name ");
        assert!(told.starts_with(&begin), "{told}");
        assert!(told.contains(&format!("at character {at}")), "{told}");
    }
}

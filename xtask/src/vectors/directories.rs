//! Directories of institutions and projects.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use wufu_verifier::log::{
    directory::{Directory, DirectoryError},
    signed_note,
};

use super::logs;

const ORG: &str = "cerf";
const ORIGIN: &str = "cerf/donations/1";

fn signed(seed: u8, text: &str) -> String {
    signed_note::sign(ORG, &SigningKey::from_bytes(&[seed; 32]), text).unwrap()
}

fn accepted(case: &str, text: &str) -> Value {
    let note = signed(9, text);
    let directory = Directory::open(&logs::log_key(ORG, 9), ORIGIN, &note).unwrap();
    let projects: Vec<Value> = directory
        .projects()
        .iter()
        .map(|project| {
            json!({
                "key": project.key.to_u64().to_string(),
                "institution": project.institution,
                "name": project.name,
            })
        })
        .collect();
    json!({
        "case": case,
        "note": note,
        "verdict": "accepted",
        "institutions": directory.institutions(),
        "projects": projects,
    })
}

/// A refused case: the line and what is wrong with it, or the reason if the note around the text is
/// wrong.
fn refused(case: &str, note: &str) -> Value {
    let error = Directory::open(&logs::log_key(ORG, 9), ORIGIN, note).unwrap_err();
    let mut value = json!({
        "case": case, "note": note, "verdict": "refused", "text": error.to_string(),
    });
    match error {
        DirectoryError::Note(error) => value["reason"] = error.reason().as_str().into(),
        DirectoryError::Name { line, field, .. } => {
            value["line"] = line.into();
            value["field"] = format!("name of the {field}").into();
        }
        DirectoryError::Line { line, field, .. } => {
            value["line"] = line.into();
            value["field"] = field.into();
        }
        other => panic!("{case}: {other}"),
    }
    value
}

pub fn directories() -> Value {
    let head = format!("{ORIGIN}/projects\n");
    let good = {
        let mut directory = Directory::default();
        for (institution, project) in [
            ("UNICEF", "Water and sanitation"),
            ("WFP", "School meals"),
            ("UNICEF", "School meals"),
            ("中国扶贫基金会", "爱心包裹"),
        ] {
            directory.add(institution, project).unwrap();
        }
        directory.text(ORIGIN)
    };
    let mut cases = vec![
        accepted("as it is", &good),
        accepted("empty", &head),
        accepted(
            "each institution before its projects, which need not be last",
            &format!("{head}institution 1 A\nproject 1 1 x\ninstitution 2 B\nproject 2 2 x\n"),
        ),
        accepted("a name of 256 bytes", &format!("{head}institution 1 {}\n", "x".repeat(256))),
    ];
    for (case, lines) in [
        ("an id that is not the next one", "institution 2 A\n"),
        ("an institution twice", "institution 1 A\ninstitution 2 A\n"),
        ("a project's id that is not the next one", "institution 1 A\nproject 1 2 x\n"),
        ("a project of an institution that is not above", "project 1 1 x\ninstitution 1 A\n"),
        ("a project of institution 0", "institution 1 A\nproject 0 1 x\n"),
        ("a project twice", "institution 1 A\nproject 1 1 x\nproject 1 2 x\n"),
        ("an id with a leading zero", "institution 01 A\n"),
        ("an id with a sign", "institution 1 A\nproject +1 1 x\n"),
        ("no name", "institution 1\n"),
        ("an empty name", "institution 1 \n"),
        ("neither institution nor project", "foundation 1 A\n"),
        ("an empty line", "institution 1 A\n\nproject 1 1 x\n"),
        ("U+00A0 in a name", "institution 1 A\u{a0}B\n"),
        ("two spaces in a name", "institution 1 A  B\n"),
        ("a space after a name", "institution 1 A \n"),
        ("a name in normal form NFD", "institution 1 A\nproject 1 1 cafe\u{301}\n"),
        ("a name of 257 bytes", &format!("institution 1 {}\n", "x".repeat(257))),
    ] {
        cases.push(refused(case, &signed(9, &format!("{head}{lines}"))));
    }
    let note = signed(9, &good);
    for (case, note) in [
        ("of another log", signed(9, &good.replace("donations/1/", "donations/2/"))),
        ("without its heading", signed(9, good.split_once('\n').unwrap().1)),
        ("signed by another key", signed(8, &good)),
        ("changed after it was signed", note.replacen("WFP", "WFB", 1)),
        ("without a signature", good.clone()),
        ("U+202E in a name, which no note may hold", note.replacen("WFP", "WF\u{202e}P", 1)),
    ] {
        cases.push(refused(case, &note));
    }
    json!({
        "about": "Signed directories of institutions and projects, of the log `origin`. A refused \
                  case names the line, from 1, and what is wrong there, or the reason when it is \
                  the note around the text; `text` is what our reader says.",
        "origin": ORIGIN,
        "log_key": logs::log_key(ORG, 9).to_string(),
        "directories": cases,
    })
}

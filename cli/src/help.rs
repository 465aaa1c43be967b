//! What stands below the options in a help text: when somebody needs the command, and examples.
//!
//! `tests/examples.rs` runs every example, and fails for a command that has none.

/// The text for `after_help`: when somebody needs the command, and examples to copy.
///
/// An example that is too long for a line continues on the next one, after a backslash.
pub fn usage(when: &str, examples: &[&str]) -> String {
    let title = if examples.len() == 1 { "Example:" } else { "Examples:" };
    let mut text = format!("When to use it: {when}\n\n{title}");
    for example in examples {
        text.push_str("\n  ");
        text.push_str(&example.replace('\n', "\n    "));
    }
    text
}

/// The same, with notes below the examples.
pub fn usage_with_notes(when: &str, examples: &[&str], notes: &str) -> String {
    format!("{}\n\n{notes}", usage(when, examples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_example_is_indented_where_it_continues() {
        let text = usage("now.", &["wufu a \\\n--b"]);
        assert_eq!(text, "When to use it: now.\n\nExample:\n  wufu a \\\n    --b");
        let notes = usage_with_notes("now.", &["wufu a", "wufu b"], "Notes.");
        assert_eq!(notes, "When to use it: now.\n\nExamples:\n  wufu a\n  wufu b\n\nNotes.");
    }
}

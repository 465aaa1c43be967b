//! The configuration file: TOML, with keys for all roles above a table for each role.

use std::{ffi::OsString, path::Path};

use anyhow::{Context as _, anyhow, bail};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    options::{Opt, Options, is_once},
    setting::{Chosen, Origin, refused},
};
use crate::files;

/// No configuration is longer.
const MAX_BYTES: u64 = 64 << 10;

/// A configuration file whose every key and value is known and accepted.
#[derive(Debug)]
pub struct File {
    path: String,
    entries: Vec<Entry>,
}

/// A key and its values.
#[derive(Debug)]
struct Entry {
    /// The table; none for keys above all tables.
    role: Option<String>,
    name: String,
    values: Vec<OsString>,
    line: usize,
}

impl File {
    /// The values for the role that is run: from its own table, and from above all tables.
    pub fn values(&self, options: &Options) -> (Vec<Chosen>, Vec<Chosen>) {
        let of = |role: Option<&str>| {
            let entries = self.entries.iter().filter(move |entry| entry.role.as_deref() == role);
            let chosen = entries.filter_map(|entry| {
                let option = options.all().find(|option| option.name() == entry.name)?;
                let origin = Origin::File { path: self.path.clone(), line: entry.line };
                Some(Chosen::new(option, entry.values.clone(), origin))
            });
            chosen.collect()
        };
        (of(Some(options.role())), of(None))
    }
}

/// Reads a configuration file, and checks all of it, also what is for other roles.
///
/// # Errors
/// Returns an error if the file cannot be read, is longer than 64 KiB or is not TOML, if it has an
/// unknown key, or if a value is not what its option expects.
pub fn read(path: &Path, options: &Options) -> anyhow::Result<File> {
    let bytes = files::read_at_most(path, MAX_BYTES, "a configuration in TOML")?;
    let name = files::name(path);
    let text = String::from_utf8(bytes).ok();
    let text = text.with_context(|| format!("{name}: not UTF-8, expected TOML"))?;
    let reader = Reader { name: &name, text: &text, options };
    Ok(File { entries: reader.entries()?, path: name })
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    options: &'a Options,
}

impl Reader<'_> {
    fn entries(&self) -> anyhow::Result<Vec<Entry>> {
        let table = DeTable::parse(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let said = error.message().lines().collect::<Vec<_>>().join(", ");
            anyhow!("{}:{}: not TOML: {said}", self.name, self.line(at))
        })?;
        let mut entries = Vec::new();
        for (key, value) in table.get_ref() {
            let line = self.line(key.span().start);
            let key = key.get_ref().as_ref();
            let Some(role) = self.options.roles().find(|role| *role == key) else {
                entries.push(self.entry(None, key, line, value)?);
                continue;
            };
            let DeValue::Table(table) = value.get_ref() else {
                bail!(
                    "{}:{line}: {key} is {}, expected a table: [{key}]",
                    self.name,
                    self.found(value)
                );
            };
            for (key, value) in table {
                let line = self.line(key.span().start);
                entries.push(self.entry(Some(role), key.get_ref(), line, value)?);
            }
        }
        Ok(entries)
    }

    fn entry(
        &self,
        role: Option<&str>,
        key: &str,
        line: usize,
        value: &Spanned<DeValue<'_>>,
    ) -> anyhow::Result<Entry> {
        let place = format!("{}:{line}", self.name);
        let roles = self.options.roles().filter(|name| role.is_none_or(|role| role == *name));
        let known: Vec<&Opt> = roles.flat_map(|role| self.options.of_role(role)).collect();
        let mut options = known.iter().filter(|option| option.name() == key).peekable();
        let Some(first) = options.peek() else {
            bail!("{place}: {}", self.unknown(role, key, &known));
        };
        if is_once(key) {
            bail!(
                "{place}: {key} is for one start, and a file is read at every start: expected the \
                 flag --{key}"
            );
        }
        let values = self.values(key, first, value).with_context(|| place.clone())?;
        // Roles may bound one key differently.
        for option in options.filter(|option| !option.is_switch()) {
            for value in &values {
                if let Err(expected) = option.check(value) {
                    bail!("{place}: {}", refused(key, &value.display().to_string(), &expected));
                }
            }
        }
        Ok(Entry { role: role.map(str::to_owned), name: key.to_owned(), values, line })
    }

    /// The message for a key that nothing reads.
    fn unknown(&self, role: Option<&str>, key: &str, known: &[&Opt]) -> String {
        let of = role.map(|role| format!(" of [{role}]")).unwrap_or_default();
        let tables = self.options.roles().filter(|_| role.is_none()).map(|name| (name, true));
        let names = known.iter().map(|option| (option.name(), false)).chain(tables);
        let near = names.map(|(name, is_table)| (strsim::jaro(key, name), name, is_table));
        match near.max_by(|one, other| one.0.total_cmp(&other.0)) {
            Some((likeness, name, is_table)) if likeness > 0.7 => {
                let name = if is_table { format!("[{name}]") } else { name.to_owned() };
                format!("unknown key {key}{of}, expected {name}?")
            }
            _ => {
                let mut names: Vec<&str> = known.iter().map(|option| option.name()).collect();
                names.sort_unstable();
                names.dedup();
                format!("unknown key {key}{of}, expected one of {}", names.join(", "))
            }
        }
    }

    fn values(
        &self,
        key: &str,
        option: &Opt,
        value: &Spanned<DeValue<'_>>,
    ) -> anyhow::Result<Vec<OsString>> {
        let expected = match (option.is_switch(), option.is_list()) {
            (true, _) => "true or false",
            (_, true) => "a text, or a list of texts",
            _ => "a text or a number",
        };
        let wrong = |value| anyhow!("{key} is {}, expected {expected}", self.found(value));
        match value.get_ref() {
            DeValue::Boolean(on) if option.is_switch() => Ok(vec![on.to_string().into()]),
            _ if option.is_switch() => Err(wrong(value)),
            DeValue::Array(values) if option.is_list() => {
                let texts = values.iter().map(|value| text(value).ok_or_else(|| wrong(value)));
                texts.collect()
            }
            _ => Ok(vec![text(value).ok_or_else(|| wrong(value))?]),
        }
    }

    /// The value as the file has it, cut short.
    fn found(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            _ => {
                let text = self.text.get(value.span()).unwrap_or("another value");
                let line = text.lines().next().unwrap_or_default();
                if line.chars().count() > 60 {
                    line.chars().take(60).chain(['…']).collect()
                } else {
                    line.to_owned()
                }
            }
        }
    }

    /// The number of the line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// The value as a flag would have it.
fn text(value: &Spanned<DeValue<'_>>) -> Option<OsString> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
            Some(number.to_string().into())
        }
        DeValue::Float(number) => Some(number.as_str().into()),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

//! A setting, its values, and where they come from.

use std::ffi::OsString;

use super::options::Opt;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// No value was given, and there is no default.
    Unset,
    /// The default of the option.
    Default,
    /// A line of the configuration file.
    File {
        /// The path of the file, as it was given.
        path: String,
        /// The number of the line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// The command line.
    Flag,
}

/// An option of a role, with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name of the key: the flag without its dashes.
    pub name: String,
    /// The values as text. An option that takes no value has `true` or `false`.
    pub values: Vec<OsString>,
    /// Whether the option can have more than one value.
    pub is_list: bool,
    /// Where the values come from.
    pub origin: Origin,
}

/// The values of an option that was not given as a flag.
#[derive(Debug)]
pub struct Chosen {
    name: String,
    values: Vec<OsString>,
    is_switch: bool,
    origin: Origin,
}

impl Chosen {
    /// Values that were checked.
    pub fn new(option: &Opt, values: Vec<OsString>, origin: Origin) -> Self {
        let (name, is_switch) = (option.name().to_owned(), option.is_switch());
        Self { name, values, is_switch, origin }
    }

    /// The name of the option.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values, each as a flag would have it.
    pub fn values(&self) -> &[OsString] {
        &self.values
    }

    /// Where they come from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The flags that say the same.
    pub fn flags(&self) -> Vec<OsString> {
        let flag = format!("--{}", self.name);
        if self.is_switch {
            return if self.is_on() { vec![flag.into()] } else { Vec::new() };
        }
        let with = |value: &OsString| {
            let mut flag = OsString::from(format!("{flag}="));
            flag.push(value);
            flag
        };
        self.values.iter().map(with).collect()
    }

    /// Whether the option is in force: a switch that is off excludes no other option.
    pub fn is_on(&self) -> bool {
        !self.is_switch || self.values.iter().all(|value| value == "true")
    }
}

/// The message for a value that is not what its option expects.
pub fn refused(name: &str, value: &str, expected: &str) -> String {
    let between = if expected.starts_with("expected") { ", " } else { ": " };
    format!("{name} is {value}{between}{expected}")
}

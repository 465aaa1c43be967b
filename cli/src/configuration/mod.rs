//! The settings of a service: from one file, then the environment, then flags. What comes later
//! wins.
//!
//! All of it is derived from the options that clap knows, so a new option of `wufu serve` is also a
//! key of the file and a variable of the environment. Values of the file and of the environment are
//! parsed one by one, so that an error names the key and its line. Then all of them are given to
//! clap as if they were flags, which checks what they mean together.

mod choose;
mod file;
mod options;
mod print;
mod setting;

use std::ffi::{OsStr, OsString};

use clap::{ArgMatches, Command, parser::ValueSource};

use crate::environment::{variable, without_empty_variables};
use choose::chosen;
use options::Options;
use setting::{Chosen, Origin, Setting};

/// All settings of one service, and how to read them again.
#[derive(Clone, Debug)]
pub struct Settings {
    make: fn() -> Command,
    arguments: Vec<OsString>,
    role: String,
    settings: Vec<Setting>,
}

impl Settings {
    /// Reads file and environment again.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if a value is not what the option expects.
    pub fn read_again(&self) -> anyhow::Result<Self> {
        match parse(self.make, self.arguments.clone()) {
            Ok((_, Some(settings))) => Ok(settings),
            Ok((_, None)) => Err(anyhow::anyhow!("these arguments start no service")),
            Err(Failure::Usage(error)) => Err(anyhow::anyhow!("{}", one_line(&error))),
            Err(Failure::Value { error, .. }) => Err(error),
        }
    }

    /// The values of an option; none if it has none.
    pub fn values(&self, name: &str) -> &[OsString] {
        let found = self.settings.iter().find(|setting| setting.name == name);
        found.map_or(&[], |setting| &setting.values)
    }

    /// The names of the options whose values differ.
    pub fn changed<'a>(&'a self, new: &Self) -> Vec<&'a str> {
        let differs = |setting: &&Setting| setting.values != new.values(&setting.name);
        self.settings.iter().filter(differs).map(|setting| setting.name.as_str()).collect()
    }

    /// Takes over the new values of these options.
    pub fn take(&mut self, new: &Self, names: &[&str]) {
        for setting in &mut self.settings {
            let same = |other: &&Setting| other.name == setting.name;
            if names.contains(&setting.name.as_str())
                && let Some(new) = new.settings.iter().find(same)
            {
                *setting = new.clone();
            }
        }
    }
}

/// Why the command line, the environment and the file are not accepted.
#[derive(Debug)]
pub enum Failure {
    /// What clap refused, or its help.
    Usage(clap::Error),
    /// A value of the file or of the environment.
    Value {
        /// The value, and what was expected.
        error: anyhow::Error,
        /// Whether `--json` was given.
        json: bool,
    },
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

/// Parses a command line. If it is of `wufu serve`, values of the environment and of the
/// configuration file are added, and all settings are returned.
///
/// # Errors
/// Returns what clap says, or the first value of the file or the environment that is refused.
pub fn parse(
    make: fn() -> Command,
    arguments: Vec<OsString>,
) -> Result<(ArgMatches, Option<Settings>), Failure> {
    let named = options::with_variables(make());
    let plain = || {
        let command = without_empty_variables(named.clone());
        Ok((command.try_get_matches_from(&arguments)?, None))
    };
    // What clap refuses here, it also refuses with all its rules, and then says it better.
    let Ok(given) = options::loosened(named.clone()).try_get_matches_from(&arguments) else {
        return plain();
    };
    let Some((options, given)) = Options::of(&named, &given) else { return plain() };
    let fail = |error| Failure::Value { error, json: given.get_flag("json") };
    let file = match given.get_raw(options::FILE).and_then(|mut paths| paths.next_back()) {
        Some(path) => Some(path.to_owned()),
        None => variable(options::FILE_VARIABLE),
    };
    let file = file.map(|path| file::read(path.as_ref(), &options)).transpose().map_err(fail)?;
    let chosen = chosen(&options, given, file.as_ref()).map_err(fail)?;

    let mut all = arguments.clone();
    all.extend(chosen.iter().flat_map(Chosen::flags));
    let matches = options::without_variables(named.clone()).try_get_matches_from(all)?;
    let settings = settings(&options, &matches, &chosen);
    let role = options.role().to_owned();
    Ok((matches, Some(Settings { make, arguments, role, settings })))
}

/// What each option is set to, after clap accepted everything.
fn settings(options: &Options, matches: &ArgMatches, chosen: &[Chosen]) -> Vec<Setting> {
    let Some((_, matches)) = matches.subcommand().and_then(|(_, serve)| serve.subcommand()) else {
        return Vec::new();
    };
    let setting = |option: &options::Opt| {
        let name = option.name().to_owned();
        let id = option.id();
        let is_list = option.is_list();
        if let Some(chosen) = chosen.iter().find(|chosen| chosen.name() == name) {
            let (values, origin) = (chosen.values().to_vec(), chosen.origin().clone());
            return Setting { name, values, is_list, origin };
        }
        let values = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
        let values: Vec<OsString> = values.map(OsStr::to_owned).collect();
        let origin = match matches.value_source(id) {
            Some(ValueSource::DefaultValue) => Origin::Default,
            Some(_) => Origin::Flag,
            None => Origin::Unset,
        };
        Setting { name, values, is_list, origin }
    };
    options.all().map(setting).collect()
}

/// The first line of what clap says, for a log.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines.map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

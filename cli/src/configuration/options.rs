//! The options of `wufu serve`, which are also the keys of the file and the variables of the
//! environment.

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    builder::{Resettable, ValueParser},
};

const SERVE: &str = "serve";
/// The option that names the file.
pub const FILE: &str = "config";
/// The variable that names the file.
pub const FILE_VARIABLE: &str = "WUFU_CONFIG";
/// Options that are not keys: they name the file, or print.
const NO_KEYS: [&str; 2] = [FILE, "print-config"];
/// What an operator vouches for at one start. In a file it would hold for every start.
const ONCE: [&str; 1] = ["accept-clock"];

/// Whether an option is only for one start, so that it must be a flag.
pub fn is_once(name: &str) -> bool {
    ONCE.contains(&name)
}

/// The variable of an option.
fn variable(name: &str) -> String {
    format!("WUFU_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// An option, which is a key of the file and a variable of the environment.
#[derive(Clone, Debug)]
pub struct Opt {
    name: String,
    arg: Arg,
}

impl Opt {
    /// The name of the key: the flag without its dashes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Clap's name of the option.
    pub fn id(&self) -> &str {
        self.arg.get_id().as_str()
    }

    /// The name of the variable. An option that is only for one start has none.
    pub fn variable(&self) -> Option<&str> {
        self.arg.get_env().and_then(|name| name.to_str())
    }

    /// Whether the option can have more than one value.
    pub fn is_list(&self) -> bool {
        matches!(self.arg.get_action(), ArgAction::Append)
    }

    /// Whether the option takes no value.
    pub fn is_switch(&self) -> bool {
        !self.arg.get_action().takes_values()
    }

    /// Parses a value as the flag does.
    ///
    /// # Errors
    /// Returns what was expected.
    pub fn check(&self, value: &OsString) -> Result<(), String> {
        let mut flag = OsString::from(format!("--{}=", self.name));
        flag.push(value);
        let alone = free(self.arg.clone()).env(None::<&'static str>);
        let alone = Command::new("wufu").no_binary_name(true).disable_help_flag(true).arg(alone);
        alone.try_get_matches_from([flag]).map(drop).map_err(|error| expected(&error))
    }
}

/// What a value should have been, in the words of the option's parser.
fn expected(error: &clap::Error) -> String {
    use clap::error::{ContextKind, ContextValue};
    if let Some(said) = std::error::Error::source(error) {
        return said.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            format!("expected one of {}", values.join(", "))
        }
        _ => "expected another value".to_owned(),
    }
}

/// The options of all roles, and which role is run.
#[derive(Debug)]
pub struct Options {
    role: String,
    /// The roles, and the options of each.
    roles: Vec<(String, Vec<Opt>)>,
    /// Names of options of the role that cannot be used together.
    conflicts: Vec<(String, String)>,
}

impl Options {
    /// The options, if the command line runs a role, and what was given for it.
    pub fn of<'a>(command: &Command, given: &'a ArgMatches) -> Option<(Self, &'a ArgMatches)> {
        let (_, given) = given.subcommand().filter(|(name, _)| *name == SERVE)?;
        let (role, given) = given.subcommand()?;
        let serve = command.find_subcommand(SERVE)?;
        let roles = serve.get_subcommands().map(|role| {
            let args = serve.get_arguments().chain(role.get_arguments());
            let named = args.filter_map(|arg| Some(Opt { name: name(arg)?, arg: arg.clone() }));
            (role.get_name().to_owned(), named.collect())
        });
        let roles = roles.collect();
        let command = serve.find_subcommand(role)?;
        let conflicts = command.get_arguments().flat_map(|arg| {
            let others = command.get_arg_conflicts_with(arg).into_iter();
            others.filter_map(|other| Some((name(arg)?, name(other)?)))
        });
        let conflicts = conflicts.collect();
        Some((Self { role: role.to_owned(), roles, conflicts }, given))
    }

    /// The role that is run.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The options of the role that is run, in the order of its help.
    pub fn all(&self) -> impl Iterator<Item = &Opt> {
        self.of_role(&self.role)
    }

    /// The options of a role.
    pub fn of_role(&self, role: &str) -> impl Iterator<Item = &Opt> {
        let found = self.roles.iter().find(|(name, _)| name == role);
        found.into_iter().flat_map(|(_, options)| options)
    }

    /// The names of all roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|(name, _)| name.as_str())
    }

    /// Whether two options of the role exclude each other.
    pub fn conflict(&self, one: &str, other: &str) -> bool {
        let is = |pair: &(String, String)| {
            (pair.0 == one && pair.1 == other) || (pair.0 == other && pair.1 == one)
        };
        self.conflicts.iter().any(is)
    }
}

/// The name of an option that is a key.
fn name(arg: &Arg) -> Option<String> {
    arg.get_long().filter(|name| !NO_KEYS.contains(name)).map(str::to_owned)
}

/// The same command, where each option of a service has its variable.
pub fn with_variables(command: Command) -> Command {
    of_services(command, |arg| match name(&arg) {
        Some(name) if arg.get_env().is_none() && !is_once(&name) => {
            arg.env(variable(&name)).hide_env_values(true)
        }
        _ => arg,
    })
}

/// The same command, where no option of a service looks at the environment.
pub fn without_variables(command: Command) -> Command {
    let command = of_services(command, |arg| arg.env(None::<&'static str>));
    crate::environment::without_empty_variables(command)
}

/// The same command, which takes any values for a service and misses none, to see what was given.
pub fn loosened(command: Command) -> Command {
    of_services(command, |arg| {
        let takes_any = arg.get_long() != Some("print-config");
        let arg = free(arg).env(None::<&'static str>).default_value(None::<&'static str>);
        if takes_any { arg.value_parser(ValueParser::os_string()) } else { arg }
    })
}

/// The option without its relations to others.
fn free(arg: Arg) -> Arg {
    let arg = arg.required(false).conflicts_with(Resettable::Reset);
    arg.requires(Resettable::Reset).overrides_with(Resettable::Reset)
}

fn of_services(command: Command, mut change: impl FnMut(Arg) -> Arg) -> Command {
    command.mut_subcommand(SERVE, |serve| {
        let serve = serve.mut_args(&mut change);
        serve.mut_subcommands(|role| role.mut_args(&mut change))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory as _;

    use super::*;

    /// One variable has one meaning. A variable of the tests, of the cache or of another command
    /// would change a service.
    #[test]
    fn each_option_has_a_variable_of_its_own() {
        let mut seen = BTreeMap::<OsString, String>::new();
        let command = with_variables(crate::Cli::command());
        let serve = command.find_subcommand(SERVE).unwrap();
        let taken = ["CACHE", "DEMO_DIR", "FULL", "GUIDES", "NETNS", "NODE", "SEED", "SOURCE"];
        let of_roles = serve.get_subcommands().flat_map(Command::get_arguments);
        for arg in serve.get_arguments().chain(of_roles) {
            let long = arg.get_long().unwrap().to_owned();
            if NO_KEYS.contains(&long.as_str()) {
                continue;
            }
            let Some(variable) = arg.get_env() else {
                assert!(is_once(&long), "{long} has no variable");
                continue;
            };
            for taken in taken {
                assert_ne!(variable, format!("WUFU_{taken}").as_str());
            }
            let other = seen.insert(variable.to_owned(), long.clone());
            assert!(other.is_none_or(|other| other == long), "{variable:?}");
        }
        assert_eq!(seen[&OsString::from("WUFU_QUEUE")], "queue");
        assert_eq!(seen[&OsString::from("WUFU_CLIENT_CA")], "client-ca");
    }
}

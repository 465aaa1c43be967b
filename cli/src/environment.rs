//! Environment variables. An empty one counts as unset, everywhere.

use std::ffi::{OsStr, OsString};

use clap::Command;

/// The value of a variable that is set and not empty.
pub fn variable(name: impl AsRef<OsStr>) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The command, whose options do not see empty variables.
pub fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if variable(name).is_none() => arg.env(None::<&'static str>),
        _ => arg,
    });
    command.mut_subcommands(without_empty_variables)
}

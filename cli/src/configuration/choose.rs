//! Which source each option takes its values from.

use anyhow::bail;
use clap::{ArgMatches, parser::ValueSource};

use super::{
    file::File,
    options::{Opt, Options},
    setting::{Chosen, Origin, refused},
};
use crate::environment::variable;

/// Chooses the values of each option that was not given as a flag: from the environment, or else
/// from the file, where the table of the role wins over the keys above all tables.
///
/// An option that excludes another one hides it in earlier sources: `WUFU_UNIX` hides `listen` of
/// the file.
///
/// # Errors
/// Returns an error if a value is not what its option expects, or if two options of one source
/// exclude each other.
pub fn chosen(
    options: &Options,
    given: &ArgMatches,
    file: Option<&File>,
) -> anyhow::Result<Vec<Chosen>> {
    let is_flag = |option: &&Opt| given.value_source(option.id()) == Some(ValueSource::CommandLine);
    let flags: Vec<&str> = options.all().filter(is_flag).map(Opt::name).collect();
    let mut chosen = Vec::<Chosen>::new();
    let mut environment = Vec::new();
    for option in options.all() {
        environment.extend(of_environment(option)?);
    }
    let (own, shared) = file.map(|file| file.values(options)).unwrap_or_default();
    for source in [environment, own, shared] {
        let mut accepted = Vec::<Chosen>::new();
        for found in source {
            let excludes = |name: &str| found.is_on() && options.conflict(name, found.name());
            let hides =
                |one: &Chosen| one.name() == found.name() || (one.is_on() && excludes(one.name()));
            let is_flag = |name: &&str| *name == found.name() || excludes(name);
            if flags.iter().any(is_flag) || chosen.iter().any(hides) {
                continue;
            }
            if let Some(other) = accepted.iter().find(|one| hides(one)) {
                let (one, other) = (place(other), place(&found));
                bail!("{one} and {other} exclude each other, expected one of them");
            }
            accepted.push(found);
        }
        chosen.extend(accepted);
    }
    Ok(chosen)
}

fn place(chosen: &Chosen) -> String {
    match chosen.origin() {
        Origin::File { path, line } => format!("{} ({path}:{line})", chosen.name()),
        Origin::Environment(variable) => variable.clone(),
        Origin::Unset | Origin::Default | Origin::Flag => chosen.name().to_owned(),
    }
}

/// The values that the environment has for an option. Several are separated by commas.
fn of_environment(option: &Opt) -> anyhow::Result<Option<Chosen>> {
    let Some(name) = option.variable() else { return Ok(None) };
    let Some(value) = variable(name) else { return Ok(None) };
    let values = match value.to_str() {
        Some(text) if option.is_list() => text.split(',').map(|part| part.trim().into()).collect(),
        _ => vec![value],
    };
    for value in &values {
        if option.is_switch() {
            if value != "true" && value != "false" {
                bail!("{name} is {}, expected true or false", value.display());
            }
        } else if let Err(expected) = option.check(value) {
            bail!(refused(name, &value.display().to_string(), &expected));
        }
    }
    Ok(Some(Chosen::new(option, values, Origin::Environment(name.to_owned()))))
}

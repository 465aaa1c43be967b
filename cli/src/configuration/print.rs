//! `wufu serve ROLE --print-config`: every setting, and where it comes from.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    Settings,
    options::is_once,
    setting::{Origin, Setting},
};
use crate::output::Output;

impl Settings {
    /// Prints the settings: as TOML that can be used as a configuration file, or as JSON.
    pub fn print(&self, output: Output) {
        let values: Vec<Value> = self.settings.iter().map(object).collect();
        let fields = json!({ "role": self.role, "settings": values });
        output.result("config", self.text().trim_end(), fields);
    }

    fn text(&self) -> String {
        let mut text = format!("[{}]\n", self.role);
        for setting in &self.settings {
            let name = &setting.name;
            let _ = match origin(&setting.origin) {
                _ if is_once(name) && setting.origin == Origin::Flag => {
                    writeln!(text, "# {name} = true  # flag, for this start")
                }
                _ if is_once(name) => Ok(()),
                None => writeln!(text, "# {name} is not set"),
                Some(origin) => writeln!(text, "{name} = {}  # {origin}", value(setting)),
            };
        }
        text
    }
}

/// Where a value comes from, for people.
fn origin(origin: &Origin) -> Option<String> {
    Some(match origin {
        Origin::Unset => return None,
        Origin::Default => "default".to_owned(),
        Origin::File { path, line } => format!("{path}:{line}"),
        Origin::Environment(variable) => variable.clone(),
        Origin::Flag => "flag".to_owned(),
    })
}

fn object(setting: &Setting) -> Value {
    let values = setting.values.iter().map(|value| value.display().to_string());
    let mut values: Vec<String> = values.collect();
    let value = match (setting.is_list, values.len()) {
        (false, 0) => Value::Null,
        (false, 1) => values.remove(0).into(),
        _ => values.into(),
    };
    let (source, at) = match &setting.origin {
        Origin::Unset => ("unset", Value::Null),
        Origin::Default => ("default", Value::Null),
        Origin::File { path, line } => ("file", json!(format!("{path}:{line}"))),
        Origin::Environment(variable) => ("environment", json!(variable)),
        Origin::Flag => ("flag", Value::Null),
    };
    json!({ "name": setting.name, "value": value, "source": source, "at": at })
}

/// The values in TOML.
fn value(setting: &Setting) -> String {
    let values = setting.values.iter().map(|value| one(&value.display().to_string()));
    let mut values: Vec<String> = values.collect();
    if !setting.is_list && values.len() == 1 {
        return values.remove(0);
    }
    format!("[{}]", values.join(", "))
}

fn one(text: &str) -> String {
    let is_number = text.parse::<u32>().is_ok_and(|number| number.to_string() == text);
    if is_number || matches!(text, "true" | "false") {
        return text.to_owned();
    }
    // A JSON string is a TOML string, except for this control character.
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

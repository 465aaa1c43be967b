//! The files in `deploy/` start services: every option, key and variable in them exists, and has a
//! value that is accepted. Nothing is started: each command line gets `--print-config`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const ROLES: [&str; 4] = ["prover", "ledger", "dealer", "evaluator"];

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("deploy")
}

fn read(path: &str) -> String {
    let path = deploy().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The settings of a command line and its variables, where files of the configuration are in
/// `config`.
fn settings(args: &[String], variables: &[(String, String)], config: &Path) -> Value {
    let here = |text: &str| match text.strip_prefix("/etc/wufu/") {
        Some(name) if name.ends_with(".toml") => {
            config.join(name.rsplit('/').next().unwrap()).to_str().unwrap().to_owned()
        }
        _ => text.to_owned(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.env_clear().args(args.iter().map(|arg| here(arg))).arg("--print-config");
    if !args.iter().any(|arg| arg == "--json") {
        command.arg("--json");
    }
    command.envs(variables.iter().map(|(name, value)| (name, here(value))));
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?} {variables:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn of<'a>(settings: &'a Value, name: &str) -> &'a Value {
    let all = settings["settings"].as_array().unwrap();
    all.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Every service has TLS, and a port of its own for metrics.
fn check(role: &str, settings: &Value) {
    assert_eq!(settings["role"], role);
    let n = 1 + ROLES.iter().position(|name| *name == role).unwrap();
    let ends = |name: &str, port: usize| {
        let value = of(settings, name)["value"].as_str().unwrap();
        assert!(value.ends_with(&format!(":{port}")), "{role}: {name} is {value}");
    };
    ends("listen", 7180 + n);
    ends("metrics", 9180 + n);
    for name in ["tls-cert", "tls-key"] {
        assert_eq!(of(settings, name)["source"], "file", "{role}: {name}");
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(|word| word.trim().trim_matches('"').to_owned()).collect()
}

/// What stands between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, after) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}"));
    after.split_once(to).unwrap_or_else(|| panic!("no {to:?} after {from:?}")).0
}

#[test]
fn every_unit_starts_its_service() {
    for role in ROLES {
        let unit = read(&format!("systemd/wufu-{role}.service"));
        let line = between(&unit, "ExecStart=/usr/local/bin/wufu ", "\n");
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        check(role, &settings(&args, &[], &deploy().join("config")));
    }
}

#[test]
fn every_container_starts_its_service() {
    let compose = read("compose.yaml");
    for role in ROLES {
        let service = between(&compose, &format!("\n  {role}:\n"), "\n\n");
        let args = words(between(service, "command: [", "]"));
        let found = settings(&args, &[], &deploy().join("config"));
        check(role, &found);
        let asked = words(between(service, "test: [CMD, /usr/local/bin/wufu, ", "]"));
        assert_eq!(asked[0], "health");
        assert_eq!(of(&found, "metrics")["value"].as_str(), Some(asked[1].as_str()));
    }
}

#[test]
fn every_pod_starts_its_service() {
    for role in ROLES {
        let manifest = read(&format!("kubernetes/{role}.yaml"));
        let folder = tempfile::tempdir().unwrap();
        let file = between(&manifest, &format!("  {role}.toml: |\n"), "---");
        let lines = file.lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
        let file = lines.collect::<Vec<_>>().join("\n");
        fs::write(folder.path().join(format!("{role}.toml")), file).unwrap();
        let args = words(between(&manifest, "args: [", "]"));
        let environment = between(&manifest, "env:\n", "ports:");
        let variables: Vec<(String, String)> = environment
            .lines()
            .filter(|line| line.contains("name: "))
            .map(|line| {
                let value = between(line, "value: ", "}").trim_matches('"');
                (between(line, "name: ", ",").to_owned(), value.to_owned())
            })
            .collect();
        let found = settings(&args, &variables, folder.path());
        check(role, &found);
        // A variable that no option knows would count for nothing.
        let known = found["settings"].as_array().unwrap().iter();
        let known: Vec<&str> = known.filter_map(|setting| setting["at"].as_str()).collect();
        for (name, _) in &variables {
            let other = ["WUFU_CONFIG", "WUFU_CACHE"].contains(&name.as_str());
            assert!(other || known.contains(&name.as_str()), "{role}: {name}");
        }
    }
}

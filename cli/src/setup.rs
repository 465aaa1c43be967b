//! `wufu setup`: development keys, kept in the user's cache folder.

mod clear;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::json;
use wufu_groth16::{
    KeyFileError, PreparedEngine, PreparedKey, ProvingKey,
    prepared::{self, Integrity, Options, Step},
};
use wufu_prover::{Prover, keys, setup};
use wufu_verifier::{CircuitName, Trust, VerifyingKey, groth16::key::KeyError};
use wufu_wallet::prover::blind::KitId;

use crate::{
    cache, files,
    help::usage,
    human,
    output::{Output, duration},
};

/// Arguments of `wufu setup`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = usage(
    "for trials. The maker of a development key can forge proofs, so programs refuse these keys \
     unless --dev-keys accepts them.",
    &["wufu setup list"],
))]
pub struct SetupArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make development keys, for trials: whoever makes one can forge proofs
    #[command(after_help = usage(
        "before the first trial on a machine, or to export a verifying key and its kit. Commands \
         that need a proving key make it themselves when there is none.",
        &["wufu setup dev --circuit donation --export keys/"],
    ))]
    Dev {
        /// Make the key of this circuit only. Repeat the flag for more
        #[arg(long, value_parser = circuit)]
        circuit: Vec<CircuitName>,
        /// Replace the existing keys by new ones. Proofs under the old keys become worthless
        #[arg(long)]
        again: bool,
        /// Also write the verifying keys and kits to this folder
        #[arg(long, value_name = "FOLDER")]
        export: Option<PathBuf>,
    },
    /// List this user's development keys
    #[command(after_help = usage(
        "when you need a key's id, or want to know which keys are here.",
        &["wufu setup list --json"],
    ))]
    List,
    /// Delete this user's development keys
    #[command(after_help = usage(
        "to free disk space, or to begin again with new keys. Other files in the folder are kept.",
        &["wufu setup clear"],
    ))]
    Clear,
}

/// A circuit by its name.
pub fn circuit(name: &str) -> Result<CircuitName, String> {
    CircuitName::from_name(name).ok_or_else(|| {
        let names = CircuitName::ALL.map(CircuitName::as_str).join(", ");
        format!("expected one of {names}")
    })
}

/// Runs the command.
pub fn run(args: SetupArgs, output: Output) -> anyhow::Result<()> {
    match args.command {
        Command::Dev { circuit, again, export } => {
            let circuits = if circuit.is_empty() { CircuitName::ALL.to_vec() } else { circuit };
            for circuit in circuits {
                let key = if again {
                    let _lock = cache::lock_keys(output)?;
                    clear::remove(&path(circuit)?)?;
                    clear::remove(&verifying_path(circuit)?)?;
                    prepared::remove(&prepared_path(circuit, Memory::default())?)?;
                    prepared_under_lock(circuit, Memory::default(), output)?
                } else {
                    prepared(circuit, Memory::default(), output)?
                };
                if let Some(folder) = &export {
                    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
                    let file = folder.join(format!("{circuit}.vk"));
                    let bytes = key.verifying_key().encode();
                    files::write(&file, files::write::VERIFYING_KEY, &bytes)?;
                    let (kit, file) =
                        (files::read(&kit_path(circuit)?)?, folder.join(format!("{circuit}.kit")));
                    files::write(&file, files::write::KIT, &kit)?;
                }
                let kit = kit_id(circuit)?;
                let text = format!("{circuit}: development key {}, kit {kit}", key.id());
                let fields = json!({
                    "circuit": circuit.as_str(), "key_id": key.id().to_string(),
                    "kit_id": kit.to_string(),
                });
                output.result("key", text, fields);
            }
        }
        Command::List => {
            let mut found = false;
            for circuit in CircuitName::ALL {
                let Some(key) = cached_verifying_key(circuit)? else { continue };
                found = true;
                let file = path(circuit)?;
                let text = format!("{circuit}: development key {}, {}", key.id(), file.display());
                let id = key.id().to_string();
                let fields = json!({ "circuit": circuit.as_str(), "key_id": id, "file": file });
                output.result("key", text, fields);
            }
            if !found {
                output.text("no development keys here: make them with wufu setup dev");
            }
        }
        Command::Clear => {
            clear::clear(output)?;
        }
    }
    Ok(())
}

/// The file name changes with the circuit, so that keys of an older circuit are never found.
fn file_name(circuit: CircuitName, extension: &str) -> String {
    let id = circuit.id().to_string();
    format!("{circuit}-{}.{extension}", &id[..16])
}

fn path(circuit: CircuitName) -> anyhow::Result<PathBuf> {
    Ok(cache::keys()?.join(file_name(circuit, "pk")))
}

fn verifying_path(circuit: CircuitName) -> anyhow::Result<PathBuf> {
    Ok(cache::keys()?.join(file_name(circuit, "vk")))
}

/// The file of the kit, which a wallet needs to prove in blind mode.
pub fn kit_path(circuit: CircuitName) -> anyhow::Result<PathBuf> {
    Ok(cache::keys()?.join(file_name(circuit, "kit")))
}

fn kit_id_path(circuit: CircuitName) -> anyhow::Result<PathBuf> {
    Ok(cache::keys()?.join(file_name(circuit, "kit-id")))
}

/// The id of this user's development kit, as it was recorded when the kit was made.
pub fn kit_id(circuit: CircuitName) -> anyhow::Result<KitId> {
    let path = kit_id_path(circuit)?;
    if !path.exists() {
        bail!(
            "there is no development kit for {circuit} here: run wufu setup dev, or name a kit \
             with --kit FILE"
        );
    }
    let text = files::read_text(&path)?;
    let id = files::unhex("kit id", text.trim_end());
    Ok(KitId(id.with_context(|| path.display().to_string())?))
}

/// Whether this key is prepared here, so that proofs under it can be made at once.
pub fn ready(key: &VerifyingKey) -> anyhow::Result<bool> {
    if !prepared_path(key.circuit(), Memory::default())?.exists() {
        return Ok(false);
    }
    Ok(cached_verifying_key(key.circuit())?.is_some_and(|ours| ours.id() == key.id()))
}

/// The memory limit for the tables of a circuit's key.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Memory for the tables of each circuit's key, in MB. More memory makes proofs faster; 0 uses
    /// the bare key. Without it, as much as the fastest proofs need
    #[arg(long = "memory", value_name = "MB", value_parser = human::whole::<u32, 0, 65_536>)]
    megabytes: Option<u32>,
}

impl Memory {
    fn options(self) -> Options {
        let options = Options::default();
        // On a 32-bit machine, some numbers exceed the address space.
        let bytes = |megabytes: u32| usize::try_from(u64::from(megabytes) * 1_000_000);
        let budget = self.megabytes.map(|megabytes| bytes(megabytes).unwrap_or(usize::MAX));
        Options { budget: budget.unwrap_or(options.budget), ..options }
    }
}

/// The file of the key that is prepared for this machine's fastest instructions, within that
/// memory.
fn prepared_path(circuit: CircuitName, memory: Memory) -> anyhow::Result<PathBuf> {
    let backend = Options::default().backend;
    let extension = match memory.megabytes {
        None => format!("{backend}.pp"),
        Some(megabytes) => format!("{backend}-{megabytes}mb.pp"),
    };
    Ok(cache::keys()?.join(file_name(circuit, &extension)))
}

/// The prover for a circuit, with this user's development key.
pub fn prover(circuit: CircuitName, memory: Memory, output: Output) -> anyhow::Result<Prover> {
    Ok(Prover::new(PreparedEngine::new(prepared(circuit, memory, output)?)))
}

/// The user's development key for a circuit, prepared: the existing one, else a new one. If several
/// processes find none, one makes it, and the others wait and use the same key.
pub fn prepared(
    circuit: CircuitName,
    memory: Memory,
    output: Output,
) -> anyhow::Result<PreparedKey> {
    let key = found_or_made(circuit, memory, output)?;
    wufu_serve::metrics::key_bytes(circuit.as_str(), key.queries().table_bytes());
    Ok(key)
}

fn found_or_made(
    circuit: CircuitName,
    memory: Memory,
    output: Output,
) -> anyhow::Result<PreparedKey> {
    // If every file exists, a read-only folder is enough.
    if kit_path(circuit)?.exists()
        && kit_id_path(circuit)?.exists()
        && let Some(Cached::Ready(key)) = cached(circuit, memory, output)?
    {
        return Ok(*key);
    }
    let _lock = cache::lock_keys(output)?;
    prepared_under_lock(circuit, memory, output)
}

/// What is found where a prepared key belongs.
enum Cached {
    Ready(Box<PreparedKey>),
    /// Why it cannot be used.
    Useless(String),
}

fn cached(circuit: CircuitName, memory: Memory, output: Output) -> anyhow::Result<Option<Cached>> {
    let path = prepared_path(circuit, memory)?;
    let start = Instant::now();
    if !path.exists() {
        return Ok(None);
    }
    let known = cached_verifying_key(circuit)?.map(|key| key.id());
    let useless = |why: &str| Ok(Some(Cached::Useless(format!("{}: {why}", path.display()))));
    match PreparedKey::load(
        &path,
        &keys::circuit(circuit),
        memory.options().backend,
        Trust::AcceptDevelopment,
    ) {
        Ok((key, checked)) if known == Some(key.id()) => {
            let how = match checked {
                Integrity::Attested => "",
                Integrity::Hashed => ", checked",
            };
            let took = duration(start.elapsed());
            output.text(format_args!("{circuit}: key loaded in {took}{how}"));
            Ok(Some(Cached::Ready(Box::new(key))))
        }
        Ok(_) => useless("belongs to another key, and is made again"),
        Err(error) => useless(&format!("{error}; the file is made again")),
    }
}

fn prepared_under_lock(
    circuit: CircuitName,
    memory: Memory,
    output: Output,
) -> anyhow::Result<PreparedKey> {
    match cached(circuit, memory, output)? {
        Some(Cached::Ready(key)) => {
            if !kit_path(circuit)?.exists() || !kit_id_path(circuit)?.exists() {
                keep_kit(&key)?;
            }
            return Ok(*key);
        }
        Some(Cached::Useless(why)) => output.text(why),
        None => {}
    }
    let (path, options) = (prepared_path(circuit, memory)?, memory.options());
    let key = development(circuit, output)?;
    let start = Instant::now();
    let progress = output.progress("preparing the key (once only)");
    let told = |now: prepared::Progress| match now.step {
        Step::Points => progress.set(now.done as u64, now.total as u64),
        // This step takes only a tenth of the time.
        Step::Tables => {}
    };
    keys::prepare(&key, options, &told)?.save(&path).with_context(|| path.display().to_string())?;
    drop(progress);
    // The mapped file takes less memory than the key that was just made.
    let (key, _) = PreparedKey::load(
        &path,
        &keys::circuit(circuit),
        options.backend,
        Trust::AcceptDevelopment,
    )
    .with_context(|| path.display().to_string())?;
    keep_kit(&key)?;
    output.text(format_args!("{circuit}: key prepared in {}", duration(start.elapsed())));
    Ok(key)
}

/// The user's development key for a circuit: the existing one, else a new one.
fn development(circuit: CircuitName, output: Output) -> anyhow::Result<ProvingKey> {
    let path = path(circuit)?;
    let start = Instant::now();
    if path.exists() {
        match ProvingKey::load(&path, &keys::circuit(circuit), Trust::AcceptDevelopment) {
            Ok(key) => {
                keep_verifying_key(&key)?;
                let text = format!("{circuit}: key loaded in {}", duration(start.elapsed()));
                output.text(text);
                return Ok(key);
            }
            Err(KeyFileError::Circuit { .. }) => output.text(format_args!(
                "{}: belongs to another circuit, and is made again",
                path.display()
            )),
            Err(error) => {
                output.text(format_args!("{}: {error}; the key is made again", path.display()))
            }
        }
    }
    output.text(format_args!("{circuit}: making a development key (once only)"));
    let key = setup::development(circuit, &mut OsRng)?;
    let folder = cache::keys()?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    key.save(&path).with_context(|| path.display().to_string())?;
    keep_verifying_key(&key)?;
    output.text(format_args!("{circuit}: key made in {}", duration(start.elapsed())));
    Ok(key)
}

fn keep_kit(key: &PreparedKey) -> anyhow::Result<()> {
    let (circuit, kit) = (key.verifying_key().circuit(), wufu_prover::blind::kit(key)?);
    files::replace(&kit_path(circuit)?, &kit.encode())?;
    files::replace(&kit_id_path(circuit)?, format!("{}\n", kit.id()).as_bytes())
}

fn keep_verifying_key(key: &ProvingKey) -> anyhow::Result<()> {
    files::replace(&verifying_path(key.verifying_key().circuit())?, &key.verifying_key().encode())
}

/// The verifying half of the user's development key, if there is one.
pub fn cached_verifying_key(circuit: CircuitName) -> anyhow::Result<Option<VerifyingKey>> {
    let path = verifying_path(circuit)?;
    if !path.exists() {
        return Ok(None);
    }
    verifying_key(&path, Trust::AcceptDevelopment).map(Some)
}

/// Reads a verifying key from a file.
pub fn verifying_key(path: &Path, trust: Trust) -> anyhow::Result<VerifyingKey> {
    let name = path.display();
    VerifyingKey::decode(&files::read(path)?, trust).map_err(|error| match error {
        KeyError::Development => anyhow!(
            "{name}: this is a development key, expected a ceremony key, because the maker of a \
             development key can forge proofs: for trials, accept it with --dev-keys"
        ),
        KeyError::Magic | KeyError::Length { .. } => {
            anyhow!(
                "{name}: {error}: expected a verifying key, as wufu setup dev --export writes it"
            )
        }
        error => anyhow!("{name}: {error}"),
    })
}

/// This user's development key for a circuit, which --dev-keys asks for.
pub fn development_key(circuit: CircuitName) -> anyhow::Result<VerifyingKey> {
    let key = cached_verifying_key(circuit)?;
    key.with_context(|| {
        format!(
            "there is no development key for {circuit} here, and --dev-keys needs one: \
             run wufu setup dev"
        )
    })
}

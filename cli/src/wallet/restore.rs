//! The seed on paper: prints it, and restores a wallet from it.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, IsTerminal as _, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::json;
use wufu_circuits::Seed;
use wufu_wallet::{Wallet, seed};
use zeroize::Zeroizing;

use crate::output::Output;

/// More than any written seed needs.
const MAX_BYTES: u64 = 4096;

/// What a restored wallet does not know: a name for programs, and a text for people.
const FORGOTTEN: [(&str, &str); 6] = [
    (
        "items",
        "its cards, places and donations: ask whoever sent them to send them again, then run wufu \
         wallet receive and sync",
    ),
    (
        "answers",
        "which donations were shown to whom: answering a verifier again under another policy \
         narrows down which donation is yours",
    ),
    (
        "claims",
        "the claims that were made: the ledger refuses a second one, and names the payee of the \
         first",
    ),
    (
        "masks",
        "the one-time masks that it fetched and used: it does not notice a dealer that deals one \
         twice",
    ),
    (
        "checkpoints",
        "the checkpoints that it saw: compare with a second source (--second) at the next sync",
    ),
    ("pins", "the log keys and verifying keys that it trusts: wufu wallet pin"),
];

/// Prints the seed: digits with their checksum, and words; or only the words.
pub fn show(dir: &Path, words_only: bool, output: Output) -> anyhow::Result<()> {
    Wallet::check_there(dir)?;
    let seed = seed::read(&dir.join(wufu_wallet::wallet::SEED_FILE))?;
    let (text, words) = (seed::to_text(&seed), seed::to_words(&seed)?);
    let fields = json!({ "seed": text.trim_end(), "words": words.as_str() });
    if words_only {
        output.result("seed", words.as_str(), fields);
    } else {
        output.result("seed", format_args!("{}{}", text.as_str(), words.as_str()), fields);
    }
    Ok(())
}

/// Creates a wallet from a seed that was kept elsewhere.
pub fn restore(dir: &Path, from: &[PathBuf], output: Output) -> anyhow::Result<()> {
    // Checked before anybody types anything.
    Wallet::check_free(dir)?;
    let typed = match from {
        [] if io::stdin().is_terminal() => prompt()?,
        [] => read(io::stdin().lock(), "standard input")?,
        [file] if file.as_os_str() == "-" => read(io::stdin().lock(), "standard input")?,
        [file] if !file.exists() && is_seed(file.as_os_str()) => bail!(ON_THE_COMMAND_LINE),
        [file] => {
            let name = file.display().to_string();
            let open = File::open(file).with_context(|| name.clone())?;
            let mode = open.metadata().with_context(|| name.clone())?.mode() & 0o777;
            if mode & 0o077 != 0 {
                let text = format!(
                    "{name} has mode {mode:03o}, so others can read the seed in it: chmod 600 \
                     {name}"
                );
                output.note(
                    "warning",
                    text,
                    json!({ "file": file, "mode": format!("{mode:03o}") }),
                );
            }
            read(open, &name)?
        }
        _ => bail!(ON_THE_COMMAND_LINE),
    };
    let place = from.first().map_or("standard input".into(), |file| file.display().to_string());
    let seed = seed::from_typed(&typed).with_context(|| place)?;
    drop(typed);
    drop(Wallet::restore(dir, seed)?);
    let mut text = format!(
        "wallet in {}, with this seed. It has its keys and addresses, and has forgotten:",
        dir.display()
    );
    for (_, what) in FORGOTTEN {
        text.push_str("\n  - ");
        text.push_str(what);
    }
    let forgotten = FORGOTTEN.map(|(name, _)| name);
    output.result("wallet", text, json!({ "dir": dir, "restored": true, "forgotten": forgotten }));
    Ok(())
}

const ON_THE_COMMAND_LINE: &str = "expected the name of a file that holds the seed, or nothing: \
                                   every program on this machine can read a seed on the command \
                                   line, and it stays in the shell's history. Remove it from the \
                                   history, and type it when asked or name a file";

/// Whether an argument is a seed or some words of one, which an error must not repeat.
fn is_seed(argument: &OsStr) -> bool {
    let text = argument.to_string_lossy();
    let digits = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits || text.split_whitespace().count() >= 12
}

/// A whole input of limited size, wiped when dropped.
fn read(input: impl Read, name: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    // Allocated at once, because growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize + 2));
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(|| name.to_owned())?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{name}: more than {MAX_BYTES} bytes, expected 24 words or 64 hexadecimal digits");
    }
    Ok(bytes)
}

/// Asks for the seed on the terminal, without showing what is typed.
fn prompt() -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let terminal = console::Term::stderr();
    let ask = |question: &str| -> anyhow::Result<Zeroizing<String>> {
        terminal.write_str(question)?;
        Ok(Zeroizing::new(terminal.read_secure_line()?))
    };
    let first = ask("Seed, 24 words or 64 hexadecimal digits (what you type is not shown): ")?;
    let digits = first.split_whitespace().map(str::len).sum::<usize>() == 64;
    // In print, the checksum is on a line of its own.
    let second = if digits { Some(ask("Its checksum, or Enter: ")?) } else { None };
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize));
    typed.extend_from_slice(first.as_bytes());
    if let Some(second) = second.as_deref().map(|text| text.trim()).filter(|text| !text.is_empty())
    {
        typed.extend_from_slice(b"\n");
        if !second.starts_with("checksum") {
            typed.extend_from_slice(b"checksum ");
        }
        typed.extend_from_slice(second.as_bytes());
    }
    Ok(typed)
}

/// Creates the wallet of a made-up owner, for trials.
pub fn dev(dir: &Path, owners: &str, receipt: &str, output: Output) -> anyhow::Result<()> {
    drop(Wallet::restore(dir, Seed::dev_owner(owners, receipt.as_bytes()))?);
    output.result("wallet", format_args!("wallet in {}", dir.display()), json!({ "dir": dir }));
    Ok(())
}

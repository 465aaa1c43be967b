//! The dealer and the evaluator of the demo: two processes of this program, as two operators would
//! run them.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use wufu_groth16::PreparedKey;
use wufu_prover::blind;
use wufu_wallet::{
    BlindProver, Delay, Endpoint, TokenStore,
    prover::blind::{Dealer, blind_key},
};

use crate::{files, output::Output};

/// A process that ends when this value is dropped, even after an error.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It does not matter if the process has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Both servers, and their addresses.
pub struct Servers {
    dealer: Dealer,
    evaluator: Endpoint,
    _processes: [Process; 2],
}

impl Servers {
    /// Starts both, and waits until they listen.
    pub fn start(dir: &Path, output: Output) -> anyhow::Result<Self> {
        let key = dir.join("dealer.key");
        let (one, dealer) = start("dealer", &[Path::new("--signing-key"), &key])?;
        let (two, evaluator) = start("evaluator", &[])?;
        let text = |said: &Value, field: &str| {
            said[field]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("the server printed no {field}"))
        };
        let (dealing, evaluating) = (text(&dealer, "url")?, text(&evaluator, "url")?);
        let key = files::unhex("key", &text(&dealer, "key")?)?;
        let dealer = Dealer {
            endpoint: dealing.parse()?,
            key: ed25519_dalek::VerifyingKey::from_bytes(&key)?,
        };
        for (role, url, process) in [("dealer", &dealing, &one), ("evaluator", &evaluating, &two)] {
            let id = process.0.id();
            let text = format!("{role} on {url}, process {id}");
            output.note("serving", text, json!({ "role": role, "url": url, "process": id }));
        }
        Ok(Self { dealer, evaluator: evaluating.parse()?, _processes: [one, two] })
    }

    /// A blind prover for one wallet of the demo, with its own tokens and without an engine.
    pub fn prover(
        &self,
        dir: &Path,
        wallet: &str,
        key: &PreparedKey,
        output: Output,
    ) -> anyhow::Result<BlindProver> {
        let (circuit, kit) = (key.verifying_key().circuit(), blind::kit(key)?);
        let (id, file) = (kit.id(), dir.join(format!("{circuit}.kit")));
        files::write(&file, files::write::KIT, &kit.encode())?;
        let text = format!("{circuit}: kit {id}, which wallets pin with the key");
        let fields = json!({ "circuit": circuit.as_str(), "kit_id": id.to_string(), "file": file });
        output.note("kit", text, fields);
        let key = blind_key(key.verifying_key().clone(), &files::read(&file)?, id)?;
        // Inside the demo's folder, so that nothing is left elsewhere.
        let tokens = TokenStore::open(&dir.join(wallet), &dir.join("outside"), files::now()?)?;
        let (dealers, evaluators) = (vec![self.dealer.clone()], vec![self.evaluator.clone()]);
        let prover = BlindProver::new([key], dealers, evaluators, Arc::new(tokens))?;
        Ok(prover.with_delay(Delay::NONE).with_batch(2))
    }
}

fn start(role: &str, more: &[&Path]) -> anyhow::Result<(Process, Value)> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--json", "serve", role, "--listen", "127.0.0.1:0"]);
    command.args(["--circuit", "five-fu", "--circuit", "donation"]).args(more);
    // The server logs to this screen, so only warnings and errors are shown.
    command.env("WUFU_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = Process(command.spawn().with_context(|| format!("cannot start the {role}"))?);
    let out = process.0.stdout.take().context("its output is piped")?;
    for line in BufReader::new(out).lines() {
        let said: Value = serde_json::from_str(&line?)?;
        if said["step"] == "listening" {
            return Ok((process, said));
        }
    }
    bail!("the {role} ended before it listened")
}

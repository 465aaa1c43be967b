//! Chooses who makes a wallet's proofs.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, ValueEnum};
use ed25519_dalek::VerifyingKey as DealerKey;
use serde_json::{Value, json};
use tonic::Code;
use wufu_proto::connection::{ClientCertificate, TlsClientError};
use wufu_verifier::{CircuitName, VerifyingKey};
use wufu_wallet::{
    BlindProver, Delay, Endpoint, LocalProver, ProofSource, TokenStore, TrustedProver, Wallet,
    plan::ProveError,
    prover::{
        BlindError, ProverError,
        blind::{BlindStep, Dealer, KitId, blind_key},
    },
};
use zeroize::Zeroizing;

use crate::{
    files,
    output::{Output, chain, duration},
    setup,
};

/// Where to make the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// In the wallet
    Local,
    /// By a prover that sees everything (--prover)
    Trusted,
    /// By two servers that see nothing (--dealer, --evaluator). If they fail, there is no proof
    Blind,
    /// In the wallet if its key is ready, else blind if --dealer is given, else by the prover of
    /// --prover
    Auto,
}

/// Options that say who makes the proof.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Proof")]
pub struct ProveArgs {
    /// Who proves
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    prove: Choice,
    /// A prover that you trust with everything: https://HOST:PORT, http://127.0.0.1:PORT or
    /// unix:PATH. To pin its key instead of trusting authorities, append #sha256:HEX
    #[arg(long, value_name = "URL")]
    prover: Option<Endpoint>,
    /// The file of the token that this prover gave you
    #[arg(long, value_name = "FILE", env = "WUFU_PROVER_TOKEN_FILE", requires = "prover")]
    prover_token: Option<PathBuf>,
    /// Your client certificate for this prover (PEM)
    #[arg(long, value_name = "FILE", requires = "prover", requires = "prover_key")]
    prover_cert: Option<PathBuf>,
    /// The private key of your client certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "prover", requires = "prover_cert")]
    prover_key: Option<PathBuf>,
    /// A dealer of tokens and its public key, KEY@URL. Repeat the flag to add more dealers; the
    /// masks are summed
    #[arg(long, value_name = "KEY@URL", value_parser = dealer, requires = "evaluator")]
    dealer: Vec<Dealer>,
    /// An evaluator, run by an operator other than the dealers'. Repeat the flag for others to ask
    /// when one fails
    #[arg(long, value_name = "URL", requires = "dealer")]
    evaluator: Vec<Endpoint>,
    /// The file of the key's kit. Without it, your development kit
    #[arg(long, value_name = "FILE", requires = "dealer", requires = "kit_id")]
    kit: Option<PathBuf>,
    /// The id that this kit must have. Get it from where you got the key's id
    #[arg(long, value_name = "HEX", value_parser = kit_id, requires = "kit")]
    kit_id: Option<KitId>,
    /// Do not wait between the steps. Whoever sees both ends could then link them to you
    #[arg(long)]
    no_delay: bool,
    /// Write the envelope to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// A dealer, as `KEY@URL`.
fn dealer(text: &str) -> Result<Dealer, String> {
    let (key, endpoint) = text.split_once('@').ok_or("expected KEY@URL")?;
    let key = files::unhex("KEY", key).map_err(|error| error.to_string())?;
    let key = DealerKey::from_bytes(&key).map_err(|_| "KEY is not an Ed25519 key")?;
    let endpoint = endpoint
        .parse()
        .map_err(|error: wufu_wallet::endpoint::EndpointError| error.to_string())?;
    Ok(Dealer { endpoint, key })
}

fn kit_id(text: &str) -> Result<KitId, String> {
    files::unhex("kit id", text).map(KitId).map_err(|error| error.to_string())
}

impl ProveArgs {
    /// The prover for a key's circuit.
    pub fn prover(
        &self,
        wallet: &Wallet,
        key: VerifyingKey,
        output: Output,
    ) -> anyhow::Result<Box<dyn ProofSource>> {
        let circuit = key.circuit();
        match self.choice(&key)? {
            Choice::Trusted => {
                let endpoint = self.prover.clone().context("--prove trusted needs --prover URL")?;
                let limit = wufu_wallet::prover::TIMEOUT.as_secs();
                let text =
                    format!("asking the prover at {endpoint}; the proof may take up to {limit} s");
                let place = endpoint.to_string();
                let fields = json!({ "role": "prover", "place": place, "limit_seconds": limit });
                output.note("ask", text, fields);
                Ok(Box::new(self.identified(TrustedProver::new(endpoint))?))
            }
            Choice::Blind => Ok(Box::new(self.blind(wallet, &key, output)?)),
            Choice::Local | Choice::Auto => {
                let own = setup::cached_verifying_key(circuit)?;
                if own.is_none_or(|own| own.id() != key.id()) {
                    bail!(
                        "there is no proving key {} here, expected the one of the pinned {circuit} \
                         key: run wufu setup dev and then wufu wallet pin --dev-keys, or let \
                         servers prove (--dealer and --evaluator, or --prover)",
                        key.id()
                    );
                }
                Ok(Box::new(local(circuit, output)?))
            }
        }
    }

    /// The prover, with what it should know its client by.
    fn identified(&self, mut prover: TrustedProver) -> anyhow::Result<TrustedProver> {
        if let Some(path) = &self.prover_token {
            let token = Zeroizing::new(files::read_secret(path).context("--prover-token")?);
            let text = std::str::from_utf8(&token).map(str::trim).unwrap_or_default();
            prover = prover.with_token(text).context("--prover-token")?;
        }
        if let (Some(certificate), Some(key)) = (&self.prover_cert, &self.prover_key) {
            let certificate = files::read(certificate).context("--prover-cert")?;
            let key = Zeroizing::new(files::read_secret(key).context("--prover-key")?);
            let certificate = ClientCertificate::from_pem(&certificate, &key);
            prover =
                prover.with_certificate(certificate.context("--prover-cert and --prover-key")?);
        }
        Ok(prover)
    }

    fn choice(&self, key: &VerifyingKey) -> anyhow::Result<Choice> {
        Ok(match self.prove {
            Choice::Auto if setup::ready(key)? => Choice::Local,
            Choice::Auto if !self.dealer.is_empty() => Choice::Blind,
            Choice::Auto if self.prover.is_some() => Choice::Trusted,
            Choice::Auto => Choice::Local,
            choice => choice,
        })
    }

    fn blind(
        &self,
        wallet: &Wallet,
        verifying: &VerifyingKey,
        output: Output,
    ) -> anyhow::Result<BlindProver> {
        if self.dealer.is_empty() {
            bail!("--prove blind needs --dealer KEY@URL and --evaluator URL");
        }
        let circuit = verifying.circuit();
        let (path, kit_id) = match (&self.kit, self.kit_id) {
            (Some(path), Some(id)) => (path.clone(), id),
            (Some(_), None) => bail!("--kit needs --kit-id HEX"),
            (None, _) => (setup::kit_path(circuit)?, setup::kit_id(circuit)?),
        };
        let kit = files::read(&path).context("--kit")?;
        let key = blind_key(verifying.clone(), &kit, kit_id)
            .with_context(|| path.display().to_string())?;
        let folder = wallet.folder().context("the wallet has no folder")?;
        let tokens =
            Arc::new(TokenStore::open(folder, &TokenStore::outside(folder)?, files::now()?)?);
        let prover = BlindProver::new([key], self.dealer.clone(), self.evaluator.clone(), tokens)?;
        let delay = if self.no_delay { Delay::NONE } else { Delay::default() };
        let told = move |step| tell(&step, output);
        let prover = prover.with_delay(delay).with_steps(Arc::new(told));
        // Somebody who asks for blind mode wants only that. `auto` may prove in the wallet after a
        // failure, if the key is ready.
        let may_mend = self.prove == Choice::Auto && setup::ready(verifying)?;
        Ok(if may_mend { prover.with_rescue(Arc::new(local(circuit, output)?)) } else { prover })
    }

    /// Why there is no proof, and what to do about it.
    pub fn failed(&self, error: ProveError) -> anyhow::Error {
        let Some((role, next)) = next_step(&error) else { return error.into() };
        let (said, wanted) = (chain(&anyhow::Error::from(error)), self.prove);
        let nothing = match wanted {
            Choice::Blind => "; with --prove blind no proof is made elsewhere",
            _ => "",
        };
        let elsewhere = match role {
            PROVER => "",
            _ => ", or prove in the wallet (--prove local)",
        };
        anyhow!("{said}{nothing}: {next}{elsewhere}")
    }
}

/// The name of the prover, and of its option.
const PROVER: &str = "prover";

/// Whether a server's certificate was not accepted.
fn is_untrusted(error: &(dyn std::error::Error + 'static)) -> bool {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let mut found = sources.filter_map(|error| error.downcast_ref::<TlsClientError>());
    found.any(|error| matches!(error, TlsClientError::Certificate { .. }))
}

/// Which server failed, and what to do about it. `None` if no server caused the error.
fn next_step(error: &ProveError) -> Option<(&'static str, String)> {
    let ProveError::Prover(error) = error else { return None };
    let start = |role| format!("start it (wufu serve {role}), or name another with --{role}");
    Some(match error {
        ProverError::Connect { role, error, .. } if is_untrusted(error) => (
            role,
            format!(
                "name its authority's certificate with --ca FILE, or pin its key with --{role} \
                 https://HOST:PORT#sha256:HEX"
            ),
        ),
        ProverError::Connect { role, .. } => (role, start(role)),
        ProverError::Status { role, status, .. } if status.code() == Code::Unimplemented => {
            let swapped = match *role {
                PROVER => "",
                _ => " (were --dealer and --evaluator swapped?)",
            };
            (role, format!("name a running {role} with --{role}{swapped}"))
        }
        ProverError::Busy { role, .. } | ProverError::Status { role, .. } => {
            (role, format!("try again later, or name another with --{role}"))
        }
        ProverError::Silent { role, .. } | ProverError::Answer { role, .. } => {
            (role, format!("name another with --{role}"))
        }
        ProverError::Blind(error) => match &**error {
            BlindError::DealerKey { .. } => {
                ("dealer", "correct KEY in --dealer KEY@URL, or name another dealer".into())
            }
            BlindError::Dealer { .. } | BlindError::Dealt { .. } => {
                ("dealer", "name another with --dealer".into())
            }
            BlindError::Sums { .. } | BlindError::Answer { .. } => (
                "evaluator",
                "name another with --evaluator, and check that all servers and --kit belong to the \
                 key"
                    .into(),
            ),
            _ => return None,
        },
        _ => return None,
    })
}

fn tell(step: &BlindStep, output: Output) {
    if let Some((name, text, fields)) = said(step) {
        output.note(name, text, fields);
    }
}

/// Describes a step of blind proving: what it waits for, why and how long.
fn said(step: &BlindStep) -> Option<(&'static str, String, Value)> {
    match step {
        BlindStep::Wait { reason, time } => {
            let (before, why) = (reason.before(), reason.why());
            let text = format!(
                "waiting {} before {before}, {why} (--no-delay skips these waits)",
                duration(*time)
            );
            let fields = json!({
                "before": before, "reason": reason.name(), "why": why,
                "seconds": time.as_secs_f64(), "skip": "--no-delay",
            });
            Some(("wait", text, fields))
        }
        BlindStep::Ask { role, endpoint, limit } => {
            let seconds = limit.as_secs();
            let text =
                format!("asking the {role} at {endpoint}; the answer may take up to {seconds} s");
            let fields = json!({ "role": role, "place": endpoint, "limit_seconds": seconds });
            Some(("ask", text, fields))
        }
        _ => None,
    }
}

fn local(circuit: CircuitName, output: Output) -> anyhow::Result<LocalProver> {
    Ok(LocalProver::new([setup::prover(circuit, setup::Memory::default(), output)?]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wufu_wallet::prover::blind::WaitReason;

    use super::*;

    /// Blind proving was silent for 40 to 50 s. The text says how long it waits, why, and how to
    /// skip it.
    #[test]
    fn a_wait_says_why_how_long_and_how_to_skip_it() {
        use WaitReason::{Evaluator, Local, NextDealer, Show, UseMasks};
        for reason in [Evaluator, Local, NextDealer, Show, UseMasks] {
            let wait = BlindStep::Wait { reason, time: Duration::from_millis(17_400) };
            let (name, text, fields) = said(&wait).unwrap();
            assert_eq!(name, "wait");
            for part in ["17 s", "--no-delay", reason.before(), reason.why()] {
                assert!(text.contains(part), "{text}");
            }
            assert_eq!((&fields["seconds"], &fields["skip"]), (&17.4.into(), &"--no-delay".into()));
        }
    }
}

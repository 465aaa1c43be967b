//! `wufu request`: a verifier's key, and signed requests.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use rand::{RngCore as _, rngs::OsRng};
use serde_json::json;
use wufu_proto::v1;
use wufu_verifier::{
    Amount, KeyId, Policy, ProjectKey, ProjectSet, ProofRequest, Time, policy::Bounds,
    request::Question,
};
use zeroize::Zeroizing;

use crate::{files, output::Output, source::LedgerArgs};

/// Arguments of `wufu request`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct RequestArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a verifier's key: who has it asks in the verifier's name
    #[command(after_help = "Example:\n  wufu request keygen --out verifier.key")]
    Keygen {
        /// New file, mode 0600
        #[arg(long)]
        out: PathBuf,
    },
    /// Ask for a donation within bounds
    #[command(
        after_help = "Example:\n  wufu request new --signing-key verifier.key --purpose 'tax relief 2026' \\\n    --origin cerf/donations/1 --project 1:1 --min-amount 100000 --key-id 3f…09 --out ask.req"
    )]
    New(Box<NewArgs>),
    /// Print a request
    #[command(after_help = "Example:\n  wufu request show ask.req")]
    Show {
        /// The request
        file: PathBuf,
    },
}

#[derive(Args, Debug)]
struct NewArgs {
    /// The verifier's key, from `wufu request keygen`
    #[arg(long)]
    signing_key: PathBuf,
    /// What the answer is for; two purposes of one verifier cannot be joined
    #[arg(long)]
    purpose: String,
    /// The donation log
    #[arg(long, value_name = "ORG/donations/N")]
    origin: String,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Seconds until the request ends
    #[arg(long, default_value_t = 86_400)]
    lifetime: u64,
    /// Id of a key that the answer may be proved under; repeat for more, best first
    #[arg(long, value_name = "HEX", required = true)]
    key_id: Vec<String>,
    /// Where the request goes
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    ledger: LedgerArgs,
}

/// A policy on the command line.
#[derive(Args, Clone, Debug)]
pub struct PolicyArgs {
    /// Project that may have received the donation; repeat for more
    #[arg(long, value_name = "INSTITUTION:PROJECT")]
    pub project: Vec<String>,
    /// Every project of the ledger's signed directory (needs --ledger and --log-key)
    #[arg(long, conflicts_with = "project")]
    pub all_projects: bool,
    /// Least amount, in minor units
    #[arg(long)]
    pub min_amount: Option<u64>,
    /// Largest amount, in minor units
    #[arg(long)]
    pub max_amount: Option<u64>,
    /// Earliest time, in Unix seconds
    #[arg(long)]
    pub from: Option<u64>,
    /// Latest time, in Unix seconds
    #[arg(long)]
    pub until: Option<u64>,
}

impl PolicyArgs {
    /// Whether anything of it was said.
    pub fn is_some(&self) -> bool {
        let Self { project, all_projects, min_amount, max_amount, from, until } = self;
        let bounds = [min_amount, max_amount, from, until];
        *all_projects || !project.is_empty() || bounds.into_iter().any(Option::is_some)
    }

    /// The policy over these projects.
    pub fn policy(&self, projects: ProjectSet) -> anyhow::Result<Policy> {
        let amount = |value: Option<u64>, or| value.map_or(Ok(or), Amount::new);
        let time = |value: Option<u64>, or| value.map_or(Ok(or), Time::new);
        let (min, max) =
            (amount(self.min_amount, Amount::MIN), amount(self.max_amount, Amount::MAX));
        let (from, until) = (time(self.from, Time::MIN), time(self.until, Time::MAX));
        Ok(Policy {
            projects,
            amount: Bounds::amounts(min.context("--min-amount")?, max.context("--max-amount")?)?,
            time: Bounds::times(from.context("--from")?, until.context("--until")?)?,
        })
    }

    /// The projects that were named one by one.
    pub fn named(&self) -> anyhow::Result<ProjectSet> {
        let keys: anyhow::Result<Vec<ProjectKey>> =
            self.project.iter().map(|text| project(text)).collect();
        ProjectSet::new(keys?).context("--project, or --all-projects with --ledger")
    }
}

/// `INSTITUTION:PROJECT`.
fn project(text: &str) -> anyhow::Result<ProjectKey> {
    let wrong = || format!("--project is {text:?}, expected INSTITUTION:PROJECT, two ids from 1");
    let (institution, project) = text.split_once(':').with_context(wrong)?;
    let key = ProjectKey::new(
        institution.parse().with_context(wrong)?,
        project.parse().with_context(wrong)?,
    );
    key.with_context(wrong)
}

/// Reads a verifier's key.
pub fn signing_key(path: &std::path::Path) -> anyhow::Result<SigningKey> {
    let text = String::from_utf8(files::read_secret(path)?).context("key file is not text")?;
    Ok(SigningKey::from_bytes(&files::unhex("key", text.trim_end())?))
}

/// Runs the command.
pub async fn run(args: RequestArgs, output: Output) -> anyhow::Result<()> {
    match args.command {
        Command::Keygen { out } => {
            let mut secret = Zeroizing::new([0; 32]);
            OsRng.fill_bytes(&mut *secret);
            let key = SigningKey::from_bytes(&secret);
            let text = Zeroizing::new(format!("{}\n", files::hex(key.as_bytes())));
            files::write_secret(&out, text.as_bytes())?;
            let verifier = files::hex(key.verifying_key().as_bytes());
            let fields = json!({ "verifier": verifier, "file": out });
            output.result("keygen", format_args!("verifier {verifier}"), fields);
        }
        Command::New(args) => new(*args, output).await?,
        Command::Show { file } => {
            let message: v1::ProofRequest = files::read_message(&file)?;
            // Refused unless it is signed by the verifier that it names.
            let request = ProofRequest::try_from(message.clone())?;
            let value: serde_json::Value =
                serde_json::from_str(&wufu_proto::json::to_json(&message)?)?;
            if request.question().expiry <= files::now()? {
                output.note("expired", "this request is over", serde_json::Value::Null);
            }
            output.result("request", serde_json::to_string_pretty(&value)?, value);
        }
    }
    Ok(())
}

async fn new(args: NewArgs, output: Output) -> anyhow::Result<()> {
    let key = signing_key(&args.signing_key)?;
    let projects = if args.policy.all_projects {
        args.ledger.projects().await?
    } else {
        args.policy.named()?
    };
    let key_ids: anyhow::Result<Vec<KeyId>> =
        args.key_id.iter().map(|id| Ok(KeyId(files::unhex("--key-id", id)?))).collect();
    if args.lifetime == 0 {
        bail!("--lifetime is 0 seconds, expected more");
    }
    let mut challenge = [0; 32];
    OsRng.fill_bytes(&mut challenge);
    let question = Question {
        purpose: args.purpose,
        origin: args.origin,
        policy: args.policy.policy(projects)?,
        challenge,
        expiry: files::now()?.saturating_add(args.lifetime),
        key_ids: key_ids?,
    };
    let request = ProofRequest::sign(&key, question)?;
    files::write_message(&args.out, &v1::ProofRequest::from(&request), output.is_json())?;
    let fields = json!({
        "file": args.out,
        "verifier": files::hex(request.verifier()),
        "challenge": files::hex(&request.question().challenge),
        "expiry": request.question().expiry,
        "projects": request.question().policy.projects.keys().len(),
    });
    output.result("request", format_args!("request in {}", args.out.display()), fields);
    Ok(())
}

/// Tells a person who asks them, for what, and within which bounds. A request may have been passed on by somebody else: the
/// answer is for who is named here, whoever handed the request over.
pub fn tell(request: &ProofRequest, output: Output) {
    let Question { purpose, origin, policy, expiry, .. } = request.question();
    let (verifier, projects) = (files::hex(request.verifier()), policy.projects.keys().len());
    let amounts = [policy.amount.min(), policy.amount.max()].map(Amount::minor);
    let times = [policy.time.min(), policy.time.max()].map(Time::seconds);
    let text = format!(
        "asked by {verifier}, for {purpose:?}, until {expiry}: a donation in {origin} to one of {projects} projects, of {} to {} minor units, at {} to {} Unix seconds",
        amounts[0], amounts[1], times[0], times[1]
    );
    let fields = json!({
        "verifier": verifier, "purpose": purpose, "origin": origin, "expiry": expiry,
        "projects": projects, "amounts": amounts, "times": times,
    });
    output.note("question", text, fields);
}

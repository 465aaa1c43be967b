//! `wufu request`: a verifier's key, and signed requests.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use rand::{RngCore as _, rngs::OsRng};
use serde_json::json;
use wufu_ledger::CurrencyCode;
use wufu_proto::v1;
use wufu_verifier::{
    Amount, CircuitName, KeyId, Policy, ProjectKey, ProjectSet, ProofRequest, Time, Trust,
    check::request::Question, statement::policy::Bounds,
};
use zeroize::Zeroizing;

use crate::{
    files,
    help::usage,
    human::{self, MoneyArg, Span, Utc},
    names,
    output::Output,
    setup,
    source::LedgerSourceArgs,
};

/// Arguments of `wufu request`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = usage(
    "when you are a verifier, such as a tax office, and want somebody to prove a donation to you.",
    &["wufu request show ask.req"],
))]
pub struct RequestArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a verifier's signing key
    #[command(after_help = usage(
        "once for each verifier. Keep the file secret: whoever has it can ask in the verifier's \
         name.",
        &["wufu request keygen --out verifier.key"],
    ))]
    Keygen {
        /// Write the key to this new file, with mode 0600
        #[arg(long)]
        out: PathBuf,
    },
    /// Sign a request for a donation within bounds
    #[command(after_help = usage(
        "for each person from whom you want proof of a donation. Send them the file, and keep a \
         copy: wufu verify compares the answer with it.",
        &["wufu request new --signing-key verifier.key --purpose 'tax relief 2026' \\\n\
           --origin cerf/donations/1 --project 1:1 --min-amount '1,000.00 USD' --from 2018-01-01 \
           \\\n\
           --lifetime '7 d' --key-id donation.vk --out ask.req"],
    ))]
    New(Box<NewArgs>),
    /// Print a request
    #[command(after_help = usage(
        "before you answer a request, to see who asks, for what and until when.",
        &["wufu request show ask.req"],
    ))]
    Show {
        /// The request; - is standard input
        file: PathBuf,
        /// Show amounts in the log's currency, ISO 4217. The request itself has minor units and
        /// names no currency
        #[arg(long, value_name = "CODE", value_parser = human::parse_currency)]
        currency: Option<CurrencyCode>,
    },
}

#[derive(Args, Debug)]
struct NewArgs {
    /// The verifier's key, from `wufu request keygen`
    #[arg(long, value_name = "FILE")]
    signing_key: PathBuf,
    /// What the answer is for. Proofs for two purposes of one verifier cannot be linked
    #[arg(long)]
    purpose: String,
    /// The donation log
    #[arg(long, value_name = "ORG/donations/N", value_parser = names::donation_log)]
    origin: String,
    #[command(flatten)]
    policy: PolicyArgs,
    /// How long the request stays valid, such as "2 h" or "7 d". A bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "1 d", value_parser = human::parse_span)]
    lifetime: u64,
    /// A key that the answer may be proved under: its id, or a file of the verifying key. Repeat
    /// the flag for more, the preferred one first
    #[arg(long, value_name = "HEX|FILE", required = true)]
    key_id: Vec<String>,
    /// Write the request to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    ledger: LedgerSourceArgs,
}

/// A policy on the command line.
#[derive(Args, Clone, Debug)]
pub struct PolicyArgs {
    /// A project that may have received the donation. Repeat the flag for more
    #[arg(long, value_name = "INSTITUTION:PROJECT")]
    pub project: Vec<String>,
    /// Allow every project of the ledger's signed directory (needs --ledger and --log-key)
    #[arg(long, conflicts_with = "project")]
    pub all_projects: bool,
    /// Smallest amount, such as "1,000.00 CNY". A bare number is minor units (fen, cents)
    #[arg(long, value_name = "AMOUNT", value_parser = human::parse_money)]
    pub min_amount: Option<MoneyArg>,
    /// Largest amount
    #[arg(long, value_name = "AMOUNT", value_parser = human::parse_money)]
    pub max_amount: Option<MoneyArg>,
    /// Earliest time, such as "2018-02-15 22:18 +08:00". A date alone is its first second in UTC, a
    /// bare number is Unix seconds
    #[arg(long, value_name = "TIME", value_parser = human::parse_from)]
    pub from: Option<Time>,
    /// Latest time. A date alone is its last second in UTC
    #[arg(long, value_name = "TIME", value_parser = human::parse_until)]
    pub until: Option<Time>,
}

impl PolicyArgs {
    /// Whether any of the options was given.
    pub fn is_some(&self) -> bool {
        let Self { project, all_projects, min_amount, max_amount, from, until } = self;
        let amounts = min_amount.is_some() || max_amount.is_some();
        let times = from.is_some() || until.is_some();
        *all_projects || !project.is_empty() || amounts || times
    }

    /// The currency of the amounts: the one that they name, else the ledger's if it is known. Both
    /// must agree.
    pub fn currency(&self, ledger: Option<CurrencyCode>) -> anyhow::Result<Option<CurrencyCode>> {
        let mut known = ledger.map(|code| (code, "the ledger"));
        let said = [(self.min_amount, "--min-amount"), (self.max_amount, "--max-amount")];
        for (amount, option) in said {
            let Some(code) = amount.and_then(|amount| amount.currency) else { continue };
            match known {
                Some((other, of)) if other != code => {
                    bail!("{option} is in {code}, expected {other} as for {of}")
                }
                _ => known = Some((code, option)),
            }
        }
        Ok(known.map(|(code, _)| code))
    }

    /// The policy for these projects.
    pub fn policy(&self, projects: ProjectSet) -> anyhow::Result<Policy> {
        let amount = |value: Option<MoneyArg>, or| value.map_or(or, |money| money.amount);
        let (min, max) =
            (amount(self.min_amount, Amount::MIN), amount(self.max_amount, Amount::MAX));
        let (from, until) = (self.from.unwrap_or(Time::MIN), self.until.unwrap_or(Time::MAX));
        if let (Some(least), Some(most)) = (self.min_amount, self.max_amount)
            && min > max
        {
            let code = self.currency(None)?;
            bail!(
                "--min-amount is {} and --max-amount {}, expected the smaller one first",
                least.text(code),
                most.text(code)
            );
        }
        if from > until {
            let (from, until) = (Utc(from.seconds()), Utc(until.seconds()));
            bail!("--from is {from} and --until {until}, expected the earlier one first");
        }
        Ok(Policy {
            projects,
            amount: Bounds::amounts(min, max)?,
            time: Bounds::times(from, until)?,
        })
    }

    /// The projects that were named with `--project`.
    pub fn named(&self) -> anyhow::Result<ProjectSet> {
        let keys: anyhow::Result<Vec<ProjectKey>> =
            self.project.iter().map(|text| project(text)).collect();
        let keys = keys?;
        if keys.is_empty() {
            bail!(
                "no project is named, expected --project INSTITUTION:PROJECT, or --all-projects \
                 with --ledger and --log-key"
            );
        }
        ProjectSet::new(keys).context("--project")
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

/// A key's id, or the id of the verifying key in a file. Development keys are accepted here:
/// whether to trust one is decided at verification.
fn key_id(text: &str) -> anyhow::Result<KeyId> {
    let path = std::path::Path::new(text);
    match files::unhex("--key-id", text) {
        Ok(id) => Ok(KeyId(id)),
        Err(_) if path.exists() => {
            let key = setup::verifying_key(path, Trust::AcceptDevelopment).context("--key-id")?;
            let (got, expected) = (key.circuit(), CircuitName::Donation);
            if got != expected {
                bail!(
                    "--key-id {text}: this is a {got} key, expected a {expected} key, because a \
                     request asks for a donation"
                );
            }
            Ok(key.id())
        }
        Err(error) => {
            Err(error.context(format!("{text}: neither a key id nor the file of a verifying key")))
        }
    }
}

/// Reads a verifier's key.
pub fn signing_key(path: &std::path::Path) -> anyhow::Result<SigningKey> {
    let bytes = Zeroizing::new(files::read_secret(path)?);
    let wrong = || {
        let (name, bytes) = (path.display(), human::count(bytes.len(), "byte"));
        format!(
            "{name}: {bytes}, expected a verifier's key of 64 hexadecimal digits, as wufu request \
             keygen writes it"
        )
    };
    let text = std::str::from_utf8(&bytes).ok().with_context(wrong)?;
    if is_ledgers(path, text) {
        bail!(
            "{}: this is a ledger's signing key, expected a verifier's own key, as wufu request \
             keygen writes it",
            path.display()
        );
    }
    let secret = Zeroizing::new(files::unhex("key", text.trim()).ok().with_context(wrong)?);
    Ok(SigningKey::from_bytes(&secret))
}

/// Whether a signing key is a ledger's, which has the same form: its file says that it has signed a
/// state, or is in a ledger's folder. One key for both would let a ledger ask in a verifier's name.
fn is_ledgers(path: &std::path::Path, text: &str) -> bool {
    let marked = text.lines().skip(1).any(|line| line.trim() == "has signed a state");
    let in_ledger = path.canonicalize().is_ok_and(|path| {
        path.ends_with("signing.key") && path.with_file_name("policy.json").exists()
    });
    marked || in_ledger
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
            let output = output.beside(&out);
            output.result("keygen", format_args!("verifier {verifier}"), fields);
        }
        Command::New(args) => new(*args, output).await?,
        Command::Show { file, currency } => {
            let message: v1::ProofRequest = files::read_message(&file)?;
            // Refused unless the verifier that it names has signed it.
            let request = ProofRequest::try_from(message.clone());
            let request = request.with_context(|| files::name(&file))?;
            let value: serde_json::Value =
                serde_json::from_str(&wufu_proto::json::to_json(&message)?)?;
            output.result("request", described(&request, files::now()?, currency), value);
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
    let of_ledger = args.ledger.currency().await?;
    let currency = args.policy.currency(of_ledger)?;
    let key_ids: anyhow::Result<Vec<KeyId>> = args.key_id.iter().map(|key| key_id(key)).collect();
    if args.lifetime == 0 {
        bail!("--lifetime is 0 s, expected more, such as \"1 d\"");
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
    let Question { policy, expiry, origin, .. } = request.question();
    let bare = human::amounts(&policy.amount, None);
    let note = match currency.filter(|_| policy.amount != Bounds::ANY_AMOUNT) {
        Some(code) if of_ledger.is_none() => format!(
            "\nthe request itself says {bare}, because requests name no currency: make sure that \
             {origin} is in {code}, or let --ledger check it"
        ),
        Some(_) => format!("\nthe request itself says {bare}, because requests name no currency"),
        None => String::new(),
    };
    let text = format!(
        "request in {}: {}, {}; expires {}{note}",
        args.out.display(),
        human::count(policy.projects.keys().len(), "project"),
        human::bounds(policy, currency),
        Utc(*expiry)
    );
    output.beside(&args.out).result("request", text, fields);
    Ok(())
}

/// A request as text for people. Ids are in hexadecimal digits, as commands take them.
pub fn described(request: &ProofRequest, now: u64, currency: Option<CurrencyCode>) -> String {
    const MOST_PROJECTS: usize = 12;
    let Question { purpose, origin, policy, challenge, expiry, key_ids } = request.question();
    let keys = policy.projects.keys();
    let named = keys.iter().take(MOST_PROJECTS);
    let named = human::list(named.map(|key| format!("{}:{}", key.institution(), key.project())));
    let more = if keys.len() > MOST_PROJECTS { ", and more" } else { "" };
    let ids: Vec<String> = key_ids.iter().map(|id| id.to_string()).collect();
    format!(
        "verifier   {}\npurpose    {purpose:?}\nlog        {origin}\nprojects   {}: {named}{more}\n\
         asks for   {}\nchallenge  {}\nexpires    {}\nkeys       {}",
        files::hex(request.verifier()),
        human::number(keys.len()),
        human::bounds(policy, currency),
        files::hex(challenge),
        expiring(*expiry, now),
        ids.join("\n           "),
    )
}

/// When something expires, and how long that is from now.
pub fn expiring(expiry: u64, now: u64) -> String {
    if expiry <= now {
        format!("{}, {} ago: it is no longer valid", Utc(expiry), Span(now - expiry))
    } else {
        format!("{}, in {}", Utc(expiry), Span(expiry - now))
    }
}

/// Prints who asks, for what, and within which bounds. Somebody else may have passed the request
/// on, and the answer is still for the verifier that is named here. `currency` is the log's, if it
/// is known.
pub fn tell(request: &ProofRequest, currency: Option<CurrencyCode>, output: Output) {
    let Question { purpose, origin, policy, expiry, .. } = request.question();
    let (verifier, projects) = (files::hex(request.verifier()), policy.projects.keys().len());
    let amounts = [policy.amount.min(), policy.amount.max()].map(Amount::minor);
    let times = [policy.time.min(), policy.time.max()].map(Time::seconds);
    let text = format!(
        "request from {verifier} for {purpose:?}, valid until {}: a donation in {origin} to one of \
         {}, {}",
        Utc(*expiry),
        human::count(projects, "project"),
        human::bounds(policy, currency)
    );
    let fields = json!({
        "verifier": verifier, "purpose": purpose, "origin": origin, "expiry": expiry,
        "projects": projects, "amounts": amounts, "times": times,
        "currency": currency.map(|code| code.to_string()),
    });
    output.note("question", text, fields);
}

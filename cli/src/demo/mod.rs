//! `wufu demo`: the main job in one command, on this machine, with real services between the parts.

mod args;
mod forge;
mod question;
mod refusals;
mod report;
mod servers;
mod world;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::json;
use wufu_proto::{Envelope, envelope::Binding, v1};
use wufu_verifier::{
    ClaimCheck, Donation, DonationCheck, FiveFu, ProofRequest, Verified, VerifyError,
    log::history::Window,
};
use wufu_wallet::{Answer, ClaimAsk, ClaimPlan, DonationOptions, DonationPlan, SubmitOutcome};

use crate::{
    files,
    human::Span,
    ledger::import::FormatArgs,
    output::{Output, duration},
    wallet::report_fields,
};
pub use args::DemoArgs;
use report::{Findings, ShownProof};
use world::World;

/// Runs the demo. It succeeds when both proofs and the claim are accepted, and everything that must be refused is.
pub async fn run(args: DemoArgs, output: Output) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    if args.donations.is_none() && args.format != FormatArgs::default() {
        bail!("options that say how a file is written need the file: --donations FILE");
    }
    let world = World::build(&args, output).await?;
    let mut findings = Findings::default();

    let claim = claim(&world, "account 42 at the bank of Mei", output).await?;
    let (verified, verify_time) = verify_claim(&world, &claim.answer.envelope)?;
    findings.accept("the verifier accepts the Five Fu proof");
    told_verified("five-fu", verified.epoch(), verify_time, output);
    submit(&world, &claim.answer.envelope, &mut findings, output).await?;

    let donation = donation(&world, &args, output).await?;
    let (verified, verify_time) =
        verify_donation(&world, &world.request, &donation.answer.envelope)?;
    findings.accept("the verifier accepts the donation proof");
    told_verified("donation", verified.epoch(), verify_time, output);
    findings.verify_time = verify_time;
    let envelope = args.dir.join("answer.env");
    write_envelope(&envelope, &donation.answer.envelope)?;
    write_envelope(&args.dir.join("claim.env"), &claim.answer.envelope)?;

    refusals::four_kinds(&world, &mut findings, output).await?;
    refusals::second_claim(&world, &mut findings, output).await?;
    refusals::other_challenge(&world, &donation.answer.envelope, &mut findings, output)?;
    refusals::outside_the_bounds(&world, &mut findings, output).await?;
    refusals::tampered(&world, &donation.answer.envelope, &mut findings, output)?;

    let commands = commands(&args.dir);
    world.end().await?;
    findings.table(&claim, &donation, began.elapsed(), output);
    if !output.is_json() {
        output.text(format_args!("\nThe folder is {}. Go on with:\n", args.dir.display()));
    }
    let lines: Vec<_> =
        commands.iter().map(|(what, command)| format!("# {what}\n{command}")).collect();
    let only: Vec<_> = commands.iter().map(|(_, command)| command).collect();
    output.note("commands", lines.join("\n"), json!({ "dir": args.dir, "commands": only }));
    Ok(findings.summary(&claim, &donation, output))
}

async fn claim(world: &World, payout: &str, output: Output) -> anyhow::Result<ShownProof> {
    let began = Instant::now();
    let plan = plan_claim(world, payout, false).await?;
    told_plan("five-fu", plan.report(), output);
    let answer = plan.prove(&world.claimants, Arc::new(|_| ()), files::now()?).await?;
    told_proof("five-fu", &answer, output);
    let persons = answer.report.anonymity;
    let seen =
        format!("one of at most {persons} persons holds all five, once; the payee is {payout:?}");
    Ok(ShownProof { answer, took: began.elapsed(), seen })
}

async fn plan_claim(world: &World, payout: &str, again: bool) -> anyhow::Result<ClaimPlan> {
    let (org, expiry) = (&world.campaign.org, files::now()? + 86_400);
    let ask = ClaimAsk::new(org, payout.as_bytes(), expiry, world.five_fu.id());
    // The demo's campaign is small.
    let ask = ClaimAsk { again, min_anonymity: 1, ..ask };
    Ok(world.mei.plan_claim(&world.campaign.sources(), &ask, files::now()?).await?)
}

async fn donation(world: &World, args: &DemoArgs, output: Output) -> anyhow::Result<ShownProof> {
    let began = Instant::now();
    let options = DonationOptions { min_anonymity: args.min_anonymity, ..Default::default() };
    let plan = plan_donation(world, &world.request, &options).await.context(
        "the donation cannot be shown (a file of fewer than 1,000 records needs --min-anonymity)",
    )?;
    told_plan("donation", plan.report(), output);
    let answer = plan.prove(&world.donors, Arc::new(|_| ()), files::now()?).await?;
    told_proof("donation", &answer, output);
    let records = answer.report.anonymity;
    let seen = format!("one of at most {records} public records; not which, not whose");
    Ok(ShownProof { answer, took: began.elapsed(), seen })
}

async fn plan_donation(
    world: &World,
    request: &ProofRequest,
    options: &DonationOptions,
) -> anyhow::Result<DonationPlan> {
    let sources = world.charity.sources();
    Ok(world.donor.plan_donation(&sources, request, options, files::now()?).await?)
}

fn told_plan(circuit: &str, report: &wufu_wallet::Report, output: Output) {
    let compared = report.compared.as_deref().unwrap_or("nobody");
    let text = format!(
        "{circuit}: planned; one of at most {}, epoch {} ({} old), checkpoints compared with {compared}",
        report.anonymity,
        report.epoch,
        Span(report.epoch_age)
    );
    let mut fields = report_fields(report);
    fields["circuit"] = circuit.into();
    output.note("plan", text, fields);
}

fn told_proof(circuit: &str, answer: &Answer, output: Output) {
    let prove_ms = report::ms(answer.timings.prove);
    let text = format!(
        "{circuit}: proved in {}, verified in the wallet; {}",
        duration(answer.timings.prove),
        answer.mode.learned()
    );
    let fields = json!({
        "circuit": circuit, "prove_ms": prove_ms, "mode": answer.mode.name(), "learned": answer.mode.learned(),
        "servers": crate::wallet::servers(&answer.mode),
    });
    output.note("prove", text, fields);
}

fn told_verified(circuit: &str, epoch: u64, took: Duration, output: Output) {
    let text = format!("{circuit}: the verifier accepts it, in {}", duration(took));
    let fields = json!({ "circuit": circuit, "accepted": true, "epoch": epoch, "verify_ms": report::ms(took) });
    output.note("verify", text, fields);
}

/// What an embedder of the light library does with a claim.
fn verify_claim(
    world: &World,
    envelope: &Envelope,
) -> anyhow::Result<(Verified<FiveFu>, Duration)> {
    let Binding::Claim(claim) = envelope.binding() else {
        anyhow::bail!("a {} envelope, expected a claim", envelope.circuit());
    };
    let check = ClaimCheck {
        key: &world.five_fu,
        cards: &world.campaign.histories[0],
        persons: &world.campaign.histories[1],
        org: &world.campaign.org,
        now: files::now()?,
        window: Window::default(),
    };
    let began = Instant::now();
    let verified = check.verify(envelope.presented(), &claim.payout, claim.expiry)?;
    Ok((verified, began.elapsed()))
}

/// What an embedder of the light library does with the answer to its request.
fn verify_donation(
    world: &World,
    request: &ProofRequest,
    envelope: &Envelope,
) -> anyhow::Result<(Verified<Donation>, Duration)> {
    let began = Instant::now();
    let verified = check_donation(world, request, envelope)?;
    Ok((verified, began.elapsed()))
}

fn check_donation(
    world: &World,
    request: &ProofRequest,
    envelope: &Envelope,
) -> Result<Verified<Donation>, VerifyError> {
    let check = DonationCheck {
        key: &world.donation,
        log: &world.charity.histories[0],
        verifier: request.verifier(),
        question: request.question(),
        // The clock was read a moment ago: this is a demo, and requests live for a day.
        now: world.now,
        window: Window::default(),
    };
    check.verify(envelope.presented())
}

async fn submit(
    world: &World,
    envelope: &Envelope,
    findings: &mut Findings,
    output: Output,
) -> anyhow::Result<()> {
    match world.mei.submit(&world.campaign.endpoint, envelope).await? {
        SubmitOutcome::Admitted { claim, .. } => {
            findings.accept("the campaign's ledger admits the claim");
            let text = format!("the campaign's ledger admits the claim, as number {claim}");
            output.note("claim", text, json!({ "admitted": true, "claim": claim }));
            Ok(())
        }
        SubmitOutcome::Spent { .. } => anyhow::bail!("the first claim was refused as spent"),
    }
}

/// Three commands that work on the folder.
fn commands(dir: &Path) -> [(&'static str, String); 3] {
    let wufu = quoted(&executable());
    let file = |name: &str| quoted(&dir.join(name));
    let verify = |envelope: &str| {
        format!(
            "{wufu} verify {} --request {} --key {} --dev-keys --log-key {} --checkpoint {}",
            file(envelope),
            file("verifier/request.req"),
            file("verifier/donation.vk"),
            file("verifier/charity.pub"),
            file("verifier/charity.notes"),
        )
    };
    let tamper = format!(
        "{wufu} envelope tamper {} {} && {}",
        file("answer.env"),
        file("tampered.env"),
        verify("tampered.env")
    );
    let again = format!(
        "{wufu} wallet answer {} --dir {} --ledger {} --second {} --out {}",
        file("verifier/request.req"),
        file("donor"),
        file("charity"),
        file("charity-mirror.notes"),
        file("again.env"),
    );
    [
        ("verify", verify("answer.env")),
        ("tamper and verify", tamper),
        ("prove again, inside the wallet", again),
    ]
}

/// This program, as it can be called from here.
fn executable() -> PathBuf {
    let path = env::current_exe().unwrap_or_else(|_| "wufu".into());
    let here = env::current_dir().ok();
    let relative = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    relative.unwrap_or(path)
}

/// As a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn write_envelope(path: &Path, envelope: &Envelope) -> anyhow::Result<()> {
    files::write_message(path, &v1::Envelope::from(envelope), false)
}

//! `wufu demo`: the whole system in one command, on this machine, with real services between the
//! parts.

mod args;
mod forge;
mod question;
mod refusals;
mod report;
mod servers;
mod steps;
mod world;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::bail;
use serde_json::json;
use wufu_proto::{Envelope, v1};

use crate::{files, ledger::import::FormatArgs, output::Output};
pub use args::DemoArgs;
use report::Findings;
use steps::{claim, donation, submit, told_verified, verify_claim, verify_donation};
use world::World;

/// Runs the demo. It succeeds if both proofs and the claim are accepted, and everything that must
/// be refused is refused.
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
        output
            .text(format_args!("\nEverything is in {}. Next, you can run:\n", args.dir.display()));
    }
    let lines: Vec<_> =
        commands.iter().map(|(what, command)| format!("# {what}\n{command}")).collect();
    let only: Vec<_> = commands.iter().map(|(_, command)| command).collect();
    output.note("commands", lines.join("\n"), json!({ "dir": args.dir, "commands": only }));
    Ok(findings.summary(&claim, &donation, output))
}

/// Three commands to try on the folder of the demo.
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
        ("change one bit, and verify", tamper),
        ("prove again, inside the wallet", again),
    ]
}

/// The path of this program, as it can be called from here.
fn executable() -> PathBuf {
    let path = env::current_exe().unwrap_or_else(|_| "wufu".into());
    let here = env::current_dir().ok();
    let relative = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    relative.unwrap_or(path)
}

/// The path, quoted for a shell.
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

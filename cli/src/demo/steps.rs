//! The steps of the wallets and the verifier of the demo.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::json;
use wufu_proto::{Envelope, envelope::Binding};
use wufu_verifier::{
    ClaimCheck, Donation, DonationCheck, FiveFu, ProofRequest, Verified, VerifyError,
    log::history::Window,
};
use wufu_wallet::{Answer, ClaimAsk, ClaimPlan, DonationOptions, DonationPlan, SubmitOutcome};

use super::{
    args::DemoArgs,
    report::{self, Findings, ShownProof},
    world::World,
};
use crate::{
    files,
    human::{self, Span},
    output::{Output, duration},
    wallet::report_fields,
};

pub async fn claim(world: &World, payout: &str, output: Output) -> anyhow::Result<ShownProof> {
    let began = Instant::now();
    let plan = plan_claim(world, payout, false).await?;
    told_plan("five-fu", plan.report(), output);
    let answer = plan.prove(&world.claimants, Arc::new(|_| ()), files::now()?).await?;
    told_proof("five-fu", &answer, output);
    let persons = human::number(answer.report.anonymity);
    let seen = format!(
        "one of at most {persons} persons holds all five cards, and claims once; the payee is \
         {payout:?}"
    );
    Ok(ShownProof { answer, took: began.elapsed(), seen })
}

pub async fn plan_claim(world: &World, payout: &str, again: bool) -> anyhow::Result<ClaimPlan> {
    let (org, expiry) = (&world.campaign.org, files::now()? + 86_400);
    let ask = ClaimAsk::new(org, payout.as_bytes(), expiry, world.five_fu.id());
    // The demo's campaign is small.
    let ask = ClaimAsk { again, min_anonymity: 1, ..ask };
    Ok(world.mei.plan_claim(&world.campaign.sources(), &ask, files::now()?).await?)
}

pub async fn donation(
    world: &World,
    args: &DemoArgs,
    output: Output,
) -> anyhow::Result<ShownProof> {
    let began = Instant::now();
    let options = DonationOptions { min_anonymity: args.min_anonymity, ..Default::default() };
    let plan = plan_donation(world, &world.request, &options).await.context(
        "the donation cannot be shown (a file of fewer than 1,000 records needs --min-anonymity)",
    )?;
    told_plan("donation", plan.report(), output);
    let answer = plan.prove(&world.donors, Arc::new(|_| ()), files::now()?).await?;
    told_proof("donation", &answer, output);
    let records = human::number(answer.report.anonymity);
    let seen = format!("it is one of at most {records} public records, but not which one or whose");
    Ok(ShownProof { answer, took: began.elapsed(), seen })
}

pub async fn plan_donation(
    world: &World,
    request: &ProofRequest,
    options: &DonationOptions,
) -> anyhow::Result<DonationPlan> {
    let sources = world.charity.sources();
    Ok(world.donor.plan_donation(&sources, request, options, files::now()?).await?)
}

pub fn told_plan(circuit: &str, report: &wufu_wallet::Report, output: Output) {
    let compared = report.compared.as_deref().unwrap_or("nobody");
    let text = format!(
        "{circuit}: planned; one of at most {}, epoch {} ({} old), checkpoints compared with \
         {compared}",
        human::number(report.anonymity),
        report.epoch,
        Span(report.epoch_age)
    );
    let mut fields = report_fields(report);
    fields["circuit"] = circuit.into();
    output.note("plan", text, fields);
}

pub fn told_proof(circuit: &str, answer: &Answer, output: Output) {
    let prove_ms = report::ms(answer.timings.prove);
    let text = format!(
        "{circuit}: proved in {}, verified in the wallet; {}",
        duration(answer.timings.prove),
        answer.mode.learned()
    );
    let fields = json!({
        "circuit": circuit, "prove_ms": prove_ms, "mode": answer.mode.name(),
        "learned": answer.mode.learned(), "servers": crate::wallet::servers(&answer.mode),
    });
    output.note("prove", text, fields);
}

pub fn told_verified(circuit: &str, epoch: u64, took: Duration, output: Output) {
    let text = format!("{circuit}: the verifier accepts it, in {}", duration(took));
    let verify_ms = report::ms(took);
    let fields = json!({
        "circuit": circuit, "accepted": true, "epoch": epoch, "verify_ms": verify_ms,
    });
    output.note("verify", text, fields);
}

/// Verifies a claim, as a program that embeds the verifier does.
pub fn verify_claim(
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

/// Verifies the answer to a request, as a program that embeds the verifier does.
pub fn verify_donation(
    world: &World,
    request: &ProofRequest,
    envelope: &Envelope,
) -> anyhow::Result<(Verified<Donation>, Duration)> {
    let began = Instant::now();
    let verified = check_donation(world, request, envelope)?;
    Ok((verified, began.elapsed()))
}

pub fn check_donation(
    world: &World,
    request: &ProofRequest,
    envelope: &Envelope,
) -> Result<Verified<Donation>, VerifyError> {
    let check = DonationCheck {
        key: &world.donation,
        log: &world.charity.histories[0],
        verifier: request.verifier(),
        question: request.question(),
        // The clock was read a moment ago, which is enough here: requests live for a day.
        now: world.now,
        window: Window::default(),
    };
    check.verify(envelope.presented())
}

pub async fn submit(
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

//! Attempts that must be refused.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use rand::{RngCore as _, rngs::OsRng};
use serde_json::json;
use wufu_proto::{
    Envelope, v1,
    witness::{Job, UncheckedWitness},
};
use wufu_verifier::{Amount, ProofRequest, VerifyError, encoding::text};
use wufu_wallet::{DonationOptions, ProofSource, SubmitOutcome};

use super::{
    forge,
    question::question,
    report::Findings,
    steps::{check_donation, plan_claim, plan_donation},
    world::World,
};
use crate::{files, output::Output};

/// Only four kinds: the wallet finds that one is missing, and a prover that is given one kind twice
/// finds a false clause.
pub async fn four_kinds(
    world: &World,
    findings: &mut Findings,
    output: Output,
) -> anyhow::Result<()> {
    let (org, expiry) = (&world.campaign.org, files::now()? + 3600);
    let ask = wufu_wallet::ClaimAsk::new(org, b"Bo", expiry, world.five_fu.id());
    let planned = world.bo.plan_claim(&world.campaign.sources(), &ask, files::now()?).await;
    let in_wallet = planned.err().map(|error| error.to_string());

    let instance = forge::one_kind_twice(world).await?;
    let job =
        Job { key_id: world.five_fu.id(), witnessed: UncheckedWitness::FiveFu(Box::new(instance)) };
    let proved = world.claimants.prove(job, Arc::new(|_| ())).await;
    let by_prover = proved.err().map(|error| error.to_string());
    let reason = both(in_wallet, by_prover);
    told("four kinds only", reason, findings, output);
    Ok(())
}

/// A second claim, for another payee: the proof is valid, but its nullifiers are spent.
pub async fn second_claim(
    world: &World,
    findings: &mut Findings,
    output: Output,
) -> anyhow::Result<()> {
    let plan = plan_claim(world, "another account of Mei", true).await?;
    let answer = plan.prove(&world.claimants, Arc::new(|_| ()), files::now()?).await?;
    let reason = match world.mei.submit(&world.campaign.endpoint, &answer.envelope).await? {
        SubmitOutcome::Spent { earlier_payout, .. } => {
            let payout = text::shown(&earlier_payout);
            Some(format!("already spent by the claim for {payout}, which the ledger proves"))
        }
        SubmitOutcome::Admitted { .. } => None,
    };
    told("a second claim", reason, findings, output);
    Ok(())
}

/// The answer to one verifier, shown to another verifier, and to the same one with another
/// challenge.
pub fn other_challenge(
    world: &World,
    envelope: &Envelope,
    findings: &mut Findings,
    output: Output,
) -> anyhow::Result<()> {
    let mut secret = [0; 32];
    OsRng.fill_bytes(&mut secret);
    let other = ed25519_dalek::SigningKey::from_bytes(&secret);
    let asked = question(
        &world.charity.origins[0],
        &world.projects,
        world.donation.id(),
        Amount::MIN,
        world.now,
    )?;
    let request = ProofRequest::sign(&other, asked.clone())?;
    let relayed = check_donation(world, &request, envelope).err();
    let mut own = world.request.question().clone();
    own.challenge = asked.challenge;
    let check = wufu_verifier::DonationCheck {
        key: &world.donation,
        log: &world.charity.histories[0],
        verifier: world.request.verifier(),
        question: &own,
        now: world.now,
        window: wufu_verifier::log::history::Window::default(),
    };
    let stale = check.verify(envelope.presented()).err();
    let reason = match (relayed, stale) {
        (
            Some(relayed @ VerifyError::NotAsked { .. }),
            Some(stale @ VerifyError::NotAsked { .. }),
        ) => Some(format!("another verifier: {relayed}; another challenge: {stale}")),
        _ => None,
    };
    told("another verifier's challenge", reason, findings, output);
    Ok(())
}

/// A donation below the requested amount: the wallet has none that fits, and a prover that is given
/// it finds a false clause.
pub async fn outside_the_bounds(
    world: &World,
    findings: &mut Findings,
    output: Output,
) -> anyhow::Result<()> {
    let mut secret = [0; 32];
    OsRng.fill_bytes(&mut secret);
    let other = ed25519_dalek::SigningKey::from_bytes(&secret);
    let more = Amount::new(world.receipt.amount.minor() + 1)?;
    let origin = &world.charity.origins[0];
    let asked = question(origin, &world.projects, world.donation.id(), more, world.now)?;
    let request = ProofRequest::sign(&other, asked)?;
    // Too few matching records would be another reason to refuse, so that check is off.
    let options = DonationOptions { min_anonymity: 0, ..DonationOptions::default() };
    let planned = plan_donation(world, &request, &options).await;
    let in_wallet = planned.err().map(|error| error.to_string());

    let instance = forge::outside(world, &request).await?;
    let policy = request.question().policy.clone();
    let witnessed = UncheckedWitness::Donation(Box::new(instance), policy);
    let proved =
        world.donors.prove(Job { key_id: world.donation.id(), witnessed }, Arc::new(|_| ()));
    let by_prover = proved.await.err().map(|error| error.to_string());
    told("a donation outside the bounds", both(in_wallet, by_prover), findings, output);
    Ok(())
}

/// A changed proof, and a changed public input.
pub fn tampered(
    world: &World,
    envelope: &Envelope,
    findings: &mut Findings,
    output: Output,
) -> anyhow::Result<()> {
    let mut reasons = Vec::new();
    for part in [crate::envelope::EnvelopePart::Proof, crate::envelope::EnvelopePart::Ext] {
        let mut message = v1::Envelope::from(envelope);
        crate::envelope::tamper(&mut message, part)?;
        let changed =
            Envelope::try_from(message).context("a tampered envelope can still be read")?;
        match check_donation(world, &world.request, &changed) {
            Err(error) => reasons.push(error.to_string()),
            Ok(_) => bail!("a tampered proof was accepted"),
        }
    }
    told("a tampered proof", Some(reasons.join("; ")), findings, output);
    Ok(())
}

/// The reasons of both, if both refused.
fn both(in_wallet: Option<String>, by_prover: Option<String>) -> Option<String> {
    Some(format!("by the wallet: {}; and by the prover: {}", in_wallet?, by_prover?))
}

fn told(what: &'static str, reason: Option<String>, findings: &mut Findings, output: Output) {
    let text = match &reason {
        Some(reason) => format!("refused, as it must be: {what}: {reason}"),
        None => format!("NOT REFUSED: {what}"),
    };
    output.note(
        "refusal",
        text,
        json!({ "what": what, "refused": reason.is_some(), "reason": reason }),
    );
    findings.refuse(what, reason);
}

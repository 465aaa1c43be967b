//! Lists what a wallet holds and has done, and forgets items.

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::bail;
use serde_json::{Value, json};
use wufu_ledger::CurrencyCode;
use wufu_wallet::{Holding, InclusionStatus, Item, ItemName, Wallet};

use crate::{
    files,
    human::{self, Utc},
    output::Output,
};

/// Lists what is held, which claims were made and which requests were answered.
pub fn list(wallet: &Wallet, output: Output) -> anyhow::Result<()> {
    let items = wallet.items()?;
    for item in &items {
        let (step, what, mut fields) = describe(wallet, item)?;
        if let Value::Object(fields) = &mut fields {
            fields.insert("item".into(), item.name().to_string().into());
            fields.insert("place".into(), item.name().place.into());
            fields.insert("standing".into(), item.standing().name().into());
        }
        output.result(step, format_args!("{}: {what}{}", item.name(), remark(item)), fields);
    }
    let claims = claims(wallet, output)?;
    let answers = answers(wallet, &items, output)?;
    if items.is_empty() && claims + answers == 0 {
        let next = "give an issuer or a charity its address (wufu wallet address --org ORG), then \
                    take in what they send (wufu wallet receive FILE)";
        let fields = json!({ "items": 0, "claims": 0, "answers": 0, "next": next });
        output.result("empty", format_args!("this wallet holds nothing yet: {next}"), fields);
    }
    Ok(())
}

/// Describes an item. Amounts are in the currency that its ledger named at a sync.
fn describe(wallet: &Wallet, item: &Item) -> anyhow::Result<(&'static str, String, Value)> {
    Ok(match item.holding() {
        Holding::Card(card) => {
            let (org, kind) = (&card.grant.org, card.grant.card.kind);
            ("card", format!("card of {kind}"), json!({ "org": org, "kind": kind.english() }))
        }
        Holding::Person(person) => {
            ("person", "your place among the persons".into(), json!({ "org": person.grant.org }))
        }
        Holding::Donation(donation) => {
            let receipt = &donation.receipt;
            let project =
                format!("{}:{}", receipt.project.institution(), receipt.project.project());
            let currency = wallet.currency(&item.name().log.org)?;
            let currency = currency.and_then(|code| code.parse::<CurrencyCode>().ok());
            let text = format!(
                "donation of {} at {} to {project}",
                human::money(receipt.amount.minor().into(), currency),
                Utc(receipt.time.seconds())
            );
            let fields = json!({
                "origin": receipt.origin,
                "amount": receipt.amount.minor(),
                "time": receipt.time.seconds(),
                "project": project,
            });
            ("donation", text, fields)
        }
    })
}

fn remark(item: &Item) -> String {
    let (name, org) = (item.name(), &item.name().log.org);
    match item.standing() {
        InclusionStatus::Found => String::new(),
        InclusionStatus::Unconfirmed => {
            format!("; not confirmed yet (wufu wallet sync --org {org} looks for it in its log)")
        }
        InclusionStatus::Foreign => format!("; {NOT_OURS} (wufu wallet forget {name})"),
    }
}

/// The remark on an item that turned out to belong to somebody else.
pub const NOT_OURS: &str = "not this wallet's: its log has another leaf there";

fn claims(wallet: &Wallet, output: Output) -> anyhow::Result<usize> {
    let (now, mut count) = (files::now()?, 0);
    for org in wallet.claimed_orgs()? {
        for claim in wallet.claims(&org)? {
            count += 1;
            let payout = String::from_utf8_lossy(&claim.payout).into_owned();
            let admitted = claim.admitted();
            let (state, text) = match (&claim.receipt, admitted) {
                (Some(_), Some(number)) => ("admitted", format!("claim {number}, admitted")),
                (Some(_), None) => ("admitted", "claim, admitted".into()),
                (None, _) if claim.refusal.is_some() => {
                    let why = claim.refused_for().map_or("by the ledger".into(), |earlier| {
                        format!("because claim {earlier} was admitted before it")
                    });
                    ("refused", format!("claim, refused {why}"))
                }
                (None, _) if now < claim.expiry => (
                    "open",
                    format!(
                        "claim, not submitted or not answered, valid until {}",
                        Utc(claim.expiry)
                    ),
                ),
                (None, _) => {
                    ("over", format!("claim, expired at {} without an answer", Utc(claim.expiry)))
                }
            };
            let made = when(claim.made);
            let fields = json!({
                "org": org, "state": state, "claim": admitted, "payout": payout, "made": claim.made,
                "expiry": claim.expiry, "refusal": claim.refusal,
            });
            let text = format!("{org}: {text}; payout {payout:?}, made {made}");
            output.result("claim", text, fields);
        }
    }
    Ok(count)
}

fn answers(wallet: &Wallet, items: &[Item], output: Output) -> anyhow::Result<usize> {
    let answers = wallet.answers()?;
    for answer in &answers {
        let shown = items.iter().find(|item| match item.holding() {
            Holding::Donation(donation) => donation.leaf == answer.leaf,
            Holding::Card(_) | Holding::Person(_) => false,
        });
        let item = shown.map(|item| item.name().to_string());
        let name = item.as_deref().unwrap_or("a donation that is no longer held");
        let verifier = files::hex(&answer.verifier);
        let purpose = answer.purpose.as_deref();
        let what_for = purpose.map(|purpose| format!(" for {purpose:?}")).unwrap_or_default();
        let text = format!("answered {verifier}{what_for} with {name}, {}", when(answer.made));
        let fields = json!({
            "verifier": verifier, "purpose": purpose, "item": item, "made": answer.made,
        });
        output.result("answer", text, fields);
    }
    Ok(answers.len())
}

fn when(made: Option<u64>) -> String {
    made.map_or("at an unknown time".into(), |made| format!("at {}", Utc(made)))
}

/// Forgets an item, after confirmation.
pub fn forget(wallet: &Wallet, name: &ItemName, yes: bool, output: Output) -> anyhow::Result<()> {
    let item = wallet.item(name)?;
    let (_, what, _) = describe(wallet, &item)?;
    let lost = match item.standing() {
        InclusionStatus::Foreign => "it is not this wallet's, so nothing is lost",
        InclusionStatus::Unconfirmed => {
            "nobody has looked for it in its log yet; if it is this wallet's, only whoever sent it \
             can send it again"
        }
        InclusionStatus::Found => {
            "it is this wallet's: nothing can be proved with it until whoever sent it sends it \
             again"
        }
    };
    let kept = "What was shown or claimed with it is still remembered";
    if !yes {
        if output.is_json() || !io::stdin().is_terminal() {
            bail!("{name}, {what}: {lost}. {kept}. Add --yes to forget it");
        }
        output.text(format_args!("{name}, {what}: {lost}. {kept}. Forget it? (yes or no)"));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            bail!("nothing was forgotten: expected yes, got {:?}", answer.trim());
        }
    }
    let item = wallet.forget(name)?;
    let fields = json!({
        "item": name.to_string(), "standing": item.standing().name(), "lost": lost, "kept": kept,
    });
    output.result("forgotten", format_args!("forgot {name}, {what}: {lost}. {kept}"), fields);
    Ok(())
}

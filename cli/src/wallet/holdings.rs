//! What a wallet holds and pins.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::json;
use wufu_verifier::{CircuitName, Trust};
use wufu_wallet::{Checked, Received, Wallet, envelope, sync::SyncError};

use super::SourceArgs;
use crate::{
    files,
    human::{self, Span, Utc},
    output::Output,
    setup, source,
};

/// Pins log keys and verifying keys.
pub fn pin(
    wallet: &Wallet,
    log_keys: &[String],
    keys: &[PathBuf],
    dev_keys: bool,
    output: Output,
) -> anyhow::Result<()> {
    let trust = if dev_keys { Trust::AcceptDevelopment } else { Trust::CeremonyOnly };
    let mut pinned = 0;
    for text in log_keys {
        let key = source::log_key(text)?;
        wallet.pin_log_key(&key)?;
        output.note(
            "pinned",
            format_args!("log key of {}", key.name()),
            json!({ "log_key": key.to_string() }),
        );
        pinned += 1;
    }
    let mut verifying = Vec::new();
    for path in keys {
        verifying.push(setup::verifying_key(path, trust).context("--key")?);
    }
    if dev_keys && keys.is_empty() {
        for circuit in CircuitName::ALL {
            verifying.extend(setup::cached_verifying_key(circuit)?);
        }
    }
    for key in verifying {
        wallet.pin_verifying_key(&key)?;
        let text = format!("{} key {}", key.circuit(), key.id());
        output.note(
            "pinned",
            text,
            json!({ "circuit": key.circuit().as_str(), "key_id": key.id().to_string() }),
        );
        pinned += 1;
    }
    if pinned == 0 {
        bail!("nothing to pin, expected --log-key, --key, or --dev-keys (after wufu setup dev)");
    }
    Ok(())
}

/// Takes in grants and receipts from files.
pub fn receive(wallet: &Wallet, paths: &[PathBuf], output: Output) -> anyhow::Result<()> {
    let mut refused = 0;
    for path in paths {
        let bytes = envelope::read_bytes(path).with_context(|| path.display().to_string())?;
        for received in wallet.receive(&bytes).with_context(|| path.display().to_string())? {
            match received {
                Ok(received) => {
                    let (what, checked) = describe(received);
                    let found = checked == Checked::InLog;
                    let where_ =
                        if found { "found in its log" } else { "to be found at the next sync" };
                    let fields = json!({ "file": path, "what": what, "found": found });
                    output.result("received", format_args!("{what}: {where_}"), fields);
                }
                Err(error) => {
                    refused += 1;
                    let fields = json!({ "file": path, "refused": error.to_string() });
                    output.result("refused", format_args!("{}: {error}", path.display()), fields);
                }
            }
        }
    }
    if refused > 0 {
        bail!("{refused} refused");
    }
    Ok(())
}

fn describe(received: Received) -> (String, Checked) {
    match received {
        Received::Card(kind, checked) => (format!("card of {kind}"), checked),
        Received::Person(checked) => ("place in the person log".into(), checked),
        Received::Donation(checked) => ("donation".into(), checked),
    }
}

/// Lists what is held.
pub fn list(wallet: &Wallet, output: Output) -> anyhow::Result<()> {
    for card in wallet.cards()? {
        let grant = &card.grant;
        let text =
            format!("{}: card of {}, place {}", grant.org, grant.card.kind, grant.path.index());
        let fields = json!({ "org": grant.org, "kind": grant.card.kind.english(), "place": grant.path.index() });
        output.result("card", text, fields);
    }
    for person in wallet.persons()? {
        let grant = &person.grant;
        let text = format!("{}: person, place {}", grant.org, grant.path.index());
        output.result("person", text, json!({ "org": grant.org, "place": grant.path.index() }));
    }
    for donation in wallet.donations()? {
        let receipt = &donation.receipt;
        let (project, place) = (receipt.project, receipt.path.index());
        let text = format!(
            "{}: donation of {} at {} to {}:{}, place {place}",
            receipt.origin,
            human::money(receipt.amount.minor().into(), None),
            Utc(receipt.time.seconds()),
            project.institution(),
            project.project()
        );
        let fields = json!({
            "origin": receipt.origin,
            "amount": receipt.amount.minor(),
            "time": receipt.time.seconds(),
            "project": format!("{}:{}", project.institution(), project.project()),
            "place": place,
        });
        output.result("donation", text, fields);
    }
    Ok(())
}

/// Looks at an org's logs.
pub async fn sync(
    wallet: &Wallet,
    org: &str,
    sources: &SourceArgs,
    output: Output,
) -> anyhow::Result<()> {
    let (sources, opened) = sources.open().await?;
    let found = wallet.sync(&sources, org, files::now()?).await;
    drop(opened);
    for log in found.map_err(explain)? {
        let compared = log.compared.as_deref().unwrap_or("nobody");
        let text = format!(
            "{}: {} leaves at epoch {} ({} old), compared with {compared}; yours: {} ready, {} not yet, {} not yours, {} shards to look up",
            log.log,
            log.size,
            log.epoch,
            Span(log.epoch_age),
            log.ready,
            log.not_yet,
            log.foreign,
            log.away.len()
        );
        let fields = json!({
            "log": log.log.to_string(), "epoch": log.epoch, "epoch_age": log.epoch_age, "size": log.size,
            "compared": log.compared, "ready": log.ready, "not_yet": log.not_yet,
            "foreign": log.foreign, "away": log.away,
        });
        output.result("log", text, fields);
    }
    Ok(())
}

fn explain(error: SyncError) -> anyhow::Error {
    let pin = matches!(error, SyncError::NoLogKey { .. });
    let error = anyhow::Error::from(error);
    if pin { error.context("pin one first with wufu wallet pin --log-key") } else { error }
}

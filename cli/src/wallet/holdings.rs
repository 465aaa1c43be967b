//! Pins keys, takes in grants and receipts, and looks for them in their logs.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::json;
use wufu_ledger::CurrencyCode;
use wufu_verifier::{CircuitName, Trust};
use wufu_wallet::{GrpcSource, Inclusion, LogName, ReceivedItem, Wallet};

use super::{list::NOT_OURS, notes, sources::SourceArgs};
use crate::{
    files,
    human::{self, Span},
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
        let name = files::name(path);
        let bytes = files::read_grants(path)?;
        for received in wallet.receive(&bytes).with_context(|| name.clone())? {
            match received {
                Ok(received) => {
                    let (what, checked) = describe(received);
                    let found = checked == Inclusion::InLog;
                    let where_ = if found {
                        "found in its log"
                    } else {
                        "taken in, not confirmed yet (wufu wallet sync looks for it in its log)"
                    };
                    let fields = json!({ "file": path, "what": what, "found": found });
                    output.result("received", format_args!("{what}: {where_}"), fields);
                }
                Err(error) => {
                    refused += 1;
                    let fields = json!({ "file": path, "refused": error.to_string() });
                    output.result("refused", format_args!("{name}: {error}"), fields);
                }
            }
        }
    }
    if refused > 0 {
        bail!("{refused} refused, and not taken in");
    }
    Ok(())
}

fn describe(received: ReceivedItem) -> (String, Inclusion) {
    match received {
        ReceivedItem::Card(kind, checked) => (format!("card of {kind}"), checked),
        ReceivedItem::Person(checked) => ("place in the person log".into(), checked),
        ReceivedItem::Donation(checked) => ("donation".into(), checked),
    }
}

/// Reads an organisation's logs, and prints what the wallet holds in them.
pub async fn sync(
    wallet: &Wallet,
    org: &str,
    sources: &SourceArgs,
    output: Output,
) -> anyhow::Result<()> {
    let (sources, opened) = sources.open(output).await?;
    notes::reading(org, &sources, output);
    let found = wallet.sync(&sources, org, files::now()?).await;
    // Only for the amounts in lists: the ledger's information about itself is not signed. Every
    // wallet asks for it.
    let info = match &found {
        Ok(_) => GrpcSource::new(opened.endpoint()?).info().await.ok(),
        Err(_) => None,
    };
    drop(opened);
    let found = found?;
    let currency = info.filter(|info| info.org == org).and_then(|info| info.currency);
    if let Some(code) = currency.filter(|code| code.parse::<CurrencyCode>().is_ok()) {
        wallet.keep_currency(org, &code)?;
    }
    let (mut held, logs) = (0, found.len());
    for log in found {
        held += log.ready + log.not_yet + log.foreign + log.away.len() as u64;
        let compared = log.compared.as_deref().unwrap_or("nobody");
        let text = format!(
            "{}: {} at epoch {} ({} old), compared with {compared}; in this wallet: {} ready, {} \
             not in the log yet, {} not yours, {} to look up",
            log.log,
            human::count(log.size, "leaf"),
            log.epoch,
            Span(log.epoch_age),
            human::number(log.ready),
            human::number(log.not_yet),
            human::number(log.foreign),
            human::count(log.away.len(), "shard")
        );
        let fields = json!({
            "log": log.log.to_string(), "epoch": log.epoch, "epoch_age": log.epoch_age,
            "size": log.size, "compared": log.compared, "ready": log.ready,
            "not_yet": log.not_yet, "foreign": log.foreign, "away": log.away,
        });
        output.result("log", text, fields);
        for item in log.foreign_items {
            let text = format!("{item}: {NOT_OURS} (wufu wallet forget {item})");
            let fields = json!({ "item": item.to_string(), "standing": "foreign" });
            output.result("foreign", text, fields);
        }
        for shard in log.away {
            let text = format!(
                "shard {shard} of {} was filled while this wallet was away: later, run wufu wallet \
                 look-up --log {} --shard {shard}",
                log.log, log.log
            );
            output.result("away", text, json!({ "log": log.log.to_string(), "shard": shard }));
        }
    }
    let holds = if held == 0 { "; this wallet holds nothing in them" } else { "" };
    output.text(format_args!("read {} of {org}{holds}", human::count(logs, "log")));
    Ok(())
}

/// Looks up one full shard.
pub async fn look_up(
    wallet: &Wallet,
    log: &LogName,
    shard: u64,
    sources: &SourceArgs,
    output: Output,
) -> anyhow::Result<()> {
    let (sources, opened) = sources.open(output).await?;
    notes::reading(&log.org, &sources, output);
    let found = wallet.look_up(&sources, log, shard, files::now()?).await;
    drop(opened);
    found?;
    let fields = json!({ "log": log.to_string(), "shard": shard });
    output.result("looked up", format_args!("searched shard {shard} of {log}"), fields);
    Ok(())
}

//! Commands that only read a ledger. They take no lock, so they work while the ledger is served.

use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::json;
use wufu_circuits::Address;
use wufu_ledger::{GrantError, LedgerReader, Log};
use wufu_proto::{log::LogInfo, v1};

use super::report::money;
use crate::{
    files,
    human::{self, Span, Utc, count},
    output::Output,
};

/// When an appended entry can be used, and what to do until then.
pub fn when(close: u64, now: u64) -> String {
    if close <= now {
        "it is in no checkpoint until `wufu ledger close-epoch`, or the running service at the end \
         of the epoch, signs one"
            .into()
    } else {
        format!(
            "this epoch's checkpoints are already signed, so it waits for the next epoch, which \
             begins at {} (in {}); then the service or `wufu ledger close-epoch` signs it",
            Utc(close),
            Span(close - now)
        )
    }
}

/// Writes the grants of an address.
pub async fn grants(
    dir: &Path,
    address: &Address,
    out: &Path,
    output: Output,
) -> anyhow::Result<()> {
    let ledger = LedgerReader::open(dir).await?;
    if address.org != ledger.org() {
        bail!("the address is for {:?}, expected one for {:?}", address.org, ledger.org());
    }
    let waiting = ledger.waiting_of(address.pk).await?.count();
    let now = files::now()?;
    let close = ledger.next_close(now).await?;
    let grants = ledger.with_trees().await?.grants_of(address.pk).await?;
    let number = grants.cards.len() + grants.persons.len() + grants.donations.len();
    if number == 0 && waiting == 0 {
        bail!(
            "nothing was appended for this address, so {} is not written: issue, register or \
             import first",
            out.display()
        );
    }
    if number == 0 {
        bail!(
            "no grant yet, so {} is not written: {} for this address; {}",
            out.display(),
            count(waiting, "entry"),
            when(close, now)
        );
    }
    files::write_message(out, &v1::AppendResponse::from(&grants), output.is_json())?;
    let mut text = format!("{} in {}", count(number, "grant"), out.display());
    if waiting > 0 {
        text +=
            &format!("; {} more for this address: {}", count(waiting, "entry"), when(close, now));
    }
    let fields = json!({ "file": out, "grants": number, "waiting": waiting, "next_close": close });
    output.beside(out).result("grants", text, fields);
    Ok(())
}

/// Writes a donation's receipt.
pub async fn receipt(dir: &Path, name: &str, out: &Path, output: Output) -> anyhow::Result<()> {
    let ledger = LedgerReader::open(dir).await?;
    let now = files::now()?;
    let close = ledger.next_close(now).await?;
    let found = ledger.with_trees().await?.donation_receipt(name.as_bytes()).await;
    let found = match found {
        Err(error @ GrantError::NotYet { .. }) => bail!("{error}; {}", when(close, now)),
        Err(error @ GrantError::Pending { .. }) => {
            bail!("{error}: set it with `wufu ledger own`")
        }
        found => found?,
    };
    files::write_message(out, &v1::DonationReceipt::from(&found), output.is_json())?;
    let text = format!("receipt in {}", out.display());
    output.beside(out).result("receipt", text, json!({ "file": out }));
    Ok(())
}

/// All signed checkpoints of a ledger, or of one of its logs.
pub async fn notes(dir: &Path, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let ledger = LedgerReader::open(dir).await?;
    let mut notes = Vec::new();
    for log in Log::ALL {
        if only.is_none_or(|only| log.to_string().starts_with(only)) {
            let checkpoints = ledger.checkpoints(&ledger.origin(log), 0).await?;
            notes.extend(checkpoints.iter().map(|checkpoint| checkpoint.note().to_owned()));
        }
    }
    Ok(notes)
}

/// Why no checkpoint is signed yet, and what to do.
async fn none_signed(dir: &Path, only: Option<&str>) -> anyhow::Result<String> {
    let ledger = LedgerReader::open(dir).await?;
    let (mut entries, now) = (0, files::now()?);
    let asked = Log::ALL
        .into_iter()
        .filter(|log| only.is_none_or(|only| log.to_string().starts_with(only)));
    let origins: Vec<String> = asked.map(|log| ledger.origin(log)).collect();
    for log in ledger.info().await?.logs {
        entries += if origins.contains(&log.origin) { log.size } else { 0 };
    }
    let logs = human::list(origins);
    Ok(if entries == 0 {
        format!(
            "there are no entries in {logs} (donations without an owner do not count): issue, \
             register or import first, then run `wufu ledger close-epoch`"
        )
    } else {
        format!(
            "{} in {logs}; {}",
            count(entries, "entry"),
            when(ledger.next_close(now).await?, now)
        )
    })
}

/// Writes or prints signed checkpoints.
pub async fn checkpoints(
    dir: &Path,
    only: Option<&str>,
    out: Option<PathBuf>,
    output: Output,
) -> anyhow::Result<()> {
    let notes = notes(dir, only).await?;
    if notes.is_empty() {
        bail!(
            "no checkpoint yet, so {}: {}",
            out.map_or("none is shown".into(), |out| format!("{} is not written", out.display())),
            none_signed(dir, only).await?
        );
    }
    match out {
        Some(out) => {
            files::write(&out, files::write::CHECKPOINTS, notes.join("\n").as_bytes())?;
            let text = format!("{} in {}", count(notes.len(), "checkpoint"), out.display());
            let fields = json!({ "file": out, "notes": notes.len() });
            output.beside(&out).result("checkpoints", text, fields);
        }
        None => output.result("checkpoints", notes.join("\n"), json!({ "notes": notes })),
    }
    Ok(())
}

/// Shows the organisation, its log key, its logs and their totals.
pub async fn info(dir: &Path, output: Output) -> anyhow::Result<()> {
    let ledger = LedgerReader::open(dir).await?;
    let (info, totals) = (ledger.info().await?, ledger.totals().await?);
    let (sum, code) = money(ledger.policy(), totals.sum);
    let leaves = |size: u64| count(size, "leaf");
    let logs: Vec<_> =
        info.logs.iter().map(|log| format!("{}: {}", log.origin, leaves(log.size))).collect();
    let donations = match ledger.policy().currency {
        None => "no currency, so no donations".into(),
        currency => format!(
            "{}, {}, {} of them pending",
            count(totals.donations, "donation"),
            human::money(totals.sum, currency),
            human::number(totals.pending)
        ),
    };
    let text = format!(
        "org {}\nlog key {}\n{}\n{donations}\nepoch {}, window {}",
        info.org,
        info.log_key,
        logs.join("\n"),
        Span(info.epoch_seconds),
        Span(info.window.0)
    );
    let log_json = |log: &LogInfo| json!({ "origin": log.origin, "size": log.size });
    let logs_json: Vec<_> = info.logs.iter().map(log_json).collect();
    let fields = json!({
        "org": info.org,
        "log_key": info.log_key.to_string(),
        "logs": logs_json,
        "donations": totals.donations,
        "pending": totals.pending,
        "sum": sum,
        "currency": code,
        "epoch_seconds": info.epoch_seconds,
        "window_seconds": info.window.0,
    });
    output.result("info", text, fields);
    Ok(())
}

/// Audits a ledger.
pub async fn audit(dir: &Path, output: Output) -> anyhow::Result<()> {
    let ledger = LedgerReader::open(dir).await?;
    let audit = ledger.audit().await?;
    for finding in &audit.findings {
        output.result("finding", finding, json!({ "finding": finding.to_string() }));
    }
    let (sum, code) = money(ledger.policy(), audit.sum);
    let leaves =
        audit.leaves.iter().map(|(log, leaves)| format!("{} of {log}", count(*leaves, "leaf")));
    let donated = match ledger.policy().currency {
        None => String::new(),
        currency => format!("{}, ", human::money(audit.sum, currency)),
    };
    let text = format!(
        "checked {}, {}, {donated}{}, {}: {}\n\
         all other rows (donations without an owner, names, claims): {}",
        human::list(leaves),
        count(audit.checkpoints, "checkpoint"),
        count(audit.claims, "claim"),
        count(audit.summaries, "summary"),
        count(audit.findings.len(), "finding"),
        audit.coverage
    );
    let fields = json!({
        "leaves": audit.leaves, "checkpoints": audit.checkpoints, "sum": sum, "currency": code,
        "claims": audit.claims, "summaries": audit.summaries, "rest": audit.coverage.to_string(),
        "findings": audit.findings.len(),
    });
    output.result("audit", text, fields);
    if audit.findings.is_empty() {
        Ok(())
    } else {
        bail!("{}", count(audit.findings.len(), "finding"))
    }
}

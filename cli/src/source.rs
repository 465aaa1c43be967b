//! A ledger as a command's argument: a service on this machine, or a ledger's folder, which is then
//! served on the spot.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail};
use clap::Args;
use tonic::transport::Channel;
use wufu_ledger::{CurrencyCode, LedgerReader, Log};
use wufu_proto::v1::{self, ledger_service_client::LedgerServiceClient};
use wufu_verifier::{
    ProjectSet,
    log::{checkpoint::Checkpoint, directory::Directory, signed_note::LogKey},
};
use wufu_wallet::{
    Endpoint,
    endpoint::{EndpointError, plain},
};

use crate::{files, output::chain, serve};

/// Largest answer of a ledger: a shard of donations is 3.5 MiB.
const MAX_ANSWER: usize = 8 << 20;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A ledger, and the key that it must sign with.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Ledger")]
pub struct LedgerSourceArgs {
    /// Ledger: http://127.0.0.1:PORT or unix:PATH
    #[arg(long, value_name = "URL")]
    pub ledger: Option<String>,
    /// The log's public key, name+hash+base64 or a file of it. Get it from a source other than the
    /// ledger itself
    #[arg(long, value_name = "KEY|FILE")]
    pub log_key: Option<String>,
}

impl LedgerSourceArgs {
    /// Whether a ledger is to be asked.
    pub fn given(&self) -> bool {
        self.ledger.is_some()
    }

    /// The pinned log key.
    pub fn log_key(&self) -> anyhow::Result<Option<LogKey>> {
        self.log_key.as_deref().map(log_key).transpose()
    }

    /// A connection to the ledger.
    pub async fn client(&self) -> anyhow::Result<LedgerServiceClient<Channel>> {
        let url = self.ledger.as_deref().context("no ledger is named, expected --ledger URL")?;
        Ok(LedgerServiceClient::new(connect(url).await?).max_decoding_message_size(MAX_ANSWER))
    }

    /// The signed checkpoints of a log, a page at a time to the newest; none when no ledger was
    /// given.
    pub async fn checkpoints(&self, origin: &str, key: &LogKey) -> anyhow::Result<Vec<String>> {
        if !self.given() {
            return Ok(Vec::new());
        }
        let mut client = self.client().await?;
        let mut notes: Vec<String> = Vec::new();
        let mut from_epoch = 0;
        loop {
            let request = v1::ListCheckpointsRequest { origin: origin.into(), from_epoch };
            let page = client.list_checkpoints(request).await.map_err(status)?.into_inner().notes;
            let Some(last) = page.last() else { return Ok(notes) };
            // The one in force comes again at the head of the next page: then there is nothing new.
            if page.len() == 1 && notes.last() == Some(last) {
                return Ok(notes);
            }
            let last = Checkpoint::open(key, last).context("the ledger's checkpoints")?.epoch();
            if last < from_epoch {
                return Ok(notes);
            }
            notes.extend(page);
            from_epoch = last.saturating_add(1);
        }
    }

    /// The currency of the ledger's donations, where a ledger is named.
    pub async fn currency(&self) -> anyhow::Result<Option<CurrencyCode>> {
        if !self.given() {
            return Ok(None);
        }
        let answer = self.client().await?.get_ledger_info(v1::GetLedgerInfoRequest {}).await;
        let currency = answer.map_err(status)?.into_inner().currency;
        if currency.is_empty() {
            return Ok(None);
        }
        Ok(Some(currency.parse::<CurrencyCode>().context("the ledger's currency")?))
    }

    /// Every project of the ledger's signed directory.
    pub async fn projects(&self) -> anyhow::Result<ProjectSet> {
        let key = self.log_key()?.context(
            "no log key is named, expected --log-key, since the ledger's directory of projects is signed",
        )?;
        let answer = self.client().await?.get_projects(v1::GetProjectsRequest {}).await;
        let note = answer.map_err(status)?.into_inner().note;
        projects(&key, &note)
    }
}

/// A log key, or a file of one.
pub fn log_key(text: &str) -> anyhow::Result<LogKey> {
    let path = Path::new(text);
    let (error, named) = match LogKey::parse(text) {
        Ok(key) => return Ok(key),
        // What is written like a key is one, mistyped; what is not is a file's name.
        Err(error) if text.contains('+') && !path.exists() => (error, format!("--log-key {text}")),
        Err(_) if !path.exists() => bail!(
            "--log-key {text}: neither a log key (name+hash+base64) nor a file of one: wufu ledger info prints it"
        ),
        Err(_) => {
            let read = files::read_text(path).context("--log-key")?;
            if read.starts_with('\u{feff}') {
                bail!(
                    "{text}: begins with a byte-order mark (ef bb bf), expected a log key: save it without"
                );
            }
            match LogKey::parse(&read) {
                Ok(key) => return Ok(key),
                Err(error) => (error, text.to_owned()),
            }
        }
    };
    bail!("{named}: {error}: expected one line name+hash+base64, as wufu ledger info prints it")
}

/// The projects of an org's signed directory.
pub fn projects(key: &LogKey, note: &str) -> anyhow::Result<ProjectSet> {
    let origin = Log::DONATIONS.origin(key.name());
    let directory =
        Directory::open(key, &origin, note).context("the ledger's directory of projects")?;
    Ok(ProjectSet::new(directory.projects().into_iter().map(|project| project.key))?)
}

/// Connects to a service on this machine. A call on the connection ends after a minute, whatever
/// the service does.
pub async fn connect(url: &str) -> anyhow::Result<Channel> {
    let expected = "expected a service on this machine: http://127.0.0.1:PORT or unix:PATH";
    let endpoint = match url.parse::<Endpoint>() {
        Ok(endpoint) => endpoint,
        Err(EndpointError::Remote { host }) => {
            bail!(
                "--ledger is {url}: {host} is another machine, and there is no TLS yet: {expected}"
            )
        }
        Err(_) if Path::new(url).is_dir() => {
            bail!(
                "--ledger is {url}, a folder, {expected}; wufu serve ledger --dir {url} starts one"
            )
        }
        Err(_) => bail!("--ledger is {url}, {expected}"),
    };
    endpoint
        .connect(TIMEOUT)
        .await
        .with_context(|| format!("no connection to {endpoint}, expected a running service"))
}

/// Whether a file is in a folder, links seen through.
pub fn is_within(file: &Path, folder: &Path) -> bool {
    match (file.canonicalize(), folder.canonicalize()) {
        (Ok(file), Ok(folder)) => folder.is_dir() && file.starts_with(folder),
        _ => false,
    }
}

/// A status as an error that a person can read.
pub fn status(status: tonic::Status) -> anyhow::Error {
    let status = plain(&status);
    anyhow::anyhow!("the service answered {:?}: {}", status.code(), status.message())
}

/// The folder that the text names, if it does.
fn folder(text: &str) -> Option<&Path> {
    let path = Path::new(text);
    path.is_dir().then_some(path)
}

/// A ledger that answers, as long as the value lives.
pub struct LedgerSession {
    url: String,
    // Ends the service that was started on the spot, if one was.
    _end: Option<tokio::sync::oneshot::Sender<()>>,
}

impl LedgerSession {
    /// Where it answers.
    pub fn endpoint(&self) -> anyhow::Result<Endpoint> {
        self.url.parse().with_context(|| self.url.clone())
    }
}

/// The address that an option gives where a file or folder could stand as well, which the text does
/// not name.
pub fn endpoint_in(option: &str, text: &str, file: &str) -> anyhow::Result<Endpoint> {
    let expected = format!("expected {file}, http://127.0.0.1:PORT or unix:PATH");
    match text.parse::<Endpoint>() {
        Ok(endpoint) => Ok(endpoint),
        Err(error @ EndpointError::Remote { .. }) => bail!("{option} {text}: {error}"),
        Err(_) if Path::new(text).exists() => {
            bail!("{option} {text}: this is something else, {expected}")
        }
        Err(_) => bail!("{option} {text}: there is no such file or folder, {expected}"),
    }
}

/// Opens a ledger: the service at a URL, or that of a folder, started here on a loopback port to be
/// read. Nothing is written in the folder, and whoever serves it goes on.
pub async fn open(text: &str) -> anyhow::Result<LedgerSession> {
    let Some(folder) = folder(text) else {
        let endpoint = endpoint_in("--ledger", text, "a ledger's folder")?;
        return Ok(LedgerSession { url: endpoint.to_string(), _end: None });
    };
    let reader = LedgerReader::open(folder).await?.with_trees().await?;
    let (listener, url) = serve::loopback().await?;
    let (end, ending) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let served = serve::serve_reader(listener, reader, async {
            // A sender that is gone says the same.
            let _ = ending.await;
        });
        if let Err(error) = served.await {
            tracing::error!("{}", chain(&error));
        }
    });
    Ok(LedgerSession { url, _end: Some(end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_this_machine_is_connected_to() {
        for url in
            ["http://10.0.0.1:80", "https://127.0.0.1:1", "http://example.org:1", "127.0.0.1"]
        {
            let error = format!("{:#}", connect(url).await.unwrap_err());
            assert!(error.contains("expected"), "{url}: {error}");
        }
    }

    /// Checkpoints in the ledger's own folder are no second source, whatever they are called.
    #[test]
    fn a_file_in_the_ledgers_folder_is_the_ledgers() {
        let base = tempfile::tempdir().unwrap();
        let (ledger, other) = (base.path().join("ledger"), base.path().join("other"));
        for folder in [&ledger, &other] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("notes"), "").unwrap();
        }
        std::os::unix::fs::symlink(ledger.join("notes"), other.join("link")).unwrap();
        assert!(is_within(&ledger.join("notes"), &ledger));
        assert!(is_within(&other.join("../ledger/notes"), &other.join("../ledger/.")));
        assert!(is_within(&other.join("link"), &ledger));
        assert!(!is_within(&other.join("notes"), &ledger));
        assert!(!is_within(&other.join("none"), &ledger));
    }
}

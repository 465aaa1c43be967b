//! A ledger as an argument of a command: a service, or a ledger's folder, which this process then
//! serves itself.

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
/// Why a URL such as `ftp://ledger.example.org` is refused.
const OTHER_URL: &str =
    "only https://, a loopback address with a port, and a Unix socket are accepted";
/// The time limit for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A ledger, and the pinned key that must have signed its logs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Ledger")]
pub struct LedgerSourceArgs {
    /// The ledger: https://HOST:PORT, http://127.0.0.1:PORT or unix:PATH
    #[arg(long, value_name = "URL")]
    pub ledger: Option<String>,
    /// The log's public key. Get it from a source other than the ledger itself. Give
    /// name+hash+base64, or a file of that
    #[arg(long, value_name = "KEY|FILE")]
    pub log_key: Option<String>,
}

impl LedgerSourceArgs {
    /// Whether a ledger was named.
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

    /// All signed checkpoints of a log, fetched page by page. Empty when no ledger was named.
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
            // The checkpoint in force comes again at the head of the next page. A page with nothing
            // else is the last.
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

    /// The currency of the ledger's donations, if a ledger was named.
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
            "no log key is named, expected --log-key, because the ledger's directory of projects \
             is signed",
        )?;
        let answer = self.client().await?.get_projects(v1::GetProjectsRequest {}).await;
        let note = answer.map_err(status)?.into_inner().note;
        projects(&key, &note)
    }
}

/// Reads a log key from the text itself or from the file that it names.
pub fn log_key(text: &str) -> anyhow::Result<LogKey> {
    let path = Path::new(text);
    let (error, named) = match LogKey::parse(text) {
        Ok(key) => return Ok(key),
        // A text with a `+` is a mistyped key; any other is the name of a file.
        Err(error) if text.contains('+') && !path.exists() => (error, format!("--log-key {text}")),
        Err(_) if !path.exists() => bail!(
            "--log-key {text}: neither a log key (name+hash+base64) nor a file of one: wufu ledger \
             info prints it"
        ),
        Err(_) => {
            let read = files::read_text(path).context("--log-key")?;
            if read.starts_with('\u{feff}') {
                bail!(
                    "{text}: begins with a byte-order mark (ef bb bf), expected a log key: save \
                     the file without the mark"
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

/// The projects of an organisation's signed directory.
pub fn projects(key: &LogKey, note: &str) -> anyhow::Result<ProjectSet> {
    let origin = Log::DONATIONS.origin(key.name());
    let directory =
        Directory::open(key, &origin, note).context("the ledger's directory of projects")?;
    Ok(ProjectSet::new(directory.projects().into_iter().map(|project| project.key))?)
}

/// Connects to a service. Every call on the connection ends after a minute at the latest.
pub async fn connect(url: &str) -> anyhow::Result<Channel> {
    let expected = "expected a service: https://HOST:PORT, http://127.0.0.1:PORT or unix:PATH";
    let endpoint = match url.parse::<Endpoint>() {
        Ok(endpoint) => endpoint,
        Err(error @ (EndpointError::Remote { .. } | EndpointError::Pin { .. })) => {
            bail!("--ledger is {url}: {error}")
        }
        Err(_) if Path::new(url).is_dir() => {
            bail!(
                "--ledger is {url}, a folder, {expected}; wufu serve ledger --dir {url} starts one"
            )
        }
        Err(_) if is_url(url) => bail!("--ledger is {url}: {OTHER_URL}: {expected}"),
        Err(_) => bail!("--ledger is {url}, {expected}"),
    };
    endpoint
        .connect(TIMEOUT)
        .await
        .with_context(|| format!("no connection to {endpoint}, expected a running service"))
}

/// Whether a file is in a folder, after links are resolved.
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

/// The folder that the text names, if it names one.
fn folder(text: &str) -> Option<&Path> {
    let path = Path::new(text);
    path.is_dir().then_some(path)
}

/// Whether a text begins with a scheme, as `https://ledger.example.org` does.
fn is_url(text: &str) -> bool {
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    text.split_once("://")
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(is_of_scheme))
}

/// A ledger that answers for as long as this value lives.
pub struct LedgerSession {
    url: String,
    // Ends the service that this process started, if it did.
    _end: Option<tokio::sync::oneshot::Sender<()>>,
}

impl LedgerSession {
    /// The ledger's address.
    pub fn endpoint(&self) -> anyhow::Result<Endpoint> {
        self.url.parse().with_context(|| self.url.clone())
    }
}

/// Parses the address in an option that may also name a file or folder, once the text is known not
/// to name one.
pub fn endpoint_in(option: &str, text: &str, file: &str) -> anyhow::Result<Endpoint> {
    let expected =
        format!("expected {file}, https://HOST:PORT, http://127.0.0.1:PORT or unix:PATH");
    match text.parse::<Endpoint>() {
        Ok(endpoint) => Ok(endpoint),
        Err(error @ (EndpointError::Remote { .. } | EndpointError::Pin { .. })) => {
            bail!("{option} {text}: {error}")
        }
        Err(_) if Path::new(text).exists() => {
            bail!("{option} {text}: this exists, but is something else, {expected}")
        }
        Err(_) if is_url(text) => bail!("{option} {text}: {OTHER_URL}, {expected}"),
        Err(_) => bail!("{option} {text}: there is no such file or folder, {expected}"),
    }
}

/// Opens a ledger: the service at a URL, or a folder, which is then served read-only on a loopback
/// port. Nothing is written to the folder, and another process may go on serving it.
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
            // If the sender is gone, the service ends too.
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
            ["http://10.0.0.1:80", "https://127.0.0.1:1/x", "http://example.org:1", "127.0.0.1"]
        {
            let error = format!("{:#}", connect(url).await.unwrap_err());
            assert!(error.contains("expected"), "{url}: {error}");
        }
    }

    /// A URL of another machine was refused as a file that does not exist.
    #[tokio::test]
    async fn another_machines_url_is_not_taken_for_a_file() {
        for url in
            ["https://ledger.example.org/x", "http://example.org:1", "grpc+tls://127.0.0.1:1"]
        {
            let error = endpoint_in("--second", url, "a file of signed notes").unwrap_err();
            let error = format!("{error:#}");
            assert!(error.starts_with(&format!("--second {url}: {OTHER_URL}, ")), "{error}");
            assert!(error.contains("expected a file of signed notes, https://"), "{error}");
            let error = format!("{:#}", connect(url).await.unwrap_err());
            assert!(error.starts_with(&format!("--ledger is {url}: {OTHER_URL}: ")), "{error}");
        }
        for text in ["no/such", "://x", "a folder://x"] {
            let error = format!("{:#}", endpoint_in("--ledger", text, "a folder").unwrap_err());
            assert!(error.contains("there is no such file or folder"), "{error}");
        }
    }

    /// Checkpoints in the ledger's own folder are not a second source, whatever the file is called.
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

//! A service over TLS: what it refuses, what it reloads, and what a listener on the network learns
//! about a client that comes twice.

mod files;
mod identity;
mod silence;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Status, transport::Endpoint};
use wufu_proto::{
    connection::{Authorities, ClientCertificate, TlsClient, connect_tls},
    v1::{self, prover_service_client::ProverServiceClient},
};
use wufu_serve::{ClientCertificates, Incoming, Limits, TlsFiles, TlsServer, TokenFile};
use wufu_testing::{TestCa, TestCertificate};

use crate::common::{Running, wire::within};

/// How often a test's service reads its files.
const OFTEN: Duration = Duration::from_millis(20);

/// A folder with an authority's certificate and a server's certificate and key.
struct Place {
    ca: TestCa,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { ca: TestCa::new("one").unwrap(), folder: tempfile::tempdir().unwrap() };
        place.put(&place.ca.server(&["localhost", "127.0.0.1"]).unwrap());
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, certificate: &TestCertificate) {
        certificate.write(&self.at("cert.pem"), &self.at("key.pem")).unwrap();
    }

    fn files(&self) -> TlsFiles {
        TlsFiles::new(self.at("cert.pem"), self.at("key.pem"))
    }

    fn server(&self) -> TlsServer {
        TlsServer::open(self.files()).unwrap().with_interval(OFTEN)
    }
}

async fn start(tls: TlsServer, tokens: Option<TokenFile>, greeting: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut incoming = Incoming::from(TcpListenerStream::new(listener)).with_tls(tls);
    if let Some(tokens) = tokens {
        incoming = incoming.with_tokens(tokens);
    }
    let mut limits = Limits::default();
    (limits.connections, limits.greeting) = (8, greeting);
    Running::over(at, incoming, limits)
}

/// A client of a test's service.
#[derive(Clone)]
struct Client {
    at: SocketAddr,
    tls: TlsClient,
    token: Option<&'static str>,
}

impl Client {
    fn new(at: SocketAddr, ca: &TestCa) -> Self {
        let authorities = Authorities::from_pem(ca.pem().as_bytes()).unwrap();
        let tls = TlsClient::new("localhost", at.port()).with_authorities(authorities);
        Self { at, tls, token: None }
    }

    fn showing(mut self, certificate: &TestCertificate) -> Self {
        let (pem, key) = (certificate.pem.as_bytes(), certificate.key.as_bytes());
        let certificate = ClientCertificate::from_pem(pem, key).unwrap();
        self.tls = self.tls.with_certificate(Some(certificate));
        self
    }

    fn with_token(self, token: &'static str) -> Self {
        Self { token: Some(token), ..self }
    }

    async fn client(&self) -> Result<ProverServiceClient<tonic::transport::Channel>, String> {
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", self.at.port()));
        let channel = connect_tls(endpoint.unwrap(), self.tls.clone());
        let channel = within("a connection", channel).await;
        let channel = channel.map_err(|error| chain(&error))?;
        Ok(ProverServiceClient::new(channel).max_decoding_message_size(1 << 20))
    }

    /// Makes the call that anybody may make.
    async fn info(&self) -> Result<(), String> {
        let mut client = self.client().await?;
        let answer = within("an answer", client.get_info(v1::GetInfoRequest {})).await;
        answer.map(drop).map_err(|status| chain(&status))
    }

    /// Makes the restricted call.
    async fn prove(&self) -> Result<(), Status> {
        let mut client = self.client().await.map_err(Status::unavailable)?;
        let mut request = Request::new(v1::ProveRequest::default());
        if let Some(token) = self.token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        within("an answer", client.prove(request)).await.map(drop)
    }

    async fn code(&self) -> Code {
        self.prove().await.map_or_else(|status| status.code(), |()| Code::Ok)
    }
}

/// An error with all its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Waits until a condition holds.
async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    within(what, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Rows of docs/failures.md: 40.
/// One client that does not shake hands must not keep the others waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_handshake_delays_nobody_and_ends() {
    let place = Place::new();
    let running = start(place.server(), None, Duration::from_millis(1500)).await;
    let client = Client::new(running.at, &place.ca);
    let mut silent = Vec::new();
    for _ in 0..7 {
        silent.push(TcpStream::connect(running.at).await.unwrap());
    }
    client.info().await.unwrap();
    for mut stream in silent {
        let mut rest = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest);
        let _ = within("a silent connection to be closed", read).await;
        assert!(rest.is_empty());
    }
    client.info().await.unwrap();
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_tls_is_not_served() {
    let place = Place::new();
    let running = start(place.server(), None, Duration::from_secs(5)).await;
    assert!(running.serves().await.is_err());
    Client::new(running.at, &place.ca).info().await.unwrap();
    running.end().await;
}

/// rustls accepts a client that offers no protocol, so the service has to refuse it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_offers_no_protocol_is_refused() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::{TlsConnector, rustls};

    let place = Place::new();
    let running = start(place.server(), None, Duration::from_secs(5)).await;
    let mut roots = rustls::RootCertStore::empty();
    let pem = place.ca.pem();
    for certificate in rustls::pki_types::pem::PemObject::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    for (protocols, is_served) in [(vec![], false), (vec![b"h2".to_vec()], true)] {
        let mut config = config.clone();
        config.alpn_protocols = protocols;
        let stream = TcpStream::connect(running.at).await.unwrap();
        let connector = TlsConnector::from(std::sync::Arc::new(config));
        let name = "localhost".try_into().unwrap();
        let mut stream = within("a handshake", connector.connect(name, stream)).await.unwrap();
        // HTTP/2's preface and an empty SETTINGS frame. A server answers with its own settings.
        let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
        let read = within("an answer or the end", stream.read(&mut [0; 64])).await;
        assert_eq!(read.is_ok_and(|length| length > 0), is_served);
    }
    running.end().await;
}

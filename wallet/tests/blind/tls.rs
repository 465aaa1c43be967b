//! Proofs over TLS, by real services, and servers that are not the pinned ones.

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::time::{Duration, timeout};
use tokio_stream::wrappers::TcpListenerStream;
use wufu_groth16::PreparedEngine;
use wufu_proto::connection::ClientCertificate;
use wufu_prover::{
    Prover, blind,
    service::{
        self, Limits, ServeError,
        blind::{ClientIdentity, Config, run_dealer, run_evaluator},
    },
};
use wufu_serve::{ClientCertificates, Incoming, TlsFiles, TlsServer, TokenFile, token_line};
use wufu_testing::{TestCa, TestCertificate};
use wufu_wallet::{
    Endpoint, ProofSource as _,
    prover::{ProverError, TrustedProver, blind::Dealer},
};

use super::servers::*;

const A_MINUTE: Duration = Duration::from_secs(60);

/// A server's certificate, and the connections of one listener.
struct Place {
    folder: TempDir,
    certificate: TestCertificate,
}

impl Place {
    fn new() -> Self {
        let ca = TestCa::new("servers").unwrap();
        let (folder, certificate) =
            (tempfile::tempdir().unwrap(), ca.server(&["wufu.example"]).unwrap());
        certificate.write(&folder.path().join("cert"), &folder.path().join("key")).unwrap();
        Self { folder, certificate }
    }

    async fn listen(&self, clients: ClientCertificates) -> (Incoming, Endpoint) {
        let (incoming, endpoint) = listen().await;
        let (certificate, key) = (self.folder.path().join("cert"), self.folder.path().join("key"));
        let files = TlsFiles { clients, ..TlsFiles::new(certificate, key) };
        let incoming: TcpListenerStream = incoming;
        let incoming = Incoming::from(incoming).with_tls(TlsServer::open(files).unwrap());
        (incoming, self.endpoint(&endpoint, &self.certificate))
    }

    /// An address over TLS with the same port, and with the key of a certificate pinned.
    fn endpoint(&self, plain: &Endpoint, certificate: &TestCertificate) -> Endpoint {
        let hash = Sha256::digest(&certificate.public_key);
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let url = plain.to_string();
        let place = url.split('#').next().unwrap();
        let port = place.rsplit(':').next().unwrap();
        format!("https://localhost:{port}#sha256:{hex}").parse().unwrap()
    }
}

/// A dealer over TLS.
async fn tls_dealer(place: &Place, n: u8) -> Dealer {
    let (incoming, endpoint) = place.listen(ClientCertificates::Unasked).await;
    let dealer = blind::Dealer::new(prepared().clone(), signing(n)).unwrap();
    tokio::spawn(run_dealer(incoming, vec![dealer], Config::default(), std::future::pending()));
    Dealer { endpoint, key: signing(n).verifying_key() }
}

async fn tls_evaluator(place: &Place) -> Endpoint {
    let (incoming, endpoint) = place.listen(ClientCertificates::Unasked).await;
    let config = Config::default();
    tokio::spawn(run_evaluator(incoming, vec![evaluating()], config, std::future::pending()));
    endpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blind_proof_is_made_over_tls() {
    let (one, two) = (Place::new(), Place::new());
    let (dealer, evaluator) = (tls_dealer(&one, 1).await, tls_evaluator(&two).await);
    let prover = wallet(vec![dealer.clone()], vec![evaluator.clone()]);
    let made = timeout(A_MINUTE, prover.prove(job(1), quiet())).await.unwrap().unwrap();
    holds(&made);
    assert!(made.mode.servers()[0].endpoint.starts_with("https://localhost:"));

    let stranger = two.endpoint(&evaluator, &one.certificate);
    let stranger: Endpoint =
        stranger.to_string().replace("localhost", "127.0.0.1").parse().unwrap();
    // One pinned key is one server, so the dealer cannot pass as the evaluator either.
    let both = wufu_wallet::prover::BlindProver::new(
        [key()],
        vec![dealer.clone()],
        vec![stranger.clone()],
        tokens(),
    );
    assert!(both.is_err());
    // Another server at the evaluator's address gets nothing.
    let other = Place::new();
    let wrong = two.endpoint(&evaluator, &other.certificate);
    let prover = wallet(vec![dealer], vec![wrong]);
    let refused = timeout(A_MINUTE, prover.prove(job(2), quiet())).await.unwrap();
    let Err(ProverError::Connect { role: "evaluator", error, .. }) = refused else {
        panic!("{refused:?}")
    };
    let mut text = String::new();
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    assert!(text.contains("expected the pinned sha256:"), "{text}");
}

/// Rows of docs/failures.md: 35.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_identifies_clients_is_refused() {
    let (place, clients) = (Place::new(), TestCa::new("clients").unwrap());
    let (ca, lines) = (place.folder.path().join("ca"), place.folder.path().join("tokens"));
    std::fs::write(&ca, clients.pem()).unwrap();
    std::fs::write(&lines, token_line("n", b"token").unwrap()).unwrap();
    for required in [true, false] {
        let kind =
            if required { ClientCertificates::Required } else { ClientCertificates::ForRestricted };
        let (incoming, _) = place.listen(kind(ca.clone())).await;
        let served =
            run_evaluator(incoming, vec![evaluating()], Config::default(), std::future::pending());
        let served = timeout(A_MINUTE, served).await.unwrap();
        assert!(
            matches!(
                served,
                Err(ServeError::Identity { identity: ClientIdentity::Certificate, .. })
            ),
            "{served:?}"
        );
    }
    let (incoming, _) = place.listen(ClientCertificates::Unasked).await;
    let incoming = incoming.with_tokens(TokenFile::open(&lines).unwrap());
    let dealer = blind::Dealer::new(prepared().clone(), signing(1)).unwrap();
    let served = run_dealer(incoming, vec![dealer], Config::default(), std::future::pending());
    let served = timeout(A_MINUTE, served).await.unwrap();
    assert!(
        matches!(served, Err(ServeError::Identity { identity: ClientIdentity::Bearer, .. })),
        "{served:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proof_over_tls_needs_both_identities() {
    let (place, clients) = (Place::new(), TestCa::new("clients").unwrap());
    let (ca, lines) = (place.folder.path().join("ca"), place.folder.path().join("tokens"));
    std::fs::write(&ca, clients.pem()).unwrap();
    std::fs::write(&lines, token_line("laptop", b"token").unwrap()).unwrap();
    let (incoming, endpoint) = place.listen(ClientCertificates::Required(ca)).await;
    let incoming = incoming.with_tokens(TokenFile::open(&lines).unwrap());
    let provers = vec![Prover::new(PreparedEngine::new(prepared().clone()))];
    tokio::spawn(service::run(incoming, provers, Limits::default(), std::future::pending()));

    let own = clients.client("laptop.example").unwrap();
    let own = ClientCertificate::from_pem(own.pem.as_bytes(), own.key.as_bytes()).unwrap();
    let nobody = TrustedProver::new(endpoint);
    let known = nobody.clone().with_certificate(own).with_token("token").unwrap();
    let made = timeout(A_MINUTE, known.prove(job(1), quiet())).await.unwrap().unwrap();
    holds(&made);
    // The certificate alone, the token alone, and another token are refused.
    let by_certificate = known.clone().with_token("other").unwrap();
    let refused = timeout(A_MINUTE, by_certificate.prove(job(1), quiet())).await.unwrap();
    let is_unauthenticated = matches!(
        &refused,
        Err(ProverError::Status { status, .. }) if status.code() == tonic::Code::Unauthenticated
    );
    assert!(is_unauthenticated, "{refused:?}");
    let by_token = nobody.with_token("token").unwrap();
    assert!(timeout(A_MINUTE, by_token.prove(job(1), quiet())).await.unwrap().is_err());
    assert!(by_token.with_token("two\nlines").is_err());
    assert!(!format!("{known:?}").contains("token\""));
}

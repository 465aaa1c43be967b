//! What somebody on the network sees when a client connects twice.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// What a connection's two sides sent.
#[derive(Default)]
struct Recording {
    client: Vec<u8>,
    server: Vec<u8>,
}

type Recordings = Arc<Mutex<Vec<Recording>>>;

/// Passes connections on to `to`, and records them.
async fn proxy(to: SocketAddr) -> (SocketAddr, Recordings) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, all) = (listener.local_addr().unwrap(), Recordings::default());
    let recorded = all.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(to).await.unwrap();
            let n = {
                let mut all = recorded.lock().unwrap();
                all.push(Recording::default());
                all.len() - 1
            };
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let (up, down) = (recorded.clone(), recorded.clone());
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                    up.lock().unwrap()[n].client.extend_from_slice(&buffer[..length]);
                    if to_server.write_all(&buffer[..length]).await.is_err() {
                        break;
                    }
                }
            });
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                    down.lock().unwrap()[n].server.extend_from_slice(&buffer[..length]);
                    if to_client.write_all(&buffer[..length]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (at, all)
}

/// The extensions of a ClientHello: their types and lengths.
fn extensions(record: &[u8]) -> Vec<(u16, usize)> {
    let mut rest = &record[5 + 4 + 2 + 32..];
    let mut take = |bytes: usize| {
        let (head, tail) = rest.split_at(bytes);
        rest = tail;
        head.iter().fold(0usize, |value, byte| value << 8 | usize::from(*byte))
    };
    let session = take(1);
    for _ in 0..session {
        take(1);
    }
    for width in [2, 1] {
        let length = take(width);
        for _ in 0..length {
            take(1);
        }
    }
    let (mut left, mut found) = (take(2), Vec::new());
    while left > 0 {
        let (kind, length) = (take(2), take(2));
        for _ in 0..length {
            take(1);
        }
        found.push((u16::try_from(kind).unwrap(), length));
        left -= 4 + length;
    }
    found
}

/// The lengths of the TLS records of a kind.
fn records(bytes: &[u8], kind: u8) -> Vec<usize> {
    let (mut rest, mut lengths) = (bytes, Vec::new());
    while rest.len() >= 5 {
        let length = usize::from(rest[3]) << 8 | usize::from(rest[4]);
        if rest[0] == kind {
            lengths.push(length);
        }
        rest = rest.get(5 + length..).unwrap_or_default();
    }
    lengths
}

/// Whether a client that may resume offers to do so the second time. That depends on a ticket in
/// the first connection, which is encrypted: so this is how an eavesdropper's view tells.
async fn offers(to: SocketAddr, ca: &TestCa) -> bool {
    let (at, recorded) = proxy(to).await;
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    let pem = ca.pem().as_bytes();
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    roots
        .add(tokio_rustls::rustls::pki_types::CertificateDer::from_pem_slice(pem).unwrap())
        .unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = tokio_rustls::rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    for _ in 0..2 {
        let stream = TcpStream::connect(at).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let mut stream = within("a handshake", connector.connect(name, stream)).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        // A ticket would come with the server's first data.
        let mut settings = [0; 9];
        within("the server's settings", stream.read_exact(&mut settings)).await.unwrap();
    }
    let recorded = recorded.lock().unwrap();
    assert_eq!(recorded.len(), 2);
    extensions(&recorded[1].client).iter().any(|(kind, _)| *kind == PRE_SHARED_KEY)
}

/// `pre_shared_key`, `session_ticket`, `early_data`.
const PRE_SHARED_KEY: u16 = 41;
const LINKING: [u16; 3] = [PRE_SHARED_KEY, 35, 42];

/// Rows of docs/failures.md: 35.
/// A resumed session would tell the server, and everybody on the way, that two connections are of
/// one client. Neither side offers it: the real client does not, and a client that would gets
/// nothing to resume with.
#[tokio::test(flavor = "multi_thread")]
async fn two_connections_carry_nothing_that_links_them() {
    let place = Place::new();
    let running = start(place.server(), None, Duration::from_secs(5)).await;
    let (at, recorded) = proxy(running.at).await;
    let tls = TlsClient::new("localhost", at.port())
        .with_authorities(Authorities::from_pem(place.ca.pem().as_bytes()).unwrap());
    let client = Client { at, tls, token: None };
    for _ in 0..2 {
        client.info().await.unwrap();
    }
    {
        let recorded = recorded.lock().unwrap();
        assert_eq!(recorded.len(), 2);
        let mut kinds = Vec::new();
        for recording in recorded.iter() {
            let found = extensions(&recording.client);
            // ALPN is there, so the extensions were read.
            assert!(found.iter().any(|(kind, _)| *kind == 16), "{found:?}");
            for kind in LINKING {
                assert!(found.iter().all(|(found, _)| *found != kind), "{kind} in {found:?}");
            }
            assert!(!records(&recording.server, 23).is_empty());
            let mut all: Vec<u16> = found.iter().map(|(kind, _)| *kind).collect();
            all.sort_unstable();
            kinds.push(all);
        }
        // The two hellos differ in nothing but random bytes and order.
        assert_eq!(kinds[0], kinds[1]);
    }
    assert!(!offers(running.at, &place.ca).await);
    // The same eyes see a resumption where there is one.
    let usual = with_tickets(&place).await;
    assert!(offers(usual, &place.ca).await);
    running.end().await;
}

/// A TLS server as rustls makes it by default, which does send tickets.
async fn with_tickets(place: &Place) -> SocketAddr {
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let chain = vec![CertificateDer::from_pem_file(place.at("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(place.at("key.pem")).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.unwrap();
                let _ = stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    at
}

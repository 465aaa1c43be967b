//! Client certificates and tokens.

use std::fs;

use wufu_serve::token_line;

use super::*;

fn with_clients(place: &Place, ca: &TestCa, required: bool) -> TlsServer {
    let path = place.at("clients.pem");
    fs::write(&path, ca.pem()).unwrap();
    let clients = if required {
        ClientCertificates::Required(path)
    } else {
        ClientCertificates::ForRestricted(path)
    };
    TlsServer::open(TlsFiles { clients, ..place.files() }).unwrap().with_interval(OFTEN)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_certificate_is_asked_of_everybody() {
    let (place, clients) = (Place::new(), TestCa::new("clients").unwrap());
    let tls = with_clients(&place, &clients, true);
    let running = start(tls, None, Duration::from_secs(5)).await;
    let nobody = Client::new(running.at, &place.ca);
    let known = nobody.clone().showing(&clients.client("wallet.example").unwrap());
    known.info().await.unwrap();
    assert!(nobody.info().await.is_err());
    // Issued by the server's authority, and not by that of the clients.
    let stranger = nobody.clone().showing(&place.ca.client("wallet.example").unwrap());
    assert!(stranger.info().await.is_err());
    // A server's certificate is not a client's.
    let server = nobody.clone().showing(&clients.server(&["localhost"]).unwrap());
    assert!(server.info().await.is_err());
    // The authority itself is replaced without a restart.
    let new = TestCa::new("new clients").unwrap();
    fs::write(place.at("clients.pem"), new.pem()).unwrap();
    let renewed = nobody.showing(&new.client("wallet.example").unwrap());
    until("the new authority", || async { renewed.info().await.is_ok() }).await;
    assert!(known.info().await.is_err());
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_asked_for_restricted_calls_only() {
    let (place, clients) = (Place::new(), TestCa::new("clients").unwrap());
    let tls = with_clients(&place, &clients, false);
    let running = start(tls, None, Duration::from_secs(5)).await;
    let nobody = Client::new(running.at, &place.ca).with_token("toy");
    nobody.info().await.unwrap();
    assert_eq!(nobody.code().await, Code::Unauthenticated);
    let certificate = clients.client("operator.example").unwrap();
    let known = nobody.clone().showing(&certificate);
    assert_eq!(known.code().await, Code::Ok);
    let seen = running.toy.principals();
    let hash: [u8; 32] = wufu_proto::connection::PublicKeyHash::of(&certificate.public_key).0;
    assert_eq!(seen, [wufu_serve::Principal::Certificate(hash)]);
    // The certificate alone is not enough: this service has a token of its own.
    assert_eq!(Client { token: None, ..known }.code().await, Code::Unauthenticated);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_rotated_without_a_restart() {
    let place = Place::new();
    let write = |tokens: &[(&str, &str)]| {
        let lines = tokens.iter().map(|(name, token)| token_line(name, token.as_bytes()).unwrap());
        fs::write(place.at("tokens"), lines.collect::<Vec<_>>().join("\n")).unwrap();
    };
    write(&[("old", "first")]);
    let tokens = TokenFile::open(place.at("tokens")).unwrap().with_interval(OFTEN);
    let running = start(place.server(), Some(tokens.clone()), Duration::from_secs(5)).await;
    let client = Client::new(running.at, &place.ca);
    let [old, new] = ["first", "second"].map(|token| client.clone().with_token(token));
    assert_eq!((old.code().await, new.code().await), (Code::Ok, Code::Unauthenticated));
    // Both are valid for a while, and then only the new one.
    write(&[("old", "first"), ("new", "second")]);
    until("the new token", || async { new.code().await == Code::Ok }).await;
    assert_eq!(old.code().await, Code::Ok);
    write(&[("new", "second")]);
    until("the old token's end", || async { old.code().await == Code::Unauthenticated }).await;
    assert_eq!((new.code().await, client.code().await), (Code::Ok, Code::Unauthenticated));
    // A line that cannot be read withdraws nothing.
    fs::write(place.at("tokens"), "second").unwrap();
    assert!(tokens.reload().is_err());
    assert_eq!(new.code().await, Code::Ok);
    let names: Vec<String> = running.toy.principals().iter().map(ToString::to_string).collect();
    assert!(names.contains(&"token new".into()) && names.contains(&"token old".into()));
    assert!(!format!("{tokens:?}").contains("second"));
    running.end().await;
}

//! Files that are broken, and files that change while the service runs.

use std::{fs, os::unix::fs::symlink};

use super::*;

#[test]
fn a_broken_file_is_named_with_what_is_wrong() {
    let place = Place::new();
    let other = place.ca.server(&["localhost"]).unwrap();
    let expired = place.ca.expired(&["localhost"]).unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| fs::read(place.at(name)).unwrap());
    let refused = |name: &str, contents: &[u8], parts: &[&str]| {
        let good = fs::read(place.at(name)).unwrap();
        fs::write(place.at(name), contents).unwrap();
        let error = TlsServer::open(place.files()).unwrap_err().to_string();
        for part in parts.iter().chain(&[name]) {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
        fs::write(place.at(name), good).unwrap();
    };
    refused("cert.pem", b"", &["empty"]);
    refused("cert.pem", b"hello", &["no certificate", "-----BEGIN CERTIFICATE-----"]);
    refused("cert.pem", &key, &["no certificate"]);
    refused("cert.pem", &cert[..cert.len() / 2], &["PEM form"]);
    refused("cert.pem", &vec![b'x'; (1 << 20) + 1], &["more than 1048576 bytes"]);
    refused("cert.pem", expired.pem.as_bytes(), &["the certificate cannot be used", "expired"]);
    refused("key.pem", other.key.as_bytes(), &["does not belong to the certificate", "cert.pem"]);
    refused("key.pem", &cert, &["no private key"]);
    let bad = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    refused("key.pem", bad.as_bytes(), &["private key cannot be used"]);
    let files = |name: &str| TlsFiles::new(place.at(name), place.at("key.pem"));
    let error = |name: &str| TlsServer::open(files(name)).unwrap_err().to_string();
    assert!(error("").contains("not a file"), "{}", error(""));
    assert!(error("none").contains("none: No such file"), "{}", error("none"));
    TlsServer::open(place.files()).unwrap();
}

/// Kubernetes swaps a link to a folder, so neither a file's name nor its time says that it changed.
#[tokio::test(flavor = "multi_thread")]
async fn swapped_files_are_used_without_a_restart() {
    let place = Place::new();
    let two = TestCa::new("two").unwrap();
    for (name, ca) in [("a", &place.ca), ("b", &two)] {
        fs::create_dir(place.at(name)).unwrap();
        let certificate = ca.server(&["localhost"]).unwrap();
        certificate
            .write(&place.at(name).join("tls.crt"), &place.at(name).join("tls.key"))
            .unwrap();
    }
    let swap = |to: &str| {
        symlink(to, place.at("new")).unwrap();
        fs::rename(place.at("new"), place.at("now")).unwrap();
    };
    swap("a");
    let files = TlsFiles::new(place.at("now/tls.crt"), place.at("now/tls.key"));
    let tls = TlsServer::open(files).unwrap().with_interval(OFTEN);
    let running = start(tls, None, Duration::from_secs(5)).await;
    let (one, two) = (Client::new(running.at, &place.ca), Client::new(running.at, &two));
    one.info().await.unwrap();
    assert!(two.info().await.unwrap_err().contains("no authority that is trusted here"));
    let mut open = one.client().await.unwrap();
    swap("b");
    until("the new certificate", || async { two.info().await.is_ok() }).await;
    assert!(one.info().await.is_err());
    // A connection that was open stays open.
    within("an answer", open.get_info(v1::GetInfoRequest {})).await.unwrap();
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_new_file_keeps_the_old_certificate() {
    let place = Place::new();
    let tls = place.server();
    let running = start(tls.clone(), None, Duration::from_secs(5)).await;
    let client = Client::new(running.at, &place.ca);
    let new = place.ca.server(&["localhost"]).unwrap();
    // A certificate arrives before its key, as it does when two files are copied.
    for broken in [&b""[..], b"-----BEGIN", new.pem.as_bytes()] {
        fs::write(place.at("cert.pem"), broken).unwrap();
        assert!(tls.reload().is_err());
        client.info().await.unwrap();
    }
    fs::write(place.at("key.pem"), &new.key).unwrap();
    let pin = wufu_proto::connection::PublicKeyHash::of(&new.public_key);
    let pinned = Client { tls: client.tls.clone().with_pin(Some(pin)), ..client.clone() };
    until("the new certificate", || async { pinned.info().await.is_ok() }).await;
    assert!(!tls.reload().unwrap());
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_says_what_is_wrong_with_a_certificate() {
    let place = Place::new();
    let running = start(place.server(), None, Duration::from_secs(5)).await;
    let (client, other) = (Client::new(running.at, &place.ca), TestCa::new("other").unwrap());
    let error = Client::new(running.at, &other).info().await.unwrap_err();
    assert!(error.contains("localhost is not accepted: no authority"), "{error}");
    let authorities = Authorities::from_pem(place.ca.pem().as_bytes()).unwrap();
    let wrong = TlsClient::new("127.0.0.2", running.at.port()).with_authorities(authorities);
    let error = Client { tls: wrong, ..client.clone() }.info().await.unwrap_err();
    assert!(error.contains("127.0.0.2"), "{error}");
    let pin = wufu_proto::connection::PublicKeyHash([7; 32]);
    let pinned = Client { tls: client.tls.clone().with_pin(Some(pin)), ..client.clone() };
    let error = pinned.info().await.unwrap_err();
    assert!(error.contains(&format!("expected the pinned {pin}")), "{error}");

    place.put(&place.ca.server(&["other.example"]).unwrap());
    until("another name", || async {
        client.info().await.is_err_and(|error| error.contains("it is for "))
    })
    .await;
    running.end().await;
}

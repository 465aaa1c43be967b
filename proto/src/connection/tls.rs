//! The one TLS client of all programs.

use std::{fmt, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
    version::TLS13,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    error::{PinMismatch, TlsClientError},
    trust::{Authorities, PublicKeyHash, TrustError},
};

/// A server to connect to over TLS, and whom to believe that it is the one.
///
/// No session is resumed, because that would link a client's connections. The client shows no
/// certificate unless it is given one.
#[derive(Clone, Debug)]
pub struct TlsClient {
    host: String,
    port: u16,
    pin: Option<PublicKeyHash>,
    authorities: Option<Authorities>,
    certificate: Option<ClientCertificate>,
}

/// A client's certificate and its private key, for a server that knows its clients. Cloning is
/// cheap.
#[derive(Clone)]
pub struct ClientCertificate(Arc<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>);

impl ClientCertificate {
    /// Reads the certificate, with those of the authorities between it and the root, and its key.
    ///
    /// # Errors
    /// Returns an error if there is no certificate or no key.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TrustError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(|error| TrustError::Pem(error.to_string()))?;
        if chain.is_empty() {
            return Err(TrustError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key);
        Ok(Self(Arc::new((chain, key.map_err(|error| TrustError::Key(error.to_string()))?))))
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}

impl TlsClient {
    /// The server at this host and port. It must show a certificate for this host, from an
    /// authority that the process trusts: see [`trust_only`](super::trust_only).
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, pin: None, authorities: None, certificate: None }
    }

    /// The same, but the server must have this key. Its certificate's name, time and issuer do not
    /// count then: who has the key is the server.
    #[must_use]
    pub fn with_pin(self, pin: Option<PublicKeyHash>) -> Self {
        Self { pin, ..self }
    }

    /// The same, but only these authorities are trusted.
    #[must_use]
    pub fn with_authorities(self, authorities: Authorities) -> Self {
        Self { authorities: Some(authorities), ..self }
    }

    /// The same, and the client shows this certificate if it is asked for one. Never do this for
    /// blind mode: it would link what its two servers know.
    #[must_use]
    pub fn with_certificate(self, certificate: Option<ClientCertificate>) -> Self {
        Self { certificate, ..self }
    }

    /// Opens a connection.
    pub(super) async fn open(&self) -> Result<TlsStream<TcpStream>, TlsClientError> {
        let (host, port) = (&self.host, self.port);
        let name = ServerName::try_from(host.clone())
            .map_err(|_| TlsClientError::Host { host: host.clone() })?;
        let config = self.config()?;
        let failed = |error| TlsClientError::Connect { host: host.clone(), port, error };
        // Everywhere, this name is 127.0.0.1, and whoever answers for names is not asked.
        let address = if host == "localhost" { "127.0.0.1" } else { host };
        let stream = TcpStream::connect((address, port)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let stream = TlsConnector::from(config).connect(name, stream).await;
        let stream = stream.map_err(|error| TlsClientError::of_handshake(host, port, error))?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(TlsClientError::NotHttp2 { host: host.clone() });
        }
        Ok(stream)
    }

    fn config(&self) -> Result<Arc<ClientConfig>, TlsClientError> {
        // Ring, whatever else the program links: the process's default is not asked.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self.pin {
            Some(pin) => Arc::new(Pinned { pin, provider: provider.clone() }),
            None => {
                let trusted = match &self.authorities {
                    Some(authorities) => authorities.clone(),
                    None => Authorities::of_process()?,
                };
                let builder =
                    WebPkiServerVerifier::builder_with_provider(trusted.0, provider.clone());
                builder
                    .build()
                    .map_err(|error| TlsClientError::Own(Error::General(error.to_string())))?
            }
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsClientError::Own)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.certificate {
            None => builder.with_no_client_auth(),
            Some(ClientCertificate(own)) => builder
                .with_client_auth_cert(own.0.clone(), own.1.clone_key())
                .map_err(TlsClientError::Own)?,
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}

/// Accepts the server that has the pinned key.
#[derive(Debug)]
struct Pinned {
    pin: PublicKeyHash,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let got = PublicKeyHash::of(&parsed.subject_public_key_info());
        if got == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        let mismatch = PinMismatch { got, expected: self.pin };
        Err(CertificateError::Other(OtherError(Arc::new(mismatch))).into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not offered".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

//! Options for services that other machines may reach: TLS, and who may call.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use wufu_serve::{ClientCertificates, TlsFiles, TlsServer, TokenFile};

use super::signals::Signals;

/// What a service shows its clients.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    /// The server's certificate, followed by those of the authorities between it and the root
    /// (PEM). With it, the service may listen on any address
    #[arg(long, value_name = "FILE", env = "WUFU_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM). Both files are read again when they change
    #[arg(long, value_name = "FILE", env = "WUFU_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// What a service asks its clients for.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "TLS")]
pub struct ClientArgs {
    /// Require a client certificate from an authority in this file (PEM): from every client of a
    /// prover, and for the operator's calls to a ledger
    #[arg(long, value_name = "FILE", env = "WUFU_CLIENT_CA", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
    /// Require a token of this file, which has a line NAME:HASH for each (wufu token new): for each
    /// proof of a prover, and for the operator's calls to a ledger. Changes take effect by
    /// themselves
    #[arg(long, value_name = "FILE", env = "WUFU_TOKENS")]
    tokens: Option<PathBuf>,
}

/// What a listener shows and asks for.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// TLS, if the service has a certificate.
    pub tls: Option<TlsServer>,
    /// The tokens that it accepts.
    pub tokens: Option<TokenFile>,
}

impl TlsArgs {
    /// Reads the certificate, for a role that asks its clients for nothing.
    pub fn open(&self, signals: &Signals) -> anyhow::Result<Security> {
        self.open_for(&ClientArgs::default(), |_| ClientCertificates::Unasked, signals)
    }

    /// Reads the certificate and what clients must show. From then on, SIGHUP has all of it read
    /// again.
    pub fn open_for(
        &self,
        clients: &ClientArgs,
        kind: impl FnOnce(PathBuf) -> ClientCertificates,
        signals: &Signals,
    ) -> anyhow::Result<Security> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let mut files = TlsFiles::new(certificate, key);
                if let Some(authorities) = &clients.client_ca {
                    files.clients = kind(authorities.clone());
                }
                Some(TlsServer::open(files).context("TLS")?)
            }
            _ => None,
        };
        let tokens = clients.tokens.as_ref().map(TokenFile::open);
        let tokens = tokens.transpose().context("--tokens")?;
        let security = Security { tls, tokens };
        if security.tls.is_some() || security.tokens.is_some() {
            let again = security.clone();
            signals.on_hangup(move || again.refresh());
        }
        Ok(security)
    }
}

impl Security {
    fn refresh(&self) {
        if let Some(tls) = &self.tls {
            tls.refresh();
        }
        if let Some(tokens) = &self.tokens {
            tokens.refresh();
        }
    }
}

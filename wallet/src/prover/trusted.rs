//! A prover over gRPC that sees the witness.

use std::time::Duration;

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
};
use wufu_proto::{
    connection::ClientCertificate,
    prover::{Progress, ProverInfo},
    v1::{self, prover_service_client::ProverServiceClient},
    witness::Job,
};

use zeroize::Zeroizing;

use super::{OnStage, ProofMode, ProofSource, ProverAnswer, ProverError, Stage, answered};
use crate::endpoint::{Endpoint, SMALL_ANSWER, within};

/// The default time limit for a proof.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// The name of the server in messages.
const PROVER: &str = "prover";

/// A prover that the wallet's owner trusts with everything: it sees the witness.
#[derive(Clone, Debug)]
pub struct TrustedProver {
    endpoint: Endpoint,
    timeout: Duration,
    // Marked as sensitive, so it is never printed.
    token: Option<MetadataValue<Ascii>>,
    certificate: Option<ClientCertificate>,
}

/// The token has characters that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token has other characters than visible ASCII")]
pub struct TokenTextError;

impl TrustedProver {
    /// The prover at this endpoint. This does not connect yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, timeout: TIMEOUT, token: None, certificate: None }
    }

    /// The same, and it shows this token with every request for a proof.
    ///
    /// # Errors
    /// Returns an error if the token cannot be sent.
    pub fn with_token(self, token: &str) -> Result<Self, TokenTextError> {
        let bearer = Zeroizing::new(format!("Bearer {token}"));
        let is_visible = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let value = is_visible.then(|| bearer.parse::<MetadataValue<Ascii>>().ok()).flatten();
        let mut value = value.ok_or(TokenTextError)?;
        value.set_sensitive(true);
        Ok(Self { token: Some(value), ..self })
    }

    /// The same, and it shows this certificate if the prover asks for one.
    #[must_use]
    pub fn with_certificate(self, certificate: ClientCertificate) -> Self {
        Self { certificate: Some(certificate), ..self }
    }

    /// The same, with another time limit, which the prover is told.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks the prover what it can prove, and within which limits. Do not rely on the answer: pin
    /// its key ids.
    ///
    /// # Errors
    /// Returns an error if the prover does not answer.
    pub async fn info(&self) -> Result<ProverInfo, ProverError> {
        let mut client = self.client().await?;
        let answer = within(self.timeout, client.get_info(v1::GetInfoRequest {})).await;
        let answer = answer.map_err(|status| self.refused(status))?.into_inner();
        answer.try_into().map_err(|error| self.answer(error))
    }

    async fn client(&self) -> Result<ProverServiceClient<tonic::transport::Channel>, ProverError> {
        let channel = self.endpoint.connect_as(self.timeout, self.certificate.clone()).await;
        let endpoint = || self.endpoint.to_string();
        let channel = channel.map_err(|error| ProverError::Connect {
            role: PROVER,
            endpoint: endpoint(),
            error,
        })?;
        Ok(ProverServiceClient::new(channel).max_decoding_message_size(SMALL_ANSWER))
    }

    fn refused(&self, status: Status) -> ProverError {
        answered(PROVER, &self.endpoint, status)
    }

    fn answer(&self, error: wufu_proto::ConvertError) -> ProverError {
        ProverError::Answer { role: PROVER, endpoint: self.endpoint.to_string(), error }
    }
}

#[tonic::async_trait]
impl ProofSource for TrustedProver {
    fn mode(&self) -> ProofMode {
        ProofMode::Trusted { endpoint: self.endpoint.to_string() }
    }

    async fn prove(&self, job: Job, stage: OnStage) -> Result<ProverAnswer, ProverError> {
        let mut client = self.client().await?;
        let mut request = Request::new(v1::ProveStreamRequest::from(&job));
        drop(job);
        request.set_timeout(self.timeout);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        let proved = within(self.timeout, async {
            let mut progress = client.prove_stream(request).await?.into_inner();
            while let Some(next) = progress.message().await? {
                match Progress::try_from(next) {
                    Ok(Progress::Stage(now)) => stage(now),
                    Ok(Progress::Done(proved)) => return Ok(Some(Ok(proved))),
                    Err(error) => return Ok(Some(Err(error))),
                }
            }
            Ok(None)
        });
        let proved = proved.await.map_err(|status| self.refused(status))?;
        let proved = proved.ok_or_else(|| ProverError::Silent {
            role: PROVER,
            endpoint: self.endpoint.to_string(),
        })?;
        let proved = proved.map_err(|error| self.answer(error))?;
        stage(Stage::Done);
        let timings = proved.timings;
        Ok(ProverAnswer { proof: proved.into_proof(), timings, mode: self.mode() })
    }
}

//! Proofs made by two servers that share nothing, of which neither sees the witness, a public input or who asks.

mod delay;
#[cfg(test)]
mod faults;
mod tokens;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ed25519_dalek::VerifyingKey as DealerKey;
use rand::{rngs::OsRng, seq::SliceRandom as _};
use tonic::Request;
use wufu_blind::{AnswerError, BlindKey, FourSums, Kit, KitError, ShareError, SumsError, Token};
use wufu_circuits::{Assignment, Circuit};
use wufu_proto::{
    blind::{Deal, Dealt, Evaluated, messages},
    v1::{
        dealer_service_client::DealerServiceClient,
        evaluator_service_client::EvaluatorServiceClient,
    },
    witness::{Job, Witnessed},
};
use wufu_verifier::{KeyId, Proof, Statement, VerifyingKey};

pub use delay::Delay;
pub use tokens::{TOKEN_FOLDER, TokenStore, TokenStoreError};
pub use wufu_blind::KitId;

use super::{Made, Mode, OnStage, ProofSource, ProverError, Stage, Timings, answered};
use crate::{
    place::{Place, within},
    wallet::Stopped,
};

/// Evaluators that are tried, each with a token of its own.
const ATTEMPTS: usize = 3;
/// How long a call may take. The same for everybody: servers see it.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Tokens that are fetched together, unless somebody says otherwise: so that a dealer does not see each proof.
pub const BATCH: usize = 4;

/// Why there is no proof by servers that see nothing. Nothing in it tells of a witness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlindError {
    /// Nobody deals tokens, or nobody makes sums.
    #[error("no {0} is known, expected one at least")]
    Nobody(&'static str),
    /// The same one twice.
    #[error("one {0} is named twice: it would be known by both")]
    Twice(&'static str),
    /// The kit.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// The kit is of the key, and not the one that is pinned.
    #[error("kit is {got}, expected {expected}, as it is pinned")]
    OtherKit {
        /// The kit that came.
        got: KitId,
        /// The one that is pinned.
        expected: KitId,
    },
    /// The tokens.
    #[error(transparent)]
    Tokens(#[from] TokenStoreError),
    /// There is no token though the dealers sent some: another process takes them.
    #[error("no token is left")]
    NoToken,
    /// The share could not be made. Nothing was sent.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The evaluator's answer is no four sums.
    #[error("the evaluator's {0}")]
    Sums(#[from] SumsError),
    /// The evaluator's answer gives no proof: it, a dealer or the kit is wrong.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The clock.
    #[error("the clock is before 1970")]
    Clock,
}

/// A pinned key with its kit, computed with the best that this machine has. `pinned` is the kit's id, had with the key's: a kit of
/// this key with other bases would make proofs fail or not by what their public inputs are.
///
/// # Errors
/// When the kit is malformed, another key's, or not the one that is pinned.
pub fn blind_key(
    verifying: VerifyingKey,
    kit: &[u8],
    pinned: KitId,
) -> Result<BlindKey, BlindError> {
    let kit = Kit::decode(kit, &verifying)?;
    let got = kit.id();
    if got != pinned {
        return Err(BlindError::OtherKit { got, expected: pinned });
    }
    Ok(BlindKey::new(verifying, kit, bn254x8::Backend::best())?)
}

/// Who deals tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealer {
    /// Where it is.
    pub place: Place,
    /// The pinned key that signs its tokens.
    pub key: DealerKey,
}

/// Dealers, evaluators and a token store. It needs no proving key.
#[derive(Clone, Debug)]
pub struct BlindProver {
    keys: Vec<BlindKey>,
    dealers: Vec<Dealer>,
    evaluators: Vec<Place>,
    tokens: Arc<TokenStore>,
    rescue: Option<Arc<dyn ProofSource>>,
    delay: Delay,
    batch: usize,
}

impl BlindProver {
    /// With these keys. Masks of all dealers are added: while one of them keeps its seeds from the evaluator, it sees nothing.
    /// Evaluators are asked one at a time.
    ///
    /// # Errors
    /// When there is no dealer or no evaluator, or one is named twice.
    pub fn new(
        keys: impl IntoIterator<Item = BlindKey>,
        dealers: Vec<Dealer>,
        evaluators: Vec<Place>,
        tokens: Arc<TokenStore>,
    ) -> Result<Self, BlindError> {
        for (who, none) in [("dealer", dealers.is_empty()), ("evaluator", evaluators.is_empty())] {
            if none {
                return Err(BlindError::Nobody(who));
            }
        }
        let twice =
            |(n, dealer): (usize, &Dealer)| dealers[..n].iter().any(|d| d.key == dealer.key);
        if dealers.iter().enumerate().any(twice) {
            return Err(BlindError::Twice("dealer"));
        }
        if evaluators.iter().enumerate().any(|(n, place)| evaluators[..n].contains(place)) {
            return Err(BlindError::Twice("evaluator"));
        }
        let keys = keys.into_iter().collect();
        let (rescue, delay, batch) = (None, Delay::default(), BATCH);
        Ok(Self { keys, dealers, evaluators, tokens, rescue, delay, batch })
    }

    /// The same, which proves with `local` when a server fails.
    #[must_use]
    pub fn with_rescue(self, local: Arc<dyn ProofSource>) -> Self {
        Self { rescue: Some(local), ..self }
    }

    /// The same, with other waits.
    #[must_use]
    pub fn with_delay(self, delay: Delay) -> Self {
        Self { delay, ..self }
    }

    /// The same, fetching so many tokens together, 1 to [`MAX_TOKENS`](wufu_proto::blind::MAX_TOKENS).
    #[must_use]
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.clamp(1, wufu_proto::blind::MAX_TOKENS), ..self }
    }

    fn mode_of(&self, evaluators: &[Place], local: bool) -> Mode {
        Mode::Blind {
            dealers: self.dealers.iter().map(|dealer| dealer.place.to_string()).collect(),
            evaluators: evaluators.iter().map(Place::to_string).collect(),
            local,
        }
    }

    /// A token of each dealer, used from here on.
    async fn take(&self, key_id: KeyId) -> Result<Vec<Token>, ProverError> {
        if let Some(tokens) = self.spend(key_id).await? {
            return Ok(tokens);
        }
        for dealer in &self.dealers {
            let (tokens, key, now) = (self.tokens.clone(), dealer.key, now()?);
            let left = blocking(move || tokens.left(&key, key_id, now)).await?;
            if left.map_err(BlindError::from)? == 0 {
                self.restock(dealer, key_id).await?;
            }
        }
        self.delay.wait().await;
        Ok(self.spend(key_id).await?.ok_or(BlindError::NoToken)?)
    }

    async fn spend(&self, key_id: KeyId) -> Result<Option<Vec<Token>>, ProverError> {
        let keys: Vec<DealerKey> = self.dealers.iter().map(|dealer| dealer.key).collect();
        let (tokens, now) = (self.tokens.clone(), now()?);
        let spent = blocking(move || tokens.spend(&keys, key_id, now)).await?;
        Ok(spent.map_err(BlindError::from)?)
    }

    /// Fetches a dealer's tokens, over a connection for it alone.
    async fn restock(&self, dealer: &Dealer, key_id: KeyId) -> Result<(), ProverError> {
        let Dealer { place, key } = dealer;
        let mut client = DealerServiceClient::new(connect(place).await?);
        let mut request = Request::new(Deal { key_id, count: self.batch }.into());
        request.set_timeout(TIMEOUT);
        let answer = within(TIMEOUT, client.deal(request)).await;
        drop(client);
        let answer = answer.map_err(|status| answered(place, status))?.into_inner();
        let dealt = Dealt::try_from(answer)
            .map_err(|error| ProverError::Answer { place: place.to_string(), error })?;
        let (tokens, key, now) = (self.tokens.clone(), *key, now()?);
        let kept = blocking(move || tokens.keep(&key, key_id, &dealt.0, now)).await?;
        Ok(kept.map_err(BlindError::from)?)
    }

    /// One job at one evaluator, with tokens of its own.
    async fn attempt(
        &self,
        key: &BlindKey,
        assignment: &Arc<Assignment>,
        place: &Place,
        stage: &OnStage,
    ) -> Result<Proof, ProverError> {
        let key_id = key.verifying_key().id();
        let tokens = self.take(key_id).await?;
        let (share_key, assignment) = (key.clone(), assignment.clone());
        let shared = blocking(move || share_key.share(&assignment, tokens)).await?;
        let shared = shared.map_err(BlindError::from)?;
        // From here on the tokens are used, on disk, and nothing was sent yet.
        stage(Stage::Proving);
        let messages = messages(key_id, shared.request.as_bytes());
        let mut client = EvaluatorServiceClient::new(connect(place).await?);
        let mut request = Request::new(Messages(messages.into_iter()));
        request.set_timeout(TIMEOUT);
        let answer = within(TIMEOUT, client.evaluate(request)).await;
        drop(client);
        let answer = answer.map_err(|status| answered(place, status))?.into_inner();
        let evaluated = Evaluated::try_from(answer)
            .map_err(|error| ProverError::Answer { place: place.to_string(), error })?;
        stage(Stage::Verifying);
        let pending = shared.pending;
        let proof = blocking(move || {
            let sums = FourSums::decode(&*evaluated.0)?;
            Ok::<_, BlindError>(pending.finish(&sums)?)
        });
        Ok(proof.await??)
    }
}

/// The messages of a job, one after the other.
struct Messages(std::vec::IntoIter<wufu_proto::v1::EvaluateRequest>);

impl tonic::codegen::tokio_stream::Stream for Messages {
    type Item = wufu_proto::v1::EvaluateRequest;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

async fn connect(place: &Place) -> Result<tonic::transport::Channel, ProverError> {
    let channel = place.connect(TIMEOUT).await;
    channel.map_err(|error| ProverError::Connect { place: place.to_string(), error })
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ProverError> {
    Ok(tokio::task::spawn_blocking(act).await.map_err(Stopped::from)?)
}

/// A token's end is told by the clock, as its dealer sees it.
fn now() -> Result<u64, BlindError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(since.map_err(|_| BlindError::Clock)?.as_secs())
}

/// The public inputs, and all wires of a statement that is true.
fn assign<C: Circuit>(instance: &C) -> Result<(Vec<u8>, Assignment), ProverError> {
    let public = instance.check()?.encode();
    Ok((public, instance.assign()))
}

#[tonic::async_trait]
impl ProofSource for BlindProver {
    fn mode(&self) -> Mode {
        self.mode_of(&self.evaluators, false)
    }

    async fn prove(&self, job: Job, stage: OnStage) -> Result<Made, ProverError> {
        let key_id = job.key_id;
        let found = self.keys.iter().find(|key| key.verifying_key().id() == key_id);
        let key = found.ok_or(ProverError::NoKey { key: key_id })?;
        stage(Stage::Checking);
        let began = Instant::now();
        let (job, assigned) = blocking(move || {
            let assigned = match &job.witnessed {
                Witnessed::FiveFu(instance) => assign(instance.as_ref()),
                Witnessed::Donation(instance, _) => assign(instance.as_ref()),
                Witnessed::Gift(instance) => assign(instance.as_ref()),
            };
            (job, assigned)
        })
        .await?;
        let (public_inputs, assignment) = assigned?;
        let assignment = Arc::new(assignment);
        let mut timings = Timings { witness: began.elapsed(), ..Timings::default() };

        let mut places = self.evaluators.clone();
        places.shuffle(&mut OsRng);
        places.truncate(ATTEMPTS);
        let mut last = ProverError::from(BlindError::Nobody("evaluator"));
        for (n, place) in places.iter().enumerate() {
            if n > 0 {
                self.delay.wait().await;
            }
            let began = Instant::now();
            match self.attempt(key, &assignment, place, &stage).await {
                Ok(proof) => {
                    timings.prove = began.elapsed();
                    // Who sees the proof next should not see it come right after the evaluator's answer.
                    self.delay.wait().await;
                    stage(Stage::Done);
                    let mode = self.mode_of(&places[..=n], false);
                    return Ok(Made {
                        public_inputs,
                        proof: proof.encode(),
                        key_id,
                        timings,
                        mode,
                    });
                }
                // The server is told nothing: it may have lied to see what comes of it.
                Err(error) => last = error,
            }
            if let Some(local) = &self.rescue {
                drop(assignment);
                let made = local.prove(job, stage).await?;
                return Ok(Made { mode: self.mode_of(&places[..=n], true), ..made });
            }
        }
        Err(last)
    }
}

impl From<BlindError> for ProverError {
    fn from(error: BlindError) -> Self {
        Self::Blind(Box::new(error))
    }
}

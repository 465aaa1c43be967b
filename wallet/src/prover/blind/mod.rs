//! Blind mode: two servers that share nothing help to make a proof. Neither sees the witness, a
//! public input or the identity of the wallet.

mod delay;
#[cfg(test)]
mod faults;
mod tokens;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ed25519_dalek::VerifyingKey as DealerKey;
use rand::{rngs::OsRng, seq::SliceRandom as _};
use tokio::time::Instant;
use tonic::Request;
use wufu_circuits::{Assignment, Circuit, CircuitVisitor};
use wufu_delegation::{BlindKey, FourSums, Kit, Token, TokenError};
use wufu_proto::{
    blind::{Deal, DealtTokens, EvaluatedSums, messages},
    v1::{
        dealer_service_client::DealerServiceClient,
        evaluator_service_client::EvaluatorServiceClient,
    },
    witness::Job,
};
use wufu_verifier::{
    KeyId, Proof, Statement, VerifyingKey, check::UnverifiedProof, encoding::hex::Hex,
};

pub use super::BlindError;
use delay::StepListener;
pub use delay::{BlindStep, Delay, OnStep, WaitReason};
pub use tokens::{TOKEN_FOLDER, TokenStore, TokenStoreError};
pub use wufu_delegation::KitId;

use super::{
    DealerContact, OnStage, ProofMode, ProofSource, ProverAnswer, ProverError, Stage, Timings,
    answered,
};
use crate::{
    endpoint::{Endpoint, SMALL_ANSWER, within},
    wallet::TaskStopped,
};

/// How many evaluators are tried, each with its own token, and none twice.
const ATTEMPTS: usize = 3;
/// If a dealer has fewer tokens left, new ones are fetched after a proof. The next proof may need
/// this many.
const LOW: usize = ATTEMPTS;
/// The time limit of a call. Servers see it, so it is the same for every wallet.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The default number of tokens to fetch at once, so that a dealer is not asked for each proof.
pub const BATCH: usize = 4;
/// The names of the servers in messages.
const DEALER: &str = "dealer";
const EVALUATOR: &str = "evaluator";

/// Combines a pinned key with its kit, on the fastest backend of this machine. `pinned` is the
/// kit's id, which comes from the same source as the key's id: with other bases in the kit, whether
/// a proof fails could depend on its public inputs.
///
/// # Errors
/// Returns an error if the kit is malformed, belongs to another key, or is not the pinned one.
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

/// A server that deals tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealer {
    /// The server's address.
    pub endpoint: Endpoint,
    /// The pinned key that signs its tokens.
    pub key: DealerKey,
}

/// A prover that uses dealers, evaluators and a token store. It needs no proving key.
#[derive(Clone, Debug)]
pub struct BlindProver {
    keys: Vec<BlindKey>,
    dealers: Vec<Dealer>,
    evaluators: Vec<Endpoint>,
    tokens: Arc<TokenStore>,
    rescue: Option<Arc<dyn ProofSource>>,
    delay: Delay,
    batch: usize,
    told: StepListener,
}

impl BlindProver {
    /// Makes a prover with these keys. The masks of all dealers are summed, so the evaluator sees
    /// nothing as long as one dealer keeps its seeds from it. Evaluators are asked one at a time,
    /// three at most, and none twice for the same proof: it might have failed on purpose, to learn
    /// that the same wallet comes back and to get a second question answered. So with one evaluator
    /// there is one attempt.
    ///
    /// # Errors
    /// Returns an error if there is no dealer or no evaluator, if one is named twice (by key or
    /// endpoint), or if an endpoint has both roles.
    pub fn new(
        keys: impl IntoIterator<Item = BlindKey>,
        dealers: Vec<Dealer>,
        evaluators: Vec<Endpoint>,
        tokens: Arc<TokenStore>,
    ) -> Result<Self, BlindError> {
        for (who, none) in [("dealer", dealers.is_empty()), ("evaluator", evaluators.is_empty())] {
            if none {
                return Err(BlindError::Nobody(who));
            }
        }
        let same =
            |one: &Dealer, two: &Dealer| one.key == two.key || one.endpoint.is_same(&two.endpoint);
        let twice = |(n, dealer): (usize, &Dealer)| dealers[..n].iter().any(|d| same(d, dealer));
        if dealers.iter().enumerate().any(twice) {
            return Err(BlindError::Twice("dealer"));
        }
        let evaluates = |dealer: &&Dealer| evaluators.iter().any(|at| at.is_same(&dealer.endpoint));
        if let Some(both) = dealers.iter().find(evaluates) {
            return Err(BlindError::Both { endpoint: both.endpoint.to_string() });
        }
        let named = |(n, endpoint): (usize, &Endpoint)| {
            evaluators[..n].iter().any(|at| at.is_same(endpoint))
        };
        if evaluators.iter().enumerate().any(named) {
            return Err(BlindError::Twice("evaluator"));
        }
        let keys = keys.into_iter().collect();
        let (rescue, delay, batch, told) = (None, Delay::default(), BATCH, StepListener::default());
        Ok(Self { keys, dealers, evaluators, tokens, rescue, delay, batch, told })
    }

    /// The same, but it proves with `local` when a server fails. If `local` fails too, it asks the
    /// next evaluator.
    #[must_use]
    pub fn with_rescue(self, local: Arc<dyn ProofSource>) -> Self {
        Self { rescue: Some(local), ..self }
    }

    /// The same, with other waits.
    #[must_use]
    pub fn with_delay(self, delay: Delay) -> Self {
        Self { delay, ..self }
    }

    /// The same, but it calls `told` before each wait and each call.
    #[must_use]
    pub fn with_steps(self, told: OnStep) -> Self {
        Self { told: StepListener(Some(told)), ..self }
    }

    /// The same, but it fetches `batch` tokens at once, 1 to
    /// [`MAX_TOKENS`](wufu_proto::blind::MAX_TOKENS). With fewer than three, which one proof may
    /// need, it fetches tokens for nearly every proof.
    #[must_use]
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.clamp(1, wufu_proto::blind::MAX_TOKENS), ..self }
    }

    /// Waits for a random time, and reports it first.
    async fn wait(&self, reason: WaitReason) {
        let time = self.delay.draw();
        if !time.is_zero() {
            self.told.tell(BlindStep::Wait { reason, time });
            tokio::time::sleep(time).await;
        }
    }

    fn ask(&self, role: &'static str, endpoint: &Endpoint) {
        self.told.tell(BlindStep::Ask { role, endpoint: endpoint.to_string(), limit: TIMEOUT });
    }

    /// The mode that follows from `contacts`; `failure` is why no server made the proof, if the
    /// wallet's own engine made it.
    fn mode_of(&self, contacts: &Contacts, failure: Option<String>) -> ProofMode {
        let asked = |dealer: &Dealer| contacts.dealers.contains(&dealer.endpoint);
        let contact = |dealer: &Dealer| DealerContact {
            endpoint: dealer.endpoint.to_string(),
            asked: asked(dealer),
        };
        let took_part = |dealer: &&Dealer| contacts.masked || asked(dealer);
        ProofMode::Blind {
            dealers: self.dealers.iter().filter(took_part).map(contact).collect(),
            evaluators: contacts.evaluators.iter().map(Endpoint::to_string).collect(),
            failure,
        }
    }

    /// Takes one token of each dealer. From here on, the tokens count as used.
    async fn take(
        &self,
        key_id: KeyId,
        contacts: &mut Contacts,
    ) -> Result<Vec<Token>, ProverError> {
        if let Some(tokens) = self.spend(key_id).await? {
            return Ok(tokens);
        }
        self.stock(key_id, 1, contacts).await?;
        self.wait(WaitReason::UseMasks).await;
        Ok(self.spend(key_id).await?.ok_or(BlindError::NoToken)?)
    }

    /// Fetches tokens of every dealer that has fewer than `least` left, and waits between the
    /// dealers. Returns whether any were fetched.
    async fn stock(
        &self,
        key_id: KeyId,
        least: usize,
        contacts: &mut Contacts,
    ) -> Result<bool, ProverError> {
        let mut fetched = false;
        for dealer in &self.dealers {
            let (tokens, key, now) = (self.tokens.clone(), dealer.key, now()?);
            let left = blocking(move || tokens.left(&key, key_id, now)).await?;
            if left.map_err(BlindError::from)? >= least {
                continue;
            }
            if fetched {
                self.wait(WaitReason::NextDealer).await;
            }
            fetched = true;
            self.restock(dealer, key_id, contacts).await?;
        }
        Ok(fetched)
    }

    /// Waits, so that whoever sees the proof next does not see it right after an evaluator's
    /// answer. If few tokens are left, it also fetches tokens for later proofs, so that a dealer is
    /// not asked close to the proof that uses them.
    async fn before_showing(&self, key_id: KeyId, contacts: &mut Contacts) {
        self.wait(WaitReason::Show).await;
        if self.delay == Delay::NONE {
            return;
        }
        // A dealer that fails now is asked again when a token is needed.
        if !matches!(self.stock(key_id, LOW, contacts).await, Ok(false)) {
            self.wait(WaitReason::Show).await;
        }
    }

    async fn spend(&self, key_id: KeyId) -> Result<Option<Vec<Token>>, ProverError> {
        let keys: Vec<DealerKey> = self.dealers.iter().map(|dealer| dealer.key).collect();
        let (tokens, now) = (self.tokens.clone(), now()?);
        let spent = blocking(move || tokens.spend(&keys, key_id, now)).await?;
        Ok(spent.map_err(BlindError::from)?)
    }

    /// Fetches a dealer's tokens, over a separate connection.
    async fn restock(
        &self,
        dealer: &Dealer,
        key_id: KeyId,
        contacts: &mut Contacts,
    ) -> Result<(), ProverError> {
        let Dealer { endpoint, key } = dealer;
        self.ask(DEALER, endpoint);
        let mut client = DealerServiceClient::new(connect(DEALER, endpoint).await?);
        client = client.max_decoding_message_size(SMALL_ANSWER);
        let mut request = Request::new(Deal { key_id, count: self.batch }.into());
        request.set_timeout(TIMEOUT);
        contacts.dealers.push(endpoint.clone());
        let answer = within(TIMEOUT, client.deal(request)).await;
        drop(client);
        let answer = answer.map_err(|status| answered(DEALER, endpoint, status))?.into_inner();
        let at = || endpoint.to_string();
        let dealt = DealtTokens::try_from(answer).map_err(|error| ProverError::Answer {
            role: DEALER,
            endpoint: at(),
            error,
        })?;
        let (got, expected) = (dealt.0.len(), self.batch);
        if got != expected {
            return Err(BlindError::Dealt { endpoint: at(), got, expected }.into());
        }
        let (tokens, key, now) = (self.tokens.clone(), *key, now()?);
        let kept = blocking(move || tokens.keep(&key, key_id, &dealt.0, now)).await?;
        kept.map_err(|error| match error {
            TokenStoreError::Token(TokenError::Signature) => {
                BlindError::DealerKey { endpoint: at(), expected: Hex(key.as_bytes()).to_string() }
                    .into()
            }
            error => BlindError::Dealer { endpoint: at(), error }.into(),
        })
    }

    /// Tries one job at one evaluator, with its own tokens. Each server is entered in `contacts`
    /// before anything is sent to it.
    async fn attempt(
        &self,
        key: &BlindKey,
        assignment: &Arc<Assignment>,
        endpoint: &Endpoint,
        stage: &OnStage,
        contacts: &mut Contacts,
    ) -> Result<Attempt, ProverError> {
        let key_id = key.verifying_key().id();
        let tokens = self.take(key_id, contacts).await?;
        contacts.masked = true;
        let began = Instant::now();
        let (share_key, assignment) = (key.clone(), assignment.clone());
        let shared = blocking(move || share_key.share(&assignment, tokens)).await?;
        let shared = shared.map_err(BlindError::from)?;
        // Here the tokens are marked as used on disk, and nothing has been sent yet.
        stage(Stage::Proving);
        let messages = messages(key_id, shared.request.as_bytes());
        self.ask(EVALUATOR, endpoint);
        let mut client = EvaluatorServiceClient::new(connect(EVALUATOR, endpoint).await?);
        client = client.max_decoding_message_size(SMALL_ANSWER);
        let mut request = Request::new(Messages(messages.into_iter()));
        request.set_timeout(TIMEOUT);
        contacts.evaluators.push(endpoint.clone());
        let answer = within(TIMEOUT, client.evaluate(request)).await;
        drop(client);
        let answer = answer.map_err(|status| answered(EVALUATOR, endpoint, status))?.into_inner();
        let at = || endpoint.to_string();
        let evaluated = EvaluatedSums::try_from(answer).map_err(|error| ProverError::Answer {
            role: EVALUATOR,
            endpoint: at(),
            error,
        })?;
        let prove = began.elapsed();
        stage(Stage::Verifying);
        let began = Instant::now();
        let (pending, endpoint) = (shared.pending, at());
        let proof = blocking(move || {
            let sums = FourSums::decode(&*evaluated.0);
            let sums =
                sums.map_err(|error| BlindError::Sums { endpoint: endpoint.clone(), error })?;
            pending.finish(&sums).map_err(|error| BlindError::Answer { endpoint, error })
        });
        Ok(Attempt { proof: proof.await??, prove, verify: began.elapsed() })
    }
}

/// The servers that were sent something for a proof.
#[derive(Default)]
struct Contacts {
    /// Dealers that were asked for tokens.
    dealers: Vec<Endpoint>,
    /// Whether tokens of every dealer were used, including earlier ones.
    masked: bool,
    /// Evaluators that were asked, in order.
    evaluators: Vec<Endpoint>,
}

/// The result of one evaluator, with the times without the deliberate waits.
struct Attempt {
    proof: Proof,
    prove: Duration,
    verify: Duration,
}

/// A stream of the messages of a job.
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

async fn connect(
    role: &'static str,
    endpoint: &Endpoint,
) -> Result<tonic::transport::Channel, ProverError> {
    let channel = endpoint.connect(TIMEOUT).await;
    channel.map_err(|error| ProverError::Connect { role, endpoint: endpoint.to_string(), error })
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ProverError> {
    Ok(tokio::task::spawn_blocking(act).await.map_err(TaskStopped::from)?)
}

/// The time, in Unix seconds. Tokens expire by the clock.
fn now() -> Result<u64, BlindError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(since.map_err(|_| BlindError::Clock)?.as_secs())
}

/// Checks an instance, and computes its public inputs and the value of every wire and row.
struct Assign;

impl CircuitVisitor for Assign {
    type Output = Result<(Vec<u8>, Assignment), ProverError>;

    fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
        let public = instance.check()?.encode();
        Ok((public, instance.assign()))
    }
}

#[tonic::async_trait]
impl ProofSource for BlindProver {
    fn mode(&self) -> ProofMode {
        let dealers = self.dealers.iter().map(|dealer| dealer.endpoint.clone()).collect();
        let evaluators = self.evaluators.clone();
        self.mode_of(&Contacts { dealers, masked: true, evaluators }, None)
    }

    async fn prove(&self, job: Job, stage: OnStage) -> Result<ProverAnswer, ProverError> {
        let key_id = job.key_id;
        let found = self.keys.iter().find(|key| key.verifying_key().id() == key_id);
        let key = found.ok_or(ProverError::NoKey { key: key_id })?;
        stage(Stage::Checking);
        let began = Instant::now();
        let (job, assigned) = blocking(move || {
            let assigned = job.witnessed.visit(Assign);
            (job, assigned)
        })
        .await?;
        let (public_inputs, assignment) = assigned?;
        let assignment = Arc::new(assignment);
        let timings = Timings { witness: began.elapsed(), ..Timings::default() };

        let mut endpoints = self.evaluators.clone();
        endpoints.shuffle(&mut OsRng);
        endpoints.truncate(ATTEMPTS);
        let mut contacts = Contacts::default();
        let (mut rescue, mut home) = (self.rescue.as_ref(), None);
        let mut last = ProverError::from(BlindError::Nobody("evaluator"));
        for endpoint in &endpoints {
            // Whoever saw the wallet read the ledger, or saw the last evaluator fail, must not see
            // this call right after it.
            self.wait(WaitReason::Evaluator).await;
            match self.attempt(key, &assignment, endpoint, &stage, &mut contacts).await {
                Ok(Attempt { proof, prove, verify }) => {
                    self.before_showing(key_id, &mut contacts).await;
                    stage(Stage::Done);
                    return Ok(ProverAnswer {
                        proof: UnverifiedProof { key_id, public_inputs, proof: proof.encode() },
                        timings: Timings { prove, verify, ..timings },
                        mode: self.mode_of(&contacts, None),
                    });
                }
                // The server gets no reply: it may have lied to see what happens.
                Err(error) => last = error,
            }
            let Some(local) = rescue.take() else { continue };
            // A proof should also not appear exactly as long after a failure as this machine takes
            // to prove.
            self.wait(WaitReason::Local).await;
            match local.prove(job.clone(), stage.clone()).await {
                Ok(made) => {
                    self.wait(WaitReason::Show).await;
                    let mode = self.mode_of(&contacts, Some(last.to_string()));
                    return Ok(ProverAnswer { mode, ..made });
                }
                Err(error) => home = Some(error),
            }
        }
        Err(match home {
            Some(home) => BlindError::Home { server: Box::new(last), home: Box::new(home) }.into(),
            None => last,
        })
    }
}

impl From<BlindError> for ProverError {
    fn from(error: BlindError) -> Self {
        Self::Blind(Box::new(error))
    }
}

//! Claims: five cards, a person and a payee.

use std::fmt;

use prost::Message as _;
use wufu_circuits::{
    Card, Circuit as _, FiveFuWitness, Kind, Path, Person, statements::FiveFuInstance,
};
use wufu_proto::{
    Envelope,
    claim::{ClaimBinding, MAX_PAYOUT},
    envelope::{Binding, LogEpoch},
    v1,
    witness::{Job, UncheckedWitness},
};
use wufu_verifier::{
    CircuitName, ClaimCheck, FiveFu, KeyId, VerifyingKey,
    hash::merkle::{CARD_DEPTH, PERSON_DEPTH, SHARD_DEPTH},
    log::{
        history::{LogHistory, Window},
        name::LogName,
    },
    statement::{self, CLAIM},
};

use super::{
    Answer, EarlierClaim, MIN_ANONYMITY, PlanError, ProveError, Report, age, log_epoch, not_over,
    points,
};
use crate::{
    holdings::renew::own_leaf,
    prover::{OnStage, ProofSource, ProverAnswer},
    source::Sources,
    store::{CardHolding, ClaimEntry, InclusionStatus, PersonHolding},
    sync::{
        CampaignView, LogView,
        view::{InnerPath, OwnLeafError},
    },
    wallet::Wallet,
};

/// What a claim should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimAsk {
    /// The campaign.
    pub org: String,
    /// The payee, 1 to 256 bytes.
    pub payout: Vec<u8>,
    /// When the claim expires, in Unix seconds.
    pub expiry: u64,
    /// The id of the pinned key to prove under.
    pub key: KeyId,
    /// Whether to claim even if an earlier claim was admitted or may still be. Both show the same
    /// nullifiers, so anybody who sees them can link the payees, and the campaign pays once.
    pub again: bool,
    /// How many persons the campaign must have. Only those who hold all five cards can claim; their
    /// number may be much smaller, and only the issuer knows it.
    pub min_anonymity: u64,
}

impl ClaimAsk {
    /// A first claim, in a campaign of at least [`MIN_ANONYMITY`] persons.
    pub fn new(org: &str, payout: &[u8], expiry: u64, key: KeyId) -> Self {
        let (org, payout) = (org.into(), payout.into());
        Self { org, payout, expiry, key, again: false, min_anonymity: MIN_ANONYMITY }
    }
}

/// A claim that is ready to be proved.
pub struct ClaimPlan {
    wallet: Wallet,
    instance: Box<FiveFuInstance>,
    key: VerifyingKey,
    binding: ClaimBinding,
    again: bool,
    cards: LogHistory,
    persons: LogHistory,
    epochs: Vec<LogEpoch>,
    report: Report,
}

impl fmt::Debug for ClaimPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimPlan").field("report", &self.report).finish_non_exhaustive()
    }
}

impl Wallet {
    /// Plans a claim. The wallet asks the ledger only what every wallet asks, and asks nothing
    /// afterwards.
    ///
    /// # Errors
    /// Returns an error if a card or the person is missing or not in its log yet, the campaign has
    /// too few persons, an earlier claim was made, the key is not pinned, or a log contradicts what
    /// was signed.
    ///
    /// # Cost
    /// Two open shards and roofs: up to 4 MiB, and a third of a hash for each of their leaves.
    pub async fn plan_claim(
        &self,
        sources: &Sources,
        ask: &ClaimAsk,
        now: u64,
    ) -> Result<ClaimPlan, PlanError> {
        not_over(ask.expiry, now)?;
        let wanted = ask.clone();
        let (key, binding) = self.blocking(move |wallet| wallet.may_claim(&wanted, now)).await??;
        let view = self.campaign(sources, &ask.org, now).await?;
        let (got, expected) = (view.persons.checkpoint().size(), ask.min_anonymity);
        if got < expected {
            return Err(PlanError::FewPersons { got, expected });
        }
        let again = ask.again;
        let plan = self.blocking(move |wallet| {
            let plan = wallet.claim_plan(key, binding, &view, now)?;
            Ok(ClaimPlan { again, ..plan })
        });
        plan.await?
    }

    /// Makes all checks that need no server.
    fn may_claim(
        &self,
        ask: &ClaimAsk,
        now: u64,
    ) -> Result<(VerifyingKey, ClaimBinding), PlanError> {
        let key = self.pinned(&[ask.key], CircuitName::FiveFu)?;
        let ClaimAsk { org, payout, expiry, .. } = ask.clone();
        if payout.is_empty() || payout.len() > MAX_PAYOUT {
            let (field, got) = ("payout", payout.len());
            let error = wufu_proto::ConvertError::Length { field, got, min: 1, max: MAX_PAYOUT };
            return Err(error.into());
        }
        let made = self.claims(&org)?.into_iter().find(|claim| claim.is_live(now));
        if let Some(made) = made.filter(|_| !ask.again) {
            return Err(PlanError::Claimed { org, earlier: EarlierClaim::of(&made) });
        }
        // An item of somebody else does not count.
        let persons = self.store().persons_of(&org)?;
        if !persons.iter().any(|held| held.standing != InclusionStatus::Foreign) {
            return Err(PlanError::NoPerson { log: LogName::persons(&org) });
        }
        let mut held = self.cards()?;
        held.retain(|card| card.standing != InclusionStatus::Foreign);
        let has =
            |kind| held.iter().any(|card| card.grant.org == org && card.grant.card.kind == kind);
        let missing: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !has(*kind)).collect();
        if !missing.is_empty() {
            return Err(PlanError::Cards { org, missing });
        }
        Ok((key, ClaimBinding { org, payout, expiry }))
    }

    fn claim_plan(
        &self,
        key: VerifyingKey,
        binding: ClaimBinding,
        view: &CampaignView,
        now: u64,
    ) -> Result<ClaimPlan, PlanError> {
        let org = &binding.org;
        let held = self.cards()?;
        let mut cards: [(Card, Path<CARD_DEPTH>); 5] = Kind::ALL.map(|kind| {
            (Card { kind, rho: Default::default(), rcm: Default::default() }, Path::default())
        });
        for (kind, found) in Kind::ALL.into_iter().zip(&mut cards) {
            let of_kind =
                |card: &&CardHolding| card.grant.org == *org && card.grant.card.kind == kind;
            *found = card_of(held.iter().filter(of_kind), &view.cards)?
                .ok_or_else(|| PlanError::Cards { org: org.clone(), missing: vec![kind] })?;
        }
        let log = LogName::persons(org);
        let held = self.store().persons_of(org)?;
        let person = person_of(held, &view.persons)?.ok_or(PlanError::NoPerson { log })?;

        let scope = statement::scope(org.as_bytes(), CLAIM);
        let payload = &binding.payout;
        let (verifier, expiry, key_id) = (org.as_bytes(), binding.expiry, key.id());
        let ext = statement::Binding { verifier, payload, expiry, key_id }.ext();
        let instance =
            FiveFuWitness::new(&self.spend_key(org), cards, person, scope, ext).into_instance();
        instance.check()?;
        let logs = [&view.cards, &view.persons];
        let report = Report {
            anonymity: view.persons.checkpoint().size(),
            epoch: view.epoch(),
            epoch_age: age(&logs.map(LogView::checkpoint), now),
            compared: view.cards.compared.clone(),
            key: key.id(),
            provenance: key.provenance(),
        };
        Ok(ClaimPlan {
            wallet: self.clone(),
            instance: Box::new(instance),
            key,
            binding,
            again: false,
            cards: view.cards.history.clone(),
            persons: view.persons.history.clone(),
            epochs: logs.map(|log| log_epoch(log.checkpoint())).to_vec(),
            report,
        })
    }
}

/// The first of these cards that is in the log, with its path. If none is, the error of the first
/// one.
fn card_of<'a>(
    cards: impl Iterator<Item = &'a CardHolding>,
    view: &LogView,
) -> Result<Option<(Card, Path<CARD_DEPTH>)>, PlanError> {
    let mut reason = None;
    for CardHolding { leaf, grant, .. } in cards {
        let leaf = own_leaf(leaf)?;
        let place = grant.path.index();
        let inner = inner_path(view, place, leaf, &grant.path.path(leaf));
        let path = inner.and_then(|inner| {
            view.roof.whole_path::<CARD_DEPTH, { CARD_DEPTH - SHARD_DEPTH }>(place, &inner)
        });
        match path {
            Ok(path) => return Ok(Some((grant.card.clone(), path))),
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    reason.map_or(Ok(None), |error| Err(error.into()))
}

/// The first of these places that is in the log, with its path. If none is, the error of the first
/// one.
fn person_of(
    held: Vec<PersonHolding>,
    view: &LogView,
) -> Result<Option<(Person, Path<PERSON_DEPTH>)>, PlanError> {
    let mut reason = None;
    for PersonHolding { leaf, grant, .. } in held {
        let leaf = own_leaf(&leaf)?;
        let place = grant.path.index();
        let inner = inner_path(view, place, leaf, &grant.path.path(leaf));
        let path = inner.and_then(|inner| {
            view.roof.whole_path::<PERSON_DEPTH, { PERSON_DEPTH - SHARD_DEPTH }>(place, &inner)
        });
        match path {
            Ok(path) => return Ok(Some((grant.person, path))),
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    reason.map_or(Ok(None), |error| Err(error.into()))
}

fn inner_path(
    view: &LogView,
    place: u64,
    leaf: wufu_verifier::Fr,
    held: &InnerPath,
) -> Result<InnerPath, OwnLeafError> {
    view.roof.inner_path((place, leaf), held, view.open.as_deref())
}

impl ClaimPlan {
    /// What the owner should know before proving.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The statement to be proved.
    pub fn statement(&self) -> &FiveFu {
        &self.instance.public
    }

    /// The campaign, payee and expiry that the proof binds.
    pub fn binding(&self) -> &ClaimBinding {
        &self.binding
    }

    /// Has the claim proved, verifies the proof, and records the claim before it returns the proof.
    ///
    /// # Errors
    /// Returns an error if there is no proof, the proof is not of this claim under the pinned key,
    /// or another claim was made meanwhile.
    pub async fn prove(
        &self,
        prover: &dyn ProofSource,
        stage: OnStage,
        now: u64,
    ) -> Result<Answer, ProveError> {
        let witnessed = UncheckedWitness::FiveFu(self.instance.clone());
        let made = prover.prove(Job { key_id: self.key.id(), witnessed }, stage).await?;
        self.verify(&made, now)?;
        let (binding, key) = (Binding::Claim(self.binding.clone()), self.key.id());
        let epochs = self.epochs.clone();
        let envelope = Envelope::new(self.statement(), &points(&made)?, key, epochs, binding)?;
        let entry = ClaimEntry {
            number: 0,
            made: Some(now),
            payout: self.binding.payout.clone(),
            expiry: self.binding.expiry,
            envelope: claim_bytes(&envelope),
            receipt: None,
            refusal: None,
        };
        let (org, again) = (self.binding.org.clone(), self.again);
        let kept =
            self.wallet.blocking(move |wallet| wallet.store().add_claim(&org, &entry, again, now));
        // Another claim may have been made since this one was planned.
        if let Err(made) = kept.await?? {
            let org = self.binding.org.clone();
            return Err(ProveError::Claimed { org, earlier: EarlierClaim::of(&made) });
        }
        let (report, mode) = (self.report.clone(), made.mode.clone());
        Ok(Answer { envelope, report, mode, timings: made.timings })
    }

    fn verify(&self, made: &ProverAnswer, now: u64) -> Result<(), ProveError> {
        let check = ClaimCheck {
            key: &self.key,
            cards: &self.cards,
            persons: &self.persons,
            org: &self.binding.org,
            now,
            window: Window::default(),
        };
        let verified =
            check.verify(made.proof.presented(), &self.binding.payout, self.binding.expiry)?;
        if verified.statement() != self.statement() {
            return Err(ProveError::OtherStatement);
        }
        Ok(())
    }
}

/// A claim's envelope, as the store keeps it.
pub(crate) fn claim_bytes(envelope: &Envelope) -> Vec<u8> {
    // Without a first line that names the message: the store knows what it is.
    v1::Envelope::from(envelope).encode_to_vec()
}

//! Answers to verifiers' requests, with one of the wallet's donations.

use std::fmt;

use rayon::prelude::*;
use wufu_circuits::{
    Circuit as _, DonationWitness, Path, statements::DonationInstance, tree::set_path,
};
use wufu_proto::{
    Envelope,
    envelope::{Binding, LogEpoch},
    grant::DonationReceipt,
    witness::{Job, UncheckedWitness},
};
use wufu_verifier::{
    Amount, CircuitName, Donation, DonationCheck, Fr, Policy, ProjectKey, ProofRequest, Time,
    VerifyingKey,
    hash::merkle::{DONATION_DEPTH, SHARD_DEPTH},
    log::{
        history::{LogHistory, Window},
        name::LogName,
    },
};

use super::{Answer, PlanError, ProveError, Report, age, log_epoch, not_over, points};
use crate::{
    holdings::renew::own_leaf,
    prover::{OnStage, ProofSource, ProverAnswer},
    source::Sources,
    store::{AnswerEntry, DonationHolding, InclusionStatus},
    sync::DonationView,
    wallet::Wallet,
};

/// With fewer records than this, an answer would nearly name the donor.
pub const MIN_ANONYMITY: u64 = 1000;

/// How to answer a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonationOptions {
    /// How many public records must meet the policy.
    pub min_anonymity: u64,
    /// Whether to show only a donation that this verifier has not seen for any purpose. By default,
    /// a donation that it has seen under the same policy is shown again, so that it learns nothing
    /// new.
    pub fresh: bool,
    /// The place of the donation to show. By default, the first donation that meets the policy.
    pub place: Option<u64>,
}

impl Default for DonationOptions {
    fn default() -> Self {
        Self { min_anonymity: MIN_ANONYMITY, fresh: false, place: None }
    }
}

/// The donation that a plan shows. The proof hides it, so `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ChosenDonation {
    /// The place in the log.
    pub place: u64,
    /// The project that received the donation.
    pub project: ProjectKey,
    /// The amount of the donation.
    pub amount: Amount,
    /// The time of the donation.
    pub time: Time,
    /// Whether this verifier has already seen it, under the same policy.
    pub shown_before: bool,
}

impl fmt::Debug for ChosenDonation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChosenDonation(..)")
    }
}

/// A donation that is ready to be proved.
pub struct DonationPlan {
    wallet: Wallet,
    instance: Box<DonationInstance>,
    key: VerifyingKey,
    request: ProofRequest,
    history: LogHistory,
    epochs: Vec<LogEpoch>,
    leaf: [u8; 32],
    chosen: ChosenDonation,
    report: Report,
}

impl fmt::Debug for DonationPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DonationPlan").field("report", &self.report).finish_non_exhaustive()
    }
}

/// How many records meet a policy: the anonymity set of a donation that is shown under it.
pub fn count(view: &DonationView, policy: &Policy) -> u64 {
    let counts = view
        .shards
        .par_iter()
        .map(|shard| shard.par_iter().filter(|record| policy.admits(record)).count() as u64);
    counts.sum()
}

impl Wallet {
    /// Plans the answer to a request.
    ///
    /// # Errors
    /// Returns an error if the request has expired, names no pinned key or an unknown log, too few
    /// records or none of the wallet's donations meet its policy, the verifier has seen them under
    /// another policy, or the log contradicts what was signed.
    ///
    /// # Cost
    /// Fetches and hashes all records of the log, each once, and keeps them: see
    /// [`Wallet::donation_log`].
    pub async fn plan_donation(
        &self,
        sources: &Sources,
        request: &ProofRequest,
        options: &DonationOptions,
        now: u64,
    ) -> Result<DonationPlan, PlanError> {
        let question = request.question();
        not_over(question.expiry, now)?;
        let log = LogName::parse_donations(&question.origin)?;
        let (asked, name) = (question.key_ids.clone(), log.clone());
        let key = self
            .blocking(move |wallet| {
                wallet.key_of_honest(&name)?;
                wallet.pinned(&asked, CircuitName::Donation)
            })
            .await??;
        let view = self.donation_log(sources, &log, now).await?;
        let (request, options) = (request.clone(), options.clone());
        self.blocking(move |wallet| wallet.donation_plan(key, request, &options, &view, now))
            .await?
    }

    fn donation_plan(
        &self,
        key: VerifyingKey,
        request: ProofRequest,
        options: &DonationOptions,
        view: &DonationView,
        now: u64,
    ) -> Result<DonationPlan, PlanError> {
        let policy = &request.question().policy;
        let (got, expected) = (count(view, policy), options.min_anonymity);
        if got < expected {
            return Err(PlanError::Few { got, expected });
        }
        let policy_hash = policy.hash();
        let (entry, shown_before, path) = self.choose(&request, policy_hash, options, view)?;
        let DonationHolding { leaf, receipt, .. } = entry;
        let org = &view.view.log().org;
        let sk = self.spend_key(org);
        let record = receipt.record(sk.public_key());
        // The policy admits the record, so its project is in the set.
        let member = set_path(&policy.projects, record.project).unwrap_or_default();
        let ext = request.ext(key.id());
        let witness =
            DonationWitness::new(&sk, (&record, &receipt.ownership()), path, (policy, member), ext);
        let instance = witness.into_instance(request.scope());
        instance.check()?;
        let checkpoint = view.view.checkpoint();
        let report = Report {
            anonymity: got,
            epoch: checkpoint.epoch(),
            epoch_age: age(&[checkpoint], now),
            compared: view.view.compared.clone(),
            key: key.id(),
            provenance: key.provenance(),
        };
        let DonationReceipt { project, amount, time, .. } = receipt;
        let place = receipt.path.index();
        Ok(DonationPlan {
            wallet: self.clone(),
            instance: Box::new(instance),
            key,
            history: view.view.history.clone(),
            epochs: vec![log_epoch(checkpoint)],
            leaf,
            chosen: ChosenDonation { place, project, amount, time, shown_before },
            report,
            request,
        })
    }

    /// Chooses a donation that meets the policy and may be shown. Returns whether it was shown
    /// before, and its path.
    fn choose(
        &self,
        request: &ProofRequest,
        policy_hash: Fr,
        options: &DonationOptions,
        view: &DonationView,
    ) -> Result<(DonationHolding, bool, Path<DONATION_DEPTH>), PlanError> {
        let log = view.view.log();
        let pk = self.spend_key(&log.org).public_key();
        let origin = log.to_string();
        let ours = |entry: &DonationHolding| {
            entry.receipt.origin == origin && entry.standing != InclusionStatus::Foreign
        };
        let held: Vec<DonationHolding> = self.donations()?.into_iter().filter(ours).collect();
        let at_place = |entry: &DonationHolding, place| entry.receipt.path.index() == place;
        if let Some(place) = options.place
            && !held.iter().any(|entry| at_place(entry, place))
        {
            return Err(PlanError::NotHeld { log: log.clone(), place });
        }
        let policy = &request.question().policy;
        let fits = |entry: &&DonationHolding| {
            let wanted = options.place.is_none_or(|place| at_place(entry, place));
            wanted && policy.admits(&entry.receipt.record(pk))
        };
        let fitting: Vec<&DonationHolding> = held.iter().filter(fits).collect();
        if fitting.is_empty() {
            let (log, held) = (log.clone(), held.len());
            return Err(match options.place {
                Some(place) => PlanError::NotAdmitted { log, place },
                None => PlanError::NoDonation { log, held },
            });
        }
        let (mut candidates, mut shown_already) = (Vec::new(), 0);
        for entry in fitting {
            match self.store().shown(request.verifier(), &entry.leaf)? {
                // Never show a donation to one verifier under two policies: together they would
                // narrow it down.
                Some(shown) if shown != policy_hash => {}
                Some(_) if options.fresh => shown_already += 1,
                shown => candidates.push((shown.is_some(), entry)),
            }
        }
        if candidates.is_empty() {
            return Err(match shown_already {
                0 => PlanError::SecondPolicy,
                shown => PlanError::NoneFresh { log: log.clone(), shown },
            });
        }
        // Donations that were shown come first. The sort is stable, so among equals the first in
        // the log wins.
        candidates.sort_by_key(|(shown, _)| !*shown);
        let mut reason = None;
        for (shown, entry) in candidates {
            let leaf = own_leaf(&entry.leaf)?;
            let place = entry.receipt.path.index();
            let roof = &view.view.roof;
            let held = entry.receipt.path.path(leaf);
            let inner = roof.inner_path((place, leaf), &held, view.view.open.as_deref());
            let path = inner.and_then(|inner| {
                roof.whole_path::<DONATION_DEPTH, { DONATION_DEPTH - SHARD_DEPTH }>(place, &inner)
            });
            match path {
                Ok(path) => return Ok((entry.clone(), shown, path)),
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        // There was a candidate, so there is a reason why it failed.
        Err(reason.map_or(PlanError::SecondPolicy, PlanError::from))
    }
}

impl DonationPlan {
    /// What the owner should know before proving.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The donation to be shown.
    pub fn chosen(&self) -> &ChosenDonation {
        &self.chosen
    }

    /// The statement to be proved.
    pub fn statement(&self) -> &Donation {
        &self.instance.public
    }

    /// The request to be answered.
    pub fn request(&self) -> &ProofRequest {
        &self.request
    }

    /// Has the donation proved, verifies the proof, and records who sees it before it returns the
    /// proof.
    ///
    /// # Errors
    /// Returns an error if there is no proof, the proof is not of this donation under the pinned
    /// key, or the verifier was shown the donation under another policy meanwhile.
    pub async fn prove(
        &self,
        prover: &dyn ProofSource,
        stage: OnStage,
        now: u64,
    ) -> Result<Answer, ProveError> {
        let policy = self.request.question().policy.clone();
        let witnessed = UncheckedWitness::Donation(self.instance.clone(), policy);
        let made = prover.prove(Job { key_id: self.key.id(), witnessed }, stage).await?;
        self.verify(&made, now)?;
        let binding = Binding::Request(Box::new(self.request.clone()));
        let (key, epochs) = (self.key.id(), self.epochs.clone());
        let envelope = Envelope::new(self.statement(), &points(&made)?, key, epochs, binding)?;
        let purpose = Some(self.request.question().purpose.clone());
        let (verifier, leaf) = (*self.request.verifier(), self.leaf);
        let entry = AnswerEntry { verifier, leaf, made: Some(now), purpose };
        let policy = self.statement().policy;
        let shown = self.wallet.blocking(move |wallet| wallet.store().show(&entry, policy));
        shown.await??.map_err(|_| ProveError::SecondPolicy)?;
        let (report, mode) = (self.report.clone(), made.mode.clone());
        Ok(Answer { envelope, report, mode, timings: made.timings })
    }

    fn verify(&self, made: &ProverAnswer, now: u64) -> Result<(), ProveError> {
        let check = DonationCheck {
            key: &self.key,
            log: &self.history,
            verifier: self.request.verifier(),
            question: self.request.question(),
            now,
            window: Window::default(),
        };
        let verified = check.verify(made.proof.presented())?;
        if verified.statement() != self.statement() {
            return Err(ProveError::OtherStatement);
        }
        Ok(())
    }
}

//! "A donation of mine, within the bounds you ask for, is in the charity ledger."

use std::fmt;

use ark_bn254::Fr;
use ark_ff::Field;
use wufu_verifier::{
    Amount, CircuitName, Donation, Nullifier, Policy, PublicKey, Record, Scope, Time,
    hash::{
        domain::Domain,
        merkle::{DONATION_DEPTH, SET_DEPTH},
        poseidon::{hash3, hash4},
    },
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Circuit, Findings, Instance};
use crate::{
    clause::Clause,
    donation::{Ownership, OwnershipVar, RecordVar},
    gadgets::{
        path::{Path, PathVar},
        poseidon, range,
    },
    keys::{SpendKey, SpendKeyVar},
    r1cs::{Builder, Declaration, Mode, Num, Size},
};

/// The bounds of a policy as field elements.
///
/// They are trusted. D5 ties them to the hash of a policy, which the verifier computes itself from
/// [`Bounds`](wufu_verifier::statement::policy::Bounds) of amounts below `2^48` and times below
/// `2^40`. Neither the circuit nor the native check looks at their size: for larger bounds, D7
/// means something else, the same for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Zeroize)]
pub struct PolicyBounds<T = Fr> {
    /// The smallest amount.
    pub amount_min: T,
    /// The largest amount.
    pub amount_max: T,
    /// The earliest time.
    pub time_min: T,
    /// The latest time.
    pub time_max: T,
}

impl From<&Policy> for PolicyBounds {
    fn from(policy: &Policy) -> Self {
        Self {
            amount_min: policy.amount.min().minor().into(),
            amount_max: policy.amount.max().minor().into(),
            time_min: policy.time.min().seconds().into(),
            time_max: policy.time.max().seconds().into(),
        }
    }
}

/// The private side of Donation.
///
/// `pk`, `don` and `set_root` follow from the rest. They are listed nevertheless, so that each
/// clause can be false alone.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct DonationWitness {
    /// The spend key.
    pub sk: Fr,
    /// The public key.
    pub pk: Fr,
    /// The project that received the donation.
    pub project_key: Fr,
    /// The amount, in minor units.
    pub amount: Fr,
    /// When the donation was made, in Unix seconds.
    pub time: Fr,
    /// The hash of the receipt.
    pub receipt: Fr,
    /// Hides the owner.
    pub rcm: Fr,
    /// The donation's leaf in the log.
    pub don: Fr,
    /// The leaf's path to the root of the donation log.
    pub path: Path<DONATION_DEPTH>,
    /// The root of the verifier's project set.
    pub set_root: Fr,
    /// The path of the project to the root of the set.
    pub set_path: Path<SET_DEPTH>,
    /// The verifier's bounds.
    pub bounds: PolicyBounds,
    /// The bound payload.
    pub ext: Fr,
}

impl DonationWitness {
    /// Creates the witness of an owner for a policy. `set_path` is
    /// [`set_path`](crate::tree::set_path) of the record's project.
    pub fn new(
        sk: &SpendKey,
        (record, ownership): (&Record, &Ownership),
        path: Path<DONATION_DEPTH>,
        (policy, set_path): (&Policy, Path<SET_DEPTH>),
        ext: Fr,
    ) -> Self {
        Self {
            sk: sk.to_field(),
            pk: sk.public_key().fr(),
            project_key: record.project.to_u64().into(),
            amount: record.amount.minor().into(),
            time: record.time.seconds().into(),
            receipt: ownership.receipt,
            rcm: ownership.rcm,
            don: record.leaf(),
            path,
            set_root: set_path.top(),
            set_path,
            bounds: policy.into(),
            ext,
        }
    }

    /// Returns the public inputs that follow from the witness when it is shown in `scope`.
    pub fn statement(&self, scope: Scope) -> Donation {
        Donation {
            root: self.path.top(),
            scope: scope.fr(),
            nf_d: Ownership::nullifier(&SpendKey::from_field(self.sk), scope, self.don).fr(),
            policy: self.policy(),
            ext: self.ext,
        }
    }

    /// Returns the witness with the public inputs that follow from it.
    pub fn into_instance(self, scope: Scope) -> DonationInstance {
        Instance { public: self.statement(scope), private: self }
    }

    fn policy(&self) -> Fr {
        let PolicyBounds { amount_min, amount_max, time_min, time_max } = self.bounds;
        let bounds = hash4([amount_min, amount_max, time_min, time_max]);
        hash3([Domain::Pol.value(), self.set_root, bounds])
    }

    /// `H(D_DON, H(D_BODY, project_key, amount, time), own)` over any field elements, while a
    /// [`Record`] holds only valid ones.
    fn leaf(&self) -> Fr {
        let body = hash4([Domain::Body.value(), self.project_key, self.amount, self.time]);
        let own = Ownership { receipt: self.receipt, rcm: self.rcm }.own(PublicKey(self.pk));
        hash3([Domain::Don.value(), body, own])
    }
}

impl fmt::Debug for DonationWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DonationWitness(..)")
    }
}

/// A showing of a donation with its witness.
pub type DonationInstance = Instance<Donation, DonationWitness>;

/// The circuit's wires, declared in this order.
struct Wires {
    public: Donation<Num>,
    sk: SpendKeyVar,
    pk: Num,
    record: RecordVar,
    ownership: OwnershipVar,
    don: Num,
    path: PathVar<DONATION_DEPTH>,
    set_root: Num,
    set_path: PathVar<SET_DEPTH>,
    bounds: PolicyBounds<Num>,
    ext_squared: Num,
}

impl Wires {
    fn declare(instance: &DonationInstance, mode: Mode) -> (Self, Builder) {
        let w = &instance.private;
        let public = instance.public.clone().into_inputs();
        let (mut d, public) = Declaration::new(mode, DonationInstance::SIZE, public);
        let ownership = Ownership { receipt: w.receipt, rcm: w.rcm };
        let wires = Self {
            public: Donation::from_inputs(public),
            sk: SpendKeyVar::declare(&mut d, w.sk),
            pk: d.private(w.pk),
            record: RecordVar {
                project_key: d.private(w.project_key),
                amount: d.private(w.amount),
                time: d.private(w.time),
            },
            ownership: OwnershipVar::declare(&mut d, &ownership),
            don: d.private(w.don),
            path: PathVar::declare(&mut d, &w.path),
            set_root: d.private(w.set_root),
            set_path: PathVar::declare(&mut d, &w.set_path),
            bounds: PolicyBounds {
                amount_min: d.private(w.bounds.amount_min),
                amount_max: d.private(w.bounds.amount_max),
                time_min: d.private(w.bounds.time_min),
                time_max: d.private(w.bounds.time_max),
            },
            ext_squared: d.private(w.ext.square()),
        };
        (wires, d.begin(Clause::D1))
    }
}

/// Whether `value - min` and `max - value` are below `2^bits`. For bounds that are themselves below
/// `2^bits`, this is `min <= value <= max` as integers; the reason stands at D7 in the circuit.
fn within(value: Fr, min: Fr, max: Fr, bits: usize) -> bool {
    range::is_below(&(value - min), bits) && range::is_below(&(max - value), bits)
}

impl Circuit for DonationInstance {
    const NAME: CircuitName = CircuitName::Donation;
    const SIZE: Size = Size { rows: 8_113, wires: 8_182 };
    const SECRETS: Option<&'static str> =
        Some("the spend key sk, and the trapdoor rcm of the donation");

    type Public = Donation;

    fn public(&self) -> &Donation {
        &self.public
    }

    fn blank() -> Self {
        Self { public: Donation::from_inputs(Default::default()), private: Default::default() }
    }

    fn false_clauses(&self) -> Vec<Clause> {
        let Self { public, private: w } = self;
        let sk = SpendKey::from_field(w.sk);
        let mut findings = Findings::default();

        findings.expect(Clause::D1, w.pk == sk.public_key().fr());
        findings.expect(Clause::D2, w.don == w.leaf());
        findings.expect(Clause::D3, w.path.root(w.don) == Some(public.root));
        findings.expect(
            Clause::D4,
            Nullifier(public.nf_d) == Ownership::nullifier(&sk, Scope(public.scope), w.don),
        );
        findings.expect(Clause::D5, public.policy == w.policy());
        findings.expect(Clause::D6, w.set_path.root(w.project_key) == Some(w.set_root));
        let PolicyBounds { amount_min, amount_max, time_min, time_max } = w.bounds;
        findings.expect(Clause::D7, within(w.amount, amount_min, amount_max, Amount::BITS));
        findings.expect(Clause::D7, within(w.time, time_min, time_max, Time::BITS));
        findings.expect(Clause::D8, public.ext.square() == w.ext.square());
        findings.0
    }

    fn synthesize(&self, mode: Mode) -> Builder {
        let (wires, mut builder) = Wires::declare(self, mode);
        let b = &mut builder;
        let Wires { public, sk, pk, record, don, bounds, .. } = &wires;

        b.clause(Clause::D1);
        sk.public_key(b, pk);

        b.clause(Clause::D2);
        let own = wires.ownership.own(b, pk);
        record.leaf(b, &own, don);

        b.clause(Clause::D3);
        wires.path.root(b, don, &public.root);

        b.clause(Clause::D4);
        OwnershipVar::nullifier(b, sk, &public.scope, don, &public.nf_d);

        b.clause(Clause::D5);
        let PolicyBounds { amount_min, amount_max, time_min, time_max } = bounds;
        let hashed = poseidon::hash4(b, [amount_min, amount_max, time_min, time_max]);
        let domain = b.constant(Domain::Pol.value());
        poseidon::hash3_is(b, [&domain, &wires.set_root, &hashed], &public.policy);

        b.clause(Clause::D6);
        wires.set_path.root(b, &record.project_key, &wires.set_root);

        // Both differences are in [0, 2^48), 2^40 for times. The verifier recomputes the policy
        // from bounds below 2^48, so the first puts the amount in [min, min + 2^48), below 2^49,
        // with no wrap: it is an integer. The second says that amount = max - v mod r with v in [0,
        // 2^48). If v were above max, the amount would be above r - 2^48, which the first excludes;
        // so v <= max and amount <= max as integers. Swapped bounds leave nothing between them. The
        // amount needs no range of its own: whatever field element a leaf holds, only one within
        // the bounds passes.
        b.clause(Clause::D7);
        range::fits::<{ Amount::BITS }>(b, &record.amount.minus(amount_min));
        range::fits::<{ Amount::BITS }>(b, &amount_max.minus(&record.amount));
        range::fits::<{ Time::BITS }>(b, &record.time.minus(time_min));
        range::fits::<{ Time::BITS }>(b, &time_max.minus(&record.time));

        b.clause(Clause::D8);
        b.row(&public.ext, &public.ext, &wires.ext_squared);
        builder
    }
}

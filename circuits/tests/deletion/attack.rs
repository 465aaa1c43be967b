//! A false statement for a circuit in which a row is missing.

use std::collections::BTreeSet;

use ark_bn254::Fr;
use ark_ff::{Field, UniformRand};
use rand::{SeedableRng, rngs::StdRng};
use wufu_analysis::{
    hunt::{Determination, System},
    samples::{donation_of, five_fu, gift, paths},
};
use wufu_circuits::{Circuit, Clause, DonationInstance, FiveFuInstance, GiftInstance, R1cs};
use wufu_verifier::{
    Donation, FiveFu, Gift,
    hash::{domain::Domain, merkle::CARD_DEPTH, poseidon::hash4},
};

use crate::{
    common::{Fields, shape},
    deletion::plan::{Level, Plan},
};

/// A statement that can be made from wires.
pub trait Target: Circuit + Fields + Clone {
    fn set_public(&mut self, inputs: &[Fr]);
    /// A true one.
    fn honest(rng: &mut StdRng) -> Self;
    /// One that is false in the clause of rows that give no wire: the first of the two that
    /// `clause` has in D7. The second argument says which of the four numbers is out of its bounds.
    fn false_in(clause: Clause, number: usize) -> Option<Self>;
}

impl Target for FiveFuInstance {
    fn set_public(&mut self, inputs: &[Fr]) {
        self.public = FiveFu::from_inputs(inputs.to_vec().try_into().unwrap());
    }
    fn honest(rng: &mut StdRng) -> Self {
        five_fu(rng)
    }
    fn false_in(_: Clause, _: usize) -> Option<Self> {
        None
    }
}

impl Target for DonationInstance {
    fn set_public(&mut self, inputs: &[Fr]) {
        self.public = Donation::from_inputs(inputs.to_vec().try_into().unwrap());
    }
    fn honest(rng: &mut StdRng) -> Self {
        donation_of(rng, (15, 10..=20), (15, 10..=20))
    }
    fn false_in(clause: Clause, number: usize) -> Option<Self> {
        let out = |low, high| match number {
            n if n == low => 5,
            n if n == high => 25,
            _ => 15,
        };
        let (amount, time) = ((out(0, 1), 10..=20), (out(2, 3), 10..=20));
        let mut rng = StdRng::seed_from_u64(7);
        (clause == Clause::D7).then(|| donation_of(&mut rng, amount, time))
    }
}

impl Target for GiftInstance {
    fn set_public(&mut self, inputs: &[Fr]) {
        self.public = Gift::from_inputs(inputs.to_vec().try_into().unwrap());
    }
    fn honest(rng: &mut StdRng) -> Self {
        gift(rng)
    }
    fn false_in(clause: Clause, _: usize) -> Option<Self> {
        // A sixth kind, of which a card is in the log.
        let mut rng = StdRng::seed_from_u64(7);
        let mut gift = gift(&mut rng);
        let w = &mut gift.private;
        w.kind = Fr::from(5u64);
        w.cm = hash4([Domain::Note.value() + w.kind, w.pk, w.rho, w.rcm]);
        w.path = paths::<CARD_DEPTH>(&mut rng, &[w.cm]).pop().unwrap();
        gift.public = gift.private.statement();
        (clause == Clause::G6).then_some(gift)
    }
}

/// How a mutant was killed: how the false statement was made that it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Killed {
    /// The wire that the row gave has another value, and everything that follows changes with it.
    Freed,
    /// The wire that the row gave is zero, so a node is none of the children.
    Zeroed,
    /// The row compared two values, and they differ.
    Unequal,
    /// A value is out of its bounds, or of its set.
    OutOfBounds,
    /// As `Freed`, with the same row missing in all five cards: their paths end in one root, which
    /// a single card would have to hit.
    FreedInAll,
}

/// A true statement, and how its wires follow from each other.
struct Base<C> {
    instance: C,
    z: Vec<Fr>,
    plan: Plan,
}

/// The attacker of a circuit.
pub struct Attacker<C> {
    shape: &'static R1cs,
    levels: Vec<Level>,
    // For Five Fu one for each card, whose path meets the others' only at the root.
    bases: Vec<Base<C>>,
    rng: StdRng,
}

const CARDS: usize = 5;

impl<C: Target> Attacker<C> {
    pub fn new() -> Self {
        let shape = shape::<C>();
        let levels = Level::all(shape);
        let mut file = Vec::new();
        shape.write(&mut file).unwrap();
        let follows = Determination::new(&System::read(&file).unwrap());
        let mut known = vec![false; shape.wires()];
        let declared = shape.public_inputs() + shape.private_inputs();
        known[0] = true;
        known[1 + shape.public_inputs()..declared].fill(true);
        follows.free_public.iter().for_each(|wire| known[*wire as usize] = true);
        follows.private.iter().for_each(|wire| known[*wire as usize] = false);

        let cards = levels.iter().filter(|level| level.clause == Clause::F3).count() / CARD_DEPTH;
        let base = |card: usize| {
            let seeds = (0..).map(StdRng::seed_from_u64);
            let (instance, z) = seeds
                .map(|mut rng| C::honest(&mut rng))
                .map(|instance| (instance.assign().z().to_vec(), instance))
                .find(|(z, _)| is_apart(&levels, z, card))
                .map(|(z, instance)| (instance, z))
                .unwrap();
            let plan = Plan::new(shape, known.clone(), &ties(&levels, &z));
            Base { instance, z, plan }
        };
        let bases = (0..cards.max(1)).map(base).collect();
        Self { shape, levels, bases, rng: StdRng::seed_from_u64(0) }
    }

    /// Looks for a false statement that the circuit without `row` accepts. The native check must
    /// find it false in the row's clause and no other, and its wires must satisfy every row but
    /// this one.
    ///
    /// # Errors
    /// Returns an error if none was found: then the row is not missed.
    pub fn kill(&mut self, row: usize) -> Result<Killed, String> {
        let clause = self.shape.clauses()[row];
        let level = self.levels.iter().position(|level| {
            (level.row..level.row + Level::MEMBERSHIP + Level::HASH).contains(&row)
        });
        let card = match (clause, level) {
            (Clause::F3, Some(level)) => level / CARD_DEPTH,
            _ => 0,
        };
        let given = self.bases[card].plan.gives(row);
        let random = Fr::rand(&mut self.rng);
        let mut tries = Vec::new();
        if let Some((place, level)) = level.map(|place| (place, &self.levels[place])) {
            let z = &self.bases[card].z;
            let at = row - level.row;
            match given {
                given if at < Level::MEMBERSHIP => {
                    let killed = given.map_or(Killed::Unequal, |_| Killed::Zeroed);
                    let zero = given.map(|wire| (wire, Fr::from(0u64)));
                    // The child has another value, and the root with it. Or, if the root is given
                    // by other paths, the child keeps its value, and the path below leads
                    // elsewhere.
                    let own = [(level.own(z), random)].into_iter();
                    tries.push((killed, zero.into_iter().chain(own).collect()));
                    if place % CARD_DEPTH > 0 {
                        let below = &self.levels[place - 1];
                        let children = self.levels.iter().flat_map(|level| level.children);
                        let held = children.filter(|child| z[*child] == z[level.node]);
                        let held = held.map(|child| (child, z[child]));
                        let elsewhere = [(below.neighbour(z), random)].into_iter();
                        let changes = zero.into_iter().chain(held).chain(elsewhere);
                        tries.push((killed, changes.collect()));
                    }
                }
                _ if at + 1 == Level::MEMBERSHIP + Level::HASH => {
                    let mut changes = vec![(level.neighbour(z), random)];
                    changes.extend(given.map(|wire| (wire, z[wire])));
                    tries.push((Killed::Unequal, changes));
                }
                _ => {}
            }
        }
        if let (Some(wire), true) = (given, tries.is_empty()) {
            // A square: what the payload's row gives must have a root for the native check.
            tries.push((Killed::Freed, vec![(wire, random.square())]));
        }
        let mut story = String::new();
        for (killed, changes) in tries {
            match self.accepted(card, &changes, &[row]) {
                Ok(()) => return Ok(killed),
                Err(why) => story.push_str(&format!("{killed:?}: {why}; ")),
            }
        }
        if let Some(level) = level.filter(|_| clause == Clause::F3) {
            // The same row of all five cards.
            let stride = CARD_DEPTH * (Level::MEMBERSHIP + Level::HASH);
            let first = row - (level / CARD_DEPTH) * stride;
            let rows: Vec<usize> = (0..CARDS).map(|card| first + card * stride).collect();
            let wires = rows.iter().filter_map(|row| self.bases[0].plan.gives(*row));
            let changes: Vec<_> = wires.map(|wire| (wire, random)).collect();
            if level % CARD_DEPTH + 1 == CARD_DEPTH && changes.len() == CARDS {
                match self.accepted(0, &changes, &rows) {
                    Ok(()) => return Ok(Killed::FreedInAll),
                    Err(why) => story.push_str(&format!("in all five: {why}")),
                }
            }
        }
        self.out_of_bounds(row, clause).map_err(|why| format!("{story}{why}"))
    }

    /// Checks that the changed wires satisfy all rows but `missing`, and make a statement that is
    /// false in their clause only.
    fn accepted(
        &self,
        base: usize,
        changes: &[(usize, Fr)],
        missing: &[usize],
    ) -> Result<(), String> {
        let Base { instance, z: honest, plan } = &self.bases[base];
        let mut z = honest.clone();
        let touched = plan.change(self.shape, &mut z, changes);
        // All other rows hold as they did.
        let broken: Vec<usize> =
            touched.into_iter().filter(|row| !self.shape.holds(*row, &z)).collect();
        if broken.iter().any(|row| !missing.contains(row)) || broken.is_empty() {
            return Err(format!("rows {:?} are broken", &broken[..broken.len().min(8)]));
        }
        self.is_false(instance.clone(), honest, &z, self.shape.clauses()[missing[0]])
    }

    /// Checks that the statement that the wires make is false in `clause` and no other.
    fn is_false(
        &self,
        mut instance: C,
        before: &[Fr],
        z: &[Fr],
        clause: Clause,
    ) -> Result<(), String> {
        let (public, private) = (self.shape.public_inputs(), self.shape.private_inputs());
        let declared = &z[1 + public..1 + public + private];
        for (field, value) in instance.fields().into_iter().zip(declared).take(private - 1) {
            *field = *value;
        }
        // The last input is the payload's square; the witness holds the payload.
        if before[public + private] != z[public + private] {
            let root = declared[private - 1].sqrt().ok_or("the payload has no root")?;
            *instance.fields().pop().unwrap() = root;
        }
        instance.set_public(&z[1..=public]);
        match instance.false_clauses() {
            found if found == [clause] => Ok(()),
            found => Err(format!("the native check refuses {found:?}")),
        }
    }

    /// A statement that is false from the start, with the wires around the row made to fit.
    fn out_of_bounds(&self, row: usize, clause: Clause) -> Result<Killed, String> {
        let [a, b, c] = self.shape.matrices();
        let mut story = String::new();
        for number in 0..4 {
            let Some(instance) = C::false_in(clause, number) else { continue };
            let honest = instance.assign().z().to_vec();
            let mut z = honest.clone();
            let plan = &self.bases[0].plan;
            if let Some(wire) = plan.gives(row) {
                plan.change(self.shape, &mut z, &[(wire, Fr::from(0u64))]);
            } else if let ([(wire, _)], [_, _]) = (a.row(row), b.row(row)) {
                // A bit: it makes up for what its sum lacks.
                let is_sum = |other: &usize| {
                    *other != row && a.row(*other).iter().any(|(term, _)| term == wire)
                };
                if let Some(sum) =
                    (row..self.shape.rows()).find(is_sum).filter(|_| clause == Clause::D7)
                {
                    let (terms, at) = (a.row(sum), *wire as usize);
                    let short: Fr = terms.iter().map(|(wire, k)| z[*wire as usize] * k).sum();
                    let factor = terms.iter().find(|(term, _)| term == wire).unwrap().1;
                    z[at] -= short * factor.inverse().unwrap();
                }
            }
            let broken: BTreeSet<usize> = self.shape.broken(&z).collect();
            if broken != BTreeSet::from([row]) {
                story.push_str(&format!("out of bounds: rows {broken:?} are broken; "));
                continue;
            }
            debug_assert!(c.row(row).len() < 2);
            match self.is_false(instance, &honest, &z, clause) {
                Ok(()) => return Ok(Killed::OutOfBounds),
                Err(why) => story.push_str(&why),
            }
        }
        Err(story)
    }
}

/// Whether the path of a card meets those of the others at the root's children and not before.
fn is_apart(levels: &[Level], z: &[Fr], card: usize) -> bool {
    let of = |card: usize| levels.get(card * CARD_DEPTH + CARD_DEPTH - 1).map(|top| z[top.node]);
    let is_path = levels.first().is_some_and(|level| level.clause == Clause::F3);
    !is_path || (0..CARDS).all(|other| other == card || of(other) != of(card))
}

/// Each child that is a node follows it: its own path's, or at the same height that of another path
/// to the same root.
fn ties(levels: &[Level], z: &[Fr]) -> Vec<(usize, usize)> {
    let mut ties = Vec::new();
    for level in levels {
        let own = level.own(z);
        for child in level.children {
            let others = levels.iter().filter(|other| other.clause == level.clause);
            match others.map(|other| other.node).find(|node| z[*node] == z[child]) {
                _ if child == own => ties.push((child, level.node)),
                Some(node) => ties.push((child, node)),
                None => {}
            }
        }
    }
    ties
}

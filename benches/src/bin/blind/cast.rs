//! The parties: local provers, wallets, a dealer and an evaluator, all with one key.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use ark_bn254::{Bn254, Fr};
use ark_ff::{BigInt, UniformRand as _};
use ark_groth16::{Groth16, r1cs_to_qap::LibsnarkReduction};
use ark_relations::utils::matrix::Matrix;
use bn254x8::{Backend, Ntt};
use ed25519_dalek::SigningKey;
use prost::Message;
use rand::rngs::StdRng;
use wufu_analysis::samples::five_fu;
use wufu_circuits::{Circuit as _, FiveFuInstance, R1cs};
use wufu_delegation::{BlindKey, Blinding, FourSums, Kit, LIFE, Masks, Token};
use wufu_groth16::{Engine as _, PreparedEngine, ProvingKey, prepared::Options};
use wufu_proto::{
    blind::{FORMAT, messages},
    v1::{EvaluateRequest, EvaluateResponse},
};
use wufu_prover::{
    blind::{Dealer, Evaluator, kit},
    keys, setup,
};
use wufu_verifier::{CircuitName, Proof, Trust, VerifyingKey};

use crate::times::Times;

/// The bytes that gRPC puts before each message.
const PREFIX: usize = 5;
/// An arbitrary time, in Unix seconds.
const NOW: u64 = 1_790_000_000;

/// Sizes in bytes.
pub struct Sizes {
    pub sent: usize,
    pub received: usize,
    pub kit: usize,
    pub token: usize,
}

pub struct Cast {
    claim: FiveFuInstance,
    shape: R1cs,
    matrices: [Matrix<Fr>; 3],
    key: ProvingKey,
    engine: PreparedEngine,
    dealer: Dealer,
    evaluator: Evaluator,
    kit: Vec<u8>,
    wallets: [(&'static str, BlindKey); 2],
}

impl Cast {
    pub fn new(rng: &mut StdRng) -> anyhow::Result<Self> {
        let shape = FiveFuInstance::shape();
        let matrices = shape.matrices().map(|matrix| {
            let row =
                |row: &[(u32, Fr)]| row.iter().map(|(wire, k)| (*k, *wire as usize)).collect();
            matrix.rows().map(row).collect()
        });
        let key = setup::development(CircuitName::FiveFu, rng)?;
        let prepared = Arc::new(keys::prepare(&key, Options::default(), &|_| ())?);
        let kit = kit(&prepared)?;
        let wallet = |name, backend| -> anyhow::Result<_> {
            Ok((name, BlindKey::new(key.verifying_key().clone(), kit.clone(), backend)?))
        };
        Ok(Self {
            claim: five_fu(rng),
            shape,
            matrices,
            engine: PreparedEngine::new(prepared.clone()),
            dealer: Dealer::new(prepared.clone(), SigningKey::from_bytes(&[7; 32]))?,
            evaluator: Evaluator::new(prepared)?,
            kit: kit.encode(),
            wallets: [wallet("portable", Backend::Portable)?, wallet("best", Backend::best())?],
            key,
        })
    }

    /// The wallets, named after their backends: `portable` and `best`.
    pub fn wallets(&self) -> [&'static str; 2] {
        self.wallets.each_ref().map(|(name, _)| *name)
    }

    pub fn engine(&self) -> &str {
        self.engine.name()
    }

    /// Everybody proves once, and all proofs are equal.
    pub fn turn(&self, times: &mut Times, rng: &mut StdRng) -> anyhow::Result<Sizes> {
        let (r, s) = (Fr::rand(rng), Fr::rand(rng));
        let checked = times.take("check", "check", || self.claim.check().is_ok());
        ensure!(checked, "the claim is false");
        let proof = times.take("engine", "prove", || {
            let assignment = self.claim.assign();
            self.engine.prove(keys::values(&assignment), r, s)
        })?;
        ensure!(self.ark(times, r, s)? == proof, "ark-groth16 proves otherwise");
        let mut sizes = None;
        for (name, key) in &self.wallets {
            let token = times.take("dealer", "deal", || self.dealer.deal(rng, NOW + LIFE))?;
            let (blind, told) =
                self.blind(times, (name, key), &token.encode(), Blinding::new(r, s))?;
            ensure!(blind == proof, "the wallet with {name} proves otherwise");
            sizes = Some(told);
        }
        self.within(times, rng)?;
        sizes.context("there is no wallet")
    }

    /// From given matrices and assignment.
    fn ark(&self, times: &mut Times, r: Fr, s: Fr) -> anyhow::Result<Proof> {
        let assignment = self.claim.assign();
        let proof = times.take("ark-groth16", "prove", || {
            Groth16::<Bn254, LibsnarkReduction>::create_proof_with_reduction_and_matrices(
                self.key.points(),
                r,
                s,
                &self.matrices,
                self.shape.public_inputs() + 1,
                self.shape.rows(),
                assignment.z(),
            )
        })?;
        Ok(Proof::new(proof.a, proof.b, proof.c)?)
    }

    /// One job, from the bytes of a token to a checked proof.
    fn blind(
        &self,
        times: &mut Times,
        (name, key): (&'static str, &BlindKey),
        token: &[u8],
        blinding: Blinding,
    ) -> anyhow::Result<(Proof, Sizes)> {
        let key_id = key.verifying_key().id();
        let assignment = times.take(name, "1 witness", || self.claim.assign());
        let signed_by = self.dealer.verifying_key();
        let token =
            times.take(name, "2 open token", || Token::open(token, &signed_by, key_id, NOW))?;
        let shared =
            times.take(name, "3 share", || key.share_with(&assignment, vec![token], blinding))?;
        let sent = times.take(name, "4 messages", || messages(key_id, shared.request.as_bytes()));
        let request = shared.request.as_bytes();
        let sums = times.take("evaluator", "evaluate", || self.evaluator.evaluate(request))?;
        let answer = EvaluateResponse { format: FORMAT, sums: sums.encode() };
        let sums = times.take(name, "5 read answer", || FourSums::decode(&answer.sums))?;
        let proof = times.take(name, "6 finish", || shared.pending.finish(&sums))?;
        let sizes = Sizes {
            sent: sent.iter().map(|message: &EvaluateRequest| PREFIX + message.encoded_len()).sum(),
            received: PREFIX + answer.encoded_len(),
            kit: self.kit.len(),
            token: Token::BYTES,
        };
        Ok((proof, sizes))
    }

    /// The parts of a wallet's work, and what it does once, when it starts.
    fn within(&self, times: &mut Times, rng: &mut StdRng) -> anyhow::Result<()> {
        let assignment = self.claim.assign();
        let shape = self.dealer.shape();
        let shift = shape.shift().context("there is no such coset")?;
        let first = [assignment.az(), &assignment.z()[..shape.public()]].concat();
        let mut products = vec![BigInt::<4>::default(); shape.domain()];
        for (set_up, transforms, backend) in [
            ("constants, portable", "four NTTs, portable", Backend::Portable),
            ("constants, best", "four NTTs, best", Backend::best()),
        ] {
            let ntt =
                times.take("once", set_up, || Ntt::new(backend, shape.domain_log2(), shift))?;
            // The first proof allocates the buffers, and later ones use them again.
            ntt.coset_products(&first, assignment.bz(), &mut products)?;
            times.take("within", transforms, || {
                ntt.coset_products(&first, assignment.bz(), &mut products)
            })?;
        }
        let seed = wufu_delegation::MaskSeed::random(rng);
        times.take("within", "masks of a token", || Masks::new(&seed, shape));
        let key = self.key.verifying_key();
        let proof = self.engine.prove(keys::values(&assignment), 3.into(), 5.into())?;
        let holds = times
            .take("within", "verification", || key.equation_holds(assignment.public(), &proof));
        ensure!(holds, "the proof does not verify");
        let bytes = key.encode();
        times.take("once", "verifying key", || {
            VerifyingKey::decode(&bytes, Trust::AcceptDevelopment)
        })?;
        times.take("once", "kit", || Kit::decode(&self.kit, key))?;
        Ok(())
    }
}

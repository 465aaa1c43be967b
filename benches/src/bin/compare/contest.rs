//! Provers that take turns over one circuit.

use std::time::Duration;

use anyhow::ensure;
use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand as _;
use ark_groth16::{Groth16, Proof, r1cs_to_qap::LibsnarkReduction};
use bn254x8::Backend;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use taceo_groth16::{ConstraintMatrices, Groth16 as Taceo, LibSnarkReduction};
use wufu_benches::{ms, time};
use wufu_circuits::r1cs::Matrix;
use wufu_groth16::prepared::{Queries, Workspaces};
use wufu_prover::keys;
use wufu_verifier::Proof as Ours;

use crate::subject::{Subject, Synthesis};

/// Medians of one circuit.
pub struct Contest {
    pub name: &'static str,
    rows: usize,
    wires: usize,
    ours: Vec<Measured>,
    /// From given matrices and assignment.
    pub ark: Duration,
    ark_synthesis: Duration,
    /// From given matrices and assignment.
    pub taceo: Duration,
}

/// Our engine with one backend.
pub struct Measured {
    backend: Backend,
    prepare: Duration,
    witness: Duration,
    total: Duration,
}

impl Measured {
    pub fn total_ms(&self) -> f64 {
        ms(self.total)
    }

    pub fn witness_share(&self) -> f64 {
        self.witness.as_secs_f64() / self.total.as_secs_f64()
    }
}

impl Contest {
    /// With the fastest backend.
    pub fn best(&self) -> &Measured {
        // There is one for every backend of this machine, the best among them.
        let best = self.ours.iter().position(|measured| measured.backend == Backend::best());
        &self.ours[best.unwrap_or(0)]
    }

    /// Our time as a fraction of another.
    pub fn ratio(&self, other: &Duration) -> f64 {
        self.best().total.as_secs_f64() / other.as_secs_f64()
    }

    pub fn json(&self) -> Value {
        let ours = self.ours.iter().map(|measured| {
            json!({
                "backend": measured.backend.name(),
                "vs_ark": measured.total.as_secs_f64() / self.ark.as_secs_f64(),
                "vs_taceo": measured.total.as_secs_f64() / self.taceo.as_secs_f64(),
                "total_ms": ms(measured.total),
                "witness_ms": ms(measured.witness),
                "prepare_ms": ms(measured.prepare),
            })
        });
        json!({
            "step": "prove", "circuit": self.name, "rows": self.rows, "wires": self.wires,
            "ours": ours.collect::<Vec<_>>(),
            "ark_ms": ms(self.ark), "ark_with_synthesis_ms": ms(self.ark_synthesis),
            "taceo_ms": ms(self.taceo),
        })
    }

    pub fn text(&self) -> String {
        let mut out = format!("{} ({} rows, {} wires)", self.name, self.rows, self.wires);
        for measured in &self.ours {
            let part = |other: Duration| measured.total.as_secs_f64() / other.as_secs_f64();
            out += &format!(
                "\n  {:<11} {:.3} of ark, {:.3} of taceo; {:.1} ms, witness included ({:.1} ms); \
                 key prepared in {:.0} ms",
                measured.backend.name(),
                part(self.ark),
                part(self.taceo),
                ms(measured.total),
                ms(measured.witness),
                ms(measured.prepare),
            );
        }
        out += &format!(
            "\n  ark-groth16 {:.1} ms ({:.1} ms with synthesis); taceo-groth16 {:.1} ms",
            ms(self.ark),
            ms(self.ark_synthesis),
            ms(self.taceo)
        );
        out
    }
}

/// Runs all provers in turns.
pub fn contest(subject: &Subject, runs: usize, rng: &mut StdRng) -> anyhow::Result<Contest> {
    let assignment = (subject.assign)();
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let [a, b, c] = subject.shape.matrices().map(Matrix::non_zeros);
    let [matrix_a, matrix_b, matrix_c] = subject.matrices.clone();
    let public = subject.shape.public_inputs() + 1;
    let matrices = ConstraintMatrices {
        num_instance_variables: public,
        num_witness_variables: subject.shape.wires() - public,
        num_constraints: subject.shape.rows(),
        a_num_non_zero: a,
        b_num_non_zero: b,
        c_num_non_zero: c,
        a: matrix_a,
        b: matrix_b,
        c: matrix_c,
    };
    let ark = || {
        Groth16::<Bn254, LibsnarkReduction>::create_proof_with_reduction_and_matrices(
            &subject.key,
            r,
            s,
            &subject.matrices,
            public,
            subject.shape.rows(),
            assignment.z(),
        )
    };
    let ark_synthesis = || {
        let circuit = Synthesis { shape: &subject.shape, z: Some(assignment.z()) };
        Groth16::<Bn254, LibsnarkReduction>::create_proof_with_reduction(
            circuit,
            &subject.key,
            r,
            s,
        )
    };
    let taceo = || {
        Taceo::<Bn254>::prove::<LibSnarkReduction>(&subject.key, r, s, &matrices, assignment.z())
            .map_err(|error| anyhow::anyhow!("{error}"))
    };
    let engines = Backend::available()
        .map(|backend| {
            let (queries, prepare) = time(|| subject.queries(backend));
            Ok((backend, queries?, prepare))
        })
        .collect::<anyhow::Result<Vec<(Backend, Queries, Duration)>>>()?;
    let workspaces = Workspaces::new();
    // As a service does it: from the inputs of the witness to a checked proof.
    let prove = |queries: &Queries| {
        let assignment = (subject.assign)();
        let proof = queries.prove(keys::values(&assignment), r, s, &workspaces)?;
        Ours::new(proof.a, proof.b, proof.c)?;
        anyhow::Ok(proof)
    };

    // Both must agree, or there is nothing to compare. This is also the run that does not count.
    let expected: Proof<Bn254> = ark()?;
    ensure!(ark_synthesis()? == expected, "arkworks disagrees with itself");
    ensure!(taceo()? == expected, "taceo-groth16 disagrees with ark-groth16");
    for (backend, queries, _) in &engines {
        ensure!(prove(queries)? == expected, "{backend} disagrees with ark-groth16");
    }
    if let Some(key) = subject.verifying() {
        let proof = Ours::new(expected.a, expected.b, expected.c)?;
        ensure!(key.equation_holds(assignment.public(), &proof), "the proof does not verify");
    }

    let mut ours = Vec::new();
    let mut works: Vec<Box<dyn Fn() -> bool + '_>> = vec![
        Box::new(|| ark().is_ok()),
        Box::new(|| ark_synthesis().is_ok()),
        Box::new(|| taceo().is_ok()),
        Box::new(|| (subject.assign)().z().len() == subject.shape.wires()),
    ];
    for (_, queries, _) in &engines {
        works.push(Box::new(|| prove(queries).is_ok()));
    }
    let works: Vec<&dyn Fn() -> bool> = works.iter().map(|work| &**work).collect();
    let medians = interleaved_all(runs, &works);
    for ((backend, _, prepare), total) in engines.iter().zip(&medians[4..]) {
        let (backend, prepare, witness, total) = (*backend, *prepare, medians[3], *total);
        ours.push(Measured { backend, prepare, witness, total });
    }
    Ok(Contest {
        name: subject.name,
        rows: subject.shape.rows(),
        wires: subject.shape.wires(),
        ours,
        ark: medians[0],
        ark_synthesis: medians[1],
        taceo: medians[2],
    })
}

/// The medians of tasks that take turns, after one turn that does not count.
pub fn interleaved<const N: usize>(runs: usize, works: [&dyn Fn() -> bool; N]) -> [Duration; N] {
    let medians = interleaved_all(runs, &works);
    std::array::from_fn(|work| medians[work])
}

fn interleaved_all(runs: usize, works: &[&dyn Fn() -> bool]) -> Vec<Duration> {
    let mut times = vec![Vec::new(); works.len()];
    for run in 0..=runs.max(1) {
        for (work, times) in works.iter().zip(&mut times) {
            let (_, took) = time(work);
            if run > 0 {
                times.push(took);
            }
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

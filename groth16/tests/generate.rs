//! Compares our generator with that of arkworks: the same random numbers must give the same key,
//! bit for bit.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup as _;
use ark_ff::UniformRand as _;
use ark_groth16::{Groth16, ProvingKey, r1cs_to_qap::LibsnarkReduction};
use rand::{SeedableRng as _, rngs::StdRng};
use wufu_circuits::R1cs;
use wufu_groth16::{MatrixRef, R1csRef, generate};
use wufu_prover::keys::rows;
use wufu_verifier::groth16::key::Reduction;

use crate::{
    matrices::{CircomReduction, Rows},
    prepared::{awkward, chain},
};

/// The key that arkworks makes from the same random numbers.
fn theirs(shape: &R1cs, reduction: Reduction, rng: &mut StdRng) -> ProvingKey<Bn254> {
    let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(rng));
    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    let make = match reduction {
        Reduction::Libsnark => Groth16::<Bn254, LibsnarkReduction>::generate_parameters_with_qap,
        Reduction::Circom => Groth16::<Bn254, CircomReduction>::generate_parameters_with_qap,
    };
    make(Rows(shape), alpha, beta, gamma, delta, g1, g2, rng).unwrap()
}

#[test]
fn keys_are_those_of_arkworks() {
    // Wires without rows and equal rows, which give points at infinity and equal points.
    for (shape, _) in
        [chain(1, Fr::from(3u64)), chain(700, Fr::from(5u64)), awkward(Fr::from(2u64))]
    {
        for reduction in [Reduction::Libsnark, Reduction::Circom] {
            let seeded = || StdRng::seed_from_u64(shape.rows() as u64);
            let ours = generate(rows(&shape), reduction, &mut seeded()).unwrap();
            assert_eq!(ours, theirs(&shape, reduction, &mut seeded()), "{reduction:?}");
        }
    }
}

/// A row with a wire that the circuit does not have used to end the process.
#[test]
fn rows_of_other_wires_make_no_key() {
    let (terms, ends) = ([(1, Fr::from(2u64)), (2, Fr::from(3u64))], [1, 2]);
    let matrix = MatrixRef::new(&terms, &ends);
    let made = |public_inputs, wires| {
        let rows = R1csRef { public_inputs, wires, matrices: [matrix; 3] };
        generate(rows, Reduction::Libsnark, &mut StdRng::seed_from_u64(1)).map(drop)
    };
    assert!(made(1, 3).is_ok());
    for (public_inputs, wires) in [(1, 2), (3, 3), (0, 0), (usize::MAX, 3)] {
        assert!(made(public_inputs, wires).is_err(), "{public_inputs} of {wires}");
    }
}

//! Files of proving keys: ours, prepared ones and snarkjs's. False lengths must cost neither memory
//! nor time. A key of Gift has two megabytes, so an input may also be a list of changes to a valid
//! key. Hashes are corrected first, so that the fuzzer gets past them.
#![no_main]

use std::sync::OnceLock;

use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use libfuzzer_sys::fuzz_target;
use wufu_circuits::{Circuit, GiftInstance};
use wufu_fuzz::reached;
use wufu_groth16::{ProvingKey, prepared::Header};
use wufu_prover::keys;
use wufu_verifier::{
    CircuitName, Trust,
    groth16::key::{Provenance, Reduction},
};

/// Most of a key's own description is at its beginning.
const BEGINNING: usize = 1200;

fuzz_target!(|data: &[u8]| {
    let Some((sort, rest)) = data.split_first() else { return };
    match sort % 3 {
        0 => ours(&changed(&files().ours, rest)),
        1 => snarkjs(&changed(&files().zkey, rest)),
        _ => {
            ours(rest);
            snarkjs(rest);
        }
    }
});

fn ours(body: &[u8]) {
    let mut file = body.to_vec();
    file.extend_from_slice(blake3::hash(body).as_bytes());
    for bytes in [body, &file] {
        if let Ok(key) =
            ProvingKey::decode(bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
        {
            assert_eq!(key.encode().ok().as_deref(), Some(bytes));
            reached("proving key");
        }
        let _ = Header::parse(bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment);
    }
}

fn snarkjs(bytes: &[u8]) {
    let Ok(key) = keys::from_zkey(bytes, CircuitName::Gift, Provenance::Development) else {
        return;
    };
    // A key that can be read is one of ours, in our form.
    let file = key.encode().unwrap_or_default();
    let again =
        ProvingKey::decode(&file, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment);
    assert_eq!(again.map(|again| again.id()).ok(), Some(key.id()));
    reached("zkey");
}

/// The file with changes of five bytes each: a position, and what to add to the byte there. The
/// file may also be truncated.
fn changed(file: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for [sort, low, middle, high, byte] in changes.as_chunks::<5>().0 {
        let at = usize::from(*low) | usize::from(*middle) << 8 | usize::from(*high) << 16;
        let length = file.len();
        match sort % 8 {
            0..4 => file[at % BEGINNING.min(length)] ^= byte,
            4..6 => file[at % length] ^= byte,
            // An existing point, in another place.
            6 => {
                let places = length - 63;
                let (from, to) = (at % places, at * 64 % places);
                file.copy_within(from..from + 64, to);
            }
            _ => file.truncate((length - at % length).max(64)),
        }
    }
    file
}

/// Keys of Gift that a reader accepts, without the last hash of ours. Most bases are the identity.
struct Files {
    ours: Vec<u8>,
    zkey: Vec<u8>,
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let libsnark = key(Reduction::Libsnark).encode().expect("in memory");
        let ours = libsnark[..libsnark.len() - 32].to_vec();
        Files { ours, zkey: written(&key(Reduction::Circom)) }
    })
}

fn g1(factor: u64) -> G1Affine {
    (G1Affine::generator() * Fr::from(factor)).into()
}

fn g2(factor: u64) -> G2Affine {
    (G2Affine::generator() * Fr::from(factor)).into()
}

fn key(reduction: Reduction) -> ProvingKey {
    let shape = GiftInstance::shape();
    let (wires, public) = (shape.wires(), shape.public_inputs() + 1);
    let domain = 1usize << shape.domain_log2();
    let (gamma, quotient) = match reduction {
        Reduction::Libsnark => (5, domain - 1),
        Reduction::Circom => (1, domain),
    };
    let mut points = ark_groth16::ProvingKey::<Bn254> {
        vk: ark_groth16::VerifyingKey {
            alpha_g1: g1(2),
            beta_g2: g2(3),
            gamma_g2: g2(gamma),
            delta_g2: g2(7),
            gamma_abc_g1: (11..).map(g1).take(public).collect(),
        },
        beta_g1: g1(3),
        delta_g1: g1(7),
        a_query: vec![G1Affine::identity(); wires],
        b_g1_query: vec![G1Affine::identity(); wires],
        b_g2_query: vec![G2Affine::identity(); wires],
        h_query: vec![G1Affine::identity(); quotient],
        l_query: vec![G1Affine::identity(); wires - public],
    };
    (points.a_query[1], points.b_g2_query[1]) = (g1(20), g2(21));
    let key = keys::proving_key(CircuitName::Gift, Provenance::Development, reduction, points);
    key.expect("points as many as the circuit needs, of secrets that differ")
}

/// The key in snarkjs's form.
fn written(key: &ProvingKey) -> Vec<u8> {
    let (points, shape) = (key.points(), GiftInstance::shape());
    let (wires, public) = (shape.wires() as u32, shape.public_inputs() as u32);
    let mut header = Vec::new();
    for modulus in [Fq::MODULUS, Fr::MODULUS] {
        header.extend(32u32.to_le_bytes());
        header.extend(limbs(modulus));
    }
    for size in [wires, public, 1 << shape.domain_log2()] {
        header.extend(size.to_le_bytes());
    }
    let vk = &points.vk;
    header.extend([vk.alpha_g1, points.beta_g1].iter().flat_map(point_g1));
    header.extend([vk.beta_g2, vk.gamma_g2].iter().flat_map(point_g2));
    header.extend(point_g1(&points.delta_g1));
    header.extend(point_g2(&vk.delta_g2));

    let [a, b, _] = shape.matrices();
    let mut terms = Vec::new();
    for (number, matrix) in [(0u32, a), (1, b)] {
        for (row, combination) in matrix.rows().enumerate() {
            terms.extend(combination.iter().map(|(wire, k)| (number, row as u32, *wire, *k)));
        }
    }
    terms.extend((0..=public).map(|wire| (0, shape.rows() as u32 + wire, wire, Fr::from(1u64))));
    let mut rows = (terms.len() as u32).to_le_bytes().to_vec();
    let twice = Fr::from(2u64);
    let montgomery = (0..256).fold(Fr::from(1u64), |power, _| power * twice);
    for (matrix, row, wire, factor) in terms {
        rows.extend([matrix, row, wire].iter().flat_map(|number| number.to_le_bytes()));
        // In double Montgomery form. The number itself is in Montgomery form already.
        rows.extend(limbs((factor * montgomery).0));
    }
    let many = |points: &[G1Affine]| points.iter().flat_map(point_g1).collect::<Vec<_>>();
    let sections = [
        1u32.to_le_bytes().to_vec(),
        header,
        many(&vk.gamma_abc_g1),
        rows,
        many(&points.a_query),
        many(&points.b_g1_query),
        points.b_g2_query.iter().flat_map(point_g2).collect(),
        many(&points.l_query),
        many(&points.h_query),
    ];
    let mut out = b"zkey".to_vec();
    out.extend([1u32, sections.len() as u32].iter().flat_map(|number| number.to_le_bytes()));
    for (number, section) in (1u32..).zip(&sections) {
        out.extend(number.to_le_bytes());
        out.extend((section.len() as u64).to_le_bytes());
        out.extend(section);
    }
    out
}

fn limbs(integer: BigInt<4>) -> impl Iterator<Item = u8> {
    integer.0.into_iter().flat_map(u64::to_le_bytes)
}

fn point_g1(point: &G1Affine) -> Vec<u8> {
    let zero = Default::default();
    let (x, y) = point.xy().unwrap_or((zero, zero));
    [x, y].into_iter().flat_map(|value| limbs(value.0)).collect()
}

fn point_g2(point: &G2Affine) -> Vec<u8> {
    let zero = Default::default();
    let (x, y) = point.xy().unwrap_or((zero, zero));
    [x.c0, x.c1, y.c0, y.c1].into_iter().flat_map(|value| limbs(value.0)).collect()
}

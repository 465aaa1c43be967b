//! Proving keys as files, and which files are refused. Before these tests, each of the checks could
//! be removed without any test failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::File;

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr as _;
use wufu_groth16::{KeyFileError, ProvingKey};
use wufu_prover::keys;
use wufu_verifier::{
    CircuitName, Trust,
    groth16::key::{Provenance, Reduction},
};

use crate::keys::key;

type Points = ark_groth16::ProvingKey<ark_bn254::Bn254>;

/// One point more or less in one of the queries. Such a key proves nothing, or its proofs never
/// verify.
#[test]
fn a_key_with_another_number_of_points_is_refused() {
    let good = key(CircuitName::Gift);
    let with = |change: &dyn Fn(&mut Points)| {
        let mut points = good.points().clone();
        change(&mut points);
        keys::proving_key(CircuitName::Gift, Provenance::Development, Reduction::Libsnark, points)
    };
    with(&|_| ()).unwrap();
    let (one, two) = (G1Affine::generator(), G2Affine::generator());
    for (query, change) in [
        ("A", &(|points: &mut Points| points.a_query.push(one)) as &dyn Fn(&mut Points)),
        ("B in G1", &|points: &mut Points| points.b_g1_query.push(one)),
        ("B in G2", &|points: &mut Points| points.b_g2_query.push(two)),
        ("L", &|points: &mut Points| points.l_query.truncate(1)),
        ("H", &|points: &mut Points| points.h_query.truncate(1)),
    ] {
        let refused = with(change).unwrap_err();
        assert!(
            matches!(refused, KeyFileError::Count { query: named, .. } if named == query),
            "{query}: {refused}"
        );
    }
}

/// Rows of docs/failures.md: 5.
#[test]
fn a_key_file_whose_hash_is_another_is_refused() {
    let mut bytes = key(CircuitName::Gift).encode().unwrap();
    ProvingKey::decode(&bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
        .unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let refused =
        ProvingKey::decode(&bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
            .unwrap_err();
    assert!(matches!(refused, KeyFileError::Hash), "{refused}");
}

/// A file that is mostly a hole takes no space on disk, but was once read into memory.
#[test]
fn an_oversized_key_file_is_refused_before_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.pk");
    File::create(&path).unwrap().set_len((1 << 30) + 1).unwrap();
    let refused =
        ProvingKey::load(&path, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
            .unwrap_err();
    assert!(matches!(refused, KeyFileError::Large { got } if got == (1 << 30) + 1), "{refused}");
}

//! Poseidon, compared with what others publish and compute.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use light_poseidon::{Poseidon, PoseidonHasher};
use proptest::{array::uniform4, prelude::*};
use serde::Deserialize;
use wufu_verifier::hash::poseidon::{hash2, hash3, hash4, plain};

#[derive(Deserialize)]
struct Vectors {
    accepted: Vec<Accepted>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Accepted {
    inputs: Vec<String>,
    hash: String,
}

#[derive(Deserialize)]
struct Refused {
    inputs: Vec<String>,
    reason: String,
}

#[test]
fn vectors_of_other_implementations() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../vectors/poseidon.json")).unwrap();
    assert_eq!(vectors.accepted.len(), 24);
    for Accepted { inputs, hash } in &vectors.accepted {
        let inputs = elements(inputs);
        let expected: Fr = hash.parse().unwrap();
        assert_eq!(ours(&inputs), expected, "hash of {inputs:?}");
        assert_eq!(plain(&inputs), Some(expected), "plain hash of {inputs:?}");
    }
    assert_eq!(vectors.refused.len(), 3);
    for Refused { inputs, reason } in &vectors.refused {
        assert_eq!(plain(&elements(inputs)), None, "{reason}");
    }
}

/// The values of circomlibjs's own tests (2 and 4 inputs) and of Light Protocol's prover (2 and 3
/// inputs), so that no change of the file above goes unnoticed.
#[test]
fn published_values() {
    let [one, two, three, four] = [1, 2, 3, 4].map(Fr::from);
    assert_eq!(
        hash2([one, two]).to_string(),
        "7853200120776062878684798364095072458815029376092732009249414926327459813530"
    );
    assert_eq!(
        hash3([one, two, three]).to_string(),
        "6542985608222806190361240322586112750744169038454362455181422643027100751666"
    );
    assert_eq!(
        hash4([one, two, three, four]).to_string(),
        "18821383157269793795438455681495246036402687001665670618754263018637548127333"
    );
}

/// Every combination of elements at the edges of the field and of its representation.
#[test]
fn edges_are_as_light_poseidon_has_them() {
    let minus_one = -Fr::ONE;
    let montgomery = Fr::from(2).pow([256]);
    let edges = [
        Fr::ZERO,
        Fr::ONE,
        minus_one,
        minus_one / Fr::from(2),
        montgomery,
        montgomery.inverse().unwrap(),
    ];
    for a in edges {
        for b in edges {
            assert_eq!(hash2([a, b]), theirs(&[a, b]));
            for c in edges {
                assert_eq!(hash3([a, b, c]), theirs(&[a, b, c]));
                for d in edges {
                    assert_eq!(hash4([a, b, c, d]), theirs(&[a, b, c, d]));
                }
            }
        }
    }
}

/// Each hash feeds the next, so that one wrong carry anywhere shows at the end.
#[test]
fn chains_are_as_light_poseidon_has_them() {
    let (mut ours_at, mut theirs_at) = ([Fr::ZERO; 4], [Fr::ZERO; 4]);
    for round in 0..1_000 {
        let inputs = 2 + round % 3;
        ours_at.rotate_right(1);
        ours_at[0] = ours(&ours_at[..inputs]);
        theirs_at.rotate_right(1);
        theirs_at[0] = theirs(&theirs_at[..inputs]);
    }
    assert_eq!(ours_at, theirs_at);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn equals_light_poseidon_and_the_definition(elements in uniform4(element())) {
        for inputs in 2..=4 {
            let inputs = &elements[..inputs];
            prop_assert_eq!(ours(inputs), theirs(inputs));
            prop_assert_eq!(Some(ours(inputs)), plain(inputs));
        }
    }
}

fn element() -> impl Strategy<Value = Fr> {
    any::<[u8; 64]>().prop_map(|bytes| Fr::from_le_bytes_mod_order(&bytes))
}

fn ours(inputs: &[Fr]) -> Fr {
    match *inputs {
        [a, b] => hash2([a, b]),
        [a, b, c] => hash3([a, b, c]),
        [a, b, c, d] => hash4([a, b, c, d]),
        _ => panic!("no hash of {} elements", inputs.len()),
    }
}

fn theirs(inputs: &[Fr]) -> Fr {
    Poseidon::<Fr>::new_circom(inputs.len()).unwrap().hash(inputs).unwrap()
}

fn elements(decimals: &[String]) -> Vec<Fr> {
    decimals.iter().map(|decimal| decimal.parse().unwrap()).collect()
}

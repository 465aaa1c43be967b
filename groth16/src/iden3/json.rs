//! Proofs, public inputs and verifying keys in snarkjs's JSON format.
//!
//! # Shapes
//! Field elements are decimal strings. A point of G1 is `[x, y, "1"]`. A point of G2 is
//! `[[x0, x1], [y0, y1], ["1", "0"]]`, lowest coefficient first.

use std::fmt::Display;

use ark_bn254::{Bn254, Fq2, Fq6, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use wufu_verifier::{Proof, VerifyingKey, groth16::key::KeyPoints};

/// `proof.json`.
pub fn proof(proof: &Proof) -> String {
    let (a, b, c) = proof.points();
    format!(
        r#"{{"pi_a":{},"pi_b":{},"pi_c":{},"protocol":"groth16","curve":"bn128"}}"#,
        g1(&a),
        g2(&b),
        g1(&c)
    )
}

/// `public.json`: the public inputs in the statement's order, without the leading one.
pub fn public(inputs: &[Fr]) -> String {
    list(inputs.iter().map(text))
}

/// `verification_key.json`.
pub fn verifying_key(key: &VerifyingKey) -> String {
    let KeyPoints { alpha, beta, gamma, delta, inputs } = key.points();
    format!(
        concat!(
            r#"{{"protocol":"groth16","curve":"bn128","nPublic":{},"vk_alpha_1":{},"#,
            r#""vk_beta_2":{},"vk_gamma_2":{},"vk_delta_2":{},"vk_alphabeta_12":{},"IC":{}}}"#,
        ),
        inputs.len() - 1,
        g1(alpha),
        g2(beta),
        g2(gamma),
        g2(delta),
        product(alpha, beta),
        list(inputs.iter().map(g1)),
    )
}

/// `e(alpha, beta)`.
fn product(alpha: &G1Affine, beta: &G2Affine) -> String {
    let product = Bn254::pairing(alpha, beta).0;
    let half = |half: &Fq6| list([&half.c0, &half.c1, &half.c2].map(extension));
    list([half(&product.c0), half(&product.c1)])
}

fn g1(point: &G1Affine) -> String {
    list([text(point.x), text(point.y), text(1)])
}

fn g2(point: &G2Affine) -> String {
    list([extension(&point.x), extension(&point.y), list([text(1), text(0)])])
}

fn extension(value: &Fq2) -> String {
    list([text(value.c0), text(value.c1)])
}

fn text(value: impl Display) -> String {
    format!("\"{value}\"")
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

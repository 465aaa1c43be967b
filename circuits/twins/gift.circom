pragma circom 2.1.6;

include "common.circom";

// Gift; public values in order: root, nf_in, cm_out, ext.
template Gift() {
    signal input ext;

    signal input ext_squared;
    signal input sk;
    signal input pk;
    signal input kind;
    signal input rho;
    signal input rcm;
    signal input cm_in;
    signal input path[16][4];
    signal input pk_friend;
    signal input rcm_out;

    signal output root;
    signal output nf_in;
    signal output cm_out;

    // G1
    signal owner <== Owner()(sk);
    pk === owner;
    // G2
    signal card <== Card()(kind, pk, rho, rcm);
    cm_in === card;
    // G3
    root <== Root(16)(cm_in, path);
    // G4
    nf_in <== CardNullifier()(sk, cm_in);
    // G5
    cm_out <== Card()(kind, pk_friend, nf_in, rcm_out);
    // G6
    signal two <== kind * (kind - 1);
    signal four <== two * (kind - 2);
    signal six <== four * (kind - 3);
    six * (kind - 4) === 0;
    // G7
    ext_squared === ext * ext;
}

component main { public [ext] } = Gift();

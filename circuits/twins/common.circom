pragma circom 2.1.6;

// What the three statements share, from docs/spec and circomlib; nothing here was taken from the
// Rust.

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/bitify.circom";
include "domains.circom";

template H2() {
    signal input in[2];
    signal output out;
    out <== Poseidon(2)(in);
}

template H3() {
    signal input in[3];
    signal output out;
    out <== Poseidon(3)(in);
}

template H4() {
    signal input in[4];
    signal output out;
    out <== Poseidon(4)(in);
}

// pk = H(D_PK, sk)
template Owner() {
    signal input sk;
    signal output pk;
    pk <== H2()([D_PK(), sk]);
}

// cm = H(D_NOTE + kind, pk, rho, rcm)
template Card() {
    signal input kind;
    signal input pk;
    signal input rho;
    signal input rcm;
    signal output cm;
    cm <== H4()([D_NOTE() + kind, pk, rho, rcm]);
}

// nf = H(D_NF, sk, cm)
template CardNullifier() {
    signal input sk;
    signal input cm;
    signal output nf;
    nf <== H3()([D_NF(), sk, cm]);
}

// The root above `leaf`: at each level it is one of four children, and they hash to the next.
template Root(levels) {
    signal input leaf;
    signal input path[levels][4];
    signal output root;

    signal at[levels + 1];
    signal low[levels];
    signal high[levels];
    at[0] <== leaf;
    for (var i = 0; i < levels; i++) {
        low[i] <== (path[i][0] - at[i]) * (path[i][1] - at[i]);
        high[i] <== (path[i][2] - at[i]) * (path[i][3] - at[i]);
        low[i] * high[i] === 0;
        at[i + 1] <== H4()(path[i]);
    }
    root <== at[levels];
}

// min <= value <= max: both differences have `bits` bits.
template Between(bits) {
    signal input value;
    signal input min;
    signal input max;
    component above = Num2Bits(bits);
    component below = Num2Bits(bits);
    above.in <== value - min;
    below.in <== max - value;
}

pragma circom 2.1.6;

include "common.circom";

// Donation; public values in order: root, scope, nf_d, policy, ext.
template Donation() {
    signal input ext;

    signal input ext_squared;
    signal input sk;
    signal input pk;
    signal input claimed_scope;
    signal input project_key;
    signal input amount;
    signal input time;
    signal input receipt;
    signal input rcm;
    signal input don;
    signal input path[14][4];
    signal input set_root;
    signal input set_path[6][4];
    signal input amt_min;
    signal input amt_max;
    signal input t_min;
    signal input t_max;

    signal output root;
    signal output scope;
    signal output nf_d;
    signal output policy;

    // D1
    signal owner <== Owner()(sk);
    pk === owner;
    // D2
    signal body <== H4()([D_BODY(), project_key, amount, time]);
    signal own <== H4()([D_OWN(), pk, receipt, rcm]);
    signal leaf <== H3()([D_DON(), body, own]);
    don === leaf;
    // D3
    root <== Root(14)(don, path);
    // D4
    scope <== claimed_scope;
    nf_d <== H4()([D_DNF(), sk, scope, don]);
    // D5
    signal bounds <== H4()([amt_min, amt_max, t_min, t_max]);
    policy <== H3()([D_POL(), set_root, bounds]);
    // D6
    signal above <== Root(6)(project_key, set_path);
    set_root === above;
    // D7
    Between(48)(amount, amt_min, amt_max);
    Between(40)(time, t_min, t_max);
    // D8
    ext_squared === ext * ext;
}

component main { public [ext] } = Donation();

pragma circom 2.1.6;

include "common.circom";

// Five Fu; public values in order: anchor, nf_p, nf_0..nf_4, ext.
template FiveFu() {
    signal input ext;

    signal input ext_squared;
    signal input sk;
    signal input pk;
    signal input scope;
    signal input salt;
    signal input r_cards;
    signal input r_persons;
    signal input cm[5];
    signal input rho[5];
    signal input rcm[5];
    signal input card_path[5][16][4];
    signal input person_path[15][4];

    signal output anchor;
    signal output nf_p;
    signal output nf[5];

    // F1
    signal owner <== Owner()(sk);
    pk === owner;
    signal card[5];
    signal card_root[5];
    for (var k = 0; k < 5; k++) {
        // F2
        card[k] <== Card()(k, pk, rho[k], rcm[k]);
        cm[k] === card[k];
        // F3
        card_root[k] <== Root(16)(cm[k], card_path[k]);
        r_cards === card_root[k];
        // F4
        nf[k] <== CardNullifier()(sk, cm[k]);
    }
    // F5
    signal person <== H3()([D_PERSON(), pk, salt]);
    signal person_root <== Root(15)(person, person_path);
    r_persons === person_root;
    // F6
    nf_p <== H3()([D_PNF(), sk, scope]);
    // F7
    anchor <== H4()([D_ANC(), r_cards, r_persons, scope]);
    // F8
    ext_squared === ext * ext;
}

component main { public [ext] } = FiveFu();

//! Generated and compared by `tests/poseidon_table`; not to be edited.

use ark_bn254::Fr;

use super::{super::parameters::fr, Recurrence};

pub(in super::super) static WIDTH4: Recurrence<4, 3> = Recurrence {
    enter: ENTER,
    constants: &CONSTANTS,
    step: STEP,
    scale: SCALE,
    leave: LEAVE,
    leave_constants: LEAVE_CONSTANTS,
};

const ENTER: [[Fr; 4]; 4] = [
    [
        fr([0xeb6d8cc1949bfbeb, 0xd83bfd37f4176afd, 0x0f79485526b2ca13, 0x07cc8d925466502f]),
        fr([0x660041bf03afa4ce, 0x7b177dea751142da, 0x9b88efe7203f8421, 0x1ef6b4224dbcc500]),
        fr([0x72c9a6137904b99a, 0x51d7f8c1ad4caf3d, 0x92354a30bc8a8e05, 0x1507c70277b15a69]),
        fr([0x6c18211016982cba, 0x5d28bd2814a3e8a3, 0xaeace5f8d8d56537, 0x119cdc28fdf8340e]),
    ],
    [
        fr([0x9884e55d9c99d065, 0x331cf00643310ece, 0xec709c3d4504257e, 0x1731f8712df9ea6b]),
        fr([0x54cd8061620aaffe, 0x831cb06644aa583a, 0xe13f58e084310424, 0x2d2c8a4f6544d601]),
        fr([0xf7d8c2af6ac6dbbc, 0xfb36e10750359029, 0x2f2afffeb90920f2, 0x21fce57be500cb30]),
        fr([0x479a5606d2383631, 0x0e2bd8ff35f7c7f3, 0x59cf7d8c9a379d3a, 0x17da3b272e32205e]),
    ],
    [
        fr([0x3aaad498d01f8b53, 0x89cd91083606816c, 0x1aecf899ed85d650, 0x06c1febc19628f86]),
        fr([0x643ca2aa15d66ad1, 0x7d4f3f389fa215f1, 0xe5857c59e1534a9e, 0x1b8ea3aab83d43b6]),
        fr([0xc90456abde9e74f7, 0xb4c0624234e0a638, 0xf40df9c9c5fe6aa1, 0x0e3c354b0ad12c9a]),
        fr([0x3f6e92229b011522, 0x38f3ced0fdc65172, 0xbe2101dd65fbe1ff, 0x228c99c5ce2849b0]),
    ],
    [
        fr([0x0b8dc36fa7fd0a21, 0xc6a1aa31e69b57ed, 0x6c992bb619a69390, 0x219f0fa7f57a551e]),
        fr([0x91a82bdc28b97ae1, 0xf1075c21b102b1cf, 0xb2ac94640f2a923a, 0x001c079abc778bb0]),
        fr([0x86990691f5f99b32, 0x71220bd645c51862, 0x08c8a249c8d506a4, 0x1d831c354f0c9279]),
        fr([0xf9e9887b38ae4d9f, 0xdc3d01931af441ed, 0x3dd77b3d294f8b1e, 0x023fb36b253c1757]),
    ],
];

static CONSTANTS: [Fr; 57] = [
    fr([0xa49e35ced1c87f92, 0xc6b5a9fe93d96d06, 0x7aa12ff168597804, 0x08de214c47b4baa7]),
    fr([0xa9c8bdc0dd79eeae, 0xc0edcd28d39b7cf4, 0xce993231a1acc88c, 0x089b84e61c14db96]),
    fr([0x2ef53605fe06c985, 0xd93ee0444a88c81f, 0x0eb840036caaf76f, 0x0d4e53fbb601a076]),
    fr([0xf7a42ea120967a91, 0xe252b47a6238fbe1, 0x84654ed387fa605e, 0x2690c3d6696e94c7]),
    fr([0x1fa8b8d56de300d6, 0xd6ae552d24e54718, 0xc2d7a68919493756, 0x1810da68045f598e]),
    fr([0xb42fcefe126b7407, 0x3d2593f31b1a8479, 0x1f6428998d56ed26, 0x1111178eeb70827b]),
    fr([0xfffeafd77a860a2e, 0x0e614f43c76e673c, 0x28c6efb0aa371b1c, 0x24c7cdeb5200d6da]),
    fr([0x0358e15594992423, 0x83f1f70e72904c03, 0xa6b1deeae3e83b8e, 0x21aa3c07c9b679cf]),
    fr([0x9286459bc3335b17, 0x96c4a1a988860ed3, 0x79e492ba3ac012c8, 0x0b629d2259faf327]),
    fr([0x57b4062a8486c91b, 0x01bf6284b6fac01f, 0x7e184b8f37ff6ce9, 0x2b9850ca0361a0e6]),
    fr([0x2542c9acc5e9bbf5, 0xa19ff87a0b997527, 0x8fb7f12fc94beea5, 0x1b15706ad9e22e63]),
    fr([0xe897d96ec303672e, 0x3b559cd22cf2adab, 0x4104b340494acd72, 0x232ab3ae563de5c6]),
    fr([0x32794d56d2a8a9e5, 0x211fd78d2b6df168, 0x6f35fd95d4c90d6e, 0x00608551e338c752]),
    fr([0x49e7877f97d3df48, 0x0b8e79a3835b2276, 0x78ab806f0e934afc, 0x18f8c00a4f2b5dda]),
    fr([0xbe36f9f67ead545f, 0xc8b6189a040fb845, 0x57969830ec8b7115, 0x05a20fbb7214e4b9]),
    fr([0xda40e4e79ae058dc, 0xc336210ed6c45ca8, 0xc06d4bbc7a871a28, 0x0478bba069b19f8d]),
    fr([0x24e2a337672b7390, 0x15309060e9a3b52e, 0xcce768e5eecfe7b9, 0x1678fe0b8cf7c58e]),
    fr([0x033c23765c5c7d1f, 0x7ea2688095797f22, 0x645cdce63dfe6634, 0x1f85ea43103cb7ec]),
    fr([0x6657813fc77c0886, 0x82c5c541833b7777, 0xbfd349f163dad5d7, 0x125a6bd304360da4]),
    fr([0x500cad5d8caa51ce, 0x47a097bdca48efab, 0x1993eb89d3586d2c, 0x2bbf150f1f40f8c3]),
    fr([0x8d4d043ed1ebd534, 0xaa6fd94b13b18e00, 0xb9e01269e0133075, 0x172d39639ed1746a]),
    fr([0x066b2441d882170a, 0x8bc5b849bf7d2add, 0xb256b9eace8249e4, 0x0054f870aa2caeb3]),
    fr([0x8ceb8b8f5941fdfc, 0xc90c49d161bea68f, 0xd1e35f536fba4e39, 0x29071dcb32a6799e]),
    fr([0x1fc8a22b2558e1a5, 0x54a232ecdaae4596, 0x90a07c0a72649214, 0x1378dd084c185638]),
    fr([0x6dc259ed0a68a942, 0xd21bb91ff072aa3f, 0x7cf69a84e7323d0d, 0x07dd4751042679df]),
    fr([0x3f335d06a018d5d9, 0xf56edf24ba408094, 0xf221c5c025160c50, 0x0bc6c254ff3ef5ea]),
    fr([0xb8556a7869f8621f, 0x67bc2fd9d975ce99, 0x083229be5b41e536, 0x29492f3ac3925fd0]),
    fr([0x22d5d3f5cff001bf, 0x47cc22c73b27a6de, 0xe544fb8497871442, 0x1da63cef005f041b]),
    fr([0x2140a9d7491a01c5, 0xeeee55c0aecf7611, 0xbb01e7920d0e539a, 0x0230b617fa80c11e]),
    fr([0xbed0d31f1efc18a7, 0x53b0baec5a227d14, 0x94b3eb14c93a1059, 0x0c76fc74216581de]),
    fr([0x4b2a7878809ed320, 0xebd98f1fb50866ff, 0xedcf401e725c8393, 0x1faff5a79b73544f]),
    fr([0xbfea7c0af49cddf1, 0xd583d253e1b4c151, 0x58e455ffcb151875, 0x28df7ea69466881f]),
    fr([0x0fdbfb0835835564, 0xc5ac9a5fe37d4cba, 0x886f34b0e804b419, 0x27f20db896ec2e6e]),
    fr([0xaccabb2531604876, 0x2a68eed76155bffe, 0x7c51007fe473a47c, 0x0a22bfa59b463d2e]),
    fr([0x93f73bffd2f7a482, 0x40ffab3ca7b59b64, 0x262a2dfde24108b8, 0x21e49aa988497a83]),
    fr([0x434e7a65d39c7d08, 0x231178323a1a8b7f, 0xd99e56429daf02bb, 0x2db8457e24b2e8bc]),
    fr([0x141ccb5e7d923e95, 0x105cacfec248a89e, 0xe8d0af1db3bce5dc, 0x0caabece2e5ec2a0]),
    fr([0xa13de7b45a321e2e, 0x458e0a0e71f41036, 0x7bd9e13f28cb2641, 0x23b4d660b89f400d]),
    fr([0x87eaea5e158a5d2f, 0x85c31d4b5ffa7354, 0x9f640e33276c03cd, 0x25a2aedeb149e543]),
    fr([0xf063876184386088, 0xef9a2c88ba64b217, 0xe8c93e9bdc448784, 0x2d4d70c94bbd6e95]),
    fr([0x8c2822167e569097, 0xe454c407f1fd8928, 0x640182c4ef997020, 0x1444809c1a1edfdc]),
    fr([0x85474416d2c81b6a, 0xed2cf9b571787c7d, 0x7b80375c77b3e63b, 0x07459d6b28b5aaf1]),
    fr([0x5baf9525f961cdb2, 0xeaa779f2f8ab8a9e, 0xaa1f0858ab42a548, 0x1a4498c1bd213073]),
    fr([0x6f5c254ce495df01, 0x8fc18a24d864b1fa, 0x32e70caf672688b5, 0x0828c2712ba4cd42]),
    fr([0xdcf93fa65ce69690, 0x997c81749d411a04, 0x5fe804823c09b282, 0x17c6c8457b7033fe]),
    fr([0xad0659d6a0814fb3, 0xa868ed4942ce5c9f, 0x6701bb3b62199f8c, 0x1b69ac3a7de5088a]),
    fr([0x3143d2c2a54b73f8, 0x07247386a9d3a226, 0xb2e31497f39d4f5d, 0x1db1498d4fc00e06]),
    fr([0x0804afe46be2508f, 0xfdbdfc27bb236bcc, 0x0b7ee84c454f8eee, 0x250cb49592fa18d1]),
    fr([0x703e5127b273341a, 0x5d95d35d9c7cb102, 0x6d2cdb034af6dddc, 0x11bb4d5094291413]),
    fr([0x16de6a4b11f116d8, 0xa54368a55c5d51d9, 0x99043e5c09fe64b1, 0x05786f8097747fbd]),
    fr([0x940232adf6c501d3, 0xa55586820fab2ffa, 0xf2042f85d4c5a017, 0x107e4f8e266accef]),
    fr([0x51023f03cbba2948, 0x3bd429d1123bfdd7, 0x9f173a70c495c1e5, 0x10a62e4fba16309b]),
    fr([0xe9ce6da9cc2bd0d4, 0x3675dae7f2a77564, 0x3e4bb07bbfcb6ab0, 0x18a184afc85661d8]),
    fr([0xd4ed1a475d228829, 0x4e227b16c06ba7e8, 0xf2f2c5c6dad7a6d6, 0x1c218a240ca9788b]),
    fr([0x63aecf72a6f4cce0, 0x3569c2a09f67c3ad, 0xaa4729c33ebb36f6, 0x1226738335b5a2c6]),
    fr([0xf55264d8f9bdaed2, 0xcebc1512fd2e135f, 0x0935ede560957092, 0x0104b52964208d49]),
    fr([0x83e86acfc9886f80, 0x03a3a25c9bb22bed, 0x264a7e5e00a8ce5a, 0x2ec6c28dccf9cb1a]),
];

const STEP: [[Fr; 3]; 2] = [
    [
        fr([0x88da8f2d5a320f35, 0x1a59eaa5f9799e76, 0x382cef432aa1eab5, 0x2f01f074dae7aabd]),
        fr([0x7da72862ca529dd4, 0x67bd5bcff8f47219, 0x06e0f0a0f9ee1a33, 0x057ed686b7524dec]),
        fr([0x3c3c45c2fdaa237e, 0xd344d7726b76c653, 0x880aaff5ed006d4f, 0x11b14fc4a50aa241]),
    ],
    [
        fr([0xd5b1d86cca7da915, 0xe975a1268599ff5b, 0xb790dac8529dea1d, 0x17480608b8599e5b]),
        fr([0xf27c67982483ba1a, 0xfea0199c42de0e6e, 0x4d0a706e128f42ab, 0x07a4476feb7a6d8d]),
        fr([0xf1b52b1f82f1decf, 0xe38426e5e201eec8, 0x02871c62d53dfdd6, 0x02db6f6eb4bfa368]),
    ],
];

const LEAVE: [[[Fr; 3]; 2]; 3] = [
    [
        [
            fr([0x71326f5e078eaf5b, 0xa1f638533d9079fd, 0xe8f836ec3dd2b202, 0x1a8e12465558ed9b]),
            fr([0x2c41bfd1883db68b, 0x7446df6bf18800eb, 0x21ce3c6f261171c0, 0x25526d78dd3b0180]),
            fr([0x01663e22d91de9a0, 0x239f9e5e837b2d63, 0x28d037fea38c93e3, 0x265ab9064b4e4163]),
        ],
        [
            fr([0xc4c015c3417686fa, 0xfe1509e85934ce02, 0x39277fee6c423cf2, 0x212f09a26ada39db]),
            fr([0x4db9fd208f77c665, 0x11039e6da40320f6, 0x1b9177c27f0117ed, 0x098b3d000a214867]),
            fr([0xfd1bdf0caea3c4fd, 0x3c6667440da76030, 0x3e3573b48bddac84, 0x12787f777691ba1e]),
        ],
    ],
    [
        [
            fr([0x666b37a776e9d868, 0xc83c35ad25bb9653, 0x64f7a9c4acf7c8f3, 0x0a92582bfb922bf2]),
            fr([0xf17f2f2f3bcdaeb3, 0xc5798f9603283575, 0x1a0049128da4915d, 0x1c720c893e3665c9]),
            fr([0x5361b4fd5fabedb7, 0x01a99f97a016dcf2, 0x95265fc5104dba00, 0x12e45c42d488b164]),
        ],
        [
            fr([0xcd7a9010cf5f3753, 0xcb6e4a36096922b1, 0x1c3d6cc308085888, 0x11f16a026578b1e1]),
            fr([0x1e627a2aa76698cf, 0x62edeccc050a9938, 0x2399a2ba24517d55, 0x19c9a55e31496fe4]),
            fr([0x8c0706680b02c3ae, 0xb84b50d0d4fad892, 0x9f2b9b19af1f85ed, 0x2a1d5cb24ee599bc]),
        ],
    ],
    [
        [
            fr([0x410c16ca0a73d55b, 0x55c2b4a4d50852dd, 0x53e6cba54b87e529, 0x193eb0601438bf6b]),
            fr([0xa8bb584dff70aa7b, 0x0f13ec9c66586a24, 0x869432a4ffe358d8, 0x25ac551f44b72992]),
            fr([0x0648a129805cd64d, 0xc5353d7f50c18ac5, 0xac1e4ffe625736ae, 0x2a9860b7487658e6]),
        ],
        [
            fr([0x2ae346c00453b506, 0x8781baadf2a1fa0d, 0x115e9cd3fb5fa8ce, 0x1c906379c88ad21e]),
            fr([0x355def65dc5285e6, 0x38cfa19427dddf8f, 0xa17de22d89986a0a, 0x1e731d71291a5dbd]),
            fr([0xb69d1b0dfeefa94c, 0xb3663881226bada2, 0xaf87ef229db16bc8, 0x0b0dc031123751cb]),
        ],
    ],
];

const LEAVE_CONSTANTS: [Fr; 4] = [
    fr([0x50fe5932e45f9905, 0x4bc7056c7f8532c5, 0xcf6b1bdd83594a7e, 0x0df6c3d03fdae4e7]),
    fr([0x6330a1266e5c40d7, 0xf476f113045c79ab, 0x54d617841b87b66c, 0x06932a80080f25b0]),
    fr([0x993f2e4a00de05f8, 0xf9403bda4cd814f4, 0x23d2ce4e895afe77, 0x17b397bf0636f3f4]),
    fr([0x25b2e1fb7b74cb91, 0xdadb2f725c3266cb, 0x8e32da8ff3c722bb, 0x1772e974ac1086b4]),
];

const SCALE: Fr =
    fr([0x6d413c711d22eb82, 0xe39e16847a76edc8, 0x2a2476d69560524b, 0x0907159af9deeab9]);

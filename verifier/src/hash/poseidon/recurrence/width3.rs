//! Generated and compared by `tests/poseidon_table`; not to be edited.

use ark_bn254::Fr;

use super::{super::parameters::fr, Recurrence};

pub(in super::super) static WIDTH3: Recurrence<3, 2> = Recurrence {
    enter: ENTER,
    constants: &CONSTANTS,
    step: STEP,
    scale: SCALE,
    leave: LEAVE,
    leave_constants: LEAVE_CONSTANTS,
};

const ENTER: [[Fr; 3]; 3] = [
    [
        fr([0xb01a65263f8b6f6c, 0xccc142bec97a6caf, 0x422b73fe5213b3b6, 0x057c8197884fe7d4]),
        fr([0xb6788f74d9139cb7, 0xa49fec2c79360c71, 0xb2c22f9dfff2f190, 0x1af1dbc6c6c112ef]),
        fr([0x3b54084b67e4bc20, 0x2152c7cf5743e19b, 0xe53efc4aaee0e9bf, 0x097a160780ee5c6a]),
    ],
    [
        fr([0xeaf68d012cf4ff1f, 0x23a32d4066a46b91, 0x63cb7e016a7d5da3, 0x222d2acea1b89b27]),
        fr([0x4181faf2990b9e4c, 0xcdd00ef74bea33e0, 0x0bb5e6616e9eac4d, 0x25921d4993baf000]),
        fr([0x4f6558cebbde7668, 0x5a47ec268435e3b1, 0xec0bf8c1339cfad5, 0x29782178b5773949]),
    ],
    [
        fr([0x274f166e313dfeda, 0x4d3e404cdf55d199, 0xde6e1262971880ee, 0x2f1d661d88b5ae14]),
        fr([0x6533e3f6a030f3ad, 0x20acb14052a778c6, 0x46703eb26d4f960b, 0x1e6008c622afe7bc]),
        fr([0x3fec3af52ebe9838, 0x5378e0d520928087, 0x10b8eeae34b53b77, 0x2959168e36fa8981]),
    ],
];

static CONSTANTS: [Fr; 58] = [
    fr([0x24c8dd350ca56727, 0xdbf703059b754a23, 0x2c20d932d5e11db6, 0x2e5795fd000bf1e7]),
    fr([0x4f616b292170eb29, 0x7b1024a7b00a7efe, 0xebdafc4907fc5aba, 0x0b9757527de9a28e]),
    fr([0x970747d487d10634, 0x8827fd2738057dfe, 0x7d0166a367912418, 0x27757aef02d7e3ab]),
    fr([0xa5c9d7bd3df6a214, 0x55240bccfb708efc, 0x0e7967062c366527, 0x0d3c472a4c1e57e3]),
    fr([0x65f2e4aac15ee327, 0x8b26b7d7893a06fa, 0x98bc0f4b6f654a2d, 0x1e70bfe6310794bf]),
    fr([0xd1d54454b8afecbf, 0x30ed390ee56a2c05, 0x1bca65c1573e7b81, 0x2e02fb7298b41a09]),
    fr([0x96249b78479d6f55, 0x9b4142734ac5c41a, 0xe749f8566144874c, 0x2b753ebf589bf543]),
    fr([0x4627e8d35de6e2eb, 0x4e29da22bbd2f4d9, 0x7df645d2ad4914e4, 0x29199b37967150e8]),
    fr([0x76ae6775b4717466, 0xa71ffe32c0329e13, 0x61b610bb5a77a012, 0x1bc8b48c99dc19c4]),
    fr([0x6e6090d40da36fa3, 0xdbbbfcd960d0b150, 0x52e5746af65ee379, 0x16ecc3684c7a6f01]),
    fr([0xfeb1445b69b5ffd9, 0x4ab2f8a571acc7f0, 0xf523ec737e0d3a97, 0x259262092b80af48]),
    fr([0xc6a909d467de7b80, 0x1a57bd9d914ed5a9, 0x644820de537fcca3, 0x0820a257ed0ed3a5]),
    fr([0x68e07b795c3b934c, 0xa068cc4d2b41dd39, 0x907948c897e7cf6d, 0x19bd69a28b9dc4fa]),
    fr([0xc048bd85f98d9a93, 0xbbdbd6873e2d795f, 0x03538b577547a256, 0x19b8d3ee9f99e9ec]),
    fr([0x940f40a8ef61ab8e, 0x70571cebf929d927, 0xcf511c3a47d002d3, 0x2ed0d47b4617027b]),
    fr([0xdf546c9e3e4fb5a5, 0xc998361a2c2892cd, 0xaa7e8f6ed72b860f, 0x2723a0a62934519e]),
    fr([0x0a09e0a345c4cc6f, 0xb2257dd0b3e8438d, 0xff1dbbbe4d378614, 0x28d298af4f5e7de0]),
    fr([0x413c7b1c2cc705bf, 0xfb081165876f9519, 0x885ea42c845d974e, 0x07921c784a8b81eb]),
    fr([0x7f606b30a4788b6b, 0x7a798f20841de683, 0x3cf6409990bb4c2b, 0x08978dc50a739f86]),
    fr([0x9f13aaaf7836fc08, 0xd6d63ba84e0fbc66, 0x48202cc3e2650e0f, 0x2275d0338e7c903d]),
    fr([0x3c505b98550c9c93, 0x67cb57a22d472be8, 0x6e1f12fd259e2030, 0x24b3f33367800f51]),
    fr([0x26a31154852e0d7c, 0x9f58ac07a68f361e, 0xeb0145aaae96a8e8, 0x2a83ff392862864c]),
    fr([0xb9570145bae6196c, 0xf6b8bec6947d8f16, 0xd609fd6bfa558e3a, 0x0b63e8147d4a2fc4]),
    fr([0x585e50b5f20cea37, 0x05052f63ac579503, 0x4e3f6c58d6707b69, 0x291053cd734a99ac]),
    fr([0x3d415ef9a0a014f8, 0xe887289c89f839a5, 0x3d3d4231fcbef8f8, 0x2cca9e1eb3fb89ee]),
    fr([0xfbb691e5faf3e0d3, 0x65371900494319b9, 0xd5b285c7c298cf41, 0x0c4731608cac144b]),
    fr([0x0cceff515296aa24, 0x7e81a7929a51496e, 0x4d4a17cd1ea27012, 0x035ff5da33b2a96c]),
    fr([0xcfdbf42996da93ca, 0x0139a99b9aa34897, 0x494a066db3962d20, 0x03516584b879a4d7]),
    fr([0xc6fcea48af993b36, 0xdebfbc051eb345cc, 0xa2fed9a0a333a972, 0x26cc9a745d50fb48]),
    fr([0x6490403484a9659b, 0x51a498de10f6f2e4, 0x3af017031853cf5b, 0x1017beeee5c4fe91]),
    fr([0x5b325938e349bcaa, 0xbca02aeb1c11d017, 0x16162d985145bba2, 0x006480ff30e3665d]),
    fr([0xff76a7fbeb7ee9b3, 0xe9f03be0466545d3, 0x3d8a64b14aee3fdb, 0x07c631cf4ab5e689]),
    fr([0xa7c2419418528a59, 0x3b47c6d04dd37202, 0x1d1429e68566e384, 0x191e3355aa2a2467]),
    fr([0xe28c2cc066af47ad, 0xf01d4a058cb10b1c, 0x402ebb57493729cc, 0x0dd9ef8360112f58]),
    fr([0x673d349921eb71ca, 0x5fd268c6a9df0d2c, 0x798f79c6935a5455, 0x1f551af7a5b31ff4]),
    fr([0x6d63088d22becf40, 0x9258d07a2d4f00c5, 0x176a3c171c552a84, 0x2535f22f6f4b5cd9]),
    fr([0x12f8684dd69d1d0d, 0x36888b2a02da8b1e, 0x4e734158a41d32d3, 0x293277a6f5dfdcf1]),
    fr([0x342050f2931956db, 0x97044c5cd8a8b5ba, 0x84f7676f8e4b7db4, 0x242dd259ab153450]),
    fr([0x3fec59354619a0ca, 0x3241114762c1373a, 0xc675e9fd7c583926, 0x04dfaa33308c114e]),
    fr([0x176bc6ba03defeb6, 0x9faff206d7e2f05c, 0xd2eb648a16a9966d, 0x1ecd15828477b0b5]),
    fr([0xf3febadaf5f3ef77, 0x5e4678f30c9b3505, 0x36c0b71c7448640d, 0x3024565f5750cc06]),
    fr([0xc1ae77828aa5e50b, 0x7077de183e88abf9, 0xbcd861264218520f, 0x2117760d739c3fb6]),
    fr([0xfb86e4863973a4a7, 0xfb953681167c3fbc, 0xfd84ea388f1c1adf, 0x08bde0e235ca8a7a]),
    fr([0x74a3847f0597721f, 0x3c0fb310f7b2e041, 0x1acf6f49c1fe3cca, 0x161adf4dc3866c40]),
    fr([0x3ad79ad49885c002, 0xdd4922f2d7d96f73, 0x37f9d601cb1bb2c9, 0x2245001232ac8600]),
    fr([0x395ca2e8b30c5872, 0xd6396291905bc1a3, 0xe5ff06665d75387f, 0x123f51176e9ed586]),
    fr([0x51fc7fb7c207afba, 0x611f14a888d79174, 0xaba277e2a6ca838c, 0x146416b1268d354f]),
    fr([0x75075f52d93280cb, 0x1b817f216ca226ea, 0x4f757396a5ef582b, 0x09d7b243e4ad51bc]),
    fr([0x6cb470da9c2bc183, 0x7bfe8a4165524862, 0x2ec586c778821be2, 0x22ec200b9353239a]),
    fr([0x15e6ea51531dc7b2, 0x726570e25db568aa, 0x1d9c8cb1877d0cf8, 0x128ac27eea017315]),
    fr([0x2600c72638465784, 0x623f3d54c0d786a8, 0xefa4926d5cd98d0c, 0x14bc58e7a0af804b]),
    fr([0x7507b114a38429a9, 0x265a72e20e2e5b14, 0x39a410a7a42507d4, 0x087f1b173b0abcb5]),
    fr([0x87f953f944f73c1f, 0xff400853666f7242, 0x6d1e1464fd9349d1, 0x242fca623630be5b]),
    fr([0x5e1af4d550551ba1, 0x90c90c1e7054305d, 0x59d3883b739de3f8, 0x23ead577d06c4e38]),
    fr([0x94ec42d42df421d7, 0xe08d152534c2fc42, 0xf8c598b7cfd0f881, 0x0f8283c73caf6500]),
    fr([0xb6d5b9932764e97e, 0x28849652aa8a00a8, 0x49077bd027787e21, 0x0ba881acbc4af0b3]),
    fr([0x5dace9912f097170, 0xbe10690a8d249241, 0xdd67f29313c5e5ea, 0x27fe6f3a23c7af49]),
    fr([0x47b734216e952426, 0x25b2a2034ce321db, 0xbe2319515fedbf4e, 0x14fcacb346da87d1]),
];

const STEP: [[Fr; 2]; 2] = [
    [
        fr([0x1647d0569281f047, 0xebedfbc87dfe6da0, 0xcd4701d25c660824, 0x1bbadc9bfc1a2d2d]),
        fr([0x36285767fb230abe, 0xdf19e55ff29bd58f, 0x90ad6d34a935b96d, 0x07a46d16da0ffacd]),
    ],
    [
        fr([0x3c8c221c481a2d6f, 0x330e844385f03c32, 0xb59c4e9d01b6ba2b, 0x207498b4b72be7ae]),
        fr([0xb52ebc4a889395c3, 0xce6c1ae47e5e71c9, 0x8a87b9950435e799, 0x25ed15fcc126acff]),
    ],
];

const LEAVE: [[[Fr; 2]; 2]; 2] = [
    [
        [
            fr([0xd8e1498c76a88109, 0x2647762e2bbd18fd, 0xf5eb5b3d0c899dc3, 0x26e5bd5f46db79e2]),
            fr([0x76cbf762649acef7, 0xb2e08fe7d1ffc9fb, 0xd1426067f40c049a, 0x048dd34c6b7be2c1]),
        ],
        [
            fr([0xaa2dd0c01c76fa72, 0x625b80d3fbdb64fb, 0x70e1e22ddcf2ee16, 0x2b207f9a3a9a606f]),
            fr([0x5aa52d67ce91d446, 0xe6f85d36c54eb212, 0x621ae3eb260fd185, 0x293d4ec2166a6719]),
        ],
    ],
    [
        [
            fr([0x331cb8e3003a27c5, 0x69d4d6268905e0cf, 0x025dbf9ab3595ca7, 0x003b140c3de1a633]),
            fr([0x36ef20bc41a566ab, 0xbe14cb3299963b9a, 0x5dc893b5a3978d19, 0x05791e2c1e24c0e7]),
        ],
        [
            fr([0x3758eb82ff2af5ce, 0xb7a376c2ad880c5b, 0x53e1ddf6bda2774a, 0x0de98604c2646f71]),
            fr([0xd8b2a93d4c32f0e7, 0xf24006001ca278a7, 0xf8ccebd9a5f5cd24, 0x1226e9c8c317691e]),
        ],
    ],
];

const LEAVE_CONSTANTS: [Fr; 3] = [
    fr([0x6f83191816ca6a89, 0xddbbc56be6d28ead, 0x8ee446c08cf234b6, 0x0608a3f5506c71a2]),
    fr([0xca5f791060f78cdc, 0xa2981692d60b3007, 0x51685f014ac7aad9, 0x28473e7b3e8d418e]),
    fr([0xb2c770519ac1921f, 0x2679908ce901018d, 0x1b5923618bf3ca29, 0x1fda9ac6ed640c3a]),
];

const SCALE: Fr =
    fr([0x872ad25c3f30542b, 0x50589e7456fc6d9e, 0x44e315b228664f6d, 0x071f777037103315]);

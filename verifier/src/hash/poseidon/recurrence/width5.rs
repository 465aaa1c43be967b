//! Generated and compared by `tests/poseidon_table`; not to be edited.

use ark_bn254::Fr;

use super::{super::parameters::fr, Recurrence};

pub(in super::super) static WIDTH5: Recurrence<5, 4> = Recurrence {
    enter: ENTER,
    constants: &CONSTANTS,
    step: STEP,
    scale: SCALE,
    leave: LEAVE,
    leave_constants: LEAVE_CONSTANTS,
};

const ENTER: [[Fr; 5]; 5] = [
    [
        fr([0xcb6f649479af75a0, 0x3024f71ffa24518f, 0x82efe442afb68bea, 0x290d3a8136f03963]),
        fr([0x90d6a51f655b58aa, 0x795ed58d471f804a, 0x9cd8c3b8d130ab84, 0x2e489d24416c8791]),
        fr([0x63923c65be9474f0, 0x771357ea55fb732b, 0x230b0e7e063e0204, 0x254ac23e1e402963]),
        fr([0x2c48a5856f76423c, 0xb77f3ff542e5e20b, 0x7d4fd4181e854d6a, 0x165df714191b243e]),
        fr([0xddb4948a09908762, 0x7f434901de6efc5a, 0x69f0b853b8ed79d8, 0x2941b7cd67dd845b]),
    ],
    [
        fr([0x029c2d37e7ddf8e4, 0x7ffadb9a8866d9b0, 0x17f81138b633472f, 0x1766cc25fc6cbb1d]),
        fr([0x8060c1fbd4a65d72, 0x32aa1b1e7ccd54af, 0x747570050620a2c1, 0x0a1afc239f619215]),
        fr([0x205c2a27bf5826b7, 0xc1c277435fda20ad, 0xb4ccd7e9346e955f, 0x1a3c832e7d4d9b93]),
        fr([0x4a6be73c19419880, 0xfa7aacd692022e12, 0x7887f40f8afcccb0, 0x06363e0464bbf4ff]),
        fr([0xc54bb58c0cea326d, 0x97f9497f1099237c, 0x9e230eb45339cdfb, 0x2d1d37e6566948da]),
    ],
    [
        fr([0x47e011de8d220665, 0x80d077c06fadecaf, 0x01d487005048bde8, 0x1c0631482454cb8f]),
        fr([0xbb8ce080b7709b25, 0xea56bec281e9be8f, 0x4cb6eb017eda0550, 0x0483e4fba15d825f]),
        fr([0xed793d741ad861d9, 0x7949db084f6ce62d, 0x1af5a75c7d7e89ef, 0x0d3ada66c088c461]),
        fr([0x4c72fa20e4d6dbce, 0x6e9e384c3b456012, 0x7f6a3731cf5dbd60, 0x233e80409becdbf9]),
        fr([0xd499569e436a7fd8, 0x47ba25206480d1d0, 0x8ec72247551ece2b, 0x107406f2d15c40fc]),
    ],
    [
        fr([0xdc9d5b5eb65e10f2, 0xd06a33522b5250fe, 0xcae1121b3c719139, 0x1212afc4382e8405]),
        fr([0x750643c7075c1987, 0xaa7e116e75413265, 0x03622cb296bede81, 0x106e1cdecee23590]),
        fr([0xe715a5ac0d4068bc, 0x596c4ef6a299ec1f, 0xef4ab56ab558bfcc, 0x0400ffa84c08b576]),
        fr([0xed5aaf0f7aa79c42, 0x8abc7d5e5abc2199, 0x6eb5c94b9f2da11c, 0x289d28c6d7ae7b59]),
        fr([0x275c0e369c8ab0d0, 0x06ce787497158b2b, 0x77a136b1f26a56b2, 0x2a05b9f69d27327e]),
    ],
    [
        fr([0x8deb16d2c31f7bad, 0x01618b9ae94c9b18, 0x78e82533d826c463, 0x1991843ed5f452d3]),
        fr([0x4dd268c371576f94, 0x78aa879e603d2152, 0xade0b36a3c930c40, 0x03587121ca111f71]),
        fr([0xeedf745fd963e8a5, 0x0b4b955c15137391, 0xf301d759a128c02f, 0x1e40c93d348153cb]),
        fr([0x491b1671a01ee083, 0x0401d0afd7f198e9, 0x121448e7e11a3902, 0x2b316a9ff806e192]),
        fr([0xe1c8b6cbe4520a3d, 0xfd9c223f7309c9d0, 0xe88aaa11b001c6da, 0x12c3ca8c9cd99220]),
    ],
];

static CONSTANTS: [Fr; 61] = [
    fr([0x54eee90f0177d6cf, 0x4f67e5766e033fc7, 0x19cd9d1a011cea47, 0x17317ebe60e49358]),
    fr([0x5d20be969ded388d, 0x8d7cc71cf8abe370, 0x16370058500f4fbf, 0x0d9230618c772b21]),
    fr([0xf0d921668c0aa04c, 0xff8829dbc80ddbfe, 0xb19f2ef7af2bdd49, 0x0437746756c84780]),
    fr([0x736df37bafb7fa78, 0x1cea2dc6b84e8e27, 0xfb5689bec77564d3, 0x21c2f51dcf12ae83]),
    fr([0xff57983843ea60c6, 0xb2499ad919e01376, 0x3f5cfeaff79603c6, 0x033620ef5fe1ff63]),
    fr([0xc3b61bf436ceb534, 0xc936887601a01e38, 0xda33c4affa526d88, 0x198af1ecace7fbe0]),
    fr([0xe2ad73722ba1cbee, 0x0f8fdaa78e0e0288, 0x530b7ec5106fad23, 0x05dbac5038ba58fa]),
    fr([0x051441c1e809ee13, 0xd046beee48f1643d, 0xa4cd341658cb283b, 0x2941e4785e3c2db5]),
    fr([0x11c16d964f992f71, 0x6fa9f2c3e30d70fe, 0x056ca6be97da6794, 0x191a41f275222b27]),
    fr([0x893de944601d3c1d, 0x99ff1b4c5271ee17, 0xeaba3606b7aa47dc, 0x1c90c7e4bf456b61]),
    fr([0x65fd7ef142f2518b, 0x4f40a3ecc371b68a, 0x638c09aa301af027, 0x20579f5b6b45e403]),
    fr([0x1ba3e2aa4a11e16d, 0x718553bc98dd12ef, 0x8c7c871752181dcf, 0x11229b351d63c044]),
    fr([0x6a18fa637cb4a5a6, 0xb39ae16eb0ebce12, 0xaabc4e8ca33854f4, 0x0eaa705d54ec2b1a]),
    fr([0xd3560a74bf539e02, 0xf81de895017389af, 0x8427b13fdf5c6c88, 0x2cbcf4054dc71389]),
    fr([0x997230199a053577, 0x07dc2ca07f304691, 0x06641fd45c29cd4c, 0x19ac780b46d27b83]),
    fr([0xa6e4b4ba1c599e26, 0x5c25fba51a33abd1, 0xb461be7effee769a, 0x0d962d5587194308]),
    fr([0x29b3396ab649ad84, 0xc368bec18f14c2c3, 0xd4b2b30a59dd54f2, 0x1251c5f3eea0a3b8]),
    fr([0x656f7a224b714b01, 0x3dfc508b2aa420d6, 0x35d3c5ef1b892d2a, 0x2e7c99d8b0d1edfb]),
    fr([0xeec1890850a90956, 0x2f2135528136aa76, 0xecec52a841813b8f, 0x1394c5d2429707c2]),
    fr([0x60da18d2008b2683, 0xaf17db1e09d9b3b0, 0x52f5126514f8049a, 0x0f8ee3570ca001f3]),
    fr([0x21241280827466ce, 0x74a62842de95ca67, 0x25bfad310d15a063, 0x2df03a7c9df57c9b]),
    fr([0x01cd0e734d2996a0, 0xd66b11b7e8106877, 0x3247515c10469e3f, 0x00810de85281b4e2]),
    fr([0x12f5eb7816386e2f, 0x268842d6ce74237d, 0xfc306ad1fe632a6d, 0x07a36f91d88a9019]),
    fr([0x1ea111314f90de49, 0xb0762c5267c52975, 0x40cc126843c51630, 0x11eb5ef0d54d64f7]),
    fr([0x0bb2b609dcfd300c, 0x83ccbc1bd42b9dde, 0x0875fc708bffb3ad, 0x2ae3572a45e67392]),
    fr([0xffe2ed832144f211, 0xe8c6bad0c4c54ac2, 0x26df179e9f8c4965, 0x2025bbb8d16dbdd3]),
    fr([0xa6201d5ef0f13b8a, 0x0f3df703a4614585, 0x722b8af513bb2d5c, 0x1a6ccd28e350bda6]),
    fr([0x7f4a339cf50b57c1, 0xd3dccc5b0167107d, 0x2b014086cff5e3aa, 0x123e548ce1a527ef]),
    fr([0x44d645f1f547ef34, 0xae7cd53287249fdf, 0xbc677c37bdf4df5c, 0x1cbc52bb433d0c34]),
    fr([0xd655d0112393d641, 0x84713e732eb5c23e, 0x4d865192fb2dda16, 0x1cbd309f4ef13628]),
    fr([0x882112330f4ab82a, 0x5d56c508bfdc9e14, 0xa1a49e055067e7cf, 0x1cf2d85bd8d6b8ee]),
    fr([0xbbf0d1f8b5dd2cf9, 0x65cd852067e46948, 0x48ecc2c944c885eb, 0x08c9c739a502e54a]),
    fr([0xeb08f4e19d20ca2e, 0x02b519d4e0a2d0cf, 0x551176b81e3cf7c3, 0x23da07ad87feb11f]),
    fr([0xfbf02383b96db5b3, 0x59d413f3c9ce6011, 0xc58bf3a27b5acb4f, 0x13fcabdeb521423e]),
    fr([0xe97e0deda930e869, 0x92a4ded04e87ec77, 0x302782b6bbe632c0, 0x1756a903b3df7223]),
    fr([0xc86e80570c99d69e, 0x4e37418d2d1a5e6e, 0x7ccd29c8b5218303, 0x0d22dd47fd2c4fdd]),
    fr([0x820994da9f5c365b, 0xb72bfdfe9b80c560, 0xb4dd20738aa6f8b6, 0x2fc2333080b8659a]),
    fr([0x89385c4d4992dff6, 0x401d6e7a50bed405, 0x03de37dfcbef93a9, 0x04a89733000f9aba]),
    fr([0x0f81b257312ade0a, 0x2985f0d633fa52f0, 0xffca481a5f744be3, 0x144f8a5b9c9dbb53]),
    fr([0x545d7b1d9c1f9597, 0x727255ad012dba88, 0x41362a1d314b59fd, 0x19599e920a99e365]),
    fr([0x0084689d10dcee95, 0x9942bbcb57ed776e, 0x501fea90fbcee26d, 0x305439395bb92a0c]),
    fr([0x5aa212c06a822ed3, 0x61278440ef113ca4, 0x89c1371b8e941a44, 0x1f0f5f54a7e14dea]),
    fr([0xf09592f06203e696, 0x74f7cbe851acbab1, 0x7593fca44807f79a, 0x18f2e48b5e0e0dde]),
    fr([0xcc368fdedba30b20, 0x3e866168a4eccb13, 0xb93be26f71880244, 0x01c8072daeac8dc8]),
    fr([0x96a3e77f0cf19fc5, 0xba1b8d0c8f52b04c, 0xf33aac109b1f96ba, 0x17da7eb3f9d3c21e]),
    fr([0x2c0f639d4652d3f9, 0x8a726bf4c0c25ba6, 0x1f61afb8611856ef, 0x2074f683ef9734b7]),
    fr([0xd9aefaf4c1c8d5b1, 0xa73fc4dc1b70ea8d, 0x5a43c759db856642, 0x25ece2e1bbbe0814]),
    fr([0x87025bcc9aeb95ce, 0x642357b634e6fb44, 0x0d315eb3657b0e51, 0x0a2cd2d9cbf5bbaa]),
    fr([0x82bd8dfc268e2e8a, 0xdf3babebc5d82266, 0x4d9c68cb89fa34dc, 0x14fc6640a6ea4ee2]),
    fr([0x958cfe1207af3574, 0x30519ba29414d4e5, 0x18901db98906d68a, 0x15c7cbf3ebbe096b]),
    fr([0xdfb0498c85980aa9, 0xafe423a85dfe8474, 0xb2f96bb6a15403ea, 0x153ea6d3f67e9d88]),
    fr([0x4301bde58f8ec186, 0x2af6ffd10dc1a1ac, 0x2e28ab88105a59e8, 0x0e3612bd5967d8b5]),
    fr([0x3cbf393f81d3c4ab, 0xf3e83378b372efc4, 0x6c9597251dea74d8, 0x256cfd9e34362baa]),
    fr([0x1acdf47c16803480, 0x45727b57464d6f41, 0xfb193e0fdab353a0, 0x1073a1edffffb2ec]),
    fr([0xd6f6f96059d9da6a, 0xbed00631de96d1c3, 0x72fd003bcc15fdef, 0x1504e9b77641b3e2]),
    fr([0xde7cd405ade3c40e, 0xbca4fc31bccd6e5c, 0xa8bcf32e75ed86f1, 0x0283e3f9f30cc0e7]),
    fr([0xbbfdc9663234523a, 0xc650c53896ac4930, 0x5742147283ac3c65, 0x1063fa85e2adfbd9]),
    fr([0x1f73d813d4858e60, 0x9656e615602cf722, 0xb3e2fa2244a37855, 0x24fc9ddcbbd73d97]),
    fr([0x1ced61850d06e1ce, 0x280def73feaadf72, 0xcdf7678235a26cf5, 0x0d7e2b11ab36af13]),
    fr([0x85f34773582eb24d, 0x80c0578caaa8de55, 0xad10ce3da66fa64c, 0x16bd6ca52d83369b]),
    fr([0x83c2e3752b09fa7c, 0x569a0932bcf1eefa, 0x7098dbaba295d1c4, 0x0003f8733c3c2772]),
];

const STEP: [[Fr; 4]; 2] = [
    [
        fr([0x238dfc2a9f28648b, 0x09671a31ea1f7c12, 0x019fbb7e8c36fca5, 0x0c9b871b37c2b463]),
        fr([0x78e97763a9b7487e, 0x59e0f926ed4f6eb5, 0x1c26dd0eea500041, 0x19a23a71175f4cb9]),
        fr([0x3787080fb47a111a, 0x0f33e673a79ee8a7, 0x2308e5f0889529b2, 0x1f95bb59d22a0f61]),
        fr([0x62dc74c6acc693c8, 0x33455db60ca36959, 0x5a4bec447629a5dd, 0x1acae1ff6e3f22e6]),
    ],
    [
        fr([0xb7c91f23fc04cd1f, 0x9fba9d51d9356188, 0x84a60ddb67f6c721, 0x18d493b9642f065c]),
        fr([0x2835de1d7a9a0f3e, 0x416552612082eb05, 0x771cbbd40e8d09dc, 0x2a9c6465be3a07d2]),
        fr([0x6ac860d7f44c9545, 0xbe40f7ffe9cc5af0, 0x3756f5dbd7ca4c34, 0x2ff55ba05a5223ad]),
        fr([0xce70ad56a13ffc0a, 0x937c2e1d475bc4eb, 0x5408ac6494c8d8fc, 0x1397cda9e9336aeb]),
    ],
];

const LEAVE: [[[Fr; 4]; 2]; 4] = [
    [
        [
            fr([0xeb23c1f53fca8cf3, 0x3ae907bcd581575e, 0xf7ddb2d3ad95f40c, 0x1dd57e61b0ea9202]),
            fr([0xe2c759266617f8fa, 0x9cf39ab6c9374f26, 0x124b80c3dd45a3cd, 0x171fd1d4ce3cf9da]),
            fr([0xf6bcb3ab5357df18, 0x5286ff68cf39b48e, 0x63a9fbc88598dda6, 0x04e8fee2390c42b3]),
            fr([0x11e0b650e1ec0775, 0x1258149648a6adc4, 0xb6a275d1dafbb2c7, 0x17588729c908977b]),
        ],
        [
            fr([0x962f26e017a3fe0b, 0x098637fa9fae6217, 0xcdb5bf0f0e514cd9, 0x1e259682d2e44103]),
            fr([0x7145ee814c7520f4, 0xeb06f369642c4d9c, 0xb16dc172512b9f64, 0x04fed8fc105f2bc4]),
            fr([0x106e577245645b39, 0xdcd280d7d916cb03, 0x75b7e122375b6b99, 0x09cf677dc2239aaa]),
            fr([0x0a4266675a9c8733, 0xce80a6bc0ad02cd2, 0xcda90a8e30689d1e, 0x26f8b30faa2aa1d2]),
        ],
    ],
    [
        [
            fr([0x2961534dbc26e600, 0x6a21df24d7ad4cd5, 0x3ce2ac808c06cc2b, 0x1c2bd3d6eddf62ad]),
            fr([0x08c40cb16de62218, 0x7f0d917eaf9ec8e7, 0xb5c33a93b80bd3cc, 0x0756e088c5bd2417]),
            fr([0xcf3686eb27aa364d, 0x8e6a3a2ab60febb9, 0xf701411d9845a093, 0x0db83ac7bf5b6ac8]),
            fr([0x7949db56137149e2, 0x991325a0bbada9a1, 0xe0d5c1019f8d853f, 0x0b493ee2fc78e5bc]),
        ],
        [
            fr([0xa85d6d7c5d1ab4a0, 0xf265bafd7fdd3991, 0x826a296df792d16a, 0x25a3849f3f939ce1]),
            fr([0xbf38efd997f6a1b6, 0xfa5ab36c0de6db9c, 0x192f42e335d83bf7, 0x1fe6204e422cfac5]),
            fr([0x2315db5964807697, 0x7efcc4af64049cc7, 0x549d578b9406d568, 0x058fe0dc038d4a87]),
            fr([0xbc31e14f383e8259, 0xb4d4130ebaf196ad, 0x3758966bf20c80b0, 0x28631c069d42ee78]),
        ],
    ],
    [
        [
            fr([0xcc1f32ea08f0e07f, 0x6deacff86572b462, 0xc06df25cc3904d3a, 0x2ad848470af9be49]),
            fr([0x4c14855076856071, 0x5b02e5c51855074e, 0x9b0be19b15443a5a, 0x1a7bbc24dea2b2ed]),
            fr([0xaf8af732e86c81ba, 0x631d90eaeeed77dc, 0xb4c0210fe2997db3, 0x19ef1f89eb5ba638]),
            fr([0xc876d269221eae8b, 0x89c737dc7a1caf0b, 0x2fd2b4f0c595919a, 0x05676d6fead40d16]),
        ],
        [
            fr([0x072646de6729dea4, 0xe888e375738fd064, 0x67670e25c845f33b, 0x2febbc7087466d67]),
            fr([0x5dd1c859d2e72d1d, 0xc3179a7bec5402f0, 0xd3505b9abe30f59d, 0x303beca515500871]),
            fr([0x8a7ed36c5502eb12, 0x64d3a95ba1196965, 0xbd33083444e36516, 0x0ec3fa23c225165c]),
            fr([0x1d5d91c6a4a29940, 0x40d44901734bc4af, 0xfb859a48fd852c1a, 0x024bb63068511770]),
        ],
    ],
    [
        [
            fr([0x3c03e81ef53fd82b, 0x4e0cf7c7dbb669aa, 0xd8aa7b02928e66e1, 0x0d16b36ad2e0cab8]),
            fr([0x7d442d1328991b96, 0xf17bf5c57c4645cd, 0xe4d4d2cc7fdcfab0, 0x1d760afc2655a912]),
            fr([0x9ee0842b13dd0702, 0x6366cee11142e177, 0x88d56ce52ee7fef8, 0x228fb29d2cbe8912]),
            fr([0xb17eb6e13978b282, 0x31b315169045e166, 0x4691f2a149c3c037, 0x028ccc0013f92f26]),
        ],
        [
            fr([0xa5915062ceda3409, 0xecac7b255206736a, 0x2df394f5bc3ce263, 0x15f710108745f3eb]),
            fr([0xc30b21c75316a78c, 0x1f549b1eea86869d, 0x102031c1908a54df, 0x21206d8deec6ef9e]),
            fr([0xedef2247be1951fb, 0x04f2eddef0d792a5, 0x6d7e50efe2fdeb00, 0x245953c080df1603]),
            fr([0x05a7802ea6eb1f15, 0x12ace10699747e9d, 0x91c630cd868671c1, 0x06459ec926174052]),
        ],
    ],
];

const LEAVE_CONSTANTS: [Fr; 5] = [
    fr([0xa9c7103d5147d553, 0xb4c8ca3face388a8, 0xe4e30e7addf3c74d, 0x023a4b2202cb4dda]),
    fr([0x717f366683efe76d, 0x1f1cb985a17c1844, 0x8537bb75ed1016d1, 0x259e27784afce755]),
    fr([0xb6610405e904eda6, 0x4603914ceb200e68, 0xa0a417044c9387f1, 0x291b46705adde6a5]),
    fr([0xc2a74644d5808988, 0x8c2526ebb8459249, 0x433e529ce5063180, 0x090efd8d26487fed]),
    fr([0xd0c84138fb3bce57, 0x862f69521bba1463, 0x78c26254f68222d4, 0x1af1479e60be3fca]),
];

const SCALE: Fr =
    fr([0xdd6caa8d45673588, 0x52f2a5b672ffd0f2, 0xf7a5a52a9c949096, 0x13a6a4f543886a18]);

//! What a wallet reads from its own folder: seeds as text, kept evidence, and messages in either
//! form. Also names that it is given: logs, and endpoints of servers, none of which may be on
//! another computer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_circuits::Seed;
use wufu_fuzz::reached;
use wufu_proto::v1;
use wufu_wallet::{Endpoint, LogName, envelope, seed, store::Evidence};

fuzz_target!(|data: &[u8]| {
    if let Ok(seed) = seed::from_text(data) {
        assert_eq!(seed::to_text(&seed).as_bytes(), data);
    }
    // With corrected check digits.
    if let Some(bytes) = data.first_chunk() {
        let text = seed::to_text(&Seed::from_bytes(*bytes));
        assert_eq!(seed::from_text(text.as_bytes()).ok().as_ref().map(Seed::as_bytes), Some(bytes));
        reached("seed");
    }
    if let Ok(evidence) = Evidence::decode(data) {
        assert_eq!(evidence.encode(), data);
        reached("evidence");
    }
    if envelope::decode::<v1::Envelope>(data).is_ok() {
        reached("envelope");
    }
    if envelope::decode::<v1::CardGrant>(data).is_ok() {
        reached("card grant");
    }
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(log) = text.parse::<LogName>() {
        assert_eq!(log.to_string(), text);
        reached("log");
    }
    if let Ok(endpoint) = text.parse::<Endpoint>() {
        if let Endpoint::Loopback { ip, .. } = endpoint {
            assert!(ip.is_loopback());
        }
        assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        reached("place");
    }
});

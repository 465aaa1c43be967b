//! Policies, requests and addresses in canonical bytes: what can be read is written again as the
//! same bytes. A request is signed first, so that the fuzzer gets past its signature.
#![no_main]

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use wufu_circuits::Address;
use wufu_fuzz::reached;
use wufu_verifier::{
    Policy, ProofRequest,
    encoding::canonical::{Reader, Writer},
};

fuzz_target!(|data: &[u8]| {
    if let Ok(policy) = Policy::decode(data) {
        assert_eq!(policy.encode(), data);
        let root = policy.projects.root();
        assert_eq!(Policy::decode(&policy.encode()).map(|again| again.projects.root()), Ok(root));
        reached("policy");
    }
    if let Ok(address) = Address::decode(data) {
        assert_eq!(address.encode(), data);
        assert_eq!(address.to_string().parse(), Ok(address));
        reached("address");
    }
    if let Ok(text) = core::str::from_utf8(data)
        && let Ok(address) = text.parse::<Address>()
    {
        assert_eq!(address.to_string(), text);
        reached("address as text");
    }
    request(data);
    if let Some(signed) = signed(data) {
        request(&signed);
    }
});

fn request(data: &[u8]) {
    if let Ok(request) = ProofRequest::decode(data) {
        assert_eq!(request.encode(), data);
        let question = request.question().clone();
        let again = ProofRequest::new(*request.verifier(), question, request.signature());
        assert_eq!(again, Ok(request));
        reached("request");
    }
}

/// The first nine fields with another verifier's key and signature.
fn signed(data: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(data, 10).ok()?;
    let key = SigningKey::from_bytes(&[7; 32]);
    let verifier = key.verifying_key();
    let mut writer = Writer::new();
    for at in 0..9 {
        let field = reader.bytes("field").ok()?;
        writer = writer.bytes(if at == 1 { verifier.as_bytes() } else { field });
    }
    let signature = key.sign(&writer.clone().finish());
    Some(writer.bytes(&signature.to_bytes()).finish())
}

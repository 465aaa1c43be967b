//! What a dealer and an evaluator can be told. Every field of their messages is listed here by name
//! and type, so a field that could carry a public input, a proof or a user has to be added to this
//! list first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use prost_reflect::{DescriptorPool, MessageDescriptor};
use wufu_proto::DESCRIPTORS;

/// Lists `message.field: type` of a message and of all messages inside it.
fn fields(message: &MessageDescriptor, out: &mut Vec<String>) {
    for field in message.fields() {
        let many = if field.is_list() { "repeated " } else { "" };
        let optional = if field.supports_presence() { "optional " } else { "" };
        let kind = field.kind();
        out.push(format!("{}.{}: {optional}{many}{kind:?}", message.name(), field.name()));
        if let Some(inner) = kind.as_message() {
            fields(inner, out);
        }
    }
}

/// Rows of docs/failures.md: 35.
#[test]
fn no_blind_field_carries_an_identity_or_a_statement() {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let mut calls = Vec::new();
    let mut said = Vec::new();
    for name in ["wufu.v1.DealerService", "wufu.v1.EvaluatorService"] {
        let service = pool.get_service_by_name(name).unwrap();
        for method in service.methods() {
            let stream = |yes| if yes { "stream " } else { "" };
            calls.push(format!(
                "{}({}{}) -> {}{}",
                method.full_name(),
                stream(method.is_client_streaming()),
                method.input().name(),
                stream(method.is_server_streaming()),
                method.output().name()
            ));
            fields(&method.input(), &mut said);
            fields(&method.output(), &mut said);
        }
    }
    assert_eq!(
        calls,
        [
            "wufu.v1.DealerService.Deal(DealRequest) -> DealResponse",
            "wufu.v1.EvaluatorService.Evaluate(stream EvaluateRequest) -> EvaluateResponse",
        ]
    );
    assert_eq!(
        said,
        [
            "DealRequest.format: uint32",
            "DealRequest.key_id: bytes",
            "DealRequest.count: uint32",
            "DealResponse.format: uint32",
            "DealResponse.tokens: repeated bytes",
            "EvaluateRequest.format: uint32",
            "EvaluateRequest.key_id: bytes",
            "EvaluateRequest.masked: bytes",
            "EvaluateResponse.format: uint32",
            "EvaluateResponse.sums: bytes",
        ]
    );
}

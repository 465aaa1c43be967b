//! Every protobuf message: it is understood or refused, and what is understood is written again as
//! the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_circuits::Address;
use wufu_fuzz::reached;
use wufu_proto::{
    ConvertError, Envelope,
    append::{Append, AppendOutcome},
    claim::{Claim, ClaimBinding, ClaimOutcome},
    decode, file,
    grant::{CardGift, CardGrant, DonationReceipt, PersonGrant},
    limits::MessageLimits,
    log::{CheckpointQuery, HistoryQuery, LedgerInfo, Roof, RoofQuery, Shard, ShardQuery},
    prover::{Progress, ProverInfo, ReceivedProof},
    v1,
    voucher::Voucher,
    witness::Job,
};
use wufu_verifier::{Policy, ProofRequest};

fuzz_target!(|data: &[u8]| {
    message::<v1::Address, Address>(data);
    message::<v1::CardGrant, CardGrant>(data);
    message::<v1::PersonGrant, PersonGrant>(data);
    message::<v1::DonationReceipt, DonationReceipt>(data);
    message::<v1::Gift, CardGift>(data);
    message::<v1::Voucher, Voucher>(data);
    message::<v1::Policy, Policy>(data);
    message::<v1::ProofRequest, ProofRequest>(data);
    message::<v1::Envelope, Envelope>(data);
    message::<v1::ClaimBinding, ClaimBinding>(data);
    message::<v1::SubmitClaimRequest, Claim>(data);
    message::<v1::SubmitClaimResponse, ClaimOutcome>(data);
    message::<v1::ProveRequest, Job>(data);
    message::<v1::ProveStreamRequest, Job>(data);
    message::<v1::ProveResponse, ReceivedProof>(data);
    message::<v1::ProveStreamResponse, Progress>(data);
    message::<v1::GetInfoResponse, ProverInfo>(data);
    message::<v1::AppendRequest, Append>(data);
    message::<v1::AppendResponse, AppendOutcome>(data);
    message::<v1::GetLedgerInfoResponse, LedgerInfo>(data);
    message::<v1::GetCheckpointRequest, CheckpointQuery>(data);
    message::<v1::ListCheckpointsRequest, HistoryQuery>(data);
    message::<v1::GetRoofRequest, RoofQuery>(data);
    message::<v1::GetRoofResponse, Roof>(data);
    message::<v1::GetShardRequest, ShardQuery>(data);
    message::<v1::GetShardResponse, Shard>(data);
});

fn message<M, D>(data: &[u8])
where
    M: MessageLimits + PartialEq,
    D: TryFrom<M, Error = ConvertError>,
    M: for<'a> From<&'a D>,
{
    // A file that holds a message reads as the same message. Anything else that looks like a file
    // is refused.
    if let Ok(read) = file::decode::<M>(data) {
        assert!(
            data == read.encode_to_vec()
                || data == file::encode(&read)
                || !data.starts_with(b"wufu")
        );
    }
    let Ok(message) = decode::<M>(data) else { return };
    assert_eq!(message.encode_to_vec(), data);
    if let Ok(again) = file::decode::<M>(&file::encode(&message)) {
        assert!(again == message);
    }
    match D::try_from(message) {
        Ok(understood) => {
            assert_eq!(M::from(&understood).encode_to_vec(), data);
            reached(M::NAME);
        }
        Err(error) => assert_ne!(error.reason().code(), 0),
    }
}

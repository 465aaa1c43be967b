//! Messages with secrets: their `Debug` prints their name alone. (`build.rs` has them wiped when they are dropped.)

use core::fmt;

use crate::v1;

macro_rules! redacted {
    ($($message:ident),+ $(,)?) => {
        $(impl fmt::Debug for v1::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($message), " { .. }"))
            }
        })+
    };
}

redacted!(
    CardGrant,
    CardOpening,
    DealResponse,
    DonationEntry,
    DonationReceipt,
    DonationWitness,
    EvaluateRequest,
    EvaluateResponse,
    FiveFuWitness,
    Gift,
    GiftWitness,
    MembershipPath,
    PersonGrant,
    ShardPath,
    Voucher,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f16_debug_of_a_message_shows_no_secret() {
        let opening = v1::CardOpening {
            rho: vec![0xab; 32],
            rcm: vec![0xcd; 32],
            path: Some(v1::MembershipPath { children: vec![0xef; 32] }),
        };
        let gift = v1::GiftWitness {
            sk: vec![0xab; 32],
            kind: 3,
            card: Some(opening),
            friend_pk: vec![0xcd; 32],
            rcm_out: vec![0xef; 32],
            ext: vec![1; 32],
        };
        let request = v1::ProveRequest {
            key_id: vec![7],
            witness: Some(v1::Witness { statement: Some(v1::witness::Statement::Gift(gift)) }),
        };
        let text = format!("{request:?}");
        assert!(text.contains("GiftWitness { .. }"), "{text}");
        assert!(!text.contains("171") && !text.contains("205"), "{text}");
    }

    #[test]
    fn secret_messages_are_wiped_when_dropped() {
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<v1::CardGrant>();
        wiped::<v1::CardOpening>();
        wiped::<v1::DealResponse>();
        wiped::<v1::DonationEntry>();
        wiped::<v1::DonationReceipt>();
        wiped::<v1::DonationWitness>();
        wiped::<v1::EvaluateRequest>();
        wiped::<v1::EvaluateResponse>();
        wiped::<v1::FiveFuWitness>();
        wiped::<v1::Gift>();
        wiped::<v1::GiftWitness>();
        wiped::<v1::MembershipPath>();
        wiped::<v1::PersonGrant>();
        wiped::<v1::ShardPath>();
        wiped::<v1::Voucher>();
    }
}

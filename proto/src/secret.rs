//! Messages with secrets: their `Debug` prints only their name, and they are wiped when they are
//! dropped. `build.rs` decides which messages these are, and generates the list.

use core::fmt;

use crate::v1;

macro_rules! secrets {
    ($($message:ident),+ $(,)?) => {
        $(impl fmt::Debug for v1::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($message), " { .. }"))
            }
        })+

        const fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        const _: () = { $(wiped::<v1::$message>();)+ };

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($message)),+];
    };
}

include!(concat!(env!("OUT_DIR"), "/secrets.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 16.
    #[test]
    fn debug_of_a_message_shows_no_secret() {
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
    fn witnesses_are_listed_as_wiped_when_dropped() {
        for name in ["CardOpening", "FiveFuWitness", "DonationWitness", "GiftWitness", "Voucher"] {
            assert!(NAMES.contains(&name), "{name}");
        }
    }
}

//! Messages with secrets: their `Debug` prints their name alone, and they can be wiped.

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
    DonationReceipt,
    DonationWitness,
    FiveFuWitness,
    Gift,
    GiftWitness,
    MembershipPath,
    PersonGrant,
    ShardPath,
    Voucher,
);

//! The logs of a ledger.

pub use wufu_verifier::log::name::Log;

/// The log of `org` that has this origin, if a ledger keeps it.
pub(crate) fn kept(org: &str, origin: &str) -> Option<Log> {
    Log::from_origin(org, origin).filter(|log| Log::ALL.contains(log))
}

/// A log's number in the database.
pub(crate) const fn id(log: Log) -> i64 {
    match log {
        Log::Cards => 1,
        Log::Persons => 2,
        Log::Donations(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_keeps_three_logs_of_its_org() {
        for (log, number) in Log::ALL.into_iter().zip(1..) {
            assert_eq!(kept("wufu", &log.origin("wufu")), Some(log));
            assert_eq!(kept("wuf", &log.origin("wufu")), None);
            assert_eq!(id(log), number);
        }
        for other in ["wufu", "wufu/", "wufucards", "wufu/donations/2", "wufu/cards/"] {
            assert_eq!(kept("wufu", other), None, "{other}");
        }
    }
}

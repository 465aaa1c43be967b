//! Checks before cards and persons are appended.

use std::collections::{BTreeSet, HashSet};

use wufu_circuits::Address;
use wufu_proto::append::CardIssue;

use super::error::AppendError;
use crate::store::{Connection, cards, claims, persons};

/// Gives every card a serial that was not issued before: the requested one, or the next free one.
pub(crate) async fn serials(
    connection: &mut Connection,
    orders: &[CardIssue],
) -> Result<Vec<u64>, AppendError> {
    let mut asked = BTreeSet::new();
    for serial in orders.iter().filter_map(|order| order.serial) {
        if i64::try_from(serial).is_err() {
            return Err(AppendError::SerialRange { serial });
        }
        if cards::is_issued(connection, serial).await? || !asked.insert(serial) {
            return Err(AppendError::Serial { serial });
        }
    }
    let mut next = cards::highest_serial(connection).await?.map_or(1, |highest| highest + 1);
    let mut serials = Vec::with_capacity(orders.len());
    for order in orders {
        serials.push(match order.serial {
            Some(serial) => serial,
            None => {
                while asked.contains(&next) {
                    next += 1;
                }
                if i64::try_from(next).is_err() {
                    return Err(AppendError::SerialRange { serial: next });
                }
                next += 1;
                next - 1
            }
        });
    }
    Ok(serials)
}

/// Checks that persons may still be registered, and that none of these is registered.
pub(crate) async fn persons(
    connection: &mut Connection,
    addresses: &[Address],
) -> Result<(), AppendError> {
    if addresses.is_empty() {
        return Ok(());
    }
    if claims::count(connection).await? > 0 {
        return Err(AppendError::Frozen);
    }
    let mut seen = HashSet::new();
    for address in addresses {
        let is_registered = persons::is_registered(connection, &address.pk).await?;
        if is_registered || !seen.insert(address.pk.to_bytes()) {
            return Err(AppendError::Registered { address: address.to_string() });
        }
    }
    Ok(())
}

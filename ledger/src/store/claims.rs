//! Claims, and the nullifiers that they spent: the tables `claims` and `spent`.

use std::collections::BTreeMap;

use wufu_proto::claim::Claim;
use wufu_verifier::{FiveFu, KeyId, Nullifier, Proof, Statement};

use super::{Connection, StoreError, Transaction, signed, unsigned};

/// A row: key id, public inputs, proof, payout, expiry.
type Row = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64);

/// The number of claims.
pub(crate) async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT COUNT(*) FROM claims");
    unsigned("count", query.fetch_one(connection.sqlite()).await?)
}

/// The newest claim's number, or 0 if there is no claim.
pub(crate) async fn newest(connection: &mut Connection) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT MAX(claim) FROM claims");
    let newest: Option<i64> = query.fetch_one(connection.sqlite()).await?;
    unsigned("claim", newest.unwrap_or(0))
}

/// Writes a claim that was admitted at `now`, and the ledger's note about it.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    number: u64,
    claim: &Claim,
    now: u64,
    note: &str,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO claims \
         (claim, key_id, public_inputs, proof, payout, expiry, time, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(insert)
        .bind(signed(number)?)
        .bind(claim.key_id().as_bytes().to_vec())
        .bind(claim.presented().public_inputs.to_vec())
        .bind(claim.presented().proof.to_vec())
        .bind(claim.payout().to_vec())
        // The expiry's 64 bits, since any value is allowed.
        .bind(claim.expiry() as i64)
        .bind(signed(now)?)
        .bind(note)
        .execute(tx.sqlite()?)
        .await?;
    Ok(())
}

/// Records that a claim spent a nullifier. The database refuses this if the nullifier was spent
/// before.
pub(crate) async fn spend(
    tx: &mut Transaction<'_>,
    nullifier: &Nullifier,
    claim: u64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO spent (nullifier, claim) VALUES ($1, $2)")
        .bind(nullifier.to_bytes().to_vec())
        .bind(signed(claim)?)
        .execute(tx.sqlite()?)
        .await?;
    Ok(())
}

/// The number of the claim that spent a nullifier, if it is spent.
pub(crate) async fn spent_by(
    connection: &mut Connection,
    nullifier: &Nullifier,
) -> Result<Option<u64>, StoreError> {
    let query = sqlx::query_scalar("SELECT claim FROM spent WHERE nullifier = $1");
    let query = query.bind(nullifier.to_bytes().to_vec()).fetch_optional(connection.sqlite());
    let claim: Option<i64> = query.await?;
    claim.map(|claim| unsigned("claim", claim)).transpose()
}

/// Reads one claim.
pub(crate) async fn read(connection: &mut Connection, number: u64) -> Result<Claim, StoreError> {
    let query = "SELECT key_id, public_inputs, proof, payout, expiry FROM claims WHERE claim = $1";
    let query = sqlx::query_as(query).bind(signed(number)?);
    let row = query.fetch_optional(connection.sqlite()).await?;
    of_row(row.ok_or(StoreError::Broken { what: "list of claims" })?)
}

/// Every spent nullifier as it is stored, with the number of its claim.
pub(crate) async fn spent(
    connection: &mut Connection,
) -> Result<BTreeMap<Vec<u8>, i64>, StoreError> {
    let query = sqlx::query_as("SELECT nullifier, claim FROM spent");
    let rows: Vec<(Vec<u8>, i64)> = query.fetch_all(connection.sqlite()).await?;
    Ok(rows.into_iter().collect())
}

/// Every claim, in the order of the numbers. `None` for one that cannot be read.
pub(crate) async fn rows(
    connection: &mut Connection,
) -> Result<Vec<(i64, Option<Claim>)>, StoreError> {
    let query =
        "SELECT claim, key_id, public_inputs, proof, payout, expiry FROM claims ORDER BY claim";
    type Numbered = (i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64);
    let rows: Vec<Numbered> = sqlx::query_as(query).fetch_all(connection.sqlite()).await?;
    let claim = |(number, key_id, inputs, proof, payout, expiry): Numbered| {
        (number, of_row((key_id, inputs, proof, payout, expiry)).ok())
    };
    Ok(rows.into_iter().map(claim).collect())
}

/// The claim in a row.
fn of_row((key_id, inputs, proof, payout, expiry): Row) -> Result<Claim, StoreError> {
    let broken = || StoreError::Broken { what: "claim" };
    let key_id = KeyId(key_id.try_into().map_err(|_| broken())?);
    let statement = FiveFu::decode(&inputs).map_err(|_| broken())?;
    let proof = Proof::decode(&proof).map_err(|_| broken())?;
    Claim::new(key_id, statement, &proof, payout, expiry as u64).map_err(|_| broken())
}

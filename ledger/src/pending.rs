//! Donations without owner: entered, counted, and a leaf as soon as somebody is named.

use wufu_circuits::{Address, Ownership};
use wufu_verifier::{Record, encoding::field};

use crate::{
    append::{AppendError, Placement, finish, lossy},
    folder::FolderError,
    grant::public,
    leaf,
    ledger::Ledger,
    log::Log,
    random, recount,
    store::{StoreError, WriteTx, signed, unsigned},
};

/// A row of `receipts`: project key, amount, time, number and place.
type Row = (i64, i64, i64, Option<i64>, Option<i64>);

impl Ledger {
    /// Gives a pending donation its owner; it becomes a leaf.
    ///
    /// # Errors
    /// When no pending donation has the receipt, its row is not the one that was signed, the address is of another org,
    /// or the database fails.
    ///
    /// # Cost
    /// Three hashes, and one (blake3) for each donation that was entered in the same epoch.
    pub async fn own(&self, receipt: &[u8], owner: &Address) -> Result<Placement, AppendError> {
        self.is_ours(owner)?;
        let (ledger, receipt, owner) = (self.clone(), receipt.to_vec(), owner.clone());
        let work = async move {
            let mut tx = ledger.inner.store.begin().await?;
            let done = ledger.own_in(&mut tx, &receipt, &owner).await;
            finish(tx, done).await
        };
        self.finish(work).await
    }

    async fn own_in(
        &self,
        tx: &mut WriteTx<'_>,
        receipt: &[u8],
        owner: &Address,
    ) -> Result<Placement, AppendError> {
        let log = Log::Donations;
        let query = "SELECT project_key, amount, time, seq, place FROM receipts \
             WHERE log = $1 AND receipt = $2";
        let query = sqlx::query_as(query).bind(log.id()).bind(receipt);
        let row: Option<Row> =
            query.fetch_optional(tx.connection()?).await.map_err(StoreError::from)?;
        let name = || lossy(receipt);
        let (project, amount, time, seq, place) =
            row.ok_or_else(|| AppendError::Unknown { receipt: name() })?;
        if let Some(place) = place {
            let (place, origin) = (unsigned("place", place)?, self.origin(log));
            return Err(AppendError::Owned { receipt: name(), origin, place });
        }
        let mut state = self.state(tx).await?;
        // What is signed from here on is what was entered, or nothing is.
        let seq = unsigned("seq", seq.unwrap_or(0))?;
        let key = self.log_key();
        let edited = recount::donation_differs(tx.connection()?, key, &state, seq).await?;
        if let Some(edited) = edited {
            return Err(StoreError::from(FolderError::from(edited)).into());
        }
        let (project, amount, time) = public(project, amount, time)?;
        let ownership = Ownership::new(receipt, random::element());
        let record = Record { project, amount, time, own: ownership.own(owner.pk) };
        let owned = state.tally.own(amount.minor());
        owned.ok_or(StoreError::Broken { what: "sum of pending donations" })?;
        let places = self.range(tx, &state.tally, log, 1).await?;
        let place = signed(places.start)?;
        let update = "UPDATE receipts SET owner = $1, rcm = $2, place = $3 \
             WHERE log = $4 AND receipt = $5 AND place IS NULL";
        sqlx::query(update)
            .bind(field::encode(&owner.pk).to_vec())
            .bind(field::encode(&ownership.rcm).to_vec())
            .bind(place)
            .bind(log.id())
            .bind(receipt)
            .execute(tx.connection()?)
            .await
            .map_err(StoreError::from)?;
        leaf::insert_record(tx.connection()?, places.start, &record).await?;
        leaf::grow(tx.connection()?, log, &places).await?;
        state.tally.push_record(&record);
        self.sign_state(tx, &state).await?;
        Ok(Placement { donations: places, ..Placement::default() })
    }
}

//! The audit of what no checkpoint covers. It compares every row with the signed state, every
//! summary with the one before, and the newest summary and state with the files beside the
//! database.

use crate::{
    audit::{
        Audit, HighWaterMarks,
        finding::{Coverage, Finding},
    },
    epochs::{
        recount::recount,
        state::{SignedState, Summary},
        summary_error::SummaryError,
        tally::{Chain, Part, Tally},
    },
    ledger::Ledger,
    log::Log,
    store::{Connection, StoreError, cards, persons, summaries},
};

/// The signed hashes of a part, by number of rows, and how far the rows match them.
struct SignedChains {
    part: Part,
    chains: Vec<Chain>,
    // The index of the next hash.
    next: usize,
    // The rows up to here match.
    good: u64,
    changed: Option<Finding>,
}

impl SignedChains {
    fn new(part: Part, signed: &[Tally]) -> Self {
        let mut chains: Vec<Chain> = signed.iter().map(|tally| *tally.chain(part)).collect();
        chains.sort_by_key(|chain| chain.rows);
        chains.dedup();
        let next = chains.iter().take_while(|chain| chain.rows == 0).count();
        Self { part, chains, next, good: 0, changed: None }
    }

    /// Compares the rows so far with what was signed about them.
    fn see(&mut self, chain: &Chain) {
        while let Some(signed) = self.chains.get(self.next).filter(|next| next.rows == chain.rows) {
            if signed.hash == chain.hash {
                self.good = chain.rows;
            } else if self.changed.is_none() {
                let (part, first, last) = (self.part.name(), self.good + 1, chain.rows);
                self.changed = Some(Finding::Changed { part, first, last });
            }
            self.next += 1;
        }
    }
}

impl Ledger {
    /// Compares everything with the signed state and the summaries.
    pub(crate) async fn audit_tally(
        &self,
        reader: &mut Connection,
        marks: &HighWaterMarks,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        let mark = marks.summary.as_deref();
        self.audit_tables(reader, audit).await?;
        let has_tables = summaries::has_tables(reader).await?;
        let is_begun = has_tables && !summaries::is_empty(reader).await?;
        if !is_begun {
            // Somebody made the ledger look as if an older release, which signed no state, had
            // written it.
            let problem = if mark.is_some() {
                "the database has none, but summary.note holds one"
            } else if self.inner.folder.has_signed_state()? {
                "the database has none, but signing.key says that this ledger signed its state"
            } else if !self.is_of_older_release(mark)? {
                "the database has none, but has a table for it: it was deleted, or the migration \
                 of an older release's ledger was interrupted"
            } else {
                return Ok(());
            };
            audit.findings.push(Finding::Summary { number: None, problem });
            audit.coverage = Coverage::Lost;
            return Ok(());
        }
        let state = summaries::state_note(reader).await?;
        let state = state.and_then(|note| SignedState::open(self.log_key(), &note));
        let mut signed = self.audit_summaries(reader, state.as_ref(), mark, audit).await?;
        let kept = marks.state.as_deref();
        self.audit_kept(state.as_ref(), kept, audit);
        signed.extend(
            kept.and_then(|note| SignedState::open(self.log_key(), note)).map(|kept| kept.tally),
        );
        match state {
            Some(state) => signed.push(state.tally),
            None => {
                let problem = "the signed state is missing, or this ledger's key did not sign it";
                audit.findings.push(Finding::Summary { number: None, problem });
            }
        }
        let Some(newest) = signed.last().cloned() else {
            audit.coverage = Coverage::Lost;
            return Ok(());
        };
        audit.coverage = if newest.from_start { Coverage::Whole } else { Coverage::SinceMigration };

        let mut expected = Part::ALL.map(|part| SignedChains::new(part, &signed));
        let found = recount(reader, None, |part, chain| expected[part as usize].see(chain)).await?;
        for (expected, part) in expected.into_iter().zip(Part::ALL) {
            audit.findings.extend(expected.changed);
            let (got, expected) = (found.chain(part).rows, newest.chain(part).rows);
            if got != expected {
                audit.findings.push(Finding::Rows { part: part.name(), got, expected });
            }
        }
        let (what, got, expected) = ("donations without owner", found.pending, newest.pending);
        if got != expected {
            audit.findings.push(Finding::Count { what, got, expected });
        }
        for (total, got, expected) in [
            ("sum of all donations", found.sum, newest.sum),
            ("sum of donations without owner", found.pending_sum, newest.pending_sum),
        ] {
            if got != expected {
                let (got, expected) = (self.money(got), self.money(expected));
                audit.findings.push(Finding::Total { total, got, expected });
            }
        }
        if found.rules != newest.rules {
            audit.findings.push(Finding::Rules);
        }
        Ok(())
    }

    /// Compares the signed state with the file beside the database.
    fn audit_kept(&self, state: Option<&SignedState>, kept: Option<&str>, audit: &mut Audit) {
        let Some(kept) = kept else { return };
        let problem = if SignedState::open(self.log_key(), kept).is_none() {
            "state.note is not signed by this ledger's key"
        } else {
            match state.and_then(|state| state.lost(self.log_key(), Some(kept))) {
                Some(SummaryError::Older { .. }) => {
                    "the signed state is older than state.note: rows that were acknowledged are \
                     gone"
                }
                Some(_) => "state.note holds a different signed state with the same number of rows",
                None => return,
            }
        };
        audit.findings.push(Finding::Summary { number: None, problem });
    }

    /// Opens every summary, and compares it with its row, with the summary before it and with the
    /// file. Returns the sound ones.
    async fn audit_summaries(
        &self,
        reader: &mut Connection,
        state: Option<&SignedState>,
        mark: Option<&str>,
        audit: &mut Audit,
    ) -> Result<Vec<Tally>, StoreError> {
        let mut found = |number, problem| {
            audit.findings.push(Finding::Summary { number: Some(number), problem });
        };
        let marked = mark.map(|note| Summary::open(self.log_key(), note));
        let (mut tallies, mut before) = (Vec::new(), None::<(Summary, [u8; 32])>);
        let (mut expected, mut is_marked) = (0, false);
        let see = |number, epoch, note: String| {
            audit.summaries += 1;
            if number != expected {
                found(expected, "it is missing");
            }
            let is_next = number == expected;
            expected = number + 1;
            is_marked |= mark == Some(note.as_str());
            let opened = Summary::open(self.log_key(), &note)
                .filter(|summary| (summary.number, summary.epoch) == (number, epoch));
            let Some(summary) = opened else {
                found(number, "its note is not signed, or differs from its row");
                before = None;
                return;
            };
            if let Some((last, hash)) = before.take().filter(|_| is_next)
                && !follows(&summary, &last, hash)
            {
                found(number, "it does not follow the one before");
            }
            tallies.push(summary.tally.clone());
            before = Some((summary, *blake3::hash(note.as_bytes()).as_bytes()));
        };
        summaries::each(reader, see).await?;
        if let Some(state) = state.filter(|state| state.after + 1 != expected) {
            found(
                state.after,
                "it is missing, or there are newer ones that the state does not mention",
            );
        }
        match marked {
            // The process ended after it had committed the first summary, and before it wrote the
            // file. The file is written when the ledger is opened.
            None if expected == 1 => {}
            None => {
                found(expected.saturating_sub(1), "summary.note, which should hold it, is missing")
            }
            Some(None) => {
                found(
                    expected.saturating_sub(1),
                    "summary.note is not signed by this ledger's key",
                );
            }
            Some(Some(mark)) if mark.number >= expected => {
                found(mark.number, "it is in summary.note, but missing in the database");
            }
            Some(Some(mark)) if !is_marked => {
                found(mark.number, "summary.note holds a different summary with that number");
            }
            Some(Some(_)) => {}
        }
        Ok(tallies)
    }

    /// Checks what has no order of its own: the rows that belong to leaves, and the logs' names.
    async fn audit_tables(
        &self,
        reader: &mut Connection,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        for (part, log, got) in [
            ("issued cards", Log::Cards, cards::count(reader).await?),
            ("registered persons", Log::Persons, persons::count(reader).await?),
        ] {
            let leaves = audit.leaves.get(&self.origin(log)).copied();
            if let Some(expected) = leaves.filter(|leaves| *leaves != got) {
                audit.findings.push(Finding::Rows { part, got, expected });
            }
        }
        Ok(())
    }
}

/// Whether a summary can follow another one: nothing may have been removed between them.
fn follows(summary: &Summary, last: &Summary, hash: [u8; 32]) -> bool {
    let grows = |part| summary.tally.chain(part).rows >= last.tally.chain(part).rows;
    summary.previous == hash
        // The clock may have been ahead when the ledger was made.
        && (summary.epoch >= last.epoch || last.number == 0)
        && summary.tally.sum >= last.tally.sum
        && summary.tally.rules == last.tally.rules
        && summary.tally.from_start == last.tally.from_start
        && Part::ALL.into_iter().all(grows)
}

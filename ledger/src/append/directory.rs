//! The directory of institutions and projects: in the database, and as a signed note.

use futures_util::future::BoxFuture;
use wufu_verifier::log::directory::{Directory, EntryError};

use crate::{
    append::error::AppendError,
    epochs::{
        summary,
        summary_error::SummaryError,
        tally::{Part, Tally, Value},
    },
    folder::FolderError,
    ledger::Ledger,
    log::Log,
    store::{Connection, ReadPurpose, StoreError, Transaction, projects, signed},
};

/// Reads the directory from the database.
pub(crate) async fn load(connection: &mut Connection) -> Result<Directory, StoreError> {
    let institutions = projects::institutions(connection).await?;
    let projects = projects::projects(connection).await?;
    of_rows(&institutions, &projects).ok_or(StoreError::Broken { what: "list of projects" })
}

/// Builds the directory from the database's rows, in the order of their ids. Returns `None` if an
/// id is missing or a name occurs twice.
fn of_rows(institutions: &[String], projects: &[(u64, String)]) -> Option<Directory> {
    let position = |id: u64| usize::try_from(id.checked_sub(1)?).ok();
    let projects = projects.iter().map(|(id, name)| Some((position(*id)?, name.as_str())));
    let projects = projects.collect::<Option<Vec<_>>>()?;
    Directory::from_stored(institutions.iter().map(String::as_str), projects)
}

/// Refuses names that differ from those in the signed tally.
fn check_signed(directory: &Directory, signed: &Tally) -> Result<(), StoreError> {
    let mut found = Tally::new([0; 32], true);
    push_new(directory, &Directory::default(), &mut found)?;
    for part in [Part::Institutions, Part::Projects] {
        let (got, expected) = (found.chain(part), signed.chain(part));
        if got != expected {
            let (part, got, expected) = (part.name(), got.rows, expected.rows);
            let edited = SummaryError::Edited { part, got, expected };
            return Err(FolderError::from(edited).into());
        }
    }
    Ok(())
}

/// Ids and names of the institutions that `before` does not contain.
fn new_institutions<'d>(
    directory: &'d Directory,
    before: &Directory,
) -> impl Iterator<Item = (u64, &'d str)> {
    (1..).zip(directory.institutions().iter().map(String::as_str)).skip(before.institutions().len())
}

/// Ids, institution ids and names of the projects that `before` does not contain.
fn new_projects<'d>(
    directory: &'d Directory,
    before: &Directory,
) -> impl Iterator<Item = (u64, u64, &'d str)> {
    let fresh = (1..).zip(directory.project_names()).skip(before.project_names().len());
    fresh.map(|(id, (institution, name))| (id, institution as u64 + 1, name))
}

/// Adds to a tally what `before` does not contain.
fn push_new(
    directory: &Directory,
    before: &Directory,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let log = Value::from(crate::log::id(Log::DONATIONS));
    for (id, name) in new_institutions(directory, before) {
        tally.push(Part::Institutions, &[log, signed(id)?.into(), name.into()]);
    }
    for (id, institution, name) in new_projects(directory, before) {
        let row = [log, signed(id)?.into(), signed(institution)?.into(), name.into()];
        tally.push(Part::Projects, &row);
    }
    Ok(())
}

/// Writes what `before` does not contain, and adds it to the tally.
pub(crate) async fn save(
    tx: &mut Transaction<'_>,
    directory: &Directory,
    before: &Directory,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    for (id, name) in new_institutions(directory, before) {
        projects::insert_institution(tx, id, name).await?;
    }
    for (id, institution, name) in new_projects(directory, before) {
        projects::insert_project(tx, id, institution, name).await?;
    }
    push_new(directory, before, tally)
}

impl Ledger {
    /// All institutions and projects.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn projects(&self) -> BoxFuture<'_, Result<Directory, StoreError>> {
        Box::pin(
            async move { load(&mut self.inner.store.reader(ReadPurpose::Shards).await?).await },
        )
    }

    /// All institutions and projects, as a signed note: see [`Directory::open`].
    ///
    /// # Errors
    /// Returns an error if the database fails, if the names differ from those that were signed when
    /// they were entered, or if an older release accepted a name that clients refuse.
    pub fn projects_note(&self) -> BoxFuture<'_, Result<String, StoreError>> {
        Box::pin(async move {
            let store = &self.inner.store;
            let mark = self.inner.folder.summary()?;
            let mut snapshot = store.snapshot(ReadPurpose::Shards).await?;
            let directory = load(&mut snapshot).await?;
            directory.check_names().map_err(name_error)?;
            match summary::load_state(&mut snapshot, self.log_key()).await {
                // Nothing was ever signed, so there is nothing to compare with.
                Err(StoreError::State) if self.is_of_older_release(mark.as_deref())? => {}
                state => check_signed(&directory, &state?.tally)?,
            }
            drop(snapshot);
            let origin = self.origin(Log::DONATIONS);
            let note = directory.sign(self.org(), &self.inner.signing, &origin);
            // Names that passed the check contain nothing that a note may not contain.
            note.map_err(|_| StoreError::Broken { what: "list of projects" })
        })
    }
}

/// The error for a name that clients refuse.
fn name_error(error: EntryError) -> StoreError {
    match error {
        EntryError::Name { field, name, error } => StoreError::Name { field, name, error },
        _ => StoreError::Broken { what: "list of projects" },
    }
}

impl From<EntryError> for AppendError {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Name { field, name, error } => Self::Name { field, name, error },
            _ => Self::DirectoryFull,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_no_release_wrote_are_no_directory() {
        let institutions = ["A", "B"].map(String::from);
        let read = of_rows(&institutions, &[(2, "x".into())]).unwrap();
        assert_eq!(read.names(read.projects()[0].key), Some(("B", "x")));
        for bad in [0, 3, u64::MAX] {
            assert_eq!(of_rows(&institutions, &[(bad, "x".into())]), None, "{bad}");
        }
    }

    /// An older release signed and served such names, and every client refused them. Now the ledger
    /// says which name to mend.
    #[test]
    fn a_stored_name_that_clients_refuse_is_named() {
        for bad in ["\u{3000}A", "B\u{a0}C", "cafe\u{301}"] {
            let refused = of_rows(&[bad.into()], &[]).unwrap().check_names().map_err(name_error);
            let told = refused.unwrap_err().to_string();
            assert!(
                told.starts_with("institution") && told.contains("make a new ledger"),
                "{told}"
            );
        }
    }
}

//! Institutions and projects: numbered from 1 in order of first appearance, and published as a signed note.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use wufu_verifier::{
    ProjectKey,
    encoding::text::{self, MAX_NAME, NameError},
    log::signed_note::{self, LogKey, MAX_BYTES, NoteError},
};

use crate::{
    append::AppendError,
    folder::FolderError,
    ledger::Ledger,
    log::Log,
    store::{StoreError, signed},
    summary::{self, SummaryError},
    tally::{Part, Tally, Value},
};

/// An institution's project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Both ids.
    pub key: ProjectKey,
    /// The institution's name.
    pub institution: String,
    /// The project's name.
    pub name: String,
}

/// All institutions and projects of a donation log, in order of their ids.
///
/// # Shapes
/// As a note: the log's origin and `/projects`; then for each institution and each project a line, `institution ID
/// NAME` or `project INSTITUTION PROJECT NAME`, ids in decimal, one space between. (A signed note has no tabs.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    institutions: Vec<String>,
    // The institution's place in the list above, and the name.
    projects: Vec<(usize, String)>,
    institution_ids: HashMap<String, usize>,
    project_ids: HashMap<(usize, String), usize>,
    // Length of the note's lines.
    bytes: usize,
}

/// Why a note is no directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The signature or the note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A name that could be taken for another, or hides something.
    #[error("line {line} of the directory: the name {error}")]
    Name {
        /// Which, from 1.
        line: usize,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A line that is none of a directory, or not the next one.
    #[error("line {line} of the directory is malformed or out of order")]
    Line {
        /// Which, from 1.
        line: usize,
    },
}

impl Directory {
    /// The key of a project, if it is known.
    pub fn key(&self, institution: &str, project: &str) -> Option<ProjectKey> {
        let institution = *self.institution_ids.get(institution)?;
        let project = *self.project_ids.get(&(institution, project.to_owned()))?;
        key(institution, project)
    }

    /// The names of an institution and its project.
    pub(crate) fn names(&self, key: ProjectKey) -> Option<(&str, &str)> {
        let place = |id: u32| usize::try_from(id.checked_sub(1)?).ok();
        let (institution, project) = self.projects.get(place(key.project())?)?;
        let is_its = place(key.institution()) == Some(*institution);
        let institution = self.institutions.get(*institution).filter(|_| is_its)?;
        Some((institution, project))
    }

    /// Institutions, the one with id 1 first.
    pub fn institutions(&self) -> &[String] {
        &self.institutions
    }

    /// Projects, the one with id 1 first.
    pub fn projects(&self) -> Vec<Project> {
        let project = |(at, (institution, name)): (usize, &(usize, String))| {
            let (key, name) = (key(*institution, at)?, name.clone());
            Some(Project { key, institution: self.institutions.get(*institution)?.clone(), name })
        };
        self.projects.iter().enumerate().filter_map(project).collect()
    }

    /// Opens a signed directory of the donation log `origin`.
    ///
    /// # Errors
    /// When it is not signed by `key`, or is not a directory of that log.
    pub fn open(key: &LogKey, origin: &str, note: &str) -> Result<Self, DirectoryError> {
        let mut lines = key.open(note)?.lines().enumerate();
        if lines.next().map(|(_, line)| line) != Some(&heading(origin)) {
            return Err(DirectoryError::Line { line: 1 });
        }
        let mut directory = Self::default();
        for (at, line) in lines {
            directory.read(line).ok_or_else(|| Self::fault(line, at + 1))?;
        }
        Ok(directory)
    }

    /// Why a line cannot be read.
    fn fault(line: &str, at: usize) -> DirectoryError {
        let is_institution = line.starts_with("institution ");
        let name = line.splitn(if is_institution { 3 } else { 4 }, ' ').last().unwrap_or_default();
        match text::check_name(name) {
            Err(error) if error != NameError::Empty => DirectoryError::Name { line: at, error },
            _ => DirectoryError::Line { line: at },
        }
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let (what, rest) = line.split_once(' ')?;
        let (id, rest) = rest.split_once(' ')?;
        let before = (self.institutions.len(), self.projects.len());
        let after = if what == "institution" {
            self.add_institution(rest)?;
            (before.0 + 1, before.1)
        } else {
            let (_, name) = rest.split_once(' ')?;
            let institution = self.institutions.get(id.parse::<usize>().ok()?.checked_sub(1)?)?;
            self.add(&institution.clone(), name)?;
            (before.0, before.1 + 1)
        };
        let is_next = (self.institutions.len(), self.projects.len()) == after;
        // What we would write is what was read: the ids were the next ones, too.
        let written = if what == "institution" {
            self.institution_line(before.0)
        } else {
            self.project_line(before.1)
        };
        (is_next && written.as_deref() == Some(line)).then_some(())
    }

    /// The key of a project, which gets the next ids if it is new. `None` when a new name is refused by
    /// [`text::check_name`], or the note would grow too long to be signed.
    pub(crate) fn add(&mut self, institution: &str, project: &str) -> Option<ProjectKey> {
        if let Some(key) = self.key(institution, project) {
            return Some(key);
        }
        text::check_name(project).ok()?;
        self.add_institution(institution)?;
        self.keep(institution, project)
    }

    fn add_institution(&mut self, name: &str) -> Option<usize> {
        if !self.institution_ids.contains_key(name) {
            text::check_name(name).ok()?;
        }
        self.keep_institution(name)
    }

    /// [`Directory::add`] for names that the ledger holds already. An older release took names that are refused now, so
    /// only their lengths are checked.
    fn keep(&mut self, institution: &str, project: &str) -> Option<ProjectKey> {
        if let Some(key) = self.key(institution, project) {
            return Some(key);
        }
        let at = self.keep_institution(institution)?;
        let id = self.projects.len();
        let key = key(at, id)?;
        self.fits(project)?;
        self.projects.push((at, project.into()));
        self.project_ids.insert((at, project.into()), id);
        Some(key)
    }

    fn keep_institution(&mut self, name: &str) -> Option<usize> {
        if let Some(at) = self.institution_ids.get(name) {
            return Some(*at);
        }
        self.fits(name)?;
        self.institutions.push(name.into());
        self.institution_ids.insert(name.into(), self.institutions.len() - 1);
        Some(self.institutions.len() - 1)
    }

    fn fits(&mut self, name: &str) -> Option<()> {
        // Two numbers and a word; the signature and the heading take less than a page.
        self.bytes += name.len() + 40;
        ((1..=MAX_NAME).contains(&name.len()) && self.bytes < MAX_BYTES - 4096).then_some(())
    }

    fn institution_line(&self, at: usize) -> Option<String> {
        Some(format!("institution {} {}", at + 1, self.institutions.get(at)?))
    }

    fn project_line(&self, at: usize) -> Option<String> {
        let (institution, name) = self.projects.get(at)?;
        Some(format!("project {} {} {name}", institution + 1, at + 1))
    }

    /// The note's text.
    fn text(&self, origin: &str) -> String {
        let institutions = (0..self.institutions.len()).filter_map(|at| self.institution_line(at));
        let projects = (0..self.projects.len()).filter_map(|at| self.project_line(at));
        let lines = institutions.chain(projects);
        [heading(origin)].into_iter().chain(lines).map(|line| line + "\n").collect()
    }

    pub(crate) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        let log = Log::Donations.id();
        let query = "SELECT name FROM institutions WHERE log = $1 ORDER BY institution";
        let query = sqlx::query_scalar(query).bind(log);
        let institutions: Vec<String> = query.fetch_all(&mut *connection).await?;
        let query = "SELECT institution, name FROM projects WHERE log = $1 ORDER BY project";
        let query = sqlx::query_as(query).bind(log);
        let projects: Vec<(i64, String)> = query.fetch_all(connection).await?;
        let directory = Self::of_rows(&institutions, &projects);
        directory.ok_or(StoreError::Broken { what: "list of projects" })
    }

    /// The directory of the database's rows, in the order of their ids. `None` when an id is missing or a name stands
    /// twice.
    fn of_rows(institutions: &[String], projects: &[(i64, String)]) -> Option<Self> {
        let mut directory = Self::default();
        for (at, name) in institutions.iter().enumerate() {
            if directory.keep_institution(name) != Some(at) {
                return None;
            }
        }
        for (at, (institution, name)) in projects.iter().enumerate() {
            let institution = usize::try_from(institution.checked_sub(1)?).ok()?;
            let key = directory.keep(institutions.get(institution)?, name)?;
            if key.project() as usize != at + 1 {
                return None;
            }
        }
        Some(directory)
    }

    /// Refuses a directory that clients would refuse: see [`Directory::open`].
    fn check_names(&self) -> Result<(), StoreError> {
        let institutions = self.institutions.iter().map(|name| ("institution", name));
        let projects = self.projects.iter().map(|(_, name)| ("project", name));
        for (field, name) in institutions.chain(projects) {
            let wrong = |error| StoreError::Name { field, name: name.clone(), error };
            text::check_name(name).map_err(wrong)?;
        }
        Ok(())
    }

    /// Refuses names that are not those of the signed tally.
    fn check_signed(&self, signed: &Tally) -> Result<(), StoreError> {
        let mut found = Tally::new([0; 32], true);
        self.push_new(&Self::default(), &mut found)?;
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

    /// Adds what `before` does not have to a tally.
    fn push_new(&self, before: &Self, tally: &mut Tally) -> Result<(), StoreError> {
        let log = Value::from(Log::Donations.id());
        for (at, name) in self.institutions.iter().enumerate().skip(before.institutions.len()) {
            let id = signed(at as u64 + 1)?.into();
            tally.push(Part::Institutions, &[log, id, name.as_str().into()]);
        }
        let fresh = self.projects.iter().enumerate().skip(before.projects.len());
        for (at, (institution, name)) in fresh {
            let [id, institution] = [signed(at as u64 + 1)?, signed(*institution as u64 + 1)?];
            let row = [log, id.into(), institution.into(), name.as_str().into()];
            tally.push(Part::Projects, &row);
        }
        Ok(())
    }

    /// Writes what `before` does not have, and adds it to the tally.
    pub(crate) async fn save(
        &self,
        connection: &mut SqliteConnection,
        before: &Self,
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        let log = Log::Donations.id();
        let insert = "INSERT INTO institutions (log, institution, name) VALUES ($1, $2, $3)";
        for (at, name) in self.institutions.iter().enumerate().skip(before.institutions.len()) {
            let id = signed(at as u64 + 1)?;
            let query = sqlx::query(insert).bind(log).bind(id).bind(name);
            query.execute(&mut *connection).await?;
        }
        let insert =
            "INSERT INTO projects (log, project, institution, name) VALUES ($1, $2, $3, $4)";
        let fresh = self.projects.iter().enumerate().skip(before.projects.len());
        for (at, (institution, name)) in fresh {
            let [id, institution] = [signed(at as u64 + 1)?, signed(*institution as u64 + 1)?];
            let query = sqlx::query(insert).bind(log).bind(id).bind(institution).bind(name);
            query.execute(&mut *connection).await?;
        }
        self.push_new(before, tally)
    }
}

impl Ledger {
    /// All institutions and projects.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn projects(&self) -> Result<Directory, StoreError> {
        Directory::load(&mut *self.inner.store.shard_readers().acquire().await?).await
    }

    /// All institutions and projects, as a signed note: see [`Directory::open`].
    ///
    /// # Errors
    /// When the database fails, the names are not those that were signed when they were entered, or an older release
    /// took a name that clients refuse.
    pub async fn projects_note(&self) -> Result<String, StoreError> {
        let store = &self.inner.store;
        let mark = self.inner.folder.summary()?;
        let mut snapshot = store.snapshot(store.shard_readers()).await?;
        let directory = Directory::load(&mut snapshot).await?;
        directory.check_names()?;
        match summary::load_state(&mut snapshot, self.log_key()).await {
            // Nothing was ever signed that it could be compared with.
            Err(StoreError::State) if self.is_of_older_release(mark.as_deref())? => {}
            state => directory.check_signed(&state?.tally)?,
        }
        drop(snapshot);
        let text = directory.text(&self.origin(Log::Donations));
        let note = signed_note::sign(self.org(), &self.inner.signing, &text);
        // Names that are checked hold nothing that a note cannot.
        note.map_err(|_| StoreError::Broken { what: "list of projects" })
    }
}

fn heading(origin: &str) -> String {
    format!("{origin}/projects")
}

fn key(institution: usize, project: usize) -> Option<ProjectKey> {
    let id = |at: usize| u32::try_from(at + 1).ok();
    // Below 2^31, since the database's numbers are signed.
    let institution = id(institution).filter(|id| *id < 1 << 31)?;
    ProjectKey::new(institution, id(project)?).ok()
}

/// The error of a name that does not fit.
pub(crate) fn refused(institution: &str, project: &str) -> AppendError {
    for (field, name) in [("institution", institution), ("project", project)] {
        if let Err(error) = text::check_name(name) {
            return AppendError::Name { field, name: name.into(), error };
        }
    }
    AppendError::DirectoryFull
}

#[cfg(test)]
mod tests;

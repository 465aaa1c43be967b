//! An organisation's directory of institutions and projects, published as a signed note. Their ids
//! count from 1 in order of first appearance.

mod error;

use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use ed25519_dalek::SigningKey;

use crate::{
    encoding::{
        decimal,
        text::{self, MAX_NAME, NameError},
    },
    log::signed_note::{self, LogKey, MAX_BYTES, NoteError},
    statement::record::ProjectKey,
};
pub use error::{DirectoryError, EntryError};

/// A project of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The ids of the institution and the project.
    pub key: ProjectKey,
    /// The institution's name.
    pub institution: String,
    /// The project's name.
    pub name: String,
}

/// All institutions and projects of a donation log, in order of their ids.
///
/// # Shapes
/// The note's first line is the log's origin and `/projects`. A line `institution ID NAME` follows
/// for each institution, and `project INSTITUTION PROJECT NAME` for each project, with ids in
/// decimal and one space between the parts (a signed note has no tabs). An institution stands
/// before its projects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    institutions: Vec<String>,
    // The institution's position in the list above, and the project's name.
    projects: Vec<(usize, String)>,
    institution_ids: BTreeMap<String, usize>,
    project_ids: BTreeMap<(usize, String), usize>,
    // An upper bound on the length of the note's lines.
    bytes: usize,
}

/// How many characters of a line an error shows.
const SHOWN: usize = 80;

const INSTITUTION: &str = "institution";
const PROJECT: &str = "project";

impl Directory {
    /// Returns the key of a project, if the directory has it.
    pub fn key(&self, institution: &str, project: &str) -> Option<ProjectKey> {
        let institution = *self.institution_ids.get(institution)?;
        let project = *self.project_ids.get(&(institution, project.to_owned()))?;
        key(institution, project)
    }

    /// Returns the names of an institution and its project.
    pub fn names(&self, key: ProjectKey) -> Option<(&str, &str)> {
        let position = |id: u32| usize::try_from(id.checked_sub(1)?).ok();
        let (institution, project) = self.projects.get(position(key.project())?)?;
        let is_its = position(key.institution()) == Some(*institution);
        let institution = self.institutions.get(*institution).filter(|_| is_its)?;
        Some((institution, project))
    }

    /// Returns the institutions, starting with id 1.
    pub fn institutions(&self) -> &[String] {
        &self.institutions
    }

    /// Returns the projects, starting with id 1, each with its institution's position from 0.
    pub fn project_names(&self) -> impl ExactSizeIterator<Item = (usize, &str)> {
        self.projects.iter().map(|(institution, name)| (*institution, name.as_str()))
    }

    /// Returns the projects, starting with id 1.
    pub fn projects(&self) -> Vec<Project> {
        let project = |(at, (institution, name)): (usize, &(usize, String))| {
            let (key, name) = (key(*institution, at)?, name.clone());
            Some(Project { key, institution: self.institutions.get(*institution)?.clone(), name })
        };
        self.projects.iter().enumerate().filter_map(project).collect()
    }

    /// Returns the key of a project. A new project gets the next id.
    ///
    /// # Errors
    /// Returns an error if [`text::check_name`] refuses a new name, or if the note would grow too
    /// long to be signed.
    pub fn add(&mut self, institution: &str, project: &str) -> Result<ProjectKey, EntryError> {
        if let Some(key) = self.key(institution, project) {
            return Ok(key);
        }
        if !self.institution_ids.contains_key(institution) {
            checked(INSTITUTION, institution)?;
        }
        checked(PROJECT, project)?;
        self.keep(institution, project).ok_or(EntryError::Full)
    }

    /// Creates the directory from stored names, in order of their ids; each project comes with its
    /// institution's position from 0. It does not check the names, because an older release
    /// accepted some that are refused now: see [`Directory::check_names`]. Returns `None` if an
    /// institution is missing, a name is a duplicate, or a name is too long.
    pub fn from_stored<'n>(
        institutions: impl IntoIterator<Item = &'n str>,
        projects: impl IntoIterator<Item = (usize, &'n str)>,
    ) -> Option<Self> {
        let mut directory = Self::default();
        for (at, name) in institutions.into_iter().enumerate() {
            if directory.keep_institution(name) != Some(at) {
                return None;
            }
        }
        for (at, (institution, name)) in projects.into_iter().enumerate() {
            let institution = directory.institutions.get(institution)?.clone();
            let key = directory.keep(&institution, name)?;
            if key.project() as usize != at + 1 {
                return None;
            }
        }
        Some(directory)
    }

    /// [`Directory::add`] without checking the names, except for their lengths.
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
        // Two numbers and a word. The signature and the heading take less than a page.
        let bytes = self.bytes + name.len() + 40;
        let fits = (1..=MAX_NAME).contains(&name.len()) && bytes < MAX_BYTES - 4096;
        fits.then(|| self.bytes = bytes)
    }

    /// Checks whether [`Directory::open`] would accept this directory.
    ///
    /// # Errors
    /// Returns the first name that [`text::check_name`] refuses.
    pub fn check_names(&self) -> Result<(), EntryError> {
        self.institutions.iter().try_for_each(|name| checked(INSTITUTION, name))?;
        self.projects.iter().try_for_each(|(_, name)| checked(PROJECT, name))
    }

    /// Returns the note's text, for the log `origin`.
    pub fn text(&self, origin: &str) -> String {
        let mut text = heading(origin) + "\n";
        for (name, id) in self.institutions.iter().zip(1..) {
            text += &format!("{INSTITUTION} {id} {name}\n");
        }
        for ((institution, name), id) in self.projects.iter().zip(1..) {
            text += &format!("{PROJECT} {} {id} {name}\n", institution + 1);
        }
        text
    }

    /// Signs the directory of the log `origin`, as `org`.
    ///
    /// # Errors
    /// Returns the errors of [`signed_note::sign`]. Names that were checked cause none.
    pub fn sign(&self, org: &str, key: &SigningKey, origin: &str) -> Result<String, NoteError> {
        signed_note::sign(org, key, &self.text(origin))
    }

    /// Opens a signed directory of the donation log `origin`.
    ///
    /// # Errors
    /// Returns an error if it is not signed by `key`, and the errors of [`Directory::parse`].
    pub fn open(key: &LogKey, origin: &str, note: &str) -> Result<Self, DirectoryError> {
        // Opening checks first that it is no longer than a note may be.
        Self::parse(origin, key.open(note)?)
    }

    /// Parses a directory's text, for the log `origin`.
    ///
    /// # Errors
    /// Returns the first line that is not the next line of a directory, or whose name
    /// [`text::check_name`] refuses.
    pub fn parse(origin: &str, text: &str) -> Result<Self, DirectoryError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n').zip(1..);
        let (first, _) = lines.next().unwrap_or_default();
        if first != heading(origin) {
            return Err(wrong(1, "heading", first, heading(origin)));
        }
        let mut directory = Self::default();
        for (line, number) in lines {
            directory.read(line, number)?;
        }
        Ok(directory)
    }

    /// Reads the next line. Its id must be the next one, and its name must be new.
    fn read(&mut self, line: &str, number: usize) -> Result<(), DirectoryError> {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        match what {
            INSTITUTION => self.read_institution(rest).map_err(|error| (INSTITUTION, error)),
            PROJECT => self.read_project(rest).map_err(|error| (PROJECT, error)),
            _ => Err(("entry", Unread::Form(format!("\"{INSTITUTION}\" or \"{PROJECT}\"")))),
        }
        .map_err(|(field, error)| match error {
            Unread::Name(error) => DirectoryError::Name { line: number, field, error },
            Unread::Form(expected) => wrong(number, field, line, expected),
        })
    }

    fn read_institution(&mut self, rest: &str) -> Result<(), Unread> {
        let next = self.institutions.len() + 1;
        let expected = || Unread::Form(format!("\"{INSTITUTION} {next} \" and a new name"));
        let (id, name) =
            rest.split_once(' ').filter(|(_, name)| !name.is_empty()).ok_or_else(expected)?;
        text::check_name(name).map_err(Unread::Name)?;
        let is_new = !self.institution_ids.contains_key(name);
        let is_next = is_new && decimal::parse(id) == Some(next);
        self.keep_institution(name).filter(|_| is_next).map(drop).ok_or_else(expected)
    }

    fn read_project(&mut self, rest: &str) -> Result<(), Unread> {
        let next = self.projects.len() + 1;
        let expected = || {
            Unread::Form(format!(
                "\"{PROJECT} \", the id of an institution above, {next} and a new name"
            ))
        };
        let mut parts = rest.splitn(3, ' ');
        let (Some(institution), Some(id), Some(name)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(expected());
        };
        if name.is_empty() {
            return Err(expected());
        }
        text::check_name(name).map_err(Unread::Name)?;
        let position = decimal::parse::<usize>(institution).and_then(|id| id.checked_sub(1));
        let institution = position.and_then(|at| self.institutions.get(at)).cloned();
        let institution = institution.ok_or_else(expected)?;
        let is_new = self.key(&institution, name).is_none();
        let is_next = is_new && decimal::parse(id) == Some(next);
        self.keep(&institution, name).filter(|_| is_next).map(drop).ok_or_else(expected)
    }
}

/// What is wrong with a line.
enum Unread {
    Name(NameError),
    /// It should have this form.
    Form(String),
}

fn wrong(line: usize, field: &'static str, found: &str, expected: String) -> DirectoryError {
    DirectoryError::Line { line, field, found: found.chars().take(SHOWN).collect(), expected }
}

fn checked(field: &'static str, name: &str) -> Result<(), EntryError> {
    let wrong = |error| EntryError::Name { field, name: name.to_string(), error };
    text::check_name(name).map_err(wrong)
}

fn heading(origin: &str) -> String {
    format!("{origin}/projects")
}

fn key(institution: usize, project: usize) -> Option<ProjectKey> {
    let id = |at: usize| u32::try_from(at + 1).ok();
    // Below 2^31, because databases store signed numbers.
    let institution = id(institution).filter(|id| *id < 1 << 31)?;
    ProjectKey::new(institution, id(project)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "wufu/donations/1";

    #[test]
    fn ids_follow_first_appearance_and_names_are_readable() {
        let mut directory = Directory::default();
        let mut add = |institution: &str, project: &str| {
            directory.add(institution, project).map(|key| (key.institution(), key.project()))
        };
        assert_eq!(add("A", "x"), Ok((1, 1)));
        assert_eq!(add("B", "x"), Ok((2, 2)));
        assert_eq!(add("A", "y"), Ok((1, 3)));
        assert_eq!(add("A", "x"), Ok((1, 1)));
        // Names that look alike or reorder text stood in the signed directory.
        let hidden = ["x\u{202e}y", "x\u{200b}", "x\u{ad}y", "\u{3164}", "cafe\u{301}", "x  y"];
        let long = "x".repeat(257);
        let bad = ["", " x", "x ", "x\ny", "x\ty", "x\u{85}y", &long];
        for bad in bad.into_iter().chain(hidden) {
            for (names, expected) in [((bad, "x"), INSTITUTION), (("A", bad), PROJECT)] {
                let refused = add(names.0, names.1).unwrap_err();
                let is_it = matches!(
                    &refused,
                    EntryError::Name { field, name, .. } if *field == expected && name == bad
                );
                assert!(is_it, "{bad:?}: {refused}");
            }
        }
        assert_eq!(add("A", &"五".repeat(85)), Ok((1, 4)));
    }

    /// An older release accepted names that are refused now. Its ledger could no longer append,
    /// import or serve its directory, because stored names were checked like new ones.
    #[test]
    fn names_stored_by_an_older_release_are_loaded() {
        let old = ["\u{3000}A", "B\u{a0}C", "D  E", "cafe\u{301}", "x\u{200b}"];
        let mut directory = Directory::from_stored(old, (0..).zip(old)).unwrap();
        assert_eq!(directory.institutions(), old);
        // Stored names keep their ids and take new projects. New names like these cannot enter.
        let key = directory.add("D  E", "D  E").unwrap();
        assert_eq!((key.institution(), key.project()), (3, 3));
        let key = directory.add("D  E", "new").unwrap();
        assert_eq!((key.institution(), key.project()), (3, 6));
        assert!(directory.add("D  E", "F  G").is_err());
        assert!(directory.add("F  G", "new").is_err());
        assert_eq!((directory.institutions().len(), directory.projects().len()), (5, 6));
        // Such a directory was signed and served all the same, and every client refused it.
        for old in old {
            let refused = Directory::from_stored([old], []).unwrap().check_names().unwrap_err();
            assert!(matches!(refused, EntryError::Name { field: INSTITUTION, .. }), "{refused}");
        }
        assert!(Directory::from_stored(["A"], [(0, "x")]).unwrap().check_names().is_ok());
        // Rows that no release wrote do not make a directory.
        let long = "x".repeat(257);
        for bad in [["A", "A"], ["A", ""], ["A", &long]] {
            assert_eq!(Directory::from_stored(bad, []), None, "{bad:?}");
        }
        assert_eq!(Directory::from_stored(old, [(5, "x")]), None);
        assert_eq!(Directory::from_stored(old, [(0, "x"), (0, "x")]), None);
        let broken = Directory::from_stored(["A\nproject 1 1 x"], []).unwrap();
        assert!(broken.check_names().is_err());
    }

    #[test]
    fn a_directory_stays_short_enough_to_be_signed() {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let mut directory = Directory::default();
        let name = |n: usize| format!("{n:0>256}");
        let full = (0..).find(|n| directory.add(&name(*n), &name(*n)).is_err()).unwrap();
        assert!(full > 1000, "{full}");
        assert_eq!(directory.add(&name(full), &name(full)), Err(EntryError::Full));
        let mut directory = Directory::default();
        for n in 0..full {
            directory.add(&name(n), &name(n)).unwrap();
        }
        let note = directory.sign("wufu", &signing, ORIGIN).unwrap();
        let key = LogKey::new("wufu", signing.verifying_key()).unwrap();
        let read = Directory::open(&key, ORIGIN, &note).unwrap();
        assert_eq!(read.projects().len(), full);
        assert_eq!(read, directory);
    }

    #[test]
    fn a_text_with_other_ids_or_lines_is_no_directory() {
        let open = |lines: &str| {
            let text = format!("{ORIGIN}/projects\n{lines}");
            let read = Directory::parse(ORIGIN, &text);
            if let Ok(read) = &read {
                assert_eq!(read.text(ORIGIN), text);
            }
            read.map(|read| read.projects().len())
        };
        assert_eq!(open("institution 1 A\nproject 1 1 x y\nproject 1 2 z\n"), Ok(2));
        assert_eq!(open(""), Ok(0));
        for (bad, at, what) in [
            ("institution 2 A\n", 2, INSTITUTION),
            ("institution 1 A\ninstitution 2 A\n", 3, INSTITUTION),
            ("institution 1 A\nproject 1 2 x\n", 3, PROJECT),
            ("institution 1 A\nproject 2 1 x\n", 3, PROJECT),
            ("institution 1 A\nproject 0 1 x\n", 3, PROJECT),
            ("institution 1 A\nproject 01 1 x\n", 3, PROJECT),
            ("institution 1 A\nproject 1 1 x\nproject 1 2 x\n", 4, PROJECT),
            ("institution 01 A\n", 2, INSTITUTION),
            ("institution 1\n", 2, INSTITUTION),
            ("institution 1 \n", 2, INSTITUTION),
            ("foundation 1 A\n", 2, "entry"),
            ("\n", 2, "entry"),
            ("project 1 1 x\n", 2, PROJECT),
        ] {
            let refused = open(bad).unwrap_err();
            let is_it = matches!(
                refused, DirectoryError::Line { line, field, .. } if (line, field) == (at, what)
            );
            assert!(is_it, "{bad:?}: {refused}");
        }
        // An operator who signs such names is not believed.
        for (bad, line, at) in [
            ("institution 1 A\u{a0}\n", 2, 2),
            ("institution 1 A\nproject 1 1 cafe\u{301}\n", 3, 4),
            ("institution 1 A  B\n", 2, 3),
        ] {
            let told = open(bad).unwrap_err().to_string();
            assert!(
                told.starts_with(&format!("line {line} of the directory: the name ")),
                "{told}"
            );
            assert!(told.contains(&format!("at character {at}")), "{told}");
        }
        let other = Directory::parse("cerf/donations/1", &format!("{ORIGIN}/projects\n"));
        let told = other.unwrap_err().to_string();
        assert!(told.contains("heading") && told.contains("cerf/donations/1/projects"), "{told}");
    }
}

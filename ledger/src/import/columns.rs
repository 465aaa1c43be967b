//! Which column of a file is what.

use std::str::FromStr;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The receipt's name, unique in the log.
    Receipt,
    /// The institution's name.
    Institution,
    /// The project's name.
    Project,
    /// How much, in decimals.
    Amount,
    /// When.
    Date,
    /// The currency's code. It may be missing: then it is the log's.
    Currency,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 6] =
        [Self::Receipt, Self::Institution, Self::Project, Self::Amount, Self::Date, Self::Currency];

    /// Its name in a mapping, and its column's name unless a mapping says otherwise.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Institution => "institution",
            Self::Project => "project",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::Currency => "currency",
        }
    }
}

/// Names of columns, by what they hold.
///
/// Without a mapping a field's column has the field's name, in capitals or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    mapped: [Option<String>; 6],
}

/// One entry of a mapping, `field=column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The field.
    pub field: Field,
    /// The column's name in the file.
    pub column: String,
}

/// A text is no `field=column`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} is no mapping, expected field=column with one of receipt, institution, project, \
     amount, date, currency"
)]
pub struct MappingError {
    /// The text.
    pub got: String,
}

impl FromStr for Mapping {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        let wrong = || MappingError { got: text.into() };
        let (name, column) = text.split_once('=').ok_or_else(wrong)?;
        let field = Field::ALL.into_iter().find(|field| field.name() == name.trim());
        let field = field.filter(|_| !column.trim().is_empty()).ok_or_else(wrong)?;
        Ok(Self { field, column: column.trim().into() })
    }
}

impl FromIterator<Mapping> for Columns {
    fn from_iter<I: IntoIterator<Item = Mapping>>(mappings: I) -> Self {
        let mut columns = Self::default();
        for Mapping { field, column } in mappings {
            columns.mapped[field as usize] = Some(column);
        }
        columns
    }
}

/// Why a file's columns do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// A column is missing.
    #[error(
        "{file}:1: there is no column {column:?} for the {field}; there are: {there}; \
         say which it is with {field}=COLUMN"
    )]
    Missing {
        /// The file.
        file: String,
        /// What it should hold.
        field: &'static str,
        /// The name that was looked for.
        column: String,
        /// The names that there are.
        there: String,
    },
    /// Two columns have the name.
    #[error("{file}:1: two columns are called {column:?}")]
    Twice {
        /// The file.
        file: String,
        /// The name.
        column: String,
    },
}

/// Where in a row each field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Names as the file has them, for messages.
    pub(crate) names: Vec<String>,
    places: [Option<usize>; 6],
}

impl Places {
    pub(crate) fn of(&self, field: Field) -> Option<usize> {
        self.places[field as usize]
    }

    /// The column's name as the file has it.
    pub(crate) fn name(&self, field: Field) -> String {
        let place = self.of(field).and_then(|place| self.names.get(place));
        place.cloned().unwrap_or_else(|| field.name().into())
    }
}

impl Columns {
    /// Finds each field's column.
    pub(crate) fn find(
        &self,
        file: &str,
        header: &csv::ByteRecord,
    ) -> Result<Places, ColumnsError> {
        let trimmed = |name: &[u8]| String::from_utf8_lossy(name).trim().to_owned();
        let names: Vec<String> = header.iter().map(trimmed).collect();
        let mut places = [None; 6];
        for field in Field::ALL {
            let mapped = self.mapped[field as usize].as_deref();
            let column = mapped.unwrap_or(field.name());
            // A mapping is meant to the letter; a name that we made up is not.
            let is_it = |name: &String| match mapped {
                Some(column) => name == column,
                None => name.eq_ignore_ascii_case(column),
            };
            let mut found = names.iter().enumerate().filter(|(_, name)| is_it(name));
            let first = found.next().map(|(at, _)| at);
            if first.is_some() && found.next().is_some() {
                return Err(ColumnsError::Twice { file: file.into(), column: column.into() });
            }
            if first.is_none() && (mapped.is_some() || field != Field::Currency) {
                return Err(ColumnsError::Missing {
                    file: file.into(),
                    field: field.name(),
                    column: column.into(),
                    there: names.join(", "),
                });
            }
            places[field as usize] = first;
        }
        Ok(Places { names, places })
    }
}

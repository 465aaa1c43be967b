//! What each column of a file contains.

use std::{fmt, str::FromStr};

use wufu_verifier::encoding::text::{self, QuotedText};

use super::cells::CellRow;

/// How many characters of a name, and how many names, a message shows.
const SHOWN: usize = 60;

/// What a column contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The receipt's name, which is unique in the log.
    Receipt,
    /// The institution's name.
    Institution,
    /// The project's name.
    Project,
    /// The amount, as a decimal number.
    Amount,
    /// The date, or the date and time.
    Date,
    /// The currency's code. If the column is missing, it is the log's currency.
    Currency,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 6] =
        [Self::Receipt, Self::Institution, Self::Project, Self::Amount, Self::Date, Self::Currency];

    /// The field's name in a mapping. Without a mapping, its column has this name, too.
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

/// The names of the columns, by field.
///
/// Without a mapping, a field's column has the field's name, in upper or lower case.
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

/// Why a mapping is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The text is not `field=column`.
    #[error(
        "{got:?} is not a mapping, expected FIELD=COLUMN with one of receipt, institution, \
         project, amount, date, currency"
    )]
    Form {
        /// The given text.
        got: String,
    },
    /// A field is mapped twice.
    #[error(
        "{field} is mapped twice, to {} and to {}; expected one column",
        QuotedText(.first), QuotedText(.second)
    )]
    Twice {
        /// The field.
        field: &'static str,
        /// The column in the first mapping.
        first: String,
        /// The column in the second mapping.
        second: String,
    },
}

impl FromStr for Mapping {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        let wrong = || MappingError::Form { got: text.into() };
        let (name, column) = text.split_once('=').ok_or_else(wrong)?;
        let field = Field::ALL.into_iter().find(|field| field.name() == name.trim());
        let field = field.filter(|_| !column.trim().is_empty()).ok_or_else(wrong)?;
        Ok(Self { field, column: column.trim().into() })
    }
}

impl Columns {
    /// Makes the columns that mappings ask for.
    ///
    /// # Errors
    /// Returns an error if a field is mapped twice, even to the same column. Otherwise one mapping
    /// would silently override the other.
    pub fn new(mappings: impl IntoIterator<Item = Mapping>) -> Result<Self, MappingError> {
        let mut columns = Self::default();
        for Mapping { field, column } in mappings {
            let place = &mut columns.mapped[field as usize];
            if let Some(first) = place.take() {
                return Err(MappingError::Twice { field: field.name(), first, second: column });
            }
            *place = Some(column);
        }
        Ok(columns)
    }
}

/// Why a file's columns do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// A column is missing.
    #[error(
        "{file}:{line}: there is no column {} for the {field}; the file has: {there}; {hint}",
        QuotedText(.column)
    )]
    Missing {
        /// The file.
        file: String,
        /// What the column should contain.
        field: &'static str,
        /// The expected name.
        column: String,
        /// The names of the columns in the file.
        there: String,
        /// The line with the names of the columns, from 1.
        line: u64,
        /// How to solve the problem.
        hint: Hint,
    },
    /// The file has no line with the names of columns.
    #[error("{file}: the file is empty, expected a line with the names of the columns")]
    Empty {
        /// The file.
        file: String,
    },
    /// Two columns have the same name.
    #[error(
        "{file}:{line}: two columns are called {}; rename one in the file",
        QuotedText(.column)
    )]
    Twice {
        /// The file.
        file: String,
        /// The line with the names of the columns, from 1.
        line: u64,
        /// The repeated name.
        column: String,
    },
}

/// What to do if a column is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// Name the column in a mapping.
    Map {
        /// The field's name.
        field: &'static str,
    },
    /// Set the delimiter: the line contains another one many times, and the expected one never.
    Delimiter {
        /// The delimiter in the line.
        found: u8,
        /// How many times it occurs.
        count: usize,
        /// The delimiter that was expected.
        expected: u8,
    },
}

/// A delimiter, and its name in the singular and the plural.
const DELIMITERS: [(u8, &str, &str); 4] = [
    (b',', "comma", "commas"),
    (b';', "semicolon", "semicolons"),
    (b'\t', "tab", "tabs"),
    (b'|', "vertical bar", "vertical bars"),
];

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map { field } => write!(f, "name it with --map {field}=COLUMN"),
            Self::Delimiter { found, count, expected } => {
                let name = |of: u8| DELIMITERS.into_iter().find(|(byte, ..)| *byte == of);
                let (one, many) =
                    name(*found).map_or(("such", "such"), |(_, one, many)| (one, many));
                let none = name(*expected).map_or("delimiter", |(_, one, _)| one);
                let noun = if *count == 1 { one } else { many };
                let shown = if *found == b'\t' {
                    "tab".into()
                } else {
                    format!("'{}'", char::from(*found))
                };
                write!(f, "the first line has {count} {noun} and no {none}: --delimiter {shown}")
            }
        }
    }
}

/// The position of each field in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnIndices {
    /// The names of the columns in the file, for messages.
    pub(crate) names: Vec<String>,
    places: [Option<usize>; 6],
}

impl ColumnIndices {
    pub(crate) fn of(&self, field: Field) -> Option<usize> {
        self.places[field as usize]
    }

    /// The name of a field's column in the file.
    pub(crate) fn name(&self, field: Field) -> String {
        let place = self.of(field).and_then(|place| self.names.get(place));
        place.cloned().unwrap_or_else(|| field.name().into())
    }
}

impl Columns {
    /// Finds the column of each field.
    pub(crate) fn find(
        &self,
        file: &str,
        header: &CellRow,
        delimiter: u8,
    ) -> Result<ColumnIndices, ColumnsError> {
        let line = header.line;
        let name = |name: &[u8]| text::normalize(String::from_utf8_lossy(name).trim()).into_owned();
        let names: Vec<String> = header.cells().map(name).collect();
        let mut places = [None; 6];
        for field in Field::ALL {
            let mapped = self.mapped[field as usize].as_deref().map(text::normalize);
            let mapped = mapped.as_deref();
            let column = mapped.unwrap_or(field.name());
            // A name from a mapping must match exactly. A default name need not.
            let is_it = |name: &String| match mapped {
                Some(column) => name == column,
                None => name.eq_ignore_ascii_case(column),
            };
            let mut found = names.iter().enumerate().filter(|(_, name)| is_it(name));
            let first = found.next().map(|(at, _)| at);
            if first.is_some() && found.next().is_some() {
                return Err(ColumnsError::Twice { file: file.into(), line, column: column.into() });
            }
            if first.is_none() && (mapped.is_some() || field != Field::Currency) {
                return Err(ColumnsError::Missing {
                    file: file.into(),
                    field: field.name(),
                    column: column.into(),
                    there: listed(&names),
                    line,
                    hint: hint(field, header, delimiter),
                });
            }
            places[field as usize] = first;
        }
        Ok(ColumnIndices { names, places })
    }
}

/// The names of columns, for a message. If there are many, only the first ones.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(|name| {
        let cut: String = name.chars().take(SHOWN).collect();
        QuotedText(&cut).to_string()
    });
    let mut shown: Vec<String> = shown.collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// What to do if a field has no column.
fn hint(field: Field, header: &CellRow, delimiter: u8) -> Hint {
    other_delimiter(header, delimiter).unwrap_or(Hint::Map { field: field.name() })
}

/// The hint for a line that is one cell and contains another delimiter: it was split by the wrong
/// one.
pub(crate) fn other_delimiter(header: &CellRow, delimiter: u8) -> Option<Hint> {
    let count = |byte: u8| header.cell(0).iter().filter(|found| **found == byte).count();
    let others = DELIMITERS.into_iter().map(|(byte, ..)| byte).filter(|byte| *byte != delimiter);
    let found = others.max_by_key(|byte| count(*byte));
    let found = found.filter(|found| header.len() == 1 && count(*found) > 0)?;
    Some(Hint::Delimiter { found, count: count(found), expected: delimiter })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(texts: &[&str]) -> Result<Columns, MappingError> {
        Columns::new(texts.iter().map(|text| text.parse().unwrap()))
    }

    /// The second of two mappings for one field once won without an error: `--map amount=Gross
    /// --map amount=Net` imported the wrong sums.
    #[test]
    fn a_field_is_mapped_once() {
        assert!(map(&["amount=Net", "receipt=No"]).is_ok());
        for second in ["Net", "Gross"] {
            let error = map(&["amount=Gross", "receipt=No", &format!(" amount = {second}")]);
            let told = format!(
                "amount is mapped twice, to \"Gross\" and to \"{second}\"; expected one column"
            );
            assert_eq!(error.unwrap_err().to_string(), told);
        }
        for bad in ["amount", "amount=", "sum=Sum", "=x", ""] {
            assert_eq!(bad.parse::<Mapping>(), Err(MappingError::Form { got: bad.into() }));
        }
    }
}

//! Institutions and projects by their ids: the tables `institutions` and `projects`.

use super::{Connection, StoreError, Transaction, signed, unsigned};
use crate::log::Log;

/// The institutions' names, in the order of the ids.
pub(crate) async fn institutions(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let query = "SELECT name FROM institutions WHERE log = $1 ORDER BY institution";
    let query = sqlx::query_scalar(query).bind(crate::log::id(Log::DONATIONS));
    Ok(query.fetch_all(connection.sqlite()).await?)
}

/// The projects' names, each with its institution's id, in the order of the projects' ids.
pub(crate) async fn projects(
    connection: &mut Connection,
) -> Result<Vec<(u64, String)>, StoreError> {
    let query = "SELECT institution, name FROM projects WHERE log = $1 ORDER BY project";
    let query = sqlx::query_as(query).bind(crate::log::id(Log::DONATIONS));
    let rows: Vec<(i64, String)> = query.fetch_all(connection.sqlite()).await?;
    let project = |(institution, name)| Ok((unsigned("list of projects", institution)?, name));
    rows.into_iter().map(project).collect()
}

/// Writes an institution.
pub(crate) async fn insert_institution(
    tx: &mut Transaction<'_>,
    id: u64,
    name: &str,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO institutions (log, institution, name) VALUES ($1, $2, $3)";
    let query =
        sqlx::query(insert).bind(crate::log::id(Log::DONATIONS)).bind(signed(id)?).bind(name);
    query.execute(tx.sqlite()?).await?;
    Ok(())
}

/// Writes a project of an institution.
pub(crate) async fn insert_project(
    tx: &mut Transaction<'_>,
    id: u64,
    institution: u64,
    name: &str,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO projects (log, project, institution, name) VALUES ($1, $2, $3, $4)";
    let query = sqlx::query(insert).bind(crate::log::id(Log::DONATIONS)).bind(signed(id)?);
    query.bind(signed(institution)?).bind(name).execute(tx.sqlite()?).await?;
    Ok(())
}

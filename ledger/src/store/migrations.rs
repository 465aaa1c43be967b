//! The tables, and how they are updated.

use sqlx::{
    SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};

use super::StoreError;

/// All changes of the tables, from the first release on.
pub(super) fn migrations() -> Migrator {
    let sql = |text: &'static str| sqlx::SqlSafeStr::into_sql_str(text);
    let ledger = sql(include_str!("../../migrations/0001_ledger.sql"));
    let summary = sql(include_str!("../../migrations/0002_summary.sql"));
    let order = sql(include_str!("../../migrations/0003_order.sql"));
    Migrator::with_migrations(vec![
        Migration::new(1, "ledger".into(), MigrationType::Simple, ledger, false),
        Migration::new(2, "summary".into(), MigrationType::Simple, summary, false),
        Migration::new(3, "order".into(), MigrationType::Simple, order, false),
    ])
}

/// Whether a database can hold a signed state, or once could: its second migration was applied, or
/// left traces.
pub(super) async fn has_state(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let query = "SELECT (SELECT COUNT(*) FROM sqlite_master WHERE name IN ('state', 'summaries')) \
         + (SELECT COUNT(*) FROM pragma_table_info('receipts') WHERE name = 'seq')";
    let traces: i64 = sqlx::query_scalar(query).fetch_one(&mut *connection).await?;
    let query = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(query).fetch_one(&mut *connection).await?;
    if traces > 0 || tables == 0 {
        return Ok(traces > 0);
    }
    let query = "SELECT COUNT(*) FROM _sqlx_migrations WHERE version > 1";
    let applied: i64 = sqlx::query_scalar(query).fetch_one(connection).await?;
    Ok(applied > 0)
}

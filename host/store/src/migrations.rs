//! Every step of the schema, embedded: one file a step and database under `migrations/`, never changed once released.

use std::sync::LazyLock;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::work::Dialect;

static SQLITE: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "first light", include_str!("../migrations/sqlite/0001_first_light.sql")),
        (2, "one view", include_str!("../migrations/sqlite/0002_one_view.sql")),
        (3, "insight", include_str!("../migrations/sqlite/0003_insight.sql")),
        (4, "memberships", include_str!("../migrations/sqlite/0004_memberships.sql")),
        (5, "cheaper reads", include_str!("../migrations/sqlite/0005_cheaper_reads.sql")),
        (6, "cheaper filters", include_str!("../migrations/sqlite/0006_cheaper_filters.sql")),
        (7, "signed packages", include_str!("../migrations/sqlite/0007_signed_packages.sql")),
        (8, "repeatable", include_str!("../migrations/sqlite/0008_repeatable.sql")),
        (9, "backtests", include_str!("../migrations/sqlite/0009_backtests.sql")),
        (10, "candidates", include_str!("../migrations/sqlite/0010_candidates.sql")),
        (11, "grants", include_str!("../migrations/sqlite/0011_grants.sql")),
        (12, "usage", include_str!("../migrations/sqlite/0012_usage.sql")),
        (13, "webhooks", include_str!("../migrations/sqlite/0013_webhooks.sql")),
        (14, "operation counts", include_str!("../migrations/sqlite/0014_operation_counts.sql")),
        (15, "plugin logs", include_str!("../migrations/sqlite/0015_plugin_logs.sql")),
        (16, "sessions", include_str!("../migrations/sqlite/0016_sessions.sql")),
        (17, "contact rules", include_str!("../migrations/sqlite/0017_contact_rules.sql")),
        (18, "delivery", include_str!("../migrations/sqlite/0018_delivery.sql")),
        (19, "desk", include_str!("../migrations/sqlite/0019_desk.sql")),
        (20, "polls and audiences", include_str!("../migrations/sqlite/0020_polls_and_audiences.sql")),
        (21, "contents", include_str!("../migrations/sqlite/0021_contents.sql")),
    ])
});
static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "first light", include_str!("../migrations/postgres/0001_first_light.sql")),
        (2, "one view", include_str!("../migrations/postgres/0002_one_view.sql")),
        (3, "insight", include_str!("../migrations/postgres/0003_insight.sql")),
        (4, "memberships", include_str!("../migrations/postgres/0004_memberships.sql")),
        (5, "cheaper rows", include_str!("../migrations/postgres/0005_cheaper_rows.sql")),
        (6, "cheaper members", include_str!("../migrations/postgres/0006_cheaper_members.sql")),
        (7, "cheaper reads", include_str!("../migrations/postgres/0007_cheaper_reads.sql")),
        (8, "cheaper filters", include_str!("../migrations/postgres/0008_cheaper_filters.sql")),
        (9, "signed packages", include_str!("../migrations/postgres/0009_signed_packages.sql")),
        (10, "repeatable", include_str!("../migrations/postgres/0010_repeatable.sql")),
        (11, "backtests", include_str!("../migrations/postgres/0011_backtests.sql")),
        (12, "candidates", include_str!("../migrations/postgres/0012_candidates.sql")),
        (13, "cheaper walks", include_str!("../migrations/postgres/0013_cheaper_walks.sql")),
        (14, "grants", include_str!("../migrations/postgres/0014_grants.sql")),
        (15, "usage", include_str!("../migrations/postgres/0015_usage.sql")),
        (16, "webhooks", include_str!("../migrations/postgres/0016_webhooks.sql")),
        (17, "operation counts", include_str!("../migrations/postgres/0017_operation_counts.sql")),
        (18, "plugin logs", include_str!("../migrations/postgres/0018_plugin_logs.sql")),
        (19, "sessions", include_str!("../migrations/postgres/0019_sessions.sql")),
        (20, "contact rules", include_str!("../migrations/postgres/0020_contact_rules.sql")),
        (21, "delivery", include_str!("../migrations/postgres/0021_delivery.sql")),
        (22, "desk", include_str!("../migrations/postgres/0022_desk.sql")),
        (23, "polls and audiences", include_str!("../migrations/postgres/0023_polls_and_audiences.sql")),
        (24, "contents", include_str!("../migrations/postgres/0024_contents.sql")),
    ])
});

/// The steps of a database's schema, oldest first.
pub(crate) fn of(dialect: Dialect) -> &'static Migrator {
    match dialect {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
    }
}

fn migrator(steps: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn check_every_file_is_embedded(folder: &str, dialect: Dialect) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let steps: Vec<_> = of(dialect).iter().collect();
        assert_eq!(steps.len(), files.len());
        for (step, file) in steps.into_iter().zip(files) {
            let name = format!("{:04}_{}.sql", step.version, step.description.replace(' ', "_"));
            assert_eq!(file.file_name().unwrap().to_str(), Some(name.as_str()));
            assert_eq!(step.sql.as_str(), fs::read_to_string(&file).unwrap(), "{}", file.display());
        }
    }

    #[test]
    fn every_file_is_embedded_under_its_own_number_and_name() {
        check_every_file_is_embedded("sqlite", Dialect::Sqlite);
        check_every_file_is_embedded("postgres", Dialect::Postgres);
    }
}

//! The tenant is the only door to a row: every statement and every table in `host/store` names `tenant_id`.

use crate::tidy::Finding;
use crate::tidy::literals::string_literals;
use crate::tidy::sources::{Source, Sources};

const FOLDER: &str = "host/store/";
const VERBS: [&str; 5] = ["select", "insert", "update", "delete", "with"];
const TENANT: &str = "tenant_id";
const NAME_TENANT: &str = "take the tenant first and write `tenant_id = $1`, or give it a row with its reason in EXCEPTIONS \
                           in xtask/src/tidy/sql.rs";
const LOWER_CASE: &str = "write SQL in lower case";
const STALE: &str = "remove the row from EXCEPTIONS in xtask/src/tidy/sql.rs";

/// What rightly names no tenant.
struct Exception {
    /// A shared table, or how a statement begins, white space as single spaces.
    what: &'static str,
    /// Why that is safe; read by reviewers.
    #[expect(dead_code, reason = "for people")]
    reason: &'static str,
}

const SHARED_TABLES: &[Exception] = &[
    Exception {
        what: "plugins",
        reason: "components are the same for all tenants; what a tenant does with one is its installation",
    },
    Exception { what: "plugin_allowances", reason: "operators limit a plugin for all tenants" },
    Exception { what: "publishers", reason: "the operators trust them for all tenants" },
    Exception { what: "publisher_keys", reason: "theirs" },
    Exception { what: "sqlite_master", reason: "the database's own catalogue" },
    Exception { what: "pragma_database_list", reason: "the database's own catalogue" },
    Exception { what: "pg_tables", reason: "the database's own catalogue" },
    Exception { what: "pg_stat_user_tables", reason: "the database's own catalogue" },
    Exception { what: "pg_class", reason: "the database's own catalogue" },
];

const EXCEPTIONS: &[Exception] = &[
    Exception {
        what: "select min(due_at) as due_at from timers",
        reason: "the node's next wake-up is over all tenants; the answer is a time, never a row",
    },
    Exception {
        what: "delete from sessions where hash = $1",
        reason: "signing out: the hash of the secret names one session, and nobody else knows the secret",
    },
    Exception {
        what: "delete from plugin_usage where day < $1",
        reason: "what plugins came to long ago is forgotten for all tenants at once; nothing is told of it",
    },
    Exception {
        what: "delete from operation_counts where day < $1",
        reason: "what plugins did on days that are over is forgotten for all tenants at once; nothing is told of it",
    },
    Exception {
        what: "select dimension, name, count(*) as people, sum(left_over)",
        reason: "adds up a list that the same statement has read of one tenant",
    },
    Exception {
        what: "select channel, count(*) as sent, cast(sum(answered)",
        reason: "adds up a list that the same statement has read of one tenant",
    },
];

/// Checks the SQL texts in Rust sources and migrations.
pub fn check(sources: &Sources) -> Vec<Finding> {
    let ours = sources.files.iter().filter(|source| source.path.starts_with(FOLDER));
    let texts: Vec<_> = ours.flat_map(statements).collect();
    let mut findings: Vec<_> = texts.iter().filter_map(|text| judge(text, SHARED_TABLES, EXCEPTIONS)).collect();
    let used = |exception: &&Exception| texts.iter().any(|text| text.words.starts_with(exception.what));
    findings.extend(EXCEPTIONS.iter().filter(|exception| !used(exception)).map(|exception| {
        Finding::in_file("xtask/src/tidy/sql.rs", format!("no statement begins `{}`", exception.what), STALE)
    }));
    findings
}

/// An SQL text.
struct Statement {
    path: String,
    line: usize,
    /// With single spaces.
    words: String,
}

fn statements(source: &Source) -> Vec<Statement> {
    match source.extension() {
        "rs" => queries(source),
        "sql" => tables(source),
        _ => Vec::new(),
    }
}

/// Literals that begin with a verb of SQL, outside tests.
fn queries(source: &Source) -> Vec<Statement> {
    let tests_from = source.tests_from().unwrap_or(usize::MAX);
    let literals = string_literals(&source.text).into_iter().filter(|literal| literal.line < tests_from);
    let statement = |line, text: &str| Statement { path: source.path.clone(), line, words: single_spaces(text) };
    literals.map(|literal| statement(literal.line, &literal.text)).filter(|text| is_query(&text.words)).collect()
}

fn is_query(words: &str) -> bool {
    let mut words = words.splitn(3, ' ');
    let verb = words.next().unwrap_or_default().to_ascii_lowercase();
    words.next().is_some() && words.next().is_some() && VERBS.contains(&verb.as_str())
}

/// What creates tables; a migration may contain several.
fn tables(source: &Source) -> Vec<Statement> {
    let mut line = 1;
    let mut found = Vec::new();
    for part in source.text.split_inclusive(';') {
        let code: Vec<_> = part.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let words = single_spaces(&code.join(" "));
        if words.to_ascii_lowercase().starts_with("create table") {
            let before = code.iter().take_while(|line| line.trim().is_empty()).count();
            found.push(Statement { path: source.path.clone(), line: line + before, words });
        }
        line += part.matches('\n').count();
    }
    found
}

fn judge(text: &Statement, shared: &[Exception], exceptions: &[Exception]) -> Option<Finding> {
    let verb = text.words.split(' ').next().unwrap_or_default();
    let finding = |problem, remedy| Some(Finding::at_line(&text.path, text.line, problem, remedy));
    if verb.chars().any(|c| c.is_ascii_uppercase()) {
        return finding(format!("{verb} shouts"), LOWER_CASE);
    }
    let is_shared = |table: &str| shared.iter().any(|exception| exception.what == table);
    let excepted = exceptions.iter().any(|exception| text.words.starts_with(exception.what));
    if text.words.contains(TENANT) || excepted || tables_of(&text.words).into_iter().all(is_shared) {
        return None;
    }
    let begins: String = text.words.chars().take(60).collect();
    finding(format!("`{begins}` names no {TENANT}"), NAME_TENANT)
}

/// The tables that a statement reads or writes; one without any touches no row.
fn tables_of(words: &str) -> Vec<&str> {
    // The first word has one before it, too.
    let words: Vec<_> = [""].into_iter().chain(words.split(' ')).collect();
    let triples = words.windows(3).filter_map(|triple| match triple {
        // Not a table, but what follows a conflict or a lock.
        ["do" | "for", "update", _] => None,
        [_, "from" | "join" | "into" | "table" | "update", table] => Some(*table),
        _ => None,
    });
    triples.map(|table| table.trim_matches(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

fn single_spaces(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &[Exception] = &[Exception { what: "shared", reason: "a test" }];
    const SAFE: &[Exception] = &[Exception { what: "select version from c", reason: "a test" }];

    #[track_caller]
    fn check_problems(path: &str, text: &str, problems: &[&str]) {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        let found: Vec<_> = statements(&source).iter().filter_map(|text| judge(text, SHARED, SAFE)).collect();
        assert_eq!(found.iter().map(|finding| finding.problem.as_str()).collect::<Vec<_>>(), problems);
    }

    #[test]
    fn queries_name_the_tenant() {
        check_problems("a.rs", "q(\"select a from b where tenant_id = $1\")", &[]);
        check_problems("a.rs", "q(\"select version from c\")", &[]);
        check_problems(
            "a.rs",
            "q(\"delete from b\n  where id = $1\")",
            &["`delete from b where id = $1` names no tenant_id"],
        );
        check_problems("a.rs", "q(\"UPDATE b set x = 1\")", &["UPDATE shouts"]);
    }

    #[test]
    fn shared_tables_and_no_tables_need_none() {
        check_problems("a.rs", "q(\"select a from shared where id = $1\"); q(\"select now() as a\")", &[]);
        check_problems("a.rs", "q(\"insert into shared (a) values ($1) on conflict (a) do update set a = 1\")", &[]);
        check_problems(
            "a.rs",
            "q(\"select a from shared join b\")",
            &["`select a from shared join b` names no tenant_id"],
        );
        check_problems("a.rs", "q(\"update b set a = 1\")", &["`update b set a = 1` names no tenant_id"]);
    }

    #[test]
    fn words_and_tests_are_no_queries() {
        check_problems("a.rs", "f(\"select\"); g(\"update failed\"); h(\"selected from all\")", &[]);
        check_problems("a.rs", "#[cfg(test)]\nmod tests { q(\"select a from b\") }", &[]);
    }

    #[test]
    fn tables_have_a_tenant() {
        let sql = "-- people;\ncreate table a (tenant_id blob);\n\ncreate table b (id blob);";
        check_problems("a.sql", sql, &["`create table b (id blob);` names no tenant_id"]);
    }
}

//! Where settings come from, and what is said of bad ones.

use guanxi_e2e::host::command;
use guanxi_e2e::{Place, on_sqlite};

/// Runs `guanxi tenant list` with these settings; the names of the data folders that it made in `place`.
async fn folders_made(place: &Place, file: Option<&str>, variable: Option<&str>, flag: Option<&str>) -> Vec<String> {
    let mut arguments = vec!["tenant", "list"];
    arguments.extend(flag.into_iter().flat_map(|folder| ["--data-dir", folder]));
    let mut list = command(place, arguments);
    list.env_remove("GUANXI_DATA_DIR").env_remove("GUANXI_DATABASE_URL");
    if let Some(variable) = variable {
        list.env("GUANXI_DATA_DIR", variable);
    }
    if let Some(file) = file {
        std::fs::write(place.data_dir().join("guanxi.toml"), format!("data_dir = {file:?}\n")).expect("a file");
    }
    let ended = list.output().await.expect("the binary starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let entries = std::fs::read_dir(place.data_dir()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<String> = entries
        .filter(|path| path.join("guanxi.db").is_file())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    folders.sort();
    folders
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    on_sqlite(|_| async move {
        for (file, variable, flag, expected) in [
            (None, None, None, "guanxi-data"),
            (Some("by-file"), None, None, "by-file"),
            (Some("by-file"), Some("by-variable"), None, "by-variable"),
            (Some("by-file"), Some("by-variable"), Some("by-flag"), "by-flag"),
            (None, Some("by-variable"), Some("by-flag"), "by-flag"),
        ] {
            let place = Place::sqlite();
            assert_eq!(folders_made(&place, file, variable, flag).await, [expected]);
        }
    });
}

#[test]
fn a_named_configuration_file_must_be_there_and_an_unnamed_one_may() {
    on_sqlite(|place| async move {
        let told = complaint(&place, &["tenant", "list", "--config", "nowhere.toml"], &[]).await;
        assert!(told.starts_with("error: nowhere.toml cannot be read"), "{told}");
    });
}

#[test]
fn bad_settings_are_named_with_their_place() {
    on_sqlite(|place| async move {
        let file = place.data_dir().join("bad.toml");
        for (text, words) in [
            ("colour = 'red'\n", ["bad.toml cannot be used", "unknown field `colour`"]),
            ("listen = 'everywhere'\n", ["bad.toml cannot be used", "listen"]),
            ("backlog_max = 'many'\n", ["bad.toml cannot be used", "backlog_max"]),
            ("data_dir = \n", ["bad.toml cannot be used", "line 1"]),
            ("log_format = 'xml'\n", ["log_format is `text` or `json`", "not `xml`"]),
            ("\nold_secret_keys = 'ab'\n", ["line 2: a key is 64 hex digits in quotes", "in `old_secret_keys`"]),
        ] {
            std::fs::write(&file, text).expect("a file");
            let told = complaint(&place, &["tenant", "list", "--config", "bad.toml"], &[]).await;
            assert!(words.iter().all(|word| told.contains(word)), "{text}: {told}");
        }
        for (name, value, words) in [
            ("GUANXI_SECRET_KEY", "abc", "GUANXI_SECRET_KEY: a key has 64 hex digits"),
            ("GUANXI_SECRET_KEY_FILE", "nowhere.key", "nowhere.key cannot be read"),
            ("GUANXI_OLD_SECRET_KEYS", "abc", "GUANXI_OLD_SECRET_KEYS, key 1: a key has 64 hex digits"),
            ("GUANXI_LOG", "guanxi=loud=er", "`guanxi=loud=er` is no log filter"),
            ("GUANXI_DATABASE_URL", "mysql://localhost/guanxi", "database_url must start with sqlite: or postgres:"),
            ("GUANXI_EGRESS_ALLOW_PRIVATE", "not an address", "not an address"),
        ] {
            let told = complaint(&place, &["serve"], &[(name, value)]).await;
            assert!(told.starts_with("error: ") && told.contains(words), "{name}={value}: {told}");
        }
    });
}

#[test]
fn one_key_seals_and_no_complaint_repeats_it() {
    on_sqlite(|place| async move {
        let file = |name: &str, text: &str| std::fs::write(place.data_dir().join(name), text).expect("a file");
        let (key, long) = ("5ec2e7ab".repeat(8), "5ec2e7ab".repeat(9));
        file("good.key", &key);
        file("bad.toml", &format!("secret_key = '{key}'\n"));
        for arguments in [["tenant", "list", "--secret-key", &key], ["tenant", "list", "--config", "bad.toml"]] {
            let told = complaint(&place, &arguments, &[("GUANXI_SECRET_KEY_FILE", "good.key")]).await;
            assert_eq!(told, "error: give secret_key or secret_key_file, not both\n");
        }
        for text in [
            format!("secret_key = {key}\n"),
            format!("secret_key = ['{key}']\n"),
            format!("secret_key = '{long}'\n"),
            format!("secret_keys = '{key}'\n"),
            format!("old_secret_keys = '{key}'\n"),
            format!("old_secret_keys = ['{key}', '{long}']\n"),
            format!("old_secret_keys = ['{key}', 7]\n"),
        ] {
            file("bad.toml", &text);
            let told = complaint(&place, &["tenant", "list", "--config", "bad.toml"], &[]).await;
            assert!(told.starts_with("error: ") && !told.contains("5ec2e7ab"), "{text}: {told}");
        }
        file("bad.key", &long);
        for (name, value) in
            [("GUANXI_SECRET_KEY", &*long), ("GUANXI_OLD_SECRET_KEYS", &*long), ("GUANXI_SECRET_KEY_FILE", "bad.key")]
        {
            let told = complaint(&place, &["tenant", "list"], &[(name, value)]).await;
            assert!(told.ends_with("a key has 64 hex digits\n") && !told.contains("5ec2e7ab"), "{name}: {told}");
        }
    });
}

#[test]
fn an_address_in_use_is_told_with_the_remedy() {
    on_sqlite(|place| async move {
        let taken = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = taken.local_addr().expect("its address").to_string();
        let told = complaint(&place, &["serve", "--listen", &address], &[]).await;
        assert!(told.contains(&format!("cannot listen on {address}; choose another with --listen")), "{told}");
    });
}

/// What a command that must fail complains about.
async fn complaint(place: &Place, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = command(place, arguments);
    let ended = command.envs(variables.iter().copied()).output().await.expect("the binary starts");
    assert_eq!(ended.status.code(), Some(1), "{arguments:?} {variables:?}");
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

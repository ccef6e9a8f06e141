//! `guanxi secrets`: another key for the secrets of installations, which stay what they are.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use guanxi_e2e::host::{command, run_well};
use guanxi_e2e::{Host, Place, Sink, Tenant, eventually, on_both, on_sqlite};
use serde_json::{Value, json};

use super::run_badly;
use crate::clients::verify;

/// A brand that welcomes people by a webhook which signs.
async fn open(host: &Host) -> (Tenant, Sink) {
    let (acme, sink) = (host.tenant("acme").await, Sink::start().await);
    acme.install_webhook(&sink).await;
    acme.install("welcome", json!({})).await;
    (acme, sink)
}

/// Somebody new is sent a message that is signed with the secret which was set at the beginning.
async fn check_signs(acme: &Tenant, sink: &Sink, user: &str) {
    let before = sink.received().len();
    acme.call("identify", &json!({"userId": user, "traits": {"name": "Ada"}})).await.expect(202);
    let received = sink.wait_for(before + 1).await;
    let verified = verify(&received[before..]).await;
    assert!(verified["payloads"][0]["address"].to_string().contains(user), "{verified}");
    assert_eq!(verified["refused"], 1);
}

/// What a command with these variables ended with, printed and complained of.
async fn run_with(place: &Place, arguments: &str, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = command(place, arguments.split(' '));
    let ended = command.envs(variables.iter().copied()).output().await.expect("the binary starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("a file")
}

/// The files of the key and of the old ones.
fn key_files(place: &Place) -> (PathBuf, PathBuf) {
    (place.data_dir().join("secret.key"), place.data_dir().join("secret.key.old"))
}

async fn changed_at(acme: &Tenant) -> Vec<Value> {
    acme.list("/installations").await.into_iter().map(|mut one| one["updated_at"].take()).collect()
}

#[test]
fn pl_4_a_new_key_opens_what_was_sealed_before_and_the_old_one_may_go() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (acme, sink) = open(&host).await;
        check_signs(&acme, &sink, "ada").await;
        let (file, old) = key_files(&place);
        let (before, changed) = (read(&file), changed_at(&acme).await);

        let printed = run_well(&place, ["secrets", "rotate"]).await;
        let (new, kept) = (file.display(), old.display());
        let expected = format!(
            "{new} holds a new key; the one before is kept in {kept}.\n\
             2 sealed anew, 0 sealed with this key already, 0 that cannot be opened\n\
             No old key is needed any more: {kept} may be removed.\n"
        );
        assert_eq!(printed, expected);
        assert_eq!(read(&old), before);
        assert_ne!(read(&file), before);
        for file in [&file, &old] {
            assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        }
        // Nobody has told the running host, and nothing that it goes by has changed.
        assert_eq!(changed_at(&acme).await, changed);
        check_signs(&acme, &sink, "bo").await;
        // What it seals from now on needs the old key neither.
        acme.install("win-back", json!({})).await;
        host.stop().await;

        let printed = run_well(&place, ["secrets", "reseal", "--check"]).await;
        assert!(printed.starts_with("0 to be sealed anew, 3 sealed with this key already, 0 that"), "{printed}");
        std::fs::remove_file(&old).expect("a file");
        let host = Host::start(&place).await;
        let acme = acme.on(&host);
        check_signs(&acme, &sink, "cleo").await;
        host.stop().await;
    });
}

#[test]
fn pl_4_keys_from_outside_are_changed_step_by_step() {
    on_both(|place| async move {
        let (first, second, other) = ("1a".repeat(32), "2b".repeat(32), "3c".repeat(32));
        let host = Host::start_with(&place, &[("GUANXI_SECRET_KEY", first.as_str())]).await;
        let (acme, sink) = open(&host).await;
        host.stop().await;

        let old = format!("{other},{first}");
        let both = [("GUANXI_SECRET_KEY", second.as_str()), ("GUANXI_OLD_SECRET_KEYS", old.as_str())];
        let host = Host::start_with(&place, &both).await;
        check_signs(&acme.on(&host), &sink, "ada").await;
        let not_needed = "No old key is needed any more: old_secret_keys may be removed.\n";
        for (arguments, expected) in [
            ("secrets reseal --check", "2 to be sealed anew, 0 sealed with this key already, 0"),
            ("secrets reseal", "2 sealed anew, 0 sealed with this key already, 0"),
            ("secrets reseal", "0 sealed anew, 2 sealed with this key already, 0"),
            ("secrets reseal --check", "0 to be sealed anew, 2 sealed with this key already, 0"),
        ] {
            let hint = if expected.starts_with("2 to be") { "" } else { not_needed };
            let (code, printed, told) = run_with(&place, arguments, &both).await;
            assert_eq!(code, Some(0), "{told}");
            assert_eq!(printed, format!("{expected} that cannot be opened\n{hint}"), "{arguments}");
        }
        check_signs(&acme.on(&host), &sink, "bo").await;
        host.stop().await;

        // The same key from a file, without the old ones; nothing was made in the data folder.
        std::fs::write(place.data_dir().join("elsewhere.key"), format!("{second}\n")).expect("a file");
        let host = Host::start_with(&place, &[("GUANXI_SECRET_KEY_FILE", "elsewhere.key")]).await;
        check_signs(&acme.on(&host), &sink, "cleo").await;
        assert!(!key_files(&place).0.exists());
        host.stop().await;
    });
}

#[test]
fn pl_4_a_wrong_key_is_told_and_destroys_nothing() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (acme, sink) = open(&host).await;
        host.stop().await;

        let wrong = "5ec2e7ab".repeat(8);
        let variables = [("GUANXI_SECRET_KEY", wrong.as_str())];
        for (arguments, did) in [("secrets reseal --check", "to be sealed anew"), ("secrets reseal", "sealed anew")] {
            let (code, printed, told) = run_with(&place, arguments, &variables).await;
            let mut lines: Vec<&str> = printed.lines().collect();
            lines.sort_unstable();
            let sum = format!("0 {did}, 0 sealed with this key already, 2 that cannot be opened");
            assert_eq!(lines, [&*sum, "acme/webhook cannot be opened", "acme/welcome cannot be opened"]);
            let why = "error: none of the keys opens the secrets of 2 installations or webhooks; give the key that sealed them";
            assert!(code == Some(1) && told.starts_with(why) && !told.contains(&wrong), "{told}");
        }
        let host = Host::start_with(&place, &variables).await;
        let warning =
            "no key opens the secrets of some installations or webhooks; `guanxi secrets reseal --check` names them";
        eventually("the warning", async || host.logged().contains(warning).then_some(())).await;
        assert!(!host.logged().contains(&wrong));
        host.stop().await;

        let host = Host::start(&place).await;
        check_signs(&acme.on(&host), &sink, "ada").await;
        host.stop().await;
    });
}

#[test]
fn pl_4_a_rotation_that_was_killed_is_begun_again_and_loses_no_key() {
    on_sqlite(|place| async move {
        let host = Host::start(&place).await;
        let (acme, sink) = open(&host).await;
        host.stop().await;
        let (file, old) = key_files(&place);
        let first = read(&file);
        // Killed while the new key was being written.
        std::fs::write(&old, &first).expect("a file");
        std::fs::write(place.data_dir().join("secret.key.new"), "5ec2e7").expect("a file");
        run_well(&place, ["secrets", "rotate"]).await;
        assert_eq!(read(&old), first);
        assert!(!place.data_dir().join("secret.key.new").exists());
        // Killed before anything was sealed anew.
        let second = read(&file);
        std::fs::write(&old, format!("{second}\n{first}\n")).expect("a file");
        std::fs::write(&file, "3c".repeat(32)).expect("a file");
        let printed = run_well(&place, ["secrets", "rotate"]).await;
        assert!(printed.contains("\n2 sealed anew, 0 sealed with this key already, 0 that"), "{printed}");
        assert_eq!(read(&old), format!("{}\n{second}\n{first}", "3c".repeat(32)));
        std::fs::remove_file(&old).expect("a file");
        let host = Host::start(&place).await;
        check_signs(&acme.on(&host), &sink, "ada").await;
        host.stop().await;
    });
}

#[test]
fn only_the_key_in_the_data_folder_is_made_anew_and_only_so_many_are_kept() {
    on_sqlite(|place| async move {
        run_well(&place, ["tenant", "list"]).await;
        let (file, old) = key_files(&place);
        let key = read(&file);
        std::fs::write(place.data_dir().join("elsewhere.key"), &key).expect("a file");
        for variable in [("GUANXI_SECRET_KEY", key.as_str()), ("GUANXI_SECRET_KEY_FILE", "elsewhere.key")] {
            let (code, _, told) = run_with(&place, "secrets rotate", &[variable]).await;
            assert_eq!(code, Some(1));
            assert!(told.starts_with("error: only the key in the data folder is made anew"), "{told}");
        }
        let many: Vec<String> = ["11", "22", "33", "44", "55", "66", "77", "88"].map(|byte| byte.repeat(32)).to_vec();
        std::fs::write(&old, many.join("\n")).expect("a file");
        let told = run_badly(&place, ["secrets", "rotate"]).await;
        assert!(told.starts_with("error: there are 9 old keys and may be 8; seal everything anew"), "{told}");
        assert_eq!((read(&file), read(&old)), (key, many.join("\n")));
    });
}

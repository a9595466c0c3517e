//! Tokens: from the environment, a file or a profile; never as an argument, and never shown.

use crate::automate::Stage;
use crate::process::Tenure;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_token_on_the_command_line_is_refused_with_the_reason() {
    let stage = Stage::set();
    for args in [
        &["list", "teams", "--token", "x"][..],
        &["list", "teams", "--token=x"],
        &["list", "members", &stage.token],
    ] {
        let told = stage.expect(64, args);
        assert!(told.stderr.contains("the process list and the shell's history show it"), "{told}");
        assert!(!told.stderr.contains(&stage.token), "{told}");
    }
}

#[test]
fn a_profile_keeps_a_server_and_its_token() {
    let stage = Stage::set();
    let bare = |args: &[&str]| stage.tenure.start(&mut stage.tenure.bare(args)).wait();
    stage.tenure.write("token.txt", &format!("{}\n", stage.token));
    let added = bare(&["profile", "add", "acme", "--url", stage.server.url(), "--token-file", "token.txt"]);
    assert_eq!(added.code, 0, "{added}");
    let listed = bare(&["profile", "list"]);
    assert!(listed.stdout.contains("acme") && !listed.stdout.contains(&stage.token), "{listed}");
    assert_eq!(bare(&["list", "teams"]).code, 0);
    let kept = stage.tenure.path(".config/tenure/tokens/acme.token");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    // The token of a profile goes to its server alone.
    let told = bare(&["list", "teams", "--url", "http://127.0.0.1:1"]);
    assert!(told.code == 64 && told.stderr.contains("which token?"), "{told}");
    assert_eq!(bare(&["profile", "use", "other"]).code, 64);
    assert_eq!(bare(&["profile", "remove", "acme"]).code, 0);
    assert!(!kept.exists());
    let told = bare(&["list", "teams"]);
    assert!(told.code == 64 && told.stderr.contains("which server?"), "{told}");
}

#[test]
fn a_profile_of_no_use_is_not_added() {
    let tenure = Tenure::new();
    let bare = |args: &[&str]| tenure.start(&mut tenure.bare(args)).wait();
    tenure.write("token.txt", "secret");
    assert_eq!(bare(&["profile", "add", "a"]).code, 64);
    assert_eq!(
        bare(&["profile", "add", "../a", "--url", "http://a.example", "--token-file", "token.txt"]).code,
        64
    );
    assert_eq!(bare(&["profile", "add", "a", "--url", "a.example", "--token-file", "token.txt"]).code, 64);
    assert_eq!(bare(&["profile", "add", "a", "--url", "http://a.example"]).code, 64);
}

#[test]
fn no_file_of_a_run_holds_the_token() {
    let stage = Stage::set();
    stage.expect(0, &["provision", "nia@acme.example", "--yes"]);
    let mut folders = vec![stage.tenure.path(".local")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                seen += 1;
                assert!(
                    !std::fs::read_to_string(&path).unwrap().contains(&stage.token),
                    "{}",
                    path.display()
                );
            }
        }
    }
    assert!(seen >= 3, "plan, ledger and report");
}

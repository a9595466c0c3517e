//! `tenure backup`, `verify` and `restore`, and what a journal tells when it was tampered with.

use crate::process::{Demo, Tenure};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is done to a journal.
type Damage = fn(&Path);

/// In the demo's journal the event at position 8 creates the team Support, the one at 13 the teammate Ada Okafor, and
/// the one at 47 is the last.
const DAMAGES: [(&str, Damage, &str); 13] = [
    ("a bit of a body", |file| flip(file, "\"name\":\"Support\""), "position 8:"),
    (
        "a word of a body",
        |file| sql(file, "UPDATE events SET body = replace(body, 'Support', 'Sales') WHERE position = 8"),
        "position 8:",
    ),
    ("an actor", |file| sql(file, "UPDATE events SET actor = 'api:tok_1' WHERE position = 8"), "position 8:"),
    ("a time", |file| sql(file, "UPDATE events SET time = time + 1 WHERE position = 8"), "position 8:"),
    ("a hash", |file| sql(file, "UPDATE events SET hash = zeroblob(32) WHERE position = 8"), "position 8:"),
    ("an event is gone", |file| sql(file, "DELETE FROM events WHERE position = 9"), "position 9:"),
    ("the last event is gone", |file| sql(file, "DELETE FROM events WHERE position = 47"), "the heads"),
    (
        "two events change places in the journal",
        |file| {
            sql(
                file,
                "UPDATE events SET position = -1 WHERE position = 8;
                 UPDATE events SET position = 8 WHERE position = 9;
                 UPDATE events SET position = 9 WHERE position = -1;",
            );
        },
        "position 8:",
    ),
    (
        "two events change places in the journal and in the history",
        |file| {
            sql(
                file,
                "UPDATE events SET position = -1, version = -1 WHERE position = 8;
                 UPDATE events SET position = 8, version = version - 1 WHERE position = 9;
                 UPDATE events SET position = 9, version = 8 WHERE position = -1;",
            );
        },
        "position 8:",
    ),
    (
        "an event is added by hand",
        |file| {
            sql(
                file,
                "INSERT INTO events
                 SELECT position + 1, company, version + 1, time, actor, name, body, personal, salt, digest, hash
                 FROM events WHERE position = 47",
            );
        },
        "position 48:",
    ),
    ("a head", |file| sql(file, "UPDATE heads SET version = version - 1 WHERE company = 1"), "the heads"),
    (
        "personal data",
        |file| {
            sql(
                file,
                "UPDATE events SET personal = replace(personal, 'Okafor', 'Okafur') WHERE position = 13",
            );
        },
        "position 13:",
    ),
    ("a salt", |file| sql(file, "UPDATE events SET salt = zeroblob(16) WHERE position = 13"), "position 13:"),
];

fn sql(file: &Path, statements: &str) {
    Connection::open(file).unwrap().execute_batch(statements).unwrap();
}

/// Flips a bit of the last letter of a quoted text in a file's bytes.
fn flip(file: &Path, text: &str) {
    let mut bytes = std::fs::read(file).unwrap();
    // Everywhere: what is left in the unused part of a page is not the text that counts.
    let places = bytes.windows(text.len()).enumerate().filter(|(_, window)| *window == text.as_bytes());
    for at in places.map(|(at, _)| at).collect::<Vec<_>>() {
        bytes[at + text.len() - 2] ^= 1;
    }
    std::fs::write(file, bytes).unwrap();
}

/// A stopped demo with a backup of it.
fn with_backup() -> Tenure {
    let tenure = Demo::start().stop();
    tenure.ok(&["backup", "copy.db"]);
    tenure
}

/// Puts a copy of a journal in the place of the one that is there.
fn put_back(tenure: &Tenure, copy: &Path) {
    for name in ["journal.db-wal", "journal.db-shm"] {
        // Absent, if the last command tidied up as it should.
        let _ = std::fs::remove_file(tenure.path("data").join(name));
    }
    std::fs::copy(copy, tenure.path("data/journal.db")).unwrap();
}

/// A folder whose journal was replaced by an earlier copy of it.
fn with_an_old_copy_put_back() -> Tenure {
    let tenure = Tenure::with_company();
    tenure.ok(&["backup", "old.db"]);
    tenure.ok(&["team", "create", "Support"]);
    put_back(&tenure, &tenure.path("old.db"));
    tenure
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn backup_prints_what_was_written_and_verified() {
    insta::assert_snapshot!(Demo::start().stop().run(&["backup", "copy.db"]), @"
    exit: 0
    --- stdout
    copy.db was written and verified
      companies 1
      events    47
      teammates 24
      teams     5
      snapshots 0

    --- stderr
    ");
}

#[test]
fn a_backup_of_a_running_server_restores_to_the_same_company() {
    let demo = Demo::start();
    let live = demo.tenure.json(&["company", "export"]);
    demo.tenure.ok(&["backup", "copy.db"]);
    let restored = Tenure::new();
    let copy = demo.tenure.path("copy.db");
    restored.ok(&["restore", copy.to_str().unwrap()]);
    assert_eq!(restored.json(&["company", "export"]), live);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_somebody_writes_is_whole_and_holds_what_was_acknowledged() {
    let tenure = Tenure::with_company();
    let server = tenure.serve(&[]);
    let (api, acknowledged) = (server.api(&tenure.token()), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&acknowledged);
    let writing = tokio::spawn(async move {
        for number in 0.. {
            api.post("/teammates", json!({ "email": format!("w{number}@acme.example") })).await.expect(201);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    for name in ["1.db", "2.db", "3.db"] {
        let before = acknowledged.load(Ordering::SeqCst);
        let backup = tenure.json(&["backup", name]);
        assert!(backup["teammates"].as_u64().unwrap() >= before, "{backup} {before}");
        assert_eq!(tenure.json(&["verify", name]), backup);
    }
    assert!(!writing.is_finished());
    writing.abort();
}

#[test]
fn a_backup_overwrites_nothing() {
    let tenure = with_backup();
    insta::assert_snapshot!(tenure.run(&["backup", "copy.db"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: copy.db exists already; name a new file
    ");
}

#[test]
fn restore_prints_what_was_restored_and_takes_the_folder_after_its_own_options() {
    let tenure = with_backup();
    let mut restore = tenure.bare(&["restore", "copy.db", "--data", "restored"]);
    let output = tenure.start(&mut restore).wait();
    insta::assert_snapshot!(output, @"
    exit: 0
    --- stdout
    [HOME]/restored/journal.db was restored and verified
      companies 1
      events    47
      teammates 24
      teams     5
      snapshots 0

    --- stderr
    ");
}

#[test]
fn restore_refuses_a_folder_that_is_not_empty_and_leaves_it_alone() {
    let tenure = with_backup();
    let (before, folder) = (tenure.json(&["company", "export"]), tenure.path("data"));
    let names = names_in(&folder);
    insta::assert_snapshot!(tenure.run(&["restore", "copy.db"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: the data folder [DATA] is not empty; name a new one with --data
    ");
    assert_eq!((names_in(&folder), tenure.json(&["company", "export"])), (names, before));
}

#[test]
fn restoring_a_damaged_backup_leaves_no_trace() {
    let tenure = with_backup();
    flip(&tenure.path("copy.db"), "\"name\":\"Support\"");
    let output = tenure.start(&mut tenure.bare(&["restore", "copy.db", "--data", "restored"])).wait();
    assert!(output.code == 1 && output.stderr.contains("position 8:"), "{output}");
    assert!(!tenure.path("restored").exists());
}

#[test]
fn verify_reports_counts() {
    let tenure = Demo::start().stop();
    let found = tenure.json(&["verify"]);
    let history = tenure.json(&["audit"]).as_array().unwrap().len();
    let counts = json!([found["companies"], found["events"], found["teammates"], found["teams"]]);
    // One event more: the registry of companies has a history of its own.
    assert_eq!(counts, json!([1, history + 1, 24, 5]));
}

#[test]
fn verify_takes_the_data_folder_a_file_or_a_folder_and_works_beside_a_server() {
    let demo = Demo::start();
    demo.tenure.ok(&["backup", "copy.db"]);
    let ways: [&[&str]; 3] = [&["verify"], &["verify", "copy.db"], &["verify", "data"]];
    for args in ways {
        assert_eq!(demo.tenure.json(args)["teammates"], 24, "{args:?}");
    }
}

#[test]
fn verify_shows_the_first_damage_with_its_place() {
    let tenure = with_backup();
    flip(&tenure.path("copy.db"), "\"name\":\"Support\"");
    insta::assert_snapshot!(tenure.run(&["verify", "copy.db"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: copy.db: the journal is damaged: position 8: the event does not fit the chain; it was changed, or the one before it was
    ");
}

#[test]
fn verify_finds_every_change_of_what_was_written() {
    let tenure = with_backup();
    for (what, damage, place) in DAMAGES {
        std::fs::copy(tenure.path("copy.db"), tenure.path("damaged.db")).unwrap();
        damage(&tenure.path("damaged.db"));
        let output = tenure.run(&["verify", "damaged.db"]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{what}\n{output}");
        assert!(output.stderr.contains(place), "{what}\n{output}");
    }
}

#[test]
fn verify_finds_a_file_that_was_cut_short() {
    let tenure = with_backup();
    let whole = std::fs::read(tenure.path("copy.db")).unwrap();
    for length in [0, 1, 100, 4096, whole.len() / 2, whole.len() - 4096] {
        std::fs::write(tenure.path("cut.db"), &whole[..length]).unwrap();
        let output = tenure.run(&["verify", "cut.db"]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{length} bytes\n{output}");
        assert!(output.stderr.contains("cut.db"), "{length} bytes\n{output}");
    }
}

#[test]
fn verify_says_when_there_is_no_journal() {
    let tenure = Tenure::new();
    let nothing = tenure.run(&["verify", "none.db"]);
    assert!(nothing.code == 1 && nothing.stderr.contains("none.db"), "{nothing}");
    tenure.write("letter.txt", &"Dear Sir or Madam, ".repeat(100));
    let letter = tenure.run(&["verify", "letter.txt"]);
    assert!(letter.code == 1 && letter.stderr.contains("letter.txt"), "{letter}");
}

#[test]
fn personal_data_may_be_erased_and_the_chain_still_holds() {
    let tenure = with_backup();
    sql(&tenure.path("copy.db"), "UPDATE events SET personal = NULL, salt = NULL WHERE position = 13");
    tenure.ok(&["verify", "copy.db"]);
}

#[test]
fn an_old_copy_of_the_journal_is_refused() {
    let tenure = with_an_old_copy_put_back();
    insta::assert_snapshot!(tenure.run(&["serve", "--listen", "127.0.0.1:0"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: the journal is older than the server last saw it: it ends at position 2, and it had reached 3. An old copy was put back, or a log was lost. Put the right files back, or start once with --accept-loss to go on from what is there
    ");
}

#[test]
fn no_command_works_on_an_old_copy_of_the_journal() {
    let output = with_an_old_copy_put_back().run(&["team", "create", "Sales"]);
    assert!(output.code == 1 && output.stderr.contains("--accept-loss"), "{output}");
}

#[test]
fn an_old_copy_is_taken_with_accept_loss_and_from_then_on() {
    let tenure = with_an_old_copy_put_back();
    tenure.serve(&["--accept-loss"]).terminate();
    assert_eq!(tenure.json(&["team", "list"]), json!([]));
    tenure.ok(&["team", "create", "Sales"]);
    assert_eq!(tenure.serve(&[]).terminate().code, 0);
}

#[test]
fn another_journal_in_its_place_is_refused() {
    let (tenure, other) = (Tenure::with_company(), Tenure::with_company());
    other.ok(&["backup", "copy.db"]);
    put_back(&tenure, &other.path("copy.db"));
    let output = tenure.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(output.code == 1 && output.stderr.contains("another journal"), "{output}");
}

#[test]
fn events_are_readable_with_plain_sql_while_the_server_runs() {
    let demo = Demo::start();
    let journal = demo.tenure.path("data/journal.db");
    let connection = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut query =
        connection.prepare("SELECT actor, name, body, personal FROM readable WHERE position = 13").unwrap();
    let event = query.query_row([], |row| {
        let (body, personal): (String, String) = (row.get(2)?, row.get(3)?);
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, body, personal))
    });
    let (actor, name, body, personal) = event.unwrap();
    assert_eq!((actor.as_str(), name.as_str()), ("operator", "teammate.created"));
    let is_apart = |text: &str| personal.contains(text) && !body.contains(text);
    assert!(is_apart("ada.okafor@harborcoffee.example") && is_apart("Okafor"), "{body} {personal}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["teammate"], "tea_1");
}

//! Bit rot: each byte of a copy of a journal is flipped, it is cut at each length, and an old copy is put back. Each time
//! the damage must be reported, or be harmless: the same events, the same states. Nothing may panic, and nothing may be
//! shorter without a word.

use super::{Extent, Setting, Verdict, folder, runtime};
use crate::server::Site;
use rusqlite::{Connection, params};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenure_engine::verify::verify;
use tenure_journal::sqlite::WhenShorter;
use tenure_journal::{ChainHash, Link, SqliteJournal, StoredEvent, Stream, Version};
use tenure_testkit::workload::Workload;

/// The file that is damaged; `journal.db` alone is a journal that was closed, the log is what a killed process left.
const FILES: [&str; 2] = ["journal.db", "journal.db-wal"];
const MASKS: [u8; 3] = [0xFF, 0x01, 0x80];

/// What an undamaged journal says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    verified: String,
    events: Vec<StoredEvent>,
}

#[derive(Debug, Default)]
struct Counts {
    found: u64,
    harmless: u64,
}

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let folder = folder()?;
    let damaged = folder.path().join("damaged");
    std::fs::create_dir(&damaged).map_err(|error| error.to_string())?;
    let mut injected = Vec::new();
    for (name, is_killed) in [("closed", false), ("killed", true)] {
        let data = furnished(setting, &folder.path().join(name), is_killed)?;
        let whole =
            read_in(&copied(&data, &damaged)?).map_err(|error| format!("{name}: it is damaged: {error}"))?;
        for file in FILES.into_iter().filter(|file| data.join(file).exists()) {
            let bytes = std::fs::read(data.join(file)).map_err(|error| error.to_string())?;
            if bytes.is_empty() {
                continue;
            }
            let (flips, cuts) = damage(setting, &data, &damaged, file, &bytes, &whole)?;
            injected.push(format!(
                "{file} of a {name} server, {} bytes: {} flips ({} found, {} harmless), {} cuts ({} found, {} harmless)",
                bytes.len(),
                flips.found + flips.harmless,
                flips.found,
                flips.harmless,
                cuts.found + cuts.harmless,
                cuts.found,
                cuts.harmless
            ));
        }
    }
    old_copy(setting, &folder.path().join("old"))?;
    injected.push("an old copy put back: refused".to_owned());
    let control = control(setting, &folder.path().join("control"), &damaged)?;
    Ok(Verdict::Survived { injected: injected.join("; "), control })
}

/// A data folder with a small company, closed in good order or killed.
fn furnished(setting: &Setting<'_>, data: &Path, is_killed: bool) -> Result<PathBuf, String> {
    let site = Site::found(setting.binary, data)?;
    site.run(&["company", "set", "invitations=hold"])?;
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    runtime()?.block_on(async {
        for number in 0..4 {
            let body = serde_json::json!({ "email": format!("p{number}@rot.example"), "first_name": "Kim" });
            api.post("/teammates", body).await.expect(201);
        }
    });
    // The side file is at most a second behind.
    std::thread::sleep(Duration::from_millis(1500));
    if is_killed {
        server.kill_9()?
    } else {
        server.terminate()?
    };
    Ok(data.to_owned())
}

/// Copies what makes a journal.
fn copied(data: &Path, to: &Path) -> Result<PathBuf, String> {
    for file in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.head"] {
        let _ = std::fs::remove_file(to.join(file));
        if file != "journal.db-shm" && data.join(file).exists() {
            std::fs::copy(data.join(file), to.join(file)).map_err(|error| error.to_string())?;
        }
    }
    Ok(to.to_owned())
}

/// Opens a journal as a start does, verifies it, and reads all of it.
fn read_in(data: &Path) -> Result<Told, String> {
    drop(SqliteJournal::open(data, WhenShorter::Refuse).map_err(|error| error.to_string())?);
    let mut events = Vec::new();
    let file = data.join("journal.db");
    SqliteJournal::verify(&file, &mut |event| {
        events.push(event);
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    let verified = verify(&file, Vec::new()).map_err(|error| error.to_string())?;
    Ok(Told { verified: format!("{verified:?}"), events })
}

/// The same, and a panic is none of its answers.
fn judged(data: &Path, whole: &Told, counts: &mut Counts, what: &dyn Fn() -> String) -> Result<(), String> {
    let data = data.to_owned();
    match catch_unwind(move || read_in(&data)) {
        Err(_) => Err(format!("{}: it panicked", what())),
        Ok(Err(_)) => {
            counts.found += 1;
            Ok(())
        }
        Ok(Ok(told)) if told == *whole => {
            counts.harmless += 1;
            Ok(())
        }
        Ok(Ok(told)) => Err(format!(
            "{}: nothing was reported, and it has {} events instead of {}, {} instead of {}",
            what(),
            told.events.len(),
            whole.events.len(),
            told.verified,
            whole.verified
        )),
    }
}

fn damage(
    setting: &Setting<'_>,
    data: &Path,
    to: &Path,
    file: &str,
    bytes: &[u8],
    whole: &Told,
) -> Result<(Counts, Counts), String> {
    let step = usize::try_from(setting.extent.rounds(97, 1)).unwrap_or(1);
    let (mut flips, mut cuts) = (Counts::default(), Counts::default());
    let write = |bytes: &[u8]| {
        copied(data, to)?;
        std::fs::write(to.join(file), bytes).map_err(|error| error.to_string())
    };
    for at in (0..bytes.len()).step_by(step) {
        let mask = MASKS[at % MASKS.len()];
        let mut flipped = bytes.to_vec();
        flipped[at] ^= mask;
        write(&flipped)?;
        judged(to, whole, &mut flips, &|| format!("byte {at} of {file} flipped by {mask:#x}"))?;
        if at % 20_000 == 0 && setting.extent == Extent::Long {
            eprintln!("rot: {file}, byte {at} of {}", bytes.len());
        }
    }
    for length in (0..bytes.len()).step_by(step) {
        write(&bytes[..length])?;
        judged(to, whole, &mut cuts, &|| format!("{file} cut to {length} bytes"))?;
    }
    Ok((flips, cuts))
}

/// A journal of before is put in place of that of now.
fn old_copy(setting: &Setting<'_>, data: &Path) -> Result<(), String> {
    let site = Site::found(setting.binary, data)?;
    let before = data.join("../before.db");
    site.run(&["backup", &before.display().to_string()])?;
    let mut workload = Workload::new(setting.seed, 2);
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    workload = runtime()?.block_on(async {
        let writing = workload.start(&api);
        tokio::time::sleep(Duration::from_secs(2)).await;
        server.terminate()?;
        writing.join().await
    })?;
    if workload.counts().acknowledged == 0 {
        return Err("nothing was written".to_owned());
    }
    std::fs::copy(&before, site.data.join("journal.db")).map_err(|error| error.to_string())?;
    match site.serve(&[]) {
        Err(said) if said.contains("--accept-loss") => Ok(()),
        Err(said) => Err(format!("an old copy was refused with other words: {said}")),
        Ok(_) => Err("an old copy was taken".to_owned()),
    }
}

/// The last event is given another time, and every check over it is made to fit: only the comparison can see it.
fn control(setting: &Setting<'_>, data: &Path, to: &Path) -> Result<String, String> {
    let data = furnished(setting, data, false)?;
    let whole = read_in(&copied(&data, to)?)?;
    forge(to).map_err(|error| error.to_string())?;
    let mut counts = Counts::default();
    match judged(to, &whole, &mut counts, &|| "forged".to_owned()) {
        Err(told) if told.contains("nothing was reported") => {
            Ok("an event forged together with every check over it: seen by the comparison".to_owned())
        }
        other => Err(format!("the control was not seen: {other:?}, {counts:?}")),
    }
}

/// Moves the last event by a millisecond, with its hash and its stream's head.
fn forge(data: &Path) -> Result<(), rusqlite::Error> {
    let journal = Connection::open(data.join("journal.db"))?;
    let last = "SELECT e.position, e.company, e.time + 1, e.version, e.actor, e.name, e.body, e.digest, b.hash \
                FROM events e JOIN events b ON b.company = e.company AND b.version = e.version - 1 \
                ORDER BY e.position DESC LIMIT 1";
    let (position, company, time, hash) = journal.query_row(last, [], |row| {
        let (company, time): (i64, i64) = (row.get(1)?, row.get(2)?);
        let (actor, name, body): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(6)?);
        let link = Link {
            stream: Stream(company.unsigned_abs()),
            version: Version(row.get::<_, i64>(3)?.unsigned_abs()),
            time_ms: time,
            actor: &actor,
            name: &name,
            body: &body,
            personal_digest: row.get(7)?,
        };
        Ok((row.get::<_, i64>(0)?, company, time, link.hash(ChainHash(row.get(8)?)).0))
    })?;
    journal
        .execute("UPDATE events SET time = ?, hash = ? WHERE position = ?", params![time, hash, position])?;
    journal.execute("UPDATE heads SET hash = ? WHERE company = ?", params![hash, company])?;
    // The side file knows the hash too; without it the start has nothing to compare with.
    let _ = std::fs::remove_file(data.join("journal.head"));
    Ok(())
}

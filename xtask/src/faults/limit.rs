//! A limit of 120 requests a minute, used by an apply and by a second client with the same token, on a server whose clock is
//! an hour off: at least 95 % of it is used, and nobody is refused.

use super::{Extent, Setting, Verdict, folder, runtime};
use crate::server::Site;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const LIMIT: u64 = 120;
/// Of a hundred that are allowed, how many must be used.
const LEAST_PERCENT: u64 = 95;
/// Teammates who are renamed; each takes three requests.
const PEOPLE: usize = 130;

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    // Minutes are minutes: the short form has the harder half alone.
    let alone = if setting.extent == Extent::Short { None } else { Some(used(setting, false)?) };
    let shared = used(setting, true)?;
    let control = greedy(setting)?;
    let alone = alone.map(|alone| format!("{alone} alone and ")).unwrap_or_default();
    Ok(Verdict::Survived {
        injected: format!("{alone}{shared} with a second client of {LIMIT} in whole minutes, 0 refused"),
        control: format!("a client that heeds nothing: {control} refused"),
    })
}

/// A server with a limit and a clock that is an hour ahead, and its record.
fn stage(setting: &Setting<'_>, folder: &Path) -> Result<(Site, String), String> {
    let site = Site::found(setting.binary, &folder.join("data"))?;
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    runtime()?.block_on(async {
        for number in 0..PEOPLE {
            let person = json!({ "email": format!("p{number}@acme.example"), "is_admin": number == 0 });
            api.post("/teammates", person).await.expect(201);
        }
    });
    server.terminate()?;
    let token = site.create_token("acme", &LIMIT.to_string())?;
    let faults =
        format!("clock-ahead-seconds = 3600\nrecord = '{}'\n", folder.join("record.jsonl").display());
    std::fs::write(folder.join("faults.toml"), faults).map_err(|error| error.to_string())?;
    let mut rows = String::from("email,first_name\n");
    for number in 0..PEOPLE {
        writeln!(rows, "p{number}@acme.example,Kim").map_err(|error| error.to_string())?;
    }
    std::fs::write(folder.join("people.csv"), rows).map_err(|error| error.to_string())?;
    Ok((site, token))
}

/// The requests in each whole minute by the record, and how many were refused.
fn counted(folder: &Path) -> Result<(BTreeMap<u64, u64>, u64), String> {
    let text = std::fs::read_to_string(folder.join("record.jsonl")).map_err(|error| error.to_string())?;
    let (mut minutes, mut refused) = (BTreeMap::new(), 0);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        refused += u64::from(line["status"] == 429);
        *minutes.entry(line["at"].as_u64().unwrap_or_default() / 60_000).or_insert(0) += 1;
    }
    Ok((minutes, refused))
}

/// The fewest requests in a minute that has another one on both sides: there the limit was what held them up.
fn used(setting: &Setting<'_>, is_shared: bool) -> Result<u64, String> {
    let folder = folder()?;
    let (site, token) = stage(setting, folder.path())?;
    let faults = folder.path().join("faults.toml");
    let server = site.serve(&["--faults", faults.to_str().ok_or("the path is no text")?])?;
    let command = |args: &[&str]| {
        let mut command = Command::new(setting.binary);
        command.args(args).current_dir(folder.path()).env("HOME", folder.path());
        command.env("TENURE_URL", server.url()?).env("TENURE_TOKEN", &token);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok::<_, String>(command)
    };
    let mut second = if is_shared {
        Some(command(&["watch", "--interval", "3s"])?.spawn().map_err(|error| error.to_string())?)
    } else {
        None
    };
    let applied = command(&["apply", "-f", "people.csv", "--yes"])?.status();
    if let Some(second) = &mut second {
        second.kill().and_then(|()| second.wait()).map_err(|error| error.to_string())?;
    }
    server.terminate()?;
    let applied = applied.map_err(|error| error.to_string())?;
    if !applied.success() {
        return Err(format!("the apply ended with {applied}"));
    }
    let (minutes, refused) = counted(folder.path())?;
    let whole: Vec<_> = minutes.values().copied().collect();
    let inner = whole.get(1..whole.len().saturating_sub(1)).unwrap_or_default();
    let fewest = inner.iter().min().copied().ok_or("it was over too soon to be judged")?;
    if refused > 0 || fewest * 100 < LIMIT * LEAST_PERCENT {
        return Err(format!("shared: {is_shared}; {refused} refused, by the minute {whole:?}"));
    }
    Ok(fewest)
}

/// How many requests of a client are refused that does not heed the headers.
fn greedy(setting: &Setting<'_>) -> Result<u64, String> {
    let folder = folder()?;
    let (site, token) = stage(setting, folder.path())?;
    let faults = folder.path().join("faults.toml");
    let server = site.serve(&["--faults", faults.to_str().ok_or("the path is no text")?])?;
    let api = server.api(&token)?;
    runtime()?.block_on(async {
        // Two windows' worth and more, so that wherever the minute begins some are too many.
        for _ in 0..LIMIT * 3 {
            api.get("/me").await;
        }
    });
    server.terminate()?;
    let (_, refused) = counted(folder.path())?;
    if refused == 0 {
        Err("the harness does not see a client that asks too much".to_owned())
    } else {
        Ok(refused)
    }
}

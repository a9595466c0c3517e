//! `tenure watch`.

use crate::automate::connection::connect;
use crate::automate::{run_async, state, time};
use crate::cli::{Global, Output, WatchArgs};
use crate::commands::plan::write;
use crate::failure::Failure;
use crate::print;
use futures_util::TryStreamExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenure_lifecycle::watch::{Change, Look};

pub(crate) fn run(global: &Global, args: &WatchArgs) -> Result<(), Failure> {
    run_async(watch(global, args))
}

async fn watch(global: &Global, args: &WatchArgs) -> Result<(), Failure> {
    let connected = connect(&args.connection)?;
    let client = &connected.live.client;
    let me = client.me().await.map_err(Failure::new)?;
    let path = look_path(args, &client.url().to_string(), &me.id)?;
    let mut last = read(&path)?;
    let interval = Duration::from_secs(u64::try_from(args.interval.seconds.max(1)).unwrap_or(1));
    for looked in 1_u32.. {
        let now = match client.teammates().try_collect().await {
            Ok(all) => Look::at(all),
            // Who watches for days outlives an outage; the changes are told when it is over.
            Err(error)
                if last.is_some() && !error.is_lasting() && args.looks.is_none_or(|looks| looked < looks) =>
            {
                print::note(&format!("note: {}; looking again", print::safe(&error.to_string())));
                tokio::time::sleep(interval).await;
                continue;
            }
            Err(error) => return Err(Failure::new(error)),
        };
        match &last {
            Some(last) => last.until(&now).iter().for_each(|change| tell(change, global.output)),
            None => print::note(&format!(
                "watching {} teammates; changes from now on are told",
                now.teammates.len()
            )),
        }
        // Kept after it was told: a crash between the two tells it again rather than never.
        if last.as_ref() != Some(&now) {
            write(&path, &serde_json::to_string(&now).expect("a look has a JSON form"))?;
        }
        last = Some(now);
        if args.looks.is_some_and(|looks| looked >= looks) {
            return Ok(());
        }
        tokio::time::sleep(interval).await;
    }
    Ok(())
}

fn look_path(args: &WatchArgs, url: &str, company: &str) -> Result<PathBuf, Failure> {
    let folder = state::folder(&args.connection)?.join("looks");
    let made = {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)
    };
    made.map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    let plain = |text: &str| text.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    Ok(folder.join(format!("{}-{}.json", plain(url), plain(company))))
}

fn read(path: &Path) -> Result<Option<Look>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
            Failure::new(format!("{} is damaged: {error}; remove it to begin anew", path.display()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("cannot read {}: {error}", path.display()))),
    }
}

fn tell(change: &Change, output: Output) {
    if output == Output::Json {
        print::json(change);
        return;
    }
    let changes: Vec<_> =
        change.changes.iter().map(|(field, (from, to))| format!("{field} {from} → {to}")).collect();
    let line = format!("{} {} {} {}", change.name, change.teammate_id, change.email, changes.join(", "));
    print::result(&format!("{} {}\n", time::iso(time::now()), print::safe(line.trim_end())));
}

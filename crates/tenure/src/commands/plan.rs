//! `tenure plan` and `tenure drift`.

use crate::automate::connection::connect;
use crate::automate::planning::{Prepared, Rules, people, prepare, reads};
use crate::automate::{applying, run_async, time};
use crate::cli::{DriftArgs, Global, PlanArgs};
use crate::failure::Failure;
use crate::print;
use std::path::Path;

pub(crate) fn run(global: &Global, args: PlanArgs) -> Result<(), Failure> {
    let PlanArgs { drift, out } = args;
    let DriftArgs { files, detailed_exitcode, planning, connection } = drift;
    let prepared = run_async(async {
        let rules = Rules::read(&planning)?;
        let people = people(&files, &rules.settings, &connection).await?;
        prepare(&connect(&connection)?, &people, rules, &planning, &connection).await
    })?;
    let Prepared { planned, directory, .. } = prepared;
    // Before anything is printed: nobody may be reading.
    if let Some(out) = out.as_ref().filter(|_| planned.violations.is_empty()) {
        write(out, &planned.plan.to_text())?;
    }
    print::plan(&planned, reads(&directory), directory.rate_limit, global.output);
    applying::refuse(&planned.violations)?;
    if let Some(out) = out {
        print::note(&format!("the plan is in {}; apply it with: tenure apply {0}", out.display()));
    }
    differs(detailed_exitcode, !planned.plan.body.actions.is_empty())
}

/// A plan that is never applied, and never written.
pub(crate) fn drift(global: &Global, drift: DriftArgs) -> Result<(), Failure> {
    run(global, PlanArgs { drift, out: None })
}

/// The exit code that tells whether something differs, where it was asked for.
pub(crate) fn differs(detailed: bool, differs: bool) -> Result<(), Failure> {
    if detailed && differs { Err(Failure::differs()) } else { Ok(()) }
}

/// Writes a file whole or not at all; what is no regular file, such as a device, is written to as it is.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&real).is_ok_and(|facts| !facts.is_file() && !facts.is_dir()) {
        return std::fs::write(&real, text).map_err(failed);
    }
    let path = real.as_path();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut beside, text.as_bytes()).map_err(failed)?;
    beside.as_file().sync_all().map_err(failed)?;
    beside.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// When something was made, for people.
pub(crate) fn made_at() -> String {
    time::iso(time::now())
}

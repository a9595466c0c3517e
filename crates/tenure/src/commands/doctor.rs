//! `tenure doctor`.

use crate::automate::connection::connect_to_examine;
use crate::automate::run_async;
use crate::cli::{DoctorArgs, Global};
use crate::commands::plan::differs;
use crate::failure::Failure;
use crate::print;
use tenure_lifecycle::doctor::{self, Verdict};

pub(crate) fn run(global: &Global, args: &DoctorArgs) -> Result<(), Failure> {
    let connected = connect_to_examine(&args.connection)?;
    let checks = run_async(async { Ok(doctor::examine(&connected.live).await) })?;
    print::checks(&checks, global.output);
    let has = |verdict| checks.iter().any(|check| check.verdict == verdict);
    differs(args.detailed_exitcode, has(Verdict::Bad) || has(Verdict::Warning))?;
    if has(Verdict::Bad) { Err(Failure::new("something is to be mended; see above")) } else { Ok(()) }
}

//! `tenure completions`.

use crate::cli;
use crate::failure::Failure;
use crate::print;

pub(crate) fn run(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "tenure", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Failure::new(format!("cannot write the script: {error}")))?;
    print::result(&script);
    Ok(())
}

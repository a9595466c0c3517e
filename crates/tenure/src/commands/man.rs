//! `tenure man`.

use crate::cli::{self, Global, Output};
use crate::failure::Failure;
use crate::print;
use std::path::Path;

pub(crate) fn run(global: &Global, folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("cannot write the manual pages into {}: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(cli::command(), folder).map_err(failed)?;
    match global.output {
        Output::Json => print::json(&serde_json::json!({ "folder": folder })),
        Output::Human | Output::Plain => {
            print::result(&format!("the manual pages are in {}\n", folder.display()));
        }
    }
    Ok(())
}

//! Where runs, locks and looks are kept.

use crate::cli::Connection;
use crate::failure::Failure;
use etcetera::BaseStrategy as _;
use std::path::PathBuf;
use tenure_lifecycle::run::Runs;

/// The folder.
pub(crate) fn folder(connection: &Connection) -> Result<PathBuf, Failure> {
    if let Some(state) = &connection.state {
        return Ok(state.clone());
    }
    let places = etcetera::choose_base_strategy();
    let places = places.map_err(|error| Failure::new(format!("{error}; name a folder with --state")))?;
    // Where a platform has no place for state, its place for data.
    Ok(places.state_dir().unwrap_or_else(|| places.data_dir()).join("tenure"))
}

/// The runs in it.
pub(crate) fn runs(connection: &Connection) -> Result<Runs, Failure> {
    Ok(Runs::at(&folder(connection)?))
}

//! What the commands under *Automate* share: the connection, the settings, planning, asking, applying.

pub(crate) mod applying;
pub(crate) mod approvals;
pub(crate) mod asking;
pub(crate) mod connection;
pub(crate) mod planning;
pub(crate) mod profiles;
pub(crate) mod progress;
pub(crate) mod state;
pub(crate) mod time;

//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod approve;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod company;
pub(crate) mod completions;
pub(crate) mod custom_field;
pub(crate) mod doctor;
pub(crate) mod graph;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod outbox;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod provision;
pub(crate) mod restore;
pub(crate) mod runs;
pub(crate) mod serve;
pub(crate) mod sso;
pub(crate) mod team;
pub(crate) mod teammate;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod webhook;

//! The HTTP faces of a Tenure node, its operator plane, and the node itself.

mod data_folder;
pub mod demo;
pub mod http;
mod last_used;
mod moment;
mod node;
pub mod operator;
mod outside;
pub mod rest;
mod serve;

pub use data_folder::{DataFolder, FolderError, FolderLock};
pub use node::{Node, NodeError};
pub use outside::{SystemClock, SystemRandomness};
pub use serve::{Server, ServerError, ServerOptions, Serving};

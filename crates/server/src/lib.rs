//! The HTTP faces of a Tenure node, its operator plane, and the node itself.

mod data_folder;
pub mod demo;
#[doc(hidden)]
pub mod fuzzing;
mod gauges;
pub mod http;
mod last_used;
mod moment;
mod node;
pub mod operator;
mod outside;
mod public_url;
mod resident_memory;
pub mod rest;
mod scim;
mod serve;

pub use data_folder::{DataFolder, FolderError, FolderLock, OUTBOX};
pub use node::{Node, NodeError, NodeOptions};
pub use outside::{SystemClock, SystemRandomness};
pub use public_url::{NotAPublicUrl, PublicUrl};
pub use resident_memory::resident_memory;
pub use serve::{Server, ServerError, ServerOptions, Serving, WebhookOptions};
pub use tenure_delivery::webhook::egress::EgressRules;
pub use tenure_delivery::webhook::post::{ANSWER_WITHIN, Call, HttpPost, HttpPostOptions, Post};
pub use tenure_delivery::{Password, Sender, SmtpPost, SmtpSetupFault, SmtpUrl};

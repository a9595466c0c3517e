//! For tests only: a server in process on port 0 with a real journal, companies with tokens, answers that can be shown
//! as pictures, and OpenAPI documents that answers are held to.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod api;
mod clock;
mod company;
mod document;
mod eventually;
mod http_client;
mod receiver;
mod reply;
mod server;
pub mod workload;

pub use api::Api;
pub use clock::ManualClock;
pub use company::TestCompany;
pub use document::{Document, Operation};
pub use eventually::eventually;
pub use receiver::{Answering, Received, Receiver, read_request};
pub use reply::Reply;
pub use server::{PUBLIC_URL, TestServer};

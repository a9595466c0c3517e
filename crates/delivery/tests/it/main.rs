//! Deliveries, through the public interface: where webhooks may go, and what comes of an attempt over real sockets.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod egress;
mod posting;
mod receivers;
mod receivers_rust;
mod simulated;
mod smtp;
mod world;

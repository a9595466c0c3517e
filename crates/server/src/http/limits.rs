//! Every limit of the HTTP shell in one place (`contract/reliability.md`, "HTTP").

use std::time::Duration;

/// What a connection and a request may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the head of a request to arrive.
    pub head_timeout: Duration,
    /// The most bytes of a head.
    pub head_bytes: usize,
    /// The most header lines.
    pub head_lines: usize,
    /// The most bytes of a body.
    pub body_bytes: usize,
    /// How deep arrays and objects in a body may nest.
    pub json_depth: usize,
    /// After this long a body must arrive at `body_bytes_per_second`.
    pub body_grace: Duration,
    /// The slowest that a body may arrive after `body_grace`.
    pub body_bytes_per_second: u64,
    /// For a whole request.
    pub request_timeout: Duration,
    /// For which a connection may stay open between requests.
    pub idle_timeout: Duration,
    /// For which a client may take none of an answer.
    pub write_timeout: Duration,
    /// The longest URL in bytes.
    pub url_bytes: usize,
    /// The most open connections.
    pub connections: usize,
    /// The most open connections of one address.
    pub connections_per_address: usize,
    /// Requests a minute of one address without a valid token.
    pub strangers_per_minute: u32,
    /// For requests in flight to end when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            head_bytes: 32 * 1024,
            head_lines: 100,
            body_bytes: 1024 * 1024,
            json_depth: 64,
            body_grace: Duration::from_secs(5),
            body_bytes_per_second: 1024,
            request_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            write_timeout: Duration::from_secs(20),
            url_bytes: 8 * 1024,
            connections: 10_000,
            connections_per_address: 4_000,
            strangers_per_minute: 300,
            drain: Duration::from_secs(10),
        }
    }
}

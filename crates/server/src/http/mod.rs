//! What all faces share: accepting connections, authentication, limits, bodies, conditions, and the shell around every
//! request.

pub mod accept;
pub(crate) mod authentication;
pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod faults;
pub(crate) mod head_scan;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod json_text;
pub(crate) mod limits;
pub(crate) mod page_key;
pub(crate) mod problem;
pub(crate) mod rate_limit;
pub(crate) mod refused_head;
pub(crate) mod request_id;
pub(crate) mod request_log;
pub(crate) mod request_metrics;
pub(crate) mod shell;
pub(crate) mod timed_io;
pub(crate) mod tls;

pub use faults::{Fault, FaultOrder, FaultPlan, Faults};
pub use limits::Limits;
pub use request_log::{LogForm, RequestLog};
pub use tls::TlsSetup;

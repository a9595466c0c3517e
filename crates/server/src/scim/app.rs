//! What the handlers of the face share.

use crate::http::limits::Limits;
use crate::http::page_key::PageKey;
use std::sync::Arc;
use tenure_engine::Engine;
use tokio::sync::Semaphore;

/// How many searches that look at every resource may run at once.
const SCANS: usize = 2;

/// The handlers' state; cheap to clone.
#[derive(Clone)]
pub(crate) struct ScimApp {
    pub(crate) engine: Engine,
    /// What links start with; without a slash at its end.
    pub(crate) public_url: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) page_key: PageKey,
    pub(crate) scans: Arc<Semaphore>,
}

impl ScimApp {
    pub(crate) fn new(engine: Engine, public_url: &str, limits: Limits, page_key: PageKey) -> Self {
        let scans = Arc::new(Semaphore::new(SCANS));
        Self { engine, public_url: public_url.into(), limits, page_key, scans }
    }
}

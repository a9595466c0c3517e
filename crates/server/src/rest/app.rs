//! What all handlers share.

use crate::http::idempotency::InFlight;
use crate::http::limits::Limits;
use crate::http::page_key::PageKey;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tenure_delivery::webhook::Webhooks;
use tenure_delivery::webhook::egress::EgressRules;
use tenure_engine::Engine;
use tokio::sync::Semaphore;

/// How many reads of the past may run at once: each may replay a whole history.
const PAST_READS: usize = 4;

/// The handlers' state; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    /// What links start with; without a slash at its end.
    pub(crate) public_url: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) page_key: PageKey,
    pub(crate) in_flight: InFlight,
    pub(crate) past_reads: Arc<Semaphore>,
    pub(crate) webhooks: Webhooks,
    /// Where webhooks may go.
    pub(crate) egress: Arc<EgressRules>,
    pub(crate) metrics: Option<PrometheusHandle>,
    /// Whether the server was asked to stop and only goes on until load balancers have noticed.
    pub(crate) draining: Arc<AtomicBool>,
}

impl App {
    pub(crate) fn new(
        engine: Engine,
        public_url: &str,
        limits: Limits,
        page_key: PageKey,
        metrics: Option<PrometheusHandle>,
        (webhooks, egress): (Webhooks, EgressRules),
    ) -> Self {
        let in_flight = InFlight::default();
        let past_reads = Arc::new(Semaphore::new(PAST_READS));
        let draining = Arc::new(AtomicBool::new(false));
        Self {
            engine,
            public_url: public_url.into(),
            limits,
            page_key,
            in_flight,
            past_reads,
            webhooks,
            egress: Arc::new(egress),
            metrics,
            draining,
        }
    }

    /// Tells `/readyz` by this value that the server is about to stop.
    pub(crate) fn draining_with(mut self, draining: Arc<AtomicBool>) -> Self {
        self.draining = draining;
        self
    }
}

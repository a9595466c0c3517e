//! Recording what came of attempts: all that wait are recorded in one transaction.

use std::sync::Arc;
use tenure_engine::Engine;
use tenure_journal::{Attempted, Journal};
use tokio::sync::{mpsc, oneshot};

/// The most attempts that are recorded together.
const TOGETHER: usize = 512;

type Waiting = (Attempted, oneshot::Sender<Result<(), String>>);

/// Takes attempts, and tells when they are recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    waiting: mpsc::Sender<Waiting>,
}

impl Recorder {
    /// A recorder, and what must be run for it to record.
    pub(crate) fn new(engine: Engine) -> (Self, impl Future<Output = ()> + Send) {
        let (waiting, lane) = mpsc::channel(TOGETHER);
        (Self { waiting }, record(engine, lane))
    }

    /// Records an attempt.
    pub(crate) async fn record(&self, attempted: Attempted) -> Result<(), String> {
        let (told, recorded) = oneshot::channel();
        let ended = || "the recorder has ended".to_owned();
        self.waiting.send((attempted, told)).await.map_err(|_| ended())?;
        recorded.await.map_err(|_| ended())?
    }
}

async fn record(engine: Engine, mut lane: mpsc::Receiver<Waiting>) {
    let journal: Arc<dyn Journal> = Arc::clone(engine.journal());
    let mut waiting = Vec::with_capacity(TOGETHER);
    while lane.recv_many(&mut waiting, TOGETHER).await > 0 {
        let (attempted, told): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        let recorded = journal.delivery_log().record_attempts(attempted).await;
        let recorded = recorded.inspect_err(|error| engine.heed(error)).map_err(|error| error.to_string());
        for told in told {
            // Whoever does not wait any more need not know.
            let _ = told.send(recorded.clone());
        }
    }
}

//! What is under way: tasks that are told apart by a key, at most so many at once, and none twice.

use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// Tasks that are under way. They end when this is dropped.
pub(crate) struct UnderWay<K> {
    what: &'static str,
    at_once: usize,
    tasks: JoinSet<K>,
    keys: BTreeSet<K>,
}

impl<K: Ord + Clone + Send + 'static> UnderWay<K> {
    /// Nothing yet. `what` is a task for the log.
    pub(crate) fn new(what: &'static str, at_once: usize) -> Self {
        Self { what, at_once, tasks: JoinSet::new(), keys: BTreeSet::new() }
    }

    /// Whether nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether there is no room for another.
    pub(crate) fn is_full(&self) -> bool {
        self.tasks.len() >= self.at_once
    }

    /// How many that are due must be looked at to find as many as there is room for: what is under way is among them.
    pub(crate) fn looked_at(&self) -> usize {
        self.at_once + self.keys.len()
    }

    /// Starts what is not under way already.
    pub(crate) fn start(&mut self, key: K, task: impl Future<Output = ()> + Send + 'static) {
        if self.keys.insert(key.clone()) {
            self.tasks.spawn(async move {
                task.await;
                key
            });
        }
    }

    /// Waits until something has ended; for ever, while nothing is under way. Nothing is lost when it is dropped.
    pub(crate) async fn ended(&mut self) {
        let Some(first) = self.tasks.join_next().await else { return std::future::pending().await };
        let mut next = Some(first);
        while let Some(ended) = next {
            match ended {
                Ok(key) => {
                    self.keys.remove(&key);
                }
                // A fault of ours: what it was is not known, so all that is still under way is looked for again and
                // done twice.
                Err(error) => {
                    tracing::error!(%error, "{} ended early", self.what);
                    self.keys.clear();
                }
            }
            next = self.tasks.try_join_next();
        }
    }
}

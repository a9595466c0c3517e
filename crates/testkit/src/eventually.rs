//! Waiting for what comes to be by itself.

use std::time::Duration;
use tokio::time::Instant;

/// How long is waited for what must come to be.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// Waits until a look finds something, and gives that back.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

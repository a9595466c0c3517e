//! Ctrl-C: it ends a command that only reads at once, and an apply after the action that is under way.

use crate::print;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether requests that write are being sent.
static APPLYING: AtomicBool = AtomicBool::new(false);
/// Whether somebody wants the apply to stop.
static STOP: AtomicBool = AtomicBool::new(false);

/// The exit code of what a person cut off.
const INTERRUPTED: i32 = 130;

/// Listens from now on. A signal before or between writes ends the process: nothing is under way that could be lost.
pub(crate) fn listen() {
    tokio::spawn(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            let is_under_way = APPLYING.load(Ordering::SeqCst);
            if !is_under_way || STOP.swap(true, Ordering::SeqCst) {
                print::note("error: interrupted");
                std::process::exit(INTERRUPTED);
            }
            print::note("stopping after the action that is under way; Ctrl-C again ends at once");
        }
    });
}

/// An apply from here to the end of the value.
pub(crate) struct Applying {
    /// Whether it is to stop.
    pub(crate) stop: &'static AtomicBool,
}

impl Applying {
    pub(crate) fn begin() -> Self {
        APPLYING.store(true, Ordering::SeqCst);
        Self { stop: &STOP }
    }
}

impl Drop for Applying {
    fn drop(&mut self) {
        APPLYING.store(false, Ordering::SeqCst);
    }
}

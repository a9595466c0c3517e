//! A node: a data folder, its journal, the engine on it, and the thread of the writer loop.

use crate::data_folder::{DataFolder, FolderError, FolderLock};
use crate::outside::{SystemClock, SystemRandomness};
use std::sync::Arc;
use std::thread::JoinHandle;
use tenure_engine::{Clock, Engine, QUEUE_LENGTH, Randomness, ReadError, WriterLoop};
use tenure_journal::sqlite::WhenShorter;
use tenure_journal::{Journal, JournalError, SqliteJournal};

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What the journal holds cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The thread of the writer loop cannot be started.
    #[error("cannot start the writer's thread: {0}")]
    Thread(std::io::Error),
}

/// How a node is set up.
pub struct NodeOptions {
    /// What to do when the journal is older than its side file says.
    pub when_shorter: WhenShorter,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub randomness: Arc<dyn Randomness>,
    /// How many commands may wait; more are answered with "overloaded".
    pub queue_length: usize,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            when_shorter: WhenShorter::Refuse,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            queue_length: QUEUE_LENGTH,
        }
    }
}

/// A running node.
pub struct Node {
    /// The handle that faces use.
    pub engine: Engine,
    folder: DataFolder,
    writer: Option<JoinHandle<()>>,
    _lock: FolderLock,
}

impl Node {
    /// Opens the journal of a folder and starts the writer loop.
    pub async fn open(folder: DataFolder, options: NodeOptions) -> Result<Self, NodeError> {
        let NodeOptions { when_shorter, clock, randomness, queue_length } = options;
        let lock = folder.lock()?;
        let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(folder.path(), when_shorter)?);
        let (engine, writer) = Engine::open(journal, clock, randomness, queue_length).await?;
        let writer = Some(spawn(writer).map_err(NodeError::Thread)?);
        Ok(Self { engine, folder, writer, _lock: lock })
    }

    /// The node's folder.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Takes no further command, carries out those that wait, and closes the journal.
    pub async fn close(mut self) {
        self.engine.stop().await;
        if let Some(writer) = self.writer.take() {
            // The loop ends soon: it has at most its queue to carry out. A panic in it has ended the process.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

/// The writer has a thread of its own: it blocks on the disk, and nothing else may wait for that.
fn spawn(writer: WriterLoop) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name("writer".to_owned()).spawn(move || runtime.block_on(writer.run()))
}

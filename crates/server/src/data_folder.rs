//! The data folder: who may use it, and what lies where in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LOCK_FILE: &str = "lock";
const SOCKET: &str = "operator.sock";
/// The folder of mail in the data folder.
pub const OUTBOX: &str = "outbox";
const PAGE_KEY_FILE: &str = "page-token.key";
const LAST_USED_FILE: &str = "token-last-used.json";

/// How long the folder may be busy with a command that works on it directly before it counts as held.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process holds it.
    #[error("the data folder {} is held by {holder}; stop it first, or name another folder with --data", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
        /// Who holds it, such as "process 4711".
        holder: String,
    },
    /// The system refused something.
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl FolderError {
    fn of(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { what, path, error }
    }
}

/// A folder with a journal and what goes with it.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

/// The right to write in a folder; ends with this value or with the process.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl DataFolder {
    /// The folder at a path; made, for its owner alone, if it is not there.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let is_new = !path.exists();
        builder.recursive(true).create(path).map_err(FolderError::of("make", path))?;
        let path = path.canonicalize().map_err(FolderError::of("open", path))?;
        if is_new && let Some(parent) = path.parent() {
            let synced = File::open(parent).and_then(|parent| parent.sync_all());
            synced.map_err(FolderError::of("sync", parent))?;
        }
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the right to write here. Fails if somebody else has it and does not give it back soon.
    pub fn lock(&self) -> Result<FolderLock, FolderError> {
        let path = self.path.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(FolderError::of("open", &path))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => return Err(self.held(file)),
                Err(TryLockError::Error(error)) => return Err(FolderError::of("lock", &path)(error)),
            }
        }
        let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        noted.map_err(FolderError::of("write", &path))?;
        Ok(FolderLock { _file: file })
    }

    fn held(&self, mut lock: File) -> FolderError {
        let mut text = String::new();
        let pid: Option<u32> = lock.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
        let holder = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
        FolderError::Held { folder: self.path.clone(), holder }
    }

    /// The operator socket.
    pub fn socket(&self) -> PathBuf {
        self.path.join(SOCKET)
    }

    /// Where mail is written.
    pub fn outbox(&self) -> PathBuf {
        self.path.join(OUTBOX)
    }

    /// Where it is noted when each token was last used.
    pub(crate) fn last_used_file(&self) -> PathBuf {
        self.path.join(LAST_USED_FILE)
    }

    /// The key of page tokens; made from `random` the first time. Kept, so that a page token outlives a restart.
    pub(crate) fn page_key(&self, random: [u8; 32]) -> Result<[u8; 32], FolderError> {
        let path = self.path.join(PAGE_KEY_FILE);
        match std::fs::read(&path) {
            Ok(bytes) => {
                if let Ok(key) = bytes.try_into() {
                    return Ok(key);
                }
                tracing::warn!(path = %path.display(), "the key of page tokens is not whole; making a new one");
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FolderError::of("read", &path)(error)),
        }
        write_private(&path, &random, Durability::Synced).map_err(FolderError::of("write", &path))?;
        Ok(random)
    }
}

/// Whether a file must outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It must.
    Synced,
    /// Losing its latest form costs nothing.
    Lazy,
}

/// Writes a file that only the owner can read; it is whole at any moment.
pub(crate) fn write_private(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    if durability == Durability::Synced {
        file.sync_all()?;
    }
    std::fs::rename(draft, path)?;
    if durability == Durability::Synced
        && let Some(folder) = path.parent()
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

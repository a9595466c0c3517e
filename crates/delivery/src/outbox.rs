//! The outbox folder: mail as `.eml` files, each durable before it counts as sent.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A folder of `.eml` files.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// Opens the folder, or makes it, readable for its owner alone.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        if let Some(parent) = folder.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes a mail under a name; the same name again replaces it. It is whole at any moment, and durable after
    /// [`Outbox::sync`].
    pub fn put(&self, name: &str, mail: &[u8]) -> io::Result<()> {
        let draft = self.folder.join(format!(".{name}.draft"));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(mail)?;
        file.sync_all()?;
        fs::rename(&draft, self.folder.join(format!("{name}.eml")))
    }

    /// Makes the names of what was put durable.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

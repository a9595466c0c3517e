//! Where the tokens of profiles are kept: in the system's keyring where there is one (feature `keyring`), else each in a file
//! that only its owner can read.

use crate::failure::Failure;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tenure_client::Token;

/// Which of the tokens of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Rest,
    Scim,
}

impl Which {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Rest => "token",
            Self::Scim => "scim-token",
        }
    }
}

/// Where a token came to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Keyring,
    File,
}

impl Place {
    /// The place, in words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Keyring => "in the system's keyring",
            Self::File => "in a file that only you can read",
        }
    }
}

/// The tokens of all profiles.
pub(crate) struct TokenStore {
    folder: PathBuf,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Failure + '_ {
    move |error| Failure::new(format!("cannot use {}: {error}", path.display()))
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
    }
    let beside = path.with_extension("new");
    // One that is left from a crash may be readable by others.
    let _ = std::fs::remove_file(&beside);
    let file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(failed(path))
}

impl TokenStore {
    /// The store; files are in a folder, which is made with the first of them.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, profile: &str, which: Which) -> PathBuf {
        self.folder.join(format!("{profile}.{}", which.suffix()))
    }

    /// Keeps a token.
    pub(crate) fn keep(&self, profile: &str, which: Which, token: &Token) -> Result<Place, Failure> {
        if keyring::keep(&entry(profile, which), token.reveal()) {
            self.forget_file(profile, which)?;
            return Ok(Place::Keyring);
        }
        write_private(&self.path(profile, which), &format!("{}\n", token.reveal()))?;
        Ok(Place::File)
    }

    /// A token, if one is kept.
    pub(crate) fn read(&self, profile: &str, which: Which) -> Result<Option<Token>, Failure> {
        let path = self.path(profile, which);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => keyring::read(&entry(profile, which)),
            Err(error) => return Err(failed(&path)(error)),
        };
        let parsed = text.map(|text| Token::parse(&text)).transpose();
        parsed.map_err(|error| {
            Failure::new(format!("the token of profile {profile}: {error}; add the profile again"))
        })
    }

    /// Forgets a token, wherever it is.
    pub(crate) fn forget(&self, profile: &str, which: Which) -> Result<(), Failure> {
        keyring::forget(&entry(profile, which));
        self.forget_file(profile, which)
    }

    fn forget_file(&self, profile: &str, which: Which) -> Result<(), Failure> {
        let path = self.path(profile, which);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn entry(profile: &str, which: Which) -> String {
    format!("{profile}.{}", which.suffix())
}

/// The system's keyring. Where it is not there, or does not answer, files are what is left.
#[cfg(feature = "keyring")]
mod keyring {
    use keyring::Entry;

    const SERVICE: &str = "tenure";

    pub(super) fn keep(name: &str, text: &str) -> bool {
        Entry::new(SERVICE, name).and_then(|entry| entry.set_password(text)).is_ok()
    }

    pub(super) fn read(name: &str) -> Option<String> {
        Entry::new(SERVICE, name).and_then(|entry| entry.get_password()).ok()
    }

    pub(super) fn forget(name: &str) {
        // One that is not there is forgotten already.
        let _ = Entry::new(SERVICE, name).and_then(|entry| entry.delete_credential());
    }
}

/// Built without the feature `keyring`: there is none.
#[cfg(not(feature = "keyring"))]
mod keyring {
    pub(super) const fn keep(_: &str, _: &str) -> bool {
        false
    }

    pub(super) const fn read(_: &str) -> Option<String> {
        None
    }

    pub(super) const fn forget(_: &str) {}
}

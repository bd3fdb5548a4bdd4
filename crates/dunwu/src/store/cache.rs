//! Derived values kept beside the record, so that showing a run twice computes once.
//!
//! ```text
//! magic, 16 bytes │ key, 32 bytes │ BLAKE3 of the payload, 32 bytes │ payload (postcard)
//! ```
//!
//! The key is a hash of the caller's version, the run's id and every byte of the record. Anything that does not fit, for
//! whatever reason, reads as no cache.

use super::file::{self, FileError};
use super::record::Record;
use super::run_dir::RunDir;
use serde::{Serialize, de::DeserializeOwned};
use std::fs;
use std::path::PathBuf;

const MAGIC: &[u8; 16] = b"dunwu cache 1\n\0\0";

/// The derived values of one run at one state of its record.
#[derive(Clone, Debug)]
pub struct Cache {
    path: PathBuf,
    key: [u8; 32],
}

/// Why derived values could not be kept; nothing is lost but time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// They have no binary form.
    #[error("cannot encode derived values")]
    Encode {
        /// Why.
        #[from]
        source: postcard::Error,
    },
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Cache {
    /// The cache of the run in `dir` as `record` tells it. `version` names everything else that the values depend on: the
    /// type that is kept and the code that computes it. Change it with either.
    pub fn of(dir: &RunDir, record: &Record, version: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [version.as_bytes(), record.header.id.as_str().as_bytes(), record.hash.as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        Self { path: dir.path().join("series.cache"), key: *hasher.finalize().as_bytes() }
    }

    /// The values kept for this version of this record, if there are any.
    pub fn load<T: DeserializeOwned>(&self) -> Option<T> {
        let bytes = fs::read(&self.path).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&self.key)?;
        let (hash, payload) = rest.split_first_chunk::<32>()?;
        if blake3::hash(payload).as_bytes() != hash {
            return None;
        }
        let (values, unread) = postcard::take_from_bytes(payload).ok()?;
        unread.is_empty().then_some(values)
    }

    /// Keeps `values`, in place of whatever was kept before.
    pub fn store<T: Serialize>(&self, values: &T) -> Result<(), CacheError> {
        let payload = postcard::to_stdvec(values)?;
        let hash = blake3::hash(&payload);
        let bytes = [MAGIC.as_slice(), &self.key, hash.as_bytes(), &payload].concat();
        Ok(file::replace(&self.path, &bytes, "keeping derived values")?)
    }
}

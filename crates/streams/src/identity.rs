//! What makes two streams the same one.

use super::error::StreamError;
use super::policies::AppliedPolicy;
use dunwu::store::RunId;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// The newest format of a stream's folder.
const FORMAT: u32 = 1;

/// All that the numbers of a stream depend on, but for how far it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Format of everything in the folder.
    format: u32,
    /// BLAKE3 of the model's bytes, in hexadecimal.
    pub model: String,
    /// Where the texts are, in the order in which they are read.
    pub texts: Vec<String>,
    /// The policies, sorted; this is the order of everything in the folder.
    pub policies: Vec<String>,
    /// How it is read.
    pub setting: Setting,
}

/// How a text is read, but for the policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The token that the sequence begins with.
    pub begin: Option<u32>,
    /// Tokens of a segment.
    pub segment: NonZeroU64,
    /// How cached numbers are written.
    pub cache: String,
    /// Tokens of the text that are passed over.
    pub from: u64,
}

impl Identity {
    /// Of a stream over these texts, whose paths are made absolute, so that the stream is found from everywhere.
    pub fn new(
        model: String,
        texts: &[PathBuf],
        mut policies: Vec<String>,
        setting: Setting,
    ) -> Result<Self, StreamError> {
        let absolute = |path: &PathBuf| match fs::canonicalize(path) {
            Ok(absolute) => Ok(absolute.to_string_lossy().into_owned()),
            Err(source) => Err(StreamError::Text { path: path.clone(), source }),
        };
        let texts = texts.iter().map(absolute).collect::<Result<_, _>>()?;
        policies.sort();
        Ok(Self { format: FORMAT, model, texts, policies, setting })
    }

    /// The stream's name.
    pub fn id(&self) -> RunId {
        RunId::of(&self.text())
    }

    /// Where a policy stands among the stream's policies.
    pub(super) fn index_of(&self, policy: &AppliedPolicy) -> usize {
        let place = self.policies.iter().position(|name| *name == policy.identity);
        place.expect("a stream has all policies that were asked for")
    }

    /// As it is kept, or what is wrong with that.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Begun {
            format: u32,
        }
        let Begun { format } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if format != FORMAT {
            return Err(format!("it has format {format}, and this build reads format {FORMAT}"));
        }
        serde_json::from_slice(text).map_err(|error| error.to_string())
    }

    /// As it is hashed and kept.
    pub(super) fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("an identity is plain text and numbers") + "\n"
    }
}

/// BLAKE3 of a model: of its file, or of the names and bytes of all files of its folder that weights or tokens are read from.
/// `progress` hears how many bytes of how many are read.
pub fn hash_of_model(path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<String, StreamError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StreamError::Model { path, source }
    };
    let files = files(path).map_err(failed(path))?;
    let sizes = files.iter().map(|file| fs::metadata(file).map(|kind| kind.len())).collect::<io::Result<Vec<_>>>();
    let all = sizes.map_err(failed(path))?.iter().sum();
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    for file in &files {
        if file != path {
            hasher.update(file.file_name().unwrap_or_default().as_encoded_bytes()).update(&[0]);
        }
        let mut opened = File::open(file).map_err(failed(file))?;
        loop {
            let n = opened.read(&mut buffer).map_err(failed(file))?;
            if n == 0 {
                break;
            }
            hasher.update(&buffer[..n]);
            done += n as u64;
            progress(done, all);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The files of a model, in a fixed order.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let is_part = path.extension().is_some_and(|extension| extension == "safetensors" || extension == "json");
        if is_part && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(policies: &[&str], edit: impl Fn(&mut Setting)) -> Identity {
        let mut setting =
            Setting { begin: Some(0), segment: NonZeroU64::new(2048).unwrap(), cache: "f16".to_owned(), from: 0 };
        edit(&mut setting);
        let policies = policies.iter().map(|&name| name.to_owned()).collect();
        Identity::new("model".to_owned(), &[PathBuf::from(".")], policies, setting).unwrap()
    }

    #[test]
    fn the_order_of_policies_is_no_part_of_a_streams_name_and_everything_else_is() {
        let both = ["full", "window:8"];
        let first = identity(&both, |_| {});
        assert_eq!(first.id(), identity(&["window:8", "full"], |_| {}).id());
        let others = [
            identity(&["full"], |_| {}),
            identity(&both, |setting| setting.begin = None),
            identity(&both, |setting| setting.segment = NonZeroU64::MIN),
            identity(&both, |setting| setting.cache = "f32".to_owned()),
            identity(&both, |setting| setting.from = 1),
            Identity { model: "other".to_owned(), ..first.clone() },
            Identity { texts: vec!["/else".to_owned()], ..first.clone() },
        ];
        let mut ids: Vec<_> = others.iter().chain([&first]).map(Identity::id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), others.len() + 1);
    }

    #[test]
    fn a_model_is_hashed_as_a_file_or_as_the_parts_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        fs::write(&file, "abc").unwrap();
        let mut heard = Vec::new();
        let of_file = hash_of_model(&file, &mut |done, all| heard.push((done, all))).unwrap();
        assert_eq!((of_file, heard), (blake3::hash(b"abc").to_hex().to_string(), vec![(3, 3)]));
        let hash = || hash_of_model(folder.path(), &mut |_, _| {}).unwrap();
        let one = hash();
        fs::write(folder.path().join("README.md"), "about").unwrap();
        assert_eq!(hash(), one, "what is no part of the model does not count");
        fs::write(folder.path().join("b.safetensors"), "").unwrap();
        assert_ne!(hash(), one);
        let missing = hash_of_model(Path::new("nowhere.gguf"), &mut |_, _| {}).unwrap_err();
        assert!(missing.to_string().contains("nowhere.gguf"), "{missing}");
    }
}

//! A stream's folder: the segments that it has read, and the checkpoint to go on from.

use super::checkpoint::{self, Checkpoint};
use super::error::StreamError;
use super::identity::Identity;
use dunwu::store::RunId;
use dunwu::store::disk;
use dunwu::store::entry::Number;
use dunwu::store::file::{self, FileError, While as _};
use dunwu::store::lock::RunLock;
use dunwu::store::log::Log;
use dunwu::store::sealed_line::{open_line, seal_line};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder of a stream that this process reads; others are kept out until it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    id: RunId,
    n_lanes: usize,
    log: Log,
    _lock: RunLock,
}

/// A stream's folder, and what it holds.
#[derive(Debug)]
pub struct Opened {
    /// To keep what is read from here on.
    pub folder: Folder,
    /// Where to go on from; `None` means from the start.
    pub checkpoint: Option<Checkpoint>,
    /// Segments up to there.
    pub segments: Vec<SegmentLine>,
    /// Why the checkpoint that there is cannot be used, where it cannot.
    pub refused: Option<String>,
}

/// One segment under every policy, in the order of the stream's policies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentLine {
    /// Tokens up to its end.
    pub to: u64,
    /// Σ −ln p of its tokens.
    pub nats: Vec<f64>,
    /// Milliseconds a token, the median over its chunks.
    pub milliseconds: Vec<f64>,
    /// Bytes of the cache at its end.
    pub bytes: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSegment {
    to: u64,
    nats: Vec<Number>,
    milliseconds: Vec<Number>,
    bytes: Vec<u64>,
}

impl Folder {
    /// Opens or makes the folder of a stream among `runs`; `restart` forgets what was read.
    pub fn open(runs: &Path, identity: &Identity, restart: bool) -> Result<Opened, StreamError> {
        let id = identity.id();
        let path = runs.join("streams").join(id.as_str());
        disk::make_folder(&path).or_while("making the folder of a stream", &path)?;
        let lock = lock(&path)?;
        file::remove_temp_files(&path)?;
        let about = path.join("stream.json");
        if !about.is_file() {
            file::replace(&about, identity.text().as_bytes(), "writing what a stream is")?;
        }
        if restart {
            remove(&checkpoint_of(&path))?;
        }
        let n_lanes = identity.policies.len();
        let (checkpoint, refused) = match usable(&path, &id, n_lanes)? {
            Ok(found) => (found, None),
            Err(why) => (None, Some(why)),
        };
        let (log_bytes, checkpoint) = checkpoint.map_or((0, None), |(bytes, checkpoint)| (bytes, Some(checkpoint)));
        let log_path = log_of(&path);
        if !log_path.is_file() {
            file::replace(&log_path, b"", "beginning the log of a stream")?;
        }
        let segments = read_log(&log_path, log_bytes, n_lanes)?;
        let log = Log::open(&log_path, log_bytes)?;
        Ok(Opened { folder: Self { path, id, n_lanes, log, _lock: lock }, checkpoint, segments, refused })
    }

    /// Forgets what was read, for a checkpoint that turned out not to fit.
    pub fn forget(&mut self) -> Result<(), StreamError> {
        remove(&checkpoint_of(&self.path))?;
        self.log = Log::open(&log_of(&self.path), 0)?;
        Ok(())
    }

    /// Keeps a segment. It counts once a checkpoint follows it.
    pub fn append(&mut self, segment: &SegmentLine) -> Result<(), StreamError> {
        let numbers = |values: &[f64]| values.iter().map(|&value| Number(value)).collect();
        let stored = StoredSegment {
            to: segment.to,
            nats: numbers(&segment.nats),
            milliseconds: numbers(&segment.milliseconds),
            bytes: segment.bytes.clone(),
        };
        let object = serde_json::to_string(&stored).expect("a segment is numbers");
        Ok(self.log.append(&seal_line(&object, ""))?)
    }

    /// Replaces the checkpoint: the segments are synced before, so that a stream never goes on from beyond its log.
    pub fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StreamError> {
        assert_eq!(checkpoint.lanes.len(), self.n_lanes, "a checkpoint holds every policy of its stream");
        self.log.sync()?;
        let bytes = checkpoint::encode(self.id.as_str(), self.log.n_bytes(), checkpoint);
        Ok(file::replace(&checkpoint_of(&self.path), &bytes, "saving the checkpoint")?)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn lock(path: &Path) -> Result<RunLock, StreamError> {
    match RunLock::try_take(path)? {
        Ok(lock) => Ok(lock),
        Err(reader) => Err(StreamError::BeingRead { reader, path: path.to_owned() }),
    }
}

fn checkpoint_of(path: &Path) -> PathBuf {
    path.join("checkpoint.safetensors")
}

fn log_of(path: &Path) -> PathBuf {
    path.join("segments.jsonl")
}

fn remove(path: &Path) -> Result<(), FileError> {
    match disk::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e).or_while("removing a checkpoint", path),
        _ => Ok(()),
    }
}

/// The checkpoint with the bytes that the log had, `Ok(None)` where none was saved, or why it cannot be used.
type Usable = Result<Option<(u64, Checkpoint)>, String>;

fn usable(path: &Path, id: &RunId, n_lanes: usize) -> Result<Usable, FileError> {
    let file = checkpoint_of(path);
    let bytes = match fs::read(&file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Ok(None)),
        read => read.or_while("reading the checkpoint", &file)?,
    };
    let held = fs::metadata(log_of(path)).map_or(0, |kind| kind.len());
    let decoded = checkpoint::decode(id.as_str(), n_lanes, &bytes);
    Ok(decoded.and_then(|(log_bytes, checkpoint)| {
        if log_bytes > held {
            return Err(format!("the log of segments had {log_bytes} bytes when it was saved and has {held}"));
        }
        Ok(Some((log_bytes, checkpoint)))
    }))
}

/// All segments that a stream's folder holds in whole lines, those after its last checkpoint included. A process that reads the stream
/// may add more in the meantime.
pub(super) fn read_whole_lines(folder: &Path, n_lanes: usize) -> Result<Vec<SegmentLine>, StreamError> {
    let path = log_of(folder);
    let text = match fs::read(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
        read => read.or_while("reading the log of a stream", &path)?,
    };
    let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    segments_of(&text[..end], &path, n_lanes)
}

/// Segments in the first bytes of the log.
fn read_log(path: &Path, bytes: u64, n_lanes: usize) -> Result<Vec<SegmentLine>, StreamError> {
    let text = fs::read(path).or_while("reading the log of a stream", path)?;
    segments_of(&text[..text.len().min(bytes as usize)], path, n_lanes)
}

fn segments_of(whole: &[u8], path: &Path, n_lanes: usize) -> Result<Vec<SegmentLine>, StreamError> {
    let mut segments: Vec<SegmentLine> = Vec::new();
    for (index, line) in whole.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let damaged = |why: String| StreamError::DamagedLine { line: index + 1, why, path: path.to_owned() };
        let (object, _) = open_line(line, "").map_err(damaged)?;
        let stored: StoredSegment = serde_json::from_slice(&object).map_err(|error| damaged(error.to_string()))?;
        let is_whole = [stored.nats.len(), stored.milliseconds.len(), stored.bytes.len()] == [n_lanes; 3];
        if !is_whole || segments.last().is_some_and(|last| last.to >= stored.to) {
            return Err(damaged("it does not follow the line before".to_owned()));
        }
        let values = |numbers: Vec<Number>| numbers.into_iter().map(|number| number.0).collect();
        segments.push(SegmentLine {
            to: stored.to,
            nats: values(stored.nats),
            milliseconds: values(stored.milliseconds),
            bytes: stored.bytes,
        });
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::tests::checkpoint;
    use super::super::identity::Setting;
    use super::*;
    use std::io::Write as _;
    use std::num::NonZeroU64;
    use tempfile::TempDir;

    fn identity() -> Identity {
        let setting = Setting { begin: None, segment: NonZeroU64::new(10).unwrap(), cache: "f16".to_owned(), from: 0 };
        let policies = vec!["full".to_owned(), "window:8".to_owned()];
        Identity::new("model".to_owned(), &[PathBuf::from(".")], policies, setting).unwrap()
    }

    fn segment(to: u64) -> SegmentLine {
        let x = to as f64;
        SegmentLine { to, nats: vec![x.exp(), f64::NAN], milliseconds: vec![0.1 * x, 1.0 / 3.0], bytes: vec![to, 7] }
    }

    fn open(runs: &TempDir) -> Opened {
        Folder::open(runs.path(), &identity(), false).unwrap()
    }

    /// Two segments, a checkpoint, and a third segment after it.
    fn written() -> TempDir {
        let runs = tempfile::tempdir().unwrap();
        let mut opened = open(&runs);
        assert!(opened.checkpoint.is_none() && opened.segments.is_empty() && opened.refused.is_none());
        opened.folder.append(&segment(10)).unwrap();
        opened.folder.append(&segment(20)).unwrap();
        opened.folder.save(&checkpoint(23, 1.5, &[1, 2])).unwrap();
        opened.folder.append(&segment(30)).unwrap();
        runs
    }

    fn assert_goes_on(runs: &TempDir) {
        let opened = open(runs);
        assert_eq!(opened.checkpoint, Some(checkpoint(23, 1.5, &[1, 2])));
        assert_eq!(format!("{:?}", opened.segments), format!("{:?}", [segment(10), segment(20)]));
        let text = fs::read_to_string(log_of(opened.folder.path())).unwrap();
        assert_eq!(text.lines().count(), 2, "what follows the checkpoint is cut");
    }

    fn path(runs: &TempDir) -> PathBuf {
        runs.path().join("streams").join(identity().id().as_str())
    }

    #[test]
    fn a_stream_goes_on_from_its_checkpoint_and_what_follows_it_is_cut() {
        assert_goes_on(&written());
    }

    #[test]
    fn a_torn_line_and_a_half_written_file_are_cleared_away() {
        let runs = written();
        let mut log = fs::OpenOptions::new().append(true).open(log_of(&path(&runs))).unwrap();
        log.write_all(b"{\"to\":4").unwrap();
        // Of a process that is no more: none has so large a number.
        let half = path(&runs).join(".checkpoint.safetensors.4294967295-2.tmp");
        fs::write(&half, "half").unwrap();
        assert_goes_on(&runs);
        assert!(!half.exists());
    }

    #[test]
    fn a_checkpoint_that_cannot_be_used_means_beginning_again_and_says_why() {
        for (break_it, why) in [
            ((|path| fs::write(checkpoint_of(path), "nonsense").unwrap()) as fn(&Path), ""),
            (|path| fs::write(log_of(path), "{}\n").unwrap(), "bytes when it was saved"),
            (|path| fs::remove_file(log_of(path)).unwrap(), "and has 0"),
        ] {
            let runs = written();
            break_it(&path(&runs));
            let opened = open(&runs);
            assert!(opened.checkpoint.is_none() && opened.segments.is_empty());
            assert!(opened.refused.unwrap().contains(why));
        }
    }

    #[test]
    fn a_damaged_line_before_the_checkpoint_is_refused_with_its_number() {
        let runs = written();
        let text = fs::read_to_string(log_of(&path(&runs))).unwrap();
        fs::write(log_of(&path(&runs)), text.replace("\"to\":20", "\"to\":05")).unwrap();
        let error = Folder::open(runs.path(), &identity(), false).unwrap_err().to_string();
        assert!(error.contains("line 2 is damaged") && error.contains("--restart"), "{error}");
        let again = Folder::open(runs.path(), &identity(), true).unwrap();
        assert!(again.checkpoint.is_none() && again.segments.is_empty());
    }

    #[test]
    fn a_stream_belongs_to_one_process() {
        let runs = written();
        let held = open(&runs);
        let error = Folder::open(runs.path(), &identity(), false).unwrap_err();
        assert!(matches!(error, StreamError::BeingRead { .. }), "{error}");
        drop(held);
        open(&runs);
    }
}

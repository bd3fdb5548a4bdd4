//! Language models read and asked: the verbs `attend`, `stream` and `passkey`. The only place where the store and attention meet.
//!
//! ```text
//! AttendRequest  ─▶ attend  ─▶ Attended    what each head looks at while a text is read with all keys kept
//! HeadRequest    ─▶ attend_head ─▶ AttendedHead  what one head looks at, query by query
//! PasskeyRequest ─▶ passkey ─▶ PasskeyRun  which keys that were hidden in a text a model still knows under each cache policy
//! StreamRequest  ─▶ stream  ─▶ Reading     a long text under several cache policies, kept on disk so that nothing is lost
//! ```
//!
//! A request says what is wrong with it before a model is loaded:
//!
//! ```
//! use dunwu_streams::StreamRequest;
//!
//! let mut request = StreamRequest::new("model.gguf", vec!["novel.txt".into()], "runs");
//! assert!(request.check().is_ok());
//! request.policies.push("sinks:4+1020".to_owned());
//! assert!(request.check().is_err(), "a policy is given twice");
//! ```
//!
//! A stream is a folder under `streams` in the folder of runs:
//!
//! | File | Written | Survives |
//! |---|---|---|
//! | `stream.json` | once: what identifies the stream | everything; never rewritten |
//! | `segments.jsonl` | a line a segment that became whole, all policies in it; only ever appended to | `kill -9`: what follows the last checkpoint is cut and read again |
//! | `checkpoint.safetensors` | replaced atomically, after the segments are synced: place in the text, sums, every policy's cache | `kill -9`, power loss |
//! | `lock` | held by the one process that reads, and released by the system when that process ends | nothing needs it to |
//!
//! The folder's name is the hash of the model's bytes, the texts' paths, the policies, the first token, the length of a segment, the
//! precision of the cache and the token of the text that it begins with. How many tokens are read, in what chunks and on how many
//! threads is not part of it: more tokens go on from what is there.
//!
//! `dunwu_attention` computes; requests, progress and files are here. What was read becomes sentences and figures in `dunwu-report`.

mod attend;
mod attend_head;
mod checkpoint;
mod course;
mod error;
mod folder;
mod identity;
pub mod language_model;
mod listed;
mod pace;
mod passkey;
mod policies;
mod stream;
mod text;
mod underway;

pub use attend::{AssignRequest, AttendRequest, Attended, BeginToken, WrittenAssignment, attend};
pub use attend_head::{AttendedHead, HeadPlace, HeadRequest, attend_head};
pub use checkpoint::{Checkpoint, SavedLane};
pub use course::{Course, Part, PlacePart, Reading};
pub use error::StreamError;
pub use folder::{Folder, Opened, SegmentLine};
pub use identity::{Identity, Setting, hash_of_model};
pub use language_model::{LanguageModel, ReadingError};
pub use listed::{ListedCourse, ListedStream};
pub use pace::{ENOUGH, Pace, WINDOW};
pub use passkey::{PasskeyRequest, PasskeyRun, passkey};
pub use policies::AppliedPolicy;
pub use stream::{StreamRequest, stream};
pub use text::{Place, Seen, Text};

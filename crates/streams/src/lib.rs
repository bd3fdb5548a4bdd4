//! Long texts read by a language model under several cache policies, kept so that nothing is lost: one folder a stream under
//! `streams` in the folder of runs.
//!
//! | File | Written | Survives |
//! |---|---|---|
//! | `stream.json` | once: what identifies the stream | everything; never rewritten |
//! | `segments.jsonl` | a line a segment that became whole, all policies in it; only ever appended to | `kill -9`: what follows the last checkpoint is cut and read again |
//! | `checkpoint.safetensors` | replaced atomically, after the segments are synced: place in the text, sums, every policy's cache | `kill -9`, power loss |
//! | `lock` | held by the one process that reads; the system lets go of it when that process ends | nothing needs it to |
//!
//! The folder's name is the hash of the model's bytes, the texts' paths, the policies, the first token, the length of a segment, the
//! precision of the cache and the token of the text that it begins with. How many tokens are read, in what chunks and on how many
//! threads is not part of it: more tokens go on from what is there.
//!
//! Nothing here computes: [`dunwu_attention::streaming`] does. What was read becomes sentences and figures in `dunwu-report`.

mod checkpoint;
mod course;
mod error;
mod folder;
mod identity;
mod pace;
mod text;

pub use checkpoint::{Checkpoint, SavedLane};
pub use course::{Course, Part, Reading};
pub use error::StreamError;
pub use folder::{Folder, Opened, SegmentLine};
pub use identity::{Identity, Setting, hash_of_model};
pub use pace::{ENOUGH, Pace, WINDOW};
pub use text::{Place, Seen, Text};

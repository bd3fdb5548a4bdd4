//! The run directory of a foreign run: the same files as of our own, without a spec.
//!
//! | File | Written | Survives |
//! |---|---|---|
//! | `record.jsonl` | a line at a time, only ever appended to | `kill -9`: the torn tail is cut at the last whole line; a power loss takes the last seconds at most |
//! | `snapshots/0000000138.safetensors` | whole and synced before its line in the record | `kill -9`, power loss |
//! | `lock`, `remarks.json` | as in our own runs | as in our own runs |
//!
//! The record's first line is `{"format":2,"foreign":1,"dunwu":"0.1.0","id":"…","name":"…","known":{…},"beginning":{…},"check":"…"}`;
//! [`identify`] says what the id is the hash of. Each further line is one object with a `kind`:
//!
//! | Kind | Holds |
//! |---|---|
//! | `scalars` | `step`, and `values` by name; NaN and infinite ones are the strings `"NaN"`, `"inf"`, `"-inf"` |
//! | `units` | `step`, `layer`, `series`, `n`, and `f32`: n numbers, little-endian, as base 64 |
//! | `snapshot` | `step`, `file`, `blake3`, as in our own records |
//! | `mark` | `step`, `text` |
//! | `known` | `values` that became known, by key |
//! | `resumed` | a writer took the run in hand again; what was recorded at step `at` and later counts no more, where one is named |
//! | `finished` | `how` (finished, failed, stopped, imported), the last `step`, `seconds`; only `resumed` may follow |
//!
//! Every line ends with a checksum that chains it to the line before, as in our own records. Steps of one series ascend.

mod base64;
mod entry;
mod error;
mod header;
mod name;
mod positions;
mod record;
mod snapshot;
mod tables;
mod writer;

pub use base64::{decode_bytes, encode_bytes};
pub use entry::{ForeignEnd, ForeignFinished, ForeignMark, Number};
pub use error::ForeignError;
pub use header::{Beginning, FOREIGN_FORMAT, ForeignHeader, Known, identify, known_from_json};
pub use record::{ForeignRecord, ForeignRow, UnitsEntry};
pub use snapshot::ForeignTensor;
pub use tables::{table_of_series, tables};
pub use writer::{ForeignWriter, MOST_TEXT, MOST_UNITS};

#[cfg(all(test, debug_assertions))]
mod crashes;
#[cfg(test)]
mod faults;

//! The run directory: one directory a run, one run one fault domain.
//!
//! | File | Written | Survives |
//! |---|---|---|
//! | `spec.toml` | once, before the record exists | everything; never rewritten |
//! | `inputs/NAME` | once: copies of the files that the spec refers to | everything; resuming needs nothing outside |
//! | `record.jsonl` | a line at a time, only ever appended to | `kill -9`: the torn tail is cut at the last whole line |
//! | `snapshots/0000000138.safetensors` | whole and synced before its line in the record | `kill -9`, power loss |
//! | `checkpoint.safetensors` | replaced atomically, after the record is synced; at the end the one of the last step stays, for a run of more steps | `kill -9`, power loss |
//! | `lock` | held by the one process that writes, which says there who it is; the system releases it when that process ends | nothing needs it to |
//! | `remarks.json` | whenever somebody tags the run or writes a note, replaced atomically | everything; identifies nothing |
//! | `*.parquet`, `*.csv` | at the end, each replaced atomically | derived: delete and write again |
//! | `series.cache` | whenever derived values were computed | derived: anything unexpected in it means computing again |
//!
//! The directory is named `ID-name`: [`RunId`] is the hash of what identifies the run, `name` is for people. A directory
//! without `record.jsonl` is not yet a run: the record appears last, in one piece, with its header line.
//!
//! The record's first line is `{"format":2,"dunwu":"0.1.0","kernel":"…","id":"…","settings":{…},"inputs":{…},"check":"…"}`, and
//! each further line one object with a `kind`: `scalars`, `snapshot`, `parent`, `resumed` or `finished`. Numbers are decimal and read back
//! to the same bits; those that are not finite are the strings `"NaN"`, `"inf"`, `"-inf"`, and `null` says that there is no such
//! quantity. Each line ends with a checksum over itself and the line before ([`seal_line`]), so that an edited, missing or moved
//! line is named; a torn last line is cut.
//!
//! The id is the hash of the spec and its inputs. Whoever opens a run reads its spec through [`RecordedSpec`], which names what
//! was changed since.
//!
//! What is on disk has its own types, apart from the engine's; another format is refused by name with what to do.
//! Nothing here computes a measure: [`crate::measure`] does, from what [`Record`] returns.

mod cache;
pub mod checkpoint;
pub mod disk;
mod earlier;
pub mod entry;
pub mod error;
pub mod file;
mod id;
mod listing;
pub mod lock;
pub mod log;
mod output;
mod record;
mod recorded_spec;
mod remarks;
mod removal;
mod run_dir;
pub mod sealed_line;
pub mod snapshot;
mod table;
mod table_reader;
mod writer;

pub use cache::{Cache, CacheError};
pub use earlier::{EarlierRun, earlier_run};
pub use entry::{FORMAT, Finished, Header, ParentEntry, SnapshotEntry, StoredOutcome};
pub use error::{StoreError, WithoutRecord};
pub use file::{FileError, replace};
pub use id::{NotAnId, RunId, slug};
pub use listing::{
    LIST_KEYS, LastEvaluation, ListRequest, ListedKind, ListedRun, RunList, RunStanding, STANDINGS, list_runs,
};
pub use lock::WritingProcess;
pub use output::{OutputError, OutputFile, OutputFolder};
pub use record::Record;
pub use recorded_spec::RecordedSpec;
pub use remarks::{NotATag, Remarks, tag};
pub use removal::{bytes_below, remove};
pub use run_dir::{NewRun, RunDir, RunState};
pub use sealed_line::seal_line;
pub use table::{Column, Table, TableError};
pub use table_reader::read_table;
pub use writer::{Resumed, RunWriter};

#[cfg(all(test, debug_assertions))]
mod crashes;
#[cfg(test)]
mod faults;

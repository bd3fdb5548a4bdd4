//! What a run recorded, as other programs read it: event files of `TensorBoard`, and JSON lines.
//!
//! ```text
//! a run of our own │ of another program ─▶ Logged, line by line ─▶ event file, which grows as the record does
//!                                       └─▶ Series ─▶ one JSON object a step
//! ```

mod events;
mod json_lines;
mod logged;
mod tensorboard;

pub use events::{event_file, histogram};
pub use json_lines::json_lines;
pub use logged::{Logged, LoggedRun};
pub use tensorboard::{EventFile, follow, write};

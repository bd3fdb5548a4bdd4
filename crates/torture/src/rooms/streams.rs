//! `dunwu stream`, on a tiny model that knows nothing.

use super::{Command, Kept, Room, files_below, temporary_files, whole_lines};
use crate::tiny::tiny;
use dunwu::store::snapshot::from_safetensors;
use dunwu_attention_fixtures::Format;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const STREAM: Room = Room {
    name: "stream",
    prepare: |folder| {
        let lines: Vec<String> =
            (0..100).map(|i| format!("the {} and 你 of {} to {i}\n", i * i % 89, i * 7 % 23)).collect();
        let written = tiny().write_gguf(&folder.join("tiny.gguf"), Format::F32, 5);
        written.and_then(|()| fs::write(folder.join("text.txt"), lines.concat())).map_err(|error| error.to_string())
    },
    commands: &[
        Command {
            words: "stream tiny.gguf text.txt --policy full --policy sinks:2+14 --tokens 600 --segment 50 --chunk 5 --threads 1 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: true,
        },
        Command {
            words: "stream tiny.gguf text.txt --policy sinks:2+14 --policy full --tokens 600 --segment 50 --chunk 16 --threads 2 --quiet --checkpoint-every 0",
            goes_on_only: false,
            gives_result: true,
        },
    ],
    result,
    kept,
    turned_away: "being read by process",
    leftovers: temporary_files,
    any_part_is_lost: true,
};

fn log(folder: &Path) -> Option<PathBuf> {
    files_below(&folder.join("runs/streams")).into_iter().find(|path| path.ends_with("segments.jsonl"))
}

/// Each segment without what clocks say.
fn result(folder: &Path) -> Result<Vec<String>, String> {
    let log = log(folder).ok_or("there is no log of segments")?;
    whole_lines(&log)
        .iter()
        .map(|line| {
            let mut segment: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
            let object = segment.as_object_mut().ok_or("a line is no object")?;
            object.remove("milliseconds");
            object.remove("check");
            Ok(segment.to_string())
        })
        .collect()
}

/// Where its checkpoint stands. Segments count once a checkpoint follows them.
fn kept(folder: &Path) -> Result<Kept, String> {
    let Some(log) = log(folder) else { return Ok(Kept::default()) };
    let Ok(bytes) = fs::read(log.with_file_name("checkpoint.safetensors")) else { return Ok(Kept::default()) };
    let (metadata, _) = from_safetensors::<Value>(&bytes).map_err(|error| format!("the checkpoint: {error}"))?;
    Ok(Kept { checkpoint: metadata["lanes"][0]["tokens"].as_u64(), ..Kept::default() })
}

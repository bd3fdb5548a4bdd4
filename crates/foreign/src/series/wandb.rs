//! The offline file of Weights & Biases: `run-ID.wandb`.
//!
//! ```text
//! file   = ":W&B", 0xbee1: u16, version 0: u8, then blocks of 32,768 bytes, the first with these seven      (little endian)
//! piece  = CRC-32 of kind and data: u32, length: u16, kind: u8 (1 whole, 2 first, 3 middle, 4 last), data; never across blocks
//! data   = Record { 2: HistoryRecord { 1: HistoryItem { 1: key, 2: nested key …, 16: value as JSON }, 2: HistoryStep { 1: step } },
//!                   5: ConfigRecord { 1: ConfigItem { 1: key, 2: nested key …, 16: value as JSON } },
//!                   17: RunRecord { 4: ConfigRecord, 8: name } }
//! ```
//!
//! Source: `wandb/sdk/internal/datastore.py`, `wandb/proto/wandb_internal.proto`. What a living or killed run has left unwritten at the end
//! is left out; what is damaged before that is refused. Names that begin with `_` are the program's own.

use super::checksum::crc32;
use super::protobuf::{Field, fields, messages};
use super::read::{Collected, Fault};
use crate::run::known_from_json;
use serde_json::Value;

const HEADER: &[u8] = b":W&B\xe1\xbe\x00";
const BLOCK: usize = 32_768;
const HEAD: usize = 7;

/// Every number that was logged.
pub(super) fn read(bytes: &[u8]) -> Result<Collected, Fault> {
    if !bytes.starts_with(HEADER) {
        let why = "no offline file of Weights & Biases of the version that is read (0)".to_owned();
        return Err(Fault { why, place: "byte 0".to_owned() });
    }
    let mut collected = Collected::default();
    let mut whole = Vec::new();
    let mut at = HEADER.len();
    while at < bytes.len() {
        let left = BLOCK - at % BLOCK;
        if left < HEAD {
            at += left;
            continue;
        }
        let fault = |why: &str| Fault { why: why.to_owned(), place: format!("byte {at}") };
        let Some((head, rest)) = bytes[at..].split_at_checked(HEAD) else { break };
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        if length > left - HEAD {
            return Err(fault("a damaged file: a piece is longer than its block"));
        }
        let Some(data) = rest.get(..length) else { break };
        let checksum = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        if crc32(&[&head[6..], data].concat()) != checksum {
            return Err(fault("a damaged piece: its data do not fit their checksum"));
        }
        if matches!(head[6], 1 | 2) {
            whole.clear();
        }
        whole.extend_from_slice(data);
        if matches!(head[6], 1 | 4) {
            record(&whole, &mut collected).ok_or_else(|| fault("a record that is none"))?;
        }
        at += HEAD + length;
    }
    Ok(collected)
}

/// Collects the numbers of a Record; `None` where it is none.
fn record(data: &[u8], collected: &mut Collected) -> Option<()> {
    let record = fields(data)?;
    for config in messages(&record, 5) {
        configuration(config, collected)?;
    }
    for run in messages(&record, 17) {
        let run = fields(run)?;
        for config in messages(&run, 4) {
            configuration(config, collected)?;
        }
        if let Some(name) = messages(&run, 8).last().filter(|name| !name.is_empty()) {
            collected.name = Some(std::str::from_utf8(name).ok()?.to_owned());
        }
    }
    for history in messages(&record, 2) {
        let history = fields(history)?;
        let mut items = Vec::new();
        for item in messages(&history, 1) {
            let item = fields(item)?;
            let mut name = Vec::new();
            for part in messages(&item, 1).chain(messages(&item, 2)).filter(|part| !part.is_empty()) {
                name.push(std::str::from_utf8(part).ok()?);
            }
            let value = messages(&item, 16).last().and_then(|text| number(std::str::from_utf8(text).ok()?));
            items.extend(value.map(|value| (name.join("."), value)));
        }
        let named = items.iter().find(|item| item.0 == "_step").map(|item| item.1);
        let step = match messages(&history, 2).last() {
            Some(step) => fields(step)?.iter().find_map(|field| match field {
                (1, Field::Varint(step)) => Some(*step),
                _ => None,
            }),
            None => None,
        };
        let step = step.or(named.and_then(super::read::step)).unwrap_or(0);
        let step = u64::try_from(i64::from_ne_bytes(step.to_ne_bytes())).ok()?;
        for (name, value) in items.iter().filter(|item| !item.0.starts_with('_')) {
            collected.push(name, step, *value);
        }
    }
    Some(())
}

/// Collects what a `ConfigRecord` sets: its items are keys with values as JSON. Names that begin with `_` are the program's own.
fn configuration(data: &[u8], collected: &mut Collected) -> Option<()> {
    for item in messages(&fields(data)?, 1) {
        let item = fields(item)?;
        let mut name = Vec::new();
        for part in messages(&item, 1).chain(messages(&item, 2)).filter(|part| !part.is_empty()) {
            name.push(std::str::from_utf8(part).ok()?);
        }
        let name = name.join(".");
        let value = messages(&item, 16).last().and_then(|text| serde_json::from_slice::<Value>(text).ok());
        if let Some(value) = value.filter(|_| !name.is_empty() && !name.starts_with('_')) {
            collected.known.extend(known_from_json(&serde_json::Map::from_iter([(name, value)])));
        }
    }
    Some(())
}

/// A number as Python writes it into JSON.
fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" | "\"NaN\"" => Some(f64::NAN),
        "Infinity" | "\"Infinity\"" => Some(f64::INFINITY),
        "-Infinity" | "\"-Infinity\"" => Some(f64::NEG_INFINITY),
        _ => serde_json::from_str::<f64>(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the package wandb wrote; `testdata/wandb/make.py` says what was logged.
    const FILE: &[u8] = include_bytes!("../../../../testdata/wandb/run.wandb");

    #[test]
    fn what_the_package_wrote_is_read() {
        let all = read(FILE).ok().unwrap().log().series;
        let names: Vec<&str> = all.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["train/loss", "val.acc"]);
        let steps: Vec<u64> = (0..40).map(|i| i * 10).collect();
        assert_eq!(all[1].steps, steps);
        assert!(all[1].values.iter().enumerate().all(|(i, value)| *value == i as f64 / 40.0));
        assert_eq!(all[0].steps[..40], steps);
        assert!(all[0].values[..40].iter().enumerate().all(|(i, value)| *value == 1.0 / (1.0 + i as f64)));
        assert_eq!((all[0].steps[40], all[0].steps[41]), (400, 410));
        assert!(all[0].values[40].is_nan() && all[0].values[41] == f64::INFINITY);
    }

    /// What the package wrote of a name and a configuration that changed; `testdata/wandb/make_config.py` says which.
    #[test]
    fn a_run_says_its_name_and_its_configuration() {
        let log = read(include_bytes!("../../../../testdata/wandb/config.wandb")).ok().unwrap().log();
        assert_eq!(log.name.as_deref(), Some("first try"));
        let wanted = [
            ("late", "true"),
            ("lr", "0.001"),
            ("optimizer.betas", "[0.9,0.99]"),
            ("optimizer.name", "AdamW"),
            ("seed", "4"),
        ];
        assert_eq!(log.known, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        let first = log.first.unwrap();
        assert_eq!((first.series.as_str(), first.step, first.value), ("train_loss", 0, 1.0));
    }

    /// Cut anywhere, what was whole is read; bent anywhere, it is refused, or cut where the bent piece stands.
    #[test]
    fn a_torn_end_is_left_out_and_damage_is_no_number() {
        let whole = read(FILE).ok().unwrap().log().series;
        let is_beginning = |all: &[crate::series::Series]| {
            all.iter().all(|one| {
                let same = whole.iter().find(|other| other.name == one.name).unwrap();
                one.steps[..] == same.steps[..one.steps.len()]
                    && one.values.iter().zip(&same.values).all(|(a, b)| a.to_bits() == b.to_bits())
            })
        };
        for end in (0..FILE.len()).step_by(97) {
            match read(&FILE[..end]) {
                Ok(collected) => assert!(end >= HEADER.len() && is_beginning(&collected.log().series), "{end}"),
                Err(_) => assert!(end < HEADER.len(), "{end}"),
            }
        }
        let mut refused = 0;
        for place in (0..FILE.len()).step_by(97) {
            let mut bent = FILE.to_vec();
            bent[place] ^= 0x10;
            match read(&bent) {
                Ok(collected) => assert!(is_beginning(&collected.log().series), "{place}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > FILE.len() / 97 * 9 / 10, "{refused}");
    }
}

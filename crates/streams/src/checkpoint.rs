//! The latest checkpoint of a stream: all that is needed to go on with the same bits.

use super::pace::Pace;
use super::text::Place;
use dunwu::store::entry::Number;
use dunwu::store::snapshot::{from_safetensors, to_safetensors};
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A stream between two windows of its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Where in the text.
    pub place: Place,
    /// The token that was read and predicted last, the first of the next window.
    pub last: Option<u32>,
    /// Whether the text had no more tokens.
    pub ended: bool,
    /// Each policy's part, in the order of the stream's policies.
    pub lanes: Vec<SavedLane>,
}

/// One policy of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedLane {
    /// Tokens that were predicted.
    pub tokens: u64,
    /// Σ −ln p of all of them.
    pub nats: f64,
    /// Σ −ln p of those in the open segment.
    pub open_nats: f64,
    /// Tokens that were predicted and Σ −ln p of them by place, as [`Places`](dunwu_attention::streaming::Places) has them; empty where
    /// no policy has chunks.
    pub places: Vec<(u64, f64)>,
    /// Bytes that the cache held at the most.
    pub peak_bytes: u64,
    /// Bytes that it holds.
    pub bytes: u64,
    /// How long tokens took.
    pub pace: Pace,
    /// As the cache saves itself.
    pub cache: Vec<u8>,
}

/// What stands beside the caches in the file.
#[derive(Serialize, Deserialize)]
struct Metadata<'a> {
    stream: Cow<'a, str>,
    /// Bytes of the log of segments when this was saved; a shorter log cannot be gone on with from here.
    log_bytes: u64,
    place: Cow<'a, Place>,
    last: Option<u32>,
    ended: bool,
    lanes: Vec<StoredLane>,
}

#[derive(Serialize, Deserialize)]
struct StoredLane {
    tokens: u64,
    nats: Number,
    open_nats: Number,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    places: Vec<(u64, Number)>,
    peak_bytes: u64,
    bytes: u64,
    start: Vec<Number>,
    full: Vec<Number>,
    /// Not in checkpoints of before it was counted.
    #[serde(default)]
    full_tokens: u64,
    last: Vec<(u64, Number)>,
    open: Vec<Number>,
    /// BLAKE3 of the cache, in hexadecimal.
    blake3: String,
}

fn name(index: usize) -> String {
    format!("cache.{index}")
}

/// A file of it, for the stream of this id whose log has `log_bytes` synced bytes.
pub(super) fn encode(stream: &str, log_bytes: u64, checkpoint: &Checkpoint) -> Vec<u8> {
    let metadata = Metadata {
        stream: Cow::Borrowed(stream),
        log_bytes,
        place: Cow::Borrowed(&checkpoint.place),
        last: checkpoint.last,
        ended: checkpoint.ended,
        lanes: checkpoint.lanes.iter().map(StoredLane::from).collect(),
    };
    let names: Vec<String> = (0..checkpoint.lanes.len()).map(name).collect();
    let tensors = names.iter().zip(&checkpoint.lanes);
    let tensors: Vec<_> = tensors.map(|(name, l)| (&**name, Dtype::U8, vec![l.cache.len()], &*l.cache)).collect();
    to_safetensors(&metadata, &tensors)
}

/// The inverse of [`encode`], with the bytes that the log has to have; or why the stream cannot go on from it.
pub(super) fn decode(stream: &str, n_lanes: usize, bytes: &[u8]) -> Result<(u64, Checkpoint), String> {
    let (metadata, tensors) = from_safetensors::<Metadata<'_>>(bytes)?;
    if metadata.stream != stream {
        return Err(format!("it is of stream {}", metadata.stream));
    }
    if metadata.lanes.len() != n_lanes {
        return Err(format!("it has {} policies", metadata.lanes.len()));
    }
    let mut lanes = Vec::new();
    for (index, stored) in metadata.lanes.into_iter().enumerate() {
        let cache = tensors.tensor(&name(index)).map_err(|e| e.to_string())?.data();
        if blake3::hash(cache).to_hex().as_str() != stored.blake3 {
            return Err("a cache does not have the hash that it lists".to_owned());
        }
        lanes.push(stored.lane(cache.to_vec()));
    }
    let place = metadata.place.into_owned();
    Ok((metadata.log_bytes, Checkpoint { place, last: metadata.last, ended: metadata.ended, lanes }))
}

impl From<&SavedLane> for StoredLane {
    fn from(lane: &SavedLane) -> Self {
        let numbers = |values: &[f64]| values.iter().map(|&value| Number(value)).collect();
        Self {
            tokens: lane.tokens,
            nats: Number(lane.nats),
            open_nats: Number(lane.open_nats),
            places: lane.places.iter().map(|&(tokens, nats)| (tokens, Number(nats))).collect(),
            peak_bytes: lane.peak_bytes,
            bytes: lane.bytes,
            start: numbers(&lane.pace.start),
            full: numbers(&lane.pace.full),
            full_tokens: lane.pace.full_tokens,
            last: lane.pace.last.iter().map(|&(tokens, time)| (tokens, Number(time))).collect(),
            open: numbers(&lane.pace.open),
            blake3: blake3::hash(&lane.cache).to_hex().to_string(),
        }
    }
}

impl StoredLane {
    fn lane(self, cache: Vec<u8>) -> SavedLane {
        let values = |numbers: Vec<Number>| numbers.into_iter().map(|number| number.0).collect();
        SavedLane {
            tokens: self.tokens,
            nats: self.nats.0,
            open_nats: self.open_nats.0,
            places: self.places.into_iter().map(|(tokens, nats)| (tokens, nats.0)).collect(),
            peak_bytes: self.peak_bytes,
            bytes: self.bytes,
            pace: Pace {
                start: values(self.start),
                full: values(self.full),
                full_tokens: self.full_tokens,
                last: self.last.into_iter().map(|(tokens, time)| (tokens, time.0)).collect(),
                open: values(self.open),
            },
            cache,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::text::Seen;
    use proptest::prelude::*;

    pub(crate) fn checkpoint(tokens: u64, nats: f64, cache: &[u8]) -> Checkpoint {
        let mut pace = Pace::default();
        pace.add(0, 64, 0.5, Some(0));
        let lane = SavedLane {
            tokens,
            nats,
            open_nats: nats / 3.0,
            places: vec![(tokens, nats), (0, 0.0)],
            peak_bytes: 12,
            bytes: 11,
            pace,
            cache: cache.to_vec(),
        };
        Checkpoint {
            place: Place {
                round: 1,
                file: 0,
                at: dunwu_attention::tokenizer::Place { bytes: 3, tokens: 4 },
                seen: vec![Seen { size: 9, read: 5, blake3: "ab".to_owned() }],
            },
            last: Some(7),
            ended: false,
            lanes: vec![lane.clone(), SavedLane { cache: Vec::new(), ..lane }],
        }
    }

    proptest! {
        #[test]
        fn a_checkpoint_of_any_bits_comes_back(tokens: u64, bits: u64, cache: Vec<u8>) {
            let nats = f64::from_bits(bits);
            let written = checkpoint(tokens, nats, &cache);
            let (log_bytes, back) = decode("id", 2, &encode("id", 77, &written)).unwrap();
            prop_assert_eq!(log_bytes, 77);
            prop_assert_eq!(format!("{back:?}"), format!("{written:?}"), "NaN equals NaN here");
            if !nats.is_nan() {
                prop_assert_eq!(back.lanes[0].nats.to_bits(), bits);
            }
        }

        #[test]
        fn a_checkpoint_that_was_cut_is_refused(cut in 0usize..400) {
            let bytes = encode("id", 0, &checkpoint(3, 1.0, &[1, 2, 3]));
            prop_assert!(decode("id", 2, &bytes[..bytes.len() - 1 - cut.min(bytes.len() - 1)]).is_err());
        }
    }

    #[test]
    fn a_flipped_bit_in_a_cache_and_another_streams_checkpoint_are_noticed() {
        let mut bytes = encode("id", 0, &checkpoint(3, 1.0, &[1, 2, 3]));
        assert!(decode("other", 2, &bytes).unwrap_err().contains("of stream id"));
        assert!(decode("id", 3, &bytes).unwrap_err().contains("2 policies"));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert!(decode("id", 2, &bytes).unwrap_err().contains("hash"));
    }
}

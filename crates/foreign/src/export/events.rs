//! Event files of `TensorBoard`, written.
//!
//! The form is that of [`crate::series`]'s reader, with scalars as `simple_value`, which holds an f32, and distributions as histograms:
//!
//! ```text
//! Value          = { 1: tag, 2: simple_value: f32 } │ { 1: tag, 5: HistogramProto }
//! HistogramProto = { 1: min, 2: max, 3: count, 4: sum, 5: sum of squares, 6: right ends of buckets, 7: counts of buckets }   (f64)
//! ```
//!
//! Source: `tensorflow/core/util/event.proto`, `framework/summary.proto`, `framework/histogram.proto`.

use super::logged::{Logged, LoggedRun};
use crate::series::checksum::crc32c;
use crate::series::events::masked;

/// Buckets of a histogram; `TensorBoard` shows 30.
const BUCKETS: usize = 30;

/// The event file of all that a run recorded. What the record gains makes the file longer and changes nothing before.
pub fn event_file(run: &LoggedRun) -> Vec<u8> {
    let mut file = Vec::new();
    put_record(&mut file, &event(run.began, 0, |event| put_bytes(event, 3, b"brain.Event:2")));
    for one in &run.logged {
        match one {
            Logged::Scalars { step, values } => {
                for (name, value) in values {
                    let value = |message: &mut Vec<u8>| put_f32(message, 2, *value as f32);
                    put_record(&mut file, &summary(run.began, *step, name, value));
                }
            }
            Logged::Distribution { step, name, values } => {
                if let Some(histogram) = histogram(values) {
                    let value = |message: &mut Vec<u8>| put_bytes(message, 5, &histogram);
                    put_record(&mut file, &summary(run.began, *step, name, value));
                }
            }
        }
    }
    file
}

/// The `HistogramProto` of the finite values, in buckets of equal width; `None` where there are none.
pub fn histogram(values: &[f64]) -> Option<Vec<u8>> {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let low = finite.iter().copied().reduce(f64::min)?;
    let high = finite.iter().copied().reduce(f64::max)?;
    let n = if low < high { BUCKETS } else { 1 };
    // Halves, so that the largest numbers do not overflow.
    let width = 2.0 * (high / 2.0 - low / 2.0) / n as f64;
    let mut counts = vec![0.0; n];
    for value in &finite {
        let place = if low < high { ((value - low) / width) as usize } else { 0 };
        counts[place.min(n - 1)] += 1.0;
    }
    let limits: Vec<f64> = (1..=n).map(|i| if i == n { high } else { low + width * i as f64 }).collect();
    let mut message = Vec::new();
    let sums = [low, high, finite.len() as f64, finite.iter().sum(), finite.iter().map(|value| value * value).sum()];
    (1..).zip(sums).for_each(|(number, value)| put_f64(&mut message, number, value));
    for (number, values) in [(6, &limits), (7, &counts)] {
        let packed: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        put_bytes(&mut message, number, &packed);
    }
    Some(message)
}

fn summary(time: f64, step: u64, tag: &str, put_value: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut value = Vec::new();
    put_bytes(&mut value, 1, tag.as_bytes());
    put_value(&mut value);
    let mut summary = Vec::new();
    put_bytes(&mut summary, 1, &value);
    event(time, step, |event| put_bytes(event, 5, &summary))
}

fn event(time: f64, step: u64, put_what: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut event = Vec::new();
    put_f64(&mut event, 1, time);
    if step > 0 {
        event.push(2 << 3);
        put_varint(&mut event, step);
    }
    put_what(&mut event);
    event
}

/// A `TFRecord`: length and data, each with its masked checksum.
fn put_record(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(crc32c(&length)).to_le_bytes());
    file.extend_from_slice(data);
    file.extend(masked(crc32c(data)).to_le_bytes());
}

fn put_bytes(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    put_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn put_f64(message: &mut Vec<u8>, number: u8, value: f64) {
    message.push(number << 3 | 1);
    message.extend(value.to_le_bytes());
}

fn put_f32(message: &mut Vec<u8>, number: u8, value: f32) {
    message.push(number << 3 | 5);
    message.extend(value.to_le_bytes());
}

fn put_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::read_series;
    use proptest::prelude::*;

    fn run(logged: Vec<Logged>) -> LoggedRun {
        LoggedRun { id: "a".to_owned(), began: 1e9, logged, is_finished: false }
    }

    fn read(bytes: &[u8]) -> Vec<crate::series::Series> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.out.tfevents.0");
        std::fs::write(&path, bytes).unwrap();
        read_series(&path).unwrap()
    }

    proptest! {
        /// Our reader, whose own tests rest on files that were made by hand, reads what is written.
        #[test]
        fn any_series_come_back_as_f32(
            rows in proptest::collection::vec((0..9_000_000_000_000_000_u64, any::<f32>(), any::<u64>()), 0..20),
        ) {
            let logged = rows.iter().map(|&(step, a, b)| Logged::Scalars {
                step,
                values: vec![("train/loss".to_owned(), f64::from(a)), ("acc".to_owned(), f64::from_bits(b))],
            });
            let all = read(&event_file(&run(logged.collect())));
            let bits = |x: f64| if x.is_nan() { f32::NAN.to_bits() } else { (x as f32).to_bits() };
            for (name, value) in [("train/loss", 0), ("acc", 1)] {
                let found = all.iter().find(|one| one.name == name);
                let found: Vec<(u64, u32)> = found.map_or(Vec::new(), |one| {
                    one.steps.iter().copied().zip(one.values.iter().map(|&x| bits(x))).collect()
                });
                let wanted: Vec<(u64, u32)> = rows
                    .iter()
                    .map(|&(step, a, b)| (step, bits(if value == 0 { f64::from(a) } else { f64::from_bits(b) })))
                    .collect();
                prop_assert_eq!(found, wanted);
            }
        }

        #[test]
        fn a_file_grows_at_its_end_alone(n in 0..20_usize, more in 0..20_usize) {
            let logged = |n: usize| (0..n).map(|i| Logged::Scalars { step: i as u64, values: vec![("a".to_owned(), i as f64)] }).collect();
            prop_assert!(event_file(&run(logged(n + more))).starts_with(&event_file(&run(logged(n)))));
        }

        #[test]
        fn a_histogram_counts_every_finite_value_once(values in proptest::collection::vec(any::<f64>(), 0..50)) {
            let n = values.iter().filter(|value| value.is_finite()).count();
            let Some(message) = histogram(&values) else {
                prop_assert_eq!(n, 0);
                return Ok(());
            };
            // Five numbers of nine bytes, then two packed lists of equal length, of which the second holds the counts.
            let half = (message.len() - 45) / 2;
            let head = if half > 130 { 3 } else { 2 };
            let counts = message[45 + half + head..].chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
            prop_assert_eq!(counts.sum::<f64>(), n as f64);
        }

        /// Bucket i holds what lies above its left end, the right end of the one before, and not above its own, within rounding.
        #[test]
        fn a_value_is_counted_in_the_bucket_that_it_lies_in(values in proptest::collection::vec(-9.0..9.0_f64, 40)) {
            let message = histogram(&values).unwrap();
            let lists: Vec<f64> = message[45..]
                .chunks(8 * BUCKETS + 3)
                .flat_map(|list| list[3..].chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())))
                .collect();
            let (ends, counts) = lists.split_at(BUCKETS);
            let mut so_far = 0.0;
            for (end, count) in ends.iter().zip(counts) {
                so_far += count;
                let below = |margin: f64| values.iter().filter(|value| **value < end + margin).count() as f64;
                prop_assert!(below(-1e-9) <= so_far && so_far <= below(1e-9), "{end}: {so_far}");
            }
        }
    }
}

//! Event files of `TensorBoard`.
//!
//! ```text
//! record = length: u64, masked CRC-32C of it: u32, data, masked CRC-32C of the data: u32        (TFRecord; little endian)
//! mask(c) = (c ≫ 15 | c ≪ 17) + 0xa282ead8
//! data    = Event { 2: step, 5: Summary { 1: Value { 1: tag, 2: simple_value, 8: TensorProto } } }   (protocol buffers)
//! ```
//!
//! Source: `tensorflow/core/util/event.proto`, `framework/summary.proto`, `framework/tensor.proto`, `lib/io/record_writer.h`. Tensors of one
//! number are scalars; images, histograms and texts are left out.

use super::checksum::crc32c;
use super::protobuf::{Field, fields, messages};
use super::read::{Collected, Fault};

/// Every scalar of an event file.
pub(super) fn read(bytes: &[u8]) -> Result<Collected, Fault> {
    let mut collected = Collected::default();
    let mut at = 0;
    while at < bytes.len() {
        let fault = |why: &str| Fault { why: why.to_owned(), place: format!("byte {at}") };
        let rest = &bytes[at..];
        let torn = || fault("no whole record (is the file an event file of TensorBoard, and is it whole?)");
        let (head, rest) = rest.split_at_checked(12).ok_or_else(torn)?;
        if masked(crc32c(&head[..8])) != little_endian(&head[8..]) {
            return Err(fault("no event file of TensorBoard, or a damaged one: a length does not fit its checksum"));
        }
        let length = head[..8].iter().rev().fold(0_u64, |length, &byte| length << 8 | u64::from(byte));
        let length = usize::try_from(length).ok().filter(|&length| length <= rest.len()).ok_or_else(torn)?;
        let (data, rest) = rest.split_at(length);
        let checksum = rest.get(..4).ok_or_else(torn)?;
        if masked(crc32c(data)) != little_endian(checksum) {
            return Err(fault("a damaged record: its data do not fit their checksum"));
        }
        event(data, &mut collected).ok_or_else(|| fault("a record that is no event"))?;
        at += 16 + length;
    }
    Ok(collected)
}

/// Collects the scalars of an Event; `None` where it is none.
fn event(data: &[u8], collected: &mut Collected) -> Option<()> {
    let fields = fields(data)?;
    let step =
        fields.iter().rev().find_map(|field| if let (2, Field::Varint(step)) = field { Some(*step) } else { None });
    // Steps are signed: one below 0 is no step of training.
    let step = u64::try_from(i64::from_ne_bytes(step.unwrap_or(0).to_ne_bytes())).ok()?;
    for summary in messages(&fields, 5) {
        for value in messages(&self::fields(summary)?, 1) {
            let value = self::fields(value)?;
            let Some(tag) = messages(&value, 1).last() else { continue };
            let tag = std::str::from_utf8(tag).ok()?;
            let simple =
                value.iter().find_map(|field| if let (2, Field::Fixed32(bits)) = field { Some(*bits) } else { None });
            let scalar = match simple {
                Some(bits) => Some(f64::from(f32::from_bits(bits))),
                None => match messages(&value, 8).last() {
                    Some(content) => tensor(&self::fields(content)?),
                    None => None,
                },
            };
            if let Some(scalar) = scalar {
                collected.push(tag, step, scalar);
            }
        }
    }
    Some(())
}

/// The number of a tensor that holds one.
fn tensor(fields: &[(u64, Field<'_>)]) -> Option<f64> {
    const FLOAT: u64 = 1;
    const DOUBLE: u64 = 2;
    let kind = fields.iter().find_map(|field| if let (1, Field::Varint(kind)) = field { Some(*kind) } else { None });
    let float = |bytes: &[u8]| Some(f64::from(f32::from_le_bytes(bytes.try_into().ok()?)));
    let double = |bytes: &[u8]| Some(f64::from_le_bytes(bytes.try_into().ok()?));
    // The content as bytes, or as a packed list, or as a list of one.
    let packed = |number: u64| messages(fields, number).last();
    let one = |number: u64| fields.iter().find(|field| field.0 == number).map(|field| &field.1);
    match kind {
        Some(FLOAT) => match one(5) {
            Some(Field::Fixed32(bits)) => Some(f64::from(f32::from_bits(*bits))),
            _ => packed(5).or_else(|| packed(4)).and_then(float),
        },
        Some(DOUBLE) => match one(6) {
            Some(Field::Fixed64(bits)) => Some(f64::from_bits(*bits)),
            _ => packed(6).or_else(|| packed(4)).and_then(double),
        },
        _ => None,
    }
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

/// How a checksum of a record is kept.
pub(crate) fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes, shorter than 128.
    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    fn record(data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u64).to_le_bytes();
        [&length[..], &masked(crc32c(&length)).to_le_bytes(), data, &masked(crc32c(data)).to_le_bytes()].concat()
    }

    /// An event at a step below 128 with these summary values.
    fn event(step: u8, values: &[Vec<u8>]) -> Vec<u8> {
        let summary: Vec<u8> = values.iter().flat_map(|value| bytes(1, value)).collect();
        let wall_time = [&[1 << 3 | 1][..], &1e9_f64.to_le_bytes()].concat();
        record(&[wall_time, vec![2 << 3, step], bytes(5, &summary)].concat())
    }

    fn file() -> Vec<u8> {
        let simple = |value: f32| [bytes(1, b"loss"), vec![2 << 3 | 5], value.to_le_bytes().to_vec()].concat();
        let tensor = |content: Vec<u8>| [bytes(1, b"acc"), bytes(8, &content)].concat();
        let float = tensor([vec![1 << 3, 1], bytes(4, &0.5_f32.to_le_bytes())].concat());
        let double = tensor([vec![1 << 3, 2], bytes(6, &0.75_f64.to_le_bytes())].concat());
        let text = tensor([vec![1 << 3, 7], bytes(8, b"words")].concat());
        let version = record(&bytes(3, b"brain.Event:2"));
        [version, event(3, &[simple(1.5), float]), event(9, &[simple(f32::NAN), double, text])].concat()
    }

    #[test]
    fn scalars_are_read_as_numbers_and_as_tensors() {
        let all = read(&file()).ok().unwrap().log().series;
        let series = |name: &str| {
            all.iter()
                .find(|series| series.name == name)
                .map(|series| (series.steps.clone(), series.values.clone()))
                .unwrap()
        };
        assert_eq!(series("acc"), (vec![3, 9], vec![0.5, 0.75]));
        let (steps, values) = series("loss");
        assert!(steps == [3, 9] && values[0] == 1.5 && values[1].is_nan());
    }

    /// Cut at every byte it is refused but for whole records; with any byte changed it is refused.
    #[test]
    fn no_damage_goes_unseen() {
        let whole = file();
        let ends = (0..=whole.len()).filter(|&end| read(&whole[..end]).is_ok()).count();
        assert_eq!(ends, 4, "nothing, and the ends of three records");
        for place in 0..whole.len() {
            let mut bent = whole.clone();
            bent[place] ^= 0x10;
            assert!(read(&bent).is_err(), "byte {place}");
        }
        // A checksum that fits does not make an event.
        for data in [&[0xff_u8; 11][..], &[2 << 3 | 2, 0x7f], &[7], &[5 << 3 | 2, 2, 1 << 3 | 2, 9]] {
            assert!(read(&record(data)).is_err(), "{data:?}");
        }
    }
}

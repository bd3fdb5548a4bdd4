//! Number formats against ggml's own reference in numpy; `testdata/quantized.py` made the numbers.

use dunwu_attention::file::Format;
use dunwu_attention_fixtures::Format as Written;

const FIXTURE: &[u8] = include_bytes!("../testdata/quantized.bin");

/// Blocks and their numbers.
struct Table {
    format: Format,
    blocks: Vec<u8>,
    values: Vec<f32>,
}

#[test]
fn decoded_numbers_have_the_bits_of_the_reference() {
    let (decoded, _) = tables();
    assert_eq!(decoded.len(), Format::ALL.len() - 1, "all but F32, which is itself");
    for table in decoded {
        let mut values = vec![f32::NAN; table.values.len()];
        table.format.decode(&table.blocks, &mut values);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&values), bits(&table.values), "{}", table.format.name());
    }
}

#[test]
fn encoded_numbers_have_the_bytes_of_the_reference() {
    let (_, encoded) = tables();
    assert_eq!(encoded.len(), 5);
    for table in encoded {
        assert_eq!(written(table.format).encode(&table.values), table.blocks, "{}", table.format.name());
    }
}

#[test]
fn encoded_numbers_come_back_within_half_a_step() {
    let (decoded, _) = tables();
    for table in decoded.iter().filter(|table| matches!(table.format, Format::F16 | Format::Bf16)) {
        assert_eq!(written(table.format).encode(&table.values), table.blocks);
    }
    // From −4.5 to 4.5, blocks of 32 of which span 4.43.
    let values: Vec<f32> = (0..64).map(|i| (i as f32 - 31.5) / 7.0).collect();
    for (format, tolerance) in [
        (Format::F32, 0.0),
        // Half of a unit in the last of 11 and of 8 bits, below 8.
        (Format::F16, 4.0 / 2048.0),
        (Format::Bf16, 4.0 / 256.0),
        // Half a step of 4.5 / 127 and its scale's rounding, 127 of 2^-12.
        (Format::Q8_0, 4.5 / 127.0 * (0.5 + 127.0 / 2048.0)),
        // A step of 4.5 / 8: half of it, but a whole one at the side that is not the farthest, which ends at 7 of 8.
        (Format::Q4_0, 4.5 / 8.0 * (1.0 + 8.0 / 2048.0)),
        // Half a step of 4.43 / 15, and the rounding of the scale (15 steps) and of the minimum.
        (Format::Q4_1, 4.43 / 15.0 * (0.5 + 15.0 / 2048.0) + 4.5 / 2048.0),
    ] {
        let mut once = vec![0.0; values.len()];
        format.decode(&written(format).encode(&values), &mut once);
        for (x, y) in values.iter().zip(&once) {
            assert!((x - y).abs() <= tolerance, "{x} {y} {}", format.name());
        }
    }
}

/// The format as the fixtures write it.
fn written(format: Format) -> Written {
    let same = Written::ALL.into_iter().find(|written| written.name() == format.name());
    let same = same.unwrap_or_else(|| panic!("{} is not written", format.name()));
    assert_eq!((same.block_len(), same.row_bytes(256)), (format.block_len(), format.row_bytes(256)));
    same
}

/// The tables of decoding and of encoding.
fn tables() -> (Vec<Table>, Vec<Table>) {
    let mut rest = FIXTURE;
    let decoded = (0..take_u32(&mut rest)).map(|_| table(&mut rest)).collect();
    let encoded = (0..take_u32(&mut rest)).map(|_| table(&mut rest)).collect();
    assert!(rest.is_empty());
    (decoded, encoded)
}

fn table(rest: &mut &[u8]) -> Table {
    let [number, n, block_bytes, block_len] = std::array::from_fn(|_| take_u32(rest));
    let (blocks, after) = rest.split_at((n * block_bytes) as usize);
    let (values, after) = after.split_at(4 * (n * block_len) as usize);
    *rest = after;
    // ggml's `enum ggml_type`.
    let name = match number {
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        6 => "Q5_0",
        7 => "Q5_1",
        8 => "Q8_0",
        10 => "Q2_K",
        11 => "Q3_K",
        12 => "Q4_K",
        13 => "Q5_K",
        14 => "Q6_K",
        30 => "BF16",
        other => panic!("format {other}"),
    };
    let format = Format::ALL.into_iter().find(|format| format.name() == name).expect("a format of that name");
    assert_eq!((format.block_bytes(), format.block_len()), (block_bytes as usize, block_len as usize), "{name}");
    let values =
        values.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes"))).collect();
    Table { format, blocks: blocks.to_vec(), values }
}

fn take_u32(rest: &mut &[u8]) -> u32 {
    let (number, after) = rest.split_at(4);
    *rest = after;
    u32::from_le_bytes(number.try_into().expect("four bytes"))
}

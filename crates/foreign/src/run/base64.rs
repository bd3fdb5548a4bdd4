//! Arrays of f32 as text: little-endian bytes in base 64 (RFC 4648, §4), 16 characters for three numbers.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The numbers as text; NaN keeps its bits.
pub(super) fn encode(values: &[f32]) -> String {
    encode_bytes(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// Any bytes as text.
pub fn encode_bytes(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { digit } else { b'=' });
        }
    }
    String::from_utf8(text).expect("the alphabet is ASCII")
}

/// Characters that `n` numbers take.
pub(super) fn length(n: usize) -> usize {
    (4 * n).div_ceil(3) * 4
}

/// The inverse of [`encode`]; `None` where the text is not what that writes.
pub(super) fn decode(text: &[u8]) -> Option<Vec<f32>> {
    let bytes = decode_bytes(text)?;
    let (values, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| values.iter().map(|&value| f32::from_le_bytes(value)).collect())
}

/// The inverse of [`encode_bytes`]; `None` where the text is not what that writes.
pub fn decode_bytes(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in digits.chunks(4) {
        let mut word = 0;
        for &character in chunk {
            word = word << 6 | u32::from(digit(character)?);
        }
        word <<= 6 * (4 - chunk.len());
        let n = chunk.len() * 6 / 8;
        // What is left over beside whole bytes is zero, so that one array has one text.
        if word & ((1 << (24 - 8 * n)) - 1) != 0 {
            return None;
        }
        bytes.extend_from_slice(&word.to_be_bytes()[1..=n]);
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `base64.b64encode(numpy.array(VALUES, "<f4").tobytes())` of Python 3.11 and numpy 1.24.
    #[test]
    fn arrays_are_written_as_python_writes_them() {
        for (values, text) in [
            (vec![], ""),
            (vec![1.0], "AACAPw=="),
            (vec![1.0, -2.5], "AACAPwAAIMA="),
            (vec![1.0, -2.5, f32::INFINITY], "AACAPwAAIMAAAIB/"),
        ] {
            assert_eq!(encode(&values), text);
            assert_eq!(decode(text.as_bytes()).unwrap(), values);
        }
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for text in ["A", "AACAPw", "AACAPw=", "AACA", "AACAPx==", "AACA w==", "====", "AAA="] {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bits_come_back(bits in proptest::collection::vec(any::<u32>(), 0..40)) {
            let values: Vec<f32> = bits.iter().map(|&bits| f32::from_bits(bits)).collect();
            let text = encode(&values);
            prop_assert_eq!(text.len(), length(values.len()));
            let back: Vec<u32> = decode(text.as_bytes()).unwrap().iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(back, bits);
        }
    }
}

//! Text files that people hand over: specs, tables, splits, assignments of heads.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// The text of the file at `path`, in UTF-8, or in UTF-16 with a mark at its beginning. The error of other bytes says what they are and
/// what to do.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    text_of(std::fs::read(path)?).map_err(|found| Error::new(ErrorKind::InvalidData, format!("it is {found}")))
}

/// UTF-8 as it stands, UTF-16 where a mark at its beginning says so, as Excel and PowerShell write it; else what the bytes are.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, &'static str> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        if !bytes.len().is_multiple_of(2) {
            return Err("UTF-16 that breaks off; save it as UTF-8");
        }
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().ok_or("UTF-16 with a broken character; save it as UTF-8")
    };
    match &bytes[..] {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0x1F, 0x8B, ..] => Err("compressed; unpack it with `gunzip FILE`"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Err("compressed; unpack it with `zstd -d FILE`"),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            Err("an array of NumPy; save it with numpy.savetxt(FILE, array, fmt=\"%d\")")
        }
        [b'P', b'K', 3, 4, ..] => Err("an archive or a spreadsheet; save it as text, such as CSV"),
        [b'P', b'A', b'R', b'1', ..] => Err("Parquet; save it as text, such as CSV"),
        _ => String::from_utf8(bytes).ok().ok_or("neither UTF-8 nor UTF-16; save it as UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_named_and_utf_16_is_read() {
        let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(text_of([vec![0xFF, 0xFE], utf_16("0,1")].concat()).unwrap(), "0,1");
        assert!(text_of(vec![0x1F, 0x8B, 8, 0]).unwrap_err().contains("gunzip"));
        assert!(text_of(b"\x93NUMPY\x01\x00".to_vec()).unwrap_err().contains("savetxt"));
        assert!(text_of(vec![b'a', 0xE9, b'b']).unwrap_err().contains("save it as UTF-8"));
    }
}

//! Whether bytes are a text: what begins like another kind of file, and what is written in another encoding than UTF-8.
//!
//! A tokenizer takes any bytes, so that a compressed file gives tokens too, and a perplexity of hundreds of thousands that says nothing.

use std::fmt;

/// Bytes that are no UTF-8 text, and what makes one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoText {
    /// What they are.
    pub what: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl fmt::Display for NoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no text but {}; {}", self.what, self.remedy)
    }
}

/// First bytes of files, their kind, and the command that makes a text of them.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (&[0x1F, 0x8B], "compressed with gzip", "`gunzip -k FILE` unpacks it"),
    (&[0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd", "`zstd -d FILE` unpacks it"),
    (b"BZh", "compressed with bzip2", "`bunzip2 -k FILE` unpacks it"),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0], "compressed with xz", "`unxz -k FILE` unpacks it"),
    (&[0x04, 0x22, 0x4D, 0x18], "compressed with lz4", "`lz4 -d FILE` unpacks it"),
    (b"PK\x03\x04", "a zip archive, or a document in one", "`unzip FILE` unpacks it; save a document as plain text"),
    (&[b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "`7z x FILE` unpacks it"),
    (b"Rar!", "a rar archive", "`unrar x FILE` unpacks it"),
    (b"%PDF", "a PDF", "`pdftotext FILE` makes a text of it"),
    (b"{\\rtf", "a rich text document", "save it as plain text"),
    (&[0xD0, 0xCF, 0x11, 0xE0], "an office document", "save it as plain text"),
    (b"PAR1", "a Parquet table", "write its column of text to a file of its own"),
    (b"ARROW1", "an Arrow table", "write its column of text to a file of its own"),
    (b"SQLite format 3", "a database of SQLite", "write its texts to a file of their own"),
    (b"\x93NUMPY", "an array of NumPy", "name a text file"),
    (b"\x89HDF", "an HDF5 file", "name a text file"),
    (b"GGUF", "a model in GGUF", "name the model first and the text after it"),
    (&[0x89, b'P', b'N', b'G'], "a picture", "name a text file"),
    (&[0xFF, 0xD8, 0xFF], "a picture", "name a text file"),
    (b"GIF8", "a picture", "name a text file"),
    (&[0x7F, b'E', b'L', b'F'], "a program", "name a text file"),
    (b"version https://git-lfs", "a pointer of Git LFS in place of the file", "`git lfs pull` brings the file"),
    (&[0xFF, 0xFE, 0, 0], "UTF-32", "`iconv -f UTF-32 -t UTF-8 FILE` makes UTF-8 of it"),
    (&[0, 0, 0xFE, 0xFF], "UTF-32", "`iconv -f UTF-32 -t UTF-8 FILE` makes UTF-8 of it"),
    (&[0xFF, 0xFE], "UTF-16", "`iconv -f UTF-16 -t UTF-8 FILE` makes UTF-8 of it"),
    (&[0xFE, 0xFF], "UTF-16", "`iconv -f UTF-16 -t UTF-8 FILE` makes UTF-8 of it"),
];

/// One byte in so many may be no UTF-8, or a control character: texts from the web have a few.
const ONE_IN: usize = 200;
/// So many bytes that are no UTF-8, or control characters, make no text binary, however short it is.
const AT_LEAST: usize = 3;

/// What the first bytes of a file are where they are no text.
pub fn of_beginning(bytes: &[u8]) -> Option<NoText> {
    let known = KNOWN.iter().find(|(magic, ..)| bytes.starts_with(magic));
    let known = known.map(|&(_, what, remedy)| NoText { what, remedy });
    // A tar archive says so behind its first file's name; safetensors has the length of its header first.
    let is_tar = bytes.get(257..262) == Some(b"ustar");
    let is_safetensors = bytes.get(4..10).is_some_and(|rest| rest.starts_with(&[0, 0, 0, 0, b'{', b'"']));
    known
        .or(is_tar.then_some(NoText { what: "a tar archive", remedy: "`tar xf FILE` unpacks it" }))
        .or(is_safetensors
            .then_some(NoText { what: "weights in safetensors", remedy: "name the model first and the text after it" }))
        .or_else(|| of_part(bytes))
}

/// The same of bytes anywhere in a file, whose first and last character may be cut.
pub fn of_part(bytes: &[u8]) -> Option<NoText> {
    let bearable = (bytes.len() / ONE_IN).max(AT_LEAST);
    let n_nul = bytes.split(|&byte| byte == 0).count() - 1;
    if n_nul > bearable {
        return Some(of_nuls(bytes, n_nul));
    }
    let is_control = |&&byte: &&u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B);
    if bytes.iter().filter(is_control).count() > bearable {
        return Some(NoText { what: "binary data", remedy: "name a text file" });
    }
    let n_odd = n_no_utf8(bytes);
    if n_odd > bearable {
        let remedy = "`iconv -f ENCODING -t UTF-8 FILE` makes UTF-8 of it, with WINDOWS-1252, GB18030, SHIFT_JIS, KOI8-R, … for ENCODING";
        return Some(NoText { what: "in another encoding than UTF-8", remedy });
    }
    let n_shifts = bytes.windows(3).filter(|three| matches!(three, [0x1B, b'$', b'B' | b'@'])).count();
    (n_shifts > 0)
        .then_some(NoText { what: "ISO-2022-JP", remedy: "`iconv -f ISO-2022-JP -t UTF-8 FILE` makes UTF-8 of it" })
}

fn of_nuls(bytes: &[u8], n_nul: usize) -> NoText {
    let at = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|&&byte| byte == 0).count();
    // Latin letters of UTF-16 have a NUL each, all before or all behind.
    let is_half = 5 * n_nul > bytes.len() && 4 * n_nul < 3 * bytes.len();
    match (at(0), at(1)) {
        (even, odd) if is_half && even * 20 < odd => {
            NoText { what: "UTF-16 without a mark", remedy: "`iconv -f UTF-16LE -t UTF-8 FILE` makes UTF-8 of it" }
        }
        (even, odd) if is_half && odd * 20 < even => {
            NoText { what: "UTF-16 without a mark", remedy: "`iconv -f UTF-16BE -t UTF-8 FILE` makes UTF-8 of it" }
        }
        _ => NoText {
            what: "binary data with many NUL bytes",
            remedy: "name a text file, or take them out with `tr -d '\\000'`",
        },
    }
}

/// Bytes that are part of no character.
fn n_no_utf8(bytes: &[u8]) -> usize {
    let odd: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    // The characters at both ends may be cut: three bytes each at most.
    let is_continuation = |byte: &&u8| **byte & 0xC0 == 0x80;
    let first = bytes.iter().take(3).take_while(is_continuation).count();
    let last = bytes.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
    odd.saturating_sub(first + last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_language_are_texts() {
        let texts = [
            "The end of it.\n",
            "Straße, façade, naïve, Ærøskøbing. Größer als je zuvor, müde und äußerst höflich.",
            "你好，世界。这是一个很长的句子。",
            "こんにちは、世界。",
            "Привет, мир! Это предложение.",
            "مرحبا بالعالم",
            "🙂🙃🙂🙃🙂🙃",
            "\u{feff}with a mark",
            "\x1b[32mgreen\x1b[0m\x0c",
            "",
        ];
        for text in texts {
            let long = text.repeat(200);
            for from in 0..4.min(long.len()) {
                for to in 0..4.min(long.len() - from) {
                    assert_eq!(of_part(&long.as_bytes()[from..long.len() - to]), None, "{text}");
                }
            }
            assert_eq!(of_beginning(long.as_bytes()), None, "{text}");
        }
        // A web page with a few broken characters and a NUL.
        let mut broken = "a line of a page\n".repeat(500).into_bytes();
        broken[100] = 0xE9;
        broken[3000] = 0;
        assert_eq!(of_beginning(&broken), None);
    }

    #[test]
    fn what_is_no_text_is_named_with_what_makes_one_of_it() {
        let german = "Größer als je zuvor, müde und äußerst höflich. ".repeat(40);
        let latin_1: Vec<u8> = german.chars().map(|c| c as u8).collect();
        let utf_16 = |unit: fn(u16) -> [u8; 2]| german.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let chinese_16: Vec<u8> =
            [vec![0xFF, 0xFE], "你好世界".encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
        let gb18030: Vec<u8> = [0xC4, 0xE3, 0xBA, 0xC3, 0xCA, 0xC0, 0xBD, 0xE7].repeat(50);
        let shift_jis: Vec<u8> = [0x82, 0xB1, 0x82, 0xF1, 0x82, 0xC9, 0x82, 0xBF, 0x82, 0xCD].repeat(50);
        let koi8: Vec<u8> = [0xF0, 0xD2, 0xC9, 0xD7, 0xC5, 0xD4, b' '].repeat(50);
        let iso_2022 = b"\x1b$B$3$s$K$A$O\x1b(B\n".repeat(20);
        let mut state = 1u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(4000)
        .collect();
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, what, remedy) in [
            (vec![0x1F, 0x8B, 8, 0, 0], "gzip", "gunzip"),
            (vec![0x28, 0xB5, 0x2F, 0xFD, 4], "zstd", "zstd -d"),
            (b"BZh91AY".to_vec(), "bzip2", "bunzip2"),
            (vec![0xFD, b'7', b'z', b'X', b'Z', 0], "xz", "unxz"),
            (vec![0x04, 0x22, 0x4D, 0x18, 0x64], "lz4", "lz4 -d"),
            (b"PK\x03\x04word".to_vec(), "zip", "unzip"),
            (b"%PDF-1.7\n".to_vec(), "PDF", "pdftotext"),
            (b"PAR1....".to_vec(), "Parquet", "column of text"),
            (b"GGUF\x03\0\0\0".to_vec(), "GGUF", "the text after it"),
            (b"\x40\x01\0\0\0\0\0\0{\"a\"".to_vec(), "safetensors", "the text after it"),
            (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "Git LFS", "git lfs pull"),
            (tar, "tar", "tar xf"),
            (utf_16(u16::to_le_bytes), "UTF-16", "UTF-16LE"),
            (utf_16(u16::to_be_bytes), "UTF-16", "UTF-16BE"),
            (chinese_16, "UTF-16", "iconv -f UTF-16"),
            (latin_1, "another encoding", "iconv -f ENCODING"),
            (gb18030, "another encoding", "GB18030"),
            (shift_jis, "another encoding", "SHIFT_JIS"),
            (koi8, "another encoding", "KOI8-R"),
            (iso_2022, "ISO-2022-JP", "iconv -f ISO-2022-JP"),
            (noise, "binary data", "name a text file"),
            (b"text\0".repeat(100), "NUL bytes", "tr -d"),
            (vec![0; 4096], "NUL bytes", "tr -d"),
        ] {
            let found = of_beginning(&bytes).unwrap_or_else(|| panic!("{what}")).to_string();
            assert!(found.contains(what) && found.contains(remedy), "{what}: {found}");
        }
    }
}

//! Lines that carry a checksum, so that one that was edited and still parses is noticed.
//!
//! ```text
//! {"kind":"finished", … ,"check":"0123456789abcdef"}
//!
//! check = first 16 hexadecimal digits of BLAKE3( the check of the line before │ "\n" │ the object without its check )
//! ```
//!
//! The lines of a run's record are chained: each checksum covers the one before it, so that a line that was taken out, put in
//! or moved is noticed at the next line. Lines of files that many processes write rows to stand alone (the line before counts
//! as empty): each can be checked by itself, whatever became of its neighbours.
//!
//! This protects against accidents and edits by hand. Whoever computes the checksums anew is not kept from it.

/// Digits of a checksum: 64 bits, so that an edit passes with a chance of 5·10⁻²⁰.
const DIGITS: usize = 16;
const OPEN: &[u8] = b",\"check\":\"";
const CLOSE: &[u8] = b"\"}";

/// `object`, a JSON object of one line with at least one field, with its checksum as its last field. `before` is the checksum
/// of the line before where lines are chained, and empty where each stands alone.
pub fn seal_line(object: &str, before: &str) -> String {
    let body = object.strip_suffix('}').filter(|body| body.len() > 1).expect("a line is a JSON object with a field");
    format!("{body},\"check\":\"{}\"}}", check_of(object.as_bytes(), before))
}

/// The object without its checksum, and the checksum; or why the line is not what was written after `before`.
pub fn open_line<'a>(line: &'a [u8], before: &str) -> Result<(Vec<u8>, &'a str), String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let missing = || "it does not end with a checksum".to_owned();
    let rest = line.strip_suffix(CLOSE).ok_or_else(missing)?;
    let (rest, check) = rest.split_last_chunk::<DIGITS>().ok_or_else(missing)?;
    let body = rest.strip_suffix(OPEN).ok_or_else(missing)?;
    let object = [body, b"}"].concat();
    match str::from_utf8(check) {
        Ok(check) if check == check_of(&object, before) => Ok((object, check)),
        _ if before.is_empty() => Err("its checksum does not fit its text, which was edited".to_owned()),
        _ => Err("its checksum does not fit: it was edited, or the line before it was taken out or moved".to_owned()),
    }
}

fn check_of(object: &[u8], before: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes()).update(b"\n").update(object);
    hasher.finalize().to_hex()[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_line_is_a_json_object_that_opens_to_what_was_sealed() {
        for before in ["", "0123456789abcdef"] {
            let line = seal_line(r#"{"a":{"b":1}}"#, before);
            let json: serde_json::Value = serde_json::from_str(&line).unwrap();
            let (object, check) = open_line(line.as_bytes(), before).unwrap();
            assert_eq!((object.as_slice(), check), (r#"{"a":{"b":1}}"#.as_bytes(), json["check"].as_str().unwrap()));
        }
    }

    /// The specification in the module's text, computed by hand.
    #[test]
    fn the_checksum_is_blake3_of_the_one_before_a_line_feed_and_the_object() {
        let check = &blake3::hash(b"fedcba9876543210\n{\"a\":1}").to_hex()[..16];
        assert_eq!(seal_line("{\"a\":1}", "fedcba9876543210"), format!("{{\"a\":1,\"check\":\"{check}\"}}"));
    }

    #[test]
    fn any_change_of_any_byte_is_noticed() {
        let line = seal_line(r#"{"kind":"scalars","step":7}"#, "");
        for index in 0..line.len() {
            for byte in 0..=u8::MAX {
                let mut edited = line.clone().into_bytes();
                if edited[index] == byte {
                    continue;
                }
                edited[index] = byte;
                // A line feed at the end is no part of the line, and then its last brace is missing.
                assert!(open_line(&edited, "").is_err(), "byte {index} as {byte}");
            }
            assert!(open_line(&line.as_bytes()[..index], "").is_err(), "cut at {index}");
        }
    }
}

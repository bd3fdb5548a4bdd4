//! Headers against the message: in a stateless revision what is mirrored in headers has to be what the message says.

use crate::message::{Fault, Kind};
use crate::revision::Revision;
use crate::server::no_revision;
use axum::http::HeaderMap;
use serde_json::Value;

const VERSION: &str = "mcp-protocol-version";

/// The revision that the headers name; `None` without one.
pub(super) fn revision(headers: &HeaderMap) -> Result<Option<Revision>, Fault> {
    let Some(value) = text(headers, VERSION)? else { return Ok(None) };
    Revision::parse(value).map(Some).ok_or_else(|| no_revision(value))
}

/// Whether headers and message agree, where either belongs to a stateless revision.
pub(super) fn agree(headers: &HeaderMap, header: Option<Revision>, message: &Value) -> Result<(), Fault> {
    let params = message.get("params");
    let body = params.and_then(|params| params.get("_meta")?.get("io.modelcontextprotocol/protocolVersion")?.as_str());
    let is_stateless = |revision: Option<Revision>| revision.is_some_and(Revision::is_stateless);
    if !is_stateless(header) && !is_stateless(body.and_then(Revision::parse)) {
        return Ok(());
    }
    let Some(method) = message.get("method").and_then(Value::as_str).filter(|_| message.get("id").is_some()) else {
        return Ok(()); // no request, so there are no headers to demand
    };
    // Without it the message is refused for what it lacks, which the error of the method says better.
    if let Some(body) = body {
        demand(VERSION, text(headers, VERSION)?, body)?;
    }
    demand("mcp-method", text(headers, "mcp-method")?, method)?;
    let named = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return Ok(()),
    };
    let Some(name) = params.and_then(|params| params.get(named)?.as_str()) else { return Ok(()) };
    let header = text(headers, "mcp-name")?;
    let decoded = header.map(|header| decode(header).ok_or_else(|| mismatch("Mcp-Name is no valid Base64".to_owned())));
    demand("mcp-name", decoded.transpose()?.as_deref(), name)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let is_absent = !headers.contains_key(name);
        return if is_absent { Ok(None) } else { Err(mismatch(format!("the header {name} is there twice"))) };
    };
    let is_whole = value.to_str().map(Some);
    is_whole.map_err(|_not_text| mismatch(format!("the header {name} has characters that a header cannot have")))
}

fn demand(name: &str, header: Option<&str>, body: &str) -> Result<(), Fault> {
    match header {
        Some(header) if header == body => Ok(()),
        Some(header) => Err(mismatch(format!("the header {name} says {header:?}, and the message {body:?}"))),
        None => Err(mismatch(format!("the header {name} is missing: {body}"))),
    }
}

fn mismatch(message: String) -> Fault {
    Fault::new(Kind::HeaderMismatch, message)
}

/// A header's value, of which `=?base64?…?=` is a text that a header cannot hold as it is.
fn decode(value: &str) -> Option<String> {
    let Some(digits) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Some(value.to_owned());
    };
    String::from_utf8(decode_base64(digits)?).ok()
}

fn decode_base64(digits: &str) -> Option<Vec<u8>> {
    let significant = digits.trim_end_matches('=');
    if !digits.len().is_multiple_of(4) || digits.len() - significant.len() > 2 {
        return None;
    }
    let sextet = |digit: u8| match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut n_bits) = (Vec::new(), 0_u32, 0);
    for digit in significant.bytes() {
        bits = bits << 6 | u32::from(sextet(digit)?);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde_json::json;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn call() -> Value {
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "add", "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" },
        } })
    }

    #[test]
    fn texts_that_headers_cannot_hold_are_read() {
        // The examples of the specification.
        for (text, header) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ] {
            assert_eq!(decode(header).as_deref(), Some(text));
        }
        for broken in ["=?base64?a?=", "=?base64?ab==c?=", "=?base64?a b=?=", "=?base64?ab===?=", "=?base64?//8=?="] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }

    #[test]
    fn headers_have_to_say_what_the_message_says() {
        let check = |pairs: &[(&'static str, &str)], problem: Option<&str>| {
            let headers = headers(pairs);
            let agreed = revision(&headers).and_then(|revision| agree(&headers, revision, &call()));
            assert_eq!(agreed.err().map(|fault| fault.message).as_deref(), problem);
        };
        let (version, method, name) = ((VERSION, "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "add"));
        check(&[version, method, name], None);
        check(&[version, method, ("mcp-name", "=?base64?YWRk?=")], None);
        check(&[method, name], Some("the header mcp-protocol-version is missing: 2026-07-28"));
        check(&[version, name], Some("the header mcp-method is missing: tools/call"));
        check(&[version, method], Some("the header mcp-name is missing: add"));
        check(
            &[version, method, ("mcp-name", "sub")],
            Some("the header mcp-name says \"sub\", and the message \"add\""),
        );
        check(
            &[(VERSION, "2025-11-25"), method, name],
            Some("the header mcp-protocol-version says \"2025-11-25\", and the message \"2026-07-28\""),
        );
        check(&[(VERSION, "1900-01-01")], Some("Unsupported protocol version"));
        check(&[version, method, name, name], Some("the header mcp-name is there twice"));
    }

    #[test]
    fn older_revisions_have_no_such_headers() {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        for pairs in [[].as_slice(), &[(VERSION, "2025-11-25")], &[(VERSION, "2025-06-18"), ("mcp-method", "x")]] {
            let headers = headers(pairs);
            let revision = revision(&headers).unwrap();
            assert_eq!(agree(&headers, revision, &message), Ok(()));
        }
    }
}

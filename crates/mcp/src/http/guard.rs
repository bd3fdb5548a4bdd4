//! Who may ask: programs of this machine, and pages of this machine. A page of another origin may not, neither directly nor by a
//! name that it lets point to this machine (DNS rebinding).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::IpAddr;

/// Refuses what a foreign page sent; a page of this machine may read the answer.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !headers.get(header::HOST).is_some_and(|host| is_local(host.as_bytes())) {
        return (StatusCode::FORBIDDEN, "the host is not this machine: ask http://127.0.0.1\n").into_response();
    }
    let origin = headers.get(header::ORIGIN).cloned();
    if origin.as_ref().is_some_and(|origin| !is_local_origin(origin.as_bytes())) {
        return (StatusCode::FORBIDDEN, "only pages of this machine may ask\n").into_response();
    }
    let is_preflight = request.method() == Method::OPTIONS && origin.is_some();
    let mut response = if is_preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    if let Some(origin) = origin {
        admit(response.headers_mut(), origin);
    }
    response
}

/// What lets a browser hand the answer to the page.
fn admit(headers: &mut HeaderMap, origin: HeaderValue) {
    const ADMITTED: [(HeaderName, &str); 4] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, DELETE, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, accept, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id",
        ),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "mcp-session-id"),
        (header::VARY, "origin"),
    ];
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    for (name, value) in ADMITTED {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn is_local_origin(origin: &[u8]) -> bool {
    let scheme = [b"http://".as_slice(), b"https://"];
    scheme.iter().find_map(|scheme| origin.strip_prefix(*scheme)).is_some_and(is_local)
}

/// Whether `name` or `name:port` is a name of this machine for itself.
fn is_local(authority: &[u8]) -> bool {
    let Ok(authority) = std::str::from_utf8(authority) else { return false };
    let (name, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name, rest),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let is_loopback = |name: &str| name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    is_port && (name.eq_ignore_ascii_case("localhost") || is_loopback(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for local in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:8080"] {
            assert!(is_local(local.as_bytes()), "{local}");
        }
        let foreign = [
            "",
            ":80",
            "example.com",
            "localhost.example.com",
            "localhost:example.com",
            "127.0.0.1.example.com:80",
            "[::2]:80",
            "[::1]x",
            "10.0.0.1",
            "0.0.0.0:8080",
            "127.0.0.1@example.com",
            "2130706433",
            "::1:x",
            "\u{e9}",
        ];
        for foreign in foreign {
            assert!(!is_local(foreign.as_bytes()), "{foreign}");
        }
        assert!(is_local_origin(b"http://localhost:3000") && is_local_origin(b"https://127.0.0.1"));
        assert!(!is_local_origin(b"null") && !is_local_origin(b"file://") && !is_local_origin(b"http://a.example"));
        assert!(!is_local_origin(b"http://localhost/x") && !is_local_origin(b"localhost"));
    }
}

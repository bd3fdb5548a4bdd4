//! Who may ask: no page of a foreign origin, neither directly nor by a name that it lets point to this machine (DNS rebinding).

use super::refusal::Refusal;
use crate::serve::listen::is_local;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Refuses what a foreign page sent; a page of this machine may read the answer.
pub(super) async fn guard(State(is_loopback): State<bool>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_loopback && let Some(host) = headers.get(header::HOST).filter(|host| !is_local(host.as_bytes())) {
        let message = format!("the host {host:?} is not this machine: ask http://127.0.0.1 or http://localhost");
        return Refusal::new(StatusCode::FORBIDDEN, message).into_response();
    }
    let origin = headers.get(header::ORIGIN).cloned();
    if let Some(origin) = origin.as_ref().filter(|origin| !is_local_origin(origin.as_bytes())) {
        let message = format!("pages of {origin:?} may not ask: only those of this machine");
        return Refusal::new(StatusCode::FORBIDDEN, message).into_response();
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
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*, authorization"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_machine_are_local() {
        assert!(is_local_origin(b"http://localhost:3000") && is_local_origin(b"https://127.0.0.1"));
        assert!(!is_local_origin(b"null") && !is_local_origin(b"file://") && !is_local_origin(b"http://a.example"));
        assert!(!is_local_origin(b"http://localhost/x") && !is_local_origin(b"localhost"));
    }
}

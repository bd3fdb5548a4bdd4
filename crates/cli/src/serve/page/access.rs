//! Who may ask: the page that this server gave out, and whoever holds the token; nobody else's page, neither directly nor by a name that it
//! lets point to this machine (DNS rebinding).
//!
//! Two questions are asked. Does a request come from our page? The headers that a browser writes and no page can say so: `Host`, `Origin`,
//! `Sec-Fetch-Site`. Does it come from our user, and not from another user of this machine? The token says so, a secret in the address that
//! the server prints. A cookie would not do: browsers send it to every port of this machine.

use super::refusal::Refused;
use crate::serve::listen::is_local;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// The header that carries the token.
pub(super) const TOKEN: &str = "x-dunwu-token";

/// Bytes of a token before they are written in hexadecimal digits.
const TOKEN_BYTES: usize = 16;

/// What is needed to judge a request.
pub(super) struct Access {
    token: String,
    /// Whether only this machine can reach the server, so that a request names this machine as its host.
    is_loopback: bool,
}

impl Access {
    /// With a new token, from the system's source of secrets.
    pub(super) fn new(is_loopback: bool) -> std::io::Result<Self> {
        let mut secret = [0; TOKEN_BYTES];
        secret_bytes(&mut secret)?;
        let token = format!("{:0width$x}", u128::from_be_bytes(secret), width = 2 * TOKEN_BYTES);
        Ok(Self { token, is_loopback })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Whether a request carries the token. An event stream may have it in its query, because a browser lets no page add headers there.
    fn is_held(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let in_query = || {
            let query = uri.query().filter(|_| uri.path().ends_with("/events"))?;
            query.split('&').find_map(|pair| pair.strip_prefix("token="))
        };
        let given = headers.get(TOKEN).map(HeaderValue::as_bytes).or_else(|| in_query().map(str::as_bytes));
        self.is_token(given.unwrap_or_default())
    }

    /// Takes as long for a wrong one as for the right one, so that nobody learns it digit by digit.
    fn is_token(&self, given: &[u8]) -> bool {
        let differing = given.iter().zip(self.token.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        given.len() == self.token.len() && differing == 0
    }

    /// Why a request with these headers does not come from our page; `None` where it may.
    fn foreign(&self, headers: &HeaderMap) -> Option<String> {
        let text =
            |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let Some(host) = text(header::HOST) else { return Some("a request without a host".to_owned()) };
        if self.is_loopback && !is_local(host.as_bytes()) {
            return Some(format!("the host {host:?} is not this machine: ask http://127.0.0.1 or http://localhost"));
        }
        if let Some(origin) = text(header::ORIGIN)
            && origin.strip_prefix("http://") != Some(&host)
        {
            return Some(format!("pages of {origin:?} may not ask"));
        }
        let site = text(HeaderName::from_static("sec-fetch-site"))?;
        (!matches!(site.as_str(), "same-origin" | "none"))
            .then(|| format!("a page of another site ({site}) may not ask"))
    }
}

#[cfg(unix)]
fn secret_bytes(secret: &mut [u8]) -> std::io::Result<()> {
    use std::io::Read as _;
    std::fs::File::open("/dev/urandom")?.read_exact(secret)
}

#[cfg(not(unix))]
fn secret_bytes(_: &mut [u8]) -> std::io::Result<()> {
    Err(std::io::Error::other("this system has no /dev/urandom, from which the token is drawn"))
}

/// Refuses what a foreign page sent, and what has no token where one is needed; tells the browser what the page may do.
pub(super) async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_open = !path.starts_with("/api/") || path == "/api/about";
    let refused = if let Some(why) = access.foreign(request.headers()) {
        Some(Refused::new(StatusCode::FORBIDDEN, why))
    } else if !is_open && !access.is_held(request.headers(), request.uri()) {
        let why =
            "this needs the token: open the address that `dunwu serve` printed, or send it as the header x-dunwu-token";
        Some(Refused::new(StatusCode::UNAUTHORIZED, why))
    } else {
        None
    };
    let mut response = match refused {
        Some(refused) => refused.into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Nothing is loaded from anywhere else, nothing that stands in a text is run, nobody frames the page, and it tells nobody where it was.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_page_may_ask() {
        let access = Access::new(true).unwrap();
        for ours in [
            vec![("host", "127.0.0.1:7878")],
            vec![("host", "localhost:7878"), ("origin", "http://localhost:7878")],
            vec![("host", "127.0.0.1:7878"), ("sec-fetch-site", "same-origin")],
            vec![("host", "127.0.0.1:7878"), ("sec-fetch-site", "none")],
        ] {
            assert_eq!(access.foreign(&headers(&ours)), None, "{ours:?}");
        }
        for foreign in [
            vec![],
            vec![("host", "example.com")],
            vec![("host", "127.0.0.1.example.com:7878")],
            vec![("host", "127.0.0.1:7878"), ("origin", "http://example.com")],
            vec![("host", "127.0.0.1:7878"), ("origin", "null")],
            vec![("host", "127.0.0.1:7878"), ("origin", "http://127.0.0.1:9999")],
            vec![("host", "127.0.0.1:7878"), ("origin", "https://127.0.0.1:7878")],
            vec![("host", "127.0.0.1:7878"), ("sec-fetch-site", "cross-site")],
            vec![("host", "127.0.0.1:7878"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(access.foreign(&headers(&foreign)).is_some(), "{foreign:?}");
        }
    }

    #[test]
    fn only_the_token_is_the_token() {
        let access = Access::new(true).unwrap();
        let token = access.token().to_owned();
        assert_eq!(token.len(), 2 * TOKEN_BYTES);
        assert_ne!(token, Access::new(true).unwrap().token());
        let (elsewhere, events) = (Uri::from_static("/api/runs"), Uri::from_static("/api/events"));
        assert!(access.is_held(&headers(&[(TOKEN, &token)]), &elsewhere));
        for wrong in ["", &token[1..], &format!("{token}0"), &token.replace(token.chars().next().unwrap(), "g")] {
            assert!(!access.is_held(&headers(&[(TOKEN, wrong)]), &elsewhere), "{wrong}");
        }
        assert!(!access.is_held(&headers(&[]), &events));
        let in_query = |path: &str| format!("{path}?token={token}").parse::<Uri>().unwrap();
        assert!(access.is_held(&headers(&[]), &in_query("/api/events")));
        assert!(!access.is_held(&headers(&[]), &in_query("/api/runs")));
    }
}

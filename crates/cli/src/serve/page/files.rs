//! The page itself: its built files, which are part of the binary.

use super::refusal::Refused;
use crate::failure::Failure;
use anyhow::anyhow;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

/// What `npm run build` made of `web/`; CI builds it again and compares.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

/// What lies beside it: the engine in WebAssembly, which `scripts/build-wasm` makes, and what `scripts/page-data` does.
#[derive(RustEmbed)]
#[folder = "../../web/public"]
struct Beside;

/// The bytes of a file of the page.
fn find(path: &str) -> Option<Vec<u8>> {
    Some(Built::get(path).or_else(|| Beside::get(path))?.data.into_owned())
}

/// A file of the page that has to be there.
pub(crate) fn built(path: &str) -> Result<Vec<u8>, Failure> {
    let missing = || anyhow!("this build came without {path}: web/README.md says how it is made");
    Ok(find(path).ok_or_else(missing)?)
}

/// The file at this path; the page at the root.
pub(super) async fn file(uri: Uri) -> Result<Response, Refused> {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let bytes = find(path).ok_or_else(|| {
        let asked: String = path.chars().take(100).collect();
        Refused::missing(format!("there is no /{asked}: the page is at /, what programs ask is in /api/openapi.json"))
    })?;
    let kind = match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

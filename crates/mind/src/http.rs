//! A model behind an `OpenAI`-compatible address: `POST /v1/chat/completions`.
//!
//! Only `http://`. TLS would bring a cryptography library with a C or assembler tool chain and a store of certificates into a program whose
//! models run on the same machine; a model on another machine comes in by a program ([`crate::CommandMind`]) or a proxy that speaks TLS.
//! Because of that a key goes to this machine alone: it would cross any network in the clear.

use crate::action::SCHEMA;
use crate::ask::{Ask, line};
use crate::mind::{Mind, MindError};
use serde_json::{Value, json};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use thiserror::Error;
use ureq::Agent;
use ureq::http::Uri;

/// Longer answers of a server are not read.
const MOST_BYTES: u64 = 1 << 20;
/// Connections to a server that is there are made in less.
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// Characters of a server's refusal that are kept.
const MOST_SAID: usize = 300;

/// How a model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// The address: `http://127.0.0.1:8080`, with `/v1` or without.
    pub address: String,
    /// The model's name, as the server knows it.
    pub model: String,
    /// The environment variable that holds a key, where the server wants one.
    pub key_from: Option<String>,
    /// Whether the server is asked to keep to the schema; one that cannot is asked without.
    pub is_constrained: bool,
}

/// Why an address is not used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// It is none.
    #[error("{address:?} is no address of a model; it is like http://127.0.0.1:8080")]
    None {
        /// The address.
        address: String,
    },
    /// It wants TLS.
    #[error(
        "{address:?} wants TLS, which is not built in; use a proxy on 127.0.0.1 that speaks it, or a program that asks the model"
    )]
    Tls {
        /// The address.
        address: String,
    },
    /// A key would cross a network in the clear.
    #[error(
        "a key is sent to this machine alone, and {host} is another; without TLS everybody on the way could read it"
    )]
    KeyInTheClear {
        /// The host.
        host: String,
    },
    /// The environment variable is not there, or is no key.
    #[error("the environment variable {name} holds no key; a key is visible ASCII without blanks")]
    NoKey {
        /// Its name.
        name: String,
    },
}

/// A key, which is never shown.
struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("…")
    }
}

/// A model behind an address.
#[derive(Debug)]
pub struct HttpMind {
    name: String,
    url: String,
    model: String,
    is_constrained: bool,
    key: Option<Key>,
    agent: Agent,
    tokens: Option<u64>,
}

impl HttpMind {
    /// Reads the address and the key; nothing is sent.
    ///
    /// # Errors
    ///
    /// Where the address is none, wants TLS, or a key would leave this machine.
    pub fn new(options: &HttpOptions) -> Result<Self, AddressError> {
        let (url, host) = url_of(&options.address)?;
        let key = options.key_from.as_ref().map(|name| key_from(name)).transpose()?;
        if key.is_some() && !is_this_machine(&host) {
            return Err(AddressError::KeyInTheClear { host });
        }
        // No proxy of the environment and no redirection: a key goes where it was said to go, and nowhere else.
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent("dunwu")
            .timeout_connect(Some(CONNECTS_WITHIN))
            .max_idle_connections(0)
            .build();
        Ok(Self {
            name: format!("{} at {host}", options.model),
            url,
            model: options.model.clone(),
            is_constrained: options.is_constrained,
            key,
            agent: Agent::new_with_config(config),
            tokens: None,
        })
    }

    fn body(&self, ask: &Ask) -> String {
        let mut body = json!({
            "model": self.model,
            "messages": [{ "role": "system", "content": ask.instructions }, { "role": "user", "content": ask.message() }],
            "max_tokens": ask.answer_tokens,
            "temperature": 0.0,
            "stream": false,
        });
        if self.is_constrained {
            let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
            body["response_format"] =
                json!({ "type": "json_schema", "json_schema": { "name": "action", "schema": schema } });
        }
        body.to_string()
    }

    /// A text of the server without the key, which some servers say back.
    fn without_key(&self, text: &str) -> String {
        match &self.key {
            Some(Key(key)) => text.replace(key.as_str(), "…"),
            None => text.to_owned(),
        }
    }
}

impl Mind for HttpMind {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&mut self, ask: &Ask) -> Result<String, MindError> {
        self.tokens = None;
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(Key(key)) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request.config().timeout_global(Some(ask.within)).build();
        let fault = |error| fault_of(error, ask.within);
        let mut response = request.send(self.body(ask)).map_err(fault)?;
        let status = response.status();
        let kind =
            response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("nothing").to_owned();
        let bytes = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec().map_err(fault)?;
        let text = self.without_key(&String::from_utf8_lossy(&bytes));
        if !status.is_success() {
            return Err(MindError::Status { status: status.as_u16(), says: line(&text, MOST_SAID) });
        }
        if !kind.to_ascii_lowercase().starts_with("application/json") {
            return Err(MindError::Protocol(line(&kind, 60)));
        }
        let completion: Value =
            serde_json::from_str(&text).map_err(|error| MindError::Protocol(format!("no whole JSON ({error})")))?;
        let usage = &completion["usage"];
        self.tokens = usage["total_tokens"]
            .as_u64()
            .or_else(|| Some(usage["prompt_tokens"].as_u64()? + usage["completion_tokens"].as_u64()?));
        // Work leaves tokens: a call that "succeeded" without one did none.
        if usage["completion_tokens"].as_u64() == Some(0) {
            return Err(MindError::NoTokens);
        }
        let content = completion["choices"][0]["message"]["content"].as_str();
        content.map(ToOwned::to_owned).ok_or_else(|| MindError::Protocol("no message".to_owned()))
    }

    fn tokens(&self) -> Option<u64> {
        self.tokens
    }
}

fn fault_of(error: ureq::Error, within: Duration) -> MindError {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            MindError::Unreachable("nobody answers there".to_owned())
        }
        ureq::Error::Timeout(_) => MindError::Late(within),
        ureq::Error::BodyExceedsLimit(most) => MindError::TooLong(most),
        // An operating system's words differ from machine to machine; its kind does not.
        ureq::Error::Io(error) => MindError::Unreachable(error.kind().to_string()),
        error => MindError::Unreachable(line(&error.to_string(), 100)),
    }
}

/// The whole address of the end point, and the host.
fn url_of(address: &str) -> Result<(String, String), AddressError> {
    let none = || AddressError::None { address: address.to_owned() };
    let uri: Uri = address.trim().parse().map_err(|_no_uri| none())?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err(AddressError::Tls { address: address.to_owned() }),
        _ => return Err(none()),
    }
    let authority = uri.authority().ok_or_else(none)?;
    // A name and a password in an address would stand in the ledger.
    if authority.as_str().contains('@') || uri.query().is_some() {
        return Err(none());
    }
    let path = uri.path().trim_end_matches('/');
    let path = match path {
        _ if path.ends_with("/chat/completions") => path.to_owned(),
        _ if path.ends_with("/v1") => format!("{path}/chat/completions"),
        _ => format!("{path}/v1/chat/completions"),
    };
    Ok((format!("http://{authority}{path}"), authority.host().to_owned()))
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn key_from(name: &str) -> Result<Key, AddressError> {
    let key = std::env::var(name).unwrap_or_default();
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_graphic());
    if is_key { Ok(Key(key)) } else { Err(AddressError::NoKey { name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(address: &str, key_from: Option<&str>) -> HttpOptions {
        HttpOptions {
            address: address.to_owned(),
            model: "m".to_owned(),
            key_from: key_from.map(ToOwned::to_owned),
            is_constrained: true,
        }
    }

    #[test]
    fn addresses_end_where_the_protocol_says() {
        for (address, url) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"),
            ("http://localhost:8080/v1/", "http://localhost:8080/v1/chat/completions"),
            ("http://[::1]:8080/api/v1/chat/completions", "http://[::1]:8080/api/v1/chat/completions"),
        ] {
            assert_eq!(url_of(address).unwrap().0, url);
        }
        assert!(matches!(url_of("https://example.org"), Err(AddressError::Tls { .. })));
        for none in [
            "",
            "127.0.0.1:8080",
            "ftp://a",
            "http://",
            "http://me:secret@127.0.0.1",
            "http://a b",
            "http://127.0.0.1/?key=1",
        ] {
            assert!(matches!(url_of(none), Err(AddressError::None { .. })), "{none}");
        }
    }

    /// Cargo sets `CARGO_PKG_NAME` wherever tests run.
    #[test]
    fn a_key_stays_on_this_machine_and_is_not_shown() {
        let key = std::env::var("CARGO_PKG_NAME").unwrap();
        assert!(matches!(
            HttpMind::new(&options("http://192.0.2.1", Some("CARGO_PKG_NAME"))),
            Err(AddressError::KeyInTheClear { .. })
        ));
        assert!(matches!(
            HttpMind::new(&options("http://127.0.0.1", Some("DUNWU_NO_SUCH_KEY"))),
            Err(AddressError::NoKey { .. })
        ));
        assert!(HttpMind::new(&options("http://192.0.2.1", None)).is_ok());
        for here in ["http://127.0.0.1", "http://localhost:1", "http://[::1]"] {
            let mind = HttpMind::new(&options(here, Some("CARGO_PKG_NAME"))).unwrap();
            assert!(!format!("{mind:?}").contains(&key) && !mind.name().contains(&key));
            assert_eq!(mind.without_key(&format!("wrong key {key}!")), "wrong key …!");
        }
    }
}

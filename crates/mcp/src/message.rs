//! JSON-RPC 2.0: what comes in, and the frame of what goes out.

use crate::revision::Revision;
use serde_json::{Map, Value, json};
use std::fmt;

/// The id of a request. A whole number and the text of its digits are two ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Id {
    Number(i64),
    Text(String),
}

impl Id {
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            value => value.as_i64().map(Self::Number),
        }
    }

    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(formatter)
    }
}

/// A request. It is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: Id,
    pub(crate) method: String,
    pub(crate) params: Map<String, Value>,
}

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    Request(Request),
    /// It is never answered, not even with an error.
    Notification {
        method: String,
        params: Map<String, Value>,
    },
    /// An answer to something that was not asked: this server asks clients nothing.
    Response,
}

/// What goes wrong below the tools: kinds of errors with their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is no JSON.
    Parse,
    /// It is JSON and no message.
    InvalidRequest,
    /// There is no such method in this revision.
    NoMethod,
    /// The parameters are not those of the method.
    InvalidParams,
    /// A request of a stateless revision lacks what each request must say of itself.
    NoMeta,
    /// This program has a mistake.
    Internal,
    /// Headers of HTTP and the message say different things.
    HeaderMismatch,
    /// The revision is not served.
    NoRevision,
    /// The client cancelled the request; told only where HTTP demands some answer.
    Cancelled,
}

impl Kind {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::NoMethod => -32601,
            Self::InvalidParams | Self::NoMeta => -32602,
            Self::Internal => -32603,
            Self::HeaderMismatch => -32020,
            Self::NoRevision => -32022,
            Self::Cancelled => -32800, // outside the reserved range, as the Language Server Protocol has it
        }
    }
}

/// An error of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Fault {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), data: None }
    }

    fn error(&self) -> Value {
        let mut error = json!({ "code": self.kind.code(), "message": self.message });
        if let Some(data) = &self.data {
            error["data"] = data.clone();
        }
        error
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, id: &Id) -> Value {
        json!({ "jsonrpc": "2.0", "id": id.value(), "error": self.error() })
    }

    /// The answer to something whose id is not known.
    pub(crate) fn answer_without_id(&self, revision: Option<Revision>) -> Value {
        let mut answer = json!({ "jsonrpc": "2.0", "error": self.error() });
        if !revision.is_some_and(Revision::leaves_out_id) {
            answer["id"] = Value::Null;
        }
        answer
    }
}

/// An error, and the id of the request that it belongs to, if that could be read.
pub(crate) type Unread = Box<(Option<Id>, Fault)>;

/// Bytes as JSON.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(bytes).map_err(|error| Fault::new(Kind::Parse, format!("this is no JSON: {error}")))
}

/// JSON as a message.
pub(crate) fn read(value: Value) -> Result<Message, Unread> {
    let invalid = |id: Option<Id>, message: &str| Box::new((id, Fault::new(Kind::InvalidRequest, message)));
    let Value::Object(mut fields) = value else {
        return Err(invalid(None, "a message is a JSON object"));
    };
    let id = fields.get("id").and_then(Id::parse);
    if fields.get("jsonrpc") != Some(&json!("2.0")) {
        return Err(invalid(id, "a message has \"jsonrpc\": \"2.0\""));
    }
    let method = match fields.remove("method") {
        Some(Value::String(method)) => method,
        None if fields.contains_key("result") || fields.contains_key("error") => return Ok(Message::Response),
        _ => return Err(invalid(id, "a request has a method, a string")),
    };
    if fields.contains_key("id") && id.is_none() {
        return Err(invalid(None, "an id is a string or a whole number"));
    }
    let params = match fields.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(Box::new((id, Fault::new(Kind::InvalidParams, "params is an object")))),
    };
    Ok(match id {
        Some(id) => Message::Request(Request { id, method, params }),
        None => Message::Notification { method, params },
    })
}

/// The answer to a request that went well.
pub(crate) fn answer(id: &Id, result: Value) -> Value {
    let mut answer = json!({ "jsonrpc": "2.0", "id": id.value() });
    answer["result"] = result;
    answer
}

/// A message that is not answered.
pub(crate) fn notification(method: &str, params: Value) -> Value {
    let mut notification = json!({ "jsonrpc": "2.0", "method": method });
    notification["params"] = params;
    notification
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (Option<Id>, i64) {
        let (id, fault) = *read(serde_json::from_str(text).unwrap()).unwrap_err();
        (id, fault.kind.code())
    }

    #[test]
    fn messages_are_told_apart() {
        let read = |text: &str| read(parse(text.as_bytes()).unwrap()).unwrap();
        let request = Request { id: Id::Number(1), method: "ping".to_owned(), params: Map::new() };
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#), Message::Request(request.clone()));
        let text = Request { id: Id::Text("1".to_owned()), ..request };
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":"1","method":"ping","params":{}}"#), Message::Request(text));
        let notification = Message::Notification { method: "x".to_owned(), params: Map::new() };
        assert_eq!(read(r#"{"jsonrpc":"2.0","method":"x"}"#), notification);
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Message::Response);
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":null,"error":{}}"#), Message::Response);
    }

    #[test]
    fn what_is_no_message_has_the_code_of_json_rpc() {
        for text in ["{", "", "nonsense", "\u{0}", &"[".repeat(100_000)] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().kind.code(), -32700);
        }
        assert_eq!(parse(b"\"\xff\"").unwrap_err().kind.code(), -32700);
        for text in ["1", "null", "[]", "{}", r#"{"jsonrpc":"1.0","method":"x"}"#, r#"{"jsonrpc":"2.0","method":3}"#] {
            assert_eq!(fault(text), (None, -32600), "{text}");
        }
        for id in ["null", "1.5", "[]", "true", "1e400"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let code = parse(text.as_bytes()).map(read);
            assert!(code.is_err() || code.is_ok_and(|read| read.is_err_and(|unread| unread.0.is_none())), "{id}");
        }
        assert_eq!(fault(r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}"#), (Some(Id::Number(7)), -32602));
        assert_eq!(fault(r#"{"id":7,"method":"ping"}"#), (Some(Id::Number(7)), -32600));
    }
}

//! A table of tools, served as a [Model Context Protocol](https://modelcontextprotocol.io) server over stdio and HTTP.
//!
//! The crate knows the protocol and nothing of what the tools do. A program fills in [`Tool`]s, implements [`Toolbox`], makes a
//! [`Server`] and hands it to [`serve_stdio`] or [`serve_http`]:
//!
//! ```no_run
//! use dunwu_mcp::{About, Effects, Reply, Server, Tool, ToolError, Toolbox, Watch, read_arguments, serve_stdio};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//! use serde_json::{Map, Value, json};
//! use std::sync::atomic::AtomicBool;
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Summands { a: i32, b: i32 }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct Sum { sum: i64 }
//!
//! struct Adder([Tool; 1]);
//!
//! impl Toolbox for Adder {
//!     fn tools(&self) -> &[Tool] {
//!         &self.0
//!     }
//!
//!     fn call(&self, _: &str, arguments: Map<String, Value>, _: &dyn Watch) -> Result<Reply, ToolError> {
//!         let Summands { a, b } = read_arguments(arguments)?;
//!         Ok(json!(Sum { sum: i64::from(a) + i64::from(b) }).into())
//!     }
//! }
//!
//! let about = About { name: "adder".into(), title: "Adder".into(), version: "1".into(), instructions: "Add.".into() };
//! let adder = Adder([Tool::new::<Summands, Sum>("add", "Add", "Adds two numbers.", Effects::Reads)]);
//! let server = Server::new(about, adder).expect("the table is right");
//! serve_stdio(server, &AtomicBool::new(false)).expect("standard input can be read");
//! ```
//!
//! # How to add a tool
//!
//! 1. A type for its arguments with `Deserialize` and `JsonSchema`; `#[serde(deny_unknown_fields)]` lets the server tell an
//!    agent of a misspelt field. The doc comment of a field is its description.
//! 2. A type for its result with `Serialize` and `JsonSchema`, a struct. A long list is a [`Page`], made with [`page`] or with
//!    [`write_cursor`] and [`read_cursor`].
//! 3. A [`Tool::new`] in the table, and an arm in [`Toolbox::call`].
//!
//! Arguments are compared with their schema before the tool is called, and results after it. [`Server::new`] refuses a table with
//! a schema that it would not check. In the schema of arguments an `Option` is a field that may be absent; `null` counts as
//! absent.
//!
//! # What is served
//!
//! | | 2024-11-05 | 2025-03-26 | 2025-06-18 | 2025-11-25 | 2026-07-28 |
//! |---|---|---|---|---|---|
//! | begins with | `initialize` | `initialize` | `initialize` | `initialize` | any request; `server/discover` if one likes |
//! | `tools/list` in pages, `tools/call` | yes | yes | yes | yes | yes |
//! | `ping` | yes | yes | yes | yes | not in the revision |
//! | batches | no | yes | no | no | no |
//! | annotations of tools | no | yes | yes | yes | yes |
//! | output schemas, `structuredContent`, titles | no | no | yes | yes | yes |
//! | progress, if the request has a `progressToken` | yes | yes | yes | yes | yes |
//! | cancelled by | a notification | a notification | a notification | a notification | stdio: a notification; HTTP: hanging up |
//! | `Mcp-Session-Id` | given, not demanded | same | same | same | not in the revision |
//! | `Mcp-Method` and `Mcp-Name` | no | no | no | no | demanded |
//! | `subscriptions/listen` | no | no | no | no | yes; nothing ever changes |
//!
//! Not served: resources, prompts, completion, logging, sampling, elicitation, roots, tasks, authorization, the HTTP+SSE
//! transport of 2024-11-05, streams that go on after they broke.
//!
//! # Errors
//!
//! What an agent can mend comes as a tool result with `isError` and a text that names the field and the remedy: arguments that
//! do not fit, refusals, failures ([`ToolError`]). The same is in `_meta["dunwu/error"]` for programs. What only a client's
//! programmer can mend is a JSON-RPC error: -32700 no JSON, -32600 no message, a batch, an id in use, a line that is too long,
//! -32601 no such method, -32602 no such tool or a cursor of another list, -32020 headers that contradict the message, -32022 no
//! such revision. A request that was cancelled is not answered; over HTTP, where something has to be, it is -32800.
//!
//! # Why not the official crate
//!
//! `rmcp` 3.11.0 speaks both kinds of revisions over both transports, with progress and cancellation. It has no batches, does not
//! compare arguments with their schemas, and breaks its interface often. With `server`, `transport-io` and
//! `transport-streamable-http-server` it adds 43 crates to those that are here, 17 of which the workspace does not have
//! otherwise, and 41 s of building (57 s of processor time, on two cores, without optimization) to the 18 s of axum and tokio,
//! which the workspace builds anyway. This crate adds none. It has about 2,700 lines without tests, of which the comparison
//! with schemas, which would be ours in any case, is a sixth.

mod call;
mod client;
mod cursor;
mod http;
mod message;
mod portable;
mod revision;
mod schema;
mod server;
mod stdio;
mod tool;

#[cfg(test)]
mod tests;

pub use cursor::{CursorError, Page, page, read_cursor, write_cursor};
pub use http::{HttpLimits, bind, serve_http};
pub use revision::Revision;
pub use server::{About, Limits, Server};
pub use stdio::{serve_lines, serve_stdio};
pub use tool::{Effects, ErrorKind, Reply, TableError, Tool, ToolError, Toolbox, Watch, read_arguments};

//! The transport over HTTP: one end point, `/mcp`, on this machine alone.

mod events;
mod guard;
mod headers;
mod listener;
mod post;
mod sessions;

#[cfg(test)]
mod tests;

pub use listener::{HttpLimits, bind, serve_http};

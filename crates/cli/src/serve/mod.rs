//! The two servers: the page (`dunwu serve`), and a language model behind `OpenAI`'s interface (`dunwu serve-model`). The only async room.

mod connections;
mod listen;
pub(crate) mod model;
pub(crate) mod page;

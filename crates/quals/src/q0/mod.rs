//! Q0: worlds without a law, and proposers that cheat. How often is something established where there is nothing?

mod cheats;
mod hunt;
mod noise;
mod played;
mod scene;

pub use cheats::{CHEATS, Cheat, Must};
pub(crate) use noise::examine;
pub(crate) use played::examine_cheats;

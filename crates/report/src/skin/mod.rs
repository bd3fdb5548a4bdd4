//! The skins: what an [`Answer`](dunwu::answer::Answer) looks like on a page, in a terminal and to a program. None computes a number.

mod braille;
mod json;
mod notebook;
mod page;
mod terminal;

pub use json::json;
pub use notebook::notebook;
pub use page::page;
pub use terminal::terminal;

//! The skins: what an [`Answer`](dunwu::answer::Answer) looks like on a page, in a terminal and to a program. None computes a number.

mod braille;
mod json;
mod notebook;
mod on_page;
mod page;
mod standalone;
mod terminal;

pub use json::json;
pub use notebook::notebook;
pub use on_page::{AnswerOnPage, AskedOnPage};
pub use page::page;
pub use standalone::{PageData, engine_script, standalone};
pub use terminal::terminal;

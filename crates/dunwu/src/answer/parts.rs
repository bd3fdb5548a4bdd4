//! The answer and its parts, from the whole down to one fact.

use super::{Figure, Slides, Table};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a verb found out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The verb that was asked: `phase`.
    pub verb: &'static str,
    /// What it is about, in a few words: `task against data.count`.
    pub title: String,
    /// What was asked for, in half a line.
    pub setup: String,
    /// What came out, in one sentence.
    pub headline: String,
    /// What else came out, one claim a sentence, in reading order.
    pub sentences: Vec<String>,
    /// Figures and tables, in reading order.
    pub sections: Vec<Section>,
    /// Publications that the answer rests on.
    pub sources: Vec<String>,
    /// What programs read: one JSON object, whose schema `dunwu schema VERB` prints.
    pub data: Map<String, Value>,
}

/// A part of an answer under a heading of its own.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Section {
    /// The heading; none where the part follows from what stands before.
    pub title: Option<String>,
    /// Where it is shown.
    pub shown: Shown,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// Where a section is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Wherever there is room: on a page, and in a terminal.
    Everywhere,
    /// On a page.
    Page,
    /// In a terminal.
    Terminal,
}

/// One piece of a section.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A figure with its caption.
    Figure(Figure),
    /// Landscapes of which one is looked at at a time, with a control to move through them.
    Slides(Slides),
    /// A table.
    Table(Table),
    /// A few numbers that one looks for first, or settings: what it is, and its value.
    Facts(Vec<Fact>),
    /// Words with their meanings.
    Words(Vec<Fact>),
    /// Running text, a paragraph each.
    Paragraphs(Vec<String>),
    /// A command to be copied.
    Command(String),
    /// Lines that stay as they are: a formula, a script.
    Verbatim(Vec<String>),
}

/// A name and what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// Its value, or its meaning.
    pub value: String,
}

impl Fact {
    /// A name with what belongs to it.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Section {
    /// A part that is shown wherever there is room.
    pub fn everywhere(title: &str, blocks: Vec<Block>) -> Self {
        Self { title: Some(title.to_owned()), shown: Shown::Everywhere, blocks }
    }

    /// A part of pages.
    pub fn of_page(title: &str, blocks: Vec<Block>) -> Self {
        Self { title: Some(title.to_owned()), shown: Shown::Page, blocks }
    }

    /// A part of pages that needs no heading.
    pub fn untitled(blocks: Vec<Block>) -> Self {
        Self { title: None, shown: Shown::Page, blocks }
    }

    /// A part of the terminal's text.
    pub fn of_terminal(title: Option<&str>, blocks: Vec<Block>) -> Self {
        Self { title: title.map(str::to_owned), shown: Shown::Terminal, blocks }
    }
}

impl Answer {
    /// All figures in reading order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks().filter_map(|block| if let Block::Figure(figure) = block { Some(figure) } else { None })
    }

    /// All sets of landscapes in reading order.
    pub fn slides(&self) -> impl Iterator<Item = &Slides> {
        self.blocks().filter_map(|block| if let Block::Slides(slides) = block { Some(slides) } else { None })
    }

    /// All tables in reading order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks().filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None })
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }

    /// The headline and the sentences after it.
    pub fn story(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.headline).chain(&self.sentences).map(String::as_str)
    }
}

/// The fields of `data`, a struct, as a JSON object. Numbers that are not finite become `null`.
pub fn object(data: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(data) {
        Ok(Value::Object(object)) => object,
        other => panic!("the data of an answer is a struct with named fields, not {other:?}"),
    }
}

//! An answer as a page: one HTML file that opens anywhere, for decades; nothing is fetched.
//!
//! The first part without a heading stands above the sentences, so that the first screen carries headline and picture. Figures that are
//! not defined are folded into one list at the end of their part. Only landscapes that one moves through bring a script, which
//! shows one frame and hides the others; without it all are shown.

use crate::draw;
use crate::terrain;
use dunwu::answer::{Answer, Block, Fact, Figure, Section, Shown, Slides, Table};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(super) const STYLE: &str = include_str!("../page.css");
const FRAMES: &str = include_str!("../frames.js");

/// The whole page.
pub fn page(answer: &Answer) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "Dunwu " (env!("CARGO_PKG_VERSION")) };
                title { (clean(&answer.title)) " · Dunwu" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (main(answer))
                @if moves(answer) { script { (PreEscaped(FRAMES)) } }
            }
        }
    };
    document.into_string()
}

/// What is read of the page: headline and picture, sentences, parts, sources.
pub(super) fn main(answer: &Answer) -> Markup {
    let mut sections = answer.sections.iter().filter(|section| section.shown != Shown::Terminal).peekable();
    let first = sections.next_if(|section| section.title.is_none());
    html! {
        main {
            header {
                p.kicker { "Dunwu · " (answer.verb) }
                h1 { (clean(&answer.title)) }
                p.setup { (prose(&answer.setup)) }
                p.lede { (prose(&answer.headline)) }
            }
            @if let Some(section) = first { (blocks(section)) }
            @if !answer.sentences.is_empty() {
                ul.story { @for sentence in &answer.sentences { li { (prose(sentence)) } } }
            }
            @for section in sections {
                section {
                    @if let Some(title) = &section.title { h2 { (clean(title)) } }
                    (blocks(section))
                }
            }
            footer {
                "Made by Dunwu " (env!("CARGO_PKG_VERSION")) "."
                @for source in &answer.sources { " " (prose(source)) }
                " Colours: Okabe & Ito."
            }
        }
    }
}

/// The parts of an answer without its sentences, as a piece of HTML for a page that brings its own styles: no script, no style, nothing that
/// is loaded. Landscapes that one moves through are left out: such a page draws them from their heights.
pub(super) fn fragment(answer: &Answer) -> String {
    let sections = answer.sections.iter().filter(|section| section.shown != Shown::Terminal);
    let without_slides = |section: &Section| {
        let blocks = section.blocks.iter().filter(|block| !matches!(block, Block::Slides(_))).cloned().collect();
        Section { blocks, ..section.clone() }
    };
    let fragment = html! {
        @for section in sections.map(without_slides).filter(|section| !section.blocks.is_empty()) {
            section {
                @if let Some(title) = &section.title { h2 { (clean(title)) } }
                (blocks(&section))
            }
        }
    };
    fragment.into_string()
}

/// Whether something on the page is moved by hand: several frames, or several sets of them.
fn moves(answer: &Answer) -> bool {
    answer.slides().any(|slides| slides.terrains.len() > 1) || answer.slides().count() > 1
}

/// The blocks of a part; figures that are not defined come last, together.
fn blocks(section: &Section) -> Markup {
    let undefined: Vec<&Figure> = section
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Figure(figure) if figure.drawing.is_none() => Some(figure),
            _ => None,
        })
        .collect();
    let is_slides = |block: &Block| matches!(block, Block::Slides(_));
    html! {
        @for blocks in section.blocks.chunk_by(|a, b| is_slides(a) && is_slides(b)) {
            @if blocks.len() > 1 { (sets(blocks)) } @else { @for block in blocks { (self::block(block)) } }
        }
        @if !undefined.is_empty() {
            details.undefined {
                summary { (undefined.len()) @if undefined.len() == 1 { " figure is" } @else { " figures are" } " not defined here" }
                dl.words {
                    @for figure in undefined {
                        dt id=(figure.name) { (clean(&figure.title)) }
                        dd { (prose(&figure.caption)) }
                    }
                }
            }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Figure(figure) => draw::svg(figure).map_or_else(|| html! {}, |svg| self::figure(figure, &svg)),
        Block::Slides(slides) => self::slides(slides),
        Block::Table(table) => self::table(table),
        Block::Facts(facts) => self::facts(facts),
        Block::Words(words) => {
            html! { dl.words { @for Fact { name, value } in words { dt { (clean(name)) } dd { (prose(value)) } } } }
        }
        Block::Paragraphs(paragraphs) => html! { @for text in paragraphs { p { (prose(text)) } } },
        Block::Command(command) => html! { pre { code { (clean(command)) } } },
        Block::Verbatim(lines) => html! { pre { (clean(&lines.join("\n"))) } },
    }
}

fn figure(figure: &Figure, svg: &str) -> Markup {
    html! {
        figure id=(figure.name) {
            h3 { (clean(&figure.title)) }
            (PreEscaped(svg))
            figcaption { (prose(&figure.caption)) }
        }
    }
}

fn table(table: &Table) -> Markup {
    let class = |column: usize| (!table.columns[column].is_text).then_some("n");
    html! {
        div.wide {
            table id=(table.name) {
                thead { tr { @for (i, column) in table.columns.iter().enumerate() { th class=[class(i)] { (clean(&column.head)) } } } }
                tbody {
                    @for row in &table.rows {
                        tr { @for (i, cell) in row.iter().enumerate() { td class=[class(i)] { (prose(&cell.shown())) } } }
                    }
                }
            }
        }
    }
}

/// A few numbers large, many in two columns.
fn facts(facts: &[Fact]) -> Markup {
    const FEW: usize = 8;
    let class = if facts.len() <= FEW { "glance" } else { "settings" };
    html! { dl class=(class) { @for Fact { name, value } in facts { div { dt { (clean(name)) } dd { (prose(value)) } } } } }
}

/// The frames with their controls, which stay hidden until the script has found them.
fn slides(slides: &Slides) -> Markup {
    let last = slides.terrains.len().saturating_sub(1);
    html! {
        section.slides data-start=(slides.start.min(last)) {
            h3 { (clean(&slides.title)) }
            @if last > 0 {
                div.controls hidden="hidden" {
                    button type="button" { "play" }
                    div {
                        input type="range" min="0" max=(last) value="0" step="1" aria-label="frame";
                        p.stops { @for label in &slides.labels { span { (clean(label)) } } }
                    }
                }
            }
            @for (i, (label, caption)) in slides.labels.iter().zip(&slides.captions).enumerate() {
                figure data-label=(clean(label)) {
                    (PreEscaped(terrain::frame(&draw::frame_name(slides, i), &slides.terrains, i)))
                    figcaption { (prose(caption)) }
                }
            }
        }
    }
}

/// Several sets of frames, of which the script shows one at a time; the switch stays hidden until it has found them.
fn sets(blocks: &[Block]) -> Markup {
    let sets: Vec<&Slides> =
        blocks.iter().filter_map(|block| if let Block::Slides(slides) = block { Some(slides) } else { None }).collect();
    html! {
        div.sets {
            p.switch hidden="hidden" {
                @for set in &sets { button type="button" aria-pressed="false" { (clean(&set.title)) } }
            }
            @for set in &sets { (slides(set)) }
        }
    }
}

/// A sentence, in which a number stays with its percent sign.
fn prose(text: &str) -> String {
    clean(text).replace(" %", "\u{a0}%")
}

/// Without characters that no page may hold.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\t' | '\n') { '\u{fffd}' } else { c }).collect()
}

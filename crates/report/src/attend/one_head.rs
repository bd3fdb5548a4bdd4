//! The verb `attend --head`: what one head looks at, query by query.

use super::heat::shades;
use super::one_head_data::AttendHeadData;
use super::{patterns, words};
use crate::words::{count, counted, number, percent};
use dunwu::answer::{Answer, Axis, Block, Figure, Frame, Plots, Section, Table, TableCell, Tick, Ticks, WIDTH, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::sparsity::Pattern;
use dunwu_streams::{AttendedHead, HeadRequest};

/// Keys that the table lists.
const MOST_KEYS: usize = 8;

/// Reads the first tokens of a text with all keys kept and says what one head looks at.
pub fn answer_of_head(request: &HeadRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(&dunwu_streams::attend_head(request, watcher)?))
}

pub(super) fn answer_of(attended: &AttendedHead) -> Answer {
    let pattern = attended.head.pattern();
    let mut sentences = sentences(attended, &pattern);
    let headline = sentences.remove(0);
    let keys = "Share of the attention: over all queries after the first, which sees nothing but itself. An early key is seen by more \
                queries than a late one; the last column is the mean over the queries that come after the key."
        .to_owned();
    Answer {
        verb: "attend-head",
        title: format!("What one head of {} looks at", attended.model_name()),
        setup: setup(attended),
        headline,
        sentences,
        sections: vec![
            Section::untitled(vec![Block::Figure(figure(attended))]),
            Section::everywhere("Keys that it looks at most", vec![Block::Table(table(attended, &pattern))]),
            Section::of_page("What is counted", vec![Block::Paragraphs(vec![keys])]),
        ],
        sources: Vec::new(),
        data: object(&AttendHeadData::of(attended)),
    }
}

fn setup(attended: &AttendedHead) -> String {
    let AttendedHead { head, n_layers, n_heads, .. } = attended;
    format!(
        "the first {} of {}{} · all keys kept · {} of {} · keys of key head {}",
        counted(attended.tokens.len(), "token"),
        attended.text_name(),
        if attended.tokens.len() == HeadRequest::MOST_TOKENS { ", the most that are drawn" } else { "" },
        counted(*n_layers, "layer"),
        counted(*n_heads, "query head"),
        head.key_head,
    )
}

fn sentences(attended: &AttendedHead, pattern: &Pattern<'_>) -> Vec<String> {
    let head = &attended.head;
    let received = pattern.received();
    let token = |position: usize| words::token_at(&attended.tokens, position);
    let mut sentences = vec![
        format!(
            "Layer {}, head {} puts {} of its attention on the first token, {}.",
            head.layer,
            head.head,
            percent(received[0]),
            words::quoted(&attended.tokens, 0),
        ),
        format!("Looking at all keys alike would put {} there.", percent(pattern.even_on_first())),
    ];
    let past_first = pattern
        .distance_past_first()
        .map_or_else(String::new, |distance| format!(", {} where the first token is left out", number(distance)));
    sentences.push(format!(
        "On average it looks {} tokens back{past_first}; looking at all keys alike, it would look {} back.",
        number(pattern.distance()),
        number(pattern.even_distance()),
    ));
    if let Some(&most) = by_share(&received).iter().find(|key| **key > 0) {
        sentences.push(format!(
            "Beside the first token it looks most at {}, with {} of its attention.",
            token(most),
            percent(received[most])
        ));
    }
    sentences.push(words::begin_sentence(attended.begin.as_ref()));
    sentences
}

/// Keys by what they get, the most first; among equals the earlier.
fn by_share(received: &[f64]) -> Vec<usize> {
    let mut keys: Vec<usize> = (0..received.len()).collect();
    keys.sort_by(|a, b| received[*b].total_cmp(&received[*a]));
    keys
}

fn table(attended: &AttendedHead, pattern: &Pattern<'_>) -> Table {
    let received = pattern.received();
    let row = |key: &usize| {
        vec![
            words::token_at(&attended.tokens, *key).into(),
            TableCell::Share(received[*key]),
            TableCell::of(pattern.from_later(*key), TableCell::Share),
        ]
    };
    let rows = by_share(&received).iter().take(MOST_KEYS).map(row).collect();
    Table::new("keys", 1, &["key", "share of the attention", "mean of later queries"], rows)
}

/// The map of all queries and keys.
fn figure(attended: &AttendedHead) -> Figure {
    const TITLE: &str = "What it looks at, query by query";
    const LEFT: f64 = 34.0;
    const SIDE: f64 = WIDTH - LEFT - 40.0;
    let head = &attended.head;
    let n = attended.tokens.len();
    let ticks = |is_down: bool| {
        let tick = |position: usize| Tick {
            value: if is_down { (n - position) as f64 - 0.5 } else { position as f64 + 0.5 },
            label: Some(count(position)),
        };
        Ticks::At((0..n).step_by(if n > 24 { 8 } else { 2 }).map(tick).collect())
    };
    let frame = Frame { left: LEFT, top: 8.0, width: SIDE, height: SIDE };
    let mut plot = patterns::map(head, &attended.tokens, frame);
    plot.x = Axis {
        title: Some("position of the key; rows: position of the query".to_owned()),
        ticks: ticks(false),
        ..plot.x
    };
    plot.y = Axis { ticks: ticks(true), ..plot.y };
    let caption = format!(
        "Each row is a query token, each column a key token, from the first on. Rest the pointer on a cell for the two tokens and the \
         weight, on a row for its token. Shades go by the square root of the weight; weights below {} are left white.",
        percent(f64::from(patterns::LEAST))
    );
    let top = SIDE + 56.0;
    let plots = Plots { size: (WIDTH, top + 16.0), plots: vec![plot], items: vec![shades(top)] };
    Figure::of_plots("attention-head", TITLE, caption, plots)
}

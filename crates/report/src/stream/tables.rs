//! The table of a stream, and each policy's way as a line of blocks.

use super::words::megabytes;
use dunwu::answer::{Column, Table, TableCell, range};
use dunwu::stats::median;
use dunwu_streams::{Course, Reading};

/// Characters of a sparkline.
pub(super) const SPARKS: usize = 24;

/// A row a policy.
pub(super) fn courses(reading: &Reading) -> Table {
    let number = |value: Option<f64>| TableCell::of(value.filter(|value| value.is_finite()), TableCell::Number);
    let row = |course: &Course| {
        // A single segment is the first; nothing is said of a last one beside it.
        let later = course.parts.get(1..).unwrap_or_default();
        let [first, last] = [course.parts.first(), later.last()].map(|part| number(part.map(|part| part.perplexity)));
        vec![
            course.policy.clone().into(),
            number(course.perplexity),
            first,
            last,
            TableCell::Number(megabytes(course.peak_cache_bytes)),
            course.evicts_from.map_or("never".into(), TableCell::Count),
            number(course.ms_per_token_first),
            number(course.ms_per_token_last),
        ]
    };
    let heads = ["policy", "perplexity", "first", "last", "MB", "forgets from", "ms first", "ms last"];
    Table::new("policies", 1, &heads, reading.courses.iter().map(row).collect())
}

/// The same, each with the way of its perplexity as a line of blocks on one scale.
pub(super) fn courses_with_sparklines(reading: &Reading) -> Table {
    let mut table = courses(reading);
    table.columns.push(Column { head: "by segment".to_owned(), is_text: true });
    for (row, sparks) in table.rows.iter_mut().zip(sparklines(reading)) {
        row.push(sparks.into());
    }
    table
}

/// Medians of as many stretches as there are characters, as heights by logarithm between the lowest and the highest of all policies.
pub(super) fn sparklines(reading: &Reading) -> Vec<String> {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let stretches = |course: &Course| -> Vec<f64> {
        let n = course.parts.len().clamp(1, SPARKS);
        let of = |i: usize| &course.parts[i * course.parts.len() / n..(i + 1) * course.parts.len() / n];
        (0..n).filter_map(|i| median(of(i).iter().map(|part| part.perplexity))).collect()
    };
    let all: Vec<Vec<f64>> = reading.courses.iter().map(stretches).collect();
    let (low, high) = range(all.iter().flatten().map(|p| p.ln())).unwrap_or((0.0, 1.0));
    let block = |perplexity: &f64| {
        let share = if high > low { (perplexity.ln() - low) / (high - low) } else { 0.0 };
        BLOCKS[(share * 7.0).round().clamp(0.0, 7.0) as usize]
    };
    all.iter().map(|stretches| stretches.iter().map(block).collect()).collect()
}

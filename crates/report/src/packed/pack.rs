//! A run's tables and header, put together.

use super::columns::Columns;
use super::header::Header;
use crate::listing::State;
use crate::run::{KeptRun, told};
use dunwu::Opened;
use dunwu::opened::Frame;
use dunwu::store::RunStanding;
use dunwu::tables;
use dunwu_foreign::listing::standing;
use dunwu_foreign::recorded::ForeignRun;
use dunwu_foreign::run::table_of_series;
use std::borrow::Cow;

/// Rows of units in a page whose data stand in it: with all measures about five megabytes of text.
pub const UNIT_ROWS_IN_PAGE: usize = 24_000;

/// Which rows and tables are packed; all where nothing is said. The header is whole always.
#[derive(Clone, Debug, Default)]
pub struct PackedRequest {
    /// At most so many rows of units: of more snapshots some are left out, in every table.
    pub most_unit_rows: Option<usize>,
    /// Only rows of later steps than this; then `most_unit_rows` is not looked at.
    pub after: Option<u64>,
    /// Only tables of these names.
    pub tables: Option<Vec<String>>,
}

impl PackedRequest {
    fn wants(&self, table: &str) -> bool {
        self.tables.as_ref().is_none_or(|tables| tables.iter().any(|wanted| wanted == table))
    }
}

/// The run `opened`.
pub fn of_own(opened: &Opened, kept: &KeptRun, request: &PackedRequest) -> Vec<u8> {
    let state = match (&kept.end, &kept.writer) {
        (None, Some(_)) => State::Running,
        (None, None) => State::Interrupted,
        (Some(end), _) => State::from(&RunStanding::Ended(end.outcome)),
    };
    let mut header = Header::of_own(opened, &kept.dir, state, told(opened, kept));
    let mut columns = Columns::default();
    let tables = match (request.after, request.most_unit_rows) {
        (Some(after), _) => tables::tables_after(opened, after),
        (None, Some(most)) => tables::tables_of_frames(opened, &thinned(&opened.frames, most)),
        (None, None) => tables::tables(opened),
    };
    for (name, table) in tables.into_iter().filter(|(name, _)| request.wants(name)) {
        header.tables.push(columns.add(name, &table));
    }
    columns.finish(&header)
}

/// So many of these that the rows of their units are at most `most_rows`: evenly, the first and the last among them.
fn thinned(frames: &[Frame], most_rows: usize) -> Cow<'_, [Frame]> {
    let n_units = frames.last().map_or(1, |frame| frame.labels.len().max(1));
    let kept = (most_rows / n_units).max(2);
    if frames.len() <= kept {
        return frames.into();
    }
    (0..kept).map(|i| frames[i * (frames.len() - 1) / (kept - 1)].clone()).collect()
}

/// A run that another program made: its series, and nothing else.
pub fn of_foreign(run: &ForeignRun, request: &PackedRequest) -> Vec<u8> {
    let answer = crate::foreign::show(run);
    let state = State::from(&standing(&run.record, &run.dir));
    let mut header = Header::of_foreign(run, state, answer);
    let mut columns = Columns::default();
    let mut series = run.record.series();
    if let Some(after) = request.after {
        for one in &mut series {
            let points = one.steps.iter().copied().zip(one.values.iter().copied());
            (one.steps, one.values) = points.filter(|&(step, _)| step > after).unzip();
        }
    }
    if request.wants("scalars") {
        header.tables.push(columns.add("scalars", &table_of_series(&series)));
    }
    columns.finish(&header)
}

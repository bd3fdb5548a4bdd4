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
const UNIT_ROWS_IN_PAGE: usize = 24_000;

/// Tables of more rows than this hold f32 where the others hold f64: units, of which each snapshot has hundreds or thousands.
const EXACT_ROWS: usize = 20_000;

/// Which rows and tables are packed; all where nothing is said. The header is whole always.
#[derive(Clone, Debug, Default)]
pub struct PackedRequest {
    /// For a page whose data stand in it: units are f32 however few there are, and of many snapshots of a large network some are left out.
    pub in_page: bool,
    /// Only rows of later steps than this; then none is left out.
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
    let tables = match request.after {
        Some(after) => tables::tables_after(opened, after),
        None if request.in_page => tables::tables_of_frames(opened, &thinned(&opened.frames, UNIT_ROWS_IN_PAGE)),
        None => tables::tables(opened),
    };
    for (name, table) in tables.into_iter().filter(|(name, _)| request.wants(name)) {
        let is_exact = table.n_rows() <= EXACT_ROWS && !(request.in_page && name == "units");
        header.tables.push(columns.add(name, &table, is_exact));
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
        header.tables.push(columns.add("scalars", &table_of_series(&series), true));
    }
    columns.finish(&header)
}

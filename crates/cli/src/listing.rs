//! `dunwu ls`, `tag`, `note` and `rm`: the runs of a folder, and what people say of them.

use crate::Place;
use crate::failure::Failure;
use crate::print;
use crate::watching::{unwatched, watch};
use dunwu::store::{LIST_KEYS, ListRequest};
use dunwu_report::listing::{self, RemarksChange};

/// Keys of `dunwu ls`, for its help.
pub(crate) fn help() -> String {
    let lines = LIST_KEYS.iter().map(|(key, tells)| format!("  {key:<6} {tells}"));
    format!("Keys beside the settings of runs (`dunwu settings`):\n{}", lines.collect::<Vec<_>>().join("\n"))
}

pub(crate) fn list(words: &[String], place: &Place) -> Result<(), Failure> {
    let request = unwatched(ListRequest::from_words(words))?;
    print::without_page(&unwatched(listing::list(&place.runs, &request))?, place);
    Ok(())
}

pub(crate) fn tag(run: &str, added: &[String], removed: &[String], place: &Place) -> Result<(), Failure> {
    let change = unwatched(RemarksChange::tags(added, removed))?;
    print::without_page(&unwatched(listing::remark(&place.runs, run, change))?, place);
    Ok(())
}

pub(crate) fn note(run: &str, words: &[String], place: &Place) -> Result<(), Failure> {
    let change = RemarksChange::Note(words.join(" "));
    print::without_page(&unwatched(listing::remark(&place.runs, run, change))?, place);
    Ok(())
}

pub(crate) fn remove(runs: &[String], place: &Place) -> Result<(), Failure> {
    let answer = watch(false, |watcher| listing::remove_runs(&place.runs, runs, watcher))?;
    print::without_page(&answer, place);
    Ok(())
}

//! `dunwu site`: the page as files that need no server.

use crate::failure::Failure;
use crate::serve::page::built;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu::answer::{Answer, object};
use dunwu::store::OutputFolder;
use dunwu::verb::VerbError;
use dunwu_foreign::recorded::RecordedRun;
use dunwu_report::site::{SiteData, data_of};
use dunwu_report::skin;
use std::path::PathBuf;

/// Write the page as files that need no server: the story of grokking, the sandbox, and runs of yours (`dunwu site DIR RUN…`)
///
/// DIR/index.html opens from a disk or from any web server, with the runs inside. Beside it lies the engine, which the page loads when
/// somebody trains a network in it.
#[derive(Args)]
pub(crate) struct SiteArguments {
    /// Folder to write to, made if it is missing
    output: PathBuf,
    /// Runs to put into it: directories, names or first digits of ids
    #[arg(value_name = "RUN")]
    chosen: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// The race of the first view, and the run that the story tells, which are part of the binary.
const RACE: (&str, &str) = ("race cyclic:23 energy=raw", "data/race-raw.json");
const STORY: (&str, &str) = ("story", "data/run.packed");

pub(crate) fn site(asked: &SiteArguments) -> Result<(), Failure> {
    let SiteArguments { output, chosen, place } = asked;
    let folder = OutputFolder::at(output)?;
    let runs: Vec<RecordedRun> =
        chosen.iter().map(|run| RecordedRun::resolve(&place.runs, run)).collect::<Result<_, _>>()?;
    let mut data = watch(false, |watcher| data_of(&place.runs, &runs, watcher))?;
    let race = serde_json::from_slice(&built(RACE.1)?).map_err(VerbError::from).map_err(Failure::of_request)?;
    data.answers.insert(RACE.0.to_owned(), race);
    data.packed.insert(STORY.0.to_owned(), built(STORY.1)?);
    folder.make()?;
    let page = skin::standalone("Grokking", None, &data);
    let paths = [
        folder.write("index.html", page.as_bytes())?,
        folder.write("dunwu.wasm.js", skin::engine_script(&built("dunwu.wasm")?).as_bytes())?,
    ];
    let answer = Answer {
        verb: "site",
        title: "A page without a server".to_owned(),
        setup: String::new(),
        headline: format!("{} opens in a browser.", paths[0].display()),
        sentences: Vec::new(),
        sections: Vec::new(),
        sources: Vec::new(),
        data: object(&SiteData { page: paths[0].clone(), engine: paths[1].clone(), runs: runs.len() }),
    };
    print::files(&answer, &paths, place);
    Ok(())
}

//! Runs inside a page that needs no server: what `dunwu site` puts into one, and a run's report, which is such a page of one run.

use crate::packed::{self, PackedRequest};
use crate::run::{KeptRun, of_opened};
use crate::skin::{self, AnswerOnPage, AskedOnPage, PageData};
use crate::{foreign, listing};
use dunwu::Opened;
use dunwu::answer::Answer;
use dunwu::run::open;
use dunwu::store::{RunList, StoreError};
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::listing::read_listed;
use dunwu_foreign::recorded::{ForeignRun, RecordedRun};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The data of a page with these runs inside, and what `dunwu show` says of each.
pub fn data_of(folder: &Path, runs: &[RecordedRun], watcher: &mut Watcher<'_>) -> Result<PageData, VerbError> {
    let listed: Vec<_> = runs.iter().map(|run| read_listed(run.dir())).collect::<Result<_, StoreError>>()?;
    let mut list = skin::json(&listing::of_list(folder, RunList { runs: listed, unreadable: Vec::new() }));
    // Beside a page there are no tables of sweeps and no streams.
    (list["tables"], list["streams"]) = (json!([]), json!([]));
    let mut data = PageData { runs: list, ..PageData::default() };
    let request = PackedRequest { in_page: true, ..PackedRequest::default() };
    for run in runs {
        let name = run.dir().dir_name();
        let (bytes, answer) = match run {
            RecordedRun::Foreign(run) => (packed::of_foreign(run, &request), foreign::show(run)),
            RecordedRun::Own(dir) => {
                let opened = open(dir, watcher)?;
                let kept = KeptRun::of(dir, true)?;
                (packed::of_own(&opened, &kept, &request), of_opened(&opened, &kept, None))
            }
        };
        let asked = AskedOnPage { answers: vec![AnswerOnPage::from(&answer)], text: String::new(), code: 0 };
        data.answers.insert(format!("show {name}"), value(&asked));
        data.packed.insert(name, bytes);
    }
    Ok(data)
}

/// A run's report: the page with this run inside, and `answer` for a browser without script.
pub(crate) fn report_of_own(opened: &Opened, kept: &KeptRun, answer: &Answer) -> String {
    let name = name_of(&kept.dir);
    // The same bytes whether the run was made a moment ago or not, and from whichever folder the command was called.
    let kept = KeptRun { dir: PathBuf::from(&name), reused: true, ..kept.clone() };
    report(name, answer, |request| packed::of_own(opened, &kept, request))
}

/// The same of a run that another program made.
pub(crate) fn report_of_foreign(run: &ForeignRun, answer: &Answer) -> String {
    report(name_of(run.dir.path()), answer, |request| packed::of_foreign(run, request))
}

fn name_of(dir: &Path) -> String {
    dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn report(name: String, answer: &Answer, pack: impl FnOnce(&PackedRequest) -> Vec<u8>) -> String {
    let mut data = PageData { report_of: Some(name.clone()), ..PageData::default() };
    data.packed.insert(name, pack(&PackedRequest { in_page: true, ..PackedRequest::default() }));
    skin::standalone(&answer.title, Some(answer), &data)
}

fn value(asked: &AskedOnPage) -> Value {
    serde_json::to_value(asked).expect("an answer has a JSON form")
}

/// What programs read of a page that was written.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct SiteData {
    /// The page.
    pub page: PathBuf,
    /// The engine beside it.
    pub engine: PathBuf,
    /// Runs inside it.
    pub runs: usize,
}

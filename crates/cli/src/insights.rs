//! What people and programs say to a campaign: how a text is understood, and the files that leave one while another process writes.

use anyhow::Context as _;
use dunwu_science::claim::claim_from_sentence;
use dunwu_science::ledger::Insight;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a text says: a rival, a constraint, a wish to stop, or words for whoever proposes.
pub(crate) fn insight_of(text: &str) -> Insight {
    let text = text.trim();
    if text.eq_ignore_ascii_case("stop") {
        return Insight::Stop;
    }
    if let Some(conditions) = text.strip_prefix("where ") {
        return Insight::Constraint(conditions.to_owned());
    }
    if let Some((claim, why)) = text.strip_prefix("objection to ").and_then(|rest| rest.split_once(':')) {
        let (why, at) = why
            .split_once(" at {")
            .map_or((why, None), |(why, at)| (why, serde_json::from_str(&format!("{{{at}")).ok()));
        return Insight::Objection { claim: claim.trim().to_owned(), text: why.trim().to_owned(), at };
    }
    if claim_from_sentence(text).is_ok() { Insight::Rival(text.to_owned()) } else { Insight::Hint(text.to_owned()) }
}

/// Texts that this process left, so that each has a file of its own.
static LEFT: AtomicU64 = AtomicU64::new(0);

/// The folder of a campaign in which others leave what they have to say.
pub(crate) fn folder(campaign: &Path) -> PathBuf {
    campaign.join("insights")
}

/// Leaves a text for the process that writes the campaign's ledger, which reads it before its next run.
pub(crate) fn leave(campaign: &Path, by: &str, text: &str) -> anyhow::Result<()> {
    let folder = folder(campaign);
    let cannot = || format!("cannot leave it in {}", folder.display());
    std::fs::create_dir_all(&folder).with_context(cannot)?;
    let n = std::fs::read_dir(&folder).with_context(cannot)?.count();
    let place = LEFT.fetch_add(1, Ordering::Relaxed);
    let name = folder.join(format!("{n:06}-{}-{place}.txt", std::process::id()));
    // It has its name once it is whole: the other process may look at any moment.
    let part = name.with_extension("part");
    std::fs::write(&part, format!("by {by}\n{text}\n")).with_context(cannot)?;
    std::fs::rename(&part, &name).with_context(cannot)
}

/// Takes what was left, in the order of the files' names; each file is kept under another name.
pub(crate) fn take(folder: &Path) -> Vec<(String, Insight)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).ok()?;
        // What was read is kept under another name.
        std::fs::rename(&file, file.with_extension("read")).ok()?;
        // Others write what they have to say and nothing more.
        let (by, text) = text.strip_prefix("by ").and_then(|rest| rest.split_once('\n')).unwrap_or(("a file", &text));
        Some((by.trim().to_owned(), insight_of(text)))
    };
    files.into_iter().filter_map(read).collect()
}

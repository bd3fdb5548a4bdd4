//! What an audit says: one judgement a kind.

use super::kind::{KINDS, Kind};
use schemars::JsonSchema;
use serde::Serialize;

/// How a kind of mistake stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is there, and it does something to the conclusion.
    Misleads,
    /// It was looked for and not found.
    NothingFound,
    /// What was given does not say.
    CannotTell,
}

/// What was audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A run directory.
    Run,
    /// A table of results.
    Table,
    /// Two files of samples.
    Files,
}

impl Form {
    /// Its name for programs: `files`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Table => "table",
            Self::Files => "files",
        }
    }

    /// Kinds without which an audit of this form has told nothing: where one of them cannot be told, neither can the whole.
    pub fn required(self) -> &'static [Kind] {
        match self {
            Self::Run => &[Kind::MirrorImages, Kind::WrongSplit],
            Self::Table => &[Kind::TooFewSeeds, Kind::ConfoundedArms],
            Self::Files => &[Kind::Duplicates, Kind::LabelInInput],
        }
    }
}

/// A number that a judgement rests on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// What it is, in words.
    pub what: String,
    /// Its value.
    pub value: f64,
}

/// One kind of mistake, judged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Judgement {
    /// Which kind.
    pub kind: Kind,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen, or what would have to be given, in one sentence.
    pub sentence: String,
    /// The numbers behind it.
    pub evidence: Vec<Evidence>,
    /// The rows that show it, the first ten: `test row 12 = train row 40`. Rows count from 1, below the names.
    pub rows: Vec<String>,
}

/// Rows of evidence that are kept.
const ROWS: usize = 10;

impl Judgement {
    fn new(kind: Kind, verdict: Verdict, sentence: impl Into<String>) -> Self {
        Self { kind, verdict, sentence: sentence.into(), evidence: Vec::new(), rows: Vec::new() }
    }

    /// It misleads.
    pub(super) fn misleads(kind: Kind, sentence: impl Into<String>) -> Self {
        Self::new(kind, Verdict::Misleads, sentence)
    }

    /// Nothing was found.
    pub(super) fn nothing(kind: Kind, sentence: impl Into<String>) -> Self {
        Self::new(kind, Verdict::NothingFound, sentence)
    }

    /// It cannot be told; `sentence` says what would have to be given.
    pub(super) fn cannot_tell(kind: Kind, sentence: impl Into<String>) -> Self {
        Self::new(kind, Verdict::CannotTell, sentence)
    }

    /// With a number behind it.
    pub(super) fn with(mut self, what: impl Into<String>, value: f64) -> Self {
        self.evidence.push(Evidence { what: what.into(), value });
        self
    }

    /// With rows that show it.
    pub(super) fn with_rows(mut self, rows: impl IntoIterator<Item = String>) -> Self {
        self.rows.extend(rows.into_iter().take(ROWS));
        self
    }
}

/// Every kind judged, in the order of [`KINDS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// What was audited.
    pub form: Form,
    /// One judgement a kind.
    pub judgements: Vec<Judgement>,
    /// How what was given was read: which columns are settings, which one is the label.
    pub reading: Vec<String>,
}

impl Audit {
    /// Of judgements in any order; a kind without one is outside of what this form shows, `outside` says what would show it.
    pub(super) fn of(form: Form, mut judgements: Vec<Judgement>, reading: Vec<String>, outside: &str) -> Self {
        let judge = |kind: Kind| match judgements.iter().position(|judgement| judgement.kind == kind) {
            Some(place) => judgements.swap_remove(place),
            None => Judgement::cannot_tell(kind, outside),
        };
        Self { form, judgements: KINDS.map(judge).to_vec(), reading }
    }

    /// The judgement of a kind.
    pub fn of_kind(&self, kind: Kind) -> &Judgement {
        let place = KINDS.iter().position(|other| *other == kind).expect("KINDS has every kind");
        &self.judgements[place]
    }

    /// The whole: misleading where one kind is; else unknown where a required one is ([`Form::required`]).
    pub fn verdict(&self) -> Verdict {
        let is = |verdict: Verdict| move |kind: &Kind| self.of_kind(*kind).verdict == verdict;
        if KINDS.iter().any(is(Verdict::Misleads)) {
            Verdict::Misleads
        } else if self.form.required().iter().any(is(Verdict::CannotTell)) {
            Verdict::CannotTell
        } else {
            Verdict::NothingFound
        }
    }

    /// Judgements with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Judgement> {
        self.judgements.iter().filter(move |judgement| judgement.verdict == verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_misleading_kind_is_enough_and_a_required_one_has_to_be_known() {
        let all = |verdict: Verdict| KINDS.map(|kind| Judgement::new(kind, verdict, "")).to_vec();
        let verdict = |judgements| Audit::of(Form::Table, judgements, Vec::new(), "outside").verdict();
        assert_eq!(verdict(all(Verdict::NothingFound)), Verdict::NothingFound);
        assert_eq!(verdict(Vec::new()), Verdict::CannotTell);
        for kind in KINDS {
            let mut judgements = all(Verdict::NothingFound);
            let place = KINDS.iter().position(|other| *other == kind).unwrap();
            judgements[place].verdict = Verdict::CannotTell;
            let is_required = Form::Table.required().contains(&kind);
            assert_eq!(verdict(judgements.clone()) == Verdict::CannotTell, is_required, "{kind:?}");
            judgements[place].verdict = Verdict::Misleads;
            assert_eq!(verdict(judgements), Verdict::Misleads);
        }
    }
}

//! Cases made and judged, and how often the audit was right.

use super::{results, runs, samples};
use crate::audit::files::of_files;
use crate::audit::judgement::{Audit, Form, Verdict};
use crate::audit::kind::Kind;
use crate::audit::table::{Claim, of_table};
use crate::draw::Draw;
use crate::stats::ExactShare;
use dunwu::store::{Column, Table};
use dunwu::verb::{VerbError, Watcher};

/// How many cases of each kind are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchRequest {
    /// Pairs of a planted case and its clean twin, for each kind in files or tables, and for each that a run can have.
    pub cases: u64,
}

/// What is planted: every kind in two files of samples or in a table, then those that a run can have.
const CASES: [(Form, Kind); 17] = [
    (Form::Files, Kind::Duplicates),
    (Form::Files, Kind::MirrorImages),
    (Form::Files, Kind::LabelInInput),
    (Form::Files, Kind::SharedNormaliser),
    (Form::Table, Kind::WrongSplit),
    (Form::Table, Kind::WrongStep),
    (Form::Table, Kind::BestOfMany),
    (Form::Table, Kind::TooFewSeeds),
    (Form::Table, Kind::UntunedBaseline),
    (Form::Table, Kind::ConfoundedArms),
    (Form::Table, Kind::CensoredRead),
    (Form::Run, Kind::Duplicates),
    (Form::Run, Kind::MirrorImages),
    (Form::Run, Kind::LabelInInput),
    (Form::Run, Kind::WrongSplit),
    (Form::Run, Kind::WrongStep),
    (Form::Run, Kind::CensoredRead),
];

/// One pair, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRow {
    /// What the mistake was planted in: a run, a table of results, or two files of samples.
    pub form: Form,
    /// What was planted.
    pub kind: Kind,
    /// Number of the case, from 0; with the form and the kind it decides every draw.
    pub case: u64,
    /// How it was planted.
    pub recipe: String,
    /// How much of it, in the recipe's own unit.
    pub strength: f64,
    /// Whether its kind was found in the planted one.
    pub found: bool,
    /// Kinds that were judged in the clean twin.
    pub judged: Vec<Kind>,
    /// Kinds that were found in the clean twin.
    pub false_alarms: Vec<Kind>,
}

/// How often the audit is right about one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KindRate {
    /// What the mistake was planted in: a run, a table of results, or two files of samples.
    pub form: Form,
    /// The kind.
    pub kind: Kind,
    /// Planted cases of it.
    pub planted: usize,
    /// Those in which it was found.
    pub found: usize,
    /// Clean twins of this form, of every kind, in which it was judged.
    pub clean: usize,
    /// Those in which it was found all the same.
    pub false_alarms: usize,
}

impl KindRate {
    /// Share of the planted ones that were found.
    pub fn recall(&self) -> ExactShare {
        ExactShare::of(self.found, self.planted)
    }

    /// Share of the clean ones with a false alarm.
    pub fn false_alarm(&self) -> ExactShare {
        ExactShare::of(self.false_alarms, self.clean)
    }
}

/// Every case with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// One row a case, by kind.
    pub rows: Vec<CaseRow>,
}

/// A planted case and its clean twin.
pub(super) struct Planted {
    recipe: String,
    strength: f64,
    pair: [Material; 2],
}

enum Material {
    Files([Table; 2]),
    Results(Table, Claim),
    Run(Box<runs::Made>),
}

impl Planted {
    pub(super) fn files(recipe: String, strength: f64, planted: [Table; 2], clean: [Table; 2]) -> Self {
        Self { recipe, strength, pair: [planted, clean].map(Material::Files) }
    }

    pub(super) fn tables(recipe: &str, strength: f64, planted: (Table, Claim), clean: (Table, Claim)) -> Self {
        let pair = [planted, clean].map(|(table, claim)| Material::Results(table, claim));
        Self { recipe: recipe.to_owned(), strength, pair }
    }
}

impl Planted {
    pub(super) fn runs(recipe: &str, strength: f64, planted: runs::Made, clean: runs::Made) -> Self {
        let pair = [planted, clean].map(|made| Material::Run(Box::new(made)));
        Self { recipe: recipe.to_owned(), strength, pair }
    }
}

impl Material {
    fn audit(&self) -> Audit {
        match self {
            Self::Files([train, test]) => of_files(train, test, None).expect("both files have the same columns"),
            Self::Results(table, claim) => {
                of_table(table, Some(claim)).expect("the claim is about columns of the table")
            }
            Self::Run(made) => made.audit(),
        }
    }
}

fn plant((form, kind): (Form, Kind), draw: &mut Draw) -> Planted {
    match (form, kind) {
        (Form::Run, Kind::Duplicates) => runs::duplicates(draw),
        (Form::Run, Kind::MirrorImages) => runs::mirror_images(draw),
        (Form::Run, Kind::LabelInInput) => runs::label_in_input(draw),
        (Form::Run, Kind::WrongSplit) => runs::wrong_split(draw),
        (Form::Run, Kind::WrongStep) => runs::wrong_step(draw),
        (Form::Run, Kind::CensoredRead) => runs::censored_read(draw),
        (_, Kind::Duplicates) => samples::duplicates(draw),
        (_, Kind::MirrorImages) => samples::mirror_images(draw),
        (_, Kind::LabelInInput) => samples::label_in_input(draw),
        (_, Kind::SharedNormaliser) => samples::shared_normaliser(draw),
        (_, Kind::WrongSplit) => results::wrong_split(draw),
        (_, Kind::WrongStep) => results::wrong_step(draw),
        (_, Kind::BestOfMany) => results::best_of_many(draw),
        (_, Kind::TooFewSeeds) => results::too_few_seeds(draw),
        (_, Kind::UntunedBaseline) => results::untuned_baseline(draw),
        (_, Kind::ConfoundedArms) => results::confounded_arms(draw),
        (_, Kind::CensoredRead) => results::censored_read(draw),
    }
}

impl BenchRequest {
    /// Makes every case and judges it and its twin.
    pub fn run(&self, watcher: &mut Watcher<'_>) -> Result<Rates, VerbError> {
        watcher.phase("judging planted cases and their twins", Some(self.cases * CASES.len() as u64));
        let mut rows = Vec::new();
        for (index, what) in CASES.into_iter().enumerate() {
            for case in 0..self.cases {
                if watcher.is_stopped() {
                    return Err(VerbError::Stopped);
                }
                rows.push(judged(what, case, plant(what, &mut Draw::of(index, case))));
                watcher.pieces(rows.len() as u64);
            }
        }
        Ok(Rates { rows })
    }
}

fn judged(
    (form, kind): (Form, Kind),
    case: u64,
    Planted { recipe, strength, pair: [planted, clean] }: Planted,
) -> CaseRow {
    let found = planted.audit().of_kind(kind).verdict == Verdict::Misleads;
    let twin = clean.audit();
    let kinds = |is: &dyn Fn(Verdict) -> bool| {
        twin.judgements.iter().filter(|judgement| is(judgement.verdict)).map(|judgement| judgement.kind).collect()
    };
    let judged = kinds(&|verdict| verdict != Verdict::CannotTell);
    let false_alarms = kinds(&|verdict| verdict == Verdict::Misleads);
    CaseRow { form, kind, case, recipe, strength, found, judged, false_alarms }
}

impl Rates {
    /// One rate a form and kind.
    pub fn rates(&self) -> Vec<KindRate> {
        let rate = |(form, kind): (Form, Kind)| {
            let of_form = || self.rows.iter().filter(|row| row.form == form);
            let planted: Vec<&CaseRow> = of_form().filter(|row| row.kind == kind).collect();
            KindRate {
                form,
                kind,
                planted: planted.len(),
                found: planted.iter().filter(|row| row.found).count(),
                clean: of_form().filter(|row| row.judged.contains(&kind)).count(),
                false_alarms: of_form().filter(|row| row.false_alarms.contains(&kind)).count(),
            }
        };
        CASES.into_iter().map(rate).collect()
    }

    /// Clean twins in which anything was found, and all clean twins.
    pub fn alarmed_twins(&self) -> (usize, usize) {
        (self.rows.iter().filter(|row| !row.false_alarms.is_empty()).count(), self.rows.len())
    }

    /// The rows as a table.
    pub fn table(&self) -> Table {
        let texts = |get: &dyn Fn(&CaseRow) -> String| Column::Utf8(self.rows.iter().map(get).collect());
        let keys = |kinds: &[Kind]| kinds.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(" ");
        Table::default()
            .with("form", texts(&|row| row.form.key().to_owned()))
            .with("kind", texts(&|row| row.kind.key().to_owned()))
            .with("case", Column::Int64(self.rows.iter().map(|row| row.case as i64).collect()))
            .with("recipe", texts(&|row| row.recipe.clone()))
            .with("strength", Column::Float64(self.rows.iter().map(|row| row.strength).collect()))
            .with("found", Column::Bool(self.rows.iter().map(|row| row.found).collect()))
            .with("judged_in_twin", texts(&|row| keys(&row.judged)))
            .with("found_in_twin", texts(&|row| keys(&row.false_alarms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn rates(cases: u64) -> Rates {
        BenchRequest { cases }.run(&mut Watcher::new(&mut |_| {}, &AtomicBool::new(false))).unwrap()
    }

    #[test]
    fn most_of_what_is_planted_is_found_and_clean_twins_are_left_alone() {
        let rates = rates(12);
        for rate in rates.rates() {
            if (rate.form, rate.kind) == (Form::Run, Kind::CensoredRead) {
                // A run that is cut off while its accuracies rest looks like one that never generalizes.
                assert!(3 * rate.found >= rate.planted, "{rate:?}");
                continue;
            }
            // Copies among samples that repeat by nature cannot all be seen.
            let hidden = |row: &&CaseRow| row.kind == rate.kind && !row.found && row.recipe == "discrete inputs";
            let hidden = rates.rows.iter().filter(hidden).count();
            assert!(10 * (rate.found + hidden) >= 9 * rate.planted, "{rate:?}");
            assert!(50 * rate.false_alarms <= rate.clean, "{rate:?}");
        }
    }

    /// What docs/guide/audit.md quotes is what this build gives.
    #[test]
    fn the_published_rows_are_those_of_this_build() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/audit/rates.csv");
        let published = std::fs::read_to_string(path).unwrap();
        let here = rates(5).table().to_csv().unwrap();
        let mut rows = here.lines();
        assert_eq!(published.lines().next(), rows.next());
        for row in rows {
            assert!(published.lines().any(|other| other == row), "not published: {row}");
        }
        assert_eq!(published.lines().count(), 1 + 200 * CASES.len());
    }

    #[test]
    fn a_case_is_the_same_every_time() {
        assert_eq!(rates(2), rates(2));
    }
}

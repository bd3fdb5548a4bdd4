//! `dunwu audit RUN|TABLE|TRAIN TEST`: whether the evidence misleads; `--bench`: how often it is right about that.

use crate::Place;
use crate::failure::Failure;
use crate::print;
use crate::watching::watch;
use clap::Args;
use dunwu::store::OutputFile;
use dunwu::verb::VerbError;
use dunwu_verdict::audit::{AuditRequest, BenchRequest, Claim, Reported, Subject, Verdict};
use std::path::{Path, PathBuf};

const USAGE: &str = "dunwu audit [OPTIONS] <RUN|TABLE>
       dunwu audit [OPTIONS] <TRAIN> <TEST>
       dunwu audit --bench <N> [--rows <FILE>]";

/// What the words mean.
const HELP: &str = "\
A run:      leaks of its split, accuracies measured again from its snapshots, whether it was cut off; with --reported X, whether X is its
            test accuracy at the last step.
A table:    Parquet or CSV, one row a run or one a step of a run. --compare and --measure say what is claimed. Columns are recognised by
            their names: seed, step, steps or epochs, outcome or status, n_train, n_test, train_… beside test_….
Two files:  Parquet or CSV with the same columns, the training samples first.

Exit codes: 0 nothing that misleads was found, 3 something misleads, 4 it cannot be told from what was given.
docs/guide/audit.md says how often it is right.";

/// Does the evidence mislead? `dunwu audit table.parquet --compare optimizer=adam,muon --measure test_accuracy`
///
/// Of a run, a table of results with what is claimed of it, or two files of samples: leakage between training and held-out samples,
/// numbers of another split or step, the best of many, too few seeds, an untuned baseline, arms that differ in more than is named,
/// runs that were cut off. Each with its evidence and with what it does to the conclusion.
#[derive(Args)]
#[command(after_help = HELP, override_usage = USAGE)]
pub(crate) struct Asked {
    /// A run (directory, name or first digits of the id), a table of results, or two files of samples
    #[arg(value_name = "RUN|TABLE|FILE", required_unless_present = "bench")]
    words: Vec<String>,
    /// Of a table: the setting whose two values are compared, such as optimizer=adam,muon
    #[arg(long, value_name = "SETTING=A,B", requires = "measure")]
    compare: Option<String>,
    /// Of a table: the column that the claim is about
    #[arg(long, value_name = "COLUMN", requires = "compare")]
    measure: Option<String>,
    /// Whether more of the measure is better or less (default: less for losses, errors and times)
    #[arg(long, value_name = "WHICH", value_parser = ["more", "less"])]
    better: Option<String>,
    /// Of a table: the column that counts repetitions (default: seed, trial, fold, …)
    #[arg(long, value_name = "COLUMN")]
    seed: Option<String>,
    /// Of a table: columns that each arm chose for itself
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    tuned: Vec<String>,
    /// Of a table: columns that are results and no settings, where their names do not say so
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    results: Vec<String>,
    /// The number that was reported, as it was written: of the better arm, or of a run
    #[arg(long, value_name = "NUMBER")]
    reported: Option<String>,
    /// Of two files: the column that is predicted (default: label, target, class or y)
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Make N planted mistakes of each kind with their clean twins, and count how often the audit is right
    #[arg(long, value_name = "N", conflicts_with = "words")]
    bench: Option<u64>,
    /// Of --bench: write one row a case as CSV
    #[arg(long, value_name = "FILE", requires = "bench")]
    rows: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Asked {
    fn request(&self) -> Result<AuditRequest, VerbError> {
        let subject = Subject::from_words(&self.words, &self.place.runs)?;
        let reported = self.reported.as_deref().map(Reported::parse).transpose().map_err(VerbError::usage)?;
        let claim = match self.compare.as_deref().zip(self.measure.as_deref()) {
            None => None,
            Some((comparison, measure)) => Some(Claim {
                smaller_is_better: self.better.as_deref().map(|which| which == "less"),
                seed: self.seed.clone(),
                tuned: self.tuned.clone(),
                results: self.results.clone(),
                reported,
                ..Claim::parse(comparison, measure).map_err(VerbError::usage)?
            }),
        };
        if claim.is_some() && !matches!(subject, Subject::Table(_)) {
            return Err(VerbError::usage("--compare and --measure are about a table of results, and none was named"));
        }
        Ok(AuditRequest { subject, claim, reported, label: self.label.clone() })
    }
}

pub(crate) fn audit(asked: &Asked) -> Result<(), Failure> {
    let place = &asked.place;
    if let Some(cases) = asked.bench {
        return bench(cases, asked.rows.as_deref(), place);
    }
    let (answer, verdict) = watch(place.json, |watcher| dunwu_report::audit::answer(&asked.request()?, watcher))?;
    print::without_page(&answer, place);
    match verdict {
        Verdict::NothingFound => Ok(()),
        Verdict::Misleads => Err(Failure::Judged { code: 3 }),
        Verdict::CannotTell => Err(Failure::Judged { code: 4 }),
    }
}

fn bench(cases: u64, rows: Option<&Path>, place: &Place) -> Result<(), Failure> {
    let output = rows.map(OutputFile::at).transpose()?;
    let rates = watch(place.json, |watcher| BenchRequest { cases }.run(watcher))?;
    if let Some(output) = output {
        output.write(rates.table().to_csv()?.as_bytes())?;
    }
    print::without_page(&dunwu_report::audit::bench(&rates), place);
    Ok(())
}

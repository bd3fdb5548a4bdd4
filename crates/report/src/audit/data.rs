//! The data of the answers of `dunwu audit` and its bench, which `--json` prints.

use crate::data::Interval;
use dunwu_verdict::audit::{Audit, Evidence, Form, Judgement, Kind, KindRate, Rates, Verdict};
use dunwu_verdict::stats::ExactShare;
use schemars::JsonSchema;
use serde::Serialize;

/// A run, a table of results or two files of samples, audited.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AuditData {
    /// What was audited, as it was named.
    pub subject: String,
    /// What kind of thing it is.
    pub form: Form,
    /// The whole; the exit code is 3 where it misleads, 4 where it cannot be told, else 0.
    pub verdict: Verdict,
    /// One judgement a kind of mistake, in a fixed order.
    pub judgements: Vec<JudgementData>,
    /// How what was given was read, in sentences.
    pub reading: Vec<String>,
}

/// One kind of mistake, judged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JudgementData {
    /// The kind.
    pub kind: Kind,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen, or what would have to be given.
    pub sentence: String,
    /// What it does to the conclusion; `null` where it does not mislead.
    pub consequence: Option<String>,
    /// The numbers behind it.
    pub evidence: Vec<Evidence>,
    /// The rows that show it, ten at most.
    pub rows: Vec<String>,
}

impl JudgementData {
    fn of(judgement: &Judgement) -> Self {
        let Judgement { kind, verdict, sentence, evidence, rows } = judgement.clone();
        let consequence = (verdict == Verdict::Misleads).then(|| kind.consequence().to_owned());
        Self { kind, verdict, sentence, consequence, evidence, rows }
    }
}

impl AuditData {
    pub(super) fn of(subject: &str, audit: &Audit) -> Self {
        Self {
            subject: subject.to_owned(),
            form: audit.form,
            verdict: audit.verdict(),
            judgements: audit.judgements.iter().map(JudgementData::of).collect(),
            reading: audit.reading.clone(),
        }
    }
}

/// How often the audit finds what was planted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AuditRatesData {
    /// One rate a kind of mistake.
    pub rates: Vec<KindRateData>,
    /// Clean twins in which anything was found.
    pub alarmed_twins: usize,
    /// Clean twins.
    pub twins: usize,
}

/// How often one kind of mistake is found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KindRateData {
    /// What it was planted in.
    pub form: Form,
    /// The kind.
    pub kind: Kind,
    /// Planted cases of it.
    pub planted: usize,
    /// Those in which it was found.
    pub found: usize,
    /// The share that was found, with its exact 95 % interval (Clopper and Pearson 1934).
    pub recall: Interval,
    /// Clean twins of this form in which it was judged.
    pub clean: usize,
    /// Those in which it was found all the same.
    pub false_alarms: usize,
    /// The share with a false alarm, with its exact 95 % interval.
    pub false_alarm: Interval,
}

impl AuditRatesData {
    pub(super) fn of(rates: &Rates) -> Self {
        let (alarmed_twins, twins) = rates.alarmed_twins();
        Self { rates: rates.rates().iter().map(KindRateData::of).collect(), alarmed_twins, twins }
    }
}

impl KindRateData {
    fn of(rate: &KindRate) -> Self {
        let interval =
            |share: ExactShare| Interval { value: share.share, low: Some(share.low), high: Some(share.high) };
        let KindRate { form, kind, planted, found, clean, false_alarms } = *rate;
        let (recall, false_alarm) = (interval(rate.recall()), interval(rate.false_alarm()));
        Self { form, kind, planted, found, recall, clean, false_alarms, false_alarm }
    }
}

//! What figures ask of a run: measures by name, finite or absent, and what follows from them without measuring anew.

use super::words;
use dunwu::Opened;
use dunwu::group::Irrep;
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Frame, UnitLabel};
use dunwu_engine::Outcome;

/// A run as figures see it.
pub(super) struct View<'a> {
    /// The run.
    pub(super) opened: &'a Opened,
}

/// Which irreps are carried by at least one pure unit; the trivial irrep, which centring removes, is not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coverage {
    /// Indices of the irreps that pure units carry at the last snapshot, ascending.
    pub(super) covered: Vec<usize>,
    /// Indices of the others, ascending.
    pub(super) missing: Vec<usize>,
    /// Step of the first snapshot in which a pure unit carries the irrep, by index; `None` where none ever does.
    pub(super) first_covered: Vec<Option<u64>>,
}

/// How a scalar went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Course {
    pub(super) first: (f64, f64),
    pub(super) last: (f64, f64),
    pub(super) lowest: (f64, f64),
    pub(super) highest: (f64, f64),
}

impl Course {
    /// `from 3 at step 0 over its largest value, 71 at step 100, to 7 at step 400`; the way is named if it left the ends'
    /// range.
    pub(super) fn phrase(&self) -> String {
        let at = |(step, value): (f64, f64)| format!("{} at step {}", words::number(value), words::count(step as u64));
        // Larger only where the numbers as written say so.
        let differ = |a: f64, b: f64| words::number(a) != words::number(b);
        let (ends_low, ends_high) = (self.first.1.min(self.last.1), self.first.1.max(self.last.1));
        let way = if differ(self.highest.1, ends_high) {
            format!(" over its largest value, {},", at(self.highest))
        } else if differ(self.lowest.1, ends_low) {
            format!(" over its smallest value, {},", at(self.lowest))
        } else {
            String::new()
        };
        if self.first.0 == self.last.0 {
            return format!("is {}", at(self.first));
        }
        format!("goes from {}{way} to {}", at(self.first), at(self.last))
    }

    /// Over `(step, value)` points; `None` without any.
    pub(super) fn of(points: &[(f64, f64)]) -> Option<Self> {
        let (&first, &last) = (points.first()?, points.last()?);
        let lowest = *points.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let highest = *points.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Self { first, last, lowest, highest })
    }
}

impl<'a> View<'a> {
    /// The view of a run.
    pub(super) fn of(opened: &'a Opened) -> Self {
        Self { opened }
    }

    /// The last snapshot.
    pub(super) fn last_frame(&self) -> Option<&'a Frame> {
        self.opened.frames.last()
    }

    /// The last step that anything is known about; at least 1, so that an axis has a length.
    pub(super) fn last_step(&self) -> u64 {
        let scalars = self.opened.scalars.last().map(|s| s.step);
        let frames = self.opened.frames.last().map(|f| f.step);
        let stages = self.opened.stages.last().map(|s| s.to);
        [scalars, frames, stages, Some(1)].into_iter().flatten().max().unwrap_or(1)
    }

    /// What happened at a step, in order: `memorized`, `generalized`, what was lost of it, and an end that was not the last step.
    pub(super) fn events(&self) -> Vec<(u64, &'static str)> {
        let end = match self.opened.outcome {
            Outcome::Diverged { step } => Some((step, "diverged")),
            Outcome::Collapsed { step } => Some((step, "collapsed")),
            Outcome::Grokked { .. } | Outcome::Lost { .. } | Outcome::Forgot { .. } | Outcome::Censored { .. } => None,
        };
        let named = |step: Option<u64>, name| step.map(|step| (step, name));
        let memorized = named(self.opened.memorized(), "memorized");
        let generalized = named(self.opened.generalized(), "generalized");
        let forgotten = named(self.opened.knowledge.forgotten(), "forgot");
        let lost = named(self.opened.knowledge.lost(), "lost");
        let mut events: Vec<_> = [memorized, generalized, forgotten, lost, end].into_iter().flatten().collect();
        events.sort_by_key(|&(step, _)| step);
        events
    }

    /// Points of one quantity of [`Opened::scalars`], where it is there.
    pub(super) fn evaluated(&self, value: impl Fn(&dunwu_engine::Scalars) -> Option<f64>) -> Vec<(f64, f64)> {
        self.opened.scalars.iter().filter_map(|s| Some((s.step as f64, value(s)?))).collect()
    }

    /// A scalar measure, if it is finite.
    #[expect(clippy::unused_self, reason = "figures ask the view alone")]
    pub(super) fn scalar(&self, frame: &Frame, handle: Handle<shape::Scalar>) -> Option<f64> {
        frame.scalar(handle).filter(|value| value.is_finite())
    }

    /// A scalar measure over all snapshots as `(step, value)`.
    pub(super) fn course(&self, handle: Handle<shape::Scalar>) -> Vec<(f64, f64)> {
        self.opened.frames.iter().filter_map(|f| Some((f.step as f64, self.scalar(f, handle)?))).collect()
    }

    /// A measure per unit.
    #[expect(clippy::unused_self, reason = "figures ask the view alone")]
    pub(super) fn per_unit<'f>(&self, frame: &'f Frame, handle: Handle<shape::PerUnit>) -> Option<&'f [Option<f64>]> {
        frame.entries(handle)
    }

    /// A measure per irrep.
    #[expect(clippy::unused_self, reason = "figures ask the view alone")]
    pub(super) fn per_irrep<'f>(&self, frame: &'f Frame, handle: Handle<shape::PerIrrep>) -> Option<&'f [Option<f64>]> {
        frame.entries(handle)
    }

    /// A spectrum, without what is not finite; `None` if nothing is left.
    #[expect(clippy::unused_self, reason = "figures ask the view alone")]
    pub(super) fn spectrum(&self, frame: &Frame, handle: Handle<shape::Spectrum>) -> Option<Vec<f64>> {
        let finite: Vec<f64> = frame.spectrum(handle)?.iter().copied().filter(|v| v.is_finite()).collect();
        (!finite.is_empty()).then_some(finite)
    }

    /// The unit of a measure, up to its first remark; empty where none is listed or it is too long for a title.
    pub(super) fn unit(handle: Handle<shape::Scalar>) -> &'static str {
        let unit = handle.measure().unit;
        let short = unit.split([';', ',', '(']).next().unwrap_or("").trim();
        if short.chars().count() <= 30 { short } else { "" }
    }

    /// How many units of a frame have the label.
    pub(super) fn labelled(frame: &Frame, label: UnitLabel) -> usize {
        frame.labels.iter().filter(|&&l| l == label).count()
    }

    /// Irreps and their indices without the trivial one; empty where there are none.
    pub(super) fn nontrivial(&self) -> Vec<(usize, &'a Irrep)> {
        self.opened.irreps.iter().flatten().enumerate().skip(1).collect()
    }

    /// Why there is no figure of irreps, if there is none.
    pub(super) fn why_no_irreps(&self) -> Option<String> {
        match &self.opened.irreps {
            None => Some(format!("the operation of {} is no group's, so it has no irreps", self.opened.task)),
            Some(irreps) if irreps.len() < 2 => {
                Some(format!("{} has no irrep besides the trivial one", self.opened.task))
            }
            Some(_) => self.opened.why_no_token_weights(),
        }
    }

    /// How many pure units carry irrep `irrep` in `frame`.
    pub(super) fn carriers(&self, frame: &Frame, irrep: usize) -> Option<usize> {
        let units = (*self.per_irrep(frame, measure::IRREP_UNITS)?.get(irrep)?)?;
        (units.is_finite() && units >= 0.0).then_some(units as usize)
    }

    /// Which irreps are covered; `None` where there are none or none were counted.
    pub(super) fn coverage(&self) -> Option<Coverage> {
        let last = self.opened.frames.iter().rev().find(|f| self.per_irrep(f, measure::IRREP_UNITS).is_some())?;
        let irreps = self.nontrivial();
        let is_covered = |frame: &Frame, irrep: usize| self.carriers(frame, irrep).is_some_and(|n| n > 0);
        let (covered, missing) = irreps.iter().map(|&(k, _)| k).partition(|&k| is_covered(last, k));
        let first = |k: usize| self.opened.frames.iter().find(|f| is_covered(f, k)).map(|f| f.step);
        let first_covered =
            (0..self.opened.irreps.as_ref()?.len()).map(|k| if k == 0 { None } else { first(k) }).collect();
        (!irreps.is_empty()).then_some(Coverage { covered, missing, first_covered })
    }
}

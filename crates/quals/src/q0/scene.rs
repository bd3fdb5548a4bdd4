//! What somebody who cheats has: a world in which there is nothing, its runs, and a campaign to begin.

use super::hunt::{before_all, established};
use crate::draws::Draws;
use crate::plan::Judge;
use crate::sitting::Folder;
use crate::world::{Case, FAMILIES, null, runs_of, spread};
use dunwu_science::campaign::{Campaign, Nobody, replay};
use dunwu_science::claim::{Claim, claim_from_sentence};
use dunwu_science::judge::{Judged, RunRecord, Verdict};
use dunwu_science::lab::{Lab, Outcome};
use dunwu_science::ledger::{Link, read};
use std::path::{Path, PathBuf};

/// What became of a cheat that was played: refused, found, of no use, established, or not noticed.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It was refused, with these words.
    Refused(String),
    /// It was found when the ledger was verified, with these words.
    Found(String),
    /// Nothing came of it.
    Nothing(String),
    /// Something false is established.
    Established(String),
    /// It was taken as if nothing were wrong.
    Unnoticed(String),
}

impl Fate {
    /// What became of the cheat, in words.
    pub(crate) fn words(&self) -> String {
        // Where a ledger lay is another place every time.
        let without_path = |text: &str| text.split(": \"/").next().unwrap_or_default().to_owned();
        match self {
            Self::Refused(text) => format!("refused: {}", without_path(text)),
            Self::Found(text) => format!("found: {text}"),
            Self::Nothing(text) => format!("nothing came of it: {text}"),
            Self::Established(text) => format!("established: {text}"),
            Self::Unnoticed(text) => format!("not noticed: {text}"),
        }
    }
}

/// What somebody who cheats has.
pub(crate) struct Scene {
    pub(crate) case: Case,
    pub(crate) draws: Draws,
    pub(crate) judge: Judge,
    /// The seed of its world.
    pub(crate) seed: u64,
    folder: Folder,
    n_ledgers: usize,
}

/// Steps of a small campaign: twelve runs.
pub(crate) const SMALL: u64 = 1200;

impl Scene {
    pub(crate) fn new(seed: u64, cheat: &str, nth: usize, judge: Judge) -> Self {
        let of_world = seed ^ 0x0c4e_a75e;
        // Of a few worlds the one with the widest noise, which suits whoever cheats.
        let spread_of = |nth: &usize| {
            let case = null(of_world, *nth);
            let mut draws = Draws::of(seed, "how wide");
            let points = spread(case.card(), &case.frame(), &case.question.knobs, 20, &mut draws);
            let z = runs_of(&case.world, points, 0, &mut draws).into_iter().filter_map(|mut run| {
                match run.outcomes.remove("t_gen") {
                    Some(Outcome::Value(y)) if y > 0.0 => Some(libm::log(y)),
                    _ => None,
                }
            });
            let mut z: Vec<f64> = z.collect();
            z.sort_by(f64::total_cmp);
            if z.len() < 16 { 0.0 } else { z[z.len() * 4 / 5] - z[z.len() / 5] }
        };
        // Families of numbers; those of events have other claims.
        let worlds = (0..6).map(|k| (nth * 6 + k) * FAMILIES.len() + (nth + k) % 6);
        let widest = worlds.max_by(|a, b| spread_of(a).total_cmp(&spread_of(b))).expect("there are worlds");
        let case = null(of_world, widest);
        Self {
            case,
            draws: Draws::of(seed, &format!("{cheat} {nth}")),
            judge,
            seed: of_world,
            folder: Folder::new(),
            n_ledgers: 0,
        }
    }

    /// `n` runs at random points.
    pub(crate) fn runs(&mut self, n: usize) -> Vec<RunRecord> {
        let points = spread(self.case.card(), &self.case.frame(), &self.case.question.knobs, n, &mut self.draws);
        runs_of(&self.case.world, points, 0, &mut self.draws)
    }

    /// The same in a laboratory that is not as it should be.
    pub(crate) fn runs_in(&mut self, lab: &dyn Lab, n: usize) -> Vec<RunRecord> {
        let points = spread(self.case.card(), &self.case.frame(), &self.case.question.knobs, n, &mut self.draws);
        runs_of(lab, points, 0, &mut self.draws)
    }

    /// What the judge says of claims, each alone, at two fifths of the runs and at the end.
    pub(crate) fn judged(&self, claims: &[Claim], runs: &[RunRecord]) -> Fate {
        let mut most = f64::NEG_INFINITY;
        for n in [2 * runs.len() / 5, runs.len()] {
            let (bits, found) = established(&self.case, self.judge, claims, &runs[..n]);
            most = most.max(bits);
            if let Some(sentence) = found {
                return Fate::Established(format!("{sentence}, with {bits:.1} net bits after {n} runs"));
            }
        }
        Fate::Nothing(format!("{most:.1} net bits at most"))
    }

    /// The same for sentences; those that are refused are left out, and where all are, the last refusal is the fate.
    pub(crate) fn judged_sentences(&self, sentences: &[String], runs: &[RunRecord]) -> Fate {
        let mut claims = Vec::new();
        let mut refusal = None;
        for sentence in sentences {
            match read_claim(&self.case, sentence) {
                Ok(claim) => claims.push(claim),
                Err(why) => refusal = Some(why),
            }
        }
        match refusal {
            Some(why) if claims.is_empty() => Fate::Refused(why),
            _ => self.judged(&claims, runs),
        }
    }

    /// Whether every one of these sentences is refused.
    pub(crate) fn all_refused(&self, sentences: &[&str]) -> Fate {
        let mut said = Vec::new();
        for sentence in sentences {
            match read_claim(&self.case, sentence) {
                Ok(_) => return Fate::Unnoticed((*sentence).to_owned()),
                Err(why) => said.push(why),
            }
        }
        Fate::Refused(said.join(" | "))
    }

    /// A place for another ledger.
    pub(crate) fn path(&mut self) -> PathBuf {
        self.n_ledgers += 1;
        self.folder.ledger(&self.n_ledgers.to_string())
    }

    /// An empty campaign in this world.
    pub(crate) fn campaign(&mut self) -> Campaign {
        let path = self.path();
        Campaign::begin(&path, "world", &self.case.world, self.case.question.clone())
            .expect("the question can be asked")
    }

    /// The ledger of a small campaign that is over.
    pub(crate) fn recorded(&mut self) -> Vec<Link> {
        let path = self.path();
        let lab = &self.case.world;
        let mut campaign =
            Campaign::begin(&path, "world", lab, self.case.question.clone()).expect("the question can be asked");
        campaign.run(lab, SMALL, &mut Nobody).expect("a small campaign works");
        campaign.links().to_vec()
    }

    /// What verification says of lines: the chain, then every run and choice made again.
    pub(crate) fn verified(&mut self, lines: &[String]) -> Fate {
        let path = self.path();
        std::fs::write(&path, lines.join("\n") + "\n").expect("the folder takes a file");
        verified(&path, &self.case.world)
    }
}

/// What verification says of a ledger.
pub(crate) fn verified(path: &Path, lab: &dyn Lab) -> Fate {
    match read(path) {
        Err(error) => Fate::Refused(error.to_string()),
        Ok((_, Some(bent), _)) => Fate::Found(format!("line {}: {}", bent.line, bent.why)),
        Ok((links, None, _)) => match replay(&links, lab, &mut Nobody).differs {
            Some((line, why)) => Fate::Found(format!("line {line}: {why}")),
            None => Fate::Unnoticed(format!("{} lines are intact", links.len())),
        },
    }
}

/// A claim that fits the laboratory.
pub(crate) fn read_claim(case: &Case, sentence: &str) -> Result<Claim, String> {
    let claim = claim_from_sentence(sentence).map_err(|error| error.to_string())?;
    claim.check(case.card()).map_err(|error| error.to_string())?;
    Ok(claim)
}

/// The fate of a campaign: whether anything is established in it.
pub(crate) fn of_judged(judged: &[Judged]) -> Fate {
    match judged.iter().find(|judged| judged.verdict == Verdict::Established) {
        Some(judged) => Fate::Established(judged.id.clone()),
        None => Fate::Nothing(format!("{} claims, none established", judged.len())),
    }
}

/// Many claims at once, as rivals of each other.
pub(crate) fn together(scene: &Scene, claims: &[Claim], runs: &[RunRecord]) -> Fate {
    let registered: Vec<_> = claims.iter().map(before_all).collect();
    of_judged(&(scene.judge)(scene.case.card(), &scene.case.frame(), &registered, runs))
}

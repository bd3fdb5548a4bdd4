//! Q6: what holds whoever asks. A campaign that is killed ends as if it had not been, no purse is overspent, going through a ledger
//! again gives the same, and what somebody says is heard before the next run.

use crate::draws::Draws;
use crate::plan::Plan;
use crate::result::{Figure, Tier};
use crate::sitting::Folder;
use crate::work::each;
use crate::world::{Case, STEPS, planted};
use dunwu_science::campaign::{Campaign, Listener, Nobody, replay};
use dunwu_science::judge::{Judged, judge_all};
use dunwu_science::lab::{Lab, LabCard, Point, Reading};
use dunwu_science::ledger::{Event, Insight, Ledger, Link, State, read};
use std::cell::Cell;
use std::path::Path;

/// Steps of the campaign that is killed.
const BUDGET: u64 = 9 * STEPS;

/// Examines.
pub(crate) fn examine(plan: &Plan, seed: u64, watch: &mut dyn FnMut(f64)) -> Tier {
    let mut tier = Tier::new("Q6 operations", plan.kills + plan.kills / 5 + 12);
    let folder = Folder::new();
    let case = planted(seed, false, 1);
    let path = folder.ledger("whole");
    let mut whole = begun(&path, &case);
    whole.run(&case.world, BUDGET, &mut Nobody).expect("a campaign works");
    let (head, links, judged) = (whole.head().to_owned(), whole.links().to_vec(), whole.judged());
    drop(whole);
    let bytes = std::fs::read(&path).expect("the ledger is there");

    let n_stops = plan.kills / 5;
    let heads: Vec<(String, String)> = each(plan.kills + n_stops, watch, |nth| {
        let folder = Folder::new();
        let path = folder.ledger("killed");
        let mut draws = Draws::of(seed, &format!("kill {nth}"));
        if nth < plan.kills {
            // Anywhere, the first line and the middle of a line among them.
            let cut = draws.below(bytes.len());
            std::fs::write(&path, &bytes[..cut]).expect("the folder takes a file");
            (format!("cut at byte {cut} of {}", bytes.len()), gone_on(&path, &case, &mut Nobody))
        } else {
            let stop = 1 + draws.below(16);
            drop(begun(&path, &case));
            let first = gone_on(&path, &case, &mut Stopped(Cell::new(stop)));
            // Whoever says stop after the end is not heard: the purse is closed, and going on would open another.
            let is_open = Campaign::open(&path).is_ok_and(|campaign| campaign.state().purse.is_some());
            let last = if is_open { gone_on(&path, &case, &mut Nobody) } else { first };
            (format!("stopped at its {stop}th look"), last)
        }
    });
    let n_same = heads.iter().filter(|(_, other)| *other == head).count();
    tier.figure(
        Figure::share("campaigns that were killed and end with the same head", n_same, heads.len())
            .bar("all", |figure| figure.value == Some(1.0)),
    );
    for (what, other) in heads.iter().filter(|(_, other)| *other != head) {
        tier.row(what, &head, other);
    }
    again(&mut tier, &case, &links, &judged);
    purses(&mut tier, seed, &case);
    insights(&mut tier, seed, &case);
    tier
}

fn begun(path: &Path, case: &Case) -> Campaign {
    Campaign::begin(path, "world", &case.world, case.question.clone()).expect("a question of ours can be asked")
}

/// Goes on with what is left of a ledger, from the beginning where nothing is, and gives its head.
fn gone_on(path: &Path, case: &Case, listener: &mut dyn Listener) -> String {
    let is_begun = matches!(read(path), Ok((links, None, _)) if !links.is_empty());
    let mut campaign =
        if is_begun { Campaign::open(path).expect("a torn ledger is opened") } else { begun(path, case) };
    campaign.run(&case.world, BUDGET, listener).expect("a campaign works");
    campaign.head().to_owned()
}

/// Says stop at its n-th look.
struct Stopped(Cell<usize>);

impl Listener for Stopped {
    fn hear(&mut self, _what: &str) {}
    fn spent(&mut self, _steps: u64, _of: u64) {}
    fn is_stopped(&self) -> bool {
        self.0.set(self.0.get().saturating_sub(1));
        self.0.get() == 0
    }
    fn said(&mut self) -> Vec<(String, Insight)> {
        Vec::new()
    }
}

/// Everything is made again from the lines: runs, choices, searches, verdicts.
fn again(tier: &mut Tier, case: &Case, links: &[Link], judged: &[Judged]) {
    let replayed = replay(links, &case.world, &mut Nobody);
    let n_runs = links.iter().filter(|link| matches!(link.event, Event::Run { .. })).count();
    let state = State::of(links).expect("the first line opens the ledger");
    let judged_again = judge_all(&state.card, &state.scope_of_question(), &state.claims, &state.runs);
    // Bits are compared as they are shown: what was kept from look to look and what is made at once may differ in the last digits.
    let shown = |judged: &[Judged]| {
        judged
            .iter()
            .map(|judged| {
                format!(
                    "{} {} {:.3} {:.3}",
                    judged.id,
                    judged.verdict.words(),
                    judged.score.net_bits,
                    judged.score.registered_bits
                )
            })
            .collect::<Vec<_>>()
    };
    let is_same = shown(judged) == shown(&judged_again);
    let n_held = usize::from(replayed.differs.is_none() && replayed.runs == n_runs) + usize::from(is_same);
    if let Some((line, why)) = &replayed.differs {
        tier.row("a ledger gone through again", "the same", format!("line {line}: {why}"));
    }
    if !is_same {
        tier.row("verdicts made again at once", shown(judged).join("; "), shown(&judged_again).join("; "));
    }
    tier.figure(
        Figure::share(
            "ledgers that give the same runs, choices and verdicts when they are gone through again",
            n_held,
            2,
        )
        .bar("all", |figure| figure.value == Some(1.0)),
    );
}

/// A laboratory whose runs cost what they may, each something else.
struct Priced<'a>(&'a Case);

impl Lab for Priced<'_> {
    fn card(&self) -> &LabCard {
        self.0.card()
    }
    fn most_steps(&self, point: &Point) -> u64 {
        30 + self.0.card().numbers(point)["M"] as u64 * 7
    }
    fn run(&self, point: &Point, seed: u32) -> Reading {
        Reading { steps: self.most_steps(point) - u64::from(seed % 30), ..self.0.world.run(point, seed) }
    }
}

fn purses(tier: &mut Tier, seed: u64, case: &Case) {
    let mut draws = Draws::of(seed, "purses");
    let purses: Vec<u64> = (0..8).map(|_| 1 + (draws.share() * 2500.0) as u64).collect();
    let mut n_held = 0;
    for purse in &purses {
        let folder = Folder::new();
        let mut campaign = begun(&folder.ledger("purse"), case);
        let ended = campaign.run(&Priced(case), *purse, &mut Nobody).expect("a campaign works");
        if ended.spent <= *purse && campaign.state().spent == ended.spent {
            n_held += 1;
        } else {
            tier.row(format!("a purse of {purse} steps"), "at most that", format!("{} spent", ended.spent));
        }
    }
    tier.figure(
        Figure::share("purses that are not overspent where every run has another price", n_held, purses.len())
            .bar("all", |figure| figure.value == Some(1.0)),
    );
}

/// Says something once so many runs are made.
struct Says {
    after: u64,
    runs: u64,
    is_said: bool,
}

impl Listener for Says {
    fn hear(&mut self, _what: &str) {}
    fn spent(&mut self, _steps: u64, _of: u64) {
        self.runs += 1;
    }
    fn is_stopped(&self) -> bool {
        false
    }
    fn said(&mut self) -> Vec<(String, Insight)> {
        if self.is_said || self.runs < self.after {
            return Vec::new();
        }
        self.is_said = true;
        vec![("somebody".to_owned(), Insight::Rival("t_gen = c * M^3, for some c".to_owned()))]
    }
}

fn insights(tier: &mut Tier, seed: u64, case: &Case) {
    let mut draws = Draws::of(seed, "insights");
    let mut n_held = 0;
    let n = 4;
    for _ in 0..n {
        let after = 1 + draws.below(7) as u64;
        let folder = Folder::new();
        let path = folder.ledger("said");
        let mut campaign = begun(&path, case);
        campaign.run(&case.world, BUDGET, &mut Says { after, runs: 0, is_said: false }).expect("a campaign works");
        drop(campaign);
        let ledger = Ledger::open(&path).expect("the ledger is whole");
        let before = ledger
            .links()
            .iter()
            .take_while(|link| !matches!(link.event, Event::Said { .. }))
            .filter(|link| matches!(link.event, Event::Run { .. }))
            .count() as u64;
        if before <= after + 1 {
            n_held += 1;
        } else {
            tier.row(format!("an insight after {after} runs"), "heard within one run", format!("heard after {before}"));
        }
    }
    tier.figure(
        Figure::share("insights that are heard within one run", n_held, n)
            .bar("all", |figure| figure.value == Some(1.0)),
    );
}

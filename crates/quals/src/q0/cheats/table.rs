//! The table of cheats.

use super::{claims, laboratory, lines, repeats, scopes, words};
use crate::q0::scene::{Fate, Scene};

/// A way to cheat.
pub struct Cheat {
    /// What it is called.
    pub name: &'static str,
    /// What somebody does who cheats so.
    pub does: &'static str,
    /// What must become of it.
    pub must: Must,
    /// It, played once.
    pub(crate) play: fn(&mut Scene) -> Fate,
}

/// What must become of a cheat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// It is refused, and the refusal has these words in it.
    BeRefused(&'static str),
    /// It is found when the ledger is verified, and what is said has these words in it.
    BeFound(&'static str),
    /// Nothing false is established by it.
    ComeToNothing,
}

impl Must {
    pub(crate) fn is_met(self, fate: &Fate) -> bool {
        match (self, fate) {
            (Self::BeRefused(words), Fate::Refused(text)) | (Self::BeFound(words), Fate::Found(text)) => {
                text.contains(words)
            }
            (Self::ComeToNothing, Fate::Refused(_) | Fate::Found(_) | Fate::Nothing(_)) => true,
            _ => false,
        }
    }

    /// What must become of the cheat, in words.
    pub fn words(self) -> String {
        match self {
            Self::BeRefused(words) => format!("refused: {words}"),
            Self::BeFound(words) => format!("found: {words}"),
            Self::ComeToNothing => "nothing comes of it".to_owned(),
        }
    }
}

const fn cheat(name: &'static str, does: &'static str, must: Must, play: fn(&mut Scene) -> Fate) -> Cheat {
    Cheat { name, does, must, play }
}

use Must::{BeFound, BeRefused, ComeToNothing};

/// All of them, those of claims first, then of scopes, of repeats, of words, of the ledger, of the laboratory.
pub const CHEATS: &[Cheat] = &[
    cheat("not a number", "writes a law that has no value", ComeToNothing, claims::not_a_number),
    cheat("infinity", "writes a law that is infinite", ComeToNothing, claims::infinity),
    cheat(
        "no value where it is wrong",
        "multiplies a law by what has no value where the law fails",
        ComeToNothing,
        claims::no_value_where_wrong,
    ),
    cheat("blind to signs", "foretells the size of what can be negative", ComeToNothing, claims::blind_to_signs),
    cheat("a spike", "foretells the commonest value with no width", ComeToNothing, claims::spike),
    cheat("a hedge", "foretells everything with free powers of everything", ComeToNothing, claims::hedge),
    cheat("a heap of constants", "adds ten free constants", ComeToNothing, claims::heap_of_constants),
    cheat("a look-up table", "writes the outcomes into the law", ComeToNothing, claims::look_up_table),
    cheat(
        "constants by eye",
        "fits a law to all runs and calls its constants fixed",
        ComeToNothing,
        claims::constants_by_eye,
    ),
    cheat(
        "the best of thousands",
        "tries thousands of laws on the runs and keeps the best",
        ComeToNothing,
        claims::best_of_thousands,
    ),
    cheat(
        "stops when it looks best",
        "looks after every run and stops where the law looks best",
        ComeToNothing,
        claims::stops_when_best,
    ),
    cheat(
        "a law and its opposite",
        "claims everything that could be and points at what came out",
        ComeToNothing,
        claims::law_and_opposite,
    ),
    cheat(
        "another metric after seeing",
        "claims something about another observable than was asked",
        ComeToNothing,
        claims::other_metric,
    ),
    cheat(
        "near duplicates of the leader",
        "claims twenty laws that differ in the third digit",
        ComeToNothing,
        claims::near_duplicates,
    ),
    cheat(
        "one curve of everything",
        "lets one curve run through all points",
        ComeToNothing,
        claims::one_curve_of_everything,
    ),
    cheat(
        "hardly false",
        "claims what holds of any two numbers, such as an order in at least 1 % of runs",
        ComeToNothing,
        claims::hardly_false,
    ),
    cheat(
        "units smuggled",
        "adds steps to samples and takes their logarithm",
        BeRefused("unit"),
        claims::units_smuggled,
    ),
    cheat(
        "a target in its own law",
        "foretells an outcome from another outcome of the same run",
        BeRefused("comes out of the same run"),
        claims::target_in_its_law,
    ),
    cheat(
        "a name taken",
        "gives a constant the name of a quantity",
        BeRefused("name of a quantity"),
        claims::name_taken,
    ),
    cheat(
        "an endless claim",
        "writes a claim that exhausts the reader",
        BeRefused("parts within parts"),
        claims::endless,
    ),
    cheat("a scope before seeing", "claims laws in corners", ComeToNothing, scopes::before_seeing),
    cheat("a scope after seeing", "cuts a scope around the luckiest runs", ComeToNothing, scopes::after_seeing),
    cheat(
        "a scope without points",
        "claims something where nobody can look",
        BeRefused("no points"),
        scopes::without_points,
    ),
    cheat(
        "a repeat with other names",
        "renames the constants of a claim",
        BeRefused("claimed before"),
        repeats::renamed,
    ),
    cheat("a repeat in disguise", "writes a claim in other algebra", BeRefused("claimed before"), repeats::disguised),
    cheat(
        "a repeat with an idle scope",
        "adds a condition that always holds",
        BeRefused("claimed before"),
        repeats::idle_scope,
    ),
    cheat(
        "a repeat with an idle constant",
        "multiplies two constants instead of one",
        BeRefused("claimed before"),
        repeats::idle_constant,
    ),
    cheat("a repeat in another order", "turns a sum round", BeRefused("claimed before"), repeats::turned_round),
    cheat(
        "a verdict in the reasons",
        "writes a judge's verdict into `because`",
        ComeToNothing,
        words::verdict_in_reasons,
    ),
    cheat(
        "a verdict in a hint",
        "writes a judge's verdict and a ledger's line into a hint",
        ComeToNothing,
        words::verdict_in_hint,
    ),
    cheat(
        "a lie about outcomes",
        "says in a hint what runs came to that were never made",
        ComeToNothing,
        words::lie_in_hint,
    ),
    cheat("a lie in an answer", "answers, as a model, with outcomes", ComeToNothing, words::lie_in_answer),
    cheat("nothing at all", "proposes nothing and waits for a verdict", ComeToNothing, words::nothing_at_all),
    cheat(
        "a run with a seed of one's own",
        "appends a run whose seed was chosen",
        BeRefused("the batch gives it"),
        words::chosen_seed,
    ),
    cheat(
        "a run that was not made",
        "appends an outcome under the right seed",
        BeFound("came out otherwise"),
        words::invented_run,
    ),
    cheat("a run replayed", "appends a run a second time", BeRefused("made already"), words::replayed_run),
    cheat("an edited row", "changes an outcome", BeFound("hash"), lines::edited),
    cheat("a dropped row", "takes a run out", BeFound("it says that it is line"), lines::dropped),
    cheat("rows in another order", "exchanges two rows", BeFound("it says that it is line"), lines::reordered),
    cheat("a row twice", "copies a run's row", BeFound("it says that it is line"), lines::doubled),
    cheat("hashes made anew", "changes the question and makes every hash again", BeFound("seed"), lines::hashes_anew),
    cheat("a raised budget", "writes a larger purse and makes every hash again", BeFound("seed"), lines::raised_budget),
    cheat(
        "a claim registered earlier",
        "moves a claim before the runs that it was made from",
        BeFound("seed"),
        lines::earlier_claim,
    ),
    cheat(
        "the last result improved",
        "changes the last outcome, after which no seed is drawn",
        BeFound("came out otherwise"),
        lines::last_improved,
    ),
    cheat(
        "hashes and seeds made anew",
        "makes all hashes and all seeds again and keeps the outcomes",
        BeFound("would have been chosen"),
        lines::seeds_anew,
    ),
    cheat(
        "a word chosen for its seeds",
        "tries words in a hint until the seeds that would follow suit the law, in a sealed campaign",
        ComeToNothing,
        lines::word_for_seeds,
    ),
    cheat(
        "a ledger rolled back",
        "makes a batch, cuts it off where it does not suit, and says something else first",
        ComeToNothing,
        lines::rolled_back,
    ),
    cheat(
        "loses what it does not like",
        "a laboratory calls a third of its results lost",
        ComeToNothing,
        laboratory::loses,
    ),
    cheat("loses a few", "a laboratory loses the worst 4 % of its results", ComeToNothing, laboratory::loses_a_few),
    cheat(
        "calls it diverged",
        "a laboratory says that runs it does not like have no value",
        ComeToNothing,
        laboratory::calls_it_diverged,
    ),
    cheat(
        "calls it censored",
        "a laboratory says that runs it does not like lie above a small number",
        ComeToNothing,
        laboratory::calls_it_censored,
    ),
    cheat(
        "calls it diverged, verified",
        "the same laboratory, and somebody makes its runs again elsewhere",
        BeFound("came out otherwise"),
        laboratory::diverged_verified,
    ),
    cheat("the same run again", "a laboratory gives one run for every seed", ComeToNothing, laboratory::same_run),
    cheat(
        "the same run under other names",
        "a laboratory gives one run for every seed, each time as a new one",
        ComeToNothing,
        laboratory::same_run_renamed,
    ),
    cheat(
        "the same run without a name",
        "a laboratory gives one run for every seed and does not say which",
        ComeToNothing,
        laboratory::same_run_nameless,
    ),
    cheat(
        "costs more than it says",
        "a laboratory spends ten times what it asked for",
        ComeToNothing,
        laboratory::costs_more,
    ),
    cheat(
        "another laboratory",
        "goes on with a laboratory that has other knobs",
        BeRefused("cannot be mixed"),
        laboratory::other_card,
    ),
    cheat(
        "other physics under the same name",
        "goes on with a laboratory that has the same card and another law",
        BeFound("came out otherwise"),
        laboratory::other_physics,
    ),
    cheat(
        "values that are none",
        "a laboratory answers with NaN and with less than nothing",
        ComeToNothing,
        laboratory::not_a_number,
    ),
    cheat(
        "forgets what was asked",
        "a laboratory leaves out the observable where it does not suit",
        ComeToNothing,
        laboratory::forgets,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_enough_and_each_has_a_name_of_its_own() {
        let mut names: Vec<&str> = CHEATS.iter().map(|cheat| cheat.name).collect();
        names.sort_unstable();
        names.dedup();
        assert!(names.len() == CHEATS.len() && CHEATS.len() >= 25);
        assert!(CHEATS.iter().all(|cheat| !cheat.does.is_empty()));
    }

    /// A few that are cheap, one of every fate; all of them are played by the examination itself.
    #[test]
    fn cheats_come_to_what_they_must_and_to_the_same_twice() {
        for name in ["a run with a seed of one's own", "an edited row", "a spike", "units smuggled"] {
            let cheat = CHEATS.iter().find(|cheat| cheat.name == name).unwrap();
            let play = || (cheat.play)(&mut Scene::new(2, cheat.name, 0, dunwu_science::judge::judge_all));
            let fate = play();
            assert!(cheat.must.is_met(&fate), "{name}: {}", fate.words());
            assert_eq!(fate.words(), play().words());
        }
    }
}

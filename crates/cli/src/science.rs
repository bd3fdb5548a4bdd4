//! `dunwu science DIR …`: a campaign from a question to a law that predicted its own evidence.

mod explain;
mod mind;
mod person;

use crate::failure::Failure;
use crate::insights::{self, insight_of};
use crate::signals::Signals;
use crate::{Place, print, watching};
use clap::{Args, ValueEnum};
use dunwu::verb::Watcher;
use dunwu_report::science::{BentData, ReplayedData, ScienceData, WorkData, answer};
use dunwu_science::campaign::{Campaign, CampaignError, Ended, Listener, Refusal, Secret, replay};
use dunwu_science::claim::{Claim, claim_from_sentence, claims_from_toml};
use dunwu_science::judge::judge_all;
use dunwu_science::lab::Lab;
use dunwu_science::ledger::{Insight, LedgerError, Question, SEARCH, State, read};
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};

/// From a question to a law that predicted its own evidence: `dunwu science DIR init`, then `dunwu science DIR run --budget 200000`
///
/// Claims are sentences, runs are a laboratory's, judging is code: bits saved on outcomes that were foretold before they were seen, less
/// the bits to state the claim. Everything is a line of DIR/ledger.jsonl, each with the hash of the one before it; seeds of runs follow
/// from the hashes. Stop it whenever you like: the same command goes on. Exit code 3: the ledger is bent, or came out otherwise.
#[derive(Args)]
#[command(override_usage = "dunwu science [OPTIONS] <DIR> <ACTION> [WORD]...")]
pub(crate) struct ScienceArguments {
    /// Folder of the campaign
    dir: PathBuf,
    /// What to do
    #[arg(value_enum)]
    action: Action,
    /// The question, a claim, a file of claims, or what is said
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Steps that runs may make together at most
    #[arg(long, value_name = "STEPS")]
    budget: Option<u64>,
    /// Of init: engine, engine:samples, world:FILE.toml or program:COMMAND
    #[arg(long, value_name = "LAB", default_value = "engine")]
    lab: String,
    /// Of init: let seeds follow from a secret, too, which is kept in DIR/secret
    #[arg(long)]
    sealed: bool,
    /// Of attack, explain and examine: the claim
    #[arg(long, value_name = "ID")]
    claim: Option<String>,
    /// Of propose and insight: who it is from
    #[arg(long, value_name = "NAME", default_value = "somebody")]
    by: String,
    /// Of verify: the hash that the last line has to have, as somebody noted it
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    /// Of explain: bytes that the text may have
    #[arg(long, value_name = "N", default_value = "400")]
    bytes: usize,
    #[command(flatten)]
    mind: mind::MindArguments,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    place: Place,
}

/// What is done to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Ask what decides an outcome, and which knobs are varied: "generalized by task, fraction where M in 11..41"
    Init,
    /// Register a claim in a sentence or a TOML file of claims; without either, ask --mind, or search for claims
    Propose,
    /// Make runs where rivals disagree, search, attack what leads, until --budget steps are spent
    Run,
    /// Spend --budget steps on breaking --claim, or what leads
    Attack,
    /// Say something, also while it runs: a hint, a rival claim, "where M <= 23", or "stop"
    Insight,
    /// Explain --claim, or what leads, in --bytes, and quiz a listener on runs of the future; without a text, ever shorter
    Explain,
    /// Ask --claim, or what leads, for its reasons: why, what if, how else
    Examine,
    /// One screen: what stands, what it lacks, where rivals disagree most
    Brief,
    /// Check every line, and judge all claims again, without a laboratory
    Verify,
    /// Make every run and every choice again, without a model
    Replay,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Propose => "propose",
            Self::Run => "run",
            Self::Attack => "attack",
            Self::Insight => "insight",
            Self::Explain => "explain",
            Self::Examine => "examine",
            Self::Brief => "brief",
            Self::Verify => "verify",
            Self::Replay => "replay",
        }
    }
}

/// What is asked where nothing else is said.
const QUESTION: &str = "generalized by task, fraction where M in 11..41 and abelian = 1";
/// Runs that an attack without a budget may make.
const ATTACK_RUNS: u64 = 12;

pub(crate) fn science(asked: &ScienceArguments) -> Result<(), Failure> {
    let folder = asked.dir.display().to_string();
    let path = asked.dir.join("ledger.jsonl");
    let data = match asked.action {
        Action::Init => init(asked, &folder, &path)?,
        Action::Verify => verify(asked, &folder, &path)?,
        Action::Replay => replay_all(asked, &folder, &path)?,
        Action::Propose => propose(asked, &folder, &path)?,
        Action::Insight => insight(asked, &folder, &path)?,
        Action::Run | Action::Attack => work(asked, &folder, &path)?,
        Action::Explain => explain::explain(asked, &folder, &path)?,
        Action::Examine => explain::examine_claim(asked, &folder, &path)?,
        Action::Brief => brief(asked, &folder, &path)?,
    };
    print::without_page(&answer(&data), &asked.place);
    let is_bad = !data.intact || data.replayed.as_ref().is_some_and(|replayed| !replayed.same);
    if is_bad { Err(Failure::Judged { code: 3 }) } else { Ok(()) }
}

/// What a campaign refuses because of how it was asked is a usage error; what the disk does is a failure.
pub(crate) fn failed(error: CampaignError) -> Failure {
    match error {
        CampaignError::Ledger(LedgerError::Disk { .. } | LedgerError::Busy { .. }) => Failure::Failed(error.into()),
        other => Failure::usage(other),
    }
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Campaign(error) => failed(error),
        other => Failure::usage(other),
    }
}

pub(crate) fn open_lab(text: &str, dir: &Path) -> Result<Box<dyn Lab>, Failure> {
    dunwu_lab::open(text, dir).map_err(Failure::usage)
}

/// `TARGET by KNOB, KNOB [where CONDITIONS]`.
fn question(words: &[String]) -> Result<Question, Failure> {
    let text = if words.is_empty() { QUESTION.to_owned() } else { words.join(" ") };
    let (what, scope) = text.split_once(" where ").unwrap_or((&text, ""));
    let (target, knobs) = what.split_once(" by ").ok_or_else(|| {
        Failure::usage(format!(
            "{text:?} is no question; it reads TARGET by KNOB, KNOB where CONDITIONS, such as {QUESTION:?}"
        ))
    })?;
    let knobs = knobs.split(',').map(|knob| knob.trim().to_owned()).filter(|knob| !knob.is_empty());
    Ok(Question { target: target.trim().to_owned(), knobs: knobs.collect(), scope: scope.trim().to_owned(), text })
}

fn init(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let question = question(&asked.words)?;
    std::fs::create_dir_all(&asked.dir).map_err(|error| Failure::usage(format!("{folder}: {error}")))?;
    // A world lies beside its ledger, so that both can be moved together.
    let lab_text = match asked.lab.strip_prefix("world:") {
        Some(file) => {
            let text = std::fs::read(file).map_err(|error| Failure::usage(format!("{file}: {error}")))?;
            let kept = asked.dir.join("world.toml");
            if !path.exists() {
                std::fs::write(&kept, text).map_err(|error| Failure::Failed(error.into()))?;
            }
            "world:world.toml".to_owned()
        }
        None => asked.lab.clone(),
    };
    let lab = open_lab(&lab_text, &asked.dir)?;
    let campaign = if asked.sealed {
        Campaign::begin_sealed(path, &lab_text, lab.as_ref(), question, &drawn_secret())
    } else {
        Campaign::begin(path, &lab_text, lab.as_ref(), question)
    }
    .map_err(failed)?;
    Ok(ScienceData::of(folder, "init", &campaign))
}

/// Thirty-two bytes that nobody chose, from the operating system's randomness.
fn drawn_secret() -> String {
    let words = (0..4_u64).map(|word| format!("{:016x}", std::hash::RandomState::new().hash_one(word)));
    words.collect()
}

fn brief(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let campaign = Campaign::open(path).map_err(failed)?;
    let lab = open_lab(&campaign.state().lab, &asked.dir)?;
    let mut data = ScienceData::of(folder, "brief", &campaign);
    data.disagreement = campaign.disagreement(lab.as_ref()).map(|ask| ask.point);
    data.models = mind::models_of(&campaign);
    Ok(data)
}

fn propose(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    if asked.by == SEARCH {
        return Err(Failure::usage(format!("--by {SEARCH:?} is the name of the search without a model; take another")));
    }
    let claims = claims_of(&asked.words)?;
    let mut campaign = Campaign::open(path).map_err(failed)?;
    let known: Vec<String> = campaign.state().claims.iter().map(|claim| claim.id.clone()).collect();
    let mut turn = None;
    if !asked.words.is_empty() {
        for claim in &claims {
            campaign.register(claim, &asked.by).map_err(refused)?;
        }
    } else if asked.mind.is_named() {
        turn = mind::turn_of(asked, &mut campaign)?;
    } else {
        let searched = watching::show(asked.quiet || asked.place.json, |watcher| {
            watcher.phase("searches for claims", None);
            campaign.search()
        });
        searched.map_err(failed)?;
    }
    let mut data = ScienceData::of(folder, "propose", &campaign);
    data.turn = turn;
    data.registered = new_claims(&data, &known);
    Ok(data)
}

fn new_claims(data: &ScienceData, known: &[String]) -> Vec<String> {
    data.claims.iter().map(|claim| claim.id.clone()).filter(|id| !known.contains(id)).collect()
}

/// A text file of the user.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    dunwu::text_file::read_text(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// A file of claims, or one in words.
fn claims_of(words: &[String]) -> Result<Vec<Claim>, Failure> {
    match words {
        [] => Ok(Vec::new()),
        [file] if Path::new(file).extension().is_some_and(|extension| extension == "toml") => {
            let text = read_text(Path::new(file))?;
            claims_from_toml(&text).map_err(|error| Failure::usage(format!("{file}: {error}")))
        }
        words => claim_from_sentence(&words.join(" ")).map(|claim| vec![claim]).map_err(Failure::usage),
    }
}

fn insight(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let text = asked.words.join(" ");
    if text.trim().is_empty() {
        return Err(Failure::usage(
            "nothing is said; write it behind `insight`, such as: insight \"t_gen = c * M, for some c\"",
        ));
    }
    match Campaign::open(path) {
        Ok(mut campaign) => {
            campaign.hear(asked.by.clone(), insight_of(&text)).map_err(failed)?;
            Ok(ScienceData::of(folder, "insight", &campaign))
        }
        // While another process runs, it is left in a file, which that one reads before its next run.
        Err(CampaignError::Ledger(LedgerError::Busy { .. })) => {
            insights::leave(&asked.dir, &asked.by, &text)?;
            let (links, bent, _) = read(path).map_err(|error| failed(error.into()))?;
            let state = State::of(&links).ok_or_else(|| Failure::usage("the ledger has no first line"))?;
            Ok(ScienceData::of_parts(folder, "insight", &state, &links, &[], bent))
        }
        Err(error) => Err(failed(error)),
    }
}

fn work(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let is_attack = asked.action == Action::Attack;
    let mut campaign = Campaign::open(path).map_err(failed)?;
    let lab = open_lab(&campaign.state().lab, &asked.dir)?;
    let known: Vec<String> = campaign.state().claims.iter().map(|claim| claim.id.clone()).collect();
    let budget = match asked.budget {
        Some(steps) => steps,
        None if is_attack => ATTACK_RUNS * lab.most_steps(&dunwu_science::lab::Point::default()).max(1),
        None => {
            return Err(Failure::usage(
                "no budget is named; say --budget STEPS, the steps that runs may make together at most",
            ));
        }
    };
    let signals = Signals::watch()?;
    let ended = watching::watch_under(&signals, asked.quiet || asked.place.json, |watcher| {
        watcher.phase(if is_attack { "attacks" } else { "runs" }, Some(budget));
        let mut heard = Heard { watcher, drop: insights::folder(&asked.dir) };
        let ended = if is_attack {
            campaign.attack(lab.as_ref(), asked.claim.as_deref(), budget, &mut heard)
        } else {
            campaign.run(lab.as_ref(), budget, &mut heard)
        };
        Ok(ended)
    })?;
    let Ended { spent, runs, why } = ended.map_err(failed)?;
    let mut data = ScienceData::of(folder, asked.action.name(), &campaign);
    data.registered = new_claims(&data, &known);
    data.work = Some(WorkData { spent, runs, why });
    stopped(asked, data, &signals)
}

/// The data, or its answer and an end by the signal that stopped the work.
fn stopped(asked: &ScienceArguments, data: ScienceData, signals: &Signals) -> Result<ScienceData, Failure> {
    let Some(signal) = signals.caught() else { return Ok(data) };
    print::without_page(&answer(&data), &asked.place);
    Err(Failure::Stopped { signal })
}

/// The terminal as a campaign's listener.
struct Heard<'a, 'b> {
    watcher: &'a mut Watcher<'b>,
    /// Files in which others leave what they have to say.
    drop: PathBuf,
}

impl Listener for Heard<'_, '_> {
    fn hear(&mut self, what: &str) {
        self.watcher.tell(&dunwu::verb::Progress::State(what));
    }

    fn spent(&mut self, steps: u64, _of: u64) {
        self.watcher.pieces(steps);
    }

    fn is_stopped(&self) -> bool {
        self.watcher.is_stopped()
    }

    fn said(&mut self) -> Vec<(String, Insight)> {
        insights::take(&self.drop)
    }
}

fn verify(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let (links, mut bent, _) = read(path).map_err(|error| failed(error.into()))?;
    let Some(state) = State::of(&links) else {
        let why = bent.map_or_else(|| "it is empty".to_owned(), |bent| bent.why);
        return Err(Failure::usage(format!("line 0 of the ledger is bent: {why}: {}", path.display())));
    };
    let head = links.last().map_or("", |link| link.hash.as_str());
    if let Some(noted) = asked.head.as_ref().filter(|noted| noted.is_empty() || !head.starts_with(noted.as_str())) {
        bent = bent.or(Some(dunwu_science::ledger::Bent {
            line: links.len() as u64,
            why: format!(
                "the last line's hash is {head}, and {noted} was noted; lines were taken away, or added since"
            ),
        }));
    }
    let seal = match Secret::of_ledger(path, &links) {
        Ok(None) => None,
        Ok(Some(secret)) => {
            let salt = secret.bent_salt(&links);
            if let Some(line) = salt {
                let why = "its salt is not that of the secret".to_owned();
                bent = bent.or(Some(dunwu_science::ledger::Bent { line, why }));
            }
            Some(salt.map_or_else(
                || "the secret is there, and every batch was drawn by it".to_owned(),
                |line| format!("the secret is there, and the batch in line {line} was not drawn by it"),
            ))
        }
        // Whoever verifies a ledger need not have the secret yet.
        Err(error) => Some(format!("what the secret adds to seeds cannot be checked: {error}")),
    };
    let judged = judge_all(&state.card, &state.scope_of_question(), &state.claims, &state.runs);
    let mut data = ScienceData::of_parts(folder, "verify", &state, &links, &judged, bent);
    data.seal = seal;
    Ok(data)
}

fn replay_all(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let mut data = verify(asked, folder, path)?;
    let (links, _, _) = read(path).map_err(|error| failed(error.into()))?;
    let state = State::of(&links).expect("the ledger was verified");
    let lab = open_lab(&state.lab, &asked.dir)?;
    "replay".clone_into(&mut data.did);
    let replayed = watching::watch(asked.quiet || asked.place.json, |watcher| {
        watcher.phase("makes every run again", Some(state.runs.len() as u64));
        Ok(replay(&links, lab.as_ref(), &mut Heard { watcher, drop: asked.dir.join("no-insights") }))
    })?;
    let differs = replayed.differs.map(|(line, why)| BentData { line, why });
    data.replayed = Some(ReplayedData {
        runs: replayed.runs,
        batches: replayed.batches,
        searches: replayed.searches,
        same: differs.is_none(),
        differs,
    });
    Ok(data)
}

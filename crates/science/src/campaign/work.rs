//! A campaign that is open: its ledger, and the loop that makes runs.

use super::listener::Listener;
use super::next::{self, Batch, Step, next};
use super::register;
use super::seal::Secret;
use crate::judge::{Judged, Memory, judge_all_with};
use crate::lab::Lab;
use crate::ledger::{Ask, Event, Ledger, LedgerError, Pending, Purpose, Question, State, seed_of};
use std::cell::RefCell;
use std::path::Path;
use thiserror::Error;

/// A campaign that is open for writing.
#[derive(Debug)]
pub struct Campaign {
    pub(super) ledger: Ledger,
    pub(super) state: State,
    pub(super) memory: RefCell<Memory>,
    /// What the seeds of a sealed campaign follow from, beside the ledger.
    seal: Option<Secret>,
}

/// Why a campaign does not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CampaignError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The question cannot be asked of this laboratory.
    #[error("{0}")]
    Question(String),
    /// The laboratory is not the one that the ledger was opened with.
    #[error(
        "the ledger was opened with the laboratory {then}, and this is {now}; its runs cannot be mixed; begin another ledger in a new folder"
    )]
    OtherLab {
        /// The ledger's.
        then: String,
        /// This one.
        now: String,
    },
    /// The secret of a sealed campaign is not there.
    #[error("{0}")]
    Secret(String),
    /// No steps.
    #[error("the budget is 0 steps, which is no run; a run here costs at most {most} steps")]
    NoBudget {
        /// What the default point costs at most.
        most: u64,
    },
    /// No such claim.
    #[error("there is no claim {id:?} in this ledger; it has {there}")]
    NoClaim {
        /// The id.
        id: String,
        /// What there is.
        there: String,
    },
    /// Nothing to attack.
    #[error("no claim stands that an attack could be made on; propose one, or make runs first")]
    NothingStands,
}

impl CampaignError {
    /// That a campaign has no claim of this id, with those that it has.
    pub fn no_claim(state: &State, id: &str) -> Self {
        let ids: Vec<&str> = state.claims.iter().map(|claim| claim.id.as_str()).collect();
        let there = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        Self::NoClaim { id: id.to_owned(), there }
    }
}

/// How a stretch of work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Steps that were spent.
    pub spent: u64,
    /// Runs that were made.
    pub runs: usize,
    /// Why it ended.
    pub why: String,
}

impl Campaign {
    /// Begins a campaign.
    ///
    /// # Errors
    ///
    /// Where the question cannot be asked of the laboratory, or there is a ledger already.
    pub fn begin(path: &Path, lab_text: &str, lab: &dyn Lab, question: Question) -> Result<Self, CampaignError> {
        Self::begin_with(path, lab_text, lab, question, None)
    }

    /// Begins a sealed campaign: seeds follow from a secret, too, which is kept in a file beside the ledger and of which the ledger holds
    /// the hash. Whoever may speak and cannot read that file cannot try words until the seeds that follow suit him.
    ///
    /// # Errors
    ///
    /// As [`Campaign::begin`], and where the secret cannot be written.
    pub fn begin_sealed(
        path: &Path,
        lab_text: &str,
        lab: &dyn Lab,
        question: Question,
        secret: &str,
    ) -> Result<Self, CampaignError> {
        Self::begin_with(path, lab_text, lab, question, Some(secret))
    }

    fn begin_with(
        path: &Path,
        lab_text: &str,
        lab: &dyn Lab,
        question: Question,
        secret: Option<&str>,
    ) -> Result<Self, CampaignError> {
        let question = register::checked_question(lab.card(), question)?;
        let event = Event::Opened {
            format: crate::ledger::FORMAT,
            lab: lab_text.to_owned(),
            card: Box::new(lab.card().clone()),
            question,
            seal: secret.map(|secret| Secret::of(secret).seal()),
        };
        let ledger = Ledger::begin(path, event)?;
        let seal = secret.map(|secret| Secret::of(secret).keep(path)).transpose()?;
        let state = State::of(ledger.links()).expect("the first line opens the ledger");
        Ok(Self { ledger, state, memory: RefCell::default(), seal })
    }

    /// Goes on with a campaign.
    ///
    /// # Errors
    ///
    /// Where there is no ledger, it is bent, or another process writes it.
    pub fn open(path: &Path) -> Result<Self, CampaignError> {
        let ledger = Ledger::open(path)?;
        let state = State::of(ledger.links()).ok_or_else(|| LedgerError::None { path: path.to_owned() })?;
        let seal = Secret::of_ledger(path, ledger.links())?;
        Ok(Self { ledger, state, memory: RefCell::default(), seal })
    }

    /// What the ledger comes to.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        self.ledger.head()
    }

    /// All lines.
    pub fn links(&self) -> &[crate::ledger::Link] {
        self.ledger.links()
    }

    /// What is said of every claim now.
    pub fn judged(&self) -> Vec<Judged> {
        self.judged_with(&mut self.memory.borrow_mut())
    }

    pub(super) fn judged_with(&self, memory: &mut Memory) -> Vec<Judged> {
        judge_all_with(&self.state.card, &self.state.scope_of_question(), &self.state.claims, &self.state.runs, memory)
    }

    /// Appends an event.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn append(&mut self, event: Event) -> Result<u64, CampaignError> {
        let line = self.ledger.append(event)?;
        let links = self.ledger.links();
        self.state.hear(&links[line as usize], links);
        Ok(line)
    }

    /// Whether this laboratory is the one that the ledger was opened with.
    ///
    /// # Errors
    ///
    /// Where it is another one.
    pub fn check_lab(&self, lab: &dyn Lab) -> Result<(), CampaignError> {
        if *lab.card() == self.state.card {
            return Ok(());
        }
        let (then, now) = (self.state.card.name.clone(), lab.card().name.clone());
        // One name with other knobs is another laboratory, too.
        let now = if then == now { format!("{now} with other knobs or observables") } else { now };
        Err(CampaignError::OtherLab { then, now })
    }

    /// Makes runs where rivals disagree until the purse is empty. A purse that was left open by a process that was killed is gone on with.
    ///
    /// # Errors
    ///
    /// Where the budget is 0, the laboratory is another one, or the disk does not take a line.
    pub fn run(&mut self, lab: &dyn Lab, steps: u64, listener: &mut dyn Listener) -> Result<Ended, CampaignError> {
        self.work(lab, Purpose::Run, steps, listener)
    }

    /// Spends a purse on breaking one claim: the one of this id, or the one that leads.
    ///
    /// # Errors
    ///
    /// As [`Campaign::run`], and where no claim stands.
    pub fn attack(
        &mut self,
        lab: &dyn Lab,
        claim: Option<&str>,
        steps: u64,
        listener: &mut dyn Listener,
    ) -> Result<Ended, CampaignError> {
        let id = match claim {
            Some(id) if self.state.claim(id).is_some() => id.to_owned(),
            Some(id) => return Err(CampaignError::no_claim(&self.state, id)),
            None => match &self.state.purse {
                Some(purse) => match &purse.purpose {
                    Purpose::Attack(id) => id.clone(),
                    Purpose::Run => next::leader(&self.judged()).ok_or(CampaignError::NothingStands)?,
                },
                None => next::leader(&self.judged()).ok_or(CampaignError::NothingStands)?,
            },
        };
        self.work(lab, Purpose::Attack(id), steps, listener)
    }

    fn work(
        &mut self,
        lab: &dyn Lab,
        purpose: Purpose,
        steps: u64,
        listener: &mut dyn Listener,
    ) -> Result<Ended, CampaignError> {
        self.check_lab(lab)?;
        if steps == 0 {
            return Err(CampaignError::NoBudget { most: lab.most_steps(&crate::lab::Point::default()) });
        }
        let is_same = self.state.purse.as_ref().is_some_and(|purse| purse.purpose == purpose && purse.steps == steps);
        if is_same {
            listener.hear("goes on with the purse that was left open");
        } else {
            if self.state.purse.is_some() {
                self.close("another purse was opened")?;
            }
            self.append(Event::Purse { purpose, steps })?;
        }
        let mut judged = None;
        loop {
            for (by, insight) in listener.said() {
                self.hear(by, insight)?;
                judged = None;
            }
            if listener.is_stopped() {
                // The purse stays open: the same command goes on.
                let purse = self.state.purse.as_ref().expect("a purse is open");
                return Ok(Ended {
                    spent: purse.spent,
                    runs: self.state.runs.len() - purse.n_runs,
                    why: "it was asked to stop".to_owned(),
                });
            }
            if let Some(Pending { line, hash, left }) = self.state.pending.clone() {
                let (place, ask) = &left[0];
                // A laboratory that spends more than it said does so once.
                let purse = self.state.purse.as_ref().expect("a purse is open");
                let has_lied = self
                    .state
                    .runs
                    .last()
                    .is_some_and(|run| run.line > purse.line && run.steps > lab.most_steps(&run.point));
                if has_lied || purse.spent.saturating_add(lab.most_steps(&ask.point)) > purse.steps {
                    return self.close("the laboratory spent more than it said");
                }
                self.make(lab, line, &hash, *place, ask)?;
                let purse = self.state.purse.as_ref().expect("a purse is open");
                listener.spent(purse.spent, purse.steps);
                judged = None;
                continue;
            }
            let known = judged.get_or_insert_with(|| self.judged());
            let step = next(&self.state, self.ledger.head(), known, lab, &mut self.memory.borrow_mut());
            match step {
                Step::Search => {
                    listener.hear("searches for claims");
                    let ids = self.search()?;
                    if !ids.is_empty() {
                        listener.hear(&format!("registers {} claims", ids.len()));
                    }
                    judged = None;
                }
                Step::Ask(Batch { why, about, asks }) => {
                    listener.hear(&format!("{} runs: {why}", asks.len()));
                    let salt = self.seal.as_ref().map(|secret| secret.salt(self.ledger.head()));
                    self.append(Event::Batch { why, about, asks, salt })?;
                }
                Step::Witness { claim, run, from, bits } => {
                    listener.hear(&format!("the counterexample to {claim} is run {run}"));
                    self.append(Event::Witness { claim, run, from, bits })?;
                }
                Step::Over(why) => return self.close(&why),
            }
        }
    }

    /// Makes the runs that were asked for and are left, and closes the purse that is open, so that another purse loses none of them.
    ///
    /// # Errors
    ///
    /// Where the laboratory is another one, or the disk does not take a line.
    pub fn settle(&mut self, lab: &dyn Lab, listener: &mut dyn Listener) -> Result<Ended, CampaignError> {
        self.check_lab(lab)?;
        let (spent, n_runs) = (self.state.spent, self.state.runs.len());
        let ended = |state: &State, why: &str| Ended {
            spent: state.spent - spent,
            runs: state.runs.len() - n_runs,
            why: why.to_owned(),
        };
        while let Some(Pending { line, hash, left }) = self.state.pending.clone() {
            for (by, insight) in listener.said() {
                self.hear(by, insight)?;
            }
            if listener.is_stopped() {
                return Ok(ended(&self.state, "it was asked to stop"));
            }
            let (place, ask) = &left[0];
            self.make(lab, line, &hash, *place, ask)?;
            listener.spent(self.state.spent - spent, self.state.purse.as_ref().map_or(0, |purse| purse.steps));
        }
        if self.state.purse.is_some() {
            self.close("the runs that were asked for are made")?;
        }
        Ok(ended(&self.state, "no run is left that was asked for"))
    }

    fn close(&mut self, why: &str) -> Result<Ended, CampaignError> {
        let purse = self.state.purse.clone().expect("a purse is open");
        let n_runs = self.state.runs.len();
        self.append(Event::Closed { spent: purse.spent, why: why.to_owned() })?;
        Ok(Ended { spent: purse.spent, runs: n_runs - purse.n_runs, why: why.to_owned() })
    }

    fn make(&mut self, lab: &dyn Lab, batch: u64, hash: &str, place: usize, ask: &Ask) -> Result<(), CampaignError> {
        let seed = seed_of(hash, ask.group);
        let mut reading = lab.run(&ask.point, seed);
        add_identities(&self.state, lab, &ask.point, seed, &mut reading);
        let event = Event::Run {
            batch,
            place,
            seed,
            outcomes: reading.outcomes,
            specification: reading.specification,
            steps: reading.steps,
        };
        self.append(event).map(drop)
    }
}

/// Tries the equalities of tensors that are claimed on the arrays of a run.
pub(super) fn add_identities(
    state: &State,
    lab: &dyn Lab,
    point: &crate::lab::Point,
    seed: u32,
    reading: &mut crate::lab::Reading,
) {
    let identities = state.claims.iter().filter_map(|registered| match &registered.claim.statement {
        crate::claim::Statement::Identity { left, right } => Some((registered.id.clone(), left.clone(), right.clone())),
        _ => None,
    });
    let identities: Vec<_> = identities.collect();
    if !identities.is_empty() {
        for (id, held) in lab.identities(point, seed, &identities) {
            reading.outcomes.insert(format!("identity {id}"), crate::lab::Outcome::Event(held));
        }
    }
}

impl State {
    /// All that holds for the question's runs, which costs no claim anything.
    pub fn scope_of_question(&self) -> crate::claim::Scope {
        self.question.frame(&self.card)
    }
}

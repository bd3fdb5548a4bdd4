//! What is done to a call of the program, and whether what it said of it is true.

use super::Room;
use crate::child::{Call, Ended};
use crate::random::Random;
use crate::tally::RoomTally;
use std::time::Duration;

/// What is done to one call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Harm {
    /// SIGKILL after so long.
    Kill(Duration),
    /// SIGTERM or SIGINT after so long.
    Signal(&'static str, Duration),
    /// SIGSTOP after so long, for so long; then it goes on, or is killed.
    Stop { after: Duration, pause: Duration, then_kill: bool },
    /// The same command again, so long after the first; the first may be killed meanwhile.
    Second { after: Duration, kill_first: bool },
    /// The disk fails, or the process ends at a call to it.
    Trouble(String),
    /// The disk fails as in [`Harm::Trouble`], and SIGKILL comes after that time.
    TroubleAndKill(String, Duration),
}

/// Kinds of trouble by what follows from them.
const ENDS: [&str; 2] = ["kill", "power"];
const FAILS: [&str; 3] = ["full", "io", "read-only"];

impl Harm {
    pub(super) fn draw(random: &mut Random, room: &Room, usual: Duration, calls: u64) -> Self {
        let moment = |random: &mut Random| usual.mul_f64(random.below(1000) as f64 / 900.0);
        match random.below(12) {
            0..=3 => Self::Kill(moment(random)),
            4 => Self::Signal(random.pick(&["TERM", "INT"]), moment(random)),
            5 => Self::Stop {
                after: moment(random),
                pause: Duration::from_millis(5 + random.below(60) as u64),
                then_kill: random.once_in(2),
            },
            6 => Self::Second { after: moment(random) / 2, kill_first: random.once_in(2) },
            7 => Self::TroubleAndKill(trouble(random, room, calls), moment(random)),
            _ => Self::Trouble(trouble(random, room, calls)),
        }
    }

    /// Kinds of trouble that it brings.
    pub(super) fn kinds(&self) -> Vec<&str> {
        match self {
            Self::Trouble(list) | Self::TroubleAndKill(list, _) => list
                .split(',')
                .filter_map(|word| Some(word.split_once(':')?.1.split('=').next().unwrap_or_default()))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn brings(&self, kinds: &[&str]) -> bool {
        self.kinds().iter().any(|kind| kinds.contains(kind))
    }
}

fn trouble(random: &mut Random, room: &Room, calls: u64) -> String {
    let at = 1 + random.number() % calls.max(1);
    match random.below(8) {
        0 | 1 => format!("{at}:kill"),
        2 => format!("{at}:power"),
        3 if room.any_part_is_lost => format!("{at}:power={}", 1 + random.below(1 << 20)),
        3 | 4 => format!("{at}:full"),
        5 => format!("{at}:full={}", 1 + random.below(3)),
        6 => format!("{at}:{}", random.pick(&["io", "read-only"])),
        _ => {
            format!("{at}:{},{}:kill", random.pick(&["short", "interrupted"]), at + 1 + random.number() % calls.max(1))
        }
    }
}

/// Does it to a call, and says whether all that was said is true; what the call came to, for a look at what is left.
pub(super) fn inflict(room: &Room, call: &Call<'_>, harm: &Harm, tally: &mut RoomTally) -> Result<Vec<Ended>, String> {
    tally.calls += 1;
    let mut call = call.clone();
    if let Harm::Trouble(list) | Harm::TroubleAndKill(list, _) = harm {
        call.trouble = Some(list.clone());
        harm.kinds().iter().for_each(|kind| tally.fault(kind));
    }
    let mut running = call.start()?;
    let mut others = Vec::new();
    match harm {
        Harm::Trouble(_) => {}
        Harm::Kill(after) | Harm::TroubleAndKill(_, after) => {
            if running.goes_on_for(*after)? {
                running.kill();
                tally.kills += 1;
            }
        }
        Harm::Signal(name, after) => {
            if running.goes_on_for(*after)? {
                running.signal(name);
                tally.signals += 1;
            }
        }
        Harm::Stop { after, pause, then_kill } => {
            if running.goes_on_for(*after)? {
                running.signal("STOP");
                tally.stops += 1;
                std::thread::sleep(*pause);
                if *then_kill {
                    running.kill();
                    tally.kills += 1;
                } else {
                    running.signal("CONT");
                }
            }
        }
        Harm::Second { after, kill_first } => {
            running.goes_on_for(*after)?;
            let mut second = Call { trouble: None, ..call.clone() }.start()?;
            tally.second_writers += 1;
            if *kill_first {
                second.goes_on_for(*after)?;
                running.kill();
                tally.kills += 1;
            }
            others.push(second.end()?);
        }
    }
    others.insert(0, running.end()?);
    for ended in &others {
        judge(room, harm, ended)?;
        tally.checks += 1;
        if ended.status.code().is_none() && harm.brings(&ENDS) {
            tally.kills += 1;
        }
    }
    Ok(others)
}

/// Whether a call may have ended so, and said so.
fn judge(room: &Room, harm: &Harm, ended: &Ended) -> Result<(), String> {
    let last = ended.last_words();
    let wrong =
        |what: &str| Err(format!("{what} after {harm:?}: {:?}; it said: {}", ended.status, ended.stderr.trim()));
    if ended.stderr.contains("is a bug") {
        return wrong("it calls this a bug");
    }
    match ended.code() {
        Some(0) => Ok(()),
        Some(1) if harm.brings(&FAILS) && is_said(harm, last) => Ok(()),
        Some(1)
            if matches!(harm, Harm::Second { .. })
                && !room.turned_away.is_empty()
                && last.contains(room.turned_away) =>
        {
            Ok(())
        }
        Some(1) => wrong("an error that is not true, or is not the reason"),
        // Told to stop while it trains it says so; while it only opens what is there, it has nothing to say.
        Some(130 | 143) if matches!(harm, Harm::Signal(..)) => Ok(()),
        // The last moments before a process hears signals.
        None if matches!(harm, Harm::Signal(..)) => Ok(()),
        None if harm.brings(&ENDS) || matches!(harm, Harm::Kill(_) | Harm::TroubleAndKill(..)) => Ok(()),
        None if matches!(harm, Harm::Stop { then_kill: true, .. } | Harm::Second { kill_first: true, .. }) => Ok(()),
        _ => wrong("an end that nothing explains"),
    }
}

/// Whether the sentence names what was the matter with the disk.
fn is_said(harm: &Harm, words: &str) -> bool {
    let sentences = [("full", "the disk is full"), ("read-only", "read-only"), ("io", "Input/output error")];
    words.starts_with("error: ")
        && sentences.iter().any(|(kind, sentence)| harm.brings(&[kind]) && words.contains(sentence))
}

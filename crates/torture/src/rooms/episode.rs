//! One case: a folder in which the same thing is asked for again and again, each call disturbed, until one is left in peace.

use super::harm::{Harm, inflict};
use super::{Kept, Room};
use crate::child::{Call, Ended, scratch};
use crate::random::Random;
use crate::tally::RoomTally;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// What a room comes to where nothing disturbs it.
#[derive(Clone, Debug)]
pub(crate) struct Undisturbed {
    result: Vec<String>,
    /// How long a call takes.
    usual: Duration,
    /// Calls to the disk that it makes.
    pub(crate) calls: u64,
}

/// A room with what it comes to.
pub(crate) struct Episode<'a> {
    pub(crate) room: &'a Room,
    pub(crate) program: &'a Path,
    pub(crate) undisturbed: Undisturbed,
}

impl<'a> Episode<'a> {
    /// Learns what the room comes to.
    pub(crate) fn learn(room: &'a Room, program: &'a Path) -> Result<Self, String> {
        let folder = scratch()?;
        (room.prepare)(folder.path())?;
        let log = folder.path().join("calls.log");
        let mut call = Call::new(program, folder.path(), room.commands[0].words);
        // The log costs time, so the clock runs in a folder of its own.
        let began = Instant::now();
        let ended = call.run()?;
        let usual = began.elapsed();
        if ended.code() != Some(0) {
            return Err(format!("{} fails undisturbed: {}", room.name, ended.stderr));
        }
        let result = (room.result)(folder.path())?;
        let logged = scratch()?;
        (room.prepare)(logged.path())?;
        call.folder = logged.path();
        call.log = Some(log.clone());
        call.run()?;
        let again = (room.result)(logged.path())?;
        if let Some(difference) = difference(&again, &result) {
            return Err(format!("{} comes to another result undisturbed: {difference}", room.name));
        }
        let calls = fs::read_to_string(&log).unwrap_or_default().lines().count() as u64;
        if calls == 0 {
            return Err(format!(
                "{}: this build of the program counts no calls to the disk; it wants debug assertions",
                room.name
            ));
        }
        let left = (room.leftovers)(folder.path());
        if !left.is_empty() {
            return Err(format!("{} leaves behind, undisturbed: {}", room.name, left.join(", ")));
        }
        Ok(Self { room, program, undisturbed: Undisturbed { result, usual, calls } })
    }
}

/// Plays the case of this seed.
pub(crate) fn play(episode: &Episode<'_>, seed: u64, tally: &mut RoomTally) -> Result<(), String> {
    let mut random = Random::new(seed);
    let folder = scratch()?;
    (episode.room.prepare)(folder.path())?;
    tally.cases += 1;
    for _ in 0..=random.below(5) {
        let harm = Harm::draw(&mut random, episode.room, episode.undisturbed.usual, episode.undisturbed.calls);
        let clock = match random.below(6) {
            0 => Some("jumps".to_owned()),
            1 => Some(random.pick(&["-400000000", "-7200", "7200", "400000000"]).to_owned()),
            _ => None,
        };
        if random.once_in(8) {
            age(folder.path(), &mut random);
            tally.clock_jumps += 1;
        }
        let which = random.below(episode.room.commands.len());
        disturb(episode, folder.path(), which, &harm, clock, tally)?;
    }
    finish(episode, folder.path(), tally)
}

/// One disturbed call, and a look at what it left.
pub(super) fn disturb(
    episode: &Episode<'_>,
    folder: &Path,
    which: usize,
    harm: &Harm,
    clock: Option<String>,
    tally: &mut RoomTally,
) -> Result<(), String> {
    let room = episode.room;
    let before = (room.kept)(folder).map_err(|error| format!("before {harm:?}: {error}"))?;
    let mut command = &room.commands[which];
    if command.goes_on_only && before == Kept::default() {
        command = &room.commands[0];
    }
    let mut call = Call::new(episode.program, folder, &words(command.words, folder));
    tally.clock_jumps += u64::from(clock.is_some());
    call.clock = clock;
    let ended = inflict(room, &call, harm, tally)?;
    let after = (room.kept)(folder).map_err(|error| format!("after {harm:?}: {error}"))?;
    holds(&before, &after).map_err(|error| format!("{harm:?}: {error}"))?;
    tally.checks += 1;
    for ended in ended {
        if ended.code() == Some(0) && command.gives_result {
            agrees(episode, folder).map_err(|error| format!("it said that it is done, {harm:?}: {error}"))?;
        }
        goes_on_from(&before, &ended).map_err(|error| format!("{harm:?}: {error}"))?;
        tally.checks += 1;
    }
    Ok(())
}

/// A call that is left in peace, after which all has to be as if all had been.
pub(super) fn finish(episode: &Episode<'_>, folder: &Path, tally: &mut RoomTally) -> Result<(), String> {
    let room = episode.room;
    let before = (room.kept)(folder)?;
    let ended = Call::new(episode.program, folder, room.commands[0].words).run()?;
    if ended.code() != Some(0) {
        return Err(format!("left in peace it fails: {:?}: {}", ended.status, ended.stderr.trim()));
    }
    goes_on_from(&before, &ended)?;
    let after = (room.kept)(folder)?;
    holds(&before, &after)?;
    agrees(episode, folder)?;
    let left = (room.leftovers)(folder);
    if !left.is_empty() {
        return Err(format!("left behind: {}", left.join(", ")));
    }
    tally.checks += 4;
    Ok(())
}

/// The words with the run's name in place of `{run}`.
fn words(words: &str, folder: &Path) -> String {
    let run = super::runs::run_dirs(folder).into_iter().next();
    let name = run.map(|run| run.file_name().unwrap_or_default().to_string_lossy().into_owned());
    words.replace("{run}", &name.unwrap_or_default())
}

fn agrees(episode: &Episode<'_>, folder: &Path) -> Result<(), String> {
    match difference(&(episode.room.result)(folder)?, &episode.undisturbed.result) {
        None => Ok(()),
        Some(difference) => Err(format!("another result: {difference}")),
    }
}

fn difference(found: &[String], wanted: &[String]) -> Option<String> {
    let pair = found.iter().zip(wanted).find(|(found, wanted)| found != wanted);
    match pair {
        Some((found, wanted)) => Some(format!("{found:?} instead of {wanted:?}")),
        None if found.len() != wanted.len() => Some(format!("{} parts instead of {}", found.len(), wanted.len())),
        None => None,
    }
}

/// Whether nothing is gone that was there.
fn holds(before: &Kept, after: &Kept) -> Result<(), String> {
    for (file, lines) in &before.lines {
        let now = after.lines.get(file).map(Vec::as_slice).unwrap_or_default();
        if !now.starts_with(lines) {
            let kept = now.iter().zip(lines).take_while(|(now, before)| now == before).count();
            return Err(format!("{file}: of {} whole lines {kept} are left", lines.len()));
        }
    }
    if before.is_finished && !after.is_finished {
        return Err("it had come to its end and now has not".to_owned());
    }
    if !after.is_finished && after.checkpoint < before.checkpoint {
        return Err(format!("the checkpoint was at {:?} and is at {:?}", before.checkpoint, after.checkpoint));
    }
    Ok(())
}

/// Whether the place that it said it goes on from is the checkpoint's.
fn goes_on_from(before: &Kept, ended: &Ended) -> Result<(), String> {
    let said =
        ["going on from step ", "going on from token "].iter().find_map(|words| ended.stderr.split(words).nth(1));
    let said: Option<u64> = said.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    match said {
        Some(said) if Some(said) < before.checkpoint => {
            Err(format!("it said that it goes on from {said}, and the checkpoint is at {:?}", before.checkpoint))
        }
        Some(_) if before.is_finished => Err("it said that it goes on with what has come to its end".to_owned()),
        _ => Ok(()),
    }
}

/// Moves the times of files years back or ahead, as a restored copy or a wrong clock does.
fn age(folder: &Path, random: &mut Random) {
    for path in super::files_below(folder) {
        let years = Duration::from_secs(86_400 * 365 * (1 + random.below(30) as u64));
        let now = SystemTime::now();
        let time = if random.once_in(2) { now.checked_sub(years) } else { now.checked_add(years) };
        if let (Some(time), Ok(file)) = (time, fs::OpenOptions::new().append(true).open(&path)) {
            let _ = file.set_modified(time); // a file that is gone meanwhile has no time
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &[&str], checkpoint: Option<u64>, is_finished: bool) -> Kept {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        Kept { lines: [("record".to_owned(), lines)].into(), checkpoint, is_finished }
    }

    #[test]
    fn what_is_gone_is_noticed() {
        let before = kept(&["a", "b"], Some(5), false);
        assert_eq!(holds(&before, &before), Ok(()));
        assert_eq!(holds(&before, &kept(&["a", "b", "c"], Some(9), false)), Ok(()));
        assert_eq!(holds(&before, &kept(&["a", "b", "c"], None, true)), Ok(()));
        for worse in
            [kept(&["a"], Some(5), false), kept(&["a", "c"], Some(5), false), kept(&["a", "b"], Some(4), false)]
        {
            assert!(holds(&before, &worse).is_err(), "{worse:?}");
        }
        assert!(holds(&kept(&[], None, true), &kept(&[], None, false)).is_err());
    }

    #[test]
    fn results_that_differ_are_named() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(difference(&words(&["a"]), &words(&["a"])), None);
        assert_eq!(difference(&words(&["a", "c"]), &words(&["a", "b"])).unwrap(), "\"c\" instead of \"b\"");
        assert_eq!(difference(&words(&["a"]), &words(&["a", "b"])).unwrap(), "1 parts instead of 2");
    }
}

//! `torture`: breaks disks, kills processes and feeds readers nonsense, and holds what is left against what was promised.
//!
//! `cargo xtask torture` builds it and the program, both with debug assertions, and calls it. Two halves: **rooms** are commands
//! that write and go on where they were ended ([`rooms`]); **readers** read what others write ([`fuzz`]). Everything random comes
//! from one seed; each case has a seed of its own, which a failure names with the command that plays it again. What a signal
//! meets depends on the machine's mood, so a case of signals may have to be played a few times.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

mod child;
mod fuzz;
mod random;
mod rooms;
mod tally;
mod tiny;

use clap::Parser;
use fuzz::{Feeding, READERS, feed, try_input};
use peak_alloc::PeakAlloc;
use random::Random;
use rooms::{Episode, ROOMS, SERVER, cases, play, play_case, serve};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use tally::RoomTally;

/// Counts what readers take.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Breaks disks, kills processes and feeds readers nonsense, and holds what is left against what was promised.
#[derive(Parser)]
#[command(name = "torture")]
struct Asked {
    /// How long, rooms and readers together; two thirds are for rooms
    #[arg(long, default_value = "3")]
    minutes: f64,
    /// Where everything random comes from
    #[arg(long, default_value = "1")]
    seed: u64,
    /// Only this room or reader; may be given several times; `rooms` and `readers` are all of them
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// End each room after so many kills
    #[arg(long, value_name = "N")]
    kills: Option<u64>,
    /// Play the random case of this seed in the rooms of --only
    #[arg(long, value_name = "SEED")]
    case: Option<u64>,
    /// Play the systematic case: the number of a call to the disk and what happens there, such as 17:power
    #[arg(long, value_name = "CALL:KIND")]
    trouble: Option<String>,
    /// Give the readers of --only this file
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Keep inputs with a new outcome in testdata/fuzz
    #[arg(long)]
    keep: bool,
    /// One JSON object on standard output instead of tables
    #[arg(long)]
    json: bool,
    /// The program, built with debug assertions
    #[arg(long, value_name = "FILE")]
    dunwu: PathBuf,
    /// The checkout
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Feed one reader in this process and print what came of it
    #[arg(long, hide = true)]
    feed: Option<String>,
    /// Where its input lies meanwhile
    #[arg(long, hide = true)]
    current: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut asked = Asked::parse();
    match asked.dunwu.canonicalize() {
        Ok(program) => asked.dunwu = program,
        Err(error) => {
            eprintln!("error: {}: {error}", asked.dunwu.display());
            return ExitCode::from(2);
        }
    }
    match run(&asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(asked: &Asked) -> Result<bool, String> {
    let names: Vec<&str> =
        ROOMS.iter().map(|room| room.name).chain([SERVER]).chain(READERS.iter().map(|reader| reader.name)).collect();
    if let Some(name) =
        asked.only.iter().find(|name| !names.contains(&name.as_str()) && !["rooms", "readers"].contains(&name.as_str()))
    {
        return Err(format!("--only {name}: there are rooms, readers, {}", names.join(", ")));
    }
    if let Some(name) = &asked.feed {
        return feed_here(asked, name);
    }
    if let Some(input) = &asked.input {
        return try_file(asked, input);
    }
    let is_wanted =
        |name: &str, all: &str| asked.only.is_empty() || asked.only.iter().any(|only| only == name || only == all);
    let rooms: Vec<&str> =
        ROOMS.iter().map(|room| room.name).chain([SERVER]).filter(|name| is_wanted(name, "rooms")).collect();
    let readers: Vec<&str> =
        READERS.iter().map(|reader| reader.name).filter(|name| is_wanted(name, "readers")).collect();
    let all = Duration::from_secs_f64(asked.minutes * 60.0);
    let share = match (rooms.is_empty(), readers.is_empty()) {
        (false, false) => 2.0 / 3.0,
        (false, true) => 1.0,
        _ => 0.0,
    };
    let mut random = Random::new(asked.seed);
    let mut room_tallies = Vec::new();
    for (nth, name) in rooms.iter().enumerate() {
        let seed = random.seed();
        // What the rooms before did not need is there for the others.
        let spent: f64 = room_tallies.iter().map(|tally: &RoomTally| tally.seconds).sum();
        let left = (all.as_secs_f64() * share - spent).max(0.0) / (rooms.len() - nth) as f64;
        let tally = torture(asked, name, seed, Duration::from_secs_f64(left))?;
        eprintln!(
            "{name}: {} calls, {} kills, {} checks, {} failures",
            tally.calls,
            tally.kills,
            tally.checks,
            tally.failures.len()
        );
        room_tallies.push(tally);
    }
    let mut reader_tallies = Vec::new();
    if asked.case.is_none() && asked.trouble.is_none() {
        for name in &readers {
            let time = all.mul_f64((1.0 - share) / readers.len() as f64);
            let tally = feed_apart(asked, name, random.seed(), time)?;
            eprintln!("{name}: {} inputs, {} outcomes, {} panics", tally["inputs"], tally["outcomes"], tally["panics"]);
            reader_tallies.push(tally);
        }
    }
    if asked.json {
        println!("{}", tally::object(asked.seed, &room_tallies, &reader_tallies));
    } else {
        print!("{}", tally::tables(&room_tallies, &reader_tallies));
    }
    let flaws = |reader: &Value| ["panics", "slow", "greedy"].iter().any(|flaw| reader[flaw] != 0);
    Ok(room_tallies.iter().all(|tally| tally.failures.is_empty()) && !reader_tallies.iter().any(flaws))
}

/// One room for so long: half of it every call to the disk with every kind of trouble, in an order of the seed, then random cases.
fn torture(asked: &Asked, name: &str, seed: u64, time: Duration) -> Result<RoomTally, String> {
    let began = Instant::now();
    let most = asked.kills.unwrap_or(u64::MAX);
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        let mut tally = RoomTally::new(SERVER);
        if let Err(error) = serve(&asked.dunwu, asked.case.unwrap_or(seed), time, most, &mut tally) {
            fails(&mut tally, &error, &format!("--case {seed}"));
        }
        tally.seconds = began.elapsed().as_secs_f64();
        return Ok(tally);
    };
    let mut tally = RoomTally::new(room.name);
    let episode = Episode::learn(room, &asked.dunwu)?;
    if let Some(trouble) = &asked.trouble {
        let wrong = || format!("--trouble {trouble}: write the number of a call and a kind, such as 17:power");
        let (at, kind) = trouble.split_once(':').ok_or_else(wrong)?;
        let case = (at.parse().map_err(|error| format!("{}: {error}", wrong()))?, kind);
        if let Err(error) = play_case(&episode, case, &mut tally) {
            fails(&mut tally, &error, &format!("--trouble {trouble}"));
        }
    } else if let Some(case) = asked.case {
        if let Err(error) = play(&episode, case, &mut tally) {
            fails(&mut tally, &error, &format!("--case {case}"));
        }
    } else {
        let mut random = Random::new(seed);
        let mut systematic = cases(episode.undisturbed.calls);
        tally.systematic_of = systematic.len() as u64;
        while began.elapsed() < time / 2
            && tally.kills < most
            && !systematic.is_empty()
            && tally.failures.len() < ENOUGH
        {
            let case = systematic.swap_remove(random.below(systematic.len()));
            if let Err(error) = play_case(&episode, case, &mut tally) {
                fails(&mut tally, &error, &format!("--trouble {}:{}", case.0, case.1));
            }
        }
        while began.elapsed() < time && tally.kills < most && tally.failures.len() < ENOUGH {
            let case = random.seed();
            if let Err(error) = play(&episode, case, &mut tally) {
                fails(&mut tally, &error, &format!("--case {case}"));
            }
        }
    }
    tally.seconds = began.elapsed().as_secs_f64();
    Ok(tally)
}

/// A room that fails so often has said enough.
const ENOUGH: usize = 12;

fn fails(tally: &mut RoomTally, error: &str, again: &str) {
    let again = format!("cargo xtask torture --only {} {again}", tally.room);
    eprintln!("FAILED {}: {error}\n  again: {again}", tally.room);
    tally.failures.push(format!("{error} ({again})"));
}

fn findings(root: &Path) -> PathBuf {
    root.join("target/torture/findings")
}

/// Feeds a reader in a process of its own, which it may take with it.
fn feed_apart(asked: &Asked, name: &str, seed: u64, time: Duration) -> Result<Value, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["--feed", name, "--seed", &seed.to_string(), "--minutes", &(time.as_secs_f64() / 60.0).to_string()]);
    command.arg("--dunwu").arg(&asked.dunwu).arg("--root").arg(&asked.root).args(asked.keep.then_some("--keep"));
    // A file and not a pipe: nobody reads before it has ended.
    let scratch = child::scratch()?;
    let (current, said) = (scratch.path().join("current"), scratch.path().join("said"));
    let stdout = std::fs::File::create(&said).map_err(|error| format!("cannot write {}: {error}", said.display()))?;
    command.arg("--current").arg(&current);
    let mut child =
        command.stdout(stdout).stdin(Stdio::null()).spawn().map_err(|error| format!("cannot feed {name}: {error}"))?;
    let began = Instant::now();
    let hangs = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(_) => break false,
            None if began.elapsed() > time + Duration::from_mins(2) => {
                let _ = child.kill();
                break true;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let status = child.wait().map_err(|error| error.to_string())?;
    if let Ok(tally) = serde_json::from_slice(&std::fs::read(&said).unwrap_or_default()) {
        return Ok(tally);
    }
    if status.code() == Some(2) {
        return Err(format!("the reader {name} could not be fed"));
    }
    let what = if hangs { "never comes to an end".to_owned() } else { format!("ends the process: {status}") };
    let found = findings(&asked.root).join(format!("{name}-last"));
    let copied = std::fs::create_dir_all(findings(&asked.root)).and_then(|()| std::fs::copy(&current, &found));
    copied.map_err(|error| format!("{name} {what}, and its input cannot be kept: {error}"))?;
    let current = found;
    eprintln!("FOUND {name} {what}\n  again: cargo xtask torture --only {name} --input {}", current.display());
    Ok(serde_json::json!({
        "reader": name, "seconds": began.elapsed().as_secs_f64(), "inputs": 0, "accepted": 0, "refused": 0, "outcomes": 0,
        "slowest_ms": 0, "panics": 1, "slow": 0, "greedy": 0, "findings": [format!("{what}: {}", current.display())],
    }))
}

fn feed_here(asked: &Asked, name: &str) -> Result<bool, String> {
    let reader =
        READERS.iter().find(|reader| reader.name == name).ok_or_else(|| format!("there is no reader {name}"))?;
    let folder = findings(&asked.root);
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let beside = folder.join("current");
    let feeding = Feeding {
        seed: asked.seed,
        time: Duration::from_secs_f64(asked.minutes * 60.0),
        root: &asked.root,
        findings: &folder,
        keeps: asked.keep,
        current: asked.current.as_deref().unwrap_or(&beside),
        program: &asked.dunwu,
    };
    let tally = feed(reader, &feeding)?;
    println!("{}", tally.json());
    Ok(tally.failures() == 0)
}

fn try_file(asked: &Asked, path: &Path) -> Result<bool, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut holds = true;
    for reader in READERS.iter().filter(|reader| asked.only.iter().any(|only| only == reader.name)) {
        let (came_to, is_well) = try_input(reader, &bytes, &asked.dunwu)?;
        println!("{}: {came_to}", reader.name);
        holds &= is_well;
    }
    Ok(holds)
}

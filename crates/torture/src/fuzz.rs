//! Readers are fed nonsense: no panic, no second of work, no memory out of proportion, and what is accepted reads the same once written.
//!
//! Compilers of the stable channel do not say which branches an input took, so an input is kept where its *outcome* is new: an error's
//! words without digits, quotes and paths, or that it was accepted. Readers here name what is wrong and where, so that words tell
//! branches apart about as well. Kept inputs are mutated further; those worth having for ever lie in `testdata/fuzz/READER`.

mod corpus;
mod foreign;
mod http;
mod mutate;
mod readers;
mod record;

pub(crate) use readers::{READERS, Reader};

use crate::ALLOCATOR;
use crate::random::Random;
use corpus::Corpus;
use mutate::mutated;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a reader may take for an input.
const SLOW: Duration = Duration::from_secs(1);
/// Bytes of memory that a reader may take whatever the input, and for each byte of it.
const MEMORY: usize = 256 << 20;
const MEMORY_A_BYTE: usize = 1000;

/// What came of one reader.
#[derive(Debug, Default)]
pub(crate) struct FuzzTally {
    pub(crate) reader: &'static str,
    pub(crate) seconds: f64,
    pub(crate) inputs: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Outcomes that differ in words.
    pub(crate) outcomes: usize,
    pub(crate) slowest_ms: u64,
    pub(crate) panics: u64,
    pub(crate) slow: u64,
    pub(crate) greedy: u64,
    /// How each can be repeated.
    pub(crate) findings: Vec<String>,
}

impl FuzzTally {
    pub(crate) fn failures(&self) -> u64 {
        self.panics + self.slow + self.greedy
    }
}

/// What one input came to.
enum Outcome {
    Accepted,
    Refused(String),
    Finding(Flaw, String),
}

/// What no reader may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Panics,
    IsSlow,
    IsGreedy,
}

/// How long a reader is fed, and what is done with what turns up.
pub(crate) struct Feeding<'a> {
    pub(crate) seed: u64,
    pub(crate) time: Duration,
    pub(crate) root: &'a Path,
    /// Folder for inputs that a reader must not be given again unmended.
    pub(crate) findings: &'a Path,
    /// Whether inputs with a new outcome are kept in `testdata/fuzz`.
    pub(crate) keeps: bool,
    /// Where the input that is being read lies.
    pub(crate) current: &'a Path,
    /// The program, for readers that are reached through it.
    pub(crate) program: &'a Path,
}

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics are caught and told as findings, not printed where they happen.
fn hear_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload_as_str().unwrap_or_default().replace('\n', " ");
        SAID.with_borrow_mut(|said| *said = format!("{place} {}", words.chars().take(300).collect::<String>()));
    }));
}

/// Feeds `reader` until the time is over.
pub(crate) fn feed(reader: &'static Reader, feeding: &Feeding<'_>) -> Result<FuzzTally, String> {
    hear_panics();
    let scratch = crate::child::scratch()?;
    let mut open = (reader.open)(scratch.path(), feeding.program)?;
    let mut corpus = Corpus::read(feeding.root, reader, scratch.path())?;
    let mut random = Random::new(feeding.seed);
    let mut tally = FuzzTally { reader: reader.name, ..FuzzTally::default() };
    let mut known = BTreeSet::new();
    let mut reported = BTreeSet::new();
    let slow = SLOW * reader.patience;
    let began = Instant::now();
    let mut nth = 0;
    while began.elapsed() < feeding.time || nth < corpus.len() {
        let input = match corpus.get(nth) {
            Some(input) => input.to_vec(), // each as it is, first
            None => {
                let (base, other) = (corpus.any(&mut random), corpus.any(&mut random));
                let mut input = mutated(base, other, reader.words, &mut random);
                if !random.once_in(3) {
                    (reader.mend)(&mut input);
                }
                input
            }
        };
        let is_of_corpus = nth < corpus.n_given();
        nth += 1;
        // A reader that takes the whole process with it has its input here.
        std::fs::write(feeding.current, &input).map_err(|error| format!("cannot write an input: {error}"))?;
        let (mut outcome, mut took) = read_one(&mut *open, &input, slow);
        if matches!(outcome, Outcome::Finding(Flaw::IsSlow, _)) {
            // Or the machine was busy with something else: once more, by the processor's clock.
            let before = processor_time();
            let (again, took_again) = read_one(&mut *open, &input, slow);
            took = processor_time().zip(before).map_or(took_again, |(after, before)| after.saturating_sub(before));
            let is_slow = matches!(again, Outcome::Finding(Flaw::IsSlow, _));
            outcome = if is_slow && took <= slow { Outcome::Refused("slowly".to_owned()) } else { again };
        }
        tally.inputs += 1;
        tally.slowest_ms = tally.slowest_ms.max(took.as_millis() as u64);
        let class = match outcome {
            Outcome::Accepted => {
                tally.accepted += 1;
                "accepted".to_owned()
            }
            Outcome::Refused(why) => {
                tally.refused += 1;
                class_of(&why)
            }
            Outcome::Finding(flaw, what) => {
                match flaw {
                    Flaw::Panics => tally.panics += 1,
                    Flaw::IsSlow => tally.slow += 1,
                    Flaw::IsGreedy => tally.greedy += 1,
                }
                // Panics are one where they happen at one place, slow and greedy inputs where they are of one reader.
                let place = if flaw == Flaw::Panics { what.split(' ').next().unwrap_or_default() } else { "" };
                let class = format!("{flaw:?} {place}");
                if reported.insert(class.clone()) {
                    let path = keep(feeding.findings, reader, &input)?;
                    eprintln!(
                        "FOUND {}: {flaw:?}: {what}\n  again: cargo xtask torture --only {} --input {}",
                        reader.name,
                        reader.name,
                        path.display()
                    );
                    tally.findings.push(format!("{flaw:?}: {what}: {}", path.display()));
                }
                class
            }
        };
        if known.insert(class) && !is_of_corpus {
            let folder = feeding.root.join("testdata/fuzz");
            if feeding.keeps && corpus::has_room(&folder.join(reader.name), input.len()) {
                keep(&folder, reader, &input)?;
            }
            corpus.push(input);
        }
    }
    tally.outcomes = known.len();
    tally.seconds = began.elapsed().as_secs_f64();
    Ok(tally)
}

/// Gives a reader one input and says what it came to.
pub(crate) fn try_input(reader: &Reader, input: &[u8], program: &Path) -> Result<(String, bool), String> {
    hear_panics();
    let scratch = crate::child::scratch()?;
    let mut open = (reader.open)(scratch.path(), program)?;
    let (outcome, took) = read_one(&mut *open, input, SLOW * reader.patience);
    Ok(match outcome {
        Outcome::Accepted => (format!("accepted in {took:?}"), true),
        Outcome::Refused(why) => (format!("refused in {took:?}: {why}"), true),
        Outcome::Finding(flaw, what) => (format!("{flaw:?}: {what}"), false),
    })
}

fn read_one(open: &mut dyn FnMut(&[u8]) -> Result<(), String>, input: &[u8], slow: Duration) -> (Outcome, Duration) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let began = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| open(input)));
    let took = began.elapsed();
    let taken = ALLOCATOR.peak_usage().saturating_sub(before);
    let outcome = match result {
        Err(_) => Outcome::Finding(Flaw::Panics, SAID.take()),
        _ if took > slow => {
            Outcome::Finding(Flaw::IsSlow, format!("{:.1} s for {} bytes", took.as_secs_f64(), input.len()))
        }
        _ if taken > MEMORY + MEMORY_A_BYTE * input.len() => {
            Outcome::Finding(Flaw::IsGreedy, format!("{} MiB of memory for {} bytes", taken >> 20, input.len()))
        }
        Ok(Ok(())) => Outcome::Accepted,
        Ok(Err(why)) => Outcome::Refused(why),
    };
    (outcome, took)
}

/// How long this thread was on a processor, where the system says.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(stat.split_whitespace().next()?.parse().ok()?))
}

/// An error's first plain words: what differs from input to input has digits, quotes or signs in it, or stands in quotes.
fn class_of(words: &str) -> String {
    let is_plain = |word: &&str| {
        let word = word.trim_end_matches([':', ',', ';', '.']).trim_start_matches('(').trim_end_matches(')');
        !word.is_empty() && word.len() < 16 && word.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let mut class: Vec<&str> = Vec::new();
    for (nth, part) in words.split(['"', '`', '\'']).take(5).enumerate() {
        if nth.is_multiple_of(2) {
            class.extend(part.split_whitespace().filter(is_plain));
        }
    }
    class.truncate(12);
    class.join(" ")
}

/// Puts an input in the reader's folder under the hash of its bytes.
fn keep(folder: &Path, reader: &Reader, input: &[u8]) -> Result<PathBuf, String> {
    let folder = folder.join(reader.name);
    let path = folder.join(&blake3::hash(input).to_hex()[..12]);
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_its_words_without_what_differs() {
        assert_eq!(class_of("line 17: \"abc\" is no tag"), class_of("line 4: \"x y\" is no tag"));
        assert_ne!(class_of("line 17: \"abc\" is no tag"), class_of("line 17: \"abc\" is no step"));
        assert_eq!(class_of("cannot read a/b.csv: torn"), "cannot read torn");
        assert_eq!(
            class_of("its size is not 17 but \"a b\", which is \u{202e} wrong"),
            class_of("its size is not 3 but \"c\", which is x# wrong")
        );
    }

    fn outcome_of(act: fn(&[u8]) -> Result<(), String>) -> Outcome {
        hear_panics();
        let mut act = act;
        read_one(&mut act, b"abc", SLOW).0
    }

    #[test]
    fn a_panic_is_found() {
        let Outcome::Finding(flaw, what) = outcome_of(|_| panic!("it is broken")) else { panic!() };
        assert!(flaw == Flaw::Panics && what.contains("it is broken") && what.contains("fuzz.rs"), "{what}");
    }

    #[test]
    fn a_slow_reader_is_found() {
        let slow = |_: &[u8]| {
            std::thread::sleep(SLOW + Duration::from_millis(20));
            Ok(())
        };
        assert!(matches!(outcome_of(slow), Outcome::Finding(Flaw::IsSlow, _)));
    }

    #[test]
    fn a_greedy_reader_is_found() {
        let greedy = |_: &[u8]| {
            let much = vec![0_u8; MEMORY + (1 << 20)];
            if std::hint::black_box(&much).is_empty() { Err(String::new()) } else { Ok(()) }
        };
        assert!(matches!(outcome_of(greedy), Outcome::Finding(Flaw::IsGreedy, _)));
    }

    /// Everything that lies in the corpus is read without a finding: what was found once stays mended.
    #[test]
    fn the_kept_corpus_holds() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let findings = tempfile::tempdir().unwrap();
        for reader in READERS.iter().filter(|reader| !reader.wants_program) {
            let feeding = Feeding {
                seed: 1,
                time: Duration::ZERO,
                root: &root,
                findings: findings.path(),
                keeps: false,
                current: &findings.path().join("current"),
                program: Path::new(""),
            };
            let tally = feed(reader, &feeding).unwrap();
            assert!(tally.inputs > 0 && tally.accepted > 0, "{}: {tally:?}", reader.name);
            assert_eq!(tally.failures(), 0, "{}: {:?}", reader.name, tally.findings);
        }
    }
}

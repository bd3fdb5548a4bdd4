//! What reading a text costs: a token alone at a depth, as share of the memory's bandwidth; a prompt; and whether the
//! ten-thousandth thousand of tokens costs what the first cost.
//!
//! ```text
//! cargo bench -p dunwu-attention --bench decode -- --model FILE [--depth 1024] [--threads 1] [--policy full] [--cache f16]
//!     [--rounds 5] [--measure decode,prefill,constancy] [--json]
//! ```
//!
//! With `--test` all of it once, quickly, on a tiny model.
//!
//! - **decode** reads `depth` tokens, then 64 tokens one by one. Eight tokens alternate with eight plain sums over as many bytes as a
//!   token reads (all weights, and the keys and values of `depth` tokens), on as many threads: the share of bandwidth is the ratio of the
//!   two times.
//! - **prefill** reads 512 tokens, into an empty cache and into one that holds 512.
//! - **constancy** streams with `sinks:4+1020` in chunks of 64, and one by one. A cache that has just become full and one that stands at
//!   token 10,000,000 read the same tokens in alternation. The latter was not brought there token by token: it is the former, saved, its
//!   position changed, restored, and then read on until every key and value but the sinks' is from there.
//!
//! Times are wall time and CPU time of all threads, from the scheduler (`/proc/self/task`; without it there is none). CPU time is unmoved by
//! others waiting for the core, not by what they do to its caches. With several threads it counts those that spin while they wait,
//! and wall time counts. Other tokens cost the same, so they are drawn, not read.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use dunwu_attention::cache::{Assignment, Cache, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::file::ModelFile;
use dunwu_attention::model::Model;
use dunwu_attention_fixtures::{Format, Tiny};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::iter;
use std::ops::{AddAssign, Range};
use std::path::PathBuf;
use std::time::Instant;

/// Tokens that are read one by one, and how many of them before the memory has its turn.
const ALONE: usize = 64;
const TURN: usize = 8;
const PROMPT: usize = 512;
const STREAMING: &str = "sinks:4+1020";
const STREAMED: usize = 1000;
const CHUNK: usize = 64;
const FAR: u64 = 10_000_000;
/// More than the ring of the streaming policy has slots (1020 keys, and those that are read at once).
const WINDOW: usize = 1100;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::given()?;
    let folder = tempfile::tempdir()?;
    let path = match &options.model {
        Some(path) => path.clone(),
        None => {
            let path = folder.path().join("tiny.gguf");
            Tiny::default().write_gguf(&path, Format::Q4_1, 0)?;
            path
        }
    };
    let model = Model::load(&ModelFile::open(&path)?, &mut |_, _| {})?;
    let measured = Measured {
        pool: ThreadPoolBuilder::new().num_threads(options.threads).build()?,
        assignment: Assignment::parse(&options.policy, model.hyperparameters())?,
        model: &model,
        options: &options,
    };
    let mut results = json!({
        "model": path, "depth": options.depth, "threads": options.threads, "policy": options.policy,
        "cache": options.precision.to_string(), "bytes": measured.bytes(),
    });
    for (name, measure) in MEASURES {
        if options.measures.iter().any(|measure| measure == name) {
            results[name] = measure(&measured);
        }
    }
    if options.json {
        println!("{results}");
    } else {
        report(&results);
    }
    Ok(())
}

struct Options {
    model: Option<PathBuf>,
    depth: usize,
    threads: usize,
    policy: String,
    precision: Precision,
    rounds: usize,
    measures: Vec<String>,
    json: bool,
    is_test: bool,
}

impl Options {
    fn given() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            model: None,
            depth: 1024,
            threads: 1,
            policy: "full".to_owned(),
            precision: Precision::F16,
            rounds: 5,
            measures: MEASURES.map(|(name, _)| name.to_owned()).to_vec(),
            json: false,
            is_test: false,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--model" => options.model = Some(value()?.into()),
                "--depth" => options.depth = value()?.parse()?,
                "--threads" => options.threads = value()?.parse()?,
                "--policy" => options.policy = value()?,
                "--cache" => options.precision = value()?.parse()?,
                "--rounds" => options.rounds = value()?.parse()?,
                "--measure" => options.measures = value()?.split(',').map(str::to_owned).collect(),
                "--json" => options.json = true,
                "--test" => options.is_test = true,
                "--bench" => {} // from cargo
                _ => {
                    return Err(
                        format!("unknown argument {word:?}; the first lines of decode.rs say what there is").into()
                    );
                }
            }
        }
        let is_known = |measure: &String| MEASURES.iter().any(|(name, _)| name == measure);
        if let Some(measure) = options.measures.iter().find(|measure| !is_known(measure)) {
            return Err(format!(
                "unknown measure {measure:?}; there are {}",
                MEASURES.map(|(name, _)| name).join(", ")
            )
            .into());
        }
        if options.is_test {
            (options.depth, options.rounds) = (options.depth.min(32), 1);
        } else if options.model.is_none() {
            return Err("which model? `--model FILE`, or `--test` for a tiny one".into());
        }
        Ok(options)
    }
}

/// A model and how it is to be measured.
struct Measured<'a> {
    model: &'a Model,
    assignment: Assignment,
    options: &'a Options,
    /// Threads that sum memory; a decoder has its own.
    pool: ThreadPool,
}

/// A measure's name, and what gives its rounds.
type Measure = (&'static str, fn(&Measured<'_>) -> Value);

const MEASURES: [Measure; 3] = [
    ("decode", |measured| measured.decode()),
    ("prefill", |measured| measured.prefill()),
    ("constancy", |measured| measured.constancy()),
];

impl Measured<'_> {
    /// What a token at the depth reads: all weights, and the keys and values of the tokens before it that are kept.
    fn bytes(&self) -> usize {
        let d_head = self.model.hyperparameters().d_head;
        let per_key = match self.options.precision {
            Precision::F32 => 2 * 4 * d_head,
            Precision::F16 => 2 * 2 * d_head,
            Precision::Int8 => 2 * (d_head + 4),
        };
        let keys = self.assignment.policies.iter().flatten().map(|policy| policy.keys().unwrap_or(usize::MAX));
        let n_keys: usize = keys.map(|keys| keys.min(self.options.depth)).sum();
        self.model.bytes() + n_keys * per_key
    }

    fn cache(&self) -> Cache {
        Cache::new(self.model.hyperparameters(), &self.assignment, self.options.precision)
    }

    fn decoder(&self) -> Decoder<'_> {
        Decoder::new(self.model, self.options.threads)
    }

    fn rounds(&self, mut round: impl FnMut() -> Value) -> Value {
        round(); // to warm up
        (0..self.options.rounds).map(|_| round()).collect()
    }

    /// Tokens one by one, against the memory.
    fn decode(&self) -> Value {
        let mut decoder = self.decoder();
        let tokens = drawn(self.options.depth + ALONE, self.model);
        let (before, alone) = tokens.split_at(self.options.depth);
        let mut cache = self.cache();
        decoder.read(&mut cache, before);
        let saved = cache.save();
        let memory: Vec<u64> = (0..self.bytes() as u64 / 8).collect();
        self.rounds(|| {
            let mut cache = self.cache();
            cache.restore(&saved).expect("it is of a cache like this");
            let (mut ours, mut sums) = (Cost::NOTHING, Cost::NOTHING);
            for tokens in alone.chunks(TURN) {
                ours += Cost::of(|| {
                    for &token in tokens {
                        black_box(decoder.read(&mut cache, &[token]));
                    }
                });
                sums += Cost::of(|| {
                    for _ in tokens {
                        black_box(self.sum(&memory));
                    }
                });
            }
            json!({ "token": ours.each(ALONE), "memory": sums.each(ALONE) })
        })
    }

    /// Sums all of the memory on all threads.
    fn sum(&self, memory: &[u64]) -> u64 {
        let share = memory.len().div_ceil(self.options.threads);
        self.pool.install(|| memory.par_chunks(share).map(sum).reduce(|| 0, u64::wrapping_add))
    }

    /// A prompt, at the beginning and after another.
    fn prefill(&self) -> Value {
        let mut decoder = self.decoder();
        let n = if self.options.is_test { 32 } else { PROMPT };
        let tokens = drawn(2 * n, self.model);
        let (first, second) = tokens.split_at(n);
        self.rounds(|| {
            let mut cache = self.cache();
            let [first, second] = [first, second].map(|tokens| {
                Cost::of(|| {
                    black_box(decoder.read(&mut cache, tokens));
                })
                .each(tokens.len())
            });
            json!({ "first": first, "second": second })
        })
    }

    /// Streaming at once after the cache is full, and far from there.
    fn constancy(&self) -> Value {
        let n = if self.options.is_test { 2 * CHUNK } else { STREAMED };
        let tokens = drawn(WINDOW + n + ALONE + 1, self.model);
        let (before, after) = tokens.split_at(WINDOW);
        let mut decoder = self.decoder();
        let mut caches = self.just_full_and_far(&mut decoder, before);
        let saved = caches.each_mut().map(Cache::save);
        self.rounds(|| {
            for (cache, saved) in caches.iter_mut().zip(&saved) {
                cache.restore(saved).expect("its own");
            }
            let mut surprise = [0.0; 2];
            let mut chunk = |cache: usize, range: Range<usize>| {
                let targets = &after[range.start + 1..=range.end];
                surprise[cache] +=
                    decoder.surprise(&mut caches[cache], &after[range], targets).iter().sum::<f32>() / n as f32;
            };
            let chunks = in_turn(0..n, CHUNK, &mut chunk);
            let mut one_by_one = |cache: usize, range: Range<usize>| {
                for &token in &after[range] {
                    black_box(decoder.read(&mut caches[cache], &[token]));
                }
            };
            let alone = in_turn(n..n + ALONE, TURN, &mut one_by_one);
            // The same text read far away; the last bits differ, as the angles do.
            assert!(
                (surprise[1] / surprise[0] - 1.0).abs() < 0.01,
                "surprise {surprise:?}, nats here and far from here"
            );
            json!({ "chunks": chunks, "alone": alone })
        })
    }

    /// A streaming cache that has just become full, and one that stands far from there.
    fn just_full_and_far(&self, decoder: &mut Decoder<'_>, tokens: &[u32]) -> [Cache; 2] {
        let shape = self.model.hyperparameters();
        let assignment = Assignment::parse(STREAMING, shape).expect("a policy");
        let [mut near, mut far] = [(); 2].map(|()| Cache::new(shape, &assignment, self.options.precision));
        decoder.read(&mut near, tokens);
        let mut saved = near.save();
        saved[..8].copy_from_slice(&(FAR - tokens.len() as u64).to_le_bytes());
        far.restore(&saved).expect("it is of a cache like this");
        decoder.read(&mut far, tokens);
        assert_eq!(far.position(), FAR, "a saved cache begins with its position");
        [near, far]
    }
}

/// What reading tokens into the first and into the second cache costs, in turns of `n_turn` tokens.
fn in_turn(tokens: Range<usize>, n_turn: usize, read: &mut dyn FnMut(usize, Range<usize>)) -> Value {
    let n = tokens.len();
    let mut costs = [Cost::NOTHING; 2];
    for (turn, first) in tokens.clone().step_by(n_turn).enumerate() {
        // Who goes first changes, so that neither always finds the other's leavings.
        for cache in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            costs[cache] += Cost::of(|| read(cache, first..tokens.end.min(first + n_turn)));
        }
    }
    json!({ "near": costs[0].each(n), "far": costs[1].each(n) })
}

/// Sum of numbers, as fast as they come from memory.
fn sum(numbers: &[u64]) -> u64 {
    let mut sums = [0_u64; 32];
    for chunk in numbers.chunks_exact(32) {
        sums.iter_mut().zip(chunk).for_each(|(sum, number)| *sum = sum.wrapping_add(*number));
    }
    sums.into_iter().fold(0, u64::wrapping_add)
}

/// Tokens by a linear congruence (Knuth's MMIX).
fn drawn(n: usize, model: &Model) -> Vec<u32> {
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let n_vocab = model.hyperparameters().n_vocab as u64;
    iter::successors(Some(1), next).map(|state| ((state >> 33) % n_vocab) as u32).take(n).collect()
}

/// What something took.
#[derive(Clone, Copy)]
struct Cost {
    wall_ms: f64,
    cpu_ms: Option<f64>,
}

impl Cost {
    const NOTHING: Self = Self { wall_ms: 0.0, cpu_ms: Some(0.0) };

    fn of(work: impl FnOnce()) -> Self {
        let (cpu, wall) = (cpu_ms(), Instant::now());
        work();
        let wall_ms = 1e3 * wall.elapsed().as_secs_f64();
        Self { wall_ms, cpu_ms: cpu_ms().zip(cpu).map(|(after, before)| after - before) }
    }

    fn each(self, n: usize) -> Value {
        json!({ "wall_ms": self.wall_ms / n as f64, "cpu_ms": self.cpu_ms.map(|ms| ms / n as f64) })
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.wall_ms += other.wall_ms;
        self.cpu_ms = self.cpu_ms.zip(other.cpu_ms).map(|(before, ms)| before + ms);
    }
}

/// CPU time of all threads. A running thread's count is of the last timer tick; a thread that waits for work has its own up to date.
fn cpu_ms() -> Option<f64> {
    let mut milliseconds = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let counts = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        milliseconds += counts.split_whitespace().next()?.parse::<f64>().ok()? / 1e6;
    }
    Some(milliseconds)
}

fn report(results: &Value) {
    let bytes = results["bytes"].as_f64().expect("a number");
    println!(
        "{}: policy {}, cache {}, {} thread(s); median [lowest–highest] of the rounds",
        results["model"], results["policy"], results["cache"], results["threads"]
    );
    for clock in ["cpu_ms", "wall_ms"] {
        let name = if clock == "cpu_ms" { "CPU time" } else { "wall time" };
        let of = |measure: &str, figure: &dyn Fn(&Value) -> Option<f64>| {
            let rounds = results[measure].as_array().map_or(&[][..], Vec::as_slice);
            spread(rounds.iter().filter_map(figure).collect())
        };
        let at = |round: &Value, path: &str| round.pointer(&format!("/{path}/{clock}")).and_then(Value::as_f64);
        let ratio = |round: &Value, a: &str, b: &str| Some(at(round, a)? / at(round, b)?);
        println!("{name}");
        for (line, text) in [
            (format!("ms a token at depth {}", results["depth"]), of("decode", &|round| at(round, "token"))),
            ("GB/s of a plain sum".to_owned(), of("decode", &|round| Some(bytes / 1e6 / at(round, "memory")?))),
            ("share of bandwidth".to_owned(), of("decode", &|round| ratio(round, "memory", "token"))),
            ("prompt, tokens a second".to_owned(), of("prefill", &|round| Some(1e3 / at(round, "first")?))),
            ("second prompt, tokens a second".to_owned(), of("prefill", &|round| Some(1e3 / at(round, "second")?))),
            (format!("{STREAMING} when just full, ms a token"), of("constancy", &|round| at(round, "chunks/near"))),
            (format!("at token {FAR}, ratio"), of("constancy", &|round| ratio(round, "chunks/far", "chunks/near"))),
            ("one by one, ratio".to_owned(), of("constancy", &|round| ratio(round, "alone/far", "alone/near"))),
        ] {
            if let Some(text) = text {
                println!("  {line:<42} {text}");
            }
        }
    }
}

/// Median and range.
fn spread(mut figures: Vec<f64>) -> Option<String> {
    figures.sort_by(f64::total_cmp);
    let (&low, &middle, &high) = (figures.first()?, figures.get(figures.len() / 2)?, figures.last()?);
    let digits = if middle >= 100.0 { 0 } else { 3 };
    Some(format!("{middle:.digits$} [{low:.digits$}–{high:.digits$}]"))
}

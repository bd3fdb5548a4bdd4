//! Every command with its arguments: what `--help` prints, and what other skins call commands by.

use crate::place::Place;
use crate::{
    attend, audit, chat, compare, coordinates, curvature, derive, doctor, forecast, fork, import, landscape, launch,
    league, listing, mcp, next, output, pair, passkey, phase, quals, reach, reference, run, samples, science, serve,
    site, stream, sweep, unit, units,
};
use clap::{Parser, Subcommand};
use dunwu::landscape::{PEAKS_KEYS, RACE_KEYS};
use std::path::PathBuf;

/// Opens the black box of learning: trains small networks, shows every hidden unit climbing a memory or a feature
/// peak, and says which of the two happened and why.
///
/// Exit codes: 0 done, 1 failed, 2 usage, 3 judged bad and 4 cannot tell (audit, coordinates, derive, doctor, run --doctor, league --controls, quals, science verify and replay), 130 and 143 stopped by Ctrl-C and SIGTERM (runs, sweeps, streams and campaigns, which go on
/// later where they stopped).
#[derive(Parser)]
#[command(name = "dunwu", version, max_term_width = 80)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Run(run::Asked),
    /// Go on with a run that was interrupted, with the same bits
    Resume {
        /// Directory, name or first digits of the id
        run: String,
        #[command(flatten)]
        drive: run::Drive,
        #[command(flatten)]
        place: Place,
    },
    /// Show a run in the terminal
    Show {
        /// Directory, name or first digits of the id
        run: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the runs of a folder, the newest first: `dunwu ls task=cyclic state=grokked sort=-test`
    #[command(after_help = listing::help())]
    Ls {
        /// Only runs with these values; also tag=, state=, sort= and limit=
        #[arg(value_name = "KEY=VALUE")]
        words: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Tag a run, so that `dunwu ls tag=TAG` finds it; `--remove TAG` takes a tag away
    Tag {
        /// Directory, name or first digits of the id
        run: String,
        /// Tags to add
        #[arg(value_name = "TAG", required_unless_present = "remove")]
        tags: Vec<String>,
        /// A tag to take away
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Write a note on a run; without words the note is taken away
    Note {
        /// Directory, name or first digits of the id
        run: String,
        /// The note
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Remove runs with all their files; a run that is being written is refused
    Rm {
        /// Directories, names or first digits of ids
        #[arg(value_name = "RUN", required = true)]
        names: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Write the one-file HTML report of a run
    Report {
        /// Directory, name or first digits of the id
        run: String,
        /// Where to write it (default: report.html in the run's directory)
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Draw the run's landscape too: the mountains and which peaks its units stand below, which takes as long as training
        #[arg(long)]
        landscape: bool,
        /// Open it in the browser of this desktop
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Write every figure of a run as SVG and every table as Parquet or CSV, or the run for another program
    Export {
        #[command(flatten)]
        exported: run::Exported,
        #[command(flatten)]
        place: Place,
    },
    Import(import::Asked),
    Compare(compare::Asked),
    Curvature(curvature::Asked),
    Fork(fork::Asked),
    Forecast(forecast::ForecastArguments),
    Verdict(forecast::VerdictArguments),
    Next(next::NextArguments),
    Science(science::ScienceArguments),
    Mcp(mcp::McpArguments),
    Derive(derive::DeriveArguments),
    Quals(quals::QualsArguments),
    League(league::LeagueArguments),
    Doctor(doctor::Asked),
    Coordinates(coordinates::Asked),
    /// Make many runs and collect them in one table: `dunwu sweep small task.order=23,31 data.multiple_of_mlogm=1.5..4.5/13 seed=0..9`
    ///
    /// The product of all lists, one run a core, the longest first. A run that is there already, from this sweep or another, is not
    /// made again; one that fails is a row that says why. Stop it whenever you like: the same command goes on. A file holds the same
    /// under [sweep], with [[sweep.zip]] for what goes together and `exclude` for what is left out. Unless snapshots are kept, runs are
    /// evaluated every ten steps and make none, whatever the preset says; `record.…` in a file or a word says otherwise.
    Sweep {
        #[command(flatten)]
        variation: sweep::Variation,
        #[command(flatten)]
        ending: sweep::Ending,
        #[command(flatten)]
        working: sweep::Working,
        #[command(flatten)]
        place: Place,
    },
    /// Phase diagrams of a sweep over any two of its settings: `dunwu phase sweep.parquet x=data.fraction y=task`
    ///
    /// Each cell is the runs that differ in nothing but the seed: what most of them came to, the share that generalized, when, the
    /// final test accuracy, the share of generalizing units. Over the cells, where half of the seeds generalize and where the
    /// theory's fitted line runs.
    #[command(after_help = phase::help(), override_usage = "dunwu phase [OPTIONS] <TABLE> [x=COLUMN] [y=COLUMN] [KEY=VALUE]...")]
    Phase {
        /// The table of a sweep, a Parquet file
        table: PathBuf,
        /// x=COLUMN, y=COLUMN, and KEY=VALUE for each setting that is to be held fixed
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// How the critical sample size grows with the size M of a sweep's tasks: `dunwu law TABLE model.width=256`
    ///
    /// A threshold with its interval for each task; M ln M, M^(5/3), M² and M^a compared by their evidence on the single runs, and
    /// with no law at all; and where two cannot be told apart, the cheapest further runs that would do so.
    Law {
        /// The Parquet table that `dunwu sweep` wrote
        table: PathBuf,
        /// Only runs with these settings; `task=cyclic` keeps a family
        #[arg(value_name = "KEY=VALUE")]
        filters: Vec<String>,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// Two values of one setting compared in pairs of runs: `dunwu pair sweep.parquet optimizer=adam,muon`
    ///
    /// Pairs differ in that setting alone: the same seed, the same everything else. Says how much sooner the second value
    /// generalizes, in steps and in seconds at equal compute, how many more runs generalize, how much more accurate they end, each
    /// with its interval and its number of pairs.
    #[command(after_help = pair::HELP, override_usage = "dunwu pair [OPTIONS] <TABLE> <KEY=A,B> [tuned=KEY] [KEY=VALUE]...")]
    Pair {
        /// The table of a sweep, a Parquet file
        table: PathBuf,
        /// The setting with its two values, then tuned=KEY, and KEY=VALUE for each setting that is to be held fixed
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    Audit(audit::Asked),
    Unit(unit::UnitArguments),
    Units(units::UnitsArguments),
    Samples(samples::SamplesArguments),
    /// One worker of many on a sweep, for clusters: any number may share a folder of runs, without a server
    ///
    /// Begins with its shard, then helps with the others; it ends when nothing is left to claim, and on SIGTERM with its
    /// checkpoints written and its claims given back. `dunwu sweep … --collect` then makes the table.
    Work {
        #[command(flatten)]
        variation: sweep::Variation,
        /// Begin with part K of N, counted from 1
        #[arg(long, value_name = "K/N", default_value = "1/1", value_parser = sweep::shard)]
        shard: (usize, usize),
        #[command(flatten)]
        working: sweep::Working,
        #[command(flatten)]
        place: Place,
    },
    /// Spread a sweep over a cluster: `dunwu launch slurm sweep.toml`, `dunwu launch ray sweep.toml`
    Launch {
        #[command(subcommand)]
        cluster: launch::Cluster,
    },
    /// The peaks that a hidden unit can climb, before anything is trained: `dunwu peaks cyclic:23 n=212 energy=raw`
    ///
    /// Finds the local maxima of the energy on the unit sphere from many random starts, proves each by its gradient and its
    /// Hessian, puts together what the problem's symmetries make one, and says what each is good for. With --run, says which
    /// peak each unit of a trained network stands below.
    #[command(
        after_help = landscape::keys_help(&[PEAKS_KEYS]),
        override_usage = "dunwu peaks [OPTIONS] <TASK> [KEY=VALUE]...\n       dunwu peaks [OPTIONS] --run <RUN> [energy=raw|whitened]"
    )]
    Peaks {
        /// A task, then n=, fraction=, energy=, … as key=value; every setting of runs is a key
        #[arg(value_name = "WORD", required_unless_present = "run")]
        words: Vec<String>,
        /// A recorded run instead of a task: directory, name or first digits of the id
        #[arg(long, value_name = "RUN")]
        run: Option<String>,
        /// No progress on standard error
        #[arg(long)]
        quiet: bool,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// The race between memory and feature peaks as data grows: `dunwu race cyclic:23`
    ///
    /// At several amounts of data, for several samples each: heights and basins of the best peaks of both kinds on both
    /// landscapes, where feature peaks overtake, and from where on short real runs generalize.
    #[command(
        after_help = landscape::keys_help(&[PEAKS_KEYS, RACE_KEYS]),
        override_usage = "dunwu race [OPTIONS] <TASK> [KEY=VALUE]..."
    )]
    Race {
        /// A task, then key=value; every setting of runs is a key
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
        /// No progress on standard error
        #[arg(long)]
        quiet: bool,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// What an attention design can exchange, before anything is trained: `dunwu reach 3xchunked:8192/full length=32768`
    ///
    /// Follows what each layer sees: which pairs of positions exchange nothing however the network is trained, where a position hears
    /// less than the one before it, how many hops the others need, what it costs. Nothing is run: all of it is in the structure.
    #[command(after_help = reach::help(), override_usage = "dunwu reach [OPTIONS] <PATTERN|DESIGN> [KEY=VALUE]...")]
    Reach {
        /// A pattern or the name of a published design, then key=value
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// Where a language model's attention is sparse: `dunwu attend MODEL.gguf TEXT.txt`
    ///
    /// Reads the first tokens of a text with all keys kept, and measures for each head how much of its attention rests on the first
    /// token and on recent ones, how many keys hold 95 % of it, its entropy, and what a cache of a few first and last keys would
    /// lose. --assign writes which cache each head needs. --head gives the attention of one head instead, query by query.
    #[command(after_help = attend::help())]
    Attend {
        #[command(flatten)]
        asked: attend::Asked,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// What a language model still knows once its cache has dropped it: `dunwu passkey MODEL.gguf TEXT.txt --policy full --policy sinks:4+1020`
    ///
    /// Hides five digits in the text and asks for them some hundred to some thousand tokens later, the same prompts for every cache
    /// policy. A cache of fixed size reads on for ever, but it does not remember.
    Passkey {
        #[command(flatten)]
        asked: passkey::Asked,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// Read a long text with a language model in constant memory: `dunwu stream MODEL TEXT --policy sinks:4+1020 --policy window:1024`
    ///
    /// Perplexity in all and by segment, memory and time a token, for several cache policies on the same tokens. Stop it whenever you
    /// like: the same command goes on, with the same bits, and with a larger --tokens reads further.
    #[command(after_help = stream::help())]
    Stream {
        #[command(flatten)]
        asked: stream::Asked,
        #[command(flatten)]
        drawn: output::Drawn,
        #[command(flatten)]
        place: Place,
    },
    /// Talk with a language model in the terminal, for ever and in constant memory: `dunwu chat MODEL.gguf`
    ///
    /// Answers go to standard output, all else to standard error; messages are lines of standard input. What was said stays in the
    /// cache, which keeps the system prompt and the last tokens, and each turn reads only what is new. It remembers no more than
    /// that.
    Chat {
        #[command(flatten)]
        chatting: chat::Chatting,
    },
    Serve(serve::page::PageServing),
    Site(site::SiteArguments),
    /// Serve a language model over HTTP as `OpenAI` does, to programs of this machine: `dunwu serve-model MODEL.gguf`
    ///
    /// POST /v1/chat/completions and /v1/completions, whole or as an event stream, with answers held to a JSON schema where that
    /// is asked for; GET /v1/models and /health. Answers go on together, one pass over the weights for a token of each, in constant
    /// memory: the policy forgets. Ctrl-C ends it.
    ServeModel {
        #[command(flatten)]
        serving: serve::model::Serving,
    },
    /// Completions for a shell, on standard output: `dunwu completions bash > ~/.local/share/bash-completion/completions/dunwu`
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// The manual, on standard output: `dunwu man > ~/.local/share/man/man1/dunwu.1`
    Man,
    /// The named starting points, each with its paper and what it promises
    Presets {
        #[command(flatten)]
        place: Place,
    },
    /// Every setting: key, default, what is allowed
    Settings {
        #[command(flatten)]
        place: Place,
    },
    /// Every measure: what it tells, formula, shape, unit, source
    Measures {
        /// Only this one
        name: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    #[command(about = reference::TASK, long_about = reference::TASK_AND_FILES)]
    Task {
        #[arg(help = reference::SPELLINGS, long_help = reference::FORMATS)]
        spec: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// The JSON Schema of what a verb prints with --json; without VERB, those of all verbs by name
    Schema {
        /// The verb: `phase`, `task`, …
        verb: Option<String>,
    },
}

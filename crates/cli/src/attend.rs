//! `dunwu attend MODEL TEXT`: where a language model's attention is sparse.

use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::language_model as language;
use crate::say::{note, say};
use anyhow::Context as _;
use clap::Args;
use dunwu_attention::assign::{assign, streaming};
use dunwu_attention::cache::{Assignment, Cache, Policy, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::{Hyperparameters, Model};
use dunwu_attention::sparsity::{Head, Layer, MEASURES, Plan, SINKS, Sparsity};
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_report::attention::{Reading, sparsity_page, sparsity_sentences, sparsity_text};
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Tokens that are read at once.
const CHUNK: usize = 128;
/// Hardly a text has fewer bytes a token than this.
const BYTES_A_TOKEN: u64 = 2;
/// How cached keys and values are written.
const CACHE: Precision = Precision::F16;

/// What is to be read and measured.
#[derive(Args)]
pub(crate) struct Asked {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors
    model: PathBuf,
    /// A text file; its first tokens are read
    text: PathBuf,
    /// Tokens to read, what begins the text included
    #[arg(long, value_name = "N", default_value_t = 3000)]
    tokens: usize,
    /// First query that is measured, so that there are keys to choose from
    #[arg(long, value_name = "N", default_value_t = 512)]
    from: usize,
    /// Keys that count as recent, the query's own included
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    recent: u32,
    /// Write to this file which policy each key head needs, for `dunwu stream --policy heads:FILE`
    #[arg(long, value_name = "FILE")]
    assign: Option<PathBuf>,
    /// Share of a head's attention that its cache has to hold
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = share, requires = "assign")]
    hold: f64,
    /// Keys of heads that no smaller cache serves, instead of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=1 << 30), requires = "assign")]
    budget: Option<u32>,
    /// Threads to decode with (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

fn share(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0).ok_or("write a share, more than 0 and at most 1")
}

/// What each measure tells, for the command's help.
pub(crate) fn help() -> String {
    let lines: Vec<String> =
        MEASURES.iter().map(|of| format!("  {:<13} {}: {}", of.name, of.tells, of.formula)).collect();
    format!("Measures, of each query on the n keys that there are:\n{}", lines.join("\n"))
}

pub(crate) fn attend(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    if asked.tokens <= asked.from {
        let Asked { tokens, from, .. } = asked;
        return Err(Failure::usage(format!(
            "--tokens {tokens} leaves no query from {from} on: raise --tokens or lower --from"
        )));
    }
    let text = language::text(&asked.text)?;
    let (file, model, tokenizer) = language::open(&asked.model, asked.quiet)?;
    fit(asked, &text, &file.hyperparameters)?;
    let begin = language::begin(&tokenizer);
    let tokens = begin.map(Ok).into_iter().chain(tokenizer.reader(text)).take(asked.tokens);
    let tokens: Vec<u32> =
        tokens.collect::<Result<_, _>>().with_context(|| format!("cannot read the text {}", asked.text.display()))?;
    enough(asked, tokens.len(), begin.is_some())?;
    let shape = &file.hyperparameters;
    if tokens.len() > shape.trained_context {
        let (n, context) = (tokens.len(), shape.trained_context);
        note!("note: the model was trained on {context} tokens, and {n} are read: what is beyond is no longer its own");
    }
    let plan = Plan { n_tokens: tokens.len(), from: asked.from, recent: asked.recent as usize };
    let sparsity = observe(&model, asked, plan, &tokens);
    let reading = Reading {
        model: name(&asked.model),
        text: name(&asked.text),
        begin: begin.map(|token| language::shown(&tokenizer, token)),
        tokens: tokens.iter().map(|token| language::shown(&tokenizer, *token)).collect(),
    };
    let assigned = asked.assign.as_ref().map(|path| Assigned::write(asked, path, &reading.model, &sparsity, shape));
    let assigned = assigned.transpose()?;
    let page = drawn.keep("attend.html", &sparsity_page(&sparsity, &reading))?;
    if place.json {
        let object = Object { asked, tokenizer: &tokenizer, begin, reading: &reading, sparsity: &sparsity };
        say!("{}", object.json(assigned.as_ref(), &page));
        return Ok(());
    }
    say!("{}\n", sparsity_text(&sparsity));
    for sentence in sparsity_sentences(&sparsity, &reading) {
        say!("  {sentence}");
    }
    say!("  {}", begin_sentence(&tokenizer, &reading));
    if let Some(assigned) = &assigned {
        say!("  {}", assigned.sentence());
    }
    say!("Page, to open in a browser: {}", page.display());
    Ok(())
}

/// Refuses more tokens than there is memory for their keys, before any is read.
fn fit(asked: &Asked, text: &BufReader<File>, shape: &Hyperparameters) -> Result<(), Failure> {
    let kind = text.get_ref().metadata().with_context(|| format!("cannot read the text {}", asked.text.display()))?;
    let of_text = if kind.is_file() { kind.len() / BYTES_A_TOKEN } else { u64::MAX };
    let tokens = of_text.min(asked.tokens as u64);
    language::fit(&[&Assignment::uniform(Policy::Full, shape)], CACHE, tokens, shape, "read fewer --tokens")
}

/// Whether the text has queries that can be measured.
fn enough(asked: &Asked, found: usize, has_begin: bool) -> Result<(), Failure> {
    let (text, from) = (asked.text.display(), asked.from);
    if has_begin && asked.tokens == 1 {
        let message =
            "--tokens 1 is the token that begins the text, and leaves none of the text itself: raise --tokens";
        return Err(Failure::usage(message.to_owned()));
    }
    if found == usize::from(has_begin) {
        return Err(Failure::usage(format!("the text {text} is empty: name one with more than {from} tokens")));
    }
    if found <= from {
        return Err(Failure::usage(format!(
            "the text {text} has {found} tokens, none from {from} on: take a longer text or lower --from"
        )));
    }
    Ok(())
}

/// Reads the tokens with all keys kept.
fn observe(model: &Model, asked: &Asked, plan: Plan, tokens: &[u32]) -> Sparsity {
    let shape = model.hyperparameters();
    let mut decoder = Decoder::new(model, language::threads(asked.threads));
    let mut cache = Cache::new(shape, &Assignment::uniform(Policy::Full, shape), CACHE);
    let mut observer = Sparsity::observer(shape, plan);
    let bar = language::tokens_bar("reading", tokens.len(), asked.quiet);
    for chunk in tokens.chunks(CHUNK) {
        decoder.watch(&mut cache, chunk, &mut observer);
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    observer.finish()
}

/// A file's name without folders.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn begin_sentence(tokenizer: &Tokenizer, reading: &Reading) -> String {
    match (&reading.begin, tokenizer.begin()) {
        (Some(begin), Some(_)) => format!("The text begins with {begin}, as the model's file demands."),
        (Some(begin), None) => {
            format!("The text begins with {begin}, which parts texts; the model's file demands nothing.")
        }
        (None, _) => "Nothing is put before the text.".to_owned(),
    }
}

/// An assignment that was written.
struct Assigned<'a> {
    path: &'a Path,
    hold: f64,
    assignment: Assignment,
    /// What heads have that no smaller cache serves.
    otherwise: Policy,
    bytes: u64,
    /// Of that policy everywhere.
    bytes_uniform: u64,
    n_tokens: usize,
}

impl<'a> Assigned<'a> {
    fn write(
        asked: &Asked,
        path: &'a Path,
        model: &str,
        sparsity: &Sparsity,
        shape: &Hyperparameters,
    ) -> Result<Self, Failure> {
        let otherwise = asked.budget.map_or(Policy::Full, |keys| streaming(keys as usize));
        let assignment = assign(sparsity, asked.hold, otherwise);
        fs::write(path, assignment.write(model)).with_context(|| format!("cannot write {}", path.display()))?;
        let n_tokens = shape.trained_context;
        let bytes = assignment.bytes_at(shape, n_tokens);
        let bytes_uniform = Assignment::uniform(otherwise, shape).bytes_at(shape, n_tokens);
        Ok(Self { path, hold: asked.hold, assignment, otherwise, bytes, bytes_uniform, n_tokens })
    }

    fn n_otherwise(&self) -> usize {
        self.assignment.count(self.otherwise)
    }

    fn n_heads(&self) -> usize {
        self.assignment.policies.iter().map(Vec::len).sum()
    }

    fn sentence(&self) -> String {
        let Self { path, hold, otherwise, n_tokens, .. } = self;
        let (n, all) = (self.n_otherwise(), self.n_heads());
        let [bytes, uniform] = [self.bytes, self.bytes_uniform].map(|bytes| bytes as f64 / 1e6);
        format!(
            "{} of {all} key heads stream while they hold {:.0} % of their attention, {n} get {otherwise}: {bytes:.1} MB after \
             {n_tokens} tokens, {uniform:.1} MB with {otherwise} everywhere. Written to {}, for `dunwu stream --policy heads:{}`.",
            all - n,
            100.0 * hold,
            path.display(),
            path.display()
        )
    }

    fn json(&self) -> Value {
        json!({
            "file": self.path,
            "hold": self.hold,
            "key_heads": self.n_heads(),
            "streaming": self.n_heads() - self.n_otherwise(),
            "otherwise": self.otherwise.to_string(),
            "tokens": self.n_tokens,
            "bytes": self.bytes,
            "bytes_uniform": self.bytes_uniform,
        })
    }
}

/// The object that programs rely on.
struct Object<'a> {
    asked: &'a Asked,
    tokenizer: &'a Tokenizer,
    begin: Option<u32>,
    reading: &'a Reading,
    sparsity: &'a Sparsity,
}

impl Object<'_> {
    fn json(&self, assigned: Option<&Assigned<'_>>, page: &Path) -> Value {
        let Self { asked, tokenizer, begin, reading, sparsity } = self;
        let plan = sparsity.plan;
        let sinks = sparsity.sinks.iter().map(|sink| {
            json!({
                "position": sink.position,
                "token": reading.tokens[sink.position],
                "mass": sink.mass,
                "layer": sink.layer,
                "head": sink.head,
                "heads": sink.n_heads,
            })
        });
        let layers = sparsity.layers();
        let layers = layers.iter().enumerate().map(|(i, layer)| {
            let mut object = Self::layer(layer);
            object.insert("layer".to_owned(), json!(i));
            object
        });
        let measures = MEASURES.iter().map(|of| {
            json!({ "name": of.name, "tells": of.tells, "formula": of.formula, "unit": of.unit, "source": of.source })
        });
        json!({
            "model": asked.model,
            "text": asked.text,
            "tokens": plan.n_tokens,
            "from": plan.from,
            "recent": plan.recent,
            "queries": plan.n_queries(),
            "begin": begin.map(|token| {
                json!({ "token": token, "text": reading.begin, "said_by_model": tokenizer.begin() == Some(token) })
            }),
            "heads": sparsity.heads.iter().map(Self::head).collect::<Vec<_>>(),
            "layers": layers.collect::<Vec<_>>(),
            "overall": Self::layer(&sparsity.overall()),
            "sink_onset": sparsity.sink_onset(),
            "sinks": sinks.collect::<Vec<_>>(),
            "lost_sinks": SINKS,
            "lost_sizes": plan.sizes(),
            "measures": measures.collect::<Vec<_>>(),
            "story": sparsity_sentences(sparsity, reading),
            "assignment": assigned.map(Assigned::json),
            "page": page,
        })
    }

    fn head(head: &Head) -> Value {
        let mut object = Map::new();
        object.insert("layer".to_owned(), json!(head.layer));
        object.insert("head".to_owned(), json!(head.head));
        object.insert("key_head".to_owned(), json!(head.key_head));
        let mut spreads = Map::new();
        for (measure, spread) in MEASURES.iter().zip(&head.measures) {
            object.insert(measure.name.to_owned(), json!(spread.mean));
            let quantiles = json!({ "p10": spread.low, "p50": spread.median, "p90": spread.high });
            spreads.insert(measure.name.to_owned(), quantiles);
        }
        object.insert("quantiles".to_owned(), Value::Object(spreads));
        object.insert("lost".to_owned(), json!(head.lost));
        Value::Object(object)
    }

    fn layer(layer: &Layer) -> Map<String, Value> {
        let measures =
            MEASURES.iter().zip(&layer.measures).map(|(measure, mean)| (measure.name.to_owned(), json!(mean)));
        measures
            .chain([("sink_heads".to_owned(), json!(layer.sink_heads)), ("lost".to_owned(), json!(layer.lost))])
            .collect()
    }
}

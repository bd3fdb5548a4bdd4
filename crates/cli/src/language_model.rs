//! A language model, opened for a command.

use crate::failure::Failure;
use anyhow::{Context as _, anyhow};
use dunwu::memory;
use dunwu_attention::cache::{Assignment, Precision};
use dunwu_attention::file::ModelFile;
use dunwu_attention::model::{Hyperparameters, Model};
use dunwu_attention::tokenizer::Tokenizer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::thread::available_parallelism;

/// What begins a text where the file does not say so but knows this token.
const END_OF_TEXT: &str = "<|endoftext|>";

/// Opens a model's file, loads its weights and makes its tokenizer.
pub(crate) fn open(path: &Path, quiet: bool) -> Result<(ModelFile, Model, Tokenizer), Failure> {
    let cannot = || format!("cannot read the model {}", path.display());
    let file = ModelFile::open(path).with_context(cannot)?;
    let tokenizer = Tokenizer::new(&file.tokenizer).with_context(cannot)?;
    let bar = bytes_bar("loading", quiet);
    let model = Model::load(&file, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    Ok((file, model.with_context(cannot)?, tokenizer))
}

/// A bar of bytes on standard error.
pub(crate) fn bytes_bar(doing: &'static str, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:24} {bytes}/{total_bytes}").expect("a valid template"));
    bar.set_message(doing);
    bar
}

/// A bar of tokens on standard error.
pub(crate) fn tokens_bar(doing: &'static str, n_tokens: usize, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
    let bar = ProgressBar::with_draw_target(Some(n_tokens as u64), target);
    let style = ProgressStyle::with_template("{msg} {bar:24} {pos}/{len} tokens  {eta} left");
    bar.set_style(style.expect("a valid template"));
    bar.set_message(doing);
    bar
}

/// Opens a text. A folder or a missing file is refused by name.
pub(crate) fn text(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).with_context(|| format!("cannot read the text {}", path.display()))?;
    let kind = file.metadata().with_context(|| format!("cannot read the text {}", path.display()))?;
    if kind.is_dir() {
        return Err(anyhow!("{} is a folder: name the text files in it", path.display()).into());
    }
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// Refuses caches that would be larger than the memory of this machine; `remedy` says what to do.
pub(crate) fn fit(
    assignments: &[&Assignment],
    precision: Precision,
    tokens: u64,
    shape: &Hyperparameters,
    remedy: &str,
) -> Result<(), Failure> {
    let n_tokens = usize::try_from(tokens).unwrap_or(usize::MAX);
    let of_half = assignments.iter().map(|of| u128::from(of.bytes_at(shape, n_tokens))).sum::<u128>();
    let needed = match precision {
        Precision::F32 => 2 * of_half,
        Precision::F16 => of_half,
        Precision::Int8 => of_half / 2,
    };
    match memory::largest() {
        Some(largest) if needed > largest => Err(Failure::usage(format!(
            "after {tokens} tokens the cached keys and values would take {:.1} GB, and this machine has {:.1} GB of memory; {remedy}",
            needed as f64 / 1e9,
            largest as f64 / 1e9
        ))),
        _ => Ok(()),
    }
}

/// The token that a text begins with: the file's own if it demands one, else the one that parted texts in training if there is
/// such a token. In training few texts were seen without.
pub(crate) fn begin(tokenizer: &Tokenizer) -> Option<u32> {
    tokenizer.begin().or_else(|| tokenizer.special(END_OF_TEXT))
}

/// Threads to decode with: as many as there are cores, unless told.
pub(crate) fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from)
}

/// Says how a token is written, for people: its bytes as text.
pub(crate) fn shown(tokenizer: &Tokenizer, token: u32) -> String {
    String::from_utf8_lossy(tokenizer.bytes(token)).into_owned()
}

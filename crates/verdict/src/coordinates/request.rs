//! What is asked: a spec, the widths at which it is trained, and what changes with the width beside it.

use dunwu::memory;
use dunwu::run::RunRequest;
use dunwu::spec_file::read_overrides;
use dunwu::task_file::SPLIT;
use dunwu::verb::{VerbError, key_value};
use dunwu_engine::spec::{Allowed, Architecture, SETTINGS, Value};
use dunwu_engine::{RunSpec, Split, Training};
use schemars::JsonSchema;
use serde::Serialize;

/// Networks that may be trained in all.
const MOST_NETWORKS: usize = 1_000;

/// What a command line asks for, before it is checked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// A preset or a file, then `KEY=VALUE`, as for `dunwu run`.
    pub words: Vec<String>,
    /// Widths.
    pub widths: Vec<u64>,
    /// Updates of each network.
    pub steps: u64,
    /// Networks of each width.
    pub seeds: u64,
    /// Settings that change with the width, `KEY=POWER`.
    pub scales: Vec<String>,
}

/// A setting that is multiplied by (width / smallest width) to a power.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScaledSetting {
    /// The setting: `optimizer.learning_rate`.
    pub key: String,
    /// The power of the width.
    pub power: f64,
}

/// A request that was checked.
pub struct CoordinatesRequest {
    /// The spec as it was written.
    pub base: RunRequest,
    /// The setting that is the width: `model.width`, or `model.dimension` of a transformer.
    pub setting: &'static str,
    /// Widths, ascending.
    pub widths: Vec<u64>,
    /// Updates of each network.
    pub steps: u64,
    /// Seeds: the spec's and those that follow it.
    pub seeds: Vec<u64>,
    /// Settings that change with the width.
    pub scales: Vec<ScaledSetting>,
}

impl CoordinatesRequest {
    /// Checks what was asked.
    pub fn new(asked: &Asked) -> Result<Self, VerbError> {
        let base = RunRequest::from_words(&asked.words)?;
        let setting = match base.spec.model.architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => "model.width",
            Architecture::Transformer(_) => "model.dimension",
        };
        let mut widths = asked.widths.clone();
        widths.sort_unstable();
        widths.dedup();
        if widths.len() < 2 {
            return Err(VerbError::usage("a slope needs two widths at least: write --widths 32,64,128,256"));
        }
        if asked.steps == 0 || asked.seeds == 0 {
            return Err(VerbError::usage("write --steps and --seeds from 1 on"));
        }
        if asked.steps > base.spec.steps {
            return Err(VerbError::usage(format!(
                "--steps {} is more than the {} steps of the spec: write steps={} or more among its settings",
                asked.steps, base.spec.steps, asked.steps
            )));
        }
        let n = asked.seeds.saturating_mul(widths.len() as u64);
        if n > MOST_NETWORKS as u64 {
            return Err(VerbError::usage(format!("{n} networks: ask for {MOST_NETWORKS} at most")));
        }
        let scales = asked.scales.iter().map(|word| scaled(word)).collect::<Result<Vec<_>, _>>()?;
        let seeds = (0..asked.seeds).map(|nth| base.spec.seed.wrapping_add(nth)).collect();
        let request = Self { base, setting, widths, steps: asked.steps, seeds, scales };
        for &width in &request.widths {
            let spec = request.spec(width, request.base.spec.seed)?;
            memory::fits(&spec, &request.base.problem, &request.base.split).map_err(VerbError::usage)?;
            Training::check(&spec, &request.base.problem, &request.base.split).map_err(VerbError::usage)?;
        }
        Ok(request)
    }

    /// The spec at a width under a seed.
    ///
    /// Of a transformer `model.width` grows with the dimension and the number of heads stays, so that each head grows, too. The size of
    /// an mlp's embedding stays: it is an input of fixed size.
    pub fn spec(&self, width: u64, seed: u64) -> Result<RunSpec, VerbError> {
        let base = &self.base.spec;
        let mut words = vec![format!("{}={width}", self.setting), format!("seed={seed}")];
        words.push("events.stop_after=never".to_owned());
        if let Architecture::Transformer(transformer) = base.model.architecture {
            let ratio = base.model.width as f64 / transformer.dimension as f64;
            words.push(format!("model.width={}", (ratio * width as f64).round().max(1.0)));
        }
        let grown = width as f64 / self.widths[0] as f64;
        for ScaledSetting { key, power } in &self.scales {
            let value = SETTINGS.iter().find(|setting| setting.key == key).and_then(|setting| setting.get(base));
            let value = match value {
                Some(Value::Float(value)) => value,
                Some(Value::Int(value)) => value as f64,
                _ => return Err(VerbError::usage(format!("--scale {key}: this spec has no such setting"))),
            };
            words.push(format!("{key}={:?}", value * grown.powf(*power)));
        }
        read_overrides(base, &words).map_err(|(index, error)| {
            VerbError::usage(format!("at {} {width}, {}: {error}", self.setting, words[index]))
        })
    }

    /// The samples of a seed.
    pub fn split(&self, seed: u64) -> Result<Split, VerbError> {
        let text = self.base.inputs.iter().find(|(name, _)| name == SPLIT).map(|(_, text)| text.as_str());
        Split::draw(&self.base.problem, &self.base.spec.data, seed, text).map_err(VerbError::usage)
    }
}

fn scaled(word: &str) -> Result<ScaledSetting, VerbError> {
    let (key, power) = key_value(word)?;
    let setting = SETTINGS.iter().find(|setting| setting.key == key);
    let Some(setting) = setting.filter(|setting| matches!(setting.allowed(), Allowed::Number { .. })) else {
        return Err(VerbError::usage(format!(
            "--scale {word}: {key:?} is no setting with a number; write one such as optimizer.learning_rate=-1 (`dunwu settings` lists them)"
        )));
    };
    let power = power.parse::<f64>().ok().filter(|power| power.abs() <= 10.0);
    let power = power
        .ok_or_else(|| VerbError::usage(format!("--scale {word}: write the power of the width, such as {key}=-1")))?;
    Ok(ScaledSetting { key: setting.key.to_owned(), power })
}

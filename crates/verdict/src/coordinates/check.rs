//! The check: networks of every width and seed, their sizes, the slopes, and what these say.

use super::request::{CoordinatesRequest, ScaledSetting};
use super::slope::{BAND, Scaling, Slope};
use super::trained::{Trained, train};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::Split;
use schemars::JsonSchema;
use serde::Serialize;

/// What is measured of a layer or an array: root mean squares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// A layer's activations before the first update, x₀.
    Initial,
    /// Its activations after the last update, xₜ.
    Last,
    /// How far they moved, xₜ − x₀.
    Change,
    /// How far the entries of an array moved, wₜ − w₀.
    Update,
    /// What this does to the outputs while all other arrays stay: f(w₀ with this array's wₜ) − f(w₀).
    Effect,
}

impl Quantity {
    /// The name of the quantity in `--json`: `change`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Last => "last",
            Self::Change => "change",
            Self::Update => "update",
            Self::Effect => "effect",
        }
    }
}

/// A layer, or an array of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Activations.
    Layer,
    /// Weights.
    Array,
}

/// One size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Size {
    /// Width of the network.
    pub width: u64,
    /// Seed of the network.
    pub seed: u64,
    /// Root mean square; `null` where it is not finite or lost in rounding.
    pub size: Option<f64>,
}

/// How one quantity scales.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct QuantityScaling {
    /// What is measured.
    pub quantity: Quantity,
    /// Whether the verdict rests on it; `initial` and `update` may scale with the width in a stable network.
    pub judged: bool,
    /// What the slope says; `null` where it is 0 at every width, or is not judged.
    pub verdict: Option<Scaling>,
    /// Slope of ln size over ln width; `null` where fewer than two widths have a size.
    pub slope: Option<f64>,
    /// Lower end of its 95 % interval; `null` without a degree of freedom.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What it was fitted to.
    pub sizes: Vec<Size>,
}

/// How a layer or an array scales.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PartScaling {
    /// Its name: `hidden.0`, `outputs`, `top.weight`.
    pub name: String,
    /// Layer or array.
    pub kind: PartKind,
    /// What its judged quantities say: that one grows, else that one shrinks, else that one cannot be told; `null` where none is judged.
    pub verdict: Option<Scaling>,
    /// Its quantities.
    pub quantities: Vec<QuantityScaling>,
}

/// A network that did not stay finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DivergedNetwork {
    /// Its width.
    pub width: u64,
    /// Its seed.
    pub seed: u64,
    /// The step at which it was no longer finite.
    pub step: u64,
}

/// What a coordinate check found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Coordinates {
    /// Stable where every part is; grows or shrinks where one does; else not to be told.
    pub verdict: Scaling,
    /// The setting that is the width.
    pub setting: &'static str,
    /// Widths.
    pub widths: Vec<u64>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Updates of each network.
    pub steps: u64,
    /// Settings that change with the width.
    pub scaled: Vec<ScaledSetting>,
    /// Slopes between −band and band count as none.
    pub band: f64,
    /// Hidden layers from the bottom, outputs, then arrays of weights.
    pub parts: Vec<PartScaling>,
    /// Networks that did not stay finite.
    pub diverged: Vec<DivergedNetwork>,
}

impl Coordinates {
    /// Every judged quantity with its part.
    pub fn judged(&self) -> impl Iterator<Item = (&PartScaling, &QuantityScaling)> {
        self.parts
            .iter()
            .flat_map(|part| part.quantities.iter().filter(|one| one.judged).map(move |quantity| (part, quantity)))
    }

    /// Whether all of the widest networks diverged and none of the narrowest.
    pub fn diverges_with_width(&self) -> bool {
        let at = |width: Option<&u64>| self.diverged.iter().filter(|network| Some(&network.width) == width).count();
        at(self.widths.last()) == self.seeds.len() && at(self.widths.first()) == 0
    }
}

/// Trains the spec at every width under every seed and fits the slopes. `threads` networks are trained at once; the numbers do not depend
/// on it.
pub fn check(
    request: &CoordinatesRequest,
    threads: usize,
    watcher: &mut Watcher<'_>,
) -> Result<Coordinates, VerbError> {
    let networks = networks(request, threads, watcher)?;
    let diverged = networks.iter().filter_map(|(width, seed, network)| {
        Some(DivergedNetwork { width: *width, seed: *seed, step: network.diverged? })
    });
    let mut found = Coordinates {
        verdict: Scaling::CannotTell,
        setting: request.setting,
        widths: request.widths.clone(),
        seeds: request.seeds.clone(),
        steps: request.steps,
        scaled: request.scales.clone(),
        band: BAND,
        parts: parts(&networks),
        diverged: diverged.collect(),
    };
    found.verdict = if found.diverges_with_width() {
        Scaling::Grows
    } else {
        together(found.parts.iter().map(|part| part.verdict)).unwrap_or(Scaling::CannotTell)
    };
    Ok(found)
}

/// Width, seed and sizes of every network.
fn networks(
    request: &CoordinatesRequest,
    threads: usize,
    watcher: &mut Watcher<'_>,
) -> Result<Vec<(u64, u64, Trained)>, VerbError> {
    let splits = request.seeds.iter().map(|&seed| request.split(seed)).collect::<Result<Vec<Split>, _>>()?;
    let asked: Vec<(u64, u64, &Split)> = request
        .widths
        .iter()
        .flat_map(|&width| request.seeds.iter().zip(&splits).map(move |(&seed, split)| (width, seed, split)))
        .collect();
    watcher.phase("training networks of every width", Some(asked.len() as u64));
    let stop = watcher.stop();
    let trained = |&(width, seed, split): &(u64, u64, &Split)| -> Result<(u64, u64, Trained), VerbError> {
        let spec = request.spec(width, seed)?;
        let network = train((&spec, &request.base.problem, split), request.steps, stop)?;
        Ok((width, seed, network.ok_or(VerbError::Stopped)?))
    };
    let mut networks = Vec::with_capacity(asked.len());
    for together in asked.chunks(threads.max(1)) {
        let made: Vec<Result<_, VerbError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = together.iter().map(|one| scope.spawn(|| trained(one))).collect();
            threads.into_iter().map(|thread| thread.join().expect("training does not panic")).collect()
        });
        for network in made {
            networks.push(network?);
        }
        watcher.pieces(networks.len() as u64);
    }
    Ok(networks)
}

/// Reads one size of the part at a place of a network.
type Read = fn(&Trained, usize) -> Option<f64>;

fn parts(networks: &[(u64, u64, Trained)]) -> Vec<PartScaling> {
    let Some((_, _, first)) = networks.first() else { return Vec::new() };
    let of_layers: [(Quantity, Read); 3] = [
        (Quantity::Initial, |network, place| network.layers[place].initial),
        (Quantity::Last, |network, place| network.layers[place].last),
        (Quantity::Change, |network, place| network.layers[place].change),
    ];
    let of_arrays: [(Quantity, Read); 2] = [
        (Quantity::Update, |network, place| network.arrays[place].update),
        (Quantity::Effect, |network, place| network.arrays[place].effect),
    ];
    let layers = first.layers.iter().enumerate().map(|(place, layer)| {
        // Outputs may begin smaller in wider networks, as they do under the maximal update parametrization.
        let is_output = place + 1 == first.layers.len();
        part(networks, &layer.name, PartKind::Layer, place, is_output, &of_layers)
    });
    let arrays = first
        .arrays
        .iter()
        .enumerate()
        .map(|(place, array)| part(networks, &array.name, PartKind::Array, place, false, &of_arrays));
    layers.chain(arrays).collect()
}

fn part(
    networks: &[(u64, u64, Trained)],
    name: &str,
    kind: PartKind,
    place: usize,
    is_output: bool,
    reads: &[(Quantity, Read)],
) -> PartScaling {
    let quantity = |&(quantity, read): &(Quantity, Read)| {
        let sizes = networks.iter().map(|(width, seed, network)| Size {
            width: *width,
            seed: *seed,
            size: read(network, place).filter(|_| network.diverged.is_none()),
        });
        let may_shrink = is_output && quantity == Quantity::Last;
        scaling(quantity, sizes.collect(), may_shrink)
    };
    let quantities: Vec<QuantityScaling> = reads.iter().map(quantity).collect();
    let verdict = together(quantities.iter().map(|quantity| quantity.verdict));
    PartScaling { name: name.to_owned(), kind, verdict, quantities }
}

fn scaling(quantity: Quantity, sizes: Vec<Size>, may_shrink: bool) -> QuantityScaling {
    let judged = !matches!(quantity, Quantity::Initial | Quantity::Update);
    let is_nothing = sizes.iter().all(|size| size.size == Some(0.0));
    let positive: Vec<(u64, u64, f64)> =
        sizes.iter().filter_map(|size| Some((size.width, size.seed, size.size.filter(|&size| size > 0.0)?))).collect();
    let slope = Slope::fit(&positive);
    let verdict = match slope {
        _ if is_nothing || !judged => None,
        Some(slope) if positive.len() == sizes.len() => Some(slope.scaling(may_shrink)),
        _ => Some(Scaling::CannotTell),
    };
    let interval = slope.and_then(|slope| slope.interval);
    QuantityScaling {
        quantity,
        judged: judged && !is_nothing,
        verdict,
        slope: slope.map(|slope| slope.slope),
        low: interval.map(|interval| interval.0),
        high: interval.map(|interval| interval.1),
        sizes,
    }
}

/// That one grows, else that one shrinks, else that one cannot be told, else that all are stable.
fn together(verdicts: impl Iterator<Item = Option<Scaling>>) -> Option<Scaling> {
    let verdicts: Vec<Scaling> = verdicts.flatten().collect();
    let order = [Scaling::Grows, Scaling::Shrinks, Scaling::CannotTell, Scaling::Stable];
    order.into_iter().find(|one| verdicts.contains(one))
}

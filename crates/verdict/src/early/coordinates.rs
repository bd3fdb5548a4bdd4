//! What is known of a run before its first step, in numbers that mean the same for every task, network and optimizer.
//!
//! Ratios and theory's own coordinates stand where sizes could: the sample against D ln D, the rate times the steps, the decay times
//! both. What a network calls its width is compared with the tokens that it has to tell apart.

use dunwu::run::Past;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::{
    Activation, AdamSpec, Architecture, Initialization, Loss, Method, MlpSpec, MuonVariant, Normalization, Objective,
    OperandTables, OptimizerSpec, Sampling, Schedule, TopLayer,
};
use dunwu_engine::task::Task;

/// A number that a verdict reads.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Its name in rows and reasons.
    pub name: &'static str,
    /// What it is, for a sentence: "training samples against D ln D".
    pub words: &'static str,
}

/// Not defined here; trees send it to the left of every threshold.
pub const UNDEFINED: f32 = -99.0;

/// Every number that is known before the first step.
pub const COORDINATES: [Input; 43] = [
    Input { name: "sample_ratio", words: "training samples against D ln D, D the labels or tokens" },
    Input { name: "sample_share", words: "share of all samples that is trained on" },
    Input { name: "tokens", words: "labels or tokens D" },
    Input { name: "operands", words: "number of operands" },
    Input { name: "is_group", words: "whether the operation is a group" },
    Input { name: "commuting", words: "how far the operation commutes" },
    Input { name: "closing", words: "how far the operation's table is that of a group up to names" },
    Input { name: "labels", words: "labels M" },
    Input { name: "width", words: "units of a layer" },
    Input { name: "width_ratio", words: "units against tokens" },
    Input { name: "depth", words: "layers" },
    Input { name: "architecture", words: "the kind of network" },
    Input { name: "tables", words: "which operands share weights" },
    Input { name: "activation_degree", words: "how fast the activation grows" },
    Input { name: "activation_evenness", words: "how even the activation is" },
    Input { name: "cross_entropy", words: "whether the loss is cross-entropy" },
    Input { name: "optimizer", words: "the kind of optimizer" },
    Input { name: "is_decay_coupled", words: "whether decay is added to the gradient" },
    Input { name: "rate", words: "the mean learning rate" },
    Input { name: "distance", words: "learning rate times steps" },
    Input { name: "decay_rate", words: "weight decay times learning rate" },
    Input { name: "decay_times", words: "weight decay times learning rate times steps" },
    Input { name: "steps", words: "steps" },
    Input { name: "batches", words: "batches an epoch" },
    Input { name: "hidden_scale", words: "scale of the initial hidden weights" },
    Input { name: "top_scale", words: "scale of the initial top weights" },
    Input { name: "corrupted", words: "share of wrong training labels" },
    Input { name: "last_rate", words: "the last learning rate against the mean" },
    Input { name: "embedding", words: "numbers that stand for a token" },
    Input { name: "momentum", words: "momentum" },
    Input { name: "relevant", words: "inputs that the label depends on" },
    Input { name: "residual", words: "whether layers add to those below" },
    Input { name: "normalization", words: "the kind of norm within layers" },
    Input { name: "margin", words: "samples that tell something against what the operation needs" },
    Input { name: "margin_decay", words: "the same margin with the weight decay" },
    Input { name: "width_per_label", words: "units against labels" },
    Input { name: "classes", words: "labels, where the loss is cross-entropy" },
    Input { name: "common_rate", words: "the learning rate in units that all optimizers share" },
    Input { name: "common_distance", words: "that rate times steps" },
    Input { name: "common_decay", words: "the weight decay in units that all optimizers share" },
    Input { name: "common_decay_times", words: "that decay times rate times steps" },
    Input { name: "scales", words: "scale of all initial weights" },
    Input { name: "matching", words: "whether the activation is even or odd as the number of operands is" },
];

/// Coordinates that mean the same in families that were not learned from; what is said of foreign runs reads these alone.
pub const TRANSFERRED: [&str; 16] = [
    "sample_share",
    "depth",
    "activation_degree",
    "hidden_scale",
    "top_scale",
    "last_rate",
    "margin",
    "margin_decay",
    "width_per_label",
    "classes",
    "common_rate",
    "common_distance",
    "common_decay",
    "common_decay_times",
    "scales",
    "matching",
];

/// The place of a coordinate.
pub(super) fn place(name: &str) -> usize {
    COORDINATES.iter().position(|input| input.name == name).expect("a coordinate of this name")
}

/// The numbers of [`COORDINATES`] for a run, in their order.
pub fn coordinates(past: &Past<'_>) -> [f32; COORDINATES.len()] {
    let spec = past.spec();
    let operation = past.operation();
    let n = past.n_train().max(1) as f64;
    let tokens = past.n_labels().max(operation.n_tokens).max(2) as f64;
    let share = (n / past.n_population().max(1) as f64).clamp(1e-6, 1.0 - 1e-6);
    let (depth, embedding) = match spec.model.architecture {
        Architecture::TwoLayer => (1, 0),
        Architecture::Mlp(mlp) => (mlp.depth, mlp.embedding),
        Architecture::Transformer(transformer) => (transformer.depth, transformer.dimension),
    };
    let relevant = match &spec.task {
        Task::Parity(parity) => parity.n_relevant as usize,
        _ => operation.n_operands,
    };
    let is_residual = match spec.model.architecture {
        Architecture::TwoLayer => false,
        Architecture::Mlp(mlp) => mlp.residual,
        Architecture::Transformer(_) => true,
    };
    let (degree, evenness) = shape(spec.model.activation);
    let (optimizer, is_coupled, momentum) = method(&spec.optimizer);
    let (mean_rate, last_rate) = rates(&spec.optimizer, spec.steps);
    let steps = spec.steps.max(1) as f64;
    let decay = spec.optimizer.weight_decay;
    let batch = if spec.data.batch_size == 0 { n } else { (spec.data.batch_size as f64).min(n) };
    let logarithm = |value: f64| if value > 0.0 { value.ln().max(-30.0) } else { -30.0 };
    let known = [
        (n / (tokens * tokens.ln())).ln(),
        (share / (1.0 - share)).ln(),
        tokens.ln(),
        operation.n_operands as f64,
        f64::from(u8::from(operation.is_group)),
        operation.commuting.unwrap_or(f64::from(UNDEFINED)),
        operation.closing.unwrap_or(f64::from(UNDEFINED)),
        (past.n_labels() as f64).ln(),
        (spec.model.width as f64).ln(),
        (spec.model.width as f64 / tokens).ln(),
        depth as f64,
        f64::from(architecture(spec)),
        f64::from(tables(spec)),
        degree,
        evenness,
        f64::from(u8::from(spec.loss.of_outputs() != Loss::Mse)),
        f64::from(optimizer),
        f64::from(u8::from(is_coupled)),
        logarithm(mean_rate),
        logarithm(mean_rate * steps),
        logarithm(decay * mean_rate),
        logarithm(decay * mean_rate * steps),
        steps.ln(),
        (n / batch).ln(),
        logarithm(spec.model.hidden_scale),
        logarithm(spec.model.top_scale),
        spec.data.corrupted,
        last_rate / mean_rate,
        embedding as f64,
        momentum,
        relevant as f64,
        f64::from(u8::from(is_residual)),
        f64::from(match normalization(spec) {
            Normalization::None => 0_u8,
            Normalization::PreLayerNorm => 1,
            Normalization::PreRmsNorm => 2,
            Normalization::PostLayerNorm => 3,
        }),
    ];
    let common = Common { past, mean_rate, relevant, tokens, evenness, is_coupled }.values();
    let values: [f64; COORDINATES.len()] = std::array::from_fn(|place| {
        known.get(place).or_else(|| common.get(place - known.len())).copied().unwrap_or(0.0)
    });
    values.map(|value| value as f32)
}

/// What the last ten coordinates are read off.
struct Common<'a> {
    past: &'a Past<'a>,
    mean_rate: f64,
    relevant: usize,
    tokens: f64,
    evenness: f64,
    is_coupled: bool,
}

impl Common<'_> {
    /// ```text
    /// margin = ln n − (r − 1) ln D − ln ln D + ln((1 − q) closing) + ½ ln commuting of a group
    /// ```
    ///
    /// r the operands that the label depends on, q the share of wrong labels: theory's n/(D ln D), for any number of operands, with only
    /// the samples that tell something. A gradient's size goes with 1/(D √K), which rates of gradient descent and decays that are part
    /// of a gradient are measured in.
    fn values(&self) -> [f64; 10] {
        let Self { past, mean_rate, relevant, tokens, evenness, is_coupled } = *self;
        let (spec, operation) = (past.spec(), past.operation());
        let (n, width) = (past.n_train().max(1) as f64, spec.model.width.max(1) as f64);
        let operands = relevant.max(2);
        let told = ((1.0 - spec.data.corrupted) * operation.closing.unwrap_or(1.0)).clamp(1e-3, 1.0);
        let commuting = if operation.is_group { operation.commuting.unwrap_or(1.0).clamp(0.01, 1.0) } else { 1.0 };
        let needed = (operands - 1) as f64 * tokens.ln() + tokens.ln().ln();
        let margin = n.ln() - needed + told.ln() + commuting.ln() / 2.0;
        let is_descent = matches!(spec.optimizer.method, Method::Sgd { .. });
        let gradient = tokens.ln() + width.ln() / 2.0;
        let decay = spec.optimizer.weight_decay;
        let steps = spec.steps.max(1) as f64;
        let rate = mean_rate.max(1e-13).ln() - if is_descent { gradient } else { 0.0 };
        let in_gradient = if is_coupled { gradient } else { 0.0 };
        let (common_decay, times) = if decay > 0.0 {
            let coupled_alone = if is_descent { 0.0 } else { in_gradient };
            (decay.ln() + in_gradient, (decay * mean_rate * steps).max(1e-13).ln() + coupled_alone)
        } else {
            (-14.0, -20.0)
        };
        let labels = past.n_labels().max(1) as f64;
        let is_cross_entropy = spec.loss.of_outputs() != Loss::Mse;
        [
            margin,
            margin + common_decay.max(-8.0),
            (width / labels).ln(),
            if is_cross_entropy { (labels - 1.0).max(1.0).ln() } else { 0.0 },
            rate,
            rate + steps.ln(),
            common_decay,
            times,
            spec.model.hidden_scale.max(1e-13).ln() + spec.model.top_scale.max(1e-13).ln(),
            if operands.is_multiple_of(2) { evenness } else { 1.0 - evenness },
        ]
    }
}

/// How the activation grows, as a power of its argument, and how much of it is even: (σ(x) + σ(−x))² against σ(x)² + σ(−x)² at 1.
const fn shape(activation: Activation) -> (f64, f64) {
    match activation {
        Activation::Square => (2.0, 1.0),
        Activation::Cube => (3.0, 0.0),
        Activation::Relu => (1.0, 0.5),
        Activation::ReluSquared => (2.0, 0.5),
        Activation::Silu => (1.0, 0.3),
        Activation::Gelu => (1.0, 0.4),
        Activation::Abs => (1.0, 1.0),
    }
}

const fn architecture(spec: &RunSpec) -> u8 {
    match spec.model.architecture {
        Architecture::TwoLayer => 0,
        Architecture::Mlp(_) => 1,
        Architecture::Transformer(_) => 2,
    }
}

const fn normalization(spec: &RunSpec) -> Normalization {
    match spec.model.architecture {
        Architecture::TwoLayer => Normalization::None,
        Architecture::Mlp(mlp) => mlp.normalization,
        Architecture::Transformer(transformer) => transformer.normalization,
    }
}

const fn tables(spec: &RunSpec) -> u8 {
    match spec.model.tables {
        OperandTables::Separate => 0,
        OperandTables::Shared => 1,
        OperandTables::Summed => 2,
    }
}

/// The kind of a method, whether its decay is part of the gradient, and its momentum.
const fn method(optimizer: &OptimizerSpec) -> (u8, bool, f64) {
    match optimizer.method {
        Method::Sgd { momentum } => (0, true, momentum),
        Method::Adam(adam) => (1, true, adam.beta1),
        Method::AdamW(adam) => (1, false, adam.beta1),
        Method::Muon { momentum, .. } => (2, false, momentum),
    }
}

/// The learning rate on average over the run, and at its end. Heavy-ball momentum μ multiplies what a gradient does by 1/(1 − μ).
fn rates(optimizer: &OptimizerSpec, steps: u64) -> (f64, f64) {
    let steps = steps.max(1) as f64;
    let (mean, last) = match optimizer.schedule {
        Schedule::Constant => (1.0, 1.0),
        Schedule::Step { every, factor } => {
            let stairs = (steps / every.max(1) as f64).floor();
            (geometric_mean_of(factor, stairs), factor.powf(stairs))
        }
        Schedule::Exponential { factor } => (geometric_mean_of(factor, steps), factor.powf(steps)),
        Schedule::Cosine => (0.5, 0.0),
        Schedule::Warmup { steps: ramp } => (1.0 - (ramp as f64 / steps).min(1.0) / 2.0, 1.0),
    };
    let gain = match optimizer.method {
        Method::Sgd { momentum } => 1.0 / (1.0 - momentum),
        _ => 1.0,
    };
    (optimizer.learning_rate * mean * gain, optimizer.learning_rate * last * gain)
}

/// The mean of 1, f, f², … f^(n−1).
fn geometric_mean_of(factor: f64, n: f64) -> f64 {
    if (factor - 1.0).abs() < 1e-12 || n < 1.0 { 1.0 } else { (1.0 - factor.powf(n)) / ((1.0 - factor) * n) }
}

/// Accuracies that count as memorized and as generalized, and for how many steps they must last, in every run that was learned from.
const LEVELS: (f64, f64, u64) = (0.99, 0.99, 10);

/// What no verdict was learned for, of everything that a spec can say beside the coordinates.
pub fn foreign_parts(spec: &RunSpec) -> Vec<&'static str> {
    let is_transformer = matches!(spec.model.architecture, Architecture::Transformer(_));
    let is_bent = matches!(
        spec.model.architecture,
        Architecture::Transformer(transformer) if transformer.qk_norm || transformer.score_cap > 0.0
    );
    let adam = match spec.optimizer.method {
        Method::Adam(adam) | Method::AdamW(adam) => Some(adam),
        Method::Sgd { .. } | Method::Muon { .. } => None,
    };
    let levels = (spec.events.memorized, spec.events.generalized, spec.events.sustained);
    let is_known_task = match &spec.task {
        Task::Group(_) | Task::Product(_) | Task::Operands { .. } | Task::Table { .. } | Task::Parity(_) => true,
        Task::Expression(expression) => expression.n_operands() == 2,
        _ => false,
    };
    let is_known_norm = match normalization(spec) {
        Normalization::PreLayerNorm => true,
        Normalization::None | Normalization::PreRmsNorm => !is_transformer,
        Normalization::PostLayerNorm => false,
    };
    let is_usual_muon = match spec.optimizer.method {
        Method::Muon { variant, .. } => variant == MuonVariant::Jordan,
        Method::Sgd { .. } | Method::Adam(_) | Method::AdamW(_) => true,
    };
    let parts = [
        ("interventions", !spec.interventions.is_empty()),
        ("a loss of the features", matches!(spec.loss, Objective::Features(_))),
        ("a cross-entropy with changes", matches!(spec.loss, Objective::Outputs(Loss::Shaped(_)))),
        ("a top layer that is solved for", spec.model.top_layer != TopLayer::Trained),
        ("a rule for the gradient", !spec.optimizer.gradient.is_none()),
        (
            "a part of the table as the sample",
            !matches!(spec.data.sampling, Sampling::Fraction(_) | Sampling::Count(_) | Sampling::MultipleOfMLogM(_)),
        ),
        ("skewed inputs", spec.data.skew > 0.0),
        ("a pattern of attention", spec.model.attention.is_some()),
        ("a normalization other than the usual one", !is_known_norm),
        ("initial weights of another distribution", spec.model.initialization != Initialization::Pytorch),
        ("attention with QK-norm or capped scores", is_bent),
        ("an MLP without biases", matches!(spec.model.architecture, Architecture::Mlp(MlpSpec { biases: false, .. }))),
        ("other constants of Adam", adam.is_some_and(|adam| adam != AdamSpec::DEFAULT)),
        ("other levels of memorizing and generalizing", levels != LEVELS),
        ("a task of this family", !is_known_task),
        ("Muon as the Li₂ paper has it", !is_usual_muon),
        ("QK-clip", spec.optimizer.qk_clip > 0.0),
    ];
    parts.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
}

/// The kinds of things that a run is made of, from its coordinates: which network with which activation, which loss, which optimizer,
/// which tables, which kind of task.
pub fn kind(coordinates: &[f32]) -> String {
    let at = |name: &str| coordinates[place(name)];
    let is = |name: &str| at(name) > 0.5;
    let network = match (at("architecture") as usize, is("normalization")) {
        (0, _) => "two layers",
        (1, false) => "mlp",
        (1, true) => "normalized mlp",
        _ => "transformer",
    };
    let activation =
        format!("activation of degree {} and evenness {}", at("activation_degree"), at("activation_evenness"));
    let loss = if is("cross_entropy") { "cross-entropy" } else { "squared error" };
    let optimizer = match (at("optimizer") as usize, is("is_decay_coupled")) {
        (0, _) => "gradient descent",
        (1, true) => "Adam with coupled decay",
        (1, false) => "AdamW",
        _ => "Muon",
    };
    let tables = ["separate", "shared", "summed"][(at("tables") as usize).min(2)];
    let task = match (at("operands") as usize, is("is_group"), at("commuting") > 0.999) {
        (0, ..) => "numbers as inputs",
        (2, true, true) => "a group that commutes",
        (2, true, false) => "a group that does not commute",
        (2, false, _) => "a function of two operands",
        _ => "three operands or more",
    };
    [network, &activation, loss, optimizer, &format!("{tables} tables"), task].join(", ")
}

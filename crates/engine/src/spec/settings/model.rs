//! The network.

use crate::spec::attention::AttentionPattern;
use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{
    Activation, Architecture, Initialization, MlpSpec, Normalization, OperandTables, RunSpec, TopLayer, TransformerSpec,
};

/// Figure 3 of Tian 2025.
const PAPER_ETA: f64 = 2e-4;

const ARCHITECTURE: &str = "model.architecture";

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        ARCHITECTURE,
        "the kind of network: two layers without biases, an MLP, or a transformer",
        Access::Name {
            allowed: Architecture::NAMES,
            get: |s| Some(s.model.architecture.name()),
            set: |s, name| {
                let Some(named) = Architecture::named(name) else { return false };
                if name != s.model.architecture.name() {
                    s.model.architecture = named;
                    s.model.attention = None;
                    s.model.tables = OperandTables::usual(named);
                    s.optimizer.qk_clip = 0.0;
                }
                true
            },
        },
    )
    .selecting()
    .also_called(&["arch", "network"]),
    Setting::new(
        "model.depth",
        "hidden layers of an mlp, blocks of a transformer",
        Access::Count {
            min: 1,
            max: 256,
            get: |s| match s.model.architecture {
                Architecture::Mlp(MlpSpec { depth, .. }) | Architecture::Transformer(TransformerSpec { depth, .. }) => {
                    Some(depth as u64)
                }
                Architecture::TwoLayer => None,
            },
            set: |s, value| match &mut s.model.architecture {
                Architecture::Mlp(MlpSpec { depth, .. }) | Architecture::Transformer(TransformerSpec { depth, .. }) => {
                    *depth = value as usize;
                }
                Architecture::TwoLayer => (),
            },
        },
    )
    .only(ARCHITECTURE, &["mlp", "transformer"])
    .also_called(&["layers", "n_layers", "num_layers"]),
    Setting::new(
        "model.tables",
        "the weights that a token is looked up in: of each operand separate, shared by all (usual for a transformer, by operands of \
         equally many tokens), or summed, which tells (a, b) and (b, a) not apart",
        Access::Name {
            allowed: OperandTables::NAMES,
            get: |s| Some(s.model.tables.name()),
            set: |s, name| {
                let Some(tables) = OperandTables::named(name) else { return false };
                s.model.tables = tables;
                true
            },
        },
    )
    .unsaid_where(|s| s.model.tables == OperandTables::usual(s.model.architecture))
    .also_called(&["symmetric", "shared", "tied", "shared_embedding", "tie_embeddings", "commutative"]),
    Setting::new(
        "model.width",
        "hidden units K",
        Access::Count {
            min: 1,
            max: 1_048_576,
            get: |s| Some(s.model.width as u64),
            set: |s, width| s.model.width = width as usize,
        },
    )
    .also_called(&["k", "hidden", "hidden_size", "d_hidden", "d_mlp"]),
    Setting::new(
        "model.residual",
        "whether a hidden layer adds to the one below it",
        Access::Flag {
            get: |s| mlp(s).map(|mlp| mlp.residual),
            set: |s, flag| change_mlp(s, |mlp| mlp.residual = flag),
        },
    )
    .only(ARCHITECTURE, &["mlp"])
    .also_called(&["skip", "resnet"]),
    Setting::new(
        "model.biases",
        "whether layers have biases",
        Access::Flag {
            get: |s| mlp(s).map(|mlp| mlp.biases),
            set: |s, flag| change_mlp(s, |mlp| mlp.biases = flag),
        },
    )
    .only(ARCHITECTURE, &["mlp"])
    .also_called(&["bias"]),
    Setting::new(
        "model.embedding",
        "numbers that stand for a token, trained; 0 for one-hot tokens",
        Access::Count {
            min: 0,
            max: 65_536,
            get: |s| mlp(s).map(|mlp| mlp.embedding as u64),
            set: |s, size| change_mlp(s, |mlp| mlp.embedding = size as usize),
        },
    )
    .only(ARCHITECTURE, &["mlp"])
    .also_called(&["d_embed", "embedding_dim", "embed"]),
    Setting::new(
        "model.dimension",
        "width d of the residual stream",
        Access::Count {
            min: 1,
            max: 65_536,
            get: |s| transformer(s).map(|transformer| transformer.dimension as u64),
            set: |s, size| change_transformer(s, |transformer| transformer.dimension = size as usize),
        },
    )
    .only(ARCHITECTURE, &["transformer"])
    .also_called(&["d_model", "n_embd", "d"]),
    Setting::new(
        "model.heads",
        "attention heads, each d / heads wide",
        Access::Count {
            min: 1,
            max: 1_024,
            get: |s| transformer(s).map(|transformer| transformer.heads as u64),
            set: |s, heads| change_transformer(s, |transformer| transformer.heads = heads as usize),
        },
    )
    .only(ARCHITECTURE, &["transformer"])
    .also_called(&["n_heads", "n_head", "num_heads"]),
    Setting::new(
        "model.attention",
        "what each block's attention sees, from the bottom and begun over: full, window:W, chunked:C, dilated:KxD, sinks:F+W, such as \
         3xchunked:6/full; `dunwu reach` says what a pattern cannot exchange",
        Access::Text {
            what: "a pattern of attention, such as 3xchunked:6/full",
            get: |s| {
                transformer(s)?;
                Some(s.model.attention.as_ref().map_or("full".to_owned(), AttentionPattern::to_string))
            },
            set: |s, written| {
                let pattern: AttentionPattern = written.parse()?;
                s.model.attention = Some(pattern).filter(|pattern| *pattern != AttentionPattern::full());
                Ok(())
            },
        },
    )
    .only(ARCHITECTURE, &["transformer"])
    .unsaid_where(|s| s.model.attention.is_none())
    .also_called(&["attention_pattern", "sliding_window", "window", "attention_mask"]),
    Setting::new(
        "model.normalization",
        "none, or a layer norm or RMS norm before each part of a block and the top layer (post_layer_norm: behind each sum); of an mlp, \
         before each activation",
        Access::Name {
            allowed: &["none", "pre_layer_norm", "post_layer_norm", "pre_rms_norm"],
            get: |s| {
                let normalization = normalization(s)?;
                Normalization::NAMED.iter().find(|(_, named)| *named == normalization).map(|(name, _)| *name)
            },
            set: |s, name| {
                let Some(&(_, named)) = Normalization::NAMED.iter().find(|(other, _)| *other == name) else { return false };
                match &mut s.model.architecture {
                    Architecture::Mlp(MlpSpec { normalization, .. })
                    | Architecture::Transformer(TransformerSpec { normalization, .. }) => *normalization = named,
                    Architecture::TwoLayer => (),
                }
                true
            },
        },
    )
    .only(ARCHITECTURE, &["mlp", "transformer"])
    .unsaid_where(|s| mlp(s).is_some_and(|mlp| mlp.normalization == Normalization::None))
    .also_called(&["layer_norm", "layernorm", "norm", "rms_norm", "rmsnorm"]),
    Setting::new(
        "model.qk_norm",
        "whether each head's queries and keys are brought to a mean square of 1, with a trained gain",
        Access::Flag {
            get: |s| transformer(s).map(|transformer| transformer.qk_norm),
            set: |s, flag| change_transformer(s, |transformer| transformer.qk_norm = flag),
        },
    )
    .only(ARCHITECTURE, &["transformer"])
    .unsaid_where(|s| transformer(s).is_some_and(|transformer| !transformer.qk_norm))
    .also_called(&["qk_layernorm", "query_key_norm"]),
    Setting::new(
        "model.score_cap",
        "κ: attention scores s are bent to κ tanh(s/κ); 0 for none",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| transformer(s).map(|transformer| transformer.score_cap),
            set: |s, cap| change_transformer(s, |transformer| transformer.score_cap = cap),
        },
    )
    .only(ARCHITECTURE, &["transformer"])
    .unsaid_where(|s| transformer(s).is_some_and(|transformer| transformer.score_cap == 0.0))
    .also_called(&["attn_logit_softcapping"]),
    Setting::new(
        "model.activation",
        "σ of the hidden layer",
        Access::Name {
            allowed: &["square", "cube", "relu", "relu_squared", "silu", "gelu", "abs"],
            get: |s| {
                Some(match s.model.activation {
                    Activation::Square => "square",
                    Activation::Cube => "cube",
                    Activation::Relu => "relu",
                    Activation::ReluSquared => "relu_squared",
                    Activation::Silu => "silu",
                    Activation::Gelu => "gelu",
                    Activation::Abs => "abs",
                })
            },
            set: |s, name| {
                s.model.activation = match name {
                    "square" => Activation::Square,
                    "cube" => Activation::Cube,
                    "relu" => Activation::Relu,
                    "relu_squared" => Activation::ReluSquared,
                    "silu" => Activation::Silu,
                    "gelu" => Activation::Gelu,
                    "abs" => Activation::Abs,
                    _ => return false,
                };
                true
            },
        },
    )
    .also_called(&["act", "nonlinearity", "sigma"]),
    Setting::new(
        "model.initialization",
        "distribution of the initial weights: PyTorch's default, the Li₂ paper's Gaussians, or those of Nanda et al. 2023",
        Access::Name {
            allowed: &["pytorch", "paper", "nanda"],
            get: |s| {
                Some(match s.model.initialization {
                    Initialization::Pytorch => "pytorch",
                    Initialization::Paper => "paper",
                    Initialization::Nanda => "nanda",
                })
            },
            set: |s, name| {
                s.model.initialization = match name {
                    "pytorch" => Initialization::Pytorch,
                    "paper" => Initialization::Paper,
                    "nanda" => Initialization::Nanda,
                    _ => return false,
                };
                true
            },
        },
    )
    .also_called(&["init", "initialisation"]),
    Setting::new(
        "model.hidden_scale",
        "factor on the initial weights below the top layer",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| Some(s.model.hidden_scale),
            set: |s, scale| s.model.hidden_scale = scale,
        },
    )
    .also_called(&["init_scale", "scale"]),
    Setting::new(
        "model.top_scale",
        "factor on the initial top weights; 0 starts them at zero",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| Some(s.model.top_scale),
            set: |s, scale| s.model.top_scale = scale,
        },
    )
    .also_called(&["output_scale"]),
    Setting::new(
        "model.top_layer",
        "top weights: trained like the hidden ones, or solved by ridge regression at every step",
        Access::Name {
            allowed: &["trained", "ridge"],
            get: |s| {
                Some(match s.model.top_layer {
                    TopLayer::Trained => "trained",
                    TopLayer::Ridge { .. } => "ridge",
                })
            },
            set: |s, name| {
                s.model.top_layer = match (name, s.model.top_layer) {
                    ("trained", _) => TopLayer::Trained,
                    ("ridge", TopLayer::Trained) => TopLayer::Ridge { eta: PAPER_ETA },
                    ("ridge", ridge @ TopLayer::Ridge { .. }) => ridge,
                    _ => return false,
                };
                true
            },
        },
    )
    .selecting(),
    Setting::new(
        "model.ridge",
        "η of the ridge regression ½‖Y − FV‖² + η/2 ‖V‖²",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| match s.model.top_layer {
                TopLayer::Ridge { eta } => Some(eta),
                TopLayer::Trained => None,
            },
            set: |s, value| {
                if let TopLayer::Ridge { eta } = &mut s.model.top_layer {
                    *eta = value;
                }
            },
        },
    )
    .only("model.top_layer", &["ridge"])
    .also_called(&["eta"]),
];

fn normalization(spec: &RunSpec) -> Option<Normalization> {
    match spec.model.architecture {
        Architecture::Mlp(MlpSpec { normalization, .. })
        | Architecture::Transformer(TransformerSpec { normalization, .. }) => Some(normalization),
        Architecture::TwoLayer => None,
    }
}

fn mlp(spec: &RunSpec) -> Option<MlpSpec> {
    match spec.model.architecture {
        Architecture::Mlp(mlp) => Some(mlp),
        Architecture::TwoLayer | Architecture::Transformer(_) => None,
    }
}

fn change_mlp(spec: &mut RunSpec, change: impl FnOnce(&mut MlpSpec)) {
    if let Architecture::Mlp(mlp) = &mut spec.model.architecture {
        change(mlp);
    }
}

fn transformer(spec: &RunSpec) -> Option<TransformerSpec> {
    match spec.model.architecture {
        Architecture::Transformer(transformer) => Some(transformer),
        Architecture::TwoLayer | Architecture::Mlp(_) => None,
    }
}

fn change_transformer(spec: &mut RunSpec, change: impl FnOnce(&mut TransformerSpec)) {
    if let Architecture::Transformer(transformer) = &mut spec.model.architecture {
        change(transformer);
    }
}

//! Many assignments at once, whatever their order.

use super::error::SpecError;
use super::setting::Setting;
use super::settings::{SETTINGS, find};
use super::value::Value;
use super::{
    Action, Architecture, GradientPrecision, Initialization, Loss, MlpSpec, Normalization, Numerics, Objective,
    OperandTables, RunSpec, TopLayer, TransformerSpec,
};

/// Settings that others have to agree with.
const AGREEING: &[&str] = &[
    "loss",
    "model.top_layer",
    "model.architecture",
    "model.initialization",
    "model.heads",
    "model.dimension",
    "model.attention",
    "model.depth",
    "model.tables",
    "model.embedding",
    "model.normalization",
    "model.qk_norm",
    "optimizer.qk_clip",
    "task",
    "steps",
    "interventions",
    "numerics",
    "fault.gradient",
    "fault.softmax_bits",
];

/// Changes `base` by `key = value` assignments, one layer of them: a file, or a command line.
///
/// Their order does not matter. Settings that choose a method are taken first, so that the method's own constants have
/// somewhere to go; a method that changes starts from its published constants. A valid base gives a valid result. An
/// error comes with the index of the assignment that it is about.
pub fn apply(base: &RunSpec, assignments: &[(String, Value)]) -> Result<RunSpec, (usize, SpecError)> {
    let mut given = Vec::with_capacity(assignments.len());
    for (index, (key, value)) in assignments.iter().enumerate() {
        let setting = find(key).ok_or_else(|| (index, SpecError::unknown_key(key)))?;
        if let Some(error) = given.iter().find_map(|&(_, earlier, _)| clash(earlier, setting)) {
            return Err((index, error));
        }
        given.push((index, setting, value));
    }
    let assigned = |setting: &Setting| given.iter().find(|(_, s, _)| s.key == setting.key);

    let mut spec = base.clone();
    for selecting in [true, false] {
        for &(index, setting, value) in
            SETTINGS.iter().filter(|setting| setting.selects == selecting).filter_map(assigned)
        {
            setting.must_apply(&spec).map_err(|error| (index, error))?;
            setting.set(&mut spec, value).map_err(|error| (index, error))?;
        }
    }

    for setting in SETTINGS.iter().filter(|s| s.required && s.must_apply(&spec).is_ok() && assigned(s).is_none()) {
        let Some((selector, selected)) = setting.selected(&spec) else { continue };
        if let Some(&(index, ..)) = assigned(selector).filter(|_| selector.get(base) != selector.get(&spec)) {
            let missing =
                SpecError::Missing { key: setting.key, selector: selector.key, selected, allowed: setting.allowed() };
            return Err((index, missing));
        }
    }
    if let Err(error) = agree(&spec) {
        // Whatever else was changed may have taken from an intervention the setting that it gives a value.
        let involved = given.iter().rev().find(|(_, s, _)| AGREEING.contains(&s.key)).or(given.last());
        if let Some(&(index, ..)) = involved {
            return Err((index, error));
        }
    }
    Ok(spec)
}

/// Whether every setting of a spec, however it was built, is allowed, and all of them together.
pub fn check(spec: &RunSpec) -> Result<(), SpecError> {
    for (setting, value) in values(spec) {
        setting.set(&mut spec.clone(), &value)?;
    }
    agree(spec)
}

/// Every setting that applies, with its value, in the table's order.
pub fn values(spec: &RunSpec) -> impl Iterator<Item = (&'static Setting, Value)> + '_ {
    SETTINGS.iter().filter_map(|setting| Some((setting, setting.get(spec)?)))
}

/// What identifies a run: the identifying settings that apply and do not go without saying, in the table's order.
///
/// Printed values are exact (`Display` of [`Value`]), so equal lines mean equal runs.
pub fn canonical(spec: &RunSpec) -> Vec<(&'static str, Value)> {
    let is_said = |setting: &Setting| setting.identifies && !setting.goes_without_saying.is_some_and(|goes| goes(spec));
    values(spec).filter(|(setting, _)| is_said(setting)).map(|(setting, value)| (setting.key, value)).collect()
}

/// Two assignments of one layer that cannot both be meant.
fn clash(earlier: &'static Setting, later: &'static Setting) -> Option<SpecError> {
    let same = earlier.key == later.key;
    let alternatives = earlier.group.is_some() && earlier.group == later.group;
    let remedy = if same { "keep one of the two" } else { "either replaces the other, so keep one" };
    (same || alternatives).then_some(SpecError::Conflict { key: later.key, other: earlier.key, remedy })
}

/// What no single setting can see.
fn agree(spec: &RunSpec) -> Result<(), SpecError> {
    let conflict = |key, other, remedy| Err(SpecError::Conflict { key, other, remedy });
    match (spec.model.top_layer, spec.loss) {
        (TopLayer::Ridge { .. }, Objective::Outputs(Loss::CrossEntropy | Loss::Shaped(_))) => {
            let remedy = "ridge regression minimises a squared error, so it needs `loss` \"mse\"";
            return conflict("model.top_layer", "loss", remedy);
        }
        (TopLayer::Trained, Objective::Features(_)) => {
            let remedy = "this loss sends nothing to the top layer, so let `model.top_layer` be \"ridge\", a probe of the features";
            return conflict("model.top_layer", "loss", remedy);
        }
        (TopLayer::Ridge { .. }, _) | (TopLayer::Trained, Objective::Outputs(_)) => (),
    }
    match (spec.model.architecture, spec.model.initialization) {
        (Architecture::Transformer(_), Initialization::Pytorch | Initialization::Nanda)
        | (Architecture::TwoLayer | Architecture::Mlp(_), Initialization::Pytorch | Initialization::Paper) => (),
        (Architecture::Transformer(_), Initialization::Paper) => {
            let remedy = "the Li₂ paper has no transformer; take \"nanda\" or \"pytorch\"";
            return conflict("model.initialization", "model.architecture", remedy);
        }
        (_, Initialization::Nanda) => {
            let remedy = "\"nanda\" is of a transformer; take \"pytorch\" or \"paper\"";
            return conflict("model.initialization", "model.architecture", remedy);
        }
    }
    agree_on_tables(spec)?;
    if let Architecture::Mlp(MlpSpec { normalization: Normalization::PostLayerNorm, .. }) = spec.model.architecture {
        let remedy = "an mlp normalises what its activations read; take \"pre_layer_norm\" or \"pre_rms_norm\"";
        return conflict("model.normalization", "model.architecture", remedy);
    }
    if let Architecture::Transformer(TransformerSpec { qk_norm: true, .. }) = spec.model.architecture
        && spec.optimizer.qk_clip > 0.0
    {
        let remedy = "queries and keys that are normalised do not change when their weights are scaled; leave one of the two out";
        return conflict("optimizer.qk_clip", "model.qk_norm", remedy);
    }
    agree_on_attention(spec)?;
    if !spec.task.has_tokens() {
        let of_tokens = match spec.model.architecture {
            Architecture::Transformer(_) => Some((
                "model.architecture",
                "a transformer reads tokens, and this task's inputs are numbers; take \"mlp\"",
            )),
            Architecture::Mlp(MlpSpec { embedding: 1.., .. }) => {
                Some(("model.embedding", "this task's inputs are numbers, which need no embedding; take 0"))
            }
            Architecture::TwoLayer | Architecture::Mlp(_) => None,
        };
        if let Some((key, remedy)) = of_tokens {
            return conflict(key, "task", remedy);
        }
    }
    if let Architecture::Transformer(transformer) = spec.model.architecture {
        if !transformer.dimension.is_multiple_of(transformer.heads) {
            return conflict("model.heads", "model.dimension", "the heads divide the dimension among them evenly");
        }
        if matches!(spec.model.top_layer, TopLayer::Ridge { .. }) {
            let remedy = "a transformer's outputs are not features times a top layer; leave it \"trained\"";
            return conflict("model.top_layer", "model.architecture", remedy);
        }
    }
    agree_on_numerics(spec)?;
    agree_on_interventions(spec)
}

/// What is not trained in f64.
fn agree_on_numerics(spec: &RunSpec) -> Result<(), SpecError> {
    if spec.numerics != Numerics::Double {
        return Ok(());
    }
    let is_coarse = |loss: Loss| loss.changes().is_some_and(|changes| changes.probability_bits > 0);
    let (other, remedy) = if matches!(spec.loss, Objective::Features(_)) {
        (
            "loss",
            "losses of the features are computed in f32; take \"mse\" or \"cross_entropy\", or the numerics \"exact\"",
        )
    } else if spec.optimizer.gradient.precision != GradientPrecision::Single {
        ("fault.gradient", "a gradient in half precision is a fault of single ones; leave one of the two out")
    } else if is_coarse(spec.loss.of_outputs()) {
        ("fault.softmax_bits", "coarse probabilities are a fault of single precision; leave one of the two out")
    } else {
        return Ok(());
    };
    Err(SpecError::Conflict { key: "numerics", other, remedy })
}

/// Whether every intervention comes before the end and gives settings values that they allow then.
fn agree_on_interventions(spec: &RunSpec) -> Result<(), SpecError> {
    let mut then = spec.clone();
    for one in &spec.interventions {
        let refused = |why: String| SpecError::Intervention { text: one.to_string(), why };
        if let Some(step) = one.when.first_step().filter(|&step| step >= spec.steps) {
            let remedy = "take an earlier one or more `steps`";
            return Err(refused(format!("step {step} is not made, since the run ends at {}; {remedy}", spec.steps)));
        }
        let Action::Set { key, value } = &one.action else { continue };
        let Some(setting) = find(key) else { continue };
        setting.must_apply(&then).and_then(|()| setting.set(&mut then, value)).map_err(|e| refused(e.to_string()))?;
        agree_on_numerics(&then).map_err(|error| refused(error.to_string()))?;
        if matches!(then.loss, Objective::Outputs(_)) != matches!(spec.loss, Objective::Outputs(_)) {
            return Err(refused(
                "a loss of the outputs cannot become one of the features, or the other way round".into(),
            ));
        }
        let is_squared = then.loss == Objective::Outputs(Loss::Mse);
        if matches!((then.model.top_layer, then.loss), (TopLayer::Ridge { .. }, Objective::Outputs(_))) && !is_squared {
            return Err(refused("ridge regression minimises a squared error, so the loss stays \"mse\"".into()));
        }
    }
    Ok(())
}

/// Which transformers can see what.
fn agree_on_attention(spec: &RunSpec) -> Result<(), SpecError> {
    let (Architecture::Transformer(transformer), Some(pattern)) = (spec.model.architecture, &spec.model.attention)
    else {
        return Ok(());
    };
    let (other, remedy) = if pattern.layers.len() > transformer.depth {
        (
            "model.depth",
            "the pattern has more layers than there are blocks; give the network as many blocks, or shorten the pattern",
        )
    } else if pattern.layers.iter().any(|layer| !transformer.heads.is_multiple_of(layer.heads.len())) {
        (
            "model.heads",
            "heads that see differently have equal shares of the heads; let their number be a multiple of the kinds",
        )
    } else if !pattern.is_causal() {
        ("model.architecture", "a decoder does not look ahead; take a window instead of global")
    } else if pattern.layers.iter().any(|layer| !layer.has_positions) {
        (
            "model.architecture",
            "positions are added once, below all blocks, so that no block is without; leave out -nope",
        )
    } else {
        return Ok(());
    };
    Err(SpecError::Conflict { key: "model.attention", other, remedy })
}

/// Which networks can share their tables how.
fn agree_on_tables(spec: &RunSpec) -> Result<(), SpecError> {
    let (other, remedy) = match (spec.model.tables, spec.model.architecture) {
        (tables, architecture) if tables == OperandTables::usual(architecture) => return Ok(()),
        _ if !spec.task.has_tokens() => ("task", "this task's inputs are numbers, which have no tables; leave it out"),
        (OperandTables::Shared, Architecture::TwoLayer | Architecture::Mlp(MlpSpec { embedding: 0, .. })) => {
            let remedy =
                "one-hot operands that share their weights are a sum; take \"summed\", or an mlp with model.embedding";
            ("model.architecture", remedy)
        }
        (OperandTables::Summed, Architecture::Transformer(_)) => {
            let remedy = "a transformer reads its operands one after the other; take \"shared\" or \"separate\", or a two-layer network \
                          or an mlp for \"summed\"";
            ("model.architecture", remedy)
        }
        _ => return Ok(()),
    };
    Err(SpecError::Conflict { key: "model.tables", other, remedy })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::{AdamSpec, Method, MuonVariant, Schedule};
    use crate::spec::{DataSpec, Sampling, parse_value};
    use crate::task::Task;

    fn assignments(text: &str) -> Vec<(String, Value)> {
        let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (key.to_owned(), parse_value(value))).unwrap();
        text.split_whitespace().map(pair).collect()
    }

    fn applied(text: &str) -> RunSpec {
        apply(&RunSpec::default(), &assignments(text)).unwrap_or_else(|(_, error)| panic!("{text}: {error}"))
    }

    fn refusal(text: &str) -> (usize, String) {
        let (index, error) = apply(&RunSpec::default(), &assignments(text)).expect_err(text);
        (index, error.to_string())
    }

    #[test]
    fn a_pattern_goes_without_saying_where_it_hides_nothing_and_is_refused_where_it_is_none() {
        let transformer = "model.architecture=transformer";
        let spec = applied(&format!("{transformer} model.attention=full"));
        assert_eq!(spec, applied(transformer));
        assert!(!canonical(&spec).iter().any(|(key, _)| *key == "model.attention"));
        let spec = applied(&format!("{transformer} model.attention=window:3/window:3"));
        assert!(canonical(&spec).contains(&("model.attention", Value::from("2xwindow:3"))));
        let (_, error) = refusal(&format!("{transformer} model.attention=window:0"));
        assert!(error.contains("`model.attention`: the attention \"window:0\" sees nothing"), "{error}");
        let mlp = apply(&spec, &assignments("model.architecture=mlp")).unwrap();
        assert_eq!(mlp.model.attention, None, "another network has no pattern");
    }

    #[test]
    fn a_network_has_to_fit_its_task_and_its_loss() {
        for (text, words) in [
            ("task=digits model.architecture=transformer", "reads tokens"),
            ("task=parity:10:3 model.architecture=mlp model.embedding=4", "need no embedding"),
            ("model.architecture=transformer model.dimension=10 model.heads=4", "evenly"),
            ("model.architecture=transformer model.top_layer=ridge", "trained"),
            ("model.architecture=transformer model.initialization=paper", "nanda"),
            ("model.initialization=nanda", "pytorch"),
            ("model.architecture=transformer model.depth=1 model.attention=window:2/full", "as many blocks"),
            (
                "model.architecture=transformer model.heads=4 model.attention=full,full,window:2",
                "multiple of the kinds",
            ),
            ("model.architecture=transformer model.attention=global:1+2", "does not look ahead"),
            ("model.architecture=transformer model.attention=full-nope", "leave out -nope"),
            ("model.attention=window:3", "has no attention"),
            ("loss=contrastive", "ridge"),
            ("model.depth=3", "mlp and transformer"),
            ("model.tables=shared", "summed"),
            ("model.tables=shared model.architecture=mlp", "model.embedding"),
            ("model.tables=summed model.architecture=transformer model.initialization=pytorch", "one after the other"),
            ("model.tables=summed task=parity:10:3", "numbers"),
            ("model.heads=3 model.architecture=mlp", "transformer"),
            ("model.architecture=mlp model.normalization=post_layer_norm", "pre_layer_norm"),
            (
                "model.architecture=transformer model.initialization=pytorch model.qk_norm=true optimizer.qk_clip=9",
                "leave one of the two out",
            ),
        ] {
            let (_, error) = apply(&RunSpec::default(), &assignments(text)).expect_err(text);
            let help = error.help().expect("a remedy");
            assert!(help.contains(words), "{text}: {error}; {help}");
        }
        for text in ["task=digits", "task=parity:10:3 model.architecture=mlp", "loss=contrastive model.top_layer=ridge"]
        {
            applied(text);
        }
    }

    #[test]
    fn what_is_not_trained_in_double_precision_is_refused_by_name() {
        let applied = |text: &str| apply(&RunSpec::default(), &assignments(text));
        for (text, other) in [
            ("numerics=double model.top_layer=ridge loss=contrastive", "loss"),
            ("numerics=double fault.gradient=half", "fault.gradient"),
            ("loss=cross_entropy fault.softmax_bits=8 numerics=double", "fault.softmax_bits"),
            ("numerics=double interventions=at_3_set_fault.gradient_half", "fault.gradient"),
        ] {
            let mut given = assignments(text);
            if let Some((_, Value::Text(words))) = given.iter_mut().find(|(key, _)| key == "interventions") {
                *words = words.replacen('_', " ", 3).replace("gradient_half", "gradient half");
            }
            let (_, error) = apply(&RunSpec::default(), &given).expect_err(text);
            let words = error.to_string();
            assert!(
                words.contains(&format!("`numerics` contradicts `{other}`")) && words.len() > 60,
                "{text}: {words}"
            );
        }
        for text in [
            "numerics=double optimizer=muon",
            "numerics=double model.top_layer=ridge gradient.direction=egalitarian gradient.filter=grokfast_ema",
            "numerics=double loss=stablemax",
        ] {
            assert!(applied(text).is_ok(), "{text}");
        }
    }

    /// Specs that were written before `model.tables` keep their ids; a network of another kind begins with that kind's own tables.
    #[test]
    fn usual_tables_go_without_saying() {
        let says = |text: &str| canonical(&applied(text)).iter().any(|(key, _)| *key == "model.tables");
        for (text, is_said) in [
            ("steps=3", false),
            ("model.tables=separate", false),
            ("model.tables=summed", true),
            ("model.architecture=mlp", false),
            ("model.architecture=mlp model.embedding=4 model.tables=shared", true),
            ("model.architecture=transformer", false),
            ("model.architecture=transformer model.tables=shared", false),
            ("model.architecture=transformer model.tables=separate", true),
        ] {
            assert_eq!(says(text), is_said, "{text}");
        }
        let summed = applied("model.tables=summed");
        let next = apply(&summed, &assignments("model.architecture=transformer")).unwrap();
        assert_eq!(next.model.tables, OperandTables::Shared);
        let same = apply(&summed, &assignments("model.architecture=two_layer steps=9")).unwrap();
        assert_eq!(same.model.tables, OperandTables::Summed);
    }

    #[test]
    fn a_new_method_starts_from_its_published_constants() {
        let adam = AdamSpec { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let method = |text| applied(text).optimizer.method;
        assert_eq!(method("optimizer=sgd"), Method::Sgd { momentum: 0.0 });
        assert_eq!(method("optimizer=adamw"), Method::AdamW(adam));
        let muon = |momentum, variant| Method::Muon { momentum, variant, adam };
        assert_eq!(method("optimizer=muon"), muon(0.95, MuonVariant::Jordan));
        assert_eq!(method("optimizer=muon optimizer.variant=paper"), muon(0.99, MuonVariant::Paper));
        assert_eq!(
            method("optimizer.momentum=0.5 optimizer.variant=paper optimizer=muon"),
            muon(0.5, MuonVariant::Paper)
        );
    }

    #[test]
    fn a_method_that_stays_keeps_its_constants() {
        let base = applied("optimizer.beta1=0.5 optimizer.schedule=warmup optimizer.warmup_steps=3");
        let again = assignments("optimizer=adam optimizer.schedule=warmup model.top_layer=trained");
        assert_eq!(apply(&base, &again).unwrap(), base);
    }

    #[test]
    fn a_new_sampling_replaces_the_old() {
        assert_eq!(applied("data.count=100").data, DataSpec::of(Sampling::Count(100)));
        assert_eq!(applied("data.split=a.csv").data.sampling, Sampling::SplitFile("a.csv".to_owned()));
        assert_eq!(applied("task.order=5").task, Task::parse("cyclic:5").unwrap());
    }

    #[test]
    fn whole_floats_are_counts() {
        assert_eq!(applied("steps=1e4").steps, 10_000);
        assert_eq!(applied("events.stop_after=5.0").events.stop_after, Some(5));
        let spec = applied("optimizer.schedule=step optimizer.schedule_every=1e2 optimizer.schedule_factor=1");
        assert_eq!(spec.optimizer.schedule, Schedule::Step { every: 100, factor: 1.0 });
    }

    #[test]
    fn contradictions_are_refused_where_they_are_written() {
        for (text, index, said) in [
            ("steps=3 seed=1 steps=3", 2, "`steps` is set twice"),
            ("optimizer=sgd optimizer.name=sgd", 1, "`optimizer.name` is set twice"),
            ("data.fraction=0.5 seed=1 data.split=a", 2, "`data.split` contradicts `data.fraction`"),
            ("task=cyclic:5 task.order=7", 1, "`task.order` contradicts `task`"),
            ("seed=1 optimizer.momentum=0.9", 1, "adam has no momentum; sgd and muon have it"),
            ("optimizer.variant=paper", 0, "muon has it"),
            ("optimizer.beta1=0.5 optimizer=sgd", 0, "adam and adamw and muon have it"),
            ("model.ridge=1", 0, "ridge has it"),
            ("loss=cross_entropy model.top_layer=ridge", 1, "needs `loss` \"mse\""),
            ("optimizer.schedule_factor=.5 optimizer.schedule=step", 1, "needs `optimizer.schedule_every`"),
            ("optimizer.schedule=exponential", 0, "needs `optimizer.schedule_factor`"),
            ("optimizer.schedule=warmup optimizer.schedule_every=3", 1, "step has it"),
        ] {
            let (at, sentence) = refusal(text);
            assert!(sentence.contains(said) && at == index, "{text}: {at}: {sentence}");
        }
        let ridge = applied("model.top_layer=ridge");
        let (index, error) = apply(&ridge, &assignments("seed=1 loss=cross_entropy")).unwrap_err();
        assert!(index == 1 && matches!(error, SpecError::Conflict { .. }), "{error}");
    }

    #[test]
    fn a_hand_built_spec_is_checked_by_the_same_table() {
        let fine = RunSpec::default();
        assert!(check(&fine).is_ok());
        for broken in [
            RunSpec { steps: 0, ..fine.clone() },
            RunSpec { seed: u64::MAX, ..fine.clone() },
            RunSpec { data: DataSpec::of(Sampling::Fraction(f64::NAN)), ..fine.clone() },
            RunSpec { loss: Objective::Outputs(Loss::CrossEntropy), ..applied("model.top_layer=ridge") },
        ] {
            assert!(check(&broken).is_err(), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_assignments_does_not_matter(
            (chosen, shuffled) in proptest::sample::subsequence(assignments(
                "optimizer=muon optimizer.variant=paper optimizer.momentum=0.5 optimizer.beta2=0.98 \
                 optimizer.learning_rate=0.1 optimizer.schedule=step optimizer.schedule_every=10 \
                 optimizer.schedule_factor=0.5 optimizer.warmup_steps=2 model.top_layer=ridge model.ridge=0.1 \
                 loss=cross_entropy task.order=11 data.count=50 steps=0 threads=2",
            ), 0..=16).prop_flat_map(|chosen| (Just(chosen.clone()), Just(chosen).prop_shuffle())),
        ) {
            let sentence = |result: Result<RunSpec, (usize, SpecError)>| result.map_err(|(_, error)| error.to_string());
            let one = sentence(apply(&RunSpec::default(), &chosen));
            prop_assert_eq!(one, sentence(apply(&RunSpec::default(), &shuffled)));
        }
    }
}

//! A spec as TOML: reading with the place of every mistake, writing; and a run's identity.
//!
//! A file holds any part of a spec and may begin with the preset that it starts from:
//!
//! ```toml
//! preset = "tian-2025"
//! steps = 500
//!
//! [optimizer]
//! learning_rate = 2e-3
//! ```
//!
//! The names are those of [`SETTINGS`]; the command line writes them as `optimizer.learning_rate=2e-3`. Nothing here
//! opens a file.

use std::fmt::Write as _;
use std::ops::Range;

use dunwu_engine::spec::settings::find;
use dunwu_engine::spec::{
    Allowed, RunSpec, SETTINGS, Setting, Side, SpecError, Value, apply, canonical, parse_value, presets, values,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a spec as written, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", help.as_ref().map(|help| format!(": {help}")).unwrap_or_default())]
pub struct SpecFileError {
    /// The bytes to underline.
    pub span: Range<usize>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// A few words for under the line.
    pub label: &'static str,
    /// What to do about it.
    pub help: Option<String>,
}

/// Where a `key = value` stands in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The key.
    pub key: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

/// Reads a spec: what the file says, on its preset if it names one, else on `base`.
pub fn read(toml_text: &str, base: &RunSpec) -> Result<RunSpec, SpecFileError> {
    let document = document(toml_text)?;
    if let Some((key, _)) = document.get_ref().get_key_value(SWEEP) {
        return Err(SpecFileError {
            span: key.span(),
            message: "this file describes a sweep, not one run".to_owned(),
            label: "many runs",
            help: Some("give it to `dunwu sweep`, or take the section out".to_owned()),
        });
    }
    read_document(document.get_ref(), base, |spec| spec)
}

/// The section of a file that makes it a sweep.
pub const SWEEP: &str = "sweep";

/// The file as TOML.
pub fn document(toml_text: &str) -> Result<Spanned<DeTable<'_>>, SpecFileError> {
    DeTable::parse(toml_text).map_err(|error| syntax(toml_text, &error))
}

/// What `document` says outside of its sweep, on what `prepare` makes of its preset or `base`.
pub fn read_document(
    document: &DeTable<'_>,
    base: &RunSpec,
    prepare: impl Fn(RunSpec) -> RunSpec,
) -> Result<RunSpec, SpecFileError> {
    let mut preset_spec = None;
    let mut assignments = Vec::new();
    for (key, value) in document.iter().filter(|(key, _)| key.get_ref() != SWEEP) {
        if key.get_ref() == "preset" {
            preset_spec = Some(preset(value)?);
        } else {
            collect("", key, value, &mut assignments)?;
        }
    }
    // The parser sorts by name; in the file's order, of two mistakes the first is shown.
    assignments.sort_by_key(|(place, _)| place.key.start);
    let (places, assignments): (Vec<_>, Vec<_>) = assignments.into_iter().unzip();
    let base = prepare(preset_spec.unwrap_or_else(|| base.clone()));
    apply(&base, &assignments).map_err(|(index, error)| refused(&error, &places[index]))
}

/// Reads the command line's `key=value` arguments on top of `base`; an error comes with the index of its argument.
pub fn read_overrides<S: AsRef<str>>(base: &RunSpec, arguments: &[S]) -> Result<RunSpec, (usize, SpecFileError)> {
    let parsed = arguments.iter().enumerate();
    let parsed = parsed.map(|(index, argument)| parse_override(argument.as_ref()).map_err(|error| (index, error)));
    let assignments = parsed.collect::<Result<Vec<_>, _>>()?;
    apply(base, &assignments)
        .map_err(|(index, error)| (index, refused(&error, &Place::of_override(arguments[index].as_ref()))))
}

impl Place {
    /// In an argument `key=value`.
    pub fn of_override(argument: &str) -> Self {
        let equals = argument.find('=').unwrap_or(argument.len());
        Self { key: 0..equals, value: (equals + 1).min(argument.len())..argument.len() }
    }
}

/// The halves of an argument `key=value`.
pub fn halves(argument: &str) -> Result<(&str, &str), SpecFileError> {
    match argument.split_once('=') {
        Some((key, text)) if !key.is_empty() && !text.is_empty() => Ok((key, text)),
        _ => Err(SpecFileError {
            span: 0..argument.len(),
            message: format!("{argument:?} sets nothing"),
            label: "no key=value",
            help: Some("write key=value without spaces, such as steps=500".to_owned()),
        }),
    }
}

/// Reads one argument, `model.width=256`. A setting that is a text takes its value as it stands (`data.split=007`).
pub fn parse_override(argument: &str) -> Result<(String, Value), SpecFileError> {
    let (key, text) = halves(argument)?;
    let is_text = find(key).is_some_and(|setting| matches!(setting.allowed(), Allowed::Text(_)));
    let value = if is_text { Value::from(text) } else { parse_value(text) };
    Ok((key.to_owned(), value))
}

/// Writes a whole spec, so that reading it on any base gives it back exactly.
pub fn write(spec: &RunSpec) -> String {
    let mut text = String::new();
    let mut section = "";
    // TOML has the top level first; the sort is stable, so that the table's order stays otherwise.
    let mut lines: Vec<_> = values(spec).collect();
    lines.sort_by_key(|(setting, _)| !setting.section().is_empty());
    for (setting, value) in lines {
        if setting.section() != section {
            section = setting.section();
            let _ = writeln!(text, "\n[{section}]"); // a String takes everything
        }
        let value = match value {
            Value::Text(value) => toml::Value::String(value).to_string(),
            number_or_flag => number_or_flag.to_string(), // shortest exact decimal, `1e-8` where toml prints zeros
        };
        let _ = writeln!(text, "{} = {value}", setting.name());
    }
    text
}

/// A run's identity: 16 hexadecimal digits of BLAKE3 over its identifying settings and the files that it reads, as
/// pairs of name and contents in any order.
pub fn id(spec: &RunSpec, inputs: &[(&str, &str)]) -> String {
    let mut text = String::from("dunwu run 1\n");
    for (key, value) in canonical(spec) {
        let _ = writeln!(text, "{key} = {value}"); // a String takes everything
    }
    let mut inputs = inputs.to_vec();
    inputs.sort_unstable();
    for (name, contents) in inputs {
        // Lengths in front keep two lists of files from reading the same.
        let _ = writeln!(text, "file {} {}\n{name}\n{contents}", name.len(), contents.len());
    }
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// Appends the assignments of `key = value`, which may be a section, under the dotted name `prefix`.
fn collect(
    prefix: &str,
    key: &Spanned<impl AsRef<str>>,
    value: &Spanned<DeValue<'_>>,
    assignments: &mut Vec<(Place, (String, Value))>,
) -> Result<(), SpecFileError> {
    let name = key.get_ref().as_ref();
    let dotted = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    let place = Place { key: key.span(), value: value.span() };
    let is_section = SETTINGS.iter().any(|setting| setting.section() == dotted);
    if let (Some(table), true) = (value.get_ref().as_table(), is_section) {
        return table.iter().try_for_each(|(key, value)| collect(&dotted, key, value, assignments));
    }
    match value_from_toml(value.get_ref()) {
        Ok(value) => {
            assignments.push((place, (dotted, value)));
            Ok(())
        }
        Err(found) => {
            let error =
                find(&dotted).map_or_else(|| SpecError::unknown_key(&dotted), |s: &Setting| s.wrong_kind(found));
            Err(refused(&error, &place))
        }
    }
}

/// A scalar, or in words what it is instead.
pub fn value_from_toml(value: &DeValue<'_>) -> Result<Value, &'static str> {
    match value {
        DeValue::String(text) => Ok(Value::from(&**text)),
        DeValue::Boolean(flag) => Ok(Value::Bool(*flag)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::Int)
            .or(Err("a whole number of more than 64 bits")),
        DeValue::Float(number) => number.as_str().parse().map(Value::Float).or(Err("this number")),
        DeValue::Datetime(_) => Err("a date"),
        DeValue::Array(_) => Err("a list"),
        DeValue::Table(_) => Err("a section"),
    }
}

fn preset(value: &Spanned<DeValue<'_>>) -> Result<RunSpec, SpecFileError> {
    let place = Place { key: value.span(), value: value.span() };
    let Some(name) = value.get_ref().as_str() else {
        let names: Vec<_> = presets::PRESETS.iter().map(|preset| preset.name).collect();
        let found = value_from_toml(value.get_ref()).map_or_else(str::to_owned, |value| value.kind().to_owned());
        return Err(SpecFileError {
            span: value.span(),
            message: format!("`preset` cannot be {found}"),
            label: "not a name",
            help: Some(format!("there are {}", names.join(", "))),
        });
    };
    presets::find(name).map(|preset| (preset.spec)()).map_err(|error| refused(&error, &place))
}

/// The mistake of a value that the table of settings refuses, at its place.
pub fn refused(error: &SpecError, place: &Place) -> SpecFileError {
    let span = match error.side() {
        Side::Key => place.key.clone(),
        Side::Value => place.value.clone(),
    };
    let label = match error {
        SpecError::UnknownKey { .. } => "no such setting",
        SpecError::UnknownPreset { .. } => "no such preset",
        SpecError::DoesNotApply { .. } => "has no effect here",
        SpecError::Conflict { .. } => "contradicts another setting",
        SpecError::Missing { .. } => "needs another setting",
        SpecError::WrongType { .. } => "of another kind",
        SpecError::OutOfRange { .. } => "out of range",
        _ => "not possible",
    };
    SpecFileError { span, message: error.headline(), label, help: error.help() }
}

/// What the TOML parser has to say. What it calls a duplicate key may be the short `optimizer = "adam"` beside further
/// settings of the optimizer, the one trap of this format, so that is explained.
fn syntax(toml_text: &str, error: &toml::de::Error) -> SpecFileError {
    let span = error.span().unwrap_or(0..toml_text.len());
    let before = toml_text.get(..span.start).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = toml_text[line_start..].trim_start_matches(['[', ' ', '\t']);
    let key = line.split(['.', '=', ']', ' ', '\t', '\n']).next().unwrap_or("");
    let is_twice = ["duplicate key", "cannot extend"].iter().any(|said| error.message().contains(said));
    let (message, label, help) = match find(key) {
        Some(setting) if is_twice && setting.key != key => {
            let help = format!("beside other settings of the {key}, write `{}` instead of `{key}`", setting.key);
            (format!("`{key}` is both a value and a section"), "a section here", help)
        }
        _ if is_twice => (format!("`{key}` is set twice"), "set before", "keep one of the two".to_owned()),
        _ => (error.message().to_owned(), "not TOML", "write one key = value a line, and texts in quotes".to_owned()),
    };
    SpecFileError { span, message, label, help: Some(help) }
}

#[cfg(test)]
mod tests {
    use dunwu_engine::loss::{Loss, Objective};
    use dunwu_engine::model::{Activation, Initialization};
    use dunwu_engine::optim::{
        AdamSpec, GradientDirection, GradientFilter, GradientPrecision, GradientSpec, Method, MuonVariant,
        OptimizerSpec, Schedule,
    };
    use dunwu_engine::spec::{
        Architecture, DataSpec, EventSpec, MlpSpec, ModelSpec, Normalization, OperandTables, RecordSpec, Sampling,
        TopLayer, check,
    };
    use dunwu_engine::task::Task;
    use proptest::prelude::*;

    use super::*;

    /// Values of which some are allowed, drawn from `bits`.
    fn candidates(setting: &Setting, bits: u64) -> Vec<Value> {
        let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        match setting.allowed() {
            Allowed::Flag => vec![Value::Bool(bits & 2 == 0), Value::Bool(bits & 2 != 0)],
            Allowed::Count { min, max } => vec![Value::from(min + bits % (max - min + 1)), min.into(), max.into()],
            Allowed::CountOrNever { max } if bits & 2 == 0 => vec![Value::from(bits % max), "never".into()],
            Allowed::CountOrNever { .. } => vec!["never".into(), 7_u64.into()],
            Allowed::Number { .. } => vec![f64::from_bits(bits).into(), share.into(), 0.25.into()],
            Allowed::Name(names) => {
                let first = bits as usize % names.len();
                vec![names[first].into(), names[(first + 1) % names.len()].into()]
            }
            Allowed::Text(_) if setting.key == "task" => {
                ["cyclic:71", "symmetric:4", "expression:x^2+x*y:97", "table:a \"b\".json"].map(Value::from).to_vec()
            }
            Allowed::Text(_) if setting.key == "model.attention" => {
                ["window:2", "chunked:3/full"].map(Value::from).to_vec()
            }
            Allowed::Text(_) if setting.key == "interventions" => {
                ["at 0 freeze top", "on memorized rewind all; from 1 to 3 corrupt 0.25 of rows"]
                    .map(Value::from)
                    .to_vec()
            }
            Allowed::Text(_) => {
                let odd = char::from_u32(bits as u32 % 0xd800).unwrap_or('x');
                vec![format!("splits/{odd}\"'\\ {bits}.csv").as_str().into(), "split.csv".into()]
            }
        }
    }

    /// A spec in which about half of the settings that apply were changed, and the choices before what they choose.
    fn arbitrary_spec() -> impl Strategy<Value = RunSpec> {
        prop::collection::vec(any::<u64>(), SETTINGS.len()).prop_filter_map("settings that contradict", |bits| {
            let mut spec = RunSpec::default();
            let mut settings: Vec<_> = SETTINGS.iter().zip(bits).collect();
            settings.sort_by_key(|(setting, _)| !setting.selects);
            for (setting, bits) in settings {
                if bits & 1 == 0 && setting.must_apply(&spec).is_ok() {
                    candidates(setting, bits).iter().find(|value| setting.set(&mut spec, value).is_ok());
                }
            }
            check(&spec).is_ok().then_some(spec)
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_exactly_on_any_base(spec in arbitrary_spec(), base in arbitrary_spec()) {
            let text = write(&spec);
            prop_assert_eq!(read(&text, &base)?, spec);
        }

        #[test]
        fn specs_have_one_id_exactly_if_they_differ_in_nothing_but_threads(a in arbitrary_spec(), b in arbitrary_spec()) {
            let same = RunSpec { threads: b.threads, ..a.clone() } == b;
            prop_assert_eq!(id(&a, &[]) == id(&b, &[]), same);
            prop_assert_eq!(id(&a, &[]), id(&RunSpec { threads: b.threads, ..a.clone() }, &[]));
        }

        #[test]
        fn no_argument_and_no_file_makes_the_reader_panic(text in "[a-zσ本.\\[\\]= \"0-9\n{}]{0,60}") {
            let _ = read(&text, &RunSpec::default());
            let _ = read_overrides(&RunSpec::default(), &[text]);
        }
    }

    /// Written out in full, so that a field that is added to the spec and not to the table fails here.
    #[test]
    fn every_field_of_a_spec_is_written() {
        let spec = RunSpec {
            task: Task::parse("symmetric:4").unwrap(),
            data: DataSpec { sampling: Sampling::MultipleOfMLogM(3.1), corrupted: 0.1, skew: 0.7, batch_size: 7 },
            model: ModelSpec {
                architecture: Architecture::Mlp(MlpSpec {
                    depth: 3,
                    residual: true,
                    biases: false,
                    embedding: 5,
                    normalization: Normalization::PreRmsNorm,
                }),
                attention: None,
                tables: OperandTables::Summed,
                width: 3,
                activation: Activation::Gelu,
                initialization: Initialization::Paper,
                hidden_scale: 1.5,
                top_scale: 0.0,
                top_layer: TopLayer::Ridge { eta: 0.1 + 0.2 },
            },
            interventions: dunwu_engine::spec::parse_interventions("at 3 freeze top; on memorized rewind top").unwrap(),
            loss: Objective::Outputs(Loss::Mse),
            optimizer: OptimizerSpec {
                method: Method::Muon {
                    momentum: 0.5,
                    variant: MuonVariant::Paper,
                    adam: AdamSpec { beta1: 0.1, beta2: 0.2, epsilon: 1e-300 },
                },
                learning_rate: 5e-324,
                weight_decay: 1e300,
                schedule: Schedule::Step { every: 9, factor: 1.0 / 3.0 },
                gradient: GradientSpec {
                    precision: GradientPrecision::Half { loss_scale: 3.0, doubling_steps: 7 },
                    filter: GradientFilter::GrokfastEma { decay: 0.3, factor: 0.1 },
                    direction: GradientDirection::Orthogonal,
                    clip_norm: 0.7,
                },
                qk_clip: 0.0,
            },
            steps: 4,
            seed: 5,
            record: RecordSpec {
                evaluate_every: 6,
                snapshots_per_decade: 7,
                snapshot_every: 8,
                snapshot_at_events: false,
            },
            events: EventSpec {
                memorized: 0.91,
                generalized: 0.92,
                sustained: 11,
                collapsed_norm: 0.125,
                stop_after: Some(12),
            },
            numerics: dunwu_engine::kernel::Numerics::Exact,
            threads: 13,
        };
        assert_eq!(read(&write(&spec), &RunSpec::default()).unwrap(), spec);
        let text = write(&spec);
        for field in
            ["hidden_scale = 1.5", "ridge = 0.30000000000000004", "stop_after = 12", "snapshot_at_events = false"]
        {
            assert!(text.contains(field), "{field} is missing in\n{text}");
        }
    }

    #[test]
    fn every_identifying_setting_changes_the_id_and_threads_do_not() {
        for setting in SETTINGS {
            let mut base = RunSpec::default();
            if let Some((selector, owners)) = setting.only {
                find(selector).unwrap().set(&mut base, &owners[0].into()).unwrap();
            }
            let mut changed = base.clone();
            let other = |spec: &mut RunSpec| {
                (0..9).flat_map(|bits| candidates(setting, bits << 60 | 2)).any(|value| {
                    setting.get(&base) != Some(value.clone()) && setting.set(spec, &value).is_ok() && *spec != base
                })
            };
            assert!(other(&mut changed), "no other value for {}", setting.key);
            assert_eq!(id(&base, &[]) != id(&changed, &[]), setting.identifies, "{}", setting.key);
        }
    }

    #[test]
    fn the_id_depends_on_the_contents_of_files_and_not_on_their_order() {
        let spec = RunSpec::default();
        let of = |inputs: &[(&str, &str)]| id(&spec, inputs);
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        let all = [of(&[]), of(&[("a", "")]), of(&[("a", "1")]), of(&[("b", "1")]), of(&[("a", "1\nfile 1 0\nb\n")])];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn presets_round_trip_and_have_ids_of_their_own() {
        let mut ids = std::collections::BTreeSet::new();
        for preset in presets::PRESETS {
            let spec = (preset.spec)();
            assert_eq!(read(&write(&spec), &RunSpec::default()).unwrap(), spec, "{}", preset.name);
            assert_eq!(read(&format!("preset = {:?}", preset.name), &RunSpec::default()).unwrap(), spec);
            assert!(ids.insert(id(&spec, &[])), "{}", preset.name);
        }
    }

    #[test]
    fn a_file_states_its_difference_from_a_preset_and_the_command_line_its_difference_from_the_file() {
        let file = "preset = \"small\"\noptimizer = \"adamw\"\nsteps = 1e3\n[data]\ncount = 1_00\n";
        let spec = read(file, &RunSpec::default()).unwrap();
        let spec = read_overrides(&spec, &["data.fraction=0.5", "task.order=31", "optimizer.beta2=.98"]).unwrap();
        let small = (presets::find("small").unwrap().spec)();
        let expected = RunSpec {
            task: Task::parse("cyclic:31").unwrap(),
            data: DataSpec::of(Sampling::Fraction(0.5)),
            optimizer: OptimizerSpec {
                method: Method::AdamW(AdamSpec { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 }),
                ..small.optimizer
            },
            steps: 1_000,
            ..small
        };
        assert_eq!(spec, expected);
    }

    #[test]
    fn the_issues_example_is_read() {
        let line = "task=cyclic:23 data.fraction=0.4 model.width=256 model.activation=square loss=mse optimizer=adam \
                    optimizer.learning_rate=0.01 optimizer.weight_decay=2e-4 steps=2000 seed=3 threads=1";
        let spec = read_overrides(&RunSpec::default(), &line.split_whitespace().collect::<Vec<_>>()).unwrap();
        let small = (presets::find("small").unwrap().spec)();
        let data = DataSpec { sampling: Sampling::Fraction(0.4), ..small.data };
        assert_eq!(spec, RunSpec { data, steps: 2_000, seed: 3, threads: 1, ..small });
    }

    /// The first underlined line, then what is said about it.
    fn shown(text: &str, error: &SpecFileError) -> String {
        let start = text[..error.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].lines().next().unwrap_or("");
        let carets = error.span.len().clamp(1, (line.len() - (error.span.start - start)).max(1));
        let indent = " ".repeat(error.span.start - start);
        let help = error.help.as_deref().unwrap_or("-");
        format!("{line}\n{indent}{} {}\n{}\nhelp: {help}\n", "^".repeat(carets), error.label, error.message)
    }

    #[test]
    fn mistakes_are_underlined_and_come_with_their_remedy() {
        let files = [
            "[optimizer]\nlr = 1e-3",
            "[optimiser]\nlearning_rate = 1e-3",
            "learning_rate = 1e-3",
            "model.colour = 3",
            "model.depth = 3",
            "steps = \"many\"",
            "steps = 2.5",
            "steps = 0",
            "[data]\nfraction = 1.5",
            "[data]\nfraction = 0.5\ncount = 100",
            "[model]\nactivation = \"rellu\"",
            "optimizer = \"lion\"",
            "[optimizer]\nname = \"adam\"\nmomentum = 0.9",
            "optimizer = \"adam\"\noptimizer.learning_rate = 1e-3",
            "optimizer = \"adam\"\n[optimizer]\nlearning_rate = 1e-3",
            "optimizer.schedule = \"step\"\noptimizer.schedule_every = 10",
            "loss = \"cross_entropy\"\nmodel.top_layer = \"ridge\"",
            "preset = \"tian\"",
            "preset = \"tain-2025\"",
            "preset = 3",
            "model.width = [64, 128]",
            "[steps]\nn = 3",
            "seed = 99999999999999999999",
            "optimizer.learning_rate = nan",
            "task = \"cyclic\"",
            "task = \"product:cyclic:2,cyclic:3\"\ntask.order = 3",
            "steps = ",
            "steps = 3\nsteps = 4",
        ];
        let arguments = [
            "steps",
            "steps=",
            "model.widht=256",
            "optimizer.momentum=.9",
            "record.snapshot_at_events=yes",
            "model.width=2000000",
        ];
        let mut all = String::new();
        for file in files {
            let error = read(file, &RunSpec::default()).expect_err(file);
            let _ = writeln!(all, "{}", shown(file, &error));
        }
        all += "---- on the command line\n\n";
        for argument in arguments {
            let (index, error) = read_overrides(&RunSpec::default(), &["seed=1", argument]).expect_err(argument);
            assert_eq!(index, 1);
            let _ = writeln!(all, "{}", shown(argument, &error));
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn the_default_spec_reads_well() {
        insta::assert_snapshot!(write(&RunSpec::default()));
    }
}

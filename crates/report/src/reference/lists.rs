//! Presets, settings and measures.

use super::data::{MeasureFacts, MeasuresData, PresetFacts, PresetsData, ScalarFacts, SettingFacts, SettingsData};
use dunwu::answer::wording::counted;
use dunwu::answer::{Answer, Block, Fact, Section, object};
use dunwu::measure::{MEASURES, Measure};
use dunwu::scalars::{SCALARS, ScalarQuantity};
use dunwu::verb::VerbError;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::presets::PRESETS;
use dunwu_engine::spec::{SETTINGS, Setting, nearest};
use serde::Serialize;

/// The named starting points, each with its paper and what it promises.
pub fn presets() -> Answer {
    let facts = PRESETS.iter().map(|preset| PresetFacts {
        name: preset.name.to_owned(),
        paper: preset.paper.to_owned(),
        promises: preset.promises.to_owned(),
    });
    let words =
        PRESETS.iter().map(|preset| Fact::new(preset.name, format!("{} {}", sentence(preset.paper), preset.promises)));
    let headline =
        format!("A run begins from one of {}, the first unless another is named.", counted(PRESETS.len(), "preset"));
    let sections = vec![Section::everywhere("Presets", vec![Block::Words(words.collect())])];
    list("presets", "Presets", headline, sections, &PresetsData { presets: facts.collect() })
}

/// Every setting: key, default, what is allowed.
pub fn settings() -> Answer {
    let default = RunSpec::default();
    let written = |setting: &Setting| setting.get(&default).map(|value| value.to_string());
    let facts = SETTINGS.iter().map(|setting| SettingFacts {
        key: setting.key.to_owned(),
        tells: setting.doc.to_owned(),
        allowed: setting.allowed().to_string(),
        default: written(setting),
        identifies: setting.identifies,
    });
    let words = SETTINGS.iter().map(|setting| {
        let default = written(setting).map_or(String::new(), |value| format!(" = {value}"));
        Fact::new(
            format!("{}{default}", setting.key),
            format!("{} Allowed: {}.", sentence(setting.doc), setting.allowed()),
        )
    });
    let headline = format!("A run has {}, here with their defaults.", counted(SETTINGS.len(), "setting"));
    let sections = vec![Section::everywhere("Settings", vec![Block::Words(words.collect())])];
    list("settings", "Settings", headline, sections, &SettingsData { settings: facts.collect() })
}

/// Every measure, or the one of this name: what it says, formula, shape, unit, source.
pub fn measures(name: Option<&str>) -> Result<Answer, VerbError> {
    let wanted: Vec<&Measure> =
        MEASURES.iter().filter(|measure| name.is_none_or(|name| measure.name == name)).collect();
    let scalars: Vec<&ScalarQuantity> =
        SCALARS.iter().filter(|scalar| name.is_none_or(|name| scalar.name == name)).collect();
    if let (Some(unknown), true) = (name, wanted.is_empty() && scalars.is_empty()) {
        let known = MEASURES.iter().map(|measure| measure.name).chain(SCALARS.iter().map(|scalar| scalar.name));
        let hint = nearest(unknown, known);
        let hint = hint.map_or("`dunwu measures` lists them all".to_owned(), |name| format!("did you mean `{name}`?"));
        return Err(VerbError::usage(format!("there is no measure `{unknown}`; {hint}")));
    }
    let facts = wanted.iter().map(|measure| MeasureFacts {
        name: measure.name.to_owned(),
        tells: measure.tells.to_owned(),
        formula: measure.formula.to_owned(),
        shape: measure.shape,
        unit: measure.unit.to_owned(),
        source: measure.source.to_owned(),
        undefined: measure.undefined.to_owned(),
    });
    let section = |measure: &&Measure| {
        let words = vec![Fact::new("Undefined", measure.undefined), Fact::new("Source", measure.source)];
        let formula = measure.formula.lines().map(str::to_owned).collect();
        let blocks =
            vec![Block::Paragraphs(vec![measure.tells.to_owned()]), Block::Verbatim(formula), Block::Words(words)];
        Section::everywhere(&format!("{}  ({:?}, {})", measure.name, measure.shape, measure.unit), blocks)
    };
    let headline = match wanted[..] {
        [only] if name.is_some() => sentence(only.tells),
        [] => scalars.iter().map(|scalar| sentence(scalar.tells)).collect(),
        _ => format!("{} are computed at each snapshot of a run.", counted(wanted.len(), "measure")),
    };
    let mut sections: Vec<Section> = wanted.iter().map(section).collect();
    let of_scalar = |scalar: &&ScalarQuantity| {
        let meaning = format!("{}; unit: {}; undefined: {}", sentence(scalar.tells), scalar.unit, scalar.undefined);
        Fact::new(scalar.name, meaning)
    };
    if !scalars.is_empty() {
        let words = Block::Words(scalars.iter().map(of_scalar).collect());
        sections.push(Section::everywhere("At every evaluation, and in the tables of sweeps", vec![words]));
    }
    let scalars = scalars.iter().map(|scalar| ScalarFacts {
        name: scalar.name.to_owned(),
        tells: scalar.tells.to_owned(),
        unit: scalar.unit.to_owned(),
        undefined: scalar.undefined.to_owned(),
    });
    let data = MeasuresData { measures: facts.collect(), scalars: scalars.collect() };
    Ok(list("measures", "Measures", headline, sections, &data))
}

fn list(verb: &'static str, title: &str, headline: String, sections: Vec<Section>, data: &impl Serialize) -> Answer {
    Answer {
        verb,
        title: title.to_owned(),
        setup: String::new(),
        headline,
        sentences: Vec::new(),
        sections,
        sources: Vec::new(),
        data: object(data),
    }
}

/// With a full stop at its end.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

//! A world's law, compiled: every quantity has a place, and what is drawn comes after what it depends on.

use super::error::{Source, WorldError};
use super::file::{self, DefaultEntry, DrawnFor, Formula, KnobEntry, NoiseEntry, ObservableEntry, WorldFile};
use super::noise::{NoiseFamily, SPELLINGS};
use dunwu_science::expression::{Program, parse};
use dunwu_science::lab::{Domain, Knob, LabCard, Observable, ObservableKind, Setting};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;

/// A world, ready to be asked.
pub(super) struct Law {
    pub(super) card: LabCard,
    /// Names of all quantities: numbers of the card's knobs first, then what is drawn.
    pub(super) quantities: Vec<String>,
    /// Values of the constants.
    pub(super) constants: Vec<f64>,
    pub(super) steps: Program,
    pub(super) lost: Program,
    /// In an order in which each depends on those before it alone.
    pub(super) drawn: Vec<Drawn>,
}

/// A quantity that is drawn.
pub(super) struct Drawn {
    pub(super) name: String,
    /// Its place among the quantities.
    pub(super) place: usize,
    pub(super) is_hidden: bool,
    pub(super) anew_for: DrawnFor,
    pub(super) how: How,
    /// The knob and level that hold it, and where.
    pub(super) held: Option<(String, String, Program)>,
}

/// How it is drawn.
pub(super) enum How {
    /// With these log odds.
    Event(Program),
    Number {
        value: Program,
        logarithmic: bool,
        noise: Option<(NoiseFamily, Program)>,
        horizon: Option<Program>,
        /// The place of the event without which it does not come.
        needs: Option<usize>,
    },
}

/// What expressions may name.
struct Names {
    quantities: Vec<String>,
    constants: Vec<String>,
}

/// A quantity before the order is known: its entry and the names that it depends on.
struct Pending {
    drawn: Drawn,
    depends_on: BTreeSet<String>,
    span: Range<usize>,
}

/// Compiles a file.
pub(super) fn compile(source: Source<'_>, file: &WorldFile, version: &str) -> Result<Law, WorldError> {
    let knobs = knobs(source, file)?;
    let card = LabCard {
        name: format!("world {} {version}", file.name.get_ref()),
        knobs,
        observables: observables(source, file)?,
    };
    let names = names(source, file, &card)?;
    let mut pending = Vec::new();
    for (name, entry) in file::as_written(&file.hidden) {
        pending.push(hidden(source, &names, name, entry)?);
    }
    for (name, entry) in file::as_written(&file.observables) {
        pending.push(observable(source, &names, &card, name, entry)?);
    }
    let n_set = names.quantities.len() - pending.len();
    let of_knobs = |formula: Option<&Spanned<Formula>>, usual: f64| match formula {
        None => Ok(compiled(&usual.to_string(), &names).unwrap_or_else(|_| unreachable!("a number is an expression"))),
        Some(formula) => {
            let mut depends_on = BTreeSet::new();
            let program = program(source, &names, formula, &mut depends_on)?;
            let drawn = depends_on.iter().find(|name| names.quantities[n_set..].contains(name));
            match drawn {
                Some(name) => {
                    let what = format!("{name} is drawn in the run, and this has to be known before it");
                    Err(source.error(&formula.span(), what, "name knobs and constants alone"))
                }
                None => Ok(program),
            }
        }
    };
    let steps = of_knobs(file.steps.as_ref(), 1.0)?;
    let lost = of_knobs(file.lost.as_ref(), 0.0)?;
    let constants = file.constants.values().map(|value| *value.get_ref()).collect();
    let drawn = in_order(source, pending)?;
    Ok(Law { card, quantities: names.quantities, constants, steps, lost, drawn })
}

fn knobs(source: Source<'_>, file: &WorldFile) -> Result<Vec<Knob>, WorldError> {
    let knob = |(name, entry): (&String, &Spanned<KnobEntry>)| {
        file::check_name(source, name, &entry.span())?;
        let KnobEntry { tells, unit, least, most, whole, logarithmic, attributes, levels, default } = entry.get_ref();
        let domain = match (levels, least, most) {
            (Some(levels), None, None) => {
                let attributes = file::as_written(attributes).into_iter().map(|(name, unit)| {
                    file::check_name(source, name, &unit.span())?;
                    Ok((name.clone(), file::unit(source, Some(unit))?))
                });
                let attributes = attributes.collect::<Result<Vec<_>, WorldError>>()?;
                let levels = file::as_written(levels).into_iter().map(|(level, numbers)| {
                    if numbers.get_ref().len() == attributes.len() {
                        return Ok((level.clone(), numbers.get_ref().clone()));
                    }
                    let what = format!(
                        "{level:?} has {} numbers for {} attributes",
                        numbers.get_ref().len(),
                        attributes.len()
                    );
                    Err(source.error(&numbers.span(), what, "give one number an attribute, in their order"))
                });
                let levels = levels.collect::<Result<Vec<_>, WorldError>>()?;
                Domain::Levels { attributes, levels }
            }
            (None, Some(least), Some(most)) => {
                if !(least <= most && least.is_finite() && most.is_finite()) || (*logarithmic && *least <= 0.0) {
                    let what = format!("{name} from {least} to {most} is no range");
                    return Err(source.error(
                        &entry.span(),
                        what,
                        "least is at most `most`, and above 0 where it is logarithmic",
                    ));
                }
                let unit = file::unit(source, unit.as_ref())?;
                Domain::Numbers { unit, least: *least, most: *most, whole: *whole, logarithmic: *logarithmic }
            }
            _ => {
                let what = format!("{name} is neither a number nor a choice");
                return Err(source.error(&entry.span(), what, "give it least and most, or levels alone"));
            }
        };
        let value = match default.get_ref() {
            DefaultEntry::Number(value) => Setting::Number(*value),
            DefaultEntry::Level(level) => Setting::Level(level.clone()),
        };
        let knob = Knob { name: name.clone(), tells: tells.clone(), domain, default: value };
        match knob.fault(&knob.default) {
            Some(fault) => Err(source.error(&default.span(), fault, "change the default or the domain")),
            None => Ok(knob),
        }
    };
    file::as_written(&file.knobs).into_iter().map(knob).collect()
}

fn observables(source: Source<'_>, file: &WorldFile) -> Result<Vec<Observable>, WorldError> {
    let observable = |(name, entry): (&String, &Spanned<ObservableEntry>)| {
        let ObservableEntry { tells, event, value, unit, resolution, logarithmic, held_by, .. } = entry.get_ref();
        let kind = match (event, value, resolution) {
            (Some(_), None, None) => ObservableKind::Event,
            (None, Some(_), Some(resolution)) if *resolution.get_ref() > 0.0 && resolution.get_ref().is_finite() => {
                let unit = file::unit(source, unit.as_ref())?;
                ObservableKind::Number { unit, resolution: *resolution.get_ref(), logarithmic: *logarithmic }
            }
            (None, Some(_), _) => {
                let what = format!("{name} has no resolution above 0");
                let remedy = "say from what difference on the instrument tells two values apart: resolution = 0.01";
                return Err(source.error(&entry.span(), what, remedy));
            }
            _ => {
                let what = format!("{name} is neither a number nor an event");
                return Err(source.error(
                    &entry.span(),
                    what,
                    "give it value and resolution, or event (log odds) alone",
                ));
            }
        };
        let held_by = held_by.as_ref().map(|held| (held.get_ref().knob.clone(), held.get_ref().level.clone()));
        Ok(Observable { name: name.clone(), tells: tells.clone(), kind, held_by })
    };
    file::as_written(&file.observables).into_iter().map(observable).collect()
}

/// Every name once; knobs with their attributes come before what is drawn.
fn names(source: Source<'_>, file: &WorldFile, card: &LabCard) -> Result<Names, WorldError> {
    let mut quantities: Vec<(String, Range<usize>)> = Vec::new();
    for knob in &card.knobs {
        let span = file.knobs[&knob.name].span();
        match &knob.domain {
            Domain::Numbers { .. } => quantities.push((knob.name.clone(), span)),
            Domain::Levels { attributes, .. } => {
                quantities.extend(attributes.iter().map(|(name, _)| (name.clone(), span.clone())));
            }
        }
    }
    quantities.extend(file::as_written(&file.hidden).into_iter().map(|(name, entry)| (name.clone(), entry.span())));
    quantities
        .extend(file::as_written(&file.observables).into_iter().map(|(name, entry)| (name.clone(), entry.span())));
    let mut seen = BTreeSet::new();
    let constants = file.constants.iter().map(|(name, value)| (name.clone(), value.span()));
    for (name, span) in quantities.iter().cloned().chain(constants) {
        file::check_name(source, &name, &span)?;
        if !seen.insert(name.clone()) {
            return Err(source.error(
                &span,
                format!("{name} is named twice"),
                "give each quantity and constant its own name",
            ));
        }
    }
    Ok(Names {
        quantities: quantities.into_iter().map(|(name, _)| name).collect(),
        constants: file.constants.keys().cloned().collect(),
    })
}

fn compiled(text: &str, names: &Names) -> Result<Program, String> {
    let expression = parse(text).map_err(|error| error.to_string())?;
    Ok(Program::new(&expression, &names.quantities, &names.constants))
}

/// Compiles a formula and notes the quantities in it.
fn program(
    source: Source<'_>,
    names: &Names,
    formula: &Spanned<Formula>,
    depends_on: &mut BTreeSet<String>,
) -> Result<Program, WorldError> {
    let text = match formula.get_ref() {
        Formula::Number(value) => value.to_string(),
        Formula::Text(text) => text.clone(),
    };
    let refused = |what: String, remedy: String| source.error(&formula.span(), what, remedy);
    let expression = parse(&text).map_err(|error| {
        refused(
            format!("{:?} is no expression: {} at character {}", error.text, error.what, error.place),
            error.remedy.to_owned(),
        )
    })?;
    for name in expression.names() {
        if names.quantities.iter().any(|quantity| quantity == name) {
            depends_on.insert(name.to_owned());
        } else if !names.constants.iter().any(|constant| constant == name) {
            let known = names.quantities.iter().chain(&names.constants);
            let nearest = known.max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
            let remedy = nearest.map_or_else(
                || "name knobs, attributes, hidden quantities, observables and constants".to_owned(),
                |nearest| format!("perhaps {nearest}, or a constant under [constants]"),
            );
            return Err(refused(format!("{name} in {text:?} is no quantity of this world"), remedy));
        }
    }
    Ok(Program::new(&expression, &names.quantities, &names.constants))
}

fn place(names: &Names, name: &str) -> usize {
    names.quantities.iter().position(|quantity| quantity == name).unwrap_or(usize::MAX)
}

fn noise(
    source: Source<'_>,
    names: &Names,
    entry: Option<&NoiseEntry>,
    depends_on: &mut BTreeSet<String>,
) -> Result<Option<(NoiseFamily, Program)>, WorldError> {
    let Some(NoiseEntry { family, size }) = entry else { return Ok(None) };
    let known = NoiseFamily::parse(family.get_ref()).ok_or_else(|| {
        let what = format!("{:?} is no family of noise", family.get_ref());
        source.error(&family.span(), what, format!("families are {SPELLINGS}"))
    })?;
    Ok(Some((known, program(source, names, size, depends_on)?)))
}

fn hidden(
    source: Source<'_>,
    names: &Names,
    name: &str,
    entry: &Spanned<file::HiddenEntry>,
) -> Result<Pending, WorldError> {
    let mut depends_on = BTreeSet::new();
    let value = program(source, names, &entry.get_ref().value, &mut depends_on)?;
    let noise = noise(source, names, entry.get_ref().noise.as_ref(), &mut depends_on)?;
    let how = How::Number { value, logarithmic: false, noise, horizon: None, needs: None };
    let drawn = Drawn {
        name: name.to_owned(),
        place: place(names, name),
        is_hidden: true,
        anew_for: entry.get_ref().drawn_for,
        how,
        held: None,
    };
    Ok(Pending { drawn, depends_on, span: entry.span() })
}

fn observable(
    source: Source<'_>,
    names: &Names,
    card: &LabCard,
    name: &str,
    entry: &Spanned<ObservableEntry>,
) -> Result<Pending, WorldError> {
    let ObservableEntry { event, value, logarithmic, noise: noise_entry, horizon, needs, held_by, .. } =
        entry.get_ref();
    let mut depends_on = BTreeSet::new();
    let how = match (event, value) {
        (Some(log_odds), _) => How::Event(program(source, names, log_odds, &mut depends_on)?),
        (None, Some(value)) => {
            let value = program(source, names, value, &mut depends_on)?;
            let noise = noise(source, names, noise_entry.as_ref(), &mut depends_on)?;
            let horizon =
                horizon.as_ref().map(|horizon| program(source, names, horizon, &mut depends_on)).transpose()?;
            let needs = needs.as_ref().map(|event| {
                let is_event = |observable: &Observable| observable.kind == ObservableKind::Event;
                match card.observable(event.get_ref()) {
                    Some(observable) if is_event(observable) => {
                        depends_on.insert(event.get_ref().clone());
                        Ok(place(names, event.get_ref()))
                    }
                    _ => {
                        let what = format!("{:?}, which {name} needs, is no event of this world", event.get_ref());
                        Err(source.error(&event.span(), what, "name an observable that has `event`"))
                    }
                }
            });
            How::Number { value, logarithmic: *logarithmic, noise, horizon, needs: needs.transpose()? }
        }
        (None, None) => unreachable!("the card was made of the same entries"),
    };
    let held = held_by.as_ref().map(|held| {
        let file::HeldByEntry { knob, level, at } = held.get_ref();
        let has_level = card.knob(knob).is_some_and(|knob| {
            matches!(&knob.domain, Domain::Levels { levels, .. } if levels.iter().any(|(name, _)| name == level))
        });
        if !has_level {
            let what = format!("no knob {knob} has a level {level:?} to hold {name}");
            return Err(source.error(&held.span(), what, "name a knob with levels, and one of them"));
        }
        Ok((knob.clone(), level.clone(), program(source, names, at, &mut depends_on)?))
    });
    let held = held.transpose()?;
    let drawn = Drawn {
        name: name.to_owned(),
        place: place(names, name),
        is_hidden: false,
        anew_for: DrawnFor::Run,
        how,
        held,
    };
    Ok(Pending { drawn, depends_on, span: entry.span() })
}

/// Sorts so that each comes after what it depends on, else as written.
fn in_order(source: Source<'_>, mut pending: Vec<Pending>) -> Result<Vec<Drawn>, WorldError> {
    let mut waits_for: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let drawn: BTreeSet<String> = pending.iter().map(|one| one.drawn.name.clone()).collect();
    for one in &pending {
        waits_for.insert(one.drawn.name.clone(), one.depends_on.intersection(&drawn).cloned().collect());
    }
    let mut ordered = Vec::new();
    while !pending.is_empty() {
        let Some(next) = pending.iter().position(|one| waits_for[&one.drawn.name].is_empty()) else {
            let one = &pending[0];
            let on: Vec<&str> = waits_for[&one.drawn.name].iter().map(String::as_str).collect();
            let what = format!("{} depends on itself, by way of {}", one.drawn.name, on.join(", "));
            return Err(source.error(&one.span, what, "leave one of the names out of one of the expressions"));
        };
        let one = pending.remove(next);
        for names in waits_for.values_mut() {
            names.remove(&one.drawn.name);
        }
        ordered.push(one.drawn);
    }
    Ok(ordered)
}

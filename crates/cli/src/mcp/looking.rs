//! Tools that only look.

use super::answers::{Disagreement, ExpectationData, LabDescription, Level, LineData, Scores, Screen, Tail};
use super::arguments::{DerivationArguments, DescribeArguments, ScoreArguments, TailArguments};
use super::refusing;
use super::toolbox::CampaignToolbox;
use dunwu_derive::{Derivation, Options, Report, check};
use dunwu_mcp::{ToolError, page, read_cursor, write_cursor};
use dunwu_report::science::{ScienceData, answer};
use dunwu_report::skin;
use dunwu_science::claim::FORMS;
use dunwu_science::lab::{Domain, LabCard};
use dunwu_science::ledger::Link;
use dunwu_science::viva::Glossary;
use serde_json::json;

/// Claims on a page.
const CLAIMS: usize = 10;
/// Lines of the ledger at once.
const LINES: usize = 20;
/// Bytes of an event that is given whole.
const EVENT_BYTES: usize = 4_000;

impl CampaignToolbox {
    pub(super) fn describe(&self, asked: DescribeArguments) -> Result<LabDescription, ToolError> {
        let view = self.view()?;
        let (card, question) = (&view.state.card, &view.state.question);
        // The same conditions may stand in the question and in what was said later.
        let mut held: Vec<String> = Vec::new();
        for condition in view.state.scope_of_question().0.iter().chain(&view.state.scope.0).map(ToString::to_string) {
            if !held.contains(&condition) {
                held.push(condition);
            }
        }
        Ok(LabDescription {
            question: question.text.clone(),
            target: question.target.clone(),
            varied: question.knobs.clone(),
            held: held.join(" and "),
            glossary: Glossary::of(card),
            defaults: card.knobs.iter().map(|knob| (knob.name.clone(), knob.default.clone())).collect(),
            levels: asked.knob.map_or(Ok(Vec::new()), |knob| levels(card, &knob))?,
            claim_forms: FORMS.to_owned(),
            steps_of_a_run: self.run_steps,
            budget: self.limits.left(view.state.spent),
            is_running: view.is_running,
        })
    }

    pub(super) fn disagreement(&self) -> Result<Disagreement, ToolError> {
        let desk = self.desk("where rivals disagree")?;
        let campaign = &desk.campaign;
        let Some(point) = campaign.disagreement(desk.lab.as_ref()).map(|ask| ask.point) else {
            return Ok(Disagreement { point: None, expectations: Vec::new() });
        };
        let says = |who: &str| match who {
            "R1" => "a power law of everything that was varied".to_owned(),
            "R2" => "what near runs came to".to_owned(),
            id => campaign.state().claim(id).map(|claim| claim.claim.sentence()).unwrap_or_default(),
        };
        let forecasts = campaign.forecasts(&point).into_iter();
        let expectations = forecasts
            .map(|forecast| ExpectationData {
                sentence: says(&forecast.who),
                who: forecast.who,
                expects: forecast.expects,
            })
            .collect();
        Ok(Disagreement { point: Some(point), expectations })
    }

    pub(super) fn score(&self, asked: &ScoreArguments) -> Result<Scores, ToolError> {
        let view = self.view()?;
        let data = ScienceData::of_parts(&self.name(), "brief", &view.state, &view.links, &view.judged, None);
        let is_running = view.is_running;
        if let Some(id) = &asked.claim {
            let claim = data.claims.into_iter().find(|claim| claim.id == *id);
            let claim = claim.ok_or_else(|| refusing::no_claim(&view.state, id))?;
            return Ok(Scores { items: vec![claim], next_cursor: None, is_running });
        }
        let page = page("score", &data.claims, asked.cursor.as_deref(), CLAIMS)?;
        Ok(Scores { items: page.items, next_cursor: page.next_cursor, is_running })
    }

    pub(super) fn brief(&self) -> Result<Screen, ToolError> {
        let view = self.view()?;
        let data = ScienceData::of_parts(&self.name(), "brief", &view.state, &view.links, &view.judged, None);
        let text = skin::terminal(&answer(&data));
        Ok(Screen { text, head: data.head, is_running: view.is_running })
    }

    pub(super) fn tail(&self, asked: &TailArguments) -> Result<Tail, ToolError> {
        let view = self.view()?;
        let n_lines = view.links.len();
        let first = match (&asked.cursor, asked.last) {
            (Some(cursor), _) => read_cursor("ledger", Some(cursor))? as usize,
            (None, Some(last)) => n_lines.saturating_sub(last as usize),
            (None, None) => 0,
        };
        let items: Vec<LineData> = view.links.iter().skip(first).take(LINES).map(line).collect();
        let next = first + items.len();
        Ok(Tail { cursor: write_cursor("ledger", next as u64), left: n_lines.saturating_sub(next), items })
    }

    fn name(&self) -> String {
        self.folder.display().to_string()
    }
}

fn levels(card: &LabCard, name: &str) -> Result<Vec<Level>, ToolError> {
    let choices = || {
        let is_choice = |domain: &Domain| matches!(domain, Domain::Levels { .. });
        let names = card.knobs.iter().filter(|knob| is_choice(&knob.domain)).map(|knob| knob.name.as_str());
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            "no knob of this laboratory is a choice; leave it out".to_owned()
        } else {
            format!("knobs that are choices are {}", names.join(", "))
        }
    };
    let Some(knob) = card.knob(name) else {
        return Err(ToolError::argument("knob", format!("{name:?} is no knob"), choices()));
    };
    let Domain::Levels { attributes, levels } = &knob.domain else {
        return Err(ToolError::argument("knob", format!("{name} is a number and has no levels"), choices()));
    };
    let level = |(name, values): &(String, Vec<f64>)| Level {
        name: name.clone(),
        numbers: attributes.iter().map(|(of, _)| of.clone()).zip(values.iter().copied()).collect(),
    };
    Ok(levels.iter().map(level).collect())
}

fn line(link: &Link) -> LineData {
    let event = json!(link.event);
    let is = event["is"].as_str().unwrap_or_default().to_owned();
    let event = Some(event).filter(|event| event.to_string().len() <= EVENT_BYTES);
    LineData { line: link.line, hash: link.hash.clone(), is, event }
}

/// The same answer as `dunwu derive` gives with its default seed and draws.
pub(super) fn derive(asked: &DerivationArguments) -> Result<Report, ToolError> {
    let derivation = Derivation::parse(&asked.text)
        .map_err(|error| refusing::about("text", error, "crates/derive/LANGUAGE.md has the language of derivations"))?;
    Ok(check(&derivation, &Options { seed: 0, draws: 24, states: &[] }))
}

//! What a page has going: one training at most. A request in, bytes out.

use crate::reading;
use crate::underway::Underway;
use dunwu::run::{RunRequest, fingerprint};
use dunwu::verb::{Mistake, VerbError};
use dunwu_report::skin::AskedOnPage;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A request of the page, as JSON with the key `do`.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    /// A reading verb and its words.
    Answer { words: Vec<String> },
    /// A training of the spec that the words give.
    Begin { words: Vec<String> },
    /// The next `steps` updates of the training that has begun.
    Advance { steps: u64 },
    /// Hidden units of that training at a snapshot, the last one where no step is given, and the network without them.
    Unit { unit: Vec<usize>, step: Option<u64> },
    /// The bits of a run.
    Fingerprint { words: Vec<String> },
}

/// The training of a page, if one has begun.
#[derive(Default)]
pub struct Session {
    underway: Option<Box<Underway>>,
}

impl Session {
    /// Nothing has begun.
    pub const NEW: Self = Self { underway: None };

    /// Does what a request says: JSON, or the columns of a run after `advance`. What cannot be done is refused in a sentence.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, String> {
        let request: Request = serde_json::from_slice(request).map_err(|error| format!("not a request: {error}"))?;
        match request {
            Request::Answer { words } => Ok(bytes(&reading::answer(&words).map_err(sentence)?)),
            Request::Begin { words } => {
                let underway = Underway::begin(&words).map_err(sentence)?;
                let begun = bytes(&underway.begun());
                self.underway = Some(Box::new(underway));
                Ok(begun)
            }
            Request::Advance { steps } => self.underway()?.advance(steps).map_err(sentence),
            Request::Unit { unit, step } => {
                let answer = self.underway()?.units(&unit, step).map_err(sentence)?;
                Ok(bytes(&AskedOnPage { answers: vec![answer], text: String::new(), code: 0 }))
            }
            Request::Fingerprint { words } => {
                let request = RunRequest::from_words(&words).map_err(sentence)?;
                let hash = fingerprint(&request).map_err(|error| error.to_string())?;
                Ok(bytes(&json!({ "fingerprint": hash })))
            }
        }
    }

    fn underway(&mut self) -> Result<&mut Underway, String> {
        self.underway.as_deref_mut().ok_or_else(|| "no training has begun; ask to `begin` one first".to_owned())
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("what is answered has a JSON form")
}

/// Why it cannot be, and what to do instead.
#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn sentence(error: VerbError) -> String {
    match &error {
        VerbError::Usage(Mistake { place: Some(place), .. }) => place.error.to_string(),
        _ => error.sentence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn asked(session: &mut Session, request: &Value) -> Result<Value, String> {
        let bytes = session.ask(request.to_string().as_bytes())?;
        Ok(serde_json::from_slice(&bytes).expect("JSON"))
    }

    /// The oracle is the loop that the command line trains with: what is driven in pieces of any size comes to the same story.
    #[test]
    fn a_training_in_pieces_comes_to_what_it_comes_to_in_one() {
        let words = ["small", "task=cyclic:7", "model.width=32", "steps=90", "numerics=exact"];
        let mut headers = [vec![90 + 1], vec![1, 7, 30, 2, 60]].map(|pieces| {
            let mut session = Session::default();
            let begun = asked(&mut session, &json!({ "do": "begin", "words": words })).unwrap();
            assert_eq!((&begun["steps"], &begun["n_units"]), (&json!(90), &json!(32)));
            let mut last = Vec::new();
            for steps in pieces {
                last = session.ask(json!({ "do": "advance", "steps": steps }).to_string().as_bytes()).unwrap();
            }
            let length = u32::from_le_bytes(last[..4].try_into().unwrap()) as usize;
            serde_json::from_slice::<Value>(&last[4..4 + length]).unwrap()
        });
        for header in &mut headers {
            header["tables"] = Value::Null; // the rows since the last time
        }
        assert_eq!(headers[0], headers[1]);
        assert_ne!(headers[0]["state"], "running");
    }

    #[test]
    fn a_unit_is_looked_at_between_two_steps_and_changes_nothing() {
        let mut session = Session::default();
        let words = ["small", "task=cyclic:7", "model.width=16", "steps=40"];
        asked(&mut session, &json!({ "do": "begin", "words": words })).unwrap();
        let refusal = asked(&mut session, &json!({ "do": "unit", "unit": [3] })).unwrap_err();
        assert!(refusal.contains("no snapshot"), "{refusal}");
        session.ask(br#"{"do":"advance","steps":12}"#).unwrap();
        let answer = asked(&mut session, &json!({ "do": "unit", "unit": [3, 5], "step": 0 })).unwrap();
        let data = &answer["answers"][0]["data"];
        assert_eq!((&data["step"], data["units"].as_array().map(Vec::len)), (&json!(0), Some(2)));
        for (request, says) in [
            (json!({ "do": "unit", "unit": [16] }), "from 0 to 15"),
            (json!({ "do": "unit", "unit": [3], "step": 1_000 }), "nearest"),
        ] {
            let refusal = asked(&mut session, &request).unwrap_err();
            assert!(refusal.contains(says), "{refusal}");
        }
        let last = session.ask(br#"{"do":"advance","steps":100}"#).unwrap();
        let length = u32::from_le_bytes(last[..4].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&last[4..4 + length]).unwrap();
        let scalars = &header["tables"][0];
        assert_eq!((&scalars["name"], &scalars["n_rows"]), (&json!("scalars"), &json!(41 - 12)));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_remedy() {
        for (request, says) in [
            (json!({ "do": "dance" }), "dance"),
            (json!({ "do": "advance", "steps": 3 }), "begin"),
            (json!({ "do": "unit", "unit": [3] }), "begin"),
            (json!({ "do": "answer", "words": [] }), "peaks"),
            (json!({ "do": "answer", "words": ["show", "a"] }), "server"),
            (json!({ "do": "answer", "words": ["presets", "a"] }), "leave out"),
            (json!({ "do": "answer", "words": ["peaks", "cyclic:x"] }), "cyclic:x"),
            (json!({ "do": "begin", "words": ["small", "model.wdith=3"] }), "model.width"),
        ] {
            let refusal = asked(&mut Session::default(), &request).unwrap_err();
            assert!(refusal.contains(says), "{request}: {refusal}");
        }
    }

    #[test]
    fn verbs_without_files_are_answered() {
        for words in
            [vec!["presets"], vec!["settings"], vec!["measures"], vec!["task", "cyclic:5"], vec!["forecast", "small"]]
        {
            let answer = asked(&mut Session::default(), &json!({ "do": "answer", "words": words })).unwrap();
            assert_eq!(answer["answers"][0]["verb"], words[0]);
            assert!(answer["answers"][0]["html"].as_str().is_some_and(|html| !html.is_empty()));
        }
    }
}

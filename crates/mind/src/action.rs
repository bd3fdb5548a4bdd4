//! The one action that an answer holds.

use dunwu_science::lab::Setting;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a mind can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Propose a claim.
    Propose {
        /// Its sentence.
        claim: String,
    },
    /// Say what comes out where a claim is tried next.
    Predict {
        /// The claim's id.
        claim: String,
        /// Where.
        at: BTreeMap<String, Setting>,
        /// What comes out, in its unit; 0 or 1 for events.
        value: f64,
        /// How far it may be off: a share where errors are ratios.
        error: f64,
    },
    /// Say what is wrong with a claim, and where that can be seen.
    Object {
        /// The claim's id.
        claim: String,
        /// What is wrong.
        text: String,
        /// Where.
        #[serde(default)]
        at: Option<BTreeMap<String, Setting>>,
    },
    /// A step of a derivation, which is tried on random tensors.
    DeriveStep {
        /// The left side.
        from: String,
        /// `=`, `<=`, …
        relation: String,
        /// The right side.
        to: String,
        /// Shapes of the tensors in it: `{"A": "n m"}`.
        declare: BTreeMap<String, String>,
    },
    /// Explain a claim; the text is examined on runs of the future.
    Explain {
        /// The claim's id.
        claim: String,
        /// The explanation.
        text: String,
    },
}

/// The JSON Schema of an answer, below 1 kB.
pub const SCHEMA: &str = concat!(
    r#"{"anyOf":["#,
    r#"{"type":"object","properties":{"action":{"const":"propose"},"claim":{"type":"string","maxLength":400}},"required":["action","claim"]},"#,
    r#"{"type":"object","properties":{"action":{"const":"predict"},"claim":{"type":"string"},"at":{"type":"object"},"value":{"type":"number"},"error":{"type":"number"}},"required":["action","claim","at","value","error"]},"#,
    r#"{"type":"object","properties":{"action":{"const":"object"},"claim":{"type":"string"},"text":{"type":"string","maxLength":400},"at":{"type":"object"}},"required":["action","claim","text"]},"#,
    r#"{"type":"object","properties":{"action":{"const":"derive_step"},"from":{"type":"string"},"relation":{"type":"string"},"to":{"type":"string"},"declare":{"type":"object"}},"required":["action","from","relation","to","declare"]},"#,
    r#"{"type":"object","properties":{"action":{"const":"explain"},"claim":{"type":"string"},"text":{"type":"string","maxLength":400}},"required":["action","claim","text"]}]}"#
);

/// Longer answers are not read.
const LONGEST: usize = 16 * 1024;
/// Longer stretches of blanks are a loop of the sampler and no answer.
const MOST_BLANKS: usize = 200;
/// Places at which an object is looked for.
const MOST_TRIES: usize = 64;

/// The one action in an answer, which may stand in a fence or behind what a model thought aloud.
///
/// # Errors
///
/// What is wrong, in a sentence that can be sent back.
pub fn action_of(answer: &str) -> Result<Action, String> {
    if answer.trim().is_empty() {
        return Err("the answer is empty; answer with one JSON object".to_owned());
    }
    if answer.len() > LONGEST {
        return Err(format!("the answer has {} bytes; at most {LONGEST} are read", answer.len()));
    }
    let blanks = answer.split(|c: char| !c.is_whitespace()).map(str::len).max().unwrap_or(0);
    if blanks > MOST_BLANKS {
        return Err(format!("the answer has {blanks} blanks in a row; write compact JSON"));
    }
    let answer = answer.rsplit_once("</think>").map_or(answer, |(_, after)| after);
    let objects = objects(answer);
    let actions: Vec<&Value> = objects.iter().filter(|object| object.get("action").is_some()).collect();
    match (actions.as_slice(), objects.is_empty()) {
        ([action], _) => {
            Action::deserialize(*action).map_err(|error| format!("the action is not as the schema has it: {error}"))
        }
        ([], true) if answer.contains('{') => Err("no JSON object in the answer is complete".to_owned()),
        ([], true) => Err("there is no JSON object in the answer".to_owned()),
        ([], false) => Err("the JSON object has no \"action\"".to_owned()),
        (actions, _) => Err(format!("the answer has {} actions; one is wanted", actions.len())),
    }
}

/// Objects of JSON in a text that are not within another.
fn objects(text: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    let mut at = 0;
    for _ in 0..MOST_TRIES {
        let Some(begin) = text[at..].find('{').map(|begin| at + begin) else { break };
        let mut read = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<Value>();
        match read.next() {
            Some(Ok(value)) => {
                at = begin + read.byte_offset();
                objects.push(value);
            }
            _ => at = begin + 1,
        }
    }
    objects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_wherever_it_stands() {
        let wanted = Action::Propose { claim: "t_gen = c * M, for some c".to_owned() };
        let plain = r#"{"action":"propose","claim":"t_gen = c * M, for some c"}"#;
        for answer in [
            plain.to_owned(),
            format!("  \n{plain}\n"),
            format!("Here it is:\n```json\n{plain}\n```\nI hope that helps."),
            format!("<think>maybe {{\"action\":\"object\"}} or {{ not</think>{plain}"),
            format!("The set {{1, 2}} is {{\"not\": \"it\"}}. {plain}"),
        ] {
            assert_eq!(action_of(&answer).unwrap(), wanted, "{answer}");
        }
    }

    #[test]
    fn what_is_no_action_is_refused_with_what_to_do() {
        let plain = r#"{"action":"propose","claim":"x"}"#;
        for (answer, says) in [
            (String::new(), "empty"),
            (" \n ".to_owned(), "empty"),
            ("I cannot do that.".to_owned(), "no JSON object"),
            (plain[..20].to_owned(), "no JSON object in the answer is complete"),
            ("{}".to_owned(), "no \"action\""),
            (format!("{plain} {plain}"), "2 actions"),
            (r#"{"action":"win"}"#.to_owned(), "not as the schema has it"),
            (r#"{"action":"propose"}"#.to_owned(), "missing field `claim`"),
            (r#"{"action":"propose","claim":3}"#.to_owned(), "not as the schema has it"),
            (r#"{"action":"propose","claim":"x","verdict":"established"}"#.to_owned(), "unknown field `verdict`"),
            (r#"{"action":"predict","claim":"x","at":{},"value":1e999,"error":1}"#.to_owned(), "no \"action\""),
            (format!("{{\"action\":{}", " ".repeat(300)), "300 blanks in a row"),
            ("x".repeat(LONGEST + 1), "at most 16384"),
            ("{".repeat(10_000), "is complete"),
            (format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500)), ""),
        ] {
            let fault = action_of(&answer).unwrap_err();
            assert!(fault.contains(says) && fault.len() < 300, "{answer}: {fault}");
        }
    }

    #[test]
    fn the_schema_is_small_and_is_that_of_the_actions() {
        assert!(SCHEMA.len() <= 1024, "{}", SCHEMA.len());
        let schema = jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
        let at = BTreeMap::from([
            ("rate".to_owned(), Setting::Number(0.5)),
            ("task".to_owned(), Setting::Level("cyclic:23".to_owned())),
        ]);
        let (claim, text) = (|| "0123456789".to_owned(), || "so".to_owned());
        for action in [
            Action::Propose { claim: claim() },
            Action::Predict { claim: claim(), at: at.clone(), value: 3.0, error: 0.1 },
            Action::Object { claim: claim(), text: text(), at: Some(at) },
            Action::DeriveStep {
                from: "A".to_owned(),
                relation: "=".to_owned(),
                to: "A".to_owned(),
                declare: BTreeMap::from([("A".to_owned(), "n".to_owned())]),
            },
            Action::Explain { claim: claim(), text: text() },
        ] {
            let value = serde_json::to_value(&action).unwrap();
            assert!(schema.is_valid(&value), "{value}");
            assert_eq!(action_of(&value.to_string()).unwrap(), action);
        }
        assert!(!schema.is_valid(&serde_json::json!({ "action": "propose" })));
    }
}

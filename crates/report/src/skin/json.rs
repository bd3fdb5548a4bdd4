//! The answer as one JSON object: the data, and beside them the headline and the story.

use dunwu::answer::Answer;
use serde_json::{Value, json};

/// The object that programs read. `headline` is the first sentence, `story` all of them; the other keys are those of the data.
pub fn json(answer: &Answer) -> Value {
    let mut object = answer.data.clone();
    object.insert("verb".to_owned(), json!(answer.verb));
    object.insert("headline".to_owned(), json!(answer.headline));
    object.insert("story".to_owned(), json!(answer.story().collect::<Vec<_>>()));
    Value::Object(object)
}

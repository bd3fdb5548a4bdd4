//! A toolbox for tests, and the protocol by recorded exchanges.

use crate::server::{About, Limits, Server};
use crate::tool::{Effects, Reply, Tool, ToolError, Toolbox, Watch, read_arguments};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::thread;
use std::time::Duration;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Summands {
    /// The first number.
    a: i32,
    /// The second number.
    b: i32,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

/// What the tests call: `add`, `wait` until it is cancelled, `refuse`, `panic` and `lie`.
struct Box5(Vec<Tool>);

impl Toolbox for Box5 {
    fn tools(&self) -> &[Tool] {
        &self.0
    }

    fn call(&self, name: &str, arguments: Map<String, Value>, watch: &dyn Watch) -> Result<Reply, ToolError> {
        match name {
            "add" => {
                let Summands { a, b } = read_arguments(arguments)?;
                Ok(json!(Sum { sum: i64::from(a) + i64::from(b) }).into())
            }
            "wait" => {
                for step in 0..2000 {
                    if watch.is_cancelled() {
                        return Err(ToolError::cancelled());
                    }
                    watch.progress(f64::from(step), Some(2000.0), "waiting");
                    thread::sleep(Duration::from_millis(5));
                }
                Ok(json!({ "sum": 0 }).into())
            }
            "refuse" => Err(ToolError::refused("the budget of 3 runs is spent", "ask the owner for more")),
            "lie" => Ok(json!({ "sum": "much" }).into()),
            _ => panic!("planted"),
        }
    }
}

pub(crate) fn server() -> Server {
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let mut tools = vec![Tool::new::<Summands, Sum>("add", "Add", "Adds two numbers.", Effects::Reads)];
    for name in ["wait", "refuse", "panic", "lie"] {
        tools.push(Tool::new::<Nothing, Sum>(name, "Other", "Does something else.", Effects::Adds));
    }
    let about = About {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        version: "1.2.3".to_owned(),
        instructions: "Add.".to_owned(),
    };
    let limits = Limits { message_bytes: 20_000, n_calls: 3, page: 2 };
    Server::new(about, Box5(tools)).unwrap().with_limits(limits)
}

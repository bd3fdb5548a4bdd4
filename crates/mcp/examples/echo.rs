//! A server with three small tools, which `scripts/check-mcp` and the tests of this crate talk to.
//!
//! ```text
//! echo                serves standard input and output
//! echo --http PORT    serves http://127.0.0.1:PORT/mcp; port 0 takes a free one; the address is on standard error
//! ```

use dunwu_mcp::{
    About, Effects, HttpLimits, Page, Reply, Server, Tool, ToolError, Toolbox, Watch, bind, page, read_arguments,
    serve_http, serve_stdio,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::{self, Write as _};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

/// A text to be said again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Saying {
    /// What to say.
    #[schemars(length(max = 1000))]
    text: String,
    /// How often, once if absent.
    #[schemars(range(min = 1, max = 9))]
    times: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    /// The text, as often as it was asked for.
    text: String,
    /// Its characters.
    length: usize,
}

/// How long to count.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Counting {
    /// The last number.
    #[schemars(range(min = 1, max = 100_000))]
    to: u32,
    /// Milliseconds between two numbers.
    #[schemars(range(min = 0, max = 1000))]
    pause_ms: u64,
}

#[derive(Serialize, JsonSchema)]
struct Counted {
    /// The number that was reached.
    reached: u32,
}

/// Which numbers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Where the list goes on: `nextCursor` of the page before.
    cursor: Option<String>,
}

struct Echo {
    tools: Vec<Tool>,
    squares: Vec<u64>,
}

impl Echo {
    fn new() -> Self {
        let tools = vec![
            Tool::new::<Saying, Said>("echo", "Echo", "Says a text again.", Effects::Reads),
            Tool::new::<Counting, Counted>(
                "count",
                "Count",
                "Counts slowly, tells its progress and can be cancelled.",
                Effects::Reads,
            ),
            Tool::new::<Listing, Page<u64>>("squares", "Squares", "Lists 25 squares, ten at a time.", Effects::Reads),
        ];
        Self { tools, squares: (1..=25).map(|number| number * number).collect() }
    }
}

impl Toolbox for Echo {
    fn tools(&self) -> &[Tool] {
        &self.tools
    }

    fn call(&self, name: &str, arguments: Map<String, Value>, watch: &dyn Watch) -> Result<Reply, ToolError> {
        match name {
            "echo" => {
                let Saying { text, times } = read_arguments(arguments)?;
                let text = text.repeat(times.unwrap_or(1) as usize);
                let length = text.chars().count();
                Ok(json!(Said { text, length }).into())
            }
            "count" => count(read_arguments(arguments)?, watch),
            _ => {
                let Listing { cursor } = read_arguments(arguments)?;
                Ok(json!(page("squares", &self.squares, cursor.as_deref(), 10)?).into())
            }
        }
    }
}

fn count(Counting { to, pause_ms }: Counting, watch: &dyn Watch) -> Result<Reply, ToolError> {
    for number in 1..=to {
        if watch.is_cancelled() {
            eprintln!("echo: the count was cancelled at {number}");
            return Err(ToolError::cancelled());
        }
        watch.progress(f64::from(number), Some(f64::from(to)), &format!("{number} of {to}"));
        thread::sleep(Duration::from_millis(pause_ms));
    }
    Ok(Reply { structured: json!(Counted { reached: to }), text: Some(format!("counted to {to}")) })
}

fn main() -> io::Result<()> {
    let about = About {
        name: "echo".to_owned(),
        title: "Echo".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instructions: "Call echo with a text, count with a number, squares with nothing.".to_owned(),
    };
    let server = Server::new(about, Echo::new()).map_err(io::Error::other)?;
    let never = AtomicBool::new(false);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<&str>>().as_slice() {
        [] => serve_stdio(server, &never),
        ["--http", port] => {
            let listener = bind(port.parse().map_err(io::Error::other)?)?;
            writeln!(io::stderr(), "listening on http://{}/mcp", listener.local_addr()?)?;
            serve_http(server, listener, HttpLimits::default(), &never)
        }
        _ => Err(io::Error::other("usage: echo [--http PORT]")),
    }
}

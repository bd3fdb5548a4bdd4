//! Tools: what a server offers, and what a call of one hears and returns.

use crate::portable;
use crate::schema::{self, Misfit};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// One tool, as a client sees it in `tools/list`.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Unique name: 1 to 64 letters, digits, `_`, `-` or `.`.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What the tool does and when to call it, as an agent reads it.
    pub tells: &'static str,
    /// JSON Schema of the arguments, an object.
    pub input: schemars::Schema,
    /// JSON Schema of the result, an object; `None` promises nothing.
    pub output: Option<schemars::Schema>,
    /// What a call may change.
    pub effects: Effects,
}

impl Tool {
    /// A tool whose arguments and result have the schemas of two types.
    pub fn new<Input: JsonSchema, Output: JsonSchema>(
        name: &'static str,
        title: &'static str,
        tells: &'static str,
        effects: Effects,
    ) -> Self {
        let (input, output) = (schema_of::<Input>(true), Some(schema_of::<Output>(false)));
        Self { name, title, tells, input, output, effects }
    }
}

/// The schema of a type, without references where it does not contain itself: not every client follows them.
fn schema_of<T: JsonSchema>(is_input: bool) -> schemars::Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    portable::simplify(&mut schema, is_input);
    schemars::Schema::try_from(schema).unwrap_or_default() // an object remains one; `vet_table` would refuse `true`
}

/// What calls of a tool change. Clients take these as hints, and ask the user accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// Nothing.
    Reads,
    /// Something is added, and the same call again adds nothing more.
    AddsOnce,
    /// Something is added by every call.
    Adds,
    /// Something may be overwritten or deleted.
    Destroys,
}

impl Effects {
    pub(crate) fn annotations(self) -> Value {
        json!({
            "readOnlyHint": self == Self::Reads,
            "destructiveHint": self == Self::Destroys,
            "idempotentHint": matches!(self, Self::Reads | Self::AddsOnce),
            "openWorldHint": false,
        })
    }
}

/// What a call returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The result; an object where the tool has an output schema.
    pub structured: Value,
    /// The result as text for agents; `None` is the JSON of `structured`, as the specification recommends.
    pub text: Option<String>,
}

impl From<Value> for Reply {
    fn from(structured: Value) -> Self {
        Self { structured, text: None }
    }
}

/// What a server serves. Calls come from several threads at once and may block.
///
/// Budgets belong here: nothing that a client sends reaches the toolbox but a name and arguments.
pub trait Toolbox: Send + Sync {
    /// All tools, always the same, in the order in which they are listed.
    fn tools(&self) -> &[Tool];

    /// Calls a tool of the table with arguments that fit its input schema.
    ///
    /// A call that is cancelled (see [`Watch::is_cancelled`]) returns soon, with whatever it has or [`ToolError::cancelled`].
    fn call(&self, name: &str, arguments: Map<String, Value>, watch: &dyn Watch) -> Result<Reply, ToolError>;
}

/// What a running call tells and hears.
pub trait Watch: Send + Sync {
    /// Tells the client how far the call is, if it asked for that. Values that do not grow, and values that come sooner than
    /// 50 ms after the last one, are dropped.
    fn progress(&self, done: f64, of: Option<f64>, message: &str);

    /// Whether the client cancelled the call, or the server is about to end.
    fn is_cancelled(&self) -> bool;
}

/// Why a call has no result. The client gets it as a tool result with `isError`, so that an agent reads it and can do better.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct ToolError {
    /// Which kind of error it is.
    pub kind: ErrorKind,
    /// The argument that is wrong, such as `knobs[2].name`.
    pub field: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// Kinds of errors of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument cannot be used.
    Argument,
    /// A rule or a budget forbids the call.
    Refused,
    /// The call was allowed and failed.
    Failed,
    /// The call was cancelled.
    Cancelled,
}

impl ErrorKind {
    fn name(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl ToolError {
    /// An argument that cannot be used, where it is, and what to write instead.
    pub fn argument(field: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (field, remedy) = (Some(field.into()), Some(remedy.into()));
        Self { kind: ErrorKind::Argument, field, problem: problem.into(), remedy }
    }

    /// A rule or a budget that forbids the call, and what is allowed.
    pub fn refused(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Refused, field: None, problem: problem.into(), remedy: Some(remedy.into()) }
    }

    /// A call that failed.
    pub fn failed(problem: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Failed, field: None, problem: problem.into(), remedy: None }
    }

    /// A call that ended because it was cancelled.
    pub fn cancelled() -> Self {
        Self { kind: ErrorKind::Cancelled, field: None, problem: "the call was cancelled".to_owned(), remedy: None }
    }

    fn sentence(&self) -> String {
        let field = self.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        let remedy = self.remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
        format!("{field}{}{remedy}", self.problem)
    }

    /// The error for programs, in `_meta`.
    pub(crate) fn details(&self) -> Value {
        json!({ "kind": self.kind.name(), "field": self.field, "problem": self.problem, "remedy": self.remedy })
    }
}

/// Arguments as a type, for the beginning of a tool.
///
/// The server has compared them with the input schema. What a type demands beyond its schema is an error here.
pub fn read_arguments<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, ToolError> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        ToolError::argument("arguments", error.to_string(), "compare them with the tool's inputSchema")
    })
}

/// All places at which arguments do not fit, as one error that names the first and tells the others.
pub(crate) fn error_of_misfits(misfits: &[Misfit]) -> Option<ToolError> {
    let (first, others) = misfits.split_first()?;
    let others = others.iter().map(|other| format!("\n{}: {}; {}", other.field, other.problem, other.remedy));
    let remedy = first.remedy.clone() + &others.collect::<String>();
    Some(ToolError::argument(&first.field, &first.problem, remedy))
}

/// Why a table of tools cannot be served: a mistake of the program, found when it starts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Two tools have one name.
    #[error("two tools have the name {name:?}")]
    Twice {
        /// The name.
        name: &'static str,
    },
    /// A name that clients may not accept.
    #[error("a tool's name has 1 to 64 letters, digits, `_`, `-` or `.`, and not {name:?}")]
    Name {
        /// The name.
        name: &'static str,
    },
    /// A schema that is not of an object.
    #[error("the {which} schema of {tool:?} is not of `type: object`")]
    NoObject {
        /// The tool.
        tool: &'static str,
        /// `input` or `output`.
        which: &'static str,
    },
    /// A schema with a keyword that this crate does not compare values with.
    #[error("the {which} schema of {tool:?} has {keyword:?} at {at:?}, which is not checked here")]
    Keyword {
        /// The tool.
        tool: &'static str,
        /// `input` or `output`.
        which: &'static str,
        /// The keyword.
        keyword: String,
        /// Where it is in the schema, as a JSON pointer.
        at: String,
    },
}

/// Whether a table can be served.
pub(crate) fn vet_table(tools: &[Tool]) -> Result<(), TableError> {
    for (index, tool) in tools.iter().enumerate() {
        let name = tool.name;
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        if !(1..=64).contains(&name.len()) || !name.chars().all(is_allowed) {
            return Err(TableError::Name { name });
        }
        if tools.iter().take(index).any(|other| other.name == name) {
            return Err(TableError::Twice { name });
        }
        let schemas = [("input", Some(&tool.input)), ("output", tool.output.as_ref())];
        for (which, schema) in schemas.into_iter().filter_map(|(which, schema)| Some((which, schema?))) {
            if schema.get("type") != Some(&json!("object")) {
                return Err(TableError::NoObject { tool: name, which });
            }
            schema::vet(schema.as_value()).map_err(|unchecked| TableError::Keyword {
                tool: name,
                which,
                keyword: unchecked.keyword,
                at: unchecked.at,
            })?;
        }
    }
    Ok(())
}

//! What each method answers, in each revision. No transport is known here.

use crate::cursor;
use crate::message::{self, Fault, Id, Kind, Request};
use crate::portable;
use crate::revision::Revision;
use crate::schema::{self, WHOLE};
use crate::tool::{self, Reply, TableError, Tool, ToolError, Toolbox, Watch};
use serde_json::{Map, Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Its version.
    pub version: String,
    /// How to use its tools together, as an agent reads it before it calls any.
    pub instructions: String,
}

/// What clients may take. None of it can be changed by a client.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message, which is a line or the body of a POST.
    pub message_bytes: usize,
    /// Calls that run at once, over all clients.
    pub n_calls: usize,
    /// Tools on one page of `tools/list`.
    pub page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 4 << 20, n_calls: 8, page: 50 }
    }
}

/// A toolbox and what is said of it, ready to be served. It keeps nothing of any client.
pub struct Server {
    toolbox: Box<dyn Toolbox>,
    about: About,
    pub(crate) limits: Limits,
    n_running: AtomicUsize,
    /// Set when the server is about to end.
    pub(crate) stopping: AtomicBool,
}

/// How long a client may believe what it was told of tools. They never change while a server runs.
const TTL_MS: u64 = 3_600_000;

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";
const META_SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// What a request comes to.
pub(crate) enum Step {
    /// It is answered.
    Answer(Value),
    /// It is answered, and whoever asked speaks this revision from now on.
    Greeted { answer: Value, revision: Revision },
    /// A tool is called, which takes its time.
    Call(Box<Call>),
    /// The client wants to hear of changes until it wants no more. There are none.
    Listen { acknowledged: Value, closed: Value },
    /// It is refused.
    Fault(Fault),
}

/// A call of a tool that is known, with arguments that are an object.
pub(crate) struct Call {
    pub(crate) id: Id,
    pub(crate) revision: Revision,
    pub(crate) token: Option<Value>,
    tool: String,
    arguments: Map<String, Value>,
}

impl Server {
    /// A server, if its table of tools can be served.
    pub fn new(about: About, toolbox: impl Toolbox + 'static) -> Result<Self, TableError> {
        tool::vet_table(toolbox.tools())?;
        let (toolbox, limits) = (Box::new(toolbox), Limits::default());
        Ok(Self { toolbox, about, limits, n_running: AtomicUsize::new(0), stopping: AtomicBool::new(false) })
    }

    /// The same server with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What a request comes to, from a client whose handshake chose `chosen`, if there was one.
    pub(crate) fn step(&self, request: &Request, chosen: Option<Revision>) -> Step {
        self.try_step(request, chosen).unwrap_or_else(Step::Fault)
    }

    fn try_step(&self, request: &Request, chosen: Option<Revision>) -> Result<Step, Fault> {
        let Request { id, method, params } = request;
        let stated = stated_revision(params)?;
        if method == "initialize" && !stated.is_some_and(Revision::is_stateless) {
            let revision = offered(params)?;
            return Ok(Step::Greeted { answer: message::answer(id, self.greeting(revision)), revision });
        }
        let revision = match (stated, chosen) {
            (Some(stated), _) => stated,
            (None, Some(chosen)) if method != "server/discover" => chosen,
            (None, _) if method == "ping" => Revision::NEWEST_WITH_HANDSHAKE, // allowed before the handshake
            (None, _) => return Err(no_meta(META_VERSION)),
        };
        let token = progress_token(params)?;
        let result = match (method.as_str(), revision.is_stateless()) {
            ("server/discover", true) => self.discovery(),
            ("ping", false) => json!({}),
            ("tools/list", _) => self.list(params, revision)?,
            ("tools/call", _) => {
                let (tool, arguments) = self.called(params)?;
                return Ok(Step::Call(Box::new(Call { id: id.clone(), revision, token, tool, arguments })));
            }
            ("subscriptions/listen", true) => return listening(id, params),
            _ => {
                let served = Revision::ALL.map(Revision::name).join(", ");
                let message =
                    format!("there is no method {method:?} in revision {revision}; revisions served: {served}");
                return Err(Fault::new(Kind::NoMethod, message));
            }
        };
        Ok(Step::Answer(message::answer(id, self.signed(result, revision))))
    }

    /// A result with what stateless revisions add to each.
    fn signed(&self, mut result: Value, revision: Revision) -> Value {
        if revision.is_stateless() {
            result["resultType"] = json!("complete");
            result["_meta"][META_SERVER] = self.implementation(revision);
        }
        result
    }

    fn implementation(&self, revision: Revision) -> Value {
        let mut implementation = json!({ "name": self.about.name, "version": self.about.version });
        if revision.has_structure() {
            implementation["title"] = json!(self.about.title);
        }
        implementation
    }

    fn greeting(&self, revision: Revision) -> Value {
        json!({
            "protocolVersion": revision.name(),
            "capabilities": { "tools": {} },
            "serverInfo": self.implementation(revision),
            "instructions": self.about.instructions,
        })
    }

    fn discovery(&self) -> Value {
        json!({
            "supportedVersions": Revision::ALL.map(Revision::name),
            "capabilities": { "tools": {} },
            "instructions": self.about.instructions,
            "ttlMs": TTL_MS,
            "cacheScope": "public",
        })
    }

    fn list(&self, params: &Map<String, Value>, revision: Revision) -> Result<Value, Fault> {
        let cursor = match params.get("cursor") {
            None | Some(Value::Null) => None,
            Some(Value::String(cursor)) => Some(cursor.as_str()),
            Some(_) => return Err(Fault::new(Kind::InvalidParams, "params.cursor is a string")),
        };
        let page = cursor::page("tools", self.toolbox.tools(), cursor, self.limits.page)
            .map_err(|error| Fault::new(Kind::InvalidParams, format!("params.cursor: {error}")))?;
        let mut result =
            json!({ "tools": page.items.iter().map(|tool| listed(tool, revision)).collect::<Vec<Value>>() });
        if let Some(cursor) = page.next_cursor {
            result["nextCursor"] = json!(cursor);
        }
        if revision.is_stateless() {
            result["ttlMs"] = json!(TTL_MS);
            result["cacheScope"] = json!("public");
        }
        Ok(result)
    }

    fn called(&self, params: &Map<String, Value>) -> Result<(String, Map<String, Value>), Fault> {
        let invalid = |message: String| Fault::new(Kind::InvalidParams, message);
        let Some(Value::String(name)) = params.get("name") else {
            return Err(invalid("params.name is missing: the name of a tool".to_owned()));
        };
        if self.tool(name).is_none() {
            let names: Vec<&str> = self.toolbox.tools().iter().map(|tool| tool.name).collect();
            return Err(invalid(format!("there is no tool {name:?}; the tools are: {}", names.join(", "))));
        }
        match params.get("arguments") {
            None | Some(Value::Null) => Ok((name.clone(), Map::new())),
            Some(Value::Object(arguments)) => Ok((name.clone(), arguments.clone())),
            Some(_) => Err(invalid("params.arguments is an object".to_owned())),
        }
    }

    fn tool(&self, name: &str) -> Option<&Tool> {
        self.toolbox.tools().iter().find(|tool| tool.name == name)
    }

    /// Runs a call to its end, on the thread of the caller, and returns the answer.
    pub(crate) fn perform(&self, call: Call, watch: &dyn Watch) -> Value {
        let result = self.result(&call.tool, call.arguments, watch);
        let result = match result {
            Ok(reply) => replied(reply, call.revision),
            Err(error) => failed(&error),
        };
        message::answer(&call.id, self.signed(result, call.revision))
    }

    fn result(&self, name: &str, arguments: Map<String, Value>, watch: &dyn Watch) -> Result<Reply, ToolError> {
        let unknown = || ToolError::failed(format!("there is no tool {name:?}"));
        let tool = self.tool(name).ok_or_else(unknown)?;
        let mut arguments = Value::Object(arguments);
        portable::drop_nulls(tool.input.as_value(), &mut arguments);
        let misfits = schema::misfits(tool.input.as_value(), &arguments, WHOLE);
        if let Some(error) = tool::error_of_misfits(&misfits) {
            return Err(error);
        }
        let Value::Object(arguments) = arguments else { return Err(unknown()) };
        let _slot = Slot::take(self)?;
        let called = catch_unwind(AssertUnwindSafe(|| self.toolbox.call(name, arguments, watch)));
        let reply = called
            .map_err(|_panic| ToolError::failed(format!("{name} has panicked, which is a bug of the server")))??;
        let promised = tool.output.as_ref().map(schemars::Schema::as_value);
        let broken = promised.map(|schema| schema::misfits(schema, &reply.structured, "result")).unwrap_or_default();
        match broken.first() {
            None => Ok(reply),
            Some(misfit) => {
                let what = format!("{}: {}, and should: {}", misfit.field, misfit.problem, misfit.remedy);
                Err(ToolError::failed(format!("{name} broke its output schema, which is a bug of the server: {what}")))
            }
        }
    }
}

/// One of the calls that may run at once.
struct Slot<'a>(&'a Server);

impl<'a> Slot<'a> {
    fn take(server: &'a Server) -> Result<Self, ToolError> {
        let n_most = server.limits.n_calls;
        let one_more = |n_running: usize| (n_running < n_most).then_some(n_running + 1);
        let taken = server.n_running.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        let full = |n: usize| ToolError::refused(format!("{n} calls are running already"), "wait until one has ended");
        taken.map(|_| Self(server)).map_err(full)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.n_running.fetch_sub(1, Ordering::AcqRel);
    }
}

fn listed(tool: &Tool, revision: Revision) -> Value {
    let mut listed = json!({ "name": tool.name, "description": tool.tells, "inputSchema": tool.input.as_value() });
    if revision.has_annotations() {
        listed["annotations"] = tool.effects.annotations();
        listed["annotations"]["title"] = json!(tool.title);
    }
    if revision.has_structure() {
        listed["title"] = json!(tool.title);
        if let Some(output) = &tool.output {
            listed["outputSchema"] = output.as_value().clone();
        }
    }
    listed
}

fn replied(reply: Reply, revision: Revision) -> Value {
    let text = reply.text.unwrap_or_else(|| reply.structured.to_string());
    let mut result = json!({ "content": [{ "type": "text", "text": text }], "isError": false });
    // Before the stateless revision structured content was an object.
    if revision.is_stateless() || revision.has_structure() && reply.structured.is_object() {
        result["structuredContent"] = reply.structured;
    }
    result
}

fn failed(error: &ToolError) -> Value {
    json!({
        "content": [{ "type": "text", "text": error.to_string() }],
        "isError": true,
        "_meta": { "dunwu/error": error.details() },
    })
}

/// The revision that a request says of itself, if it says one, with the other things that it then has to say.
fn stated_revision(params: &Map<String, Value>) -> Result<Option<Revision>, Fault> {
    let meta = match params.get("_meta") {
        None => return Ok(None),
        Some(Value::Object(meta)) => meta,
        Some(_) => return Err(Fault::new(Kind::InvalidParams, "params._meta is an object")),
    };
    let Some(version) = meta.get(META_VERSION) else {
        // Whoever sends the one means a stateless revision.
        return if meta.contains_key(META_CAPABILITIES) { Err(no_meta(META_VERSION)) } else { Ok(None) };
    };
    let Some(version) = version.as_str() else { return Err(no_meta(META_VERSION)) };
    let revision = Revision::parse(version).ok_or_else(|| no_revision(version))?;
    if revision.is_stateless() && !meta.get(META_CAPABILITIES).is_some_and(Value::is_object) {
        return Err(no_meta(META_CAPABILITIES));
    }
    Ok(Some(revision))
}

pub(crate) fn no_revision(requested: &str) -> Fault {
    let supported = Revision::ALL.map(Revision::name);
    let data = json!({ "supported": supported, "requested": requested });
    Fault { data: Some(data), ..Fault::new(Kind::NoRevision, "Unsupported protocol version") }
}

fn no_meta(key: &str) -> Fault {
    let message = format!(
        "params._meta[\"{key}\"] is missing: each request of revision 2026-07-28 states it; an older revision begins with initialize"
    );
    Fault::new(Kind::NoMeta, message)
}

/// What a handshake comes to: the revision that the client asked for, or the newest with a handshake.
fn offered(params: &Map<String, Value>) -> Result<Revision, Fault> {
    let Some(Value::String(asked)) = params.get("protocolVersion") else {
        return Err(Fault::new(Kind::InvalidParams, "params.protocolVersion is missing, such as \"2025-11-25\""));
    };
    let known = Revision::parse(asked).filter(|revision| !revision.is_stateless());
    Ok(known.unwrap_or(Revision::NEWEST_WITH_HANDSHAKE))
}

fn progress_token(params: &Map<String, Value>) -> Result<Option<Value>, Fault> {
    let token = params.get("_meta").and_then(|meta| meta.get("progressToken"));
    match token {
        None | Some(Value::Null) => Ok(None),
        Some(token) if Id::parse(token).is_some() => Ok(Some(token.clone())),
        Some(_) => Err(Fault::new(Kind::InvalidParams, "params._meta.progressToken is a string or a whole number")),
    }
}

fn listening(id: &Id, params: &Map<String, Value>) -> Result<Step, Fault> {
    if !params.get("notifications").is_some_and(Value::is_object) {
        return Err(Fault::new(Kind::InvalidParams, "params.notifications is an object"));
    }
    let meta = json!({ META_SUBSCRIPTION: id.value() });
    // Nothing of this server changes while it runs, so none of the notifications is promised.
    let params = json!({ "_meta": meta, "notifications": {} });
    let acknowledged = message::notification("notifications/subscriptions/acknowledged", params);
    let closed = message::answer(id, json!({ "resultType": "complete", "_meta": meta }));
    Ok(Step::Listen { acknowledged, closed })
}

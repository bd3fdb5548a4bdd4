//! The end points for programs, as an `OpenAPI` document whose schemas follow from the types.

use super::jobs::Job;
use super::listing::RunsOnPage;
use super::routes::{About, Words};
use dunwu_report::packed::Header;
use dunwu_report::skin::AskedOnPage;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// The document.
pub(super) fn openapi() -> Value {
    let mut schemas = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let name = ("name", "path", "The last part of the run's directory.");
    let id = ("id", "path", "The job's number.");
    let paths = [
        ("/api/about", vec![get(&mut schemas, "What serves here; needs no token.", &[], json_of::<About>)]),
        (
            "/api/runs",
            vec![get(
                &mut schemas,
                "The runs of the folder, with tables of sweeps and streams.",
                &[],
                json_of::<RunsOnPage>,
            )],
        ),
        (
            "/api/runs/{name}/packed",
            vec![get(
                &mut schemas,
                "A run as columns: the length of the header as a little-endian u32, the header as JSON padded to a multiple of 8 bytes, the columns.",
                &[
                    name,
                    (
                        "after",
                        "query",
                        "Only rows of later steps than this. A snapshot may arrive after the evaluation of its step: ask from the last step that both tables have.",
                    ),
                    (
                        "tables",
                        "query",
                        "Only tables of these names, separated by commas; the header alone where it is empty.",
                    ),
                ],
                packed,
            )],
        ),
        (
            "/api/runs/{name}/events",
            vec![get(&mut schemas, "That the run has grown: events `grown`.", &[name], events)],
        ),
        (
            "/api/events",
            vec![get(&mut schemas, "That the list or the jobs have changed: events `runs` and `jobs`.", &[], events)],
        ),
        (
            "/api/answer",
            vec![get(
                &mut schemas,
                "The answer of a command that only looks.",
                &[("word", "query", "A word of the command, once for each, in order.")],
                json_of::<AskedOnPage>,
            )],
        ),
        (
            "/api/jobs",
            vec![get(&mut schemas, "Every job, the newest first.", &[], json_of::<Vec<Job>>), post(&mut schemas)],
        ),
        (
            "/api/jobs/{id}",
            vec![
                get(&mut schemas, "A job with its answer.", &[id], json_of::<Job>),
                (
                    "delete",
                    operation("Asks a job to stop.", &[id], json!({ "204": { "description": "It was asked." } })),
                ),
            ],
        ),
    ];
    let paths: Map<String, Value> = paths
        .into_iter()
        .map(|(path, operations)| {
            let operations: Map<String, Value> =
                operations.into_iter().map(|(method, operation)| (method.to_owned(), operation)).collect();
            (path.to_owned(), operations.into())
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "dunwu serve", "version": env!("CARGO_PKG_VERSION") },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "apiKey", "in": "header", "name": super::access::TOKEN } },
            "schemas": schemas.take_definitions(true),
        },
    })
}

type Parameter = (&'static str, &'static str, &'static str);

fn json_of<T: schemars::JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    json!({ "application/json": { "schema": schemas.subschema_for::<T>() } })
}

fn packed(schemas: &mut SchemaGenerator) -> Value {
    let header = schemas.subschema_for::<Header>();
    json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary", "x-header": header } } })
}

fn events(_: &mut SchemaGenerator) -> Value {
    json!({ "text/event-stream": { "schema": { "type": "string" } } })
}

fn get(
    schemas: &mut SchemaGenerator,
    tells: &str,
    parameters: &[Parameter],
    content: fn(&mut SchemaGenerator) -> Value,
) -> (&'static str, Value) {
    let answered = json!({ "200": { "description": tells, "content": content(schemas) } });
    ("get", operation(tells, parameters, answered))
}

fn post(schemas: &mut SchemaGenerator) -> (&'static str, Value) {
    let answered = json!({ "200": { "description": "The job.", "content": json_of::<Job>(schemas) } });
    let mut begins = operation("Begins a command that makes or changes runs.", &[], answered);
    begins["requestBody"] = json!({ "required": true, "content": json_of::<Words>(schemas) });
    ("post", begins)
}

fn operation(tells: &str, parameters: &[Parameter], mut responses: Value) -> Value {
    responses["default"] = json!({
        "description": "Why not, and what to do.",
        "content": { "application/json": { "schema": {
            "type": "object", "required": ["error"], "properties": { "error": { "type": "string" } },
        } } },
    });
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|(name, place, tells)| {
            json!({ "name": name, "in": place, "required": *place == "path", "description": tells, "schema": { "type": "string" } })
        })
        .collect();
    json!({ "summary": tells, "parameters": parameters, "responses": responses })
}

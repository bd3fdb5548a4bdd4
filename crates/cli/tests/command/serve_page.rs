//! `dunwu serve` over real connections: what the page reads is what the command line says, and nobody else reads or changes anything.

use crate::{Desk, PATIENCE};
use dunwu_attention_fixtures::{Format, Tiny};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A server of its own on the runs of a desk, killed when it is no longer wanted.
struct Server<'a> {
    child: Child,
    port: u16,
    token: String,
    desk: &'a Desk,
}

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl<'a> Server<'a> {
    fn start(desk: &'a Desk) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(["serve", "--port", "0", "--json"]).current_dir(&desk.folder);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let (url, token) = (said["url"].as_str().unwrap(), said["token"].as_str().unwrap().to_owned());
        assert_eq!(said["page"], format!("{url}#token={token}"));
        let port = url.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix('/')).unwrap();
        Self { port: port.parse().unwrap(), child, token, desk }
    }

    /// Sends a request as it is.
    fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn call(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: 127.0.0.1:{}\r\n", self.port) };
        let length = body.len();
        received(self.send(&format!(
            "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )))
    }

    fn with_token(&self) -> String {
        format!("X-Dunwu-Token: {}\r\n", self.token)
    }

    fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &self.with_token(), "")
    }

    fn answer(&self, words: &str) -> Reply {
        let query: Vec<String> = words.split(' ').map(|word| format!("word={word}")).collect();
        self.get(&format!("/api/answer?{}", query.join("&")))
    }

    fn start_job(&self, words: &str) -> Reply {
        let words: Vec<&str> = words.split(' ').collect();
        self.call("POST", "/api/jobs", &self.with_token(), &json!({ "words": words }).to_string())
    }

    /// The job when it has come to an end.
    fn ended(&self, id: &Value) -> Value {
        let began = Instant::now();
        loop {
            let job = self.get(&format!("/api/jobs/{id}")).json();
            if job["state"] != "running" {
                return job;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {job}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal and waits for the end: its code.
    fn signal(&mut self, signal: &str) -> i32 {
        assert!(
            Command::new("kill").args([format!("-{signal}"), self.child.id().to_string()]).status().unwrap().success()
        );
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it ends by itself");
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The first run of the folder: its name.
    fn first_run(&self) -> String {
        let runs = self.get("/api/runs").json();
        let run = runs["runs"][0]["run"].as_str().unwrap();
        run.rsplit('/').next().unwrap().to_owned()
    }

    fn packed(&self, name: &str, after: &str) -> Packed {
        let reply = self.get(&format!("/api/runs/{name}/packed{after}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        Packed::read(&reply.body)
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn received(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Reply { status, head, body: bytes.split_off(end + 4) }
}

/// A run as columns, every number as f64.
struct Packed {
    header: Value,
    tables: BTreeMap<String, BTreeMap<String, Vec<Cell>>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Number(f64),
    Text(String),
    Missing,
}

impl Packed {
    fn read(bytes: &[u8]) -> Self {
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        assert_eq!((4 + length) % 8, 0, "columns begin at a multiple of eight");
        let header: Value = serde_json::from_slice(&bytes[4..4 + length]).unwrap();
        let columns = &bytes[4 + length..];
        let mut tables = BTreeMap::new();
        for table in header["tables"].as_array().unwrap() {
            let n_rows = table["n_rows"].as_u64().unwrap() as usize;
            let of_table: BTreeMap<String, Vec<Cell>> = table["columns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|column| (column["name"].as_str().unwrap().to_owned(), cells(column, columns, n_rows)))
                .collect();
            tables.insert(table["name"].as_str().unwrap().to_owned(), of_table);
        }
        Self { header, tables }
    }
}

fn cells(column: &Value, bytes: &[u8], n_rows: usize) -> Vec<Cell> {
    let at = column["at"].as_u64().unwrap() as usize;
    assert_eq!(at % 8, 0);
    let number = |x: f64| if x.is_nan() { Cell::Missing } else { Cell::Number(x) };
    match column["type"].as_str().unwrap() {
        "f64" => {
            bytes[at..][..8 * n_rows].chunks(8).map(|b| number(f64::from_le_bytes(b.try_into().unwrap()))).collect()
        }
        "f32" => bytes[at..][..4 * n_rows]
            .chunks(4)
            .map(|b| number(f32::from_le_bytes(b.try_into().unwrap()).into()))
            .collect(),
        "u8" => {
            let names = column["names"].as_array().unwrap();
            let text = |&byte: &u8| {
                names.get(usize::from(byte)).map_or(Cell::Missing, |name| Cell::Text(name.as_str().unwrap().to_owned()))
            };
            bytes[at..][..n_rows].iter().map(text).collect()
        }
        other => panic!("{other}"),
    }
}

const SMALL: &str = "small task=cyclic:7 model.width=16 steps=60 events.stop_after=0";

/// The law of the page: a column is that of the table which the command line exports.
#[test]
fn the_columns_of_the_page_are_the_tables_of_export() {
    let desk = Desk::new();
    desk.dunwu(&format!("run {SMALL} --quiet"));
    let server = Server::start(&desk);
    let name = server.first_run();
    let packed = server.packed(&name, "");
    let exported = desk.dunwu(&format!("export {name} --output exported --tables csv"));
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let mut n_tables = 0;
    for entry in fs::read_dir(desk.path("exported")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "csv") {
            continue;
        }
        n_tables += 1;
        let text = fs::read_to_string(&path).unwrap();
        let table = &packed.tables[path.file_stem().unwrap().to_str().unwrap()];
        let mut lines = text.lines();
        let heads: Vec<&str> = lines.next().unwrap().split(',').collect();
        assert_eq!(heads.len(), table.len(), "{}", path.display());
        for (row, line) in lines.enumerate() {
            for (head, field) in heads.iter().zip(line.split(',')) {
                let cell = &table[*head][row];
                let is_same = match cell {
                    Cell::Missing => field.is_empty() || field == "NaN",
                    Cell::Text(text) => text == field,
                    Cell::Number(number) => field.parse::<f64>().unwrap() == *number,
                };
                assert!(is_same, "{}: row {row}, {head}: {cell:?} for {field:?}", path.display());
            }
        }
    }
    assert_eq!(n_tables, packed.tables.len());
    let shown = desk.json(&format!("show {name}"));
    for (key, value) in packed.header["data"].as_object().unwrap() {
        assert_eq!(shown[key], *value, "{key}");
    }
}

#[test]
fn what_the_page_asks_is_what_the_command_line_answers() {
    let desk = Desk::new();
    desk.dunwu(&format!("run {SMALL} --quiet"));
    let server = Server::start(&desk);
    let name = server.first_run();
    for words in
        [format!("unit {name} 3,5"), format!("show {name}"), "presets".to_owned(), "peaks cyclic:5 n=12".to_owned()]
    {
        let reply = server.answer(&words);
        assert_eq!(reply.status, 200, "{words}: {}", reply.text());
        let on_page = &reply.json()["answers"][0];
        let printed = desk.json(&words);
        assert_eq!(on_page["headline"], printed["headline"], "{words}");
        for (key, value) in on_page["data"].as_object().unwrap() {
            assert!(key.contains("per_second") || printed[key] == *value, "{words}: {key} is {value} on the page");
        }
        let html = on_page["html"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains(" style=") && !html.contains("<style"), "{words}");
    }
    let listed = desk.json("ls");
    let runs = server.get("/api/runs").json();
    for (key, value) in listed.as_object().unwrap() {
        assert_eq!(runs[key], *value, "{key}");
    }
    for (words, says) in [
        ("rm a", "no command that only looks"),
        ("run small", "no command that only looks"),
        ("unit nothing 3", "nothing"),
        ("show a --runs /", "--runs"),
    ] {
        let reply = server.answer(words);
        assert_eq!(reply.status, 400, "{words}");
        assert!(reply.json()["error"].as_str().unwrap().contains(says), "{words}: {}", reply.text());
    }
}

#[test]
fn what_the_page_shows_of_language_models_is_what_the_command_line_says() {
    let desk = Desk::new();
    Tiny::default().write_gguf(&desk.path("tiny.gguf"), Format::F32, 5).unwrap();
    desk.write("text.txt", "the 3 hens and 你 of 17 to rain\n".repeat(60));
    let words = "stream tiny.gguf text.txt --policy full --policy window:8 --tokens 250 --segment 100";
    let printed = desk.json(words);
    let server = Server::start(&desk);
    let streams = server.get("/api/runs").json()["streams"].clone();
    assert_eq!(streams.as_array().unwrap().len(), 1);
    let listed = &streams[0];
    assert_eq!((&listed["tokens"], &listed["error"]), (&200.into(), &Value::Null));
    assert_eq!(listed["ends"], json!([100, 200]));
    let number = |value: &Value| value.as_f64().unwrap();
    for (course, policy) in printed["policies"].as_array().unwrap().iter().zip(listed["policies"].as_array().unwrap()) {
        assert_eq!(course["policy"], policy["policy"]);
        let [a, b] = [0, 1].map(|i| number(&policy["stretches"][i]));
        assert!((a - number(&course["segments"][0])).abs() < 1e-9 * a, "{course} {policy}");
        assert!((b - number(&course["segments"][1])).abs() < 1e-9 * b, "{course} {policy}");
        assert!((number(&policy["perplexity"]) - (a * b).sqrt()).abs() < 1e-9 * a, "{policy}");
    }
    fs::write(desk.path("runs/streams/torn-folder"), "no folder").unwrap();
    fs::create_dir(desk.path("runs/streams/empty")).unwrap();
    let streams = server.get("/api/runs").json()["streams"].clone();
    let why = streams.as_array().unwrap().iter().find_map(|stream| stream["error"].as_str()).unwrap();
    assert!(streams.as_array().unwrap().len() == 2 && why.contains("stream.json"), "{streams}");
    let model = desk.path("tiny.gguf").display().to_string();
    let text = desk.path("text.txt").display().to_string();
    let words = format!("attend {model} {text} --tokens 20 --head 1.2");
    let reply = server.answer(&words);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["answers"][0]["data"]["weights"], desk.json(&words)["weights"]);
    let refused = server.answer(&format!("attend {model} {text} --head 9.9"));
    assert!(refused.json()["error"].as_str().unwrap().contains("3 layers of 4 query heads"), "{}", refused.text());
}

/// As a page of another origin attacks it, and as another user of this machine does.
#[test]
fn nobody_reads_or_changes_anything_without_the_token_or_from_another_page() {
    let desk = Desk::new();
    desk.dunwu(&format!("run {SMALL} --quiet"));
    let server = Server::start(&desk);
    let name = server.first_run();
    let job = json!({ "words": ["run", "small", "steps=3"] }).to_string();
    let asks = [
        ("GET", "/api/runs".to_owned(), ""),
        ("GET", format!("/api/runs/{name}/packed"), ""),
        ("GET", format!("/api/runs/{name}/events"), ""),
        ("GET", "/api/events".to_owned(), ""),
        ("GET", format!("/api/answer?word=show&word={name}"), ""),
        ("GET", "/api/jobs".to_owned(), ""),
        ("POST", "/api/jobs".to_owned(), job.as_str()),
        ("DELETE", "/api/jobs/1".to_owned(), ""),
        ("GET", "/api/openapi.json".to_owned(), ""),
    ];
    let token = server.with_token();
    let other = token.replace(char::is_alphanumeric, "0").replace("0-00000-00000", "X-Dunwu-Token");
    for (method, path, body) in &asks {
        for without in ["", other.as_str(), "Cookie: token=1\r\n", "Authorization: Bearer x\r\n"] {
            assert_eq!(server.call(method, path, without, body).status, 401, "{method} {path} {without}");
        }
        for foreign in [
            "Origin: http://example.com\r\n",
            "Origin: null\r\n",
            "Origin: http://127.0.0.1:1\r\n",
            "Host: example.com\r\n",
            "Host: 127.0.0.1.example.com\r\n",
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
        ] {
            let reply = server.call(method, path, &format!("{token}{foreign}"), body);
            assert_eq!(reply.status, 403, "{method} {path} {foreign}");
            assert!(!reply.head.contains("access-control-allow"), "{}", reply.head);
        }
    }
    assert_eq!(server.get("/api/jobs").json(), json!([]), "no job was begun");
    assert_eq!(server.call("OPTIONS", "/api/jobs", "Origin: http://example.com\r\n", "").status, 403);
    let page = server.call("GET", "/", "", "");
    assert_eq!(page.status, 200);
    assert!(
        page.head.contains("content-security-policy: default-src 'none'") && page.head.contains("nosniff"),
        "{}",
        page.head
    );
    assert!(page.head.contains("frame-ancestors 'none'") && !page.text().contains(&server.token));
}

#[test]
fn no_path_leads_out_of_the_folder() {
    let desk = Desk::new();
    desk.dunwu(&format!("run {SMALL} --quiet"));
    desk.write("secret.txt", "secret");
    let server = Server::start(&desk);
    for path in [
        "/api/runs/../packed",
        "/api/runs/..%2f..%2fetc/packed",
        "/api/runs/%2e%2e/packed",
        "/api/runs/./packed",
        "/api/runs/%2fetc/packed",
        "/api/runs/..%5c..%5cetc/packed",
        "/api/runs/a%00b/packed",
        "/api/runs/sweeps/packed",
        "/secret.txt",
        "/../secret.txt",
        "/..%2fsecret.txt",
        "//etc/passwd",
        "/api/nothing",
    ] {
        let reply = server.get(path);
        assert!((400..=500).contains(&reply.status), "{path}: {}", reply.status);
        assert!(!reply.text().contains("root:") && !reply.text().contains("secret\n"), "{path}");
    }
    for hostile in ["GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n", "GET /api/runs HTTP/1.1\r\nHost: [::\r\n\r\n"] {
        let mut bytes = Vec::new();
        let _ = server.send(hostile).read_to_end(&mut bytes);
        assert!(!bytes.starts_with(b"HTTP/1.1 200"), "{hostile}: {}", String::from_utf8_lossy(&bytes));
    }
    let long = format!("{{\"words\":[\"run\",\"{}\"]}}", "a".repeat(2 << 20));
    assert_eq!(server.call("POST", "/api/jobs", &server.with_token(), &long).status, 413);
    assert_eq!(server.get("/api/about").status, 200, "it still answers");
}

/// A folder as nobody should have it: names with markup, junk where records should be.
#[test]
fn hostile_directories_are_listed_with_the_reason_and_harm_nothing() {
    let desk = Desk::new();
    desk.dunwu(&format!("run {SMALL} --quiet"));
    for (name, file, bytes) in [
        ("<img src=x onerror=alert(1)>", "record.jsonl", b"junk".to_vec()),
        ("0123456789abcdef-cyclic-7", "spec.toml", vec![0; 4 << 20]),
        ("fedcba9876543210-cyclic-7", "record.jsonl", b"{}\n".repeat(100_000)),
    ] {
        fs::create_dir_all(desk.path("runs").join(name)).unwrap();
        fs::write(desk.path("runs").join(name).join(file), bytes).unwrap();
    }
    let server = Server::start(&desk);
    let runs = server.get("/api/runs");
    assert_eq!(runs.status, 200, "{}", runs.text());
    assert_eq!(runs.json()["runs"].as_array().unwrap().len(), 1);
    for name in ["%3Cimg%20src=x%20onerror=alert(1)%3E", "0123456789abcdef-cyclic-7", "fedcba9876543210-cyclic-7"] {
        let reply = server.get(&format!("/api/runs/{name}/packed"));
        assert!(reply.status >= 400 && reply.json()["error"].is_string(), "{name}: {}", reply.text());
        assert!(reply.head.contains("content-type: application/json"), "a browser takes no error for a page");
    }
}

#[test]
fn a_job_is_the_command_and_can_be_stopped() {
    let desk = Desk::new();
    let mut server = Server::start(&desk);
    let job = server.start_job(&format!("run {SMALL}")).json();
    let ended = server.ended(&job["id"]);
    assert_eq!((&ended["state"], &ended["code"]), (&json!("done"), &json!(0)), "{ended}");
    let run = ended["answer"]["answers"][0]["data"]["run"].as_str().unwrap().to_owned();
    let again = desk.json(&format!("run {SMALL} --quiet"));
    assert_eq!((again["run"].as_str(), &again["reused"]), (Some(run.as_str()), &json!(true)), "the same run");
    let tagged = server.start_job(&format!("tag {} good", run.rsplit('/').next().unwrap())).json();
    assert_eq!(server.ended(&tagged["id"])["state"], "done");
    assert_eq!(server.get("/api/runs").json()["runs"][0]["tags"], json!(["good"]), "the kept list was read anew");
    let wrong = server.start_job("run small model.wdith=3").json();
    let failed = server.ended(&wrong["id"]);
    assert_eq!(failed["state"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("model.width"), "{failed}");
    for (words, says) in
        [("rm a", "makes or changes runs"), ("show a", "makes or changes runs"), ("run small --output x", "--output")]
    {
        let reply = server.start_job(words);
        assert_eq!(reply.status, 400, "{words}");
        assert!(reply.text().contains(says), "{words}: {}", reply.text());
    }
    let long =
        "run small task=cyclic:7 model.width=16 steps=10000000 events.stop_after=100000000 record.evaluate_every=100";
    let first = server.start_job(long).json();
    assert_eq!(server.call("DELETE", &format!("/api/jobs/{}", first["id"]), &server.with_token(), "").status, 204);
    assert_eq!(server.ended(&first["id"])["state"], "stopped");
    // The server's end is that of its jobs, with their checkpoints written.
    let second = server.start_job(long).json();
    let began = Instant::now();
    while server.get(&format!("/api/jobs/{}", second["id"])).json()["done"] == 0 && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.signal("TERM"), 128 + 15);
    let states: Vec<Value> =
        desk.json("ls")["runs"].as_array().unwrap().iter().map(|run| run["state"].clone()).collect();
    assert!(states.contains(&json!("interrupted")), "{states:?}");
}

/// Opened late, the page has the run from step 0 and then what comes: together they are the whole.
#[test]
fn a_run_that_another_process_writes_arrives_piece_by_piece() {
    let desk = Desk::new();
    let words =
        "run small task=cyclic:7 model.width=16 steps=8000 events.stop_after=100000 record.snapshot_every=400 --quiet";
    let mut run = Command::new(env!("CARGO_BIN_EXE_dunwu"))
        .args(words.split(' '))
        .current_dir(&desk.folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server::start(&desk);
    let began = Instant::now();
    while server.get("/api/runs").json()["runs"][0]["step"].as_u64().is_none_or(|step| step < 500) {
        assert!(began.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(20));
    }
    let name = server.first_run();
    let mut events = server.send(&format!(
        "GET /api/runs/{name}/events?token={} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
        server.token, server.port
    ));
    let mut heard = [0; 4096];
    let n = events.read(&mut heard).unwrap();
    assert!(String::from_utf8_lossy(&heard[..n]).starts_with("HTTP/1.1 200"));
    let step_of = |cell: &Cell| match cell {
        Cell::Number(step) => *step as u64,
        other => panic!("a step is a number, not {other:?}"),
    };
    // A snapshot may be written after the evaluation of its step, so the next part begins where both tables end.
    let known = |part: &Packed| {
        let last = |table: &str| part.tables[table]["step"].last().map(step_of);
        last("scalars").min(last("measures"))
    };
    let mut parts = vec![server.packed(&name, "")];
    let mut begins = vec![known(&parts[0]).unwrap()];
    assert!(run.wait().unwrap().success());
    while parts.last().unwrap().header["state"] == "running" || parts.len() < 2 {
        let step = *begins.last().unwrap();
        let part = server.packed(&name, &format!("?after={step}"));
        begins.push(known(&part).unwrap_or(step));
        parts.push(part);
    }
    *begins.last_mut().unwrap() = u64::MAX;
    let whole = server.packed(&name, "");
    for table in ["scalars", "measures", "units", "irreps"] {
        for (column, cells) in &whole.tables[table] {
            let rows = parts.iter().zip(&begins).flat_map(|(part, until)| {
                let part = &part.tables[table];
                let rows = part["step"].iter().zip(&part[column]);
                rows.filter(|(step, _)| step_of(step) <= *until).map(|(_, cell)| cell.clone())
            });
            let joined: Vec<Cell> = rows.collect();
            assert_eq!(joined.len(), cells.len(), "{table}.{column}");
            assert!(joined == *cells, "{table}.{column} came in other numbers");
        }
    }
    let shown = desk.json(&format!("show {name}"));
    assert_eq!(whole.header["headline"], shown["headline"]);
}

#[test]
fn the_end_points_are_described_by_their_types() {
    let desk = Desk::new();
    desk.dunwu(&format!("run {SMALL} --quiet"));
    let server = Server::start(&desk);
    let document = server.get("/api/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let name = server.first_run();
    let job = server.start_job("note nothing").json();
    server.ended(&job["id"]);
    for (path, operations) in document["paths"].as_object().unwrap() {
        let asked = path.replace("{name}", &name).replace("{id}", &job["id"].to_string());
        if asked.ends_with("events") {
            continue;
        }
        let asked = if path == "/api/answer" { format!("{asked}?word=presets") } else { asked };
        let reply = server.get(&asked);
        assert_eq!(reply.status, 200, "{asked}: {}", reply.text());
        let schema = &operations["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if schema.is_object() {
            let mut whole = schema.clone();
            whole["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&whole).unwrap();
            let mistakes: Vec<String> = validator.iter_errors(&reply.json()).map(|error| error.to_string()).collect();
            assert_eq!(mistakes, [""; 0], "{path}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_the_next_free_one() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let said = desk.dunwu(&format!("serve --port {}", server.port));
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(
        said.stderr.contains(&format!("port {} of 127.0.0.1 is taken: `dunwu serve --port ", server.port)),
        "{}",
        said.stderr
    );
    assert_eq!(desk.dunwu("serve --host nowhere").code, 2);
    desk.write("file", "");
    desk.refuses("serve --port 0 --runs file", 2, &["file is a file", "name the folder"]);
    assert!(!server.desk.path("runs").join("sweeps").exists(), "looking makes nothing");
}

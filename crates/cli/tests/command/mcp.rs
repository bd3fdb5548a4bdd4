//! `dunwu mcp` as an agent uses it: research questions through the tools alone, and everything that the server has to refuse.

use super::{Desk, PATIENCE};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// A scripted agent, connected over standard input and output.
struct Agent {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    id: u64,
}

impl Agent {
    fn new(desk: &Desk, words: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.arg("mcp").args(words.split(' ')).current_dir(&desk.folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // Whatever is no JSON ends the thread, and with it the test.
            for line in output.lines() {
                let line = line.unwrap();
                if sender.send(serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))).is_err() {
                    break;
                }
            }
        });
        Self { input: child.stdin.take(), child, lines, id: 0 }
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Asks and does not wait; gives the number of the request.
    fn ask(&mut self, method: &str, mut params: Value) -> u64 {
        self.id += 1;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "progressToken": self.id,
        });
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn hear(&mut self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("the server answers in JSON")
    }

    fn result(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        loop {
            let message = self.hear();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].clone();
            }
        }
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.result("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert_ne!(result["isError"], true, "{tool}: {result}");
        result["structuredContent"].clone()
    }

    /// A call that has to fail, with a sentence that says all of this.
    fn refused(&mut self, tool: &str, arguments: &Value, says: &[&str]) {
        let result = self.result("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert_eq!(result["isError"], true, "{tool}: {result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        for says in says {
            assert!(text.contains(says), "{tool}: no {says:?} in: {text}");
        }
    }

    /// Registers a claim, or finds that it is there: the search without a model may have been quicker.
    fn register(&mut self, claim: &str) -> String {
        let checked = self.call("claim_check", &json!({ "claim": claim }));
        if let Some(id) = checked["claims"][0]["repeats"]["id"].as_str() {
            self.refused("claim_register", &json!({ "claim": claim }), &["claim:", "claimed before as", id]);
            return id.to_owned();
        }
        assert_eq!(checked["fits"], true, "{checked}");
        let registered = self.call("claim_register", &json!({ "claim": claim }));
        let id = registered["registered"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(checked["claims"][0]["id"], id);
        id
    }

    fn score(&mut self, id: &str) -> Value {
        self.call("score", &json!({ "claim": id }))["items"][0].clone()
    }

    /// Makes runs until the claim has one of these verdicts. What leads without having been attacked is.
    fn settle(&mut self, id: &str, steps: u64, verdicts: &[&str]) -> String {
        let mut is_run = true;
        loop {
            let score = self.score(id);
            let verdict = score["verdict"].as_str().unwrap();
            if verdicts.contains(&verdict) {
                return verdict.to_owned();
            }
            let is_unattacked = verdict == "leading" && score["attack_runs"].as_u64().unwrap() < 6;
            let done = if is_unattacked || !is_run {
                self.call("attack", &json!({ "claim": id, "steps": steps.min(80) }))
            } else {
                self.call("run", &json!({ "steps": steps }))
            };
            let [spent, granted] = ["spent", "granted"].map(|key| done[key].as_u64().unwrap());
            assert!(spent <= granted, "{done}");
            assert!(done["budget"]["steps_left"] != 0, "{} at the end", self.score(id));
            // A question that is answered ends runs, and not attacks.
            is_run = spent > 0;
        }
    }

    /// Ends the server as a client does, by closing its input.
    fn leave(mut self) {
        self.input = None;
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small world with the knobs width and shade, of which a run costs ten steps.
fn world(desk: &Desk, observable: &str) {
    let knob = |name: &str| format!("[knobs.{name}]\nleast = 1\nmost = 100\nlogarithmic = true\ndefault = 10\n");
    let text = format!("name = \"small\"\nsteps = \"10\"\n{}{}{observable}", knob("width"), knob("shade"));
    desk.write("small.toml", text);
}

fn number(law: &str) -> String {
    let noise = "noise = { family = \"normal\", size = 0.1 }";
    format!("[observables.t]\nvalue = \"{law}\"\nresolution = 0.01\nlogarithmic = true\n{noise}\n")
}

fn init(desk: &Desk, question: &str) {
    let said = desk.dunwu_with("science c init", &[question, "--lab", "world:small.toml", "--json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

/// The verdicts that the ledger itself comes to, without the server.
fn verified(desk: &Desk) -> Vec<(String, String)> {
    let verified = desk.json("science c verify");
    assert_eq!(verified["intact"], true);
    let text = |claim: &Value, key: &str| claim[key].as_str().unwrap().to_owned();
    verified["claims"].as_array().unwrap().iter().map(|claim| (text(claim, "id"), text(claim, "verdict"))).collect()
}

fn has(verdicts: &[(String, String)], id: &str, verdict: &str) -> bool {
    verdicts.iter().any(|(of, is)| of == id && is == verdict)
}

#[test]
fn a_power_law_in_one_knob_is_established_and_explained() {
    let desk = Desk::new();
    world(&desk, &number("300 / width"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 1000 --by tester");
    let described = agent.call("lab_describe", &json!({}));
    assert_eq!(described["glossary"]["observables"][0]["name"], "t");
    assert_eq!((&described["steps_of_a_run"], &described["budget"]["steps_left"]), (&json!(10), &json!(1000)));
    let law = agent.register("t = c / width, for some c");
    agent.settle(&law, 160, &["established"]);
    let forecasts = agent.call("rivals_disagree", &json!({}));
    assert!(forecasts["point"].is_object() && forecasts["expectations"][0]["expects"]["number"]["value"].is_number());
    let explained = agent.call("explain", &json!({ "claim": law, "text": "t falls as width", "steps": 160 }));
    assert_eq!((&explained["is_examined"], &explained["passed"]), (&json!(true), &json!(true)), "{explained}");
    assert!(explained["bits_per_byte"].as_f64().unwrap() > 0.5, "{explained}");
    let nothing = agent.call("explain", &json!({ "claim": law, "text": "it is beautiful", "steps": 160 }));
    assert_eq!((&nothing["bits"], &nothing["passed"]), (&json!(0.0), &json!(false)));
    assert!(!nothing["failed"].as_array().unwrap().is_empty());
    agent.leave();
    assert!(has(&verified(&desk), &law, "established"));
}

#[test]
fn of_two_knobs_the_one_that_does_not_matter_is_found() {
    let desk = Desk::new();
    world(&desk, &number("3 * width"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 1000");
    let shade = agent.register("t / width stays within 50 % whatever shade");
    let width = agent.register("t stays within 30 % whatever width");
    agent.settle(&width, 160, &["refuted"]);
    agent.settle(&shade, 160, &["established"]);
    agent.leave();
    let verdicts = verified(&desk);
    assert!(has(&verdicts, &width, "refuted") && has(&verdicts, &shade, "established"), "{verdicts:?}");
}

#[test]
fn the_boundary_of_an_event_is_found() {
    let desk = Desk::new();
    world(&desk, "[observables.grows]\nevent = \"8 * (ln(width) - ln(2 * shade))\"\n");
    init(&desk, "grows by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 600");
    let wrong = agent.register("grows happens when width * shade > c, for some c");
    let right = agent.register("grows happens when width > c * shade, for some c");
    agent.settle(&right, 150, &["leading", "established"]);
    assert!(agent.score(&right)["net_bits"].as_f64().unwrap() >= 10.0);
    assert!(agent.score(&wrong)["net_bits"].as_f64().unwrap() < 0.0);
    agent.leave();
    let verdicts = verified(&desk);
    assert!(!has(&verdicts, &wrong, "leading") && !has(&verdicts, &right, "open"), "{verdicts:?}");
}

#[test]
fn where_nothing_depends_on_anything_nothing_is_established() {
    let desk = Desk::new();
    world(&desk, &number("50"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 320");
    for claim in ["t = c * width, for some c", "t = c / shade, for some c", "t = c * width^a, for some c and a"] {
        agent.register(claim);
    }
    agent.call("run", &json!({ "steps": 320 }));
    let mut cursor = json!(null);
    loop {
        let page = agent.call("score", &json!({ "cursor": cursor }));
        for claim in page["items"].as_array().unwrap() {
            assert!(!["established", "leading"].contains(&claim["verdict"].as_str().unwrap()), "{claim}");
        }
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    agent.leave();
    assert!(verified(&desk).iter().all(|(_, verdict)| verdict != "established"));
}

#[test]
fn a_wrong_claim_is_refuted_and_the_right_one_established() {
    let desk = Desk::new();
    world(&desk, &number("2 * width * shade"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 1000");
    let wrong = agent.register("t = c * width / shade, for some c");
    agent.settle(&wrong, 120, &["refuted"]);
    let repeat = json!({ "claim": "t = c / shade * width, for some c" });
    agent.refused("claim_register", &repeat, &["claim:", "claimed before", "refuted"]);
    let right = agent.register("t = c * width * shade, for some c");
    agent.settle(&right, 120, &["established"]);
    let brief = agent.call("brief", &json!({}));
    assert!(brief["text"].as_str().unwrap().contains("t = c * width * shade"), "{brief}");
    agent.leave();
    let verdicts = verified(&desk);
    assert!(has(&verdicts, &wrong, "refuted") && has(&verdicts, &right, "established"), "{verdicts:?}");
}

#[test]
fn a_budget_is_neither_exceeded_nor_raised_nor_refilled() {
    let desk = Desk::new();
    world(&desk, &number("3 * width"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 105");
    agent.refused("run", &json!({ "steps": 50 }), &["no claim is registered", "claim_register"]);
    let claim = agent.register("t = c * width, for some c");
    agent.refused("run", &json!({ "steps": 50, "budget": 5000 }), &["budget"]);
    agent.refused("run", &json!({ "steps": 0 }), &["steps"]);
    agent.refused("run", &json!({ "steps": "all" }), &["steps"]);
    let first = agent.call("run", &json!({ "steps": 60 }));
    assert_eq!((&first["spent"], &first["budget"]["steps_left"]), (&json!(60), &json!(45)));
    let rest = agent.call("attack", &json!({ "claim": claim, "steps": 1_000_000_000_u64 }));
    assert_eq!((&rest["granted"], &rest["spent"], &rest["budget"]["steps_left"]), (&json!(45), &json!(40), &json!(5)));
    agent.leave();

    // Ten steps a run: the five that are left make none.
    let mut again = Agent::new(&desk, "c --budget 105");
    let none = again.call("run", &json!({ "steps": 100 }));
    assert_eq!((&none["granted"], &none["spent"], &none["runs"]), (&json!(5), &json!(0), &json!(0)));
    again.leave();
    let mut less = Agent::new(&desk, "c --budget 100");
    for (tool, arguments) in [
        ("run", json!({ "steps": 100 })),
        ("attack", json!({ "claim": claim, "steps": 100 })),
        ("explain", json!({ "claim": claim, "text": "t grows as width", "steps": 100 })),
    ] {
        less.refused(tool, &arguments, &["no steps are left", "whoever starts the server"]);
    }
    less.leave();
    let mut hurried = Agent::new(&desk, "c --budget 500 --seconds 0");
    hurried.refused("run", &json!({ "steps": 100 }), &["no time is left"]);
    hurried.leave();
    assert_eq!(desk.json("science c verify")["spent"], 100);
}

#[test]
fn nonsense_is_refused_with_the_field_and_a_remedy() {
    let desk = Desk::new();
    desk.refuses("mcp nowhere", 2, &["there is no ledger", "science DIR init"]);
    world(&desk, &number("3 * width"));
    init(&desk, "t by width, shade");
    let nobody = desk.dunwu_with("mcp c --by", &["symbolic search"]);
    assert_eq!(nobody.code, 2, "{}", nobody.stderr);
    let mut agent = Agent::new(&desk, "c");
    agent.call("lab_describe", &json!({})); // it has the ledger now
    desk.refuses("science c propose t = c * width, for some c", 1, &["another process is writing the ledger"]);
    agent.refused("claim_register", &json!({ "claim": "t = c * widht, for some c" }), &["claim:", "is it width?"]);
    agent.refused("claim_register", &json!({ "claim": "width is magic" }), &["claim:", "no form of a claim"]);
    agent.refused("claim_register", &json!({}), &["claim"]);
    agent.refused("score", &json!({ "claim": "123" }), &["claim:", "there is no claim"]);
    agent.refused("score", &json!({ "cursor": "123" }), &["cursor:"]);
    agent.refused("ledger_tail", &json!({ "cursor": "x" }), &["cursor:"]);
    agent.refused("lab_describe", &json!({ "knob": "width" }), &["knob:", "no levels"]);
    agent.refused("insight_add", &json!({ "text": "where width in 200..300" }), &["text:", "the scope has no points"]);
    agent.refused("insight_add", &json!({ "text": "objection to 123: no" }), &["text:", "there is no claim"]);
    agent.refused("derive_check", &json!({ "text": "title = 3" }), &["text:"]);
    let claim = agent.register("t = c * width, for some c");
    agent.refused("attack", &json!({ "claim": "0", "steps": 10 }), &["claim:", &claim]);
    let text = "x".repeat(40);
    agent.refused("explain", &json!({ "claim": claim, "text": text, "most_bytes": 20 }), &["text:", "40 bytes"]);
    let unread = agent.call("claim_check", &json!({ "claim": "[[claim]]\nlaw = \"t = c\"\nwish = \"1\"" }));
    assert!(unread["fits"] == false && unread["fault"].is_string(), "{unread}");
    let constant = agent.call("claim_check", &json!({ "claim": "t = c, for some c" }));
    assert_eq!(constant["claims"][0]["is_vacuous"], true);
    let square = "title = \"s\"\n[sizes]\nn = \"2..3\"\n[declare]\nu = { shape = \"n\" }\n[[step]]\nfrom = \"square(u)\"\nrelation = \"=\"\nto = \"u .* u\"\n";
    assert_eq!(agent.call("derive_check", &json!({ "text": square }))["ok"], true);
    let tail = agent.call("ledger_tail", &json!({}));
    assert_eq!((tail["items"].as_array().unwrap().len(), &tail["items"][1]["is"]), (2, &json!("proposed")));
    agent.call("insight_add", &json!({ "text": "shade may not matter" }));
    let since = agent.call("ledger_tail", &json!({ "cursor": tail["cursor"] }));
    assert_eq!(since["items"][0]["event"]["by"], "an agent");
    agent.leave();
}

#[test]
fn a_run_that_is_cancelled_is_gone_on_with_and_others_can_speak_meanwhile() {
    let desk = Desk::new();
    world(&desk, &number("3 * width"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c --budget 3000");
    agent.register("t = c * width, for some c");
    let id = agent.ask("tools/call", json!({ "name": "run", "arguments": { "steps": 2900 } }));
    while agent.hear()["method"] != "notifications/progress" {}
    assert_eq!(agent.call("brief", &json!({}))["is_running"], true);
    agent.refused("claim_register", &json!({ "claim": "t = c * shade, for some c" }), &["runs are being made"]);
    assert_eq!(agent.call("insight_add", &json!({ "text": "wait for me" }))["is_waiting"], true);
    let said = desk.dunwu_with("science c insight --json", &["a person says so", "--by", "somebody"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }));
    let began = Instant::now();
    while agent.call("lab_describe", &json!({}))["is_running"] == true {
        assert!(began.elapsed() < PATIENCE, "the run does not end");
    }
    let spent = agent.call("lab_describe", &json!({}))["budget"]["steps_spent"].as_u64().unwrap();
    assert!((10..2900).contains(&spent), "{spent}");
    let on = agent.call("run", &json!({ "steps": 80 }));
    assert_eq!(on["spent"], 80);
    agent.leave();
    let ledger = fs::read_to_string(desk.path("c/ledger.jsonl")).unwrap();
    for said in ["wait for me", "a person says so"] {
        assert_eq!(ledger.matches(said).count(), 1, "{said}");
    }
    let verified = desk.json("science c verify");
    assert_eq!((&verified["intact"], &verified["spent"]), (&json!(true), &json!(spent + 80)));
    assert!(verified["claims"].as_array().unwrap().iter().all(|claim| claim["missing"] == 0), "no run is lost");
    assert_eq!(desk.json("science c replay --quiet")["replayed"]["same"], true);
}

#[test]
fn the_skill_names_every_tool_and_no_other() {
    let desk = Desk::new();
    world(&desk, &number("3 * width"));
    init(&desk, "t by width, shade");
    let mut agent = Agent::new(&desk, "c");
    let listed = agent.result("tools/list", json!({}))["tools"].clone();
    agent.leave();
    let tools: Vec<&str> = listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../skills/dunwu-scientist/SKILL.md");
    let skill = fs::read_to_string(file).unwrap();
    let (front, body) = skill.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    assert!(front.starts_with("name: dunwu-scientist\ndescription: "), "{front}");
    // A token is about three quarters of a word: the description stays in every agent's context.
    assert!(front.split_whitespace().count() <= 90 && body.lines().count() < 60);
    let quoted: Vec<&str> = body.split('`').skip(1).step_by(2).collect();
    let is_word = |text: &&&str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    for word in quoted.iter().filter(is_word) {
        assert!(tools.contains(word), "there is no tool {word}");
    }
    for tool in tools {
        assert!(quoted.contains(&tool), "the skill does not say {tool}");
    }
}

//! `dunwu stream`: what programs rely on, kills, signals, any chunks and threads, texts that change, nonsense.

use crate::{Desk, Running};
use dunwu_attention::cache::{Assignment, Cache, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::file::ModelFile;
use dunwu_attention::model::Model;
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_attention_fixtures::{Format, Tiny};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Three policies of which two forget soon, on segments of a few chunks.
const WORDS: &str =
    "stream tiny.gguf text.txt --policy full --policy window:16 --policy sinks:2+30 --segment 200 --quiet";

/// A tiny model and a text of about 12,000 tokens.
fn desk() -> Desk {
    let desk = Desk::new();
    Tiny::default().write_gguf(&desk.path("tiny.gguf"), Format::F32, 5).unwrap();
    let lines: Vec<String> =
        (0..700).map(|i| format!("the {} and 你 of {} to {i}\n", i * i % 89, i * 7 % 23)).collect();
    desk.write("text.txt", lines.concat());
    desk
}

/// All that clocks do not tell, to the bit.
fn timeless(stream: &Value) -> Vec<Value> {
    let policies = stream["policies"].as_array().unwrap().iter().map(|policy| {
        let mut policy = policy.clone();
        let object = policy.as_object_mut().unwrap();
        object.remove("ms_per_token_first");
        object.remove("ms_per_token_last");
        policy
    });
    policies.collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

impl Desk {
    /// The folder of the only stream.
    fn stream(&self) -> PathBuf {
        let mut streams = fs::read_dir(self.path("runs/streams")).unwrap().map(|entry| entry.unwrap().path());
        let stream = streams.next().unwrap();
        assert_eq!(streams.next(), None);
        stream
    }

    /// A call in the background, once the stream has kept so many segments and a checkpoint.
    fn reads(&self, words: &str, segments: usize) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(words.split(' ')).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running(command.spawn().unwrap());
        let began = Instant::now();
        let is_there = || {
            let mut folders = fs::read_dir(self.path("runs/streams")).ok()?;
            let folder = folders.find_map(Result::ok)?.path();
            let log = fs::read_to_string(folder.join("segments.jsonl")).ok()?;
            (log.lines().count() >= segments && folder.join("checkpoint.safetensors").is_file()).then_some(())
        };
        while is_there().is_none() {
            assert!(began.elapsed() < Duration::from_mins(1), "dunwu {words} does not begin");
            std::thread::sleep(Duration::from_millis(2));
        }
        running
    }
}

#[test]
fn a_stream_says_what_programs_rely_on() {
    let desk = desk();
    let stream = desk.json(&format!("{WORDS} --tokens 1500 --chunk 7 --figures drawn"));
    assert_eq!(stream["stopped"], false);
    let keys = ["begin", "chunk", "segment", "cache", "threads", "text", "model"];
    assert!(keys.iter().all(|&key| !stream[key].is_null()), "{stream}");
    assert_eq!(
        (&stream["begin"], &stream["cache"], &stream["segment"]),
        (&"<|endoftext|>".into(), &"f16".into(), &200.into())
    );
    let policies = stream["policies"].as_array().unwrap();
    let names: Vec<&str> = policies.iter().map(|policy| policy["policy"].as_str().unwrap()).collect();
    assert_eq!(names, ["full", "window:16", "sinks:2+30"], "in the order in which they were asked for");
    for (policy, evicts_from) in policies.iter().zip([Value::Null, 16.into(), 32.into()]) {
        assert_eq!((&policy["tokens"], &policy["evicts_from"]), (&1500.into(), &evicts_from));
        assert_eq!(policy["full_at"], evicts_from, "all heads alike");
        let segments: Vec<f64> = policy["segments"].as_array().unwrap().iter().map(number).collect();
        assert_eq!(segments.len(), 8, "seven of 200 tokens, and half of one");
        assert_eq!(policy["segment_tokens"][7], 100);
        let lengths: Vec<f64> = policy["segment_tokens"].as_array().unwrap().iter().map(number).collect();
        let nats: f64 = segments.iter().zip(&lengths).map(|(perplexity, n)| n * perplexity.ln()).sum();
        let perplexity = number(&policy["perplexity"]);
        assert!((nats - 1500.0 * perplexity.ln()).abs() < 1e-6, "segments are all of it: {perplexity}");
        let [first, last, cache, peak] = ["ms_per_token_first", "ms_per_token_last", "cache_bytes", "peak_cache_bytes"]
            .map(|key| number(&policy[key]));
        assert!(first > 0.0 && last > 0.0 && cache > 0.0 && peak >= cache, "{policy}");
    }
    assert!(
        number(&policies[0]["cache_bytes"]) > 10.0 * number(&policies[2]["cache_bytes"]),
        "one grows, one does not"
    );
    let page = fs::read_to_string(desk.path("stream-tiny-text.html")).unwrap();
    assert!(
        page.contains("<svg")
            && !page.contains("<script")
            && page.contains("window:16")
            && page.contains("dunwu passkey")
    );
    assert!(page.contains("dunwu stream tiny.gguf text.txt"), "the command is beside the figure");
    assert!(desk.path("drawn/stream.svg").is_file());
    let said = desk.dunwu(&format!("{WORDS} --tokens 1500 --output other.html"));
    assert!(said.stdout.contains("sinks:2+30") && said.stdout.contains("Perplexity is local"), "{}", said.stdout);
    assert!(desk.path("other.html").is_file());
}

#[test]
fn perplexity_is_that_of_logits_read_one_by_one() {
    let desk = desk();
    let stream = desk.json("stream tiny.gguf text.txt --policy sinks:2+30 --tokens 500 --cache f32 --from 3");
    let file = ModelFile::open(&desk.path("tiny.gguf")).unwrap();
    let model = Model::load(&file, &mut |_, _| {}).unwrap();
    let tokenizer = Tokenizer::new(&file.tokenizer).unwrap();
    let tokens = tokenizer.encode(&fs::read(desk.path("text.txt")).unwrap());
    let assignment = Assignment::parse("sinks:2+30", model.hyperparameters()).unwrap();
    let mut cache = Cache::new(model.hyperparameters(), &assignment, Precision::F32);
    let mut decoder = Decoder::new(&model, 1);
    let (mut read, mut nats) = (tokenizer.special("<|endoftext|>").unwrap(), 0.0);
    for &target in &tokens[3..503] {
        let logits: Vec<f64> = decoder.read(&mut cache, &[read]).iter().map(|&x| f64::from(x)).collect();
        let sum: f64 = logits.iter().map(|x| x.exp()).sum();
        nats += sum.ln() - logits[target as usize];
        read = target;
    }
    let (found, wanted) = (number(&stream["policies"][0]["perplexity"]), (nats / 500.0).exp());
    assert!((found / wanted - 1.0).abs() < 1e-5, "{found} {wanted}");
}

#[test]
fn any_chunks_and_threads_give_the_same_bits() {
    let words = format!("{WORDS} --policy h2o:8+8 --policy random:2+6+8 --policy chunked:24 --tokens 1000");
    let wanted = timeless(&desk().json(&words));
    for how in ["--chunk 1 --threads 1", "--chunk 3 --threads 2", "--chunk 64 --threads 3", "--chunk 65536"] {
        assert_eq!(timeless(&desk().json(&format!("{words} {how}"))), wanted, "{how}");
    }
}

/// Both policies by the places of the only one with chunks, 16 positions each; a stream that goes on keeps its sums.
#[test]
fn perplexity_is_kept_by_place_where_a_policy_has_chunks() {
    const CHUNKS: &str = "stream tiny.gguf text.txt --policy chunked:16 --policy window:16 --quiet --tokens";
    let wanted = timeless(&desk().json(&format!("{CHUNKS} 500")));
    let desk = desk();
    desk.json(&format!("{CHUNKS} 203 --chunk 7"));
    assert_eq!(timeless(&desk.json(&format!("{CHUNKS} 500"))), wanted);
    for policy in &wanted {
        let places = policy["places"].as_array().unwrap();
        let of = |key: &str| places.iter().map(|place| number(&place[key])).collect::<Vec<_>>();
        assert_eq!((of("from"), of("to")), (vec![0.0, 1.0, 2.0, 4.0, 8.0], vec![0.0, 1.0, 3.0, 7.0, 15.0]));
        // 500 = 31 · 16 + 4: places 0 to 3 once more.
        assert_eq!(of("tokens"), [32.0, 32.0, 64.0, 124.0, 248.0]);
        let nats: f64 =
            of("tokens").iter().zip(of("perplexity")).map(|(tokens, perplexity)| tokens * perplexity.ln()).sum();
        assert!((nats / 500.0 - number(&policy["perplexity"]).ln()).abs() < 1e-9, "{policy}");
    }
    let without = desk.json("stream tiny.gguf text.txt --policy window:16 --tokens 100");
    assert_eq!(without["policies"][0]["places"], Value::Array(Vec::new()));
}

#[test]
fn a_killed_stream_goes_on_with_the_same_bits() {
    let wanted = timeless(&desk().json(WORDS));
    let desk = desk();
    let words = format!("{WORDS} --checkpoint-every 0.001 --chunk 5 --threads 1");
    for segments in [1, 3, 4, 9, 20] {
        desk.reads(&words, segments).kill();
    }
    let log = desk.stream().join("segments.jsonl");
    let torn = fs::read_to_string(&log).unwrap() + "{\"to\":12";
    fs::write(&log, torn).unwrap();
    let said = desk.dunwu(&WORDS.replace(" --quiet", " --json"));
    assert!(said.code == 0 && said.stderr.contains("going on from token"), "{}", said.stderr);
    assert_eq!(timeless(&serde_json::from_str(&said.stdout).unwrap()), wanted);
}

#[test]
fn signals_write_the_checkpoint_and_the_same_command_goes_on() {
    let wanted = timeless(&desk().json(WORDS));
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let desk = desk();
        // No checkpoint but the one at the end, which is what is tested; the first comes with one token.
        desk.json(&format!("{WORDS} --tokens 1"));
        let mut running = desk.reads(&format!("{WORDS} --checkpoint-every 1000 --chunk 1 --threads 1"), 3);
        let told = Command::new("kill").args([format!("-{signal}"), running.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(running.0.wait().unwrap().code(), Some(code));
        let said = desk.dunwu(&WORDS.replace(" --quiet", " --json"));
        let from = said.stderr.split("going on from token ").nth(1).and_then(|rest| rest.split(':').next());
        assert!(from.unwrap().parse::<u64>().unwrap() >= 600, "{}", said.stderr);
        assert_eq!(timeless(&serde_json::from_str(&said.stdout).unwrap()), wanted);
    }
}

#[test]
fn more_tokens_go_on_and_what_is_there_is_not_read_again() {
    let desk = desk();
    let wanted = timeless(&desk.json(&format!("{WORDS} --tokens 1234")));
    let checkpoint = desk.stream().join("checkpoint.safetensors");
    let written = || fs::metadata(&checkpoint).unwrap().modified().unwrap();
    let before = written();
    assert_eq!(timeless(&desk.json(&format!("{WORDS} --tokens 1234"))), wanted);
    let fewer = desk.dunwu(&format!("{WORDS} --tokens 1000 --json"));
    assert!(fewer.stderr.contains("has read 1234 tokens before"), "{}", fewer.stderr);
    let fewer: Value = serde_json::from_str(&fewer.stdout).unwrap();
    assert_eq!((&fewer["asked"], &fewer["policies"][0]["tokens"]), (&1000.into(), &1234.into()));
    assert_eq!(written(), before);
    let other_order =
        "stream tiny.gguf text.txt --policy sinks:2+30 --policy full --policy window:16 --segment 200 --tokens 2500";
    let mut on = timeless(&desk.json(other_order));
    on.rotate_left(1);
    let fresh = self::desk().json(&format!("{WORDS} --tokens 2500"));
    assert_eq!(timeless(&fresh), on);
}

#[test]
fn a_stream_belongs_to_one_process() {
    let desk = desk();
    let words = format!("{WORDS} --tokens 1000000 --repeat --checkpoint-every 0.01");
    let running = desk.reads(&words, 2);
    desk.refuses(&words, 1, &[&format!("being read by process {} on ", running.0.id())]);
    running.kill();
    let log = || fs::read_to_string(desk.stream().join("segments.jsonl")).unwrap().lines().count();
    desk.reads(&words, log() + 2).kill();
}

#[test]
fn a_text_that_ends_says_so_and_may_be_begun_over() {
    let desk = desk();
    desk.write("short.txt", "the end of the text\n");
    desk.write("more.txt", "and of the other\n");
    let words = "stream tiny.gguf short.txt more.txt --policy window:16 --segment 5 --tokens 200";
    let said = desk.dunwu(&format!("{words} --json"));
    let ended: Value = serde_json::from_str(&said.stdout).unwrap();
    let tokens = ended["policies"][0]["tokens"].as_u64().unwrap();
    assert!(said.stderr.contains(&format!("the text ends after {tokens} of the 200 tokens")), "{}", said.stderr);
    let little = desk.json(&words.replace("--segment 5 --tokens 200", "--segment 500"));
    assert_eq!((&little["asked"], &little["policies"][0]["segment_tokens"]), (&Value::Null, &vec![tokens].into()));
    assert_eq!(little["policies"][0]["segments"][0], little["policies"][0]["perplexity"]);
    assert!(tokens < 60 && ended["ended"] == true && ended["rounds"] == 0, "{ended}");
    let over = desk.json(&format!("{words} --repeat"));
    assert_eq!((&over["policies"][0]["tokens"], &over["ended"]), (&200.into(), &false.into()));
    assert!(over["rounds"].as_u64().unwrap() >= 200 / tokens - 1, "{over}");
    let begun: Vec<Value> = over["policies"][0]["segments"].as_array().unwrap()[..tokens as usize / 5].to_vec();
    assert_eq!(begun[..], ended["policies"][0]["segments"].as_array().unwrap()[..begun.len()]);
}

#[test]
fn a_text_that_changed_is_refused_until_the_stream_begins_again() {
    let desk = desk();
    let words = format!("{WORDS} --tokens 700");
    let wanted = timeless(&desk.json(&words));
    let old = fs::read_to_string(desk.path("text.txt")).unwrap();
    desk.write("text.txt", format!("A{}", &old[1..]));
    desk.refuses(&words.replace("700", "900"), 1, &["text.txt", "has changed", "bytes are others", "--restart"]);
    desk.write("text.txt", &old[1..]);
    desk.refuses(&words, 1, &["has changed", "--restart"]);
    let again = timeless(&desk.json(&format!("{words} --restart")));
    assert_ne!(again, wanted);
    desk.write("text.txt", &old);
    assert_eq!(timeless(&desk.json(&format!("{words} --restart"))), wanted);
}

#[test]
fn a_checkpoint_full_of_nonsense_means_beginning_again() {
    let desk = desk();
    let words = format!("{WORDS} --tokens 700");
    let wanted = timeless(&desk.json(&words));
    fs::write(desk.stream().join("checkpoint.safetensors"), "nonsense").unwrap();
    let said = desk.dunwu(&format!("{words} --json"));
    assert!(said.stderr.contains("the checkpoint cannot be used"), "{}", said.stderr);
    assert_eq!(timeless(&serde_json::from_str(&said.stdout).unwrap()), wanted);
}

#[test]
fn policies_by_layer_and_by_head_are_read() {
    let desk = desk();
    let heads = r#"{"format":1,"model":"tiny","policies":[["full","window:8"],["full","full"],["sinks:2+6","full"]]}"#;
    desk.write("heads.json", heads);
    let stream =
        desk.json("stream tiny.gguf text.txt --policy heads:heads.json --policy 0..1=window:8/1..=full --tokens 300");
    let by = |index: usize| {
        (stream["policies"][index]["evicts_from"].clone(), number(&stream["policies"][index]["cache_bytes"]))
    };
    assert_eq!((by(0).0, by(1).0), (8.into(), 8.into()));
    for policy in stream["policies"].as_array().unwrap() {
        assert_eq!(policy["full_at"], Value::Null, "some heads keep all");
    }
    assert!(stream["story"][0].as_str().unwrap().contains("goes on growing"), "{}", stream["story"]);
    assert_ne!(stream["policies"][0]["perplexity"], stream["policies"][1]["perplexity"]);
    desk.write("heads.json", heads.replace("window:8", "window:9"));
    desk.json("stream tiny.gguf text.txt --policy heads:heads.json --policy 0..1=window:8/1..=full --tokens 300");
    assert_eq!(fs::read_dir(desk.path("runs/streams")).unwrap().count(), 2, "another assignment is another stream");
    desk.write("heads.json", r#"{"format":1,"model":"tiny","policies":[["full"]]}"#);
    desk.refuses("stream tiny.gguf text.txt --policy heads:heads.json", 2, &["1 layers with 1 key heads", "3 with 2"]);
    desk.refuses("stream tiny.gguf text.txt --policy heads:none.json", 1, &["none.json"]);
}

#[test]
fn what_cannot_be_is_refused_with_what_is_allowed() {
    let desk = desk();
    desk.write("junk.gguf", [7u8; 300]);
    desk.write("empty.txt", "");
    desk.write("one.txt", "t");
    desk.write("file", "in the way");
    for (words, code, wanted) in [
        ("stream tiny.gguf text.txt --policy sink:4+8", 2, &["sink:4+8", "sinks:4+1020", "h2o:HEAVY+RECENT"] as &[_]),
        ("stream none.gguf text.txt --policy window:0", 2, &["window:0"]),
        ("stream tiny.gguf text.txt --policy full --policy full", 2, &["given twice"]),
        ("stream tiny.gguf text.txt --policy full --policy 0..=full", 2, &["are the same"]),
        ("stream tiny.gguf text.txt --policy 0..2=full", 2, &["0..2=full"]),
        ("stream tiny.gguf text.txt --tokens 0", 2, &["--tokens"]),
        ("stream tiny.gguf text.txt --segment 0", 2, &["--segment"]),
        ("stream tiny.gguf text.txt --chunk 0", 2, &["--chunk"]),
        ("stream tiny.gguf text.txt --chunk 65537", 2, &["--chunk"]),
        ("stream tiny.gguf text.txt --threads 0", 2, &["--threads"]),
        ("stream tiny.gguf text.txt --cache f8", 2, &["f8", "f32, f16, int8"]),
        ("stream tiny.gguf text.txt --policy full --repeat --tokens 99999999999", 2, &["GB", "sinks:4+1020"]),
        ("stream tiny.gguf text.txt --policy full --repeat --tokens 18446744073709551615", 2, &["GB", "--tokens"]),
        ("stream tiny.gguf text.txt --repeat", 2, &["--tokens"]),
        ("stream tiny.gguf text.txt --from 999999", 2, &["--from 999999", "the text has"]),
        ("stream tiny.gguf", 2, &["TEXT"]),
        ("stream none.gguf text.txt", 1, &["none.gguf"]),
        ("stream junk.gguf text.txt", 1, &["junk.gguf"]),
        ("stream text.txt text.txt", 1, &["text.txt"]),
        ("stream tiny.gguf none.txt", 1, &["none.txt"]),
        ("stream tiny.gguf .", 1, &["\".\" is a folder"]),
        ("stream tiny.gguf empty.txt", 1, &["the text is empty", "empty.txt"]),
        ("stream tiny.gguf one.txt --from 1", 2, &["nothing to predict"]),
        ("stream tiny.gguf text.txt --tokens 9 --runs file", 1, &["a file stands where a directory is needed"]),
        (
            "stream tiny.gguf text.txt --tokens 9 --output file/page.html",
            2,
            &["file/page.html", "is a file, not a folder"],
        ),
    ] {
        desk.refuses(&format!("{words} --quiet"), code, wanted);
    }
}

//! `dunwu attend` and `dunwu passkey` on a tiny model that knows nothing: what programs rely on, pages, and what is refused.

use crate::Desk;
use dunwu_attention::cache::Assignment;
use dunwu_attention_fixtures::{Format, Tiny};
use serde_json::Value;
use std::fs;

const TEXT: &str = "It is a truth universally acknowledged, that a single man in possession of 2 hens must be in want of rain.\n\n你好 😀 ";

/// A desk with `tiny.gguf` and `text.txt`.
fn desk() -> Desk {
    let desk = Desk::new();
    Tiny::default().write_gguf(&desk.path("tiny.gguf"), Format::F32, 5).unwrap();
    desk.write("text.txt", TEXT.repeat(20));
    desk
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

const MEASURES: [&str; 7] =
    ["mass_first", "mass_next", "mass_recent", "keys_for_95", "share_for_95", "entropy", "evenness"];

#[test]
fn every_head_of_every_layer_is_measured() {
    let desk = desk();
    let said = desk.json("attend tiny.gguf text.txt --tokens 200 --from 100 --recent 16 --figures drawn");
    assert_eq!((&said["tokens"], &said["queries"], &said["from"]), (&200.into(), &100.into(), &100.into()));
    let heads = list(&said["heads"]);
    assert_eq!(heads.len(), 3 * 4);
    for (i, head) in heads.iter().enumerate() {
        let place = [&head["layer"], &head["head"], &head["key_head"]].map(|at| at.as_u64().unwrap() as usize);
        assert_eq!(place, [i / 4, i % 4, i % 4 / 2]);
        let [first, next, recent, keys, share, entropy, evenness] = MEASURES.map(|name| number(&head[name]));
        assert!([first, next, recent, share, evenness].iter().all(|of| (0.0..=1.0 + 1e-6).contains(of)), "{head}");
        assert!((1.0..=200.0).contains(&keys) && (0.0..=200f64.ln()).contains(&entropy), "{head}");
        let [low, middle, high] = ["p10", "p50", "p90"].map(|at| number(&head["quantiles"]["entropy"][at]));
        assert!(low <= middle && middle <= high, "{head}");
        let lost: Vec<f64> = list(&head["lost"]).iter().map(number).collect();
        assert_eq!(lost.len(), 2); // 32 and 64 keys
        assert!(lost.is_sorted_by(|a, b| a >= b) && lost.iter().all(|of| (0.0..1.0).contains(of)), "{head}");
    }
    let layers = list(&said["layers"]);
    for (i, layer) in layers.iter().enumerate() {
        assert_eq!(layer["layer"], i);
        for name in MEASURES {
            let mean = heads[4 * i..4 * i + 4].iter().map(|head| number(&head[name])).sum::<f64>() / 4.0;
            assert!((number(&layer[name]) - mean).abs() < 1e-9 * mean.max(1.0), "{name}");
        }
    }
    let named: Vec<&str> = list(&said["measures"]).iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert_eq!(named, MEASURES);
    assert!(said["sink_onset"].is_null() && said["sinks"].is_array());
    let page = fs::read_to_string(desk.path("attend-tiny-text.html")).unwrap();
    assert!(page.contains("What every head does") && !page.contains("NaN"));
    assert_eq!(fs::read_dir(desk.path("drawn")).unwrap().count(), 4);
    // The same numbers again, on other threads.
    let again = desk.json("attend tiny.gguf text.txt --tokens 200 --from 100 --recent 16 --threads 1");
    assert_eq!(again["heads"], said["heads"]);
}

#[test]
fn without_json_a_table_a_sentence_and_the_page_are_said() {
    let desk = desk();
    let said = desk.dunwu("attend tiny.gguf text.txt --tokens 60 --from 40 --output where.html --quiet");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let beyond = desk.dunwu("attend tiny.gguf text.txt --tokens 90 --from 40 --quiet");
    assert!(beyond.code == 0 && beyond.stderr.contains("trained on 64 tokens, and 90 are read"), "{}", beyond.stderr);
    for wanted in ["mass_first", "sink_heads", "of the attention rests on the first token", "where.html"] {
        assert!(said.stdout.contains(wanted), "no {wanted:?} in {}", said.stdout);
    }
    assert!(desk.path("where.html").is_file());
}

#[test]
fn the_attention_of_one_head_is_given_whole_and_is_that_of_its_measures() {
    let desk = desk();
    let all = desk.json("attend tiny.gguf text.txt --tokens 60 --from 1");
    for (layer, head) in [(0, 0), (1, 3), (2, 1)] {
        let said = desk.json(&format!("attend tiny.gguf text.txt --tokens 60 --head {layer}.{head} --figures drawn"));
        assert_eq!(
            (&said["layer"], &said["head"], &said["key_head"]),
            (&layer.into(), &head.into(), &(head / 2).into())
        );
        let (tokens, weights) = (list(&said["tokens"]), list(&said["weights"]));
        assert_eq!((tokens.len(), weights.len()), (60, 60));
        for (query, row) in weights.iter().enumerate() {
            let row: Vec<f64> = list(row).iter().map(number).collect();
            assert_eq!(row.len(), query + 1, "no query looks ahead");
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-5, "row {query}: {row:?}");
        }
        // Over the same queries; measures are kept in 32 bits.
        let of_head = &list(&all["heads"])[4 * layer + head];
        let (first, measured) = (number(&said["received"][0]), number(&of_head["mass_first"]));
        assert!((first - measured).abs() < 1e-6, "{first}, not {measured}");
    }
    assert!(desk.path("attend-tiny-text-head-1-3.html").is_file());
    assert_eq!(fs::read_dir(desk.path("drawn")).unwrap().count(), 1);
    // What is read beyond changes nothing, and no more is given than can be drawn.
    let long = desk.json("attend tiny.gguf text.txt --head 1.3 --threads 1");
    let short = desk.json("attend tiny.gguf text.txt --head 1.3 --tokens 60");
    assert_eq!(list(&long["weights"]).len(), 96);
    assert_eq!(list(&long["weights"])[..60], list(&short["weights"])[..]);
    desk.refuses("attend tiny.gguf text.txt --head 3.0", 2, &["--head 3.0", "3 layers of 4 query heads", "2.3"]);
    desk.refuses("attend tiny.gguf text.txt --head 0.4", 2, &["--head 0.4", "3 layers of 4 query heads"]);
    desk.refuses("attend tiny.gguf text.txt --head 3", 2, &["LAYER.HEAD", "such as 3.1"]);
    desk.refuses("attend tiny.gguf text.txt --head 1.1 --from 3", 2, &["--head", "--from"]);
    desk.refuses("attend tiny.gguf text.txt --head 1.1 --assign heads.json", 2, &["--head", "--assign"]);
    desk.refuses("attend tiny.gguf text.txt --head 1.1 --tokens 1", 2, &["--tokens 1 ", "take 2 or more"]);
    desk.write("empty.txt", "");
    desk.refuses("attend tiny.gguf empty.txt --head 1.1", 2, &["empty.txt", "take a longer text"]);
}

#[test]
fn an_assignment_is_written_that_reads_back_and_holds_less_than_all_keys() {
    let desk = desk();
    let said = desk.json("attend tiny.gguf text.txt --tokens 300 --from 200 --assign heads.json --hold 0.5");
    let assignment = Assignment::read(&fs::read_to_string(desk.path("heads.json")).unwrap()).unwrap();
    assert_eq!((assignment.policies.len(), assignment.policies[0].len()), (3, 2));
    let told = &said["assignment"];
    assert_eq!((&told["key_heads"], &told["otherwise"]), (&6.into(), &"full".into()));
    assert!(number(&told["bytes"]) <= number(&told["bytes_uniform"]));
    let limited =
        desk.json("attend tiny.gguf text.txt --tokens 300 --from 200 --assign heads.json --hold 1 --budget 16");
    assert_eq!(limited["assignment"]["otherwise"], "sinks:4+12");
}

#[test]
fn keys_are_asked_for_under_every_policy() {
    let desk = desk();
    desk.write("long.txt", TEXT.repeat(60));
    desk.json("attend tiny.gguf text.txt --tokens 90 --from 40 --assign heads.json --budget 24");
    let words = "passkey tiny.gguf long.txt --policy full --policy sinks:4+60 --policy h2o:8+40 --policy heads:heads.json \
                 --distances 40,10 --trials 3 --figures drawn --quiet";
    let said = desk.json(words);
    let policies = list(&said["policies"]);
    assert_eq!(policies.len(), 4);
    for policy in policies {
        let cells = list(&policy["cells"]);
        assert_eq!(cells.iter().map(|cell| cell["distance"].as_u64().unwrap()).collect::<Vec<u64>>(), [10, 40]);
        for cell in cells {
            assert_eq!((&cell["trials"], &cell["right"]), (&3.into(), &0.into()));
            assert!(number(&cell["log_probability"]) < -5.0 && number(&cell["high"]) > 0.3);
        }
    }
    let held =
        |i: usize| list(&policies[i]["cells"]).iter().map(|cell| cell["key_held"].clone()).collect::<Vec<Value>>();
    assert_eq!(held(0), [true, true]);
    assert_eq!(held(1), [false, false]);
    assert_eq!(held(2), [Value::Null, Value::Null]);
    assert_eq!(said["manages"], false);
    assert!(said["story"][0].as_str().unwrap().contains("does not manage the test"));
    assert_eq!(fs::read_dir(desk.path("drawn")).unwrap().count(), 1);
    assert_eq!(desk.json(words)["policies"], said["policies"]);
}

#[test]
fn what_cannot_be_measured_is_refused_with_what_to_do() {
    let desk = desk();
    desk.write("empty.txt", "");
    desk.write("noise.gguf", "this is no model, whatever it is called");
    desk.refuses("attend tiny.gguf", 2, &["TEXT"]);
    desk.refuses(
        "attend tiny.gguf text.txt --tokens 100",
        2,
        &["--tokens 100", "512", "raise --tokens or lower --from"],
    );
    desk.refuses("attend tiny.gguf empty.txt", 2, &["empty.txt is empty"]);
    desk.write("short.txt", "a few words");
    desk.refuses("attend tiny.gguf short.txt", 2, &["short.txt has", "512", "a longer text or lower --from"]);
    desk.refuses("attend tiny.gguf text.txt --recent 0", 2, &["--recent"]);
    desk.refuses("attend tiny.gguf text.txt --hold 0.9", 2, &["--assign"]);
    desk.refuses("attend tiny.gguf text.txt --assign a --hold 1.5", 2, &["at most 1"]);
    desk.refuses("attend tiny.gguf text.txt --assign a --budget 4", 2, &["--budget"]);
    desk.refuses("attend tiny.gguf text.txt --assign a --budget 1073741825", 2, &["--budget", "1073741824"]);
    desk.refuses("attend tiny.gguf text.txt --from 0 --tokens 1", 2, &["--tokens 1 ", "raise --tokens"]);
    // All but its beginning is a hole, which takes no place on the disk.
    desk.write("huge.txt", "words ".repeat(20_000));
    fs::File::options().write(true).open(desk.path("huge.txt")).unwrap().set_len(1 << 40).unwrap();
    desk.refuses("attend tiny.gguf huge.txt --tokens 400000000000", 2, &["400000000000 tokens", "GB", "--tokens"]);
    desk.refuses("attend tiny.gguf missing.txt", 1, &["missing.txt"]);
    desk.refuses("attend noise.gguf text.txt", 1, &["noise.gguf"]);
    desk.refuses("attend missing.gguf text.txt", 1, &["missing.gguf"]);
    desk.refuses("passkey tiny.gguf short.txt", 2, &["take a longer text or smaller distances"]);
    desk.refuses("passkey tiny.gguf text.txt --distances 0", 2, &["--distances"]);
    desk.refuses("passkey tiny.gguf text.txt --policy sink:4+60", 2, &["sink:4+60", "perhaps sinks:"]);
    desk.refuses("passkey tiny.gguf text.txt --policy heads:missing.json", 1, &["missing.json"]);
    desk.refuses("passkey tiny.gguf text.txt --policy full --policy full", 2, &["--policy full is given twice"]);
    desk.refuses("passkey tiny.gguf text.txt --policy full --policy 0..=full", 2, &["are the same"]);
    desk.write("heads.json", r#"{"format":1,"model":"other","policies":[["full"]]}"#);
    desk.refuses("passkey tiny.gguf text.txt --policy heads:heads.json", 2, &["the model has 3 with 2"]);
}

//! `dunwu show`, `report`, `export`: runs that are finished, interrupted, or not there.

use crate::Desk;
use std::fs;

fn finished() -> (Desk, String) {
    let desk = Desk::new();
    let result = desk.json("run small steps=60 --quiet");
    let run = result["run"].as_str().unwrap().to_owned();
    (desk, run)
}

#[test]
fn a_run_is_found_by_directory_name_and_first_digits() {
    let (desk, run) = finished();
    let name = run.strip_prefix("runs/").unwrap();
    let whole = desk.dunwu(&format!("show {run}"));
    assert!(whole.code == 0 && whole.stdout.contains("cyclic:23"), "{}", whole.stdout);
    for called in [name, &name[..16], &name[..5], &format!("{run}/")] {
        assert_eq!(desk.dunwu(&format!("show {called}")).stdout, whole.stdout, "{called}");
    }
    let shown = desk.json(&format!("show {name}"));
    let again = desk.json("run small steps=60");
    assert_eq!(shown["units"], again["units"]);
    assert_eq!(shown["outcome"], again["outcome"]);
    assert_eq!(desk.json(&format!("resume {name}"))["reused"], true);
}

#[test]
fn a_run_that_is_not_there_or_not_the_only_one_is_said_so() {
    let (desk, run) = finished();
    for command in ["show", "report", "export", "resume"] {
        desk.refuses(&format!("{command} nope"), 1, &["no run is called \"nope\"", "\"runs\""]);
        desk.refuses(&format!("{command} {run} --runs other").replace(&run, "ffff"), 1, &["no run is called", "other"]);
    }
    for seed in 1..20 {
        desk.dunwu(&format!("run small steps=1 model.width=2 task=cyclic:3 data.fraction=0.5 seed={seed} --quiet"));
    }
    // 20 ids, 16 first digits: two begin alike.
    let digit = |run: &std::path::PathBuf| run.file_name().unwrap().to_string_lossy()[..1].to_owned();
    let runs = desk.runs();
    let shared = runs.windows(2).find(|pair| digit(&pair[0]) == digit(&pair[1])).map(|pair| digit(&pair[0])).unwrap();
    desk.refuses(&format!("show {shared}"), 1, &["could be any of", "write more digits"]);
}

#[test]
fn a_deleted_report_and_cache_are_derived_again_to_the_same_bytes() {
    let (desk, run) = finished();
    let report = desk.path(&run).join("report.html");
    let before = fs::read(&report).unwrap();
    let shown = desk.dunwu(&format!("show {run}")).stdout;
    fs::remove_file(&report).unwrap();
    fs::remove_file(desk.path(&run).join("series.cache")).unwrap();
    let said = desk.dunwu(&format!("report {run}"));
    assert_eq!(said.stdout.trim_end(), format!("{run}/report.html"));
    assert_eq!(fs::read(&report).unwrap(), before);
    fs::write(desk.path(&run).join("series.cache"), "nonsense").unwrap();
    assert_eq!(desk.dunwu(&format!("show {run}")).stdout, shown);
}

#[test]
fn tables_are_exported_as_csv_and_parquet_and_figures_as_svg() {
    let (desk, run) = finished();
    let files = |format: &str| {
        let files = desk.json(&format!("export {run} --output out/{format} --tables {format}"))["files"].clone();
        files.as_array().unwrap().iter().map(|file| file.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for file in files("csv").iter().chain(&files("parquet")) {
        let bytes = fs::read(desk.path(file)).unwrap();
        let fits = match file.rsplit('.').next().unwrap() {
            "svg" => bytes.starts_with(b"<svg") || bytes.starts_with(b"<?xml"),
            "csv" => bytes.starts_with(b"step"),
            "parquet" => bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"),
            _ => false,
        };
        assert!(fits, "{file}");
    }
    let scalars = fs::read_to_string(desk.path("out/csv/scalars.csv")).unwrap();
    assert_eq!(scalars.lines().count(), 1 + 61, "a header and steps 0 to 60");
    let last = desk.json(&format!("show {run}"));
    let column = scalars.lines().next().unwrap().split(',').position(|name| name == "train_loss").unwrap();
    let cell = scalars.lines().last().unwrap().split(',').nth(column).unwrap();
    assert_eq!(cell.parse::<f64>().unwrap(), last["train_loss"].as_f64().unwrap());
}

/// What was printed while it trained is printed years later, and programs read what the schema says.
#[test]
fn all_that_show_a_run_give_one_answer() {
    let desk = Desk::new();
    let first = desk.json("run small steps=60 --quiet");
    let run = first["run"].as_str().unwrap().to_owned();
    let verb = dunwu_report::verbs::VERBS.iter().find(|verb| verb.name == "run").unwrap();
    let schema = serde_json::to_value(dunwu_report::verbs::schema(verb)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for words in [
        "run small steps=60".to_owned(),
        format!("resume {run}"),
        format!("show {run}"),
        format!("report {run} --output again.html"),
        format!("export {run} --output out"),
    ] {
        let answer = desk.json(&words);
        let errors: Vec<String> = validator.iter_errors(&answer).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{words}: {errors:?}");
        for (key, value) in first.as_object().unwrap() {
            if !["reused", "page"].contains(&key.as_str()) {
                assert_eq!(&answer[key], value, "{words}: {key}");
            }
        }
        assert_eq!(answer["reused"], true, "{words}");
    }
    let text = desk.dunwu(&format!("show {run}")).stdout;
    assert_eq!(desk.dunwu("run small steps=60").stdout, text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(fs::read(desk.path("again.html")).unwrap(), fs::read(desk.path(&run).join("report.html")).unwrap());
}

#[test]
fn an_interrupted_run_can_be_shown_reported_and_exported() {
    let desk = Desk::new();
    desk.starts("run small steps=1000000 --quiet", 150).kill();
    let run = desk.run();
    let name = run.file_name().unwrap().to_str().unwrap();
    let shown = desk.dunwu(&format!("show {name}"));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!(
        shown.stdout.starts_with("This run is not finished") && shown.stdout.contains("  dunwu resume runs/"),
        "{}",
        shown.stdout
    );
    let result = desk.json(&format!("show {name}"));
    assert_eq!(result["outcome"]["kind"], "censored");
    assert_eq!(result["steps_per_second"], serde_json::Value::Null);
    assert_eq!(desk.dunwu(&format!("report {name} --output here.html")).code, 0);
    assert!(fs::read_to_string(desk.path("here.html")).unwrap().contains("<svg"));
    assert_eq!(desk.dunwu(&format!("export {name}")).code, 0);
    assert!(desk.path(&format!("export-{}-cyclic-23/scalars.parquet", &name[..8])).is_file());
    assert!(!run.join("series.cache").exists(), "a run that goes on is not written to by those who look");
}

#[test]
fn an_output_that_cannot_be_written_is_a_sentence() {
    let (desk, run) = finished();
    desk.write("file", "");
    desk.refuses(&format!("export {run} --output file"), 2, &["cannot write file", "is a file, not a folder"]);
    desk.refuses(&format!("export {run} --output file/deeper"), 2, &["cannot write file/deeper", "is a file"]);
    desk.refuses(
        &format!("report {run} --output nowhere/report.html"),
        2,
        &["cannot write nowhere/report.html", "make it"],
    );
    desk.refuses(&format!("report {run} --output runs"), 2, &["cannot write runs", "it is a folder"]);
}

/// Each would compute for longer than a test may take, if it began.
#[test]
fn a_bad_output_fails_before_anything_is_computed() {
    let (desk, run) = finished();
    desk.write("file", "mine");
    for words in [
        "race cyclic:97 restarts=1000000 --output nowhere/race.html".to_owned(),
        "race cyclic:97 restarts=1000000 --figures file".to_owned(),
        "peaks cyclic:97 restarts=1000000 --output runs".to_owned(),
        format!("peaks --run {run} --output file/page.html"),
        format!("compare {run} {run} --output nowhere/page.html"),
        "sweep small steps=100000000 seed=0..9 --table nowhere/table.csv".to_owned(),
        "attend none.gguf none.txt --assign nowhere/heads.json".to_owned(),
        "stream none.gguf none.txt --output nowhere/page.html".to_owned(),
        "passkey none.gguf none.txt --output nowhere/page.html".to_owned(),
        "law none.parquet --output nowhere/page.html".to_owned(),
        "phase none.parquet --output nowhere/page.html".to_owned(),
        "pair none.parquet seed=0,1 --output nowhere/page.html".to_owned(),
    ] {
        desk.refuses(&words, 2, &["cannot write "]);
    }
    assert_eq!(fs::read_to_string(desk.path("file")).unwrap(), "mine");
    assert!(!desk.path("nowhere").exists());
}

#[test]
fn no_page_takes_the_place_of_another_requests_page() {
    let (desk, run) = finished();
    let id = &run["runs/".len()..][..8];
    let page = |words: &str| desk.json(&format!("{words} --quiet"))["page"].as_str().unwrap().to_owned();
    let peaks = "peaks cyclic:7 restarts=20";
    assert_eq!(page(peaks), "peaks-cyclic-7.html");
    let before = fs::read(desk.path("peaks-cyclic-7.html")).unwrap();
    assert_eq!(page("peaks cyclic:7 restarts=21"), "peaks-cyclic-7-2.html");
    assert_eq!(page("peaks cyclic:5 restarts=20"), "peaks-cyclic-5.html");
    assert_eq!(page(&format!("peaks --run {run}")), format!("peaks-{id}-cyclic-23.html"));
    assert_eq!(fs::read(desk.path("peaks-cyclic-7.html")).unwrap(), before);
    assert_eq!(page(peaks), "peaks-cyclic-7.html", "the same request has one page");
    desk.write("race-cyclic-5.html", "somebody's own");
    assert_eq!(page("race cyclic:5 restarts=5 samples=1 train=false n=10..20/2"), "race-cyclic-5-2.html");
    assert_eq!(fs::read_to_string(desk.path("race-cyclic-5.html")).unwrap(), "somebody's own");
    let compare = desk.json(&format!("compare {run} {run}"))["page"].as_str().unwrap().to_owned();
    assert_eq!(compare, format!("compare-{id}-{id}.html"));
}

/// The recorded numbers would be judged against a split that the network never had.
#[test]
fn an_edited_spec_is_refused_by_everybody_who_opens_the_run() {
    let desk = Desk::new();
    let words = "run small steps=60 seed=9 --quiet";
    let run = desk.json(words)["run"].as_str().unwrap().to_owned();
    let other = desk.json("run small steps=60 --quiet")["run"].as_str().unwrap().to_owned();
    let spec = desk.path(&run).join("spec.toml");
    let whole = fs::read_to_string(&spec).unwrap();
    let edited = whole.replacen("fraction = 0.5", "fraction = 0.8", 1);
    assert_ne!(edited, whole);
    fs::write(&spec, &edited).unwrap();
    let wanted = ["data.fraction is 0.8 and was 0.5", &format!("`dunwu run {run}/spec.toml`")];
    let openers = [
        "show RUN",
        "report RUN",
        "export RUN",
        "peaks --run RUN",
        "compare RUN OTHER",
        "compare OTHER RUN",
        "resume RUN",
    ];
    for opener in openers.into_iter().chain([words]) {
        let words = opener.replace("RUN", &run).replace("OTHER", &other);
        let said = desk.dunwu(&words);
        assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{words}: {}", said.stderr);
        assert!(wanted.iter().all(|wanted| said.stderr.contains(wanted)), "{words}: {}", said.stderr);
    }
    // The way that is named leads to a run of its own.
    let made = desk.json(&format!("run {run}/spec.toml --quiet"));
    assert!(made["reused"] == false && made["run"] != run.as_str(), "{made}");
    fs::write(&spec, whole).unwrap();
    assert_eq!(desk.json(words)["reused"], true);
}

#[test]
fn a_directory_that_is_no_run_is_told_by_what_it_lacks() {
    let (desk, run) = finished();
    fs::create_dir(desk.path("empty")).unwrap();
    desk.refuses("show empty", 1, &["no record.jsonl in \"empty\"", "the directory is empty"]);
    desk.refuses("show runs", 1, &["no record.jsonl in \"runs\"", "it is a folder of runs", "--runs"]);
    fs::remove_file(desk.path(&run).join("spec.toml")).unwrap();
    desk.refuses(&format!("show {run}"), 1, &["no spec.toml in ", "restore it from a copy"]);
    fs::remove_file(desk.path(&run).join("record.jsonl")).unwrap();
    desk.refuses(&format!("show {run}"), 1, &["no record.jsonl in ", "its record was taken away"]);
}

#[test]
fn a_damaged_run_is_refused_with_the_place_of_the_damage() {
    let (desk, run) = finished();
    let path = desk.path(&run).join("record.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let damaged = text.replacen("\"kind\":\"scalars\"", "\"kind\":\"scolars\"", 1);
    assert_ne!(damaged, text);
    fs::write(&path, damaged).unwrap();
    desk.refuses(&format!("show {run}"), 1, &["record.jsonl", "line 2"]);
    // An edit that still parses, and says that the network had learned.
    let edited = text.replacen("\"test_accuracy\":0.", "\"test_accuracy\":1.", 1);
    assert_ne!(edited, text);
    fs::write(&path, edited).unwrap();
    desk.refuses(&format!("show {run}"), 1, &["record.jsonl", "of the record is damaged", "edited", "from a copy"]);
    for (format, wanted) in [(999, "install a newer dunwu"), (1, "make it again in another folder")] {
        fs::write(&path, text.replacen("\"format\":2", &format!("\"format\":{format}"), 1)).unwrap();
        desk.refuses(&format!("show {run}"), 1, &[&format!("run has format {format}"), wanted]);
    }
    fs::write(&path, "").unwrap();
    desk.refuses(&format!("show {run}"), 1, &["record.jsonl"]);
    fs::write(&path, &text).unwrap();
    fs::write(desk.path(&run).join("spec.toml"), "steps = \n").unwrap();
    desk.refuses(&format!("show {run}"), 2, &["spec.toml"]);
    fs::remove_file(desk.path(&run).join("spec.toml")).unwrap();
    desk.refuses(&format!("show {run}"), 1, &["spec.toml"]);
}

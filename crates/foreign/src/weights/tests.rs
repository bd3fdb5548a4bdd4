//! Networks that PyTorch trained (`testdata/imported`, made by `make.py` there), imported: its losses and accuracies are ours.

use super::{ImportRequest, ImportWords, MapWord, chance_warning, record};
use dunwu::opened::{Opened, UnitLabel};
use dunwu::origin::{Form, Ground};
use dunwu::run::{Fork, RunEnd, RunRequest, open, resume, run};
use dunwu::store::RunDir;
use dunwu::verb::Watcher;
use dunwu::{measure, run::Training};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/imported")
}

fn networks() -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join("numbers.json")).unwrap()).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What a user would say to import a network of the folder.
fn words(network: &Value) -> ImportWords {
    let mut words = ImportWords {
        files: network["files"].as_object().unwrap().keys().map(|name| folder().join(name)).collect(),
        spec: texts(&network["spec"]),
        ..ImportWords::default()
    };
    for word in &mut words.spec {
        if let Some(file) = word.strip_prefix("data.split=") {
            *word = format!("data.split={}", folder().join(file).display());
        }
    }
    for pair in texts(&network["more"]).chunks(2) {
        match pair[0].as_str() {
            "--split" => words.split = Some(pair[1].clone()),
            "--steps" => words.steps = vec![pair[1].parse().unwrap()],
            other => panic!("{other}"),
        }
    }
    words
}

fn named(name: &str) -> ImportWords {
    words(&networks()["networks"][name])
}

fn watched<T>(work: impl FnOnce(&mut Watcher<'_>) -> T) -> (T, Vec<String>) {
    let (mut said, stop) = (Vec::new(), AtomicBool::new(false));
    let mut hear = |progress: &dunwu::verb::Progress<'_>| {
        if let dunwu::verb::Progress::Note(note) = progress {
            said.push((*note).to_owned());
        }
    };
    let result = work(&mut Watcher::new(&mut hear, &stop));
    (result, said)
}

fn imported(words: &ImportWords, runs: &Path) -> (RunDir, Opened, Vec<String>) {
    let request = ImportRequest::from_words(words).unwrap_or_else(|error| panic!("{}", error.sentence()));
    let (end, said) = watched(|watcher| record(&request, runs, watcher));
    match end.unwrap_or_else(|error| panic!("{}", error.sentence())) {
        RunEnd::Made(dir, opened) => (dir, *opened, said),
        RunEnd::Found(dir) => panic!("{dir:?} was there"),
    }
}

fn refusal(words: &ImportWords) -> String {
    ImportRequest::from_words(words).map(|_| ()).expect_err("it is refused").sentence()
}

/// The oracle is PyTorch: what it found for its own weights, in the script that trained them.
#[test]
fn losses_and_accuracies_are_those_that_pytorch_has_for_its_own_weights() {
    let networks = networks();
    for (name, network) in networks["networks"].as_object().unwrap() {
        let runs = tempfile::tempdir().unwrap();
        let (dir, opened, said) = imported(&words(network), runs.path());
        let files = network["files"].as_object().unwrap();
        assert_eq!((opened.scalars.len(), opened.frames.len()), (files.len(), files.len()), "{name}");
        for theirs in files.values() {
            let number = |key: &str| theirs[key].as_f64().unwrap();
            let ours = opened.scalars.iter().find(|row| row.step == theirs["step"].as_u64().unwrap()).unwrap();
            // Both compute in f32, in other orders: a few hundred roundings of 6·10⁻⁸ of logits below 20.
            for (ours, theirs) in
                [(ours.train_loss, number("train_loss")), (ours.test_loss.unwrap(), number("test_loss"))]
            {
                assert!((ours - theirs).abs() <= 1e-5 * theirs.max(1.0), "{name}: {ours} for {theirs}");
            }
            let accuracies = (ours.train_accuracy, ours.test_accuracy.unwrap());
            assert_eq!(accuracies, (number("train_accuracy"), number("test_accuracy")), "{name}");
        }
        assert!(said.iter().all(|note| !note.contains("guessing")), "{name}: {said:?}");
        let again = watched(|watcher| open(&dir, watcher)).0.unwrap();
        assert_eq!(
            (&again.frames, &again.story, &again.origin),
            (&opened.frames, &opened.story, &opened.origin),
            "{name}: opened later"
        );
        assert!(opened.story[0].contains("trained elsewhere"), "{name}: {:?}", opened.story);
    }
}

#[test]
fn units_of_an_imported_network_are_measured_and_labelled() {
    let runs = tempfile::tempdir().unwrap();
    let (_, opened, _) = imported(&named("two-layer"), runs.path());
    let generalizing: Vec<usize> = opened.frames.iter().map(|frame| frame.count(UnitLabel::Generalizing)).collect();
    assert!(generalizing[0] == 0 && generalizing[2] >= 40, "{generalizing:?} of 96 units generalize");
    let last = opened.frames.last().unwrap();
    assert!(last.entries(measure::UNIT_ROTATION).unwrap().iter().flatten().any(|rotation| *rotation > 0.1));
    assert!(last.scalar(measure::GRADIENT_NORM).is_some());

    // Without its first step nobody knows how far units turned; what they contribute is known.
    let mut late = named("two-layer");
    late.files.retain(|file| file.ends_with("two-layer-2000.safetensors"));
    let (_, opened, _) = imported(&late, runs.path());
    let frame = &opened.frames[0];
    assert!(frame.value(measure::UNIT_ROTATION).is_none() && opened.stages.is_empty());
    let found = frame.count(UnitLabel::Generalizing);
    assert!(found.abs_diff(generalizing[2]) <= 4, "{found} and {generalizing:?}");
    assert!(opened.story[0].contains("not known"), "{:?}", opened.story);
}

#[test]
fn nobody_trains_an_imported_run_again() {
    let runs = tempfile::tempdir().unwrap();
    let words = named("two-layer");
    let (dir, opened, _) = imported(&words, runs.path());
    let training = Training { runs: runs.path(), checkpoint_every: Duration::from_secs(10) };
    let resumed = watched(|watcher| resume(dir.clone(), &training, watcher).map(|_| ())).0.unwrap_err().sentence();
    assert!(
        resumed.contains("two-layer-0.safetensors, two-layer-100.safetensors and two-layer-2000.safetensors"),
        "{resumed}"
    );
    assert!(resumed.contains("nobody can train it again"), "{resumed}");
    let freeze = ["freeze top".to_owned()];
    let forked = Fork { at: 5, until: None, words: &freeze }.request(&dir).map(|_| ()).unwrap_err().sentence();
    assert!(forked.contains("which a fork needs"), "{forked}");
    // A run of our own from the same spec is another run, begun at its first step.
    let mut own = words.spec.clone();
    own.extend(["steps=2000".to_owned(), "record.evaluate_every=1000".to_owned()]);
    let request = RunRequest::from_words(&own).unwrap();
    assert_ne!(request.id, RunRequest::from_run(&dir).unwrap().id);
    let (end, said) = watched(|watcher| run(&request, &training, watcher));
    let RunEnd::Made(_, trained) = end.unwrap() else { panic!("it is made") };
    assert!(trained.origin.is_none() && trained.scalars[0] != opened.scalars[0] && said.is_empty(), "{said:?}");
    // The same weights again are found, and other weights of the same spec are another run.
    let found = ImportRequest::from_words(&words).unwrap();
    assert!(matches!(watched(|watcher| record(&found, runs.path(), watcher)).0.unwrap(), RunEnd::Found(_)));
    let fewer = ImportWords { files: words.files[1..].to_vec(), ..words };
    assert_ne!(ImportRequest::from_words(&fewer).unwrap().run.id, found.run.id);
}

/// An import that ends at any of its snapshots is gone on with by the same words, and is then the same run.
#[test]
fn an_import_that_was_interrupted_is_gone_on_with() {
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let words = named("two-layer");
    let (wanted, _, _) = imported(&words, whole.path());
    let (dir, _, _) = imported(&words, broken.path());
    let path = dir.path().join("record.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let n_lines = text.lines().count();
    for kept in 1..n_lines {
        let lines: String = text.split_inclusive('\n').take(kept).collect();
        fs::write(&path, lines).unwrap();
        let request = ImportRequest::from_words(&words).unwrap();
        let RunEnd::Made(again, _) = watched(|watcher| record(&request, broken.path(), watcher)).0.unwrap() else {
            panic!("it was not finished")
        };
        let scalars = |dir: &RunDir| dunwu::store::Record::read(dir).unwrap().scalars;
        assert_eq!(scalars(&again), scalars(&wanted), "{kept} lines were left");
    }
}

/// A file of arrays counted up from a number, and where it is.
fn file(folder: &Path, name: &str, arrays: &[(&str, &[usize])]) -> PathBuf {
    let data: Vec<Vec<u8>> = arrays
        .iter()
        .map(|(_, shape)| (0..shape.iter().product::<usize>()).flat_map(|i| (i as f32 / 64.0).to_le_bytes()).collect())
        .collect();
    let views = arrays
        .iter()
        .zip(&data)
        .map(|((name, shape), data)| (*name, TensorView::new(Dtype::F32, shape.to_vec(), data).unwrap()));
    let path = folder.join(name);
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

fn of(folder: &Path, arrays: &[(&str, &[usize])], spec: &[&str]) -> ImportWords {
    ImportWords {
        files: vec![file(folder, "model.safetensors", arrays)],
        spec: spec.iter().map(ToString::to_string).collect(),
        ..ImportWords::default()
    }
}

const TWO_LAYER: [&str; 4] = ["small", "task=cyclic:5", "model.width=7", "steps=9"];

#[test]
fn every_array_that_does_not_fit_is_named_on_either_side() {
    let here = tempfile::tempdir().unwrap();
    let arrays: [(&str, &[usize]); 5] = [
        ("fc1.weight", &[7, 11]),
        ("fc2.weight", &[5, 7]),
        ("fc2.bias", &[5]),
        ("gate.weight", &[3, 3, 3]),
        ("fc1.bias", &[7]),
    ];
    let said = refusal(&of(here.path(), &arrays, &TWO_LAYER));
    for part in
        ["`fc2.bias` [5]", "`fc1.bias` [7]", "`gate.weight` [3, 3, 3]", "--map theirs=ours", "model.safetensors"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let arrays: [(&str, &[usize]); 2] = [("fc1.weight", &[7, 11]), ("fc2.weight", &[5, 7])];
    let said = refusal(&of(here.path(), &arrays, &TWO_LAYER));
    assert!(said.contains("`fc1.weight` is [7, 11] where `hidden.0.weight` is [10, 7]"), "{said}");
    let said = refusal(&of(here.path(), &arrays[..1], &TWO_LAYER));
    assert!(said.contains("the file lacks") && said.contains("`top.weight` [7, 5]"), "{said}");
}

#[test]
fn names_that_nobody_knows_are_told_apart_by_their_extents_or_by_the_user() {
    let here = tempfile::tempdir().unwrap();
    let arrays: [(&str, &[usize]); 2] = [("alpha", &[7, 10]), ("omega", &[7, 5])];
    let request = ImportRequest::from_words(&of(here.path(), &arrays, &TWO_LAYER)).unwrap();
    let forms: Vec<_> =
        request.origin.arrays.iter().map(|array| (array.pair.theirs.as_str(), array.pair.form)).collect();
    assert_eq!(forms, [("alpha", Form::Transposed), ("omega", Form::Straight)]);
    assert!(request.origin.arrays.iter().all(|array| array.pair.ground == Ground::Extents));
    let (_, weights) = &request.weights[0];
    assert_eq!(weights[0][..3], [0.0, 10.0 / 64.0, 20.0 / 64.0], "unit k's weights are their row k");
    assert_eq!(weights[1][..3], [0.0, 1.0 / 64.0, 2.0 / 64.0]);
    let told = |theirs: &str, ours: &str| {
        let map = vec![MapWord { theirs: theirs.into(), ours: ours.into(), is_transposed: false }];
        refusal(&ImportWords { map, ..of(here.path(), &arrays, &TWO_LAYER) })
    };
    let said = told("beta", "top.weight");
    assert!(said.contains("no array `beta`") && said.contains("`alpha`, `omega`"), "{said}");
    let said = told("alpha", "bottom");
    assert!(said.contains("no array `bottom`") && said.contains("`hidden.0.weight`, `top.weight`"), "{said}");
    assert!("alpha".parse::<MapWord>().unwrap_err().to_string().contains("theirs=ours.T"));
}

#[test]
fn what_is_square_lies_as_its_neighbours_do_or_as_the_user_says() {
    let here = tempfile::tempdir().unwrap();
    let mlp = ["small", "model.architecture=mlp", "model.depth=2", "model.biases=false", "steps=9"];
    let deep = [&mlp[..], &["task=cyclic:5", "model.width=7"]].concat();
    let straight_second = |request: &ImportRequest| request.weights[0].1[1][1] == 1.0 / 64.0;
    let linear: [(&str, &[usize]); 3] = [("0.weight", &[7, 10]), ("2.weight", &[7, 7]), ("4.weight", &[5, 7])];
    let request = ImportRequest::from_words(&of(here.path(), &linear, &deep)).unwrap();
    assert!(!straight_second(&request) && request.origin.arrays[1].pair.is_square);
    let ours: [(&str, &[usize]); 3] = [("0.weight", &[10, 7]), ("2.weight", &[7, 7]), ("4.weight", &[7, 5])];
    assert!(straight_second(&ImportRequest::from_words(&of(here.path(), &ours, &deep)).unwrap()));
    // Nothing else in the file tells.
    let square = [&mlp[..], &["task=cyclic:7", "model.width=14"]].concat();
    let arrays: [(&str, &[usize]); 3] = [("0.weight", &[14, 14]), ("2.weight", &[14, 14]), ("4.weight", &[7, 14])];
    assert!(ImportRequest::from_words(&of(here.path(), &arrays, &square)).is_ok(), "the last layer tells");
    let mixed: [(&str, &[usize]); 3] = [("0.weight", &[7, 10]), ("2.weight", &[7, 7]), ("4.weight", &[7, 5])];
    let words = of(here.path(), &mixed, &deep);
    let said = refusal(&words);
    assert!(said.contains("`2.weight` is square") && said.contains("--map 2.weight=hidden.1.weight.T"), "{said}");
    for (map, is_straight) in [("2.weight=hidden.1.weight", true), ("2.weight=hidden.1.weight.T", false)] {
        let words = ImportWords { map: vec![map.parse().unwrap()], ..words.clone() };
        assert_eq!(straight_second(&ImportRequest::from_words(&words).unwrap()), is_straight, "{map}");
    }
}

/// The bytes of a file of the folder with one of its numbers changed.
fn with_number(path: &Path, array: &str, value: f32) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let offset = {
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        tensors.tensor(array).unwrap().data().as_ptr() as usize - bytes.as_ptr() as usize
    };
    bytes[offset + 8..offset + 12].copy_from_slice(&value.to_le_bytes());
    bytes
}

#[test]
fn nonsense_is_refused_in_a_sentence_that_names_the_file() {
    let here = tempfile::tempdir().unwrap();
    let spec = named("two-layer").spec;
    let whole = fs::read(folder().join("two-layer-100.safetensors")).unwrap();
    let path = here.path().join("model-7.safetensors");
    let words = ImportWords { files: vec![path.clone()], spec, ..ImportWords::default() };
    let with = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        refusal(&words)
    };
    for len in [0, 7, 100, whole.len() - 1] {
        let said = with(&whole[..len]);
        assert!(said.contains(&format!("its {len} bytes")) && said.contains("model-7"), "{said}");
    }
    let said = with(b"PK\x03\x04archive/data.pkl");
    assert!(said.contains("dunwu.import_checkpoint") && said.contains("safetensors.torch.save_file"), "{said}");
    let said = with(&with_number(&folder().join("two-layer-100.safetensors"), "2.weight", f32::NAN));
    assert!(said.contains("1 of the 1248 numbers in `2.weight` are not finite, the first at place 2"), "{said}");
    let missing = ImportWords { files: vec![here.path().join("none.safetensors")], ..words.clone() };
    assert!(refusal(&missing).contains("none.safetensors"), "{}", refusal(&missing));
    fs::write(&path, &whole).unwrap();
    let with_spec = |more: &str| {
        let mut spec = words.spec.clone();
        spec.push(more.to_owned());
        refusal(&ImportWords { spec, ..words.clone() })
    };
    assert!(with_spec("interventions=at 3 freeze top").contains("trained elsewhere"));
    let split = ImportWords { split: Some("train".into()), ..words.clone() };
    assert!(refusal(&split).contains("named twice"), "{}", refusal(&split));
    let mut by_name = named("mlp");
    by_name.split = Some("indices".into());
    assert!(refusal(&by_name).contains("there are `train_indices`"), "{}", refusal(&by_name));
    assert!(refusal(&ImportWords { files: Vec::new(), ..words }).contains("no file"));
}

/// Any byte changed or cut: an error or another run, and no panic. Lengths in the header may ask for anything.
#[test]
fn no_byte_makes_the_reader_panic() {
    let here = tempfile::tempdir().unwrap();
    let bytes =
        fs::read(file(here.path(), "model.safetensors", &[("fc1.weight", &[2, 6]), ("fc2.weight", &[3, 2])])).unwrap();
    let spec = ["small", "task=cyclic:3", "model.width=2"].map(str::to_owned).to_vec();
    let path = here.path().join("changed.safetensors");
    let words = ImportWords { files: vec![path.clone()], spec, ..ImportWords::default() };
    for place in 0..bytes.len() {
        for value in [0, 0xff, bytes[place].wrapping_add(1)] {
            let mut changed = bytes.clone();
            changed[place] = value;
            fs::write(&path, &changed).unwrap();
            let _ = ImportRequest::from_words(&words);
        }
    }
}

#[test]
fn tokens_in_another_order_are_at_chance_and_said_to_be() {
    let here = tempfile::tempdir().unwrap();
    let bytes = fs::read(folder().join("two-layer-2000.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let number = |b: &[u8; 4]| f32::from_le_bytes(*b);
    let hidden: Vec<f32> = tensors.tensor("0.weight").unwrap().data().as_chunks().0.iter().map(number).collect();
    // Token g is called 5g + 3 modulo 13, for one operand alone.
    let other: Vec<u8> = hidden
        .chunks_exact(26)
        .flat_map(|row| (0..26).map(|i| if i < 13 { row[(5 * i + 3) % 13] } else { row[i] }))
        .flat_map(f32::to_le_bytes)
        .collect();
    let views = [
        ("0.weight", TensorView::new(Dtype::F32, vec![96, 26], &other).unwrap()),
        ("2.weight", tensors.tensor("2.weight").unwrap()),
    ];
    let path = here.path().join("model-2000.safetensors");
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    let words = ImportWords { files: vec![path], ..named("two-layer") };
    let (_, opened, said) = imported(&words, here.path());
    assert!(opened.scalars[0].train_accuracy < 0.3, "{:?}", opened.scalars);
    let warned = said.iter().any(|note| note.contains("guessing the most frequent label"));
    assert!(warned, "{said:?}");
    let split = RunRequest::from_words(&words.spec).unwrap().split;
    assert!(chance_warning(&dunwu_engine::Scalars { train_accuracy: 0.5, ..opened.scalars[0] }, &split).is_none());
}

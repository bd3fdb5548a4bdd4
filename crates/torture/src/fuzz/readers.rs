//! Every reader of what others write, as a function of bytes.

use super::{foreign, http, record};
use crate::tiny::tiny;
use dunwu::spec_file;
use dunwu::store::checkpoint;
use dunwu::store::{RunId, Table, read_table};
use dunwu_attention::file::ModelFile;
use dunwu_attention::template::{ChatTemplate, Message};
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_attention_fixtures::Format;
use dunwu_engine::spec::{DataSpec, RunSpec, SETTINGS, Sampling};
use dunwu_engine::task::Task;
use dunwu_engine::{Checkpoint, Split};
use dunwu_studies::sweep::Results;
use std::fs;
use std::path::{Path, PathBuf};

/// Reads one input: `Err` says in words why it was refused. A broken promise is a panic.
pub(crate) type Open = Box<dyn FnMut(&[u8]) -> Result<(), String>>;

/// A reader, and what it is fed.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    /// Files and folders of the repository that hold such inputs.
    pub(super) field: &'static [&'static str],
    /// Words of the format.
    pub(super) words: &'static [&'static str],
    /// Inputs that are made.
    pub(super) seeds: fn(&Path) -> Result<Vec<Vec<u8>>, String>,
    /// Makes the checksums of a mutated input fit again, so that what is behind them is reached.
    pub(super) mend: fn(&mut Vec<u8>),
    /// Makes the reader, with a folder of its own.
    pub(super) open: fn(&Path, &Path) -> Result<Open, String>,
    /// Seconds that an input may take.
    pub(super) patience: u32,
    /// Whether it is reached through the program alone.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests run without the program"))]
    pub(super) wants_program: bool,
}

pub(super) const PLAIN: Reader = Reader {
    name: "",
    field: &[],
    words: &[],
    seeds: |_| Ok(Vec::new()),
    mend: |_| {},
    open: |_, _| Ok(Box::new(|_| Ok(()))),
    patience: 1,
    wants_program: false,
};

pub(crate) static READERS: &[Reader] = &[
    Reader {
        name: "spec",
        field: &["testdata/field/forgets.toml", "sweeps"],
        words: &[
            "preset",
            "steps",
            "task",
            "[model]",
            "width",
            "optimizer",
            "data.fraction",
            "record.",
            "loss",
            "[sweep]",
            "inf",
        ],
        seeds: |_| {
            let presets = dunwu_engine::spec::presets::PRESETS.iter();
            let mut seeds: Vec<Vec<u8>> =
                presets.map(|preset| spec_file::write(&(preset.spec)()).into_bytes()).collect();
            let lines: Vec<String> = SETTINGS.iter().map(|setting| format!("{} = 1", setting.key)).collect();
            seeds.push(
                lines
                    .join(
                        "
",
                    )
                    .into_bytes(),
            );
            Ok(seeds)
        },
        open: |_, _| Ok(Box::new(read_spec)),
        ..PLAIN
    },
    Reader {
        name: "task-table",
        field: &["testdata/field", "testdata/field/tables", "testdata/field/tables-refused"],
        words: &["e", "r2", "0,1", "[[0,1],[1,0]]", "\"table\"", "elements", "# ", ";", "\t"],
        open: |_, _| Ok(Box::new(read_task_table)),
        ..PLAIN
    },
    Reader {
        name: "split",
        field: &["testdata/field/split-flat.txt", "testdata/field/splits", "testdata/field/splits-refused"],
        words: &["train", "test", "true", "false", "split", "[0,1,2]", "\"train\":", "is_train"],
        open: |_, _| Ok(Box::new(read_split)),
        ..PLAIN
    },
    Reader {
        name: "record",
        words: record::WORDS,
        seeds: record::record_seeds,
        mend: record::chain_again,
        open: record::record_reader,
        ..PLAIN
    },
    foreign::RECORD,
    foreign::EVENTS,
    foreign::WANDB,
    foreign::LINES,
    Reader {
        name: "rows",
        words: record::WORDS,
        seeds: |_| Ok(record::row_seeds()),
        mend: record::seal_again,
        open: record::row_reader,
        ..PLAIN
    },
    Reader {
        name: "snapshot",
        seeds: record::snapshot_seeds,
        open: record::snapshot_reader,
        words: record::WORDS,
        ..PLAIN
    },
    Reader {
        name: "checkpoint",
        seeds: |_| Ok(checkpoint_seeds()),
        open: |_, _| Ok(Box::new(read_checkpoint)),
        ..PLAIN
    },
    Reader {
        name: "table",
        field: &["testdata/field/results"],
        words: &["seed", "outcome", "grokked", "run", "PAR1", "test_accuracy", "1e-3", "NA", "TRUE"],
        open: |folder, _| {
            let folder = folder.to_owned();
            Ok(Box::new(move |bytes| read_results(&folder, bytes)))
        },
        ..PLAIN
    },
    Reader {
        name: "gguf",
        words: &["general.architecture", "tokenizer.ggml.tokens", "GGUF", "token_embd.weight", "llama.block_count"],
        seeds: |folder| {
            let path = folder.join("seed.gguf");
            [Format::F32, Format::Q8_0]
                .map(|format| {
                    tiny()
                        .write_gguf(&path, format, 1)
                        .and_then(|()| fs::read(&path))
                        .map_err(|error| error.to_string())
                })
                .into_iter()
                .collect()
        },
        open: |folder, _| {
            let path = folder.join("model.gguf");
            Ok(Box::new(move |bytes| {
                put(&path, bytes);
                read_model(&path)
            }))
        },
        ..PLAIN
    },
    Reader {
        name: "safetensors",
        words: &[
            "\"dtype\":\"F32\"",
            "\"shape\":[",
            "\"data_offsets\":[0,",
            "__metadata__",
            "model.embed_tokens.weight",
        ],
        seeds: |folder| of_folder(folder, "model.safetensors"),
        open: |folder, _| reader_in_folder(folder, "model.safetensors"),
        ..PLAIN
    },
    Reader {
        name: "model-config",
        words: &["hidden_size", "num_attention_heads", "rope_theta", "vocab_size", "rope_scaling", "null"],
        seeds: |folder| of_folder(folder, "config.json"),
        open: |folder, _| reader_in_folder(folder, "config.json"),
        ..PLAIN
    },
    Reader {
        name: "tokenizer",
        words: &[
            "\"merges\"",
            "\"vocab\"",
            "added_tokens",
            "pre_tokenizer",
            "Split",
            "\"Regex\"",
            "(a+)+$",
            "\\p{L}",
            "ByteLevel",
            "special",
        ],
        seeds: |folder| of_folder(folder, "tokenizer.json"),
        open: |folder, _| reader_in_folder(folder, "tokenizer.json"),
        ..PLAIN
    },
    Reader {
        name: "chat-template",
        words: &[
            "{% for i in range(9999999) %}",
            "{% endfor %}",
            "{{",
            "}}",
            "messages",
            "[0]",
            "['role']",
            "| join",
            "namespace(",
            "~",
            "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        ],
        seeds: |_| {
            let recursive = "{% macro a(n) %}{% if n %}{{ n }}{{ a(n - 1) }}{% endif %}{% endmacro %}{{ a(3) }}";
            Ok(vec![dunwu_attention_fixtures::CHAT_TEMPLATE.as_bytes().to_vec(), recursive.as_bytes().to_vec()])
        },
        open: |_, _| Ok(Box::new(read_template)),
        // `minijinja` takes time that grows with the square of an expression's depth, and is not optimised here.
        patience: 8,
        ..PLAIN
    },
    Reader {
        name: "http",
        words: http::WORDS,
        seeds: |_| Ok(http::seeds()),
        mend: http::count_again,
        open: http::reader,
        wants_program: true,
        ..PLAIN
    },
];

fn text(bytes: &[u8]) -> Result<&str, String> {
    str::from_utf8(bytes).map_err(|error| format!("it is no UTF-8: {error}"))
}

/// What is accepted reads the same once it is written; what is refused names a place that can be underlined.
fn read_spec(bytes: &[u8]) -> Result<(), String> {
    let text = text(bytes)?;
    let base = RunSpec::default();
    let spec = spec_file::read(text, &base).map_err(|error| {
        assert!(text.get(error.span.clone()).is_some(), "the place {:?} of {error} is none in the text", error.span);
        error.to_string()
    })?;
    let written = spec_file::write(&spec);
    let again = spec_file::read(&written, &base).unwrap_or_else(|error| panic!("{error}: it was written:\n{written}"));
    // By what is written, for NaN is not equal to itself.
    assert_eq!(spec_file::write(&again), written, "another spec comes back");
    assert_eq!(spec_file::id(&again, &[]), spec_file::id(&spec, &[]), "another id comes back");
    let words: Vec<&str> = text.lines().collect();
    let _ = spec_file::read_overrides(&base, &words).map_err(|(index, error)| {
        assert!(
            words[index].get(error.span.clone()).is_some(),
            "the place {:?} of {error} is none in {:?}",
            error.span,
            words[index]
        );
    });
    Ok(())
}

fn read_task_table(bytes: &[u8]) -> Result<(), String> {
    let text = text(bytes)?;
    let task: Task = "table:table.csv".parse().map_err(|error| format!("{error}"))?;
    let problem = task.resolve(Some(text)).map_err(|error| error.to_string())?;
    assert_eq!(problem.labels.len(), problem.operand_sizes.iter().product::<usize>(), "a label for each input");
    assert!(problem.labels.iter().all(|&label| (label as usize) < problem.n_labels), "labels are labels");
    Ok(())
}

fn read_split(bytes: &[u8]) -> Result<(), String> {
    let text = text(bytes)?;
    for name in ["cyclic:2", "cyclic:3", "cyclic:5", "cyclic:7"] {
        let task: Task = name.parse().map_err(|error| format!("{error}"))?;
        let problem = task.resolve(None).map_err(|error| error.to_string())?;
        let data = DataSpec { sampling: Sampling::SplitFile("split.txt".to_owned()), ..RunSpec::default().data };
        match Split::draw(&problem, &data, 1, Some(text)) {
            Ok(split) => {
                assert_eq!(split.train.len() + split.test.len(), problem.n_population(), "every sample is on one side");
                return Ok(());
            }
            Err(error) if name == "cyclic:7" => return Err(error.to_string()),
            Err(_) => {}
        }
    }
    Ok(())
}

fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let arrays = vec![("hidden".to_owned(), vec![1.0, -0.0, f32::NAN]), ("m".to_owned(), Vec::new())];
    let full = Checkpoint { step: 7, arrays, numbers: vec![("n".to_owned(), vec![0.5, f64::INFINITY])] };
    let empty = Checkpoint { step: 0, arrays: Vec::new(), numbers: Vec::new() };
    [full, empty].map(|checkpoint| checkpoint::encode(&RunId::of("a"), 77, &checkpoint)).to_vec()
}

fn read_checkpoint(bytes: &[u8]) -> Result<(), String> {
    let (metadata, checkpoint) = checkpoint::decode(bytes)?;
    let written = checkpoint::encode(&metadata.run, 1, &checkpoint);
    let (_, again) = checkpoint::decode(&written).unwrap_or_else(|error| panic!("{error}: it was written"));
    assert_eq!(checkpoint::encode(&metadata.run, 1, &again), written, "another checkpoint comes back");
    Ok(())
}

/// What is accepted is the same once it was written and read; NaN is, too.
fn read_results(folder: &Path, bytes: &[u8]) -> Result<(), String> {
    let name = if bytes.starts_with(b"PAR1") { "results.parquet" } else { "results.csv" };
    let path = folder.join(name);
    put(&path, bytes);
    let table = read_table(&path).map_err(|error| error.to_string())?;
    let again = folder.join("again.parquet");
    table.write_parquet(&again).unwrap_or_else(|error| panic!("what was read cannot be written: {error}"));
    let back = read_table(&again).unwrap_or_else(|error| panic!("what was written cannot be read: {error}"));
    let shown = |table: &Table| format!("{table:?}");
    assert_eq!(shown(&back), shown(&table), "another table comes back");
    Results::of(table).map(drop).map_err(|error| error.to_string())
}

/// A file of the tiny model's folder.
fn of_folder(folder: &Path, name: &str) -> Result<Vec<Vec<u8>>, String> {
    let folder = folder.join("seed");
    let written = fs::create_dir_all(&folder).and_then(|()| tiny().write_safetensors(&folder, 1));
    let read = written.and_then(|()| fs::read(folder.join(name)));
    Ok(vec![read.map_err(|error| error.to_string())?])
}

/// The tiny model's folder, with one file replaced by the input.
fn reader_in_folder(folder: &Path, name: &'static str) -> Result<Open, String> {
    let folder = folder.join("model");
    let written = fs::create_dir_all(&folder).and_then(|()| tiny().write_safetensors(&folder, 1));
    written.map_err(|error| error.to_string())?;
    Ok(Box::new(move |bytes| {
        put(&folder.join(name), bytes);
        read_model(&folder)
    }))
}

const SAID: &str = "the  world\n\n12 你好😀<|im_end|> it's\u{301} \0";

/// Opens a model, reads every tensor, cuts a text, writes a conversation.
fn read_model(path: &Path) -> Result<(), String> {
    let file = ModelFile::open(path).map_err(|error| error.to_string())?;
    for layer in 0..file.hyperparameters.n_layers.min(4) {
        for part in
            ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"]
        {
            let read = file.tensor(&format!("blk.{layer}.{part}.weight"));
            read.map_err(|error| error.to_string())?;
        }
    }
    let tokenizer = Tokenizer::new(&file.tokenizer).map_err(|error| error.to_string())?;
    let tokens = tokenizer.encode(SAID.as_bytes());
    assert!(tokens.iter().all(|&token| (token as usize) < tokenizer.n_tokens()), "tokens are tokens");
    // A byte without a token is left out, and nothing else is.
    let said: Vec<u8> = tokens.iter().flat_map(|&token| tokenizer.bytes(token)).copied().collect();
    let mut rest = SAID.bytes();
    assert!(said.iter().all(|byte| rest.any(|of_text| of_text == *byte)), "tokens say {said:?}");
    if let Some(template) = &file.chat_template {
        read_template(template.as_bytes())?;
    }
    Ok(())
}

fn read_template(bytes: &[u8]) -> Result<(), String> {
    let template = ChatTemplate::new(text(bytes)?).map_err(|error| error.to_string())?;
    let message = |role: &str, content: &str| Message { role: role.to_owned(), content: content.to_owned() };
    let messages = [message("system", "be brief"), message("user", SAID)];
    template.render(&messages, true, "<s>", "</s>").map(drop).map_err(|error| error.to_string())
}

/// Puts the input where its reader looks for it.
pub(super) fn put(path: &PathBuf, bytes: &[u8]) {
    fs::write(path, bytes).expect("temporary files can be written");
}

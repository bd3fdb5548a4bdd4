//! Files that are broken, or that somebody broke: an error or a model, never a panic, and while it is opened and its tensors are
//! read one at a time, never more memory than the file and a mebibyte.

use dunwu_attention::file::{ModelFile, ModelFileError};
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_attention_fixtures::{Format, GgufWriter, Metadata, Output, Tiny};
use peak_alloc::PeakAlloc;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Map, Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Why a test may end early.
const IO: &str = "temporary files can be written and read";

const MEBIBYTE: usize = 1 << 20;

/// The allocator counts for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tiny() -> Tiny {
    Tiny {
        n_layers: 1,
        d_model: 32,
        n_heads: 2,
        n_key_heads: 1,
        d_head: 16,
        d_mlp: 32,
        output: Output::Own,
        ..Tiny::default()
    }
}

/// Opens a model of so many bytes, reads every tensor and cuts a text; how many bytes of weights there were.
fn try_out(path: &Path, n_bytes: usize) -> Result<usize, ModelFileError> {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let opened = ModelFile::open(path);
    let result = opened.as_ref().map_or(Ok(0), |file| {
        let mut n_read = 0;
        for layer in 0..file.hyperparameters.n_layers {
            for part in PARTS {
                n_read += file.tensor(&format!("blk.{layer}.{part}.weight"))?.map_or(0, |tensor| tensor.bytes.len());
            }
        }
        for name in ["token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight", "none"] {
            n_read += file.tensor(name)?.map_or(0, |tensor| tensor.bytes.len());
        }
        Ok(n_read)
    });
    let taken = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(taken <= n_bytes + MEBIBYTE, "{taken} bytes of memory for a model of {n_bytes}");
    if let Ok(tokenizer) = Tokenizer::new(&opened?.tokenizer) {
        tokenizer.encode("the  world\n\n12 你好😀<|im_end|>".as_bytes());
    }
    result
}

const PARTS: [&str; 9] =
    ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"];

/// A model on disk, one file of which is broken and mended again.
struct Victim {
    _folder: tempfile::TempDir,
    /// What is opened.
    model: PathBuf,
    file: File,
    whole: Vec<u8>,
    /// Bytes of the model's other files.
    n_other_bytes: usize,
}

impl Victim {
    fn gguf(format: Format) -> Self {
        let folder = tempfile::tempdir().expect(IO);
        let model = folder.path().join("tiny.gguf");
        tiny().write_gguf(&model, format, 1).expect(IO);
        let (file, whole) = (OpenOptions::new().write(true).open(&model).expect(IO), fs::read(&model).expect(IO));
        Self { _folder: folder, model, file, whole, n_other_bytes: 0 }
    }

    fn folder(name: &str) -> Self {
        let folder = tempfile::tempdir().expect(IO);
        tiny().write_safetensors(folder.path(), 1).expect(IO);
        let path = folder.path().join(name);
        let n_bytes: u64 =
            fs::read_dir(folder.path()).expect(IO).map(|file| file.expect(IO).metadata().expect(IO).len()).sum();
        let (file, whole) = (OpenOptions::new().write(true).open(&path).expect(IO), fs::read(&path).expect(IO));
        let n_other_bytes = n_bytes as usize - whole.len();
        Self { model: folder.path().to_owned(), _folder: folder, file, whole, n_other_bytes }
    }

    /// The first bytes only.
    fn truncated(&self, len: usize) -> Result<usize, ModelFileError> {
        self.file.set_len(len as u64).expect(IO);
        let result = try_out(&self.model, len + self.n_other_bytes);
        self.put(len, &self.whole[len..]);
        result
    }

    /// Other bytes at a place.
    fn patched(&self, place: usize, bytes: &[u8]) -> Result<usize, ModelFileError> {
        let bytes = &bytes[..bytes.len().min(self.whole.len() - place)];
        self.put(place, bytes);
        let result = try_out(&self.model, self.whole.len() + self.n_other_bytes);
        self.put(place, &self.whole[place..place + bytes.len()]);
        result
    }

    /// Other contents.
    fn replaced(&self, contents: &[u8]) -> Result<usize, ModelFileError> {
        self.file.set_len(0).expect(IO);
        self.put(0, contents);
        let result = try_out(&self.model, contents.len() + self.n_other_bytes);
        self.file.set_len(0).expect(IO);
        self.put(0, &self.whole);
        result
    }

    fn put(&self, place: usize, bytes: &[u8]) {
        (&self.file).seek(SeekFrom::Start(place as u64)).expect(IO);
        (&self.file).write_all(bytes).expect(IO);
    }

    /// Random bits turned and random pieces put elsewhere.
    fn mangled(&self, random: &mut ChaCha8Rng, within: usize) -> Result<usize, ModelFileError> {
        let mut below = |n: usize| random.next_u32() as usize % n;
        let mut contents = self.whole.clone();
        for _ in 0..=below(4) {
            contents[below(within)] ^= 1 << below(8);
        }
        match below(4) {
            0 => {
                let (from, to, len) = (below(within), below(within), below(200));
                let piece = contents[from..(from + len).min(within)].to_vec();
                contents.splice(to..to, piece);
            }
            1 => {
                let (from, len) = (below(within), below(200));
                contents.drain(from..(from + len).min(within));
            }
            _ => (),
        }
        self.replaced(&contents)
    }
}

/// Where the weights of the tiny GGUF file begin: after the last name's entry, which is `output.weight`'s.
fn header_len(whole: &[u8]) -> usize {
    let last = b"output.weight";
    let place = whole.windows(last.len()).rposition(|window| window == last).expect("the tiny model has it");
    place + last.len() + 4 + 16 + 4 + 8
}

#[test]
fn the_files_that_are_broken_below_are_sound() {
    let _alone = alone();
    for format in [Format::F32, Format::Q4_0] {
        let victim = Victim::gguf(format);
        assert!(victim.patched(0, b"GGUF").unwrap() > 10_000);
    }
    let victim = Victim::folder("model.safetensors");
    assert!(victim.patched(0, &[]).unwrap() > 10_000);
}

#[test]
fn a_truncated_gguf_file_is_an_error() {
    let _alone = alone();
    let victim = Victim::gguf(Format::Q8_0);
    let (header, len) = (header_len(&victim.whole), victim.whole.len());
    for keep in (0..header).chain((header..len - 32).step_by(997)) {
        assert!(victim.truncated(keep).is_err(), "{keep} of {len} bytes");
    }
}

#[test]
fn a_truncated_file_of_a_folder_is_an_error() {
    let _alone = alone();
    for (name, step) in
        [("model.safetensors", 1), ("config.json", 1), ("tokenizer.json", 17), ("generation_config.json", 1)]
    {
        let victim = Victim::folder(name);
        let len = victim.whole.len();
        let header = if name == "model.safetensors" { 2000 } else { len - 2 };
        for keep in (0..header).step_by(step).chain((header..len - 2).step_by(997)) {
            assert!(victim.truncated(keep).is_err(), "{keep} of {len} bytes of {name}");
        }
    }
}

/// What lengths, counts and offsets are replaced with; and the neighbours of what they were.
fn absurd(value: u64) -> [u64; 10] {
    [0, 1, 1 << 31, 1 << 32, 1 << 63, u64::MAX, u64::MAX - 7, value.wrapping_sub(1), value.wrapping_add(1), value << 32]
}

#[test]
fn absurd_numbers_in_a_gguf_file_never_panic() {
    let _alone = alone();
    let victim = Victim::gguf(Format::F16);
    let (header, len) = (header_len(&victim.whole), victim.whole.len() as u64);
    let mut n_errors = 0;
    let mut n = 0;
    for place in 4..header - 8 {
        // What could be a length, a count, an offset: no larger than the file.
        let value = u64::from_le_bytes(victim.whole[place..place + 8].try_into().unwrap());
        if value < len {
            for value in absurd(value) {
                n += 1;
                n_errors += usize::from(victim.patched(place, &value.to_le_bytes()).is_err());
            }
        }
        let value = u32::from_le_bytes(victim.whole[place..place + 4].try_into().unwrap());
        if (1..1000).contains(&value) {
            for value in [0, 1, 2, 1 << 31, u32::MAX, value - 1, value + 1] {
                n += 1;
                n_errors += usize::from(victim.patched(place, &value.to_le_bytes()).is_err());
            }
        }
    }
    assert!(n_errors * 2 > n, "{n_errors} errors of {n}: most numbers matter");
}

#[test]
fn absurd_numbers_in_the_json_of_a_folder_never_panic() {
    let _alone = alone();
    let absurd = [
        "0",
        "1",
        "-1",
        "2147483648",
        "9223372036854775808",
        "18446744073709551615",
        "1e400",
        "1e308",
        "0.5",
        "null",
        "[]",
    ];
    for (name, most) in
        [("model.safetensors", 60), ("config.json", 100), ("tokenizer.json", 60), ("generation_config.json", 100)]
    {
        let victim = Victim::folder(name);
        let is_digit = |place: usize| victim.whole.get(place).is_some_and(u8::is_ascii_digit);
        let start = if name == "model.safetensors" { 8 } else { 0 };
        let places: Vec<(usize, usize)> = (start + 1..victim.whole.len().min(9000))
            .filter(|&place| is_digit(place) && !is_digit(place - 1) && victim.whole[place - 1] != b'"')
            .map(|place| (place, (place..=victim.whole.len()).find(|&end| !is_digit(end)).unwrap()))
            .collect();
        let step = places.len().div_ceil(most);
        for &(place, end) in places.iter().step_by(step) {
            let number: u64 = std::str::from_utf8(&victim.whole[place..end]).unwrap().parse().unwrap_or(0);
            let neighbours = [number.wrapping_sub(1).to_string(), (number + 1).to_string()];
            for text in absurd.iter().copied().chain(neighbours.iter().map(String::as_str)) {
                let mut contents = victim.whole.clone();
                contents.splice(place..end, text.bytes());
                if start == 8 {
                    // The header keeps its length.
                    let header = u64::from_le_bytes(victim.whole[..8].try_into().unwrap());
                    let grown = header + text.len() as u64 - (end - place) as u64;
                    contents[..8].copy_from_slice(&grown.to_le_bytes());
                }
                drop(victim.replaced(&contents));
            }
        }
    }
    let victim = Victim::folder("model.safetensors");
    let header = u64::from_le_bytes(victim.whole[..8].try_into().unwrap());
    for value in self::absurd(header) {
        assert!(victim.patched(0, &value.to_le_bytes()).is_err(), "a header of {value} bytes");
    }
}

/// Cases of each kind of file; `HOSTILE_CASES` asks for more.
fn n_cases() -> usize {
    std::env::var("HOSTILE_CASES").map_or(3000, |n| n.parse().expect("HOSTILE_CASES is a number"))
}

#[test]
fn a_mangled_gguf_file_never_panics() {
    let _alone = alone();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let victim = Victim::gguf(Format::Q4_0);
    let header = header_len(&victim.whole);
    let mut n_errors = 0;
    for _ in 0..n_cases() {
        n_errors += usize::from(victim.mangled(&mut random, header).is_err());
    }
    assert!(n_errors * 3 > n_cases(), "{n_errors} errors: most bits of a header matter");
}

#[test]
fn a_mangled_folder_never_panics() {
    let _alone = alone();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for name in
        ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]
    {
        let victim = Victim::folder(name);
        let header = if name == "model.safetensors" { 1500 } else { victim.whole.len() };
        for _ in 0..n_cases() / 5 {
            drop(victim.mangled(&mut random, header));
        }
    }
}

#[test]
fn json_that_is_deep_long_or_wide_takes_no_more_memory_than_it_has_bytes() {
    let _alone = alone();
    let long = "x".repeat(4 << 20);
    let wide = "0,".repeat(2 << 20);
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
        let victim = Victim::folder(name);
        for key in [
            "pre_tokenizer",
            "added_tokens",
            "model",
            "model_type",
            "eos_token_id",
            "chat_template",
            "other",
            "rope_scaling",
        ] {
            for value in
                [format!("\"{long}\""), format!("[{wide}0]"), "[".repeat(1 << 20), format!("{{\"vocab\":[{wide}0]}}")]
            {
                assert!(victim.whole.starts_with(b"{"));
                let mut contents = format!("{{\"{key}\":{value},").into_bytes();
                contents.extend(&victim.whole[1..]);
                drop(victim.replaced(&contents));
            }
        }
    }
}

#[test]
fn shards_outside_of_the_folder_are_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    tiny().write_safetensors(&model, 1).unwrap();
    fs::rename(model.join("model.safetensors"), folder.path().join("elsewhere.safetensors")).unwrap();
    for name in ["../elsewhere.safetensors", "a/b.safetensors", "..", "/etc/passwd", ""] {
        let index = json!({ "weight_map": { "model.norm.weight": name } });
        fs::write(model.join("model.safetensors.index.json"), index.to_string()).unwrap();
        let error = ModelFile::open(&model).unwrap_err().to_string();
        assert!(error.contains("not a file of this folder"), "{name}: {error}");
    }
}

#[test]
fn senseless_merges_and_vocabularies_never_panic() {
    let _alone = alone();
    let victim = Victim::folder("tokenizer.json");
    let whole: Value = serde_json::from_slice(&victim.whole).unwrap();
    let merges = |lines: &[&str]| {
        let mut changed = whole.clone();
        changed["model"]["merges"] = json!(lines);
        changed
    };
    let vocabulary = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut changed = whole.clone();
        change(changed["model"]["vocab"].as_object_mut().unwrap());
        changed
    };
    for tokenizer in [
        // Makes a token that there is not, of tokens that there are not, of nothing, of itself, in a cycle, twice.
        merges(&["t h"]),
        merges(&["the world"]),
        merges(&["Ġ "]),
        merges(&[" Ġ"]),
        merges(&[" "]),
        merges(&["a "]),
        merges(&["Ġ t", "Ġt ", " Ġt"]),
        merges(&["Ġthe ", "Ġt he", "h e", "Ġ t"]),
        merges(&["Ġ t", "Ġ t", "Ġ t"]),
        merges(&["Ġt he", "Ġ the", "t he"]),
        merges(&["<|im_start|> <|im_end|>"]),
        merges(&["", "x"]),
        merges(&[]),
        // Without tokens, without a byte, with a name that no byte has, with a gap, with one name for two.
        vocabulary(&Map::clear),
        vocabulary(&|vocabulary| drop(vocabulary.remove("t"))),
        vocabulary(&|vocabulary| drop(vocabulary.remove("Ġthe"))),
        vocabulary(&|vocabulary| {
            let token = vocabulary.remove("t").unwrap();
            vocabulary.insert("\u{1F600}".to_owned(), token);
        }),
        vocabulary(&|vocabulary| {
            let token = vocabulary.remove("t").unwrap();
            vocabulary.insert(String::new(), token);
        }),
        vocabulary(&|vocabulary| drop(vocabulary.insert("t".to_owned(), json!(5)))),
        vocabulary(&|vocabulary| drop(vocabulary.insert("t".to_owned(), json!(u32::MAX)))),
    ] {
        drop(victim.replaced(tokenizer.to_string().as_bytes()));
    }
    let text = String::from_utf8(victim.whole.clone()).unwrap();
    let twice = text.replacen("\"t\":", "\"s\":", 1);
    assert_ne!(text, twice);
    drop(victim.replaced(twice.as_bytes()));

    // The same in a GGUF file, whose merges are written one after the other: each byte of them made each of a few others.
    let victim = Victim::gguf(Format::F32);
    let key = b"tokenizer.ggml.merges";
    let start = victim.whole.windows(key.len()).position(|window| window == key).unwrap() + key.len();
    for place in start..start + 300 {
        for byte in [b' ', b'a', b'\xC4', 0] {
            drop(victim.patched(place, &[byte]));
        }
    }
}

#[test]
fn as_many_small_things_as_a_file_may_have_take_no_more_memory_than_it_has_bytes() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.gguf");
    let tokens = vec![String::new(); 500_000];
    let mut writer = GgufWriter::default();
    writer.key("tokenizer.ggml.tokens", Metadata::Texts(&tokens));
    writer.key("tokenizer.ggml.merges", Metadata::Texts(&tokens));
    writer.key("tokenizer.ggml.token_type", Metadata::I32s(&vec![1; tokens.len()]));
    writer.key("tokenizer.ggml.model", Metadata::Text("gpt2"));
    writer.key("general.architecture", Metadata::Text("llama"));
    for key in ["block_count", "context_length", "feed_forward_length", "attention.head_count"] {
        writer.key(&format!("llama.{key}"), Metadata::U32(1));
    }
    writer.key("llama.embedding_length", Metadata::U32(2));
    writer.key("llama.attention.layer_norm_rms_epsilon", Metadata::F32(0.0));
    for i in 0..2037 {
        writer.key(&i.to_string(), Metadata::Bool(true));
    }
    writer.tensor("token_embd.weight", Format::F16, tokens.len(), 2);
    writer.tensor("output_norm.weight", Format::F16, 1, 2);
    let matrices = ["attn_q", "attn_k", "attn_v", "attn_output"];
    for part in PARTS {
        let n_rows = if matrices.contains(&part) { 2 } else { 1 };
        let n_columns = if part == "ffn_down" { 1 } else { 2 };
        let n_rows = if part == "ffn_down" { 2 } else { n_rows };
        writer.tensor(&format!("blk.0.{part}.weight"), Format::F16, n_rows, n_columns);
    }
    let write = |writer: &GgufWriter| {
        let weights = |name: &str, format: Format| -> std::io::Result<Vec<u8>> {
            let n = match name {
                "token_embd.weight" => 2 * tokens.len(),
                "blk.0.attn_q.weight" | "blk.0.attn_k.weight" | "blk.0.attn_v.weight" | "blk.0.attn_output.weight" => 4,
                _ => 2,
            };
            Ok(format.encode(&vec![1.0; n]))
        };
        writer.write(&path, weights).unwrap();
        fs::metadata(&path).unwrap().len() as usize
    };
    let n_bytes = write(&writer);
    assert!(try_out(&path, n_bytes).unwrap() > 2_000_000, "a model of 500 000 tokens without names");
    for i in 0..8181 {
        writer.tensor(&i.to_string(), Format::F16, 1, 2);
    }
    let n_bytes = write(&writer);
    assert!(try_out(&path, n_bytes).unwrap_err().to_string().contains("not part of a Llama model"));

    let victim = Victim::folder("model.safetensors");
    let tensor = |i: usize| format!("\"{i}\":{{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,0]}}");
    let header = format!("{{{}}}", (0..8192).map(tensor).collect::<Vec<_>>().join(","));
    let contents = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    assert!(victim.replaced(&contents).is_err());
    let victim = Victim::folder("tokenizer.json");
    let added = vec!["{\"id\":0,\"content\":\"\"}"; 4096].join(",");
    let mut contents = format!("{{\"added_tokens\":[{added}],").into_bytes();
    contents.extend(&victim.whole[1..]);
    drop(victim.replaced(&contents));
    let merges = vec!["\"a b\""; 500_000].join(",");
    let contents = String::from_utf8(victim.whole.clone()).unwrap();
    let contents = contents.replace("\"merges\": [", &format!("\"merges\": [{merges},"));
    assert!(contents.len() > 2_000_000);
    victim.replaced(contents.as_bytes()).unwrap();
}

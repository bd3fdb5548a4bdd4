//! What the fixtures write against what the crate reads: two accounts of the same files.

use dunwu_attention::file::{ModelFile, RawTensor};
use dunwu_attention::model::Pairs;
use dunwu_attention_fixtures::{BEGIN, CHAT_TEMPLATE, END, Format, GgufFile, Output, Tiny};

#[test]
fn a_tiny_gguf_file_says_its_shape_and_has_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for format in Format::ALL {
        let tiny = Tiny { output: Output::Own, ..Tiny::default() };
        tiny.write_gguf(&path, format, 7).unwrap();
        let file = ModelFile::open(&path).unwrap();
        let shape = &file.hyperparameters;
        assert_eq!((shape.n_layers, shape.d_model, shape.n_heads, shape.n_key_heads), (3, 64, 4, 2));
        assert_eq!((shape.d_head, shape.d_mlp, shape.trained_context), (16, 96, 64));
        assert_eq!((shape.n_vocab, file.tokenizer.tokens.len()), (Tiny::n_vocab(), Tiny::n_vocab()));
        assert_eq!((shape.rotary.base, shape.rotary.d_rotated), (10_000.0, 16));
        assert_eq!(file.chat_template.as_deref(), Some(CHAT_TEMPLATE));
        for wanted in tiny.tensors(7) {
            let found = file.tensor(&wanted.name).unwrap().unwrap();
            assert_eq!((found.n_rows, found.n_columns), (wanted.n_rows, wanted.n_columns));
            let expected = if found.n_rows == 1 { Format::F32 } else { format };
            assert_eq!(found.format.name(), expected.name());
        }
    }
}

#[test]
fn a_tiny_folder_has_the_weights_of_the_gguf_file_with_the_rows_of_a_head_in_halves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    let tiny = Tiny { output: Output::Own, ..Tiny::default() };
    tiny.write_gguf(&path, Format::F32, 3).unwrap();
    tiny.write_safetensors(&folder.path().join("model"), 3).unwrap();
    let gguf = ModelFile::open(&path).unwrap();
    let model = ModelFile::open(&folder.path().join("model")).unwrap();
    let mut shape = model.hyperparameters.clone();
    assert_eq!(shape.rotary.pairs, Pairs::Halves);
    shape.rotary.pairs = Pairs::Interleaved;
    assert_eq!(shape, gguf.hyperparameters);
    assert_eq!(model.chat_template, gguf.chat_template);
    assert_eq!(model.tokenizer.tokens, gguf.tokenizer.tokens);
    assert_eq!(model.tokenizer.kinds, gguf.tokenizer.kinds);
    assert_eq!(model.tokenizer.merges, gguf.tokenizer.merges);
    assert_eq!((model.tokenizer.begin, gguf.tokenizer.begin), (Some(BEGIN), Some(BEGIN)));
    assert_eq!((&*model.tokenizer.ends, &*gguf.tokenizer.ends), (&[END][..], &[END][..]));
    for wanted in tiny.tensors(3) {
        let [a, b] = [&gguf, &model].map(|file| file.tensor(&wanted.name).unwrap().unwrap());
        assert_eq!((a.n_rows, a.n_columns), (b.n_rows, b.n_columns));
        let row_bytes = Format::F32.row_bytes(a.n_columns);
        let row = |tensor: &RawTensor, row: usize| tensor.bytes[row * row_bytes..][..row_bytes].to_vec();
        let is_turned = wanted.name.contains("attn_q") || wanted.name.contains("attn_k");
        for i in 0..a.n_rows {
            // Dimension 2i of a head of 16 in one file is i in the other, and 2i + 1 is i + 8.
            let other = if is_turned { i / 16 * 16 + [0, 8][i % 2] + i % 16 / 2 } else { i };
            assert_eq!(row(&a, i), row(&b, other), "row {i} of {}", wanted.name);
        }
    }
}

#[test]
fn another_format_of_a_file_has_the_same_numbers_as_the_model_written_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let [full, direct, rewritten] = ["full", "direct", "rewritten"].map(|name| folder.path().join(name));
    Tiny::default().write_gguf(&full, Format::F32, 5).unwrap();
    for format in [Format::F16, Format::Bf16, Format::Q8_0, Format::Q4_0, Format::Q4_1] {
        Tiny::default().write_gguf(&direct, format, 5).unwrap();
        let numbers = |name: &str| numbers_of(&ModelFile::open(&full).unwrap().tensor(name).unwrap().unwrap());
        GgufFile::read(&full).unwrap().write_in(&rewritten, format, numbers).unwrap();
        let [direct, rewritten] = [&direct, &rewritten].map(|path| ModelFile::open(path).unwrap());
        assert_eq!(direct.hyperparameters, rewritten.hyperparameters);
        for tensor in Tiny::default().tensors(5) {
            let [a, b] = [&direct, &rewritten].map(|file| file.tensor(&tensor.name).unwrap().unwrap());
            assert_eq!((a.format, a.bytes), (b.format, b.bytes), "{}", tensor.name);
        }
    }
}

fn numbers_of(tensor: &RawTensor) -> Vec<f32> {
    let mut numbers = vec![0.0; tensor.n_rows * tensor.n_columns];
    tensor.format.decode(&tensor.bytes, &mut numbers);
    numbers
}

"""Makes llama_perplexity.json: what llama.cpp makes of the model and the text that `scripts/fetch-model` brings.

    pip install llama-cpp-python==0.3.36 gguf==0.19.0 && python llama_perplexity.py ../../../models

- `tokens`: the text's first ones.
- `perplexity`: of each of them but the first, given all before it, with the file as it is and with its matrices as F16, which
  `llama_model_quantize` writes. f16 cache, no flash attention.
- `f16_checksums`: of each matrix there; Σ (i + 1)·wᵢ mod 2⁶⁴ over its 16-bit words wᵢ. Equal sums: the test's F16 file has the same
  numbers.
- `greedy`: the most probable token after the prompt, again and again, by both files with an f32 cache; `margins` are the differences
  between the two largest logits, so that one sees which of them rounding could change.
"""

import datetime
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np
from gguf import GGUFReader

N_TOKENS = 2000
PROMPT, N_GREEDY = "The capital of France is", 20


def llama(path, cache):
    return llama_cpp.Llama(
        str(path), n_ctx=N_TOKENS + 48, n_batch=500, logits_all=True, flash_attn=False, type_k=cache, type_v=cache, n_threads=1,
        n_threads_batch=1, verbose=False,
    )


def perplexity(path, tokens):
    model = llama(path, llama_cpp.GGML_TYPE_F16)
    model.eval(tokens[:-1])
    scores = model.scores[: len(tokens) - 1].astype(np.float64)
    largest = scores.max(axis=1)
    normalizers = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1))
    return float(np.exp((normalizers - scores[np.arange(len(scores)), tokens[1:]]).mean()))


def greedy(path):
    model = llama(path, llama_cpp.GGML_TYPE_F32)
    prompt = model.tokenize(PROMPT.encode(), add_bos=False)
    tokens, margins = [], []
    model.eval(prompt)
    for _ in range(N_GREEDY):
        logits = model.scores[model.n_tokens - 1]
        second, first = np.argsort(logits)[-2:]
        tokens.append(int(first))
        margins.append(round(float(logits[first] - logits[second]), 4))
        model.eval([int(first)])
    text = model.detokenize(tokens, prev_tokens=prompt).decode()
    return {"tokens": tokens, "margins": margins, "text": text}


def requantize(source, target, ftype):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.allow_requantize, parameters.nthread = ftype, True, 2
    failed = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), parameters)
    assert not failed, f"no {target}"


def checksum(tensor):
    words = np.frombuffer(tensor.data.tobytes(), "<u2").astype(np.uint64)
    return int((words * np.arange(1, words.size + 1, dtype=np.uint64)).sum(dtype=np.uint64))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    models = Path(sys.argv[1])
    model, text = models / "SmolLM2-135M-Instruct.Q4_1.gguf", models / "austen.txt"
    beginning = text.read_bytes()[: 8 * N_TOKENS]
    tokenizer = llama_cpp.Llama(str(model), vocab_only=True, verbose=False)
    tokens = tokenizer.tokenize(beginning, add_bos=False)[: N_TOKENS + 1]
    with tempfile.TemporaryDirectory() as folder:
        f16 = Path(folder) / "f16.gguf"
        requantize(model, f16, llama_cpp.LLAMA_FTYPE_MOSTLY_F16)
        matrices = [tensor for tensor in GGUFReader(f16).tensors if tensor.tensor_type.name == "F16"]
        made = {
            "made": datetime.date.today().isoformat(),
            "llama_cpp_python": llama_cpp.__version__,
            "model_sha256": sha256(model),
            "text_sha256": sha256(text),
            "perplexity": {"Q4_1": perplexity(model, tokens), "F16": perplexity(f16, tokens)},
            "prompt": PROMPT,
            "prompt_tokens": tokenizer.tokenize(PROMPT.encode(), add_bos=False),
            "greedy": {"Q4_1": greedy(model), "F16": greedy(f16)},
            "f16_checksums": {tensor.name: f"{checksum(tensor):016x}" for tensor in matrices},
            "tokens": tokens,
        }
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in made.items())
    Path(__file__).with_suffix(".json").write_text(f"{{\n{lines}\n}}\n")


main()

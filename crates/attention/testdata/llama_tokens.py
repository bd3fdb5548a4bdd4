#!/usr/bin/env python3
"""Writes llama_tokens.json: what llama.cpp makes of a mixed text with broken UTF-8, under each pattern that is known.

    python3 llama_tokens.py SmolLM2-135M-Instruct.Q4_1.gguf >llama_tokens.json

Needs llama-cpp-python. The vocabulary is SmolLM2's; the pattern is changed in a copy of the file without its weights.
"""

import ctypes
import datetime
import json
import random
import struct
import sys
import tempfile

import llama_cpp

PATTERNS = ("smollm", "gpt-2", "llama-bpe", "qwen2", "default", "starcoder", "command-r", "refact", "codeshell", "olmo", "stablelm2")
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
PIECES = (
    "The quick brown fox didn't jump; we'll see what they've DON'T done. I'm he'd YOU'RE 'tis 's'S 'ſ",
    "fn main() {\n    let x = vec![1, 22, 333, 4444, 55555];\n\tprintln!(\"{:?}\", x);\r\n}\n\n\n// ----====>>>> a_b->c::d\n",
    "你好，世界！今天天气怎么样？我們在這裡。日本語のテキスト、カタカナ。한국어 텍스트",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 ❤️‍🔥 ☃ ✓→∑",
    "مرحبا بالعالم، كيف الحال؟ ١٢٣٤ שָׁלוֹם हिन्दी १२३ ไทย ๑๒",
    "e\u0301 n\u0303 Z\u0351\u036b\u0343 a\u0308\u0323 \u0301\u0301",
    "\x00\x01\x02\x1b[0m\x7f\u0085\u00a0\u2003\u2028\u3000\ufeff\u200b",
    " " * 37 + "x" + " " * 8 + "\n" * 9 + "\t\t\t \t y \r\n\r\n  \n",
    "0 1 12 123 1234 12345678901234567890 3.14159 1,000,000 ½ ² Ⅷ ① 𝟘𝟙",
    "<|im_start|>user\nHi<|im_end|>\n<|endoftext|><file_sep><|im_end",
)
BROKEN = (b"\xff", b"\x80\x80", b"caf\xc3 ", b"\xe2\x82x", b"\xf0\x9f\x98", b" \xf0\x9f9", b"\xed\xa0\x80", b"\xfe\xfe a")


def mixed(seed):
    draw = random.Random(seed)
    out = bytearray(b" ".join(BROKEN))
    for _ in range(60):
        piece = draw.choice(PIECES).encode()
        out += piece[draw.randrange(4) * (len(piece) // 8) :][: draw.randrange(20, 140)] if draw.random() < 0.5 else piece
        out += draw.choice((b"", b" ", b"\n", b"  ", draw.choice(BROKEN)))
    return bytes(out)


def skip(data, at, kind):
    if kind == 8:
        return at + 8 + struct.unpack_from("<Q", data, at)[0]
    if kind == 9:
        inner, n = struct.unpack_from("<IQ", data, at)
        at += 12
        if inner in SIZES:
            return at + n * SIZES[inner]
        for _ in range(n):
            at = skip(data, at, inner)
        return at
    return at + SIZES[kind]


def text(value):
    return struct.pack("<Q", len(value)) + value


def with_pattern(data, pattern):
    """The metadata of a GGUF file, its pattern replaced, and no weights."""
    magic, version, _, n_keys = struct.unpack_from("<4sIQQ", data)
    out = struct.pack("<4sIQQ", magic, version, 0, n_keys)
    at = 24
    for _ in range(n_keys):
        start = at
        at = skip(data, at, 8)
        key = data[start + 8 : at]
        (kind,) = struct.unpack_from("<I", data, at)
        at = skip(data, at + 4, kind)
        if key == b"tokenizer.ggml.pre":
            out += text(key) + struct.pack("<I", 8) + text(pattern.encode())
        else:
            out += data[start:at]
    return out


def tokens(vocabulary, data, special):
    room = (llama_cpp.llama_token * (len(data) + 8))()
    n = llama_cpp.llama_tokenize(vocabulary, data, len(data), room, len(room), False, special)
    assert n >= 0
    return list(room[:n])


@llama_cpp.llama_log_callback
def quiet(_level, _text, _user_data):
    pass


def main():
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    sample = mixed(7)
    out = {
        "made_by": "llama_tokens.py",
        "llama_cpp_python": llama_cpp.__version__,
        "date": datetime.date.today().isoformat(),
        "text": sample.hex(),
        "tokens": {},
    }
    for pattern in PATTERNS:
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(with_pattern(data, pattern))
            file.flush()
            parameters = llama_cpp.llama_model_default_params()
            parameters.vocab_only = True
            model = llama_cpp.llama_model_load_from_file(file.name.encode(), parameters)
            vocabulary = llama_cpp.llama_model_get_vocab(model)
            out["tokens"][pattern] = tokens(vocabulary, sample, False)
            if pattern == "smollm":
                out["special_tokens"] = tokens(vocabulary, sample, True)
    json.dump(out, sys.stdout, separators=(",", ":"))
    print()


main()

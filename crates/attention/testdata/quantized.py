"""Makes quantized.bin: random blocks of each of ggml's formats, and what the `gguf` package (MIT) makes of them.

    pip install gguf==0.19.0 numpy==2.4.6 && python quantized.py

Made on 2026-11-25. For each format: its number in GGUF files, the number of blocks, the bytes of a block and the numbers of a
block, as little-endian u32; then the blocks; then the numbers as little-endian f32. A second list of the same form, of the formats
that the crate writes, has numbers and the blocks that the package makes of them.
"""

import struct
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize, quantize

DECODED = [T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K]
ENCODED = [T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q8_0]
# Where a block has half-precision scales: random bits would make half of them infinite or absurd.
SCALES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108],
          T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}

random = np.random.default_rng(20261125)
out = bytearray()


def put(kind, blocks, values):
    block_len, block_bytes = GGML_QUANT_SIZES[kind]
    n = blocks.size // block_bytes
    assert values.size == n * block_len
    out.extend(struct.pack("<4I", kind, n, block_bytes, block_len))
    out.extend(blocks.tobytes())
    out.extend(values.astype("<f4").tobytes())


out.extend(struct.pack("<I", len(DECODED)))
for kind in DECODED:
    block_len, block_bytes = GGML_QUANT_SIZES[kind]
    n = 256 // block_len * 4
    if kind in SCALES:
        blocks = random.integers(0, 256, (n, block_bytes), dtype=np.uint8)
        for place in SCALES[kind]:
            blocks[:, place:place + 2] = (random.normal(0, 0.1, n).astype("<f2")[:, None]).view(np.uint8)
    else:
        blocks = quantize(random.normal(0, 1, (n, block_len)).astype(np.float32), kind).view(np.uint8)
    put(kind, blocks, dequantize(blocks.reshape(n, -1), kind))

out.extend(struct.pack("<I", len(ENCODED)))
for kind in ENCODED:
    values = random.normal(0, 0.05, (16, 32)).astype(np.float32)
    values[0] = 0
    values[1] = np.linspace(-4, 4, 32)
    put(kind, quantize(values, kind).view(np.uint8), values)

Path(__file__).with_name("quantized.bin").write_bytes(out)
print(len(out), "bytes")

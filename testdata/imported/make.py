"""Networks that PyTorch trained, as safetensors files, with the losses and accuracies that PyTorch has for them.

    python make.py            writes the files beside this one; a minute on one core

Each is written as its users write them: `nn.Sequential`, modules with names, TransformerLens' hooks. Nothing of dunwu was read for it:
the networks are written from `docs/guide/checkpoints.md`, which says what a spec's network computes.
"""

import csv
import json
import math
import pathlib
import platform
import struct
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent


def save(name, arrays):
    """A file of safetensors: the length of its header, the header in JSON, the numbers."""
    kinds = {numpy.dtype("float32"): "F32", numpy.dtype("float16"): "F16", numpy.dtype("int64"): "I64", numpy.dtype("bool"): "BOOL"}
    header, data = {}, b""
    for key, array in arrays.items():
        array = numpy.ascontiguousarray(array.detach().numpy() if isinstance(array, torch.Tensor) else array)
        begin = len(data)
        data += array.tobytes()
        header[key] = {"dtype": kinds[array.dtype], "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def pairs(p, share, seed):
    """All pairs (a, b), their sums modulo p, and the places of the pairs that are trained on."""
    operands = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    order = torch.randperm(p * p, generator=torch.Generator().manual_seed(seed))
    return operands, operands.sum(dim=1) % p, order[: round(share * p * p)].sort().values


def mse(z, y):
    """(1/n) Σᵢ ‖zᵢ − mean_c zᵢ − (e_yᵢ − 1/M)‖²"""
    target = functional.one_hot(y, z.shape[1]).to(z.dtype) - 1.0 / z.shape[1]
    return ((z - z.mean(dim=1, keepdim=True) - target) ** 2).sum(dim=1).mean()


def numbers(model, loss, inputs, labels, train):
    """Losses and accuracies on both samples, in float64."""
    held_out = torch.ones(len(labels), dtype=torch.bool)
    held_out[train] = False
    with torch.no_grad():
        z = model(inputs).double()
    one = lambda which: (loss(z[which], labels[which]).item(), (z[which].argmax(dim=1) == labels[which]).double().mean().item())
    (train_loss, train_accuracy), (test_loss, test_accuracy) = one(train), one(held_out)
    return {"train_loss": train_loss, "train_accuracy": train_accuracy, "test_loss": test_loss, "test_accuracy": test_accuracy}


def trained(model, loss, inputs, labels, train, steps, keep, rate, decay):
    """Trains on the whole sample; hands out the model at the steps to keep."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    for step in range(steps + 1):
        if step in keep:
            yield step
        optimizer.zero_grad()
        loss(model(inputs[train]), labels[train]).backward()
        optimizer.step()


class Square(nn.Module):
    def forward(self, x):
        return x**2


class Mlp(nn.Module):
    """Two hidden layers on the embeddings of both operands, one behind the other."""

    def __init__(self, p, embedding, width):
        super().__init__()
        self.embed = nn.Embedding(p, embedding)
        self.fc1 = nn.Linear(2 * embedding, width)
        self.fc2 = nn.Linear(width, width)
        self.head = nn.Linear(width, p)

    def forward(self, operands):
        x = self.embed(operands).flatten(1)
        return self.head(functional.gelu(self.fc2(functional.gelu(self.fc1(x)))))


class Hooked(nn.Module):
    """One block without norms, its arrays named and shaped as TransformerLens does; reads a, b, = and answers at =."""

    def __init__(self, p, d, heads, width):
        super().__init__()
        normal = lambda *shape: nn.Parameter(torch.randn(*shape) / math.sqrt(d))
        self.p, self.d_head = p, d // heads
        self.arrays = nn.ParameterDict(
            {
                "embed_W_E": normal(p + 1, d),
                "pos_embed_W_pos": normal(3, d),
                **{f"blocks_0_attn_W_{name}": normal(heads, d, d // heads) for name in "QKV"},
                "blocks_0_attn_W_O": normal(heads, d // heads, d),
                "blocks_0_mlp_W_in": normal(d, width),
                "blocks_0_mlp_b_in": nn.Parameter(torch.zeros(width)),
                "blocks_0_mlp_W_out": normal(width, d),
                "blocks_0_mlp_b_out": nn.Parameter(torch.zeros(d)),
                "unembed_W_U": normal(d, p),
            }
        )

    def forward(self, operands):
        of = self.arrays
        tokens = functional.pad(operands, (0, 1), value=self.p)
        x = of["embed_W_E"][tokens] + of["pos_embed_W_pos"]
        q, k, v = (torch.einsum("bpd,hde->bhpe", x, of[f"blocks_0_attn_W_{name}"]) for name in "QKV")
        scores = torch.einsum("bhqe,bhke->bhqk", q, k) / math.sqrt(self.d_head)
        scores = scores.masked_fill(torch.ones(3, 3).triu(1).bool(), -math.inf)
        z = torch.einsum("bhqk,bhke->bhqe", scores.softmax(dim=3), v)
        x = x + torch.einsum("bhqe,hed->bqd", z, of["blocks_0_attn_W_O"])
        hidden = functional.relu(x @ of["blocks_0_mlp_W_in"] + of["blocks_0_mlp_b_in"])
        x = x + hidden @ of["blocks_0_mlp_W_out"] + of["blocks_0_mlp_b_out"]
        return x[:, -1] @ of["unembed_W_U"]

    def named(self):
        """With the names and the further arrays that a HookedTransformer's state has."""
        parts = {"embed": "embed.", "pos": "pos_embed.", "blocks": "blocks.0.", "unembed": "unembed."}
        arrays = {}
        for name, array in self.arrays.items():
            words = name.split("_")
            key = parts[words[0]] + ("attn." if "attn" in words else "mlp." if "mlp" in words else "") + "_".join(words[-2:])
            arrays[key] = array
        heads, d, d_head = self.arrays["blocks_0_attn_W_Q"].shape
        arrays |= {f"blocks.0.attn.b_{name}": torch.zeros(heads, d_head) for name in "QKV"}
        arrays |= {"blocks.0.attn.b_O": torch.zeros(d), "unembed.b_U": torch.zeros(self.p)}
        arrays |= {"blocks.0.attn.mask": torch.ones(3, 3).tril().bool(), "blocks.0.attn.IGNORE": torch.tensor(-math.inf)}
        return arrays


class Block(nn.Module):
    def __init__(self, d, heads, width):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, heads, bias=False, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Linear(width, d))

    def forward(self, x):
        y, mask = self.ln1(x), torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        x = x + self.attn(y, y, y, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.ln2(x))


class Decoder(nn.Module):
    """Two blocks of PyTorch's own modules, with a layer norm before each part."""

    def __init__(self, p, d, heads, width):
        super().__init__()
        self.p = p
        self.token_embedding = nn.Embedding(p + 1, d)
        self.position_embedding = nn.Parameter(torch.randn(1, 3, d))
        self.layers = nn.ModuleList(Block(d, heads, width) for _ in range(2))
        self.ln_f = nn.LayerNorm(d)
        self.lm_head = nn.Linear(d, p, bias=False)

    def forward(self, operands):
        x = self.token_embedding(functional.pad(operands, (0, 1), value=self.p)) + self.position_embedding
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.ln_f(x)[:, -1])


def main():
    torch.set_num_threads(1)
    record = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "command": " ".join(["python", *sys.argv]),
        "networks": {},
    }

    def keep(name, spec, files, more=()):
        record["networks"][name] = {"spec": spec, "files": files, "more": list(more)}

    torch.manual_seed(1)
    p = 13
    operands, labels, train = pairs(p, 0.7, 1)
    with open(HERE / "two-layer-train.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(operands[train].tolist())
    one_hot = functional.one_hot(operands, p).flatten(1).float()
    model = nn.Sequential(nn.Linear(2 * p, 96, bias=False), Square(), nn.Linear(96, p, bias=False))
    files = {}
    for step in trained(model, mse, one_hot, labels, train, 2000, (0, 100, 2000), 0.01, 0.5):
        files[f"two-layer-{step}.safetensors"] = {"step": step, **numbers(model, mse, one_hot, labels, train)}
        save(f"two-layer-{step}.safetensors", model.state_dict())
    spec = ["task=cyclic:13", "model.width=96", "model.activation=square", "loss=mse", "data.split=two-layer-train.csv"]
    keep("two-layer", spec, files)

    torch.manual_seed(2)
    operands, labels, train = pairs(p, 0.6, 2)
    model = Mlp(p, 8, 32)
    for _ in trained(model, functional.cross_entropy, operands, labels, train, 400, (400,), 0.005, 0.3):
        found = numbers(model, functional.cross_entropy, operands, labels, train)
        save("mlp.safetensors", {**model.state_dict(), "train_indices": train})
    spec = ["task=cyclic:13", "model.architecture=mlp", "model.depth=2", "model.width=32", "model.biases=true", "model.embedding=8",
            "model.tables=shared", "model.activation=gelu", "loss=cross_entropy", "steps=400"]
    keep("mlp", spec, {"mlp.safetensors": {"step": 400, **found}}, ["--split", "train_indices"])

    torch.manual_seed(3)
    operands, labels, train = pairs(p, 0.7, 2)
    model = Hooked(p, 16, 4, 64)
    files = {}
    for step in trained(model, functional.cross_entropy, operands, labels, train, 1500, (200, 1500), 0.003, 3.0):
        files[f"hooked-{step}.safetensors"] = {"step": step, **numbers(model, functional.cross_entropy, operands, labels, train)}
        save(f"hooked-{step}.safetensors", {**model.named(), "train_mask": torch.zeros(p * p).bool().scatter(0, train, True)})
    spec = ["task=cyclic:13", "model.architecture=transformer", "model.depth=1", "model.width=64", "model.dimension=16", "model.heads=4",
            "model.normalization=none", "model.activation=relu", "loss=cross_entropy"]
    keep("hooked", spec, files, ["--split", "train_mask"])

    torch.manual_seed(4)
    model = Decoder(p, 16, 2, 32)
    for _ in trained(model, functional.cross_entropy, operands, labels, train, 300, (300,), 0.003, 0.5):
        found = numbers(model, functional.cross_entropy, operands, labels, train)
        save("decoder.safetensors", {**model.state_dict(), "train_pairs": operands[train]})
    spec = ["task=cyclic:13", "model.architecture=transformer", "model.depth=2", "model.width=32", "model.dimension=16", "model.heads=2",
            "model.normalization=pre_layer_norm", "model.activation=relu", "loss=cross_entropy"]
    keep("decoder", spec, {"decoder.safetensors": {"step": 300, **found}}, ["--split", "train_pairs", "--steps", "300"])

    (HERE / "numbers.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


main()

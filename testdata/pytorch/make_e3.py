"""The paper's own setting, trained by PyTorch: when it memorizes, when it groks, what the backpropagated gradient does.

Cyclic group of order 71, K = 2048, 2016 uniform training samples, σ = x², centred MSE, Adam with learning rate 1e-3
and coupled weight decay 2e-4, PyTorch's default initialisation, full batch, float32, 300 steps, one thread.
Three seeds with weight decay, one without.

    python make_e3.py                writes e3.json beside this file (about five minutes on one core)

Written from the description in arXiv:2509.21519; no code was taken from elsewhere.
"""

import datetime
import json
import pathlib
import platform
import sys

import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
M, K, N_TRAIN, STEPS = 71, 2048, 2016, 300
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 2e-4
EVALUATE_EVERY = 5
GRADIENT_AT = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 140, 150, 200, 250, 300]


def samples(seed):
    """One-hot inputs [·, 2M] and labels: the first 2016 of torch.randperm(M²), and the rest."""
    shuffled = torch.randperm(M * M, generator=torch.Generator().manual_seed(seed))
    for index in (shuffled[:N_TRAIN], shuffled[N_TRAIN:]):
        a, b = index // M, index % M
        yield torch.cat([functional.one_hot(a, M), functional.one_hot(b, M)], dim=1).float(), (a + b) % M


def mse(z, y):
    centred = z - z.mean(dim=1, keepdim=True)
    return ((centred - (functional.one_hot(y, M).float() - 1 / M)) ** 2).sum(dim=1).mean()


def cosine(a, b):
    return ((a * b).sum() / (a.norm() * b.norm())).item()


def gradient_row(features, z, top, y):
    """G_F as the paper defines it, and its two relatives, each with its norm and its cosine with ỸỸᵀF̃.

    sample_centred  P1 (Y − FV) Vᵀ                         the paper's G_F; P1 centres over samples
    uncentred       (Y − 1/M − FV) Vᵀ                      what a script logs that centres nothing over samples
    class_centred   (Y − 1/M − (FV − mean_c FV)) Vᵀ        −n/2 times the gradient of the loss by F
    """
    f, z, v, one_hot = features.double(), z.double(), top.double().T, functional.one_hot(y, M).double()
    centre = lambda a: a - a.mean(dim=0, keepdim=True)
    y_centred, f_centred = centre(one_hot), centre(f)
    stage_one = y_centred @ (y_centred.T @ f_centred)
    variants = {
        "sample_centred": centre(one_hot - z) @ v.T,
        "uncentred": (one_hot - 1 / M - z) @ v.T,
        "class_centred": (one_hot - 1 / M - (z - z.mean(dim=1, keepdim=True))) @ v.T,
    }
    return {name: {"norm": g.norm().item(), "cosine_stage_one": cosine(g, stage_one)} for name, g in variants.items()}


def spectrum_row(hidden):
    """Each unit's share of power at its strongest of the 35 frequencies (constant left out, both operands pooled)."""
    halves = hidden.double().reshape(K, 2, M)
    power = torch.fft.rfft(halves, dim=2).abs().square().sum(dim=1)[:, 1:]
    purity, frequency = (power / power.sum(dim=1, keepdim=True).clamp_min(1e-300)).max(dim=1)
    alive = halves.reshape(K, -1).norm(dim=1) > 1e-3
    pure = (purity > 0.9) & alive
    return {
        "purity_median": purity[alive].median().item() if alive.any() else None,
        "units_pure": int(pure.sum()),
        "units_alive": int(alive.sum()),
        "frequencies_covered": int(frequency[pure].unique().numel()),
        "hidden_norm": hidden.norm().item(),
    }


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    return float(f"{value:.7g}") if isinstance(value, float) else value


def first_at_least(curve, key, level):
    return next((row["step"] for row in curve if row[key] >= level), None)


def train(seed, weight_decay):
    (x, y), (test_x, test_y) = samples(seed)
    torch.manual_seed(seed)
    hidden, top = nn.Linear(2 * M, K, bias=False), nn.Linear(K, M, bias=False)
    parameters = [hidden.weight, top.weight]
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, weight_decay=weight_decay)
    curve, gradients, spectra = [], [], []
    for step in range(STEPS + 1):
        features = hidden(x) ** 2
        z = top(features)
        loss = mse(z, y)
        with torch.no_grad():
            row = {"step": step, "train_loss": loss.item(), "train_accuracy": (z.argmax(1) == y).double().mean().item()}
            # Every step, so that the first step above a level is exact; only each fifth is written.
            test_z = top(hidden(test_x) ** 2)
            row |= {"test_loss": mse(test_z, test_y).item(), "test_accuracy": (test_z.argmax(1) == test_y).double().mean().item()}
            curve.append(rounded(row))
            if step in GRADIENT_AT:
                gradients.append(rounded({"step": step} | gradient_row(features, z, top.weight, y)))
            if step % 10 == 0:
                spectra.append(rounded({"step": step} | spectrum_row(hidden.weight)))
        if step == STEPS:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {
        "seed": seed,
        "weight_decay": weight_decay,
        "first_step": {
            "train_accuracy_0.99": first_at_least(curve, "train_accuracy", 0.99),
            "test_accuracy_0.5": first_at_least(curve, "test_accuracy", 0.5),
            "test_accuracy_0.99": first_at_least(curve, "test_accuracy", 0.99),
            "all_35_frequencies": first_at_least(spectra, "frequencies_covered", 35),
        },
        "curve": [row for row in curve if row["step"] % EVALUATE_EVERY == 0],
        "gradient": gradients,
        "spectrum": spectra,
    }


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    runs = []
    for seed, weight_decay in [(0, WEIGHT_DECAY), (1, WEIGHT_DECAY), (2, WEIGHT_DECAY), (0, 0.0)]:
        runs.append(train(seed, weight_decay))
        print(seed, weight_decay, runs[-1]["first_step"], file=sys.stderr, flush=True)
    about = {
        "format": 1,
        "made_by": "testdata/pytorch/make_e3.py",
        "command": "python testdata/pytorch/make_e3.py",
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "machine": f"{platform.machine()}, CPU, one thread, float32, denormals flushed",
        "settings": dict(
            M=M, K=K, n_train=N_TRAIN, activation="square", loss="mse", optimizer="adam", learning_rate=LEARNING_RATE, steps=STEPS
        ),
    }
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in about.items()]
    tables = ("curve", "gradient", "spectrum")
    blocks = []
    for run in runs:
        parts = [f'      "{key}": {json.dumps(value)}' for key, value in run.items() if key not in tables]
        for table in tables:
            rows = ",\n".join("        " + json.dumps(row, separators=(",", ":")) for row in run[table])
            parts.append(f'      "{table}": [\n{rows}\n      ]')
        blocks.append("    {\n" + ",\n".join(parts) + "\n    }")
    lines.append('  "runs": [\n' + ",\n".join(blocks) + "\n  ]")
    (HERE / "e3.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

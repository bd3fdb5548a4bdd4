"""Loss curves of the methods that stand beside losses and optimizers, trained by PyTorch: an oracle like curves.json.

    python make_methods.py           reads curves.json and initial.safetensors, writes methods.json beside this file (20 s)

The network, the splits and the initial weights are those of curves.json: z = V σ(W x), cyclic group of order 7, 24 units, 25
samples, full batch, float32, 50 updates. Label smoothing and clipping are PyTorch's own, as are its half precision and its
singular values; the rest is written out here from the papers.
"""

import datetime
import json
import pathlib
import platform

import numpy
import torch
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
STEPS = 50
INITIAL, SPLIT = "m7_k24", "m7_n25"


def read_safetensors(path):
    """Float32 tensors by name: eight bytes of length, a head in JSON, the numbers."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    head, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    head.pop("__metadata__", None)
    array = lambda entry: numpy.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
    return {name: torch.tensor(array(entry)) for name, entry in head.items()}


# ---------------------------------------------------------------- losses


def stablemax(v):
    return torch.where(v >= 0, v + 1, 1 / (1 - v))


def loss_of(settings, z, y):
    cap, temperature = settings.get("logit_cap", 0.0), settings.get("temperature", 1.0)
    smoothing, weight = settings.get("label_smoothing", 0.0), settings.get("z_loss", 0.0)
    if settings.get("loss") == "mse":
        centred = z - z.mean(dim=1, keepdim=True)
        target = functional.one_hot(y, z.shape[1]).to(z.dtype) - 1 / z.shape[1]
        return ((centred - target) ** 2).sum(dim=1).mean()
    if cap:
        z = cap * torch.tanh(z / cap)
    z = z / temperature
    if settings.get("loss") == "stablemax":
        s = stablemax(z)
        log_p = torch.log(s / s.sum(dim=1, keepdim=True))
        target = (1 - smoothing) * functional.one_hot(y, z.shape[1]).to(z.dtype) + smoothing / z.shape[1]
        loss = -(target * log_p).sum(dim=1).mean()
    else:
        loss = functional.cross_entropy(z, y, label_smoothing=smoothing)
    return loss + weight * torch.logsumexp(z, dim=1).square().mean()


# ---------------------------------------------------------------- gradients


def change_gradients(settings, parameters, state, t):
    """In the order in which the settings are documented: half, Grokfast, direction, clipping."""
    if settings.get("fault.gradient") == "half":
        scale = settings["fault.loss_scale"] * 2.0 ** (t // settings["fault.loss_scale_doubling"])
        for p in parameters:
            p.grad = ((p.grad * scale).to(torch.float16).to(p.dtype)) / scale
    if settings.get("gradient.filter") == "grokfast_ema":
        alpha, factor = settings["gradient.filter_decay"], settings["gradient.filter_factor"]
        if "average" not in state:
            state["average"] = [p.grad.clone() for p in parameters]
        for i, p in enumerate(parameters):
            state["average"][i] = state["average"][i] * alpha + p.grad * (1 - alpha)
            p.grad = p.grad + state["average"][i] * factor
    if settings.get("gradient.direction") == "orthogonal":
        for p in parameters:
            w, g = p.detach().reshape(-1), p.grad.reshape(-1)
            across = g - torch.dot(w, g) / (torch.dot(w, w) + 1e-30) * w
            p.grad = (across * (g.norm() / (across.norm() + 1e-30))).reshape(p.shape)
    if settings.get("gradient.direction") == "egalitarian":
        u, s, vt = torch.linalg.svd(parameters[0].grad.double(), full_matrices=False)
        parameters[0].grad = (u * (s / s.clamp_min(1e-6)) @ vt).to(parameters[0].dtype)
    if settings.get("gradient.clip_norm"):
        torch.nn.utils.clip_grad_norm_(parameters, settings["gradient.clip_norm"])


# ---------------------------------------------------------------- training


OPTIMIZERS = {
    "sgd": {"optimizer.name": "sgd", "optimizer.momentum": 0.9, "optimizer.learning_rate": 0.05, "optimizer.weight_decay": 1e-2},
    "adam": {"optimizer.name": "adam", "optimizer.learning_rate": 0.01, "optimizer.weight_decay": 5e-3},
}
ACTIVATIONS = {"square": lambda h: h**2, "silu": functional.silu}
HIDDEN_SCALE, TOP_SCALE = 2.0, {"square": 1.0, "silu": 2.0}


def train(settings, activation, initial, rows, dtype):
    x = torch.cat([functional.one_hot(rows[:, i], 7) for i in (0, 1)], dim=1).to(dtype)
    y = rows[:, 2]
    w = torch.nn.Parameter((initial[INITIAL + ".hidden.weight"] * HIDDEN_SCALE).to(dtype))
    v = torch.nn.Parameter((initial[INITIAL + ".output.weight"] * TOP_SCALE[activation]).to(dtype))
    lr, decay = settings["optimizer.learning_rate"], settings["optimizer.weight_decay"]
    if settings["optimizer.name"] == "sgd":
        optimizer = torch.optim.SGD([w, v], lr=lr, momentum=settings["optimizer.momentum"], weight_decay=decay)
    else:
        optimizer = torch.optim.Adam([w, v], lr=lr, weight_decay=decay)
    curve, state = [], {}
    for t in range(STEPS + 1):
        z = ACTIVATIONS[activation](x @ w.T) @ v.T
        with torch.no_grad():
            curve.append(loss_of(settings, z.double(), y).item())
        if t == STEPS:
            return curve
        optimizer.zero_grad()
        loss_of(settings, z, y).backward()
        change_gradients(settings, [w, v], state, t)
        optimizer.step()


def all_settings():
    losses = [
        {"label_smoothing": 0.1},
        {"z_loss": 0.02},
        {"logit_cap": 2.0},
        {"temperature": 0.6},
        {"loss": "stablemax"},
        {"label_smoothing": 0.2, "z_loss": 0.01, "logit_cap": 3.0, "temperature": 1.5},
        {"loss": "stablemax", "label_smoothing": 0.1, "logit_cap": 3.0, "temperature": 0.5},
    ]
    half = {"fault.gradient": "half", "fault.loss_scale": 2.0**-18, "fault.loss_scale_doubling": 25}
    grokfast = {"gradient.filter": "grokfast_ema", "gradient.filter_decay": 0.9, "gradient.filter_factor": 2.0}
    rules = [
        {"gradient.clip_norm": 0.05},
        grokfast,
        {"gradient.direction": "orthogonal"},
        {"gradient.direction": "egalitarian"},
        half,
        half | grokfast | {"gradient.direction": "orthogonal", "gradient.clip_norm": 0.2},
    ]
    for name, optimizer in OPTIMIZERS.items():
        for activation in ACTIVATIONS:
            for changes in losses:
                yield name, activation, {"loss": "cross_entropy"} | changes | optimizer
            for changes in rules:
                yield name, activation, {"loss": "mse"} | changes | optimizer


def rounded(value):
    return float(f"{value:.9g}")


def deviation(curve, other):
    return max(abs(a / b - 1) for a, b in zip(curve, other))


def main():
    torch.set_num_threads(1)
    initial = read_safetensors(HERE / "initial.safetensors")
    rows = torch.tensor(json.loads((HERE / "curves.json").read_text())["splits"][SPLIT]["train"])
    cases = []
    for name, activation, settings in all_settings():
        single, double = (train(settings, activation, initial, rows, dtype) for dtype in (torch.float32, torch.float64))
        methods = {key: value for key, value in settings.items() if not key.startswith("optimizer.")}
        plain = {"loss": "mse" if settings["loss"] == "mse" else "cross_entropy"}
        without = train(plain | OPTIMIZERS[name], activation, initial, rows, torch.float32)
        label = "/".join([name, activation] + [f"{key}={value}" for key, value in methods.items()])
        chaos, seen = deviation(single, double), deviation(without, single)
        print(f"{label:150s} {single[0]:8.4g} -> {single[50]:8.4g}  float64 {chaos:.1e}  without {seen:.1e}", flush=True)
        # Singular values near zero and gradients next to the middle of two half-precision steps are where rounding tells.
        tells = "fault.gradient" in settings or settings.get("gradient.direction") == "egalitarian"
        assert chaos < (5e-4 if tells else 2e-5) and seen > 1e-3 and seen > 30 * chaos, label
        cases.append(
            {
                "id": label,
                "activation": activation,
                "initial": INITIAL,
                "split": SPLIT,
                "hidden_scale": HIDDEN_SCALE,
                "top_scale": TOP_SCALE[activation],
                "settings": settings,
                "train_loss": [rounded(value) for value in single],
                "float64_deviation": float(f"{chaos:.2g}"),
                "without_deviation": float(f"{seen:.2g}"),
            }
        )
    about = {
        "format": 1,
        "made_by": "testdata/pytorch/make_methods.py",
        "command": "python testdata/pytorch/make_methods.py",
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
        "machine": f"{platform.machine()}, CPU, one thread, float32",
        "steps": STEPS,
    }
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in about.items()]
    lines.append('  "cases": [\n' + ",\n".join("    " + json.dumps(c, separators=(",", ":")) for c in cases) + "\n  ]")
    (HERE / "methods.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

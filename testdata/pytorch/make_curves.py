"""Loss curves of small two-layer networks, trained by PyTorch: the oracle that our training loop is held to.

Network: z = V σ(W x), two `nn.Linear` without bias; x is the concatenation of two one-hot operands of the cyclic group
of order M; the label is their sum mod M. Full batch, float32, 50 steps, one thread.

    python make_curves.py            writes curves.json and initial.safetensors beside this file
    python make_curves.py --look     trains and prints one line a case, writes nothing

Written from the description in arXiv:2509.21519 and from the papers of the optimizers; no code was taken from elsewhere.
"""

import datetime
import json
import math
import pathlib
import platform
import sys

import numpy
import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
STEPS = 50

ACTIVATIONS = {
    "square": lambda h: h**2,
    "cube": lambda h: h**3,
    "relu": functional.relu,
    "relu_squared": lambda h: functional.relu(h) ** 2,
    "silu": functional.silu,
    "gelu": lambda h: functional.gelu(h, approximate="none"),
    "abs": torch.abs,
}

# ---------------------------------------------------------------- losses


def mse(z, y):
    """(1/n) Σᵢ ‖zᵢ − mean_c zᵢ − (e_yᵢ − 1/M)‖²"""
    n_labels = z.shape[1]
    centred = z - z.mean(dim=1, keepdim=True)
    target = functional.one_hot(y, n_labels).to(z.dtype) - 1.0 / n_labels
    return ((centred - target) ** 2).sum(dim=1).mean()


LOSSES = {"mse": mse, "cross_entropy": functional.cross_entropy}

# ---------------------------------------------------------------- Muon

JORDAN_TRIPLES = [(3.4445, -4.7750, 2.0315)] * 5
PAPER_TRIPLES = [(4.01, -9.22, 5.80), (3.49, -6.38, 3.23), (3.34, -6.21, 3.20), (3.64, -7.48, 4.43), (3.46, -5.35, 2.85)]


def orthogonalized(update, triples):
    """Newton–Schulz: X ← a X + (b A + c A²) X with A = X Xᵀ, from X = update / (‖update‖_F + 1e-7), on the short side."""
    tall = update.shape[0] > update.shape[1]
    x = update.T if tall else update
    x = x / (x.norm() + 1e-7)
    for a, b, c in triples:
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum with decoupled weight decay for one matrix [units, inputs].

    jordan: m ← μ m + (1−μ) g; the update is Nesterov's (1−μ) g + μ m, orthogonalised, times √max(1, rows/columns).
    paper:  m ← m + (1−μ)(g − m); the update is m, orthogonalised with a different triple each step, not scaled.
    """

    def __init__(self, params, lr, weight_decay, momentum, variant):
        super().__init__(params, {"lr": lr})
        self.weight_decay, self.momentum, self.variant = weight_decay, momentum, variant

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                gradient, lr = weight.grad, group["lr"]
                state = self.state[weight]
                m = state.setdefault("momentum", torch.zeros_like(weight))
                if self.variant == "jordan":
                    m.mul_(self.momentum).add_(gradient, alpha=1 - self.momentum)
                    nesterov = (1 - self.momentum) * gradient + self.momentum * m
                    rows, columns = weight.shape
                    update = math.sqrt(max(1.0, rows / columns)) * orthogonalized(nesterov, JORDAN_TRIPLES)
                else:
                    m.add_(gradient - m, alpha=1 - self.momentum)
                    update = orthogonalized(m, PAPER_TRIPLES)
                weight.mul_(1 - lr * self.weight_decay).add_(update, alpha=-lr)


def muon_step_is_close_to_torch():
    """torch.optim.Muon works in bfloat16: one step of ours must agree with it to that precision, in both orientations."""
    for shape in [(24, 14), (10, 14)]:
        torch.manual_seed(1)
        ours = nn.Parameter(torch.randn(shape))
        theirs = nn.Parameter(ours.detach().clone())
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        start = ours.detach().clone()
        Muon([ours], lr=0.1, weight_decay=0.5, momentum=0.95, variant="jordan").step()
        torch.optim.Muon([theirs], lr=0.1, weight_decay=0.5, momentum=0.95).step()
        gap = (ours - theirs).norm() / (ours - start).norm()
        assert gap < 0.02, f"one step of Muon at {shape} is {gap:.3f} from torch.optim.Muon"


# ---------------------------------------------------------------- optimizers and schedules


def build_optimizers(spec, hidden, top):
    """Optimizers for the hidden matrix and for the top one; `top` is None where ridge regression solves it."""
    method, lr, wd = spec["method"], spec["learning_rate"], spec["weight_decay"]
    trained = [hidden] if top is None else [hidden, top]
    betas, eps = (spec.get("beta1", 0.9), spec.get("beta2", 0.999)), spec.get("epsilon", 1e-8)
    if method == "sgd":
        return [torch.optim.SGD(trained, lr=lr, momentum=spec["momentum"], weight_decay=wd)]
    if method == "adam":
        return [torch.optim.Adam(trained, lr=lr, betas=betas, eps=eps, weight_decay=wd)]
    if method == "adamw":
        return [torch.optim.AdamW(trained, lr=lr, betas=betas, eps=eps, weight_decay=wd)]
    assert method == "muon"
    first = Muon([hidden], lr=lr, weight_decay=wd, momentum=spec["momentum"], variant=spec["variant"])
    if top is None:
        return [first]
    return [first, torch.optim.Adam([top], lr=lr, betas=betas, eps=eps, weight_decay=wd)]


def schedule_factor(schedule, t):
    """What the learning rate is multiplied by in update t = 0, 1, …"""
    kind = schedule["kind"]
    if kind == "constant":
        return 1.0
    if kind == "step":
        return schedule["factor"] ** (t // schedule["every"])
    if kind == "exponential":
        return schedule["factor"] ** t
    if kind == "cosine":
        return 0.5 * (1 + math.cos(math.pi * t / STEPS))
    assert kind == "warmup"
    return min(1.0, (t + 1) / schedule["steps"])


def schedules_are_those_of_torch():
    """Our closed forms against torch.optim.lr_scheduler, every step."""
    make = torch.optim.lr_scheduler
    pairs = [
        (dict(kind="step", every=15, factor=0.3), lambda o: make.StepLR(o, step_size=15, gamma=0.3)),
        (dict(kind="exponential", factor=0.95), lambda o: make.ExponentialLR(o, gamma=0.95)),
        (dict(kind="cosine"), lambda o: make.CosineAnnealingLR(o, T_max=STEPS)),
    ]
    for schedule, build in pairs:
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = build(optimizer)
        for t in range(STEPS):
            assert abs(optimizer.param_groups[0]["lr"] - schedule_factor(schedule, t)) < 1e-12, schedule
            optimizer.step()
            scheduler.step()


# ---------------------------------------------------------------- one run


def one_hot_inputs(samples, order, dtype):
    a, b, _ = samples.T
    return torch.cat([functional.one_hot(a, order), functional.one_hot(b, order)], dim=1).to(dtype)


def ridge_top(features, y, n_labels, eta):
    """V = (FᵀF + ηI)⁻¹ Fᵀ(Y − 1/M) in float64, as [labels, units]."""
    f = features.detach().double()
    target = functional.one_hot(y, n_labels).double() - 1.0 / n_labels
    normal = f.T @ f + eta * torch.eye(f.shape[1], dtype=torch.float64)
    return torch.linalg.solve(normal, f.T @ target).T


def train(case, initial, samples_of, dtype):
    """Losses before each of the 50 updates and after the last; test loss and both accuracies after the last."""
    order, units = case["M"], case["K"]
    sigma, loss = ACTIVATIONS[case["activation"]], LOSSES[case["loss"]]
    hidden, top = nn.Linear(2 * order, units, bias=False, dtype=dtype), nn.Linear(units, order, bias=False, dtype=dtype)
    with torch.no_grad():  # The product of the float32 weight and a scale of few bits is the same number everywhere.
        hidden.weight.copy_(initial[case["initial"] + ".hidden.weight"] * case["hidden_scale"])
        top.weight.copy_(initial[case["initial"] + ".output.weight"] * case["top_scale"])
    train_samples, test_samples = samples_of[case["split"]]
    x, y = one_hot_inputs(train_samples, order, dtype), train_samples[:, 2]
    eta = case["top_layer"].get("eta")
    optimizers = build_optimizers(case["optimizer"], hidden.weight, top.weight if eta is None else None)
    base = case["optimizer"]["learning_rate"]
    losses = []
    for t in range(STEPS + 1):
        features = sigma(hidden(x))
        if eta is not None:
            with torch.no_grad():
                top.weight.copy_(ridge_top(features, y, order, eta))
        z = top(features)
        losses.append(loss(z.detach().double(), y).item())
        if t == STEPS:
            break
        hidden.weight.grad = top.weight.grad = None
        loss(z, y).backward()
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = base * schedule_factor(case["schedule"], t)
            optimizer.step()
    with torch.no_grad():
        test_y = test_samples[:, 2]
        test_z = top(sigma(hidden(one_hot_inputs(test_samples, order, dtype))))
        return {
            "train_loss": losses,
            "train_accuracy": (z.argmax(1) == y).double().mean().item(),
            "test_loss": loss(test_z.double(), test_y).item(),
            "test_accuracy": (test_z.argmax(1) == test_y).double().mean().item(),
        }


# ---------------------------------------------------------------- the cases

INITIAL_SHAPES = {"m7_k24": (7, 24, 0), "m7_k10": (7, 10, 1), "m7_k40": (7, 40, 2), "m23_k64": (23, 64, 3)}
SPLIT_SHAPES = {"m7_n25": (7, 25, 0), "m23_n211": (23, 211, 1)}

# Scales that bring the pre-activations of either size near a standard deviation of 0.65, and outputs to order one.
HIDDEN_SCALE = {7: 3.0, 23: 5.0}
TOP_SCALE = {"square": 2.0, "cube": 2.0, "relu": 2.0, "relu_squared": 2.0, "silu": 2.0, "gelu": 2.0, "abs": 2.0}

OPTIMIZERS = {
    "sgd": dict(method="sgd", momentum=0.0, learning_rate=0.1, weight_decay=1e-2),
    "sgd_momentum": dict(method="sgd", momentum=0.9, learning_rate=0.02, weight_decay=1e-2),
    "adam": dict(method="adam", beta1=0.9, beta2=0.999, epsilon=1e-8, learning_rate=0.01, weight_decay=5e-3),
    "adamw": dict(method="adamw", beta1=0.9, beta2=0.999, epsilon=1e-8, learning_rate=0.01, weight_decay=0.1),
    "muon_jordan": dict(
        method="muon", variant="jordan", momentum=0.95, beta1=0.9, beta2=0.999, epsilon=1e-8, learning_rate=0.01, weight_decay=0.05
    ),
    "muon_paper": dict(
        method="muon", variant="paper", momentum=0.99, beta1=0.9, beta2=0.999, epsilon=1e-8, learning_rate=0.01, weight_decay=0.05
    ),
}


def case(initial, split, activation, loss, optimizer, **other):
    order, units, _ = INITIAL_SHAPES[initial]
    settings = dict(OPTIMIZERS[optimizer])
    if (initial, loss, settings["method"]) == ("m23_k64", "cross_entropy", "sgd"):
        settings["learning_rate"] *= 10  # The gradient of the mean over many labels is small; plain descent needs more.
    schedule = other.get("schedule", {"kind": "constant"})
    top_layer = other.get("top_layer", {"kind": "trained"})
    parts = [initial, activation, loss, optimizer]
    parts += [schedule["kind"]] if schedule["kind"] != "constant" else []
    parts += [f"ridge_{top_layer['eta']}"] if top_layer["kind"] == "ridge" else []
    parts += ["zero_top"] if other.get("top_scale") == 0.0 else []
    return {
        "id": "/".join(parts),
        "M": order,
        "K": units,
        "activation": activation,
        "loss": loss,
        "optimizer_name": optimizer,
        "optimizer": settings,
        "schedule": schedule,
        "top_layer": top_layer,
        "initial": initial,
        "hidden_scale": HIDDEN_SCALE[order],
        "top_scale": other.get("top_scale", TOP_SCALE[activation]),
        "split": split,
    }


def all_cases():
    small, large = ("m7_k24", "m7_n25"), ("m23_k64", "m23_n211")
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            for optimizer in OPTIMIZERS:
                yield case(*small, activation, loss, optimizer)
    for optimizer in OPTIMIZERS:
        yield case(*large, "square", "mse", optimizer)
        yield case(*large, "silu", "cross_entropy", optimizer)
    for activation in ["cube", "relu", "abs"]:
        yield case(*large, activation, "mse", "adam")
    for variant in ["muon_jordan", "muon_paper"]:  # Fewer units than inputs: the wide orientation of Newton–Schulz.
        yield case("m7_k10", "m7_n25", "square", "mse", variant)
    for schedule in [
        dict(kind="step", every=15, factor=0.3),
        dict(kind="exponential", factor=0.95),
        dict(kind="cosine"),
        dict(kind="warmup", steps=20),
    ]:
        yield case(*small, "square", "mse", "adam", schedule=schedule)
        yield case(*large, "gelu", "cross_entropy", "adam", schedule=schedule)
    for optimizer in ["sgd_momentum", "adam", "muon_paper"]:
        yield case(*small, "square", "mse", optimizer, top_scale=0.0)
    for activation in ["square", "relu", "silu"]:  # K < n, K > n, and the larger problem.
        yield case(*small, activation, "mse", "adam", top_layer=dict(kind="ridge", eta=0.5))
        yield case("m7_k40", "m7_n25", activation, "mse", "adam", top_layer=dict(kind="ridge", eta=0.5))
    yield case(*large, "square", "mse", "adam", top_layer=dict(kind="ridge", eta=2.0))
    yield case(*small, "square", "mse", "muon_jordan", top_layer=dict(kind="ridge", eta=0.5))


def initial_weights():
    """PyTorch's default for nn.Linear, U(±1/√fan_in), from torch.manual_seed."""
    weights = {}
    for name, (order, units, seed) in INITIAL_SHAPES.items():
        torch.manual_seed(seed)
        weights[name + ".hidden.weight"] = nn.Linear(2 * order, units, bias=False).weight.detach().clone()
        weights[name + ".output.weight"] = nn.Linear(units, order, bias=False).weight.detach().clone()
    return weights


def splits():
    """Uniform training samples [n, 3] (a, b, (a + b) mod M), and the rest; both sorted by a·M + b."""
    result = {}
    for name, (order, n_train, seed) in SPLIT_SHAPES.items():
        shuffled = torch.randperm(order * order, generator=torch.Generator().manual_seed(seed))
        parts = [part.sort().values for part in (shuffled[:n_train], shuffled[n_train:])]
        result[name] = [torch.stack([i // order, i % order, (i // order + i % order) % order], dim=1) for i in parts]
    return result


def rounded(value):
    return float(f"{value:.9g}")


def deviation(curve, reference):
    """Largest relative difference of the train losses."""
    return max(abs(a / b - 1) for a, b in zip(curve["train_loss"], reference["train_loss"]))


def without_decay(spec):
    return spec | {"optimizer": spec["optimizer"] | {"weight_decay": 0.0}}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    muon_step_is_close_to_torch()
    schedules_are_those_of_torch()
    initial, samples_of, cases = initial_weights(), splits(), []
    for spec in all_cases():
        single, double = (train(spec, initial, samples_of, dtype) for dtype in (torch.float32, torch.float64))
        chaos = deviation(single, double)
        decay = deviation(train(without_decay(spec), initial, samples_of, torch.float32), single)
        cases.append(
            spec
            | {"train_loss": [rounded(v) for v in single["train_loss"]]}
            | {key: rounded(single[key]) for key in ("train_accuracy", "test_loss", "test_accuracy")}
            | {"float64_deviation": float(f"{chaos:.2g}"), "without_decay_deviation": float(f"{decay:.2g}")}
        )
        curve = single["train_loss"]
        print(f"{spec['id']:52s} {curve[0]:9.4g} -> {curve[25]:9.4g} -> {curve[50]:9.4g}  float64 {chaos:.1e}  decay {decay:.1e}", flush=True)
    worst = max(cases, key=lambda c: c["float64_deviation"])
    dullest = min(cases, key=lambda c: c["without_decay_deviation"])
    print(f"{len(cases)} cases; float64 deviates by at most {worst['float64_deviation']} ({worst['id']})")
    print(f"leaving out weight decay shows by at least {dullest['without_decay_deviation']} ({dullest['id']})")
    if "--look" in sys.argv:
        return
    assert worst["float64_deviation"] < 2e-5, "a case is chaotic: lower its learning rate"
    assert dullest["without_decay_deviation"] > 1e-3, "a case does not see weight decay"
    about = {
        "format": 1,
        "made_by": "testdata/pytorch/make_curves.py",
        "command": "python testdata/pytorch/make_curves.py",
        "date": datetime.date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "safetensors": safetensors.__version__,
        },
        "machine": f"{platform.machine()}, CPU, one thread, float32",
        "steps": STEPS,
    }
    split_rows = {name: {"M": SPLIT_SHAPES[name][0], "train": parts[0].tolist()} for name, parts in samples_of.items()}
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in about.items()]
    lines.append('  "splits": ' + json.dumps(split_rows, separators=(",", ":")))
    lines.append('  "cases": [\n' + ",\n".join("    " + json.dumps(c, separators=(",", ":")) for c in cases) + "\n  ]")
    (HERE / "curves.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    safetensors.torch.save_file({k: v.contiguous() for k, v in initial.items()}, HERE / "initial.safetensors")


if __name__ == "__main__":
    main()

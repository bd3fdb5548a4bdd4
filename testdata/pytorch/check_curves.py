"""A second witness for curves.json: NumPy in float64, gradients by hand, Newton–Schulz on singular values.

    python check_curves.py           prints the largest relative difference of every case, fails above 2e-5

Shares no code with make_curves.py.
"""

import json
import math
import pathlib

import numpy as np
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).parent
PHI = np.vectorize(lambda h: 0.5 * (1 + math.erf(h / math.sqrt(2))))
sigmoid = lambda h: 1 / (1 + np.exp(-h))

# σ and σ′
ACTIVATIONS = {
    "square": (lambda h: h**2, lambda h: 2 * h),
    "cube": (lambda h: h**3, lambda h: 3 * h**2),
    "relu": (lambda h: h * (h > 0), lambda h: 1.0 * (h > 0)),
    "relu_squared": (lambda h: h**2 * (h > 0), lambda h: 2 * h * (h > 0)),
    "silu": (lambda h: h * sigmoid(h), lambda h: sigmoid(h) * (1 + h * (1 - sigmoid(h)))),
    "gelu": (lambda h: h * PHI(h), lambda h: PHI(h) + h * np.exp(-(h**2) / 2) / math.sqrt(2 * math.pi)),
    "abs": (np.abs, np.sign),
}
TRIPLES = {
    "jordan": [(3.4445, -4.7750, 2.0315)] * 5,
    "paper": [(4.01, -9.22, 5.80), (3.49, -6.38, 3.23), (3.34, -6.21, 3.20), (3.64, -7.48, 4.43), (3.46, -5.35, 2.85)],
}


def rate(schedule, t, steps):
    kind = schedule["kind"]
    return {
        "constant": lambda: 1.0,
        "step": lambda: schedule["factor"] ** (t // schedule["every"]),
        "exponential": lambda: schedule["factor"] ** t,
        "cosine": lambda: math.cos(math.pi * t / (2 * steps)) ** 2,
        "warmup": lambda: min(1.0, (t + 1) / schedule["steps"]),
    }[kind]()


def updated(weight, gradient, state, optimizer, lr, t, is_hidden):
    """One update; `state` is this matrix's dictionary."""
    method, decay = optimizer["method"], optimizer["weight_decay"]
    m = state.get("m", np.zeros_like(weight))
    if method == "sgd":
        state["m"] = optimizer["momentum"] * m + gradient + decay * weight
        return weight - lr * state["m"]
    if method == "muon" and is_hidden:
        mu, is_jordan = optimizer["momentum"], optimizer["variant"] == "jordan"
        state["m"] = mu * m + (1 - mu) * gradient
        u, s, vt = np.linalg.svd((1 - mu) * gradient + mu * state["m"] if is_jordan else state["m"], full_matrices=False)
        s = s / (np.linalg.norm(s) + 1e-7)
        for a, b, c in TRIPLES[optimizer["variant"]]:
            s = a * s + b * s**3 + c * s**5
        scale = math.sqrt(max(1, weight.shape[0] / weight.shape[1])) if is_jordan else 1.0
        return weight * (1 - lr * decay) - lr * scale * (u * s) @ vt
    if method == "adamw":
        weight = weight * (1 - lr * decay)
    else:
        gradient = gradient + decay * weight
    beta1, beta2 = optimizer["beta1"], optimizer["beta2"]
    state["m"] = beta1 * m + (1 - beta1) * gradient
    state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * gradient**2
    mean, spread = state["m"] / (1 - beta1 ** (t + 1)), np.sqrt(state["v"] / (1 - beta2 ** (t + 1)))
    return weight - lr * mean / (spread + optimizer["epsilon"])


def losses(case, initial, train, steps):
    order, units = case["M"], case["K"]
    sigma, slope = ACTIVATIONS[case["activation"]]
    eye = np.eye(order)
    x, y = np.hstack([eye[train[:, 0]], eye[train[:, 1]]]), eye[train[:, 2]]
    w = (initial[case["initial"] + ".hidden.weight"] * np.float32(case["hidden_scale"])).astype(float)
    v = (initial[case["initial"] + ".output.weight"] * np.float32(case["top_scale"])).astype(float)
    eta, states = case["top_layer"].get("eta"), ({}, {})
    for t in range(steps + 1):
        h = x @ w.T
        f = sigma(h)
        if eta is not None:
            v = np.linalg.solve(f.T @ f + eta * np.eye(units), f.T @ (y - 1 / order)).T
        z = f @ v.T
        if case["loss"] == "mse":
            residual = z - z.mean(axis=1, keepdims=True) - (y - 1 / order)
            yield (residual**2).sum(axis=1).mean()
            sent_back = 2 * residual / len(y)
        else:
            shifted = z - z.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            yield -((shifted - log_sum) * y).sum(axis=1).mean()
            sent_back = (np.exp(shifted - log_sum) - y) / len(y)
        lr = case["optimizer"]["learning_rate"] * rate(case["schedule"], t, steps)
        gradient_w, gradient_v = (slope(h) * (sent_back @ v)).T @ x, sent_back.T @ f
        w = updated(w, gradient_w, states[0], case["optimizer"], lr, t, is_hidden=True)
        if eta is None:
            v = updated(v, gradient_v, states[1], case["optimizer"], lr, t, is_hidden=False)


def main():
    recorded = json.loads((HERE / "curves.json").read_text())
    initial = load_file(HERE / "initial.safetensors")
    worst = 0.0
    for case in recorded["cases"]:
        train = np.array(recorded["splits"][case["split"]]["train"])
        assert ((train[:, 0] + train[:, 1]) % case["M"] == train[:, 2]).all()
        gap = max(abs(a / b - 1) for a, b in zip(case["train_loss"], losses(case, initial, train, recorded["steps"]), strict=True))
        print(f"{case['id']:52s} {gap:.1e}")
        worst = max(worst, gap)
    print(f"{len(recorded['cases'])} cases, largest relative difference {worst:.1e}")
    assert worst < 2e-5


if __name__ == "__main__":
    main()

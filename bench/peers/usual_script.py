"""The usual throw-away script, as a measure of what a researcher waits for today.

Dense one-hot inputs, two `nn.Linear`, autograd, `torch.optim.Adam`; every epoch evaluates train and test and logs the
kernel statistics, because that is when one notices that they are wanted. Nothing is tuned, nothing is sabotaged.

    python usual_script.py                  settings A and C, train step and whole epoch, one JSON object on stdout
    python usual_script.py --setting C      one setting only
    python usual_script.py --seconds 20     how long each figure is measured (default 20)

Setting A: M = 71, K = 2048, n = 2016.   Setting C: M = 23, K = 256, n = 211.   Both x², centred MSE, Adam, float32.
"""

import argparse
import json
import platform
import statistics
import time

import torch
from torch import nn
from torch.nn import functional

SETTINGS = {
    "A": dict(M=71, K=2048, n=2016, learning_rate=1e-3, weight_decay=2e-4),
    "C": dict(M=23, K=256, n=211, learning_rate=5e-3, weight_decay=2e-4),
}
WARM_UP_STEPS = 5


class Net(nn.Module):
    def __init__(self, M, K):
        super().__init__()
        self.hidden = nn.Linear(2 * M, K, bias=False)
        self.top = nn.Linear(K, M, bias=False)

    def forward(self, x):
        features = self.hidden(x) ** 2
        return self.top(features), features


def mse(z, y):
    centred = z - z.mean(dim=1, keepdim=True)
    target = functional.one_hot(y, z.shape[1]).float() - 1 / z.shape[1]
    return ((centred - target) ** 2).sum(dim=1).mean()


def accuracy(z, y):
    return (z.argmax(dim=1) == y).float().mean().item()


def kernel_statistics(net, features, z, y):
    """‖G_F‖, how far F̃ᵀF̃ is from diagonal, and how far F̃F̃ᵀ is from aI + b11ᵀ."""
    n, n_units = features.shape
    one_hot = functional.one_hot(y, z.shape[1]).float()
    gradient = (one_hot - 1 / z.shape[1] - z) @ net.top.weight
    centred = features - features.mean(dim=0)
    gram = centred.T @ centred
    diagonal = gram.diagonal().abs().sum()
    off_diagonal = (gram.abs().sum() - diagonal) / (n_units * (n_units - 1))
    kernel = centred @ centred.T
    b = (kernel.sum() - kernel.trace()) / (n * (n - 1))
    a = kernel.trace() / n - b
    ideal = a * torch.eye(n) + b * torch.ones(n, n)
    return {
        "gradient_norm": gradient.norm().item(),
        "off_over_diagonal": (off_diagonal / (diagonal / n_units)).item(),
        "distance_from_ideal": ((kernel - ideal).norm() / kernel.norm()).item(),
    }


def prepare(setting):
    M, n = setting["M"], setting["n"]
    torch.manual_seed(0)
    shuffled = torch.randperm(M * M)
    a, b = shuffled // M, shuffled % M
    x, y = torch.cat([functional.one_hot(a, M), functional.one_hot(b, M)], dim=1).float(), (a + b) % M
    net = Net(M, setting["K"])
    optimizer = torch.optim.Adam(net.parameters(), lr=setting["learning_rate"], weight_decay=setting["weight_decay"])
    return net, optimizer, (x[:n], y[:n]), (x[n:], y[n:])


def train_step(net, optimizer, train, _test):
    x, y = train
    optimizer.zero_grad()
    loss = mse(net(x)[0], y)
    loss.backward()
    optimizer.step()


def whole_epoch(net, optimizer, train, test):
    row = {}
    with torch.no_grad():
        for name, (x, y) in (("train", train), ("test", test)):
            z, features = net(x)
            row |= {f"{name}_loss": mse(z, y).item(), f"{name}_accuracy": accuracy(z, y)}
            if name == "train":
                row |= kernel_statistics(net, features, z, y)
    train_step(net, optimizer, train, test)
    return row


def measure(work, setting, seconds):
    """Median, and 10 % and 90 % quantiles, of wall and CPU milliseconds a step."""
    state = prepare(setting)
    for _ in range(WARM_UP_STEPS):
        work(*state)
    wall, cpu, end = [], [], time.perf_counter() + seconds
    while len(wall) < 10 or time.perf_counter() < end:
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        work(*state)
        wall.append(1e3 * (time.perf_counter() - wall_start))
        cpu.append(1e3 * (time.process_time() - cpu_start))
    deciles = statistics.quantiles(wall, n=10)
    return {
        "wall_ms_median": round(statistics.median(wall), 4),
        "wall_ms_p10": round(deciles[0], 4),
        "wall_ms_p90": round(deciles[-1], 4),
        "cpu_ms_median": round(statistics.median(cpu), 4),
        "steps": len(wall),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setting", choices=sorted(SETTINGS), action="append")
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # Else units that died slow it down several times, and the comparison would flatter us.
    result = {"python": platform.python_version(), "torch": torch.__version__, "threads": 1, "machine": platform.machine()}
    for name in arguments.setting or sorted(SETTINGS):
        setting = SETTINGS[name]
        result[name] = setting | {
            "train_step": measure(train_step, setting, arguments.seconds),
            "whole_epoch": measure(whole_epoch, setting, arguments.seconds),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

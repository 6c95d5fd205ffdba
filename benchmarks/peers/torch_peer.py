"""PyTorch on the shapes of `isthmus bench`: one JSON line a bench. Called by `isthmus bench --peers`.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 torch_peer.py --threads 2 --benches gemm-1024
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn


def gemm(n):
    a, b, c = torch.randn(n, n), torch.randn(n, n), torch.empty(n, n)
    return lambda: torch.mm(a, b, out=c)


def step(parameters, loss):
    adam = torch.optim.Adam(parameters, lr=1e-3, foreach=True)

    def run():
        adam.zero_grad(set_to_none=True)
        loss().backward()
        adam.step()
    return run


def vib(inputs, widths, latent, classes, batch):
    layers, last = [], inputs
    for width in widths:
        layers += [nn.Linear(last, width), nn.ReLU()]
        last = width
    encoder, head, decoder = nn.Sequential(*layers), nn.Linear(last, 2 * latent), nn.Linear(latent, classes)
    x, y = torch.rand(batch, inputs), torch.arange(batch) % classes

    def loss():
        mean, rho = head(encoder(x)).split(latent, 1)
        std = F.softplus(rho - 5)
        z = torch.addcmul(mean, std, torch.randn_like(std))
        kl = (0.5 * (mean * mean + std * std - 1) - std.log()).sum(1).mean()
        return F.cross_entropy(decoder(z), y) + 1e-3 * kl
    return step([*encoder.parameters(), *head.parameters(), *decoder.parameters()], loss)


def conv_autoencoder(batch):
    net = nn.Sequential(
        nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 49, 16),
        nn.Linear(16, 64 * 49), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1))
    x = torch.rand(batch, 1, 28, 28)
    return step(net.parameters(), lambda: F.mse_loss(net(x), x, reduction="sum") / batch)


BENCHES = {
    "gemm-1024-1t": lambda: gemm(1024),
    "gemm-1024": lambda: gemm(1024),
    "vib-step-784-1024-b100": lambda: vib(784, [1024, 1024], 256, 10, 100),
    "vib-step-tabular-b128": lambda: vib(16, [64, 64], 8, 2, 128),
    "conv-autoencoder-b128": lambda: conv_autoencoder(128),
}


def median_ms(run, warm_up=0.6, budget=0.8):
    end, steps, start = time.perf_counter() + warm_up, 0, time.perf_counter()
    while time.perf_counter() < end or steps < 3:
        run()
        steps += 1
    together = max(1, int(100e-6 * steps / (time.perf_counter() - start)))
    times, end = [], time.perf_counter() + budget
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        for _ in range(together):
            run()
        times.append((time.perf_counter() - start) / together * 1e3)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--benches", default=",".join(BENCHES))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    for name in arguments.benches.split(","):
        if name in BENCHES:
            print(json.dumps({"name": name, "peer": f"pytorch-{torch.__version__}", "ms": median_ms(BENCHES[name]())}), flush=True)


if __name__ == "__main__":
    main()

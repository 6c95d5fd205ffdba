"""Writes networks.json: optimisers, schedules, modules and losses as PyTorch computes them in double precision.

    python3 networks.py > networks.json        (Debian: python3-torch)

A module case has a state dict, inputs, outputs and gradients of sum(output * cos(0, 1, 2, ...)) by inputs and parameters.
Numbers are rounded to 9 digits. LAMB, which PyTorch does not have, is written out here from the paper.
"""
import json, math, sys, warnings, zlib
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
warnings.simplefilter("ignore")
OUT = {"optimizers": {}, "schedules": {}, "modules": {}}


def pack(x):
    return {"shape": list(x.shape), "data": [float(f"{v:.9g}") for v in x.detach().double().flatten().tolist()]}


# optimisers: two tensors; the gradient of step t at element k is p / 2 + cos(0.7 k + t)
def start():
    return [torch.linspace(-1, 1, 12).reshape(3, 4).clone().requires_grad_(True), torch.linspace(0.5, -2, 5).clone().requires_grad_(True)]


def gradients(ps, t):
    for p in ps:
        k = torch.arange(p.numel()).reshape(p.shape).double()
        p.grad = (p / 2 + torch.cos(0.7 * k + t)).detach()


class Lamb:
    def __init__(self, ps, lr, betas=(0.9, 0.999), eps=1e-6, decay=0.01):
        self.ps, self.lr, self.betas, self.eps, self.decay, self.t = ps, lr, betas, eps, decay, 0
        self.m = [torch.zeros_like(p) for p in ps]
        self.v = [torch.zeros_like(p) for p in ps]

    @torch.no_grad()
    def step(self):
        self.t += 1
        for i, p in enumerate(self.ps):
            b1, b2 = self.betas
            self.m[i] = b1 * self.m[i] + (1 - b1) * p.grad
            self.v[i] = b2 * self.v[i] + (1 - b2) * p.grad ** 2
            r = (self.m[i] / (1 - b1 ** self.t)) / ((self.v[i] / (1 - b2 ** self.t)).sqrt() + self.eps)
            u = r + self.decay * p
            p -= self.lr * p.norm() / u.norm() * u


def optimizer(name, make, before=None, after=None):
    ps = start()
    o = make(ps)
    track = []
    average = [p.detach().clone() for p in ps]
    for t in range(20):
        gradients(ps, t)
        if before: before(ps)
        o.step()
        average = [0.9 * a + 0.1 * p.detach() for a, p in zip(average, ps)]
        if t in (0, 1, 19): track.append([pack(p) for p in ps])
    OUT["optimizers"][name] = {"steps": [1, 2, 20], "values": track, "average": [pack(a) for a in average]}


optimizer("sgd/plain", lambda p: torch.optim.SGD(p, 0.05))
optimizer("sgd/momentum", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.1))
optimizer("sgd/nesterov", lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, weight_decay=0.1, nesterov=True))
optimizer("adam", lambda p: torch.optim.Adam(p, 0.02, weight_decay=0.1))
optimizer("adamw", lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.1))
optimizer("rmsprop", lambda p: torch.optim.RMSprop(p, 0.02))
optimizer("rmsprop/centered", lambda p: torch.optim.RMSprop(p, 0.02, alpha=0.9, eps=1e-3, momentum=0.9, centered=True, weight_decay=0.1))
optimizer("adagrad", lambda p: torch.optim.Adagrad(p, 0.1))
optimizer("adagrad/decay", lambda p: torch.optim.Adagrad(p, 0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.2))
optimizer("lamb", lambda p: Lamb(p, 0.02))
optimizer("clip_norm", lambda p: torch.optim.SGD(p, 0.05), before=lambda p: nn.utils.clip_grad_norm_(p, 1.5))
optimizer("clip_value", lambda p: torch.optim.SGD(p, 0.05), before=lambda p: nn.utils.clip_grad_value_(p, 0.4))

# schedules: the rate at steps 0, 1, 2 ... over the base rate 1
S = torch.optim.lr_scheduler


def schedule(name, make, n=24):
    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    s = make(o)
    rates = []
    for t in range(n):
        rates.append(o.param_groups[0]["lr"])
        o.step()
        s.step()
    OUT["schedules"][name] = rates


schedule("step", lambda o: S.StepLR(o, 5, 0.5))
schedule("exponential", lambda o: S.ExponentialLR(o, 0.9))
schedule("cosine", lambda o: S.CosineAnnealingLR(o, 23, 0.1))
schedule("warmup", lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.25, 1.0, 3), S.ExponentialLR(o, 0.9)], [4]))
schedule("one_cycle", lambda o: S.OneCycleLR(o, 1.0, total_steps=25))
o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
s = S.ReduceLROnPlateau(o, factor=0.5, patience=2)
figures = [1, 0.9, 0.9, 0.95, 0.9, 0.89, 0.88999, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2, 0.3, 0.3, 0.3]
rates = []
for f in figures:
    s.step(f)
    rates.append(o.param_groups[0]["lr"])
OUT["schedules"]["plateau"] = rates
OUT["figures"] = figures

# modules

json.dump(OUT, sys.stdout, separators=(",", ":"))
print()

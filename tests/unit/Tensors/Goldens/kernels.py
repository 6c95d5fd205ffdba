"""Writes kernels.json: normalisations with their gradients, optimiser steps and special values, computed by PyTorch.

    python3 kernels.py > kernels.json        (Debian: python3-torch)

Normalisations and optimisers are computed in double precision on inputs that are floats. The gradient is that of
sum(y * w) with w = cos(0, 1, 2, ...). KernelGoldenTest compares the kernels of the same names.
"""
import json, math
import torch
import torch.nn.functional as F

torch.manual_seed(5)
CASES = {}


def flat(x):
    return None if x is None else [float(f"{v:.10g}") if math.isfinite(v) else str(v) for v in x.detach().flatten().tolist()]


def floats(*shape, scale=1.0, shift=0.0):
    return (torch.randn(shape, dtype=torch.float64) * scale + shift).float().double()


def norm(name, f, x, channels, **more):
    gamma, beta = floats(channels, scale=0.5, shift=1.0), floats(channels)
    for t in (x, gamma, beta): t.requires_grad_(True)
    y = f(x, gamma, beta)
    w = torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)
    dx, dgamma, dbeta = torch.autograd.grad((y * w).sum(), (x, gamma, beta), allow_unused=True)
    CASES[name] = {"x": flat(x), "gamma": flat(gamma), "beta": flat(beta), "y": flat(y), "dx": flat(dx), "dgamma": flat(dgamma), "dbeta": flat(dbeta), **more}


for n, c, l in ((6, 5, 1), (3, 4, 1), (20, 34, 1), (3, 5, 7), (2, 3, 49)):
    mean, variance = floats(c), floats(c, scale=0.1, shift=1.0)
    running = {"running_mean": flat(mean), "running_variance": flat(variance)}
    x = floats(n, c, l, scale=2.0, shift=3.0)
    norm(f"batch_norm/{n}/{c}/{l}/train", lambda x, g, b: F.batch_norm(x, mean, variance, g, b, True, 0.1, 1e-5), x, c, n=n, c=c, l=l, **running)
    CASES[f"batch_norm/{n}/{c}/{l}/train"].update(new_mean=flat(mean), new_variance=flat(variance))
    norm(f"batch_norm/{n}/{c}/{l}/eval", lambda x, g, b: F.batch_norm(x, mean, variance, g, b, False, 0.1, 1e-5), floats(n, c, l), c, n=n, c=c, l=l,
         running_mean=flat(mean), running_variance=flat(variance))

for n, c, l, groups in ((3, 6, 1, 2), (2, 6, 5, 3), (2, 4, 20, 4), (3, 4, 9, 1)):
    norm(f"group_norm/{n}/{c}/{l}/{groups}", lambda x, g, b: F.group_norm(x, groups, g, b, 1e-5), floats(n, c, l, scale=2.0, shift=-1.0), c, n=n, c=c, l=l, groups=groups)

for rows, cols in ((3, 5), (2, 16), (4, 100)):
    norm(f"layer_norm/{rows}/{cols}", lambda x, g, b: F.layer_norm(x, (cols,), g, b, 1e-5), floats(rows, cols, scale=2.0, shift=3.0), cols, rows=rows, cols=cols)
    norm(f"rms_norm/{rows}/{cols}", lambda x, g, b: x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-6) * g, floats(rows, cols, scale=2.0, shift=1.0), cols, rows=rows, cols=cols)


def optimiser(name, make, **more):
    w = floats(37)
    start = flat(w)
    w = torch.nn.Parameter(w)
    opt, gradients, weights = make([w]), [], []
    for _ in range(5):
        w.grad = floats(37, scale=0.3)
        gradients.append(flat(w.grad))
        opt.step()
        weights.append(flat(w))
    CASES[name] = {"start": start, "gradients": gradients, "weights": weights, **more}


optimiser("adam", lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.0), lr=0.01, decay=0.0)
optimiser("adam/decay", lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1), lr=0.02, decay=0.1, beta1=0.8, beta2=0.95, eps=1e-3)
optimiser("adamw", lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1), lr=0.01, decay=0.1)
optimiser("sgd", lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01), lr=0.1, momentum=0.0, decay=0.01, nesterov=False)
optimiser("sgd/momentum", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), lr=0.1, momentum=0.9, decay=0.0, nesterov=False)
optimiser("sgd/nesterov", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True), lr=0.1, momentum=0.9, decay=0.01, nesterov=True)

inf, nan = math.inf, math.nan
xs = torch.tensor([0.0, -0.0, 1.0, -1.0, inf, -inf, nan, 0.5, -0.5, 2.5, -2.5, 90.0, -90.0, 120.0, -120.0, 1e-38, 1e-40, -1e-40, 1e-45, 3e38, -3e38])
for name, f in {
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": F.softplus, "erf": torch.erf,
    "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "abs": torch.abs, "relu": torch.relu, "floor": torch.floor, "round": torch.round, "sign": torch.sign,
    "silu": F.silu, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "leaky_relu": lambda x: F.leaky_relu(x, 0.1), "elu": lambda x: torch.where(x > 0, x, 1.5 * torch.expm1(x)),  # F.elu takes exp(x) - 1, which loses small x
}.items():
    CASES["special/" + name] = {"x": flat(xs), "y": flat(f(xs.double()).float())}
base = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, inf, -inf, nan]
power = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.5, -0.5, 1e8, 16777217.0, inf, -inf, nan]
a = torch.tensor([b for b in base for _ in power])
b = torch.tensor(power * len(base))
CASES["special/pow"] = {"x": flat(a), "power": flat(b), "y": flat(torch.pow(a.double(), b.double()).float())}
CASES["special/logaddexp"] = {"x": flat(a), "power": flat(b), "y": flat(torch.logaddexp(a.double(), b.double()).float())}

print(json.dumps({"torch": torch.__version__, "cases": CASES}, separators=(",", ":")))

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

optimizer("sgd/groups", lambda p: torch.optim.SGD([{"params": [p[0]], "weight_decay": 0.2}, {"params": [p[1]], "lr": 0.0125}], 0.05, momentum=0.9, weight_decay=0.1))
optimizer("adamw/groups", lambda p: torch.optim.AdamW([{"params": [p[0]], "weight_decay": 0.2}, {"params": [p[1]], "lr": 0.005, "weight_decay": 0}], 0.02))
optimizer("rmsprop/groups", lambda p: torch.optim.RMSprop([{"params": [p[0]], "weight_decay": 0.2}, {"params": [p[1]], "lr": 0.005, "weight_decay": 0}], 0.02))
optimizer("adagrad/groups", lambda p: torch.optim.Adagrad([{"params": [p[0]], "weight_decay": 0.2}, {"params": [p[1]], "lr": 0.005, "weight_decay": 0}], 0.02))

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

# modules and losses


def module(name, m, *shapes, call=None, ints=None, low=-1.0, high=1.0):
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    draw = lambda s, low, high: (torch.rand(s, generator=g) * (high - low) + low).float().double()
    if m is not None:
        m.double()
        for p in m.parameters(): p.data = draw(p.shape, -0.6, 0.6)
    state = {} if m is None else {k: pack(v) for k, v in m.state_dict().items()}
    xs = [draw(s, low, high).requires_grad_(True) for s in shapes]
    y = call(m, *xs) if call else m(*xs)
    loss = (y * torch.cos(torch.arange(y.numel()).double()).reshape(y.shape)).sum()
    names = [] if m is None else [n for n, _ in m.named_parameters()]
    grads = torch.autograd.grad(loss, xs + ([] if m is None else list(m.parameters())), allow_unused=True)
    OUT["modules"][name] = {
        "state": state, "inputs": [pack(x) for x in xs], "ints": ints, "output": pack(y),
        "input_grads": [None if d is None else pack(d) for d in grads[:len(xs)]],
        "grads": {n: pack(d) for n, d in zip(names, grads[len(xs):])},
        "buffers": {} if m is None else {k: pack(v) for k, v in m.named_buffers()},
    }


class RMSNorm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x):
        return x / (x.square().mean(-1, keepdim=True) + 2.0 ** -23).sqrt() * self.weight


class AdditiveAttention(nn.Module):
    def __init__(self, query, memory, hidden):
        super().__init__()
        self.query = nn.Linear(query, hidden, bias=False)
        self.keys = nn.Linear(memory, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, query, memory, mask=None):
        e = self.score(torch.tanh(self.query(query)[:, None] + self.keys(memory)))[..., 0]
        if mask is not None: e = e.masked_fill(mask == 0, -math.inf)
        a = torch.softmax(e, 1)
        return torch.einsum("bn,bnk->bk", a, memory), a


class AttentionDecoder(nn.Module):
    def __init__(self, inputs, memory, hidden, attention):
        super().__init__()
        self.attention = AdditiveAttention(hidden, memory, attention)
        self.gru = nn.GRU(inputs + memory, hidden, batch_first=True)

    def forward(self, x, memory, state, mask=None):
        rows = []
        for i in range(x.shape[1]):
            c, a = self.attention(state, memory, mask)
            _, h = self.gru(torch.cat([x[:, i], c], 1)[:, None], state[None])
            state = h[0]
            rows.append(torch.cat([state, c, a], 1))
        return torch.stack(rows, 1)


class SlotAttention(nn.Module):
    """Algorithm 1 of Locatello et al. 2020, three rounds, from given slots."""

    def __init__(self, features, width, hidden):
        super().__init__()
        self.slots_mu = nn.Parameter(torch.zeros(1, width))
        self.slots_log_sigma = nn.Parameter(torch.zeros(1, width))
        self.norm_inputs, self.norm_slots, self.norm_mlp = nn.LayerNorm(features), nn.LayerNorm(width), nn.LayerNorm(width)
        self.project_q, self.project_k, self.project_v = nn.Linear(width, width, bias=False), nn.Linear(features, width, bias=False), nn.Linear(features, width, bias=False)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def forward(self, x, noise):
        slots = self.slots_mu + self.slots_log_sigma.exp() * noise
        x = self.norm_inputs(x)
        k, v = self.project_k(x), self.project_v(x)
        for _ in range(3):
            q = self.project_q(self.norm_slots(slots)) * slots.shape[-1] ** -0.5
            whose = torch.softmax(torch.einsum("bpd,bsd->bps", k, q), -1)
            a = whose + 1e-8
            a = a / a.sum(1, keepdim=True)
            u = torch.einsum("bps,bpd->bsd", a, v)
            slots = torch.stack([self.gru(u[b][:, None], slots[b][None])[0][:, 0] for b in range(len(x))])
            slots = slots + self.mlp(self.norm_mlp(slots))
        return torch.cat([slots.flatten(), whose.transpose(1, 2).flatten()])


module("batch_norm1d", nn.BatchNorm1d(3), (6, 3))
module("batch_norm1d/length", nn.BatchNorm1d(3, momentum=0.3), (2, 3, 5))
module("batch_norm2d", nn.BatchNorm2d(3), (2, 3, 3, 2))
module("batch_norm2d/eval", nn.BatchNorm2d(3).eval(), (2, 3, 3, 2))
module("group_norm", nn.GroupNorm(2, 4), (2, 4, 3, 2))
module("layer_norm", nn.LayerNorm(5), (2, 3, 5))
module("rms_norm", RMSNorm(5), (2, 3, 5))
module("embedding", nn.Embedding(5, 3), ints=[4, 0, 4, 1], call=lambda m: m(torch.tensor([4, 0, 4, 1])))
module("pools", nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.MaxPool2d(3, 2, 1), nn.Upsample(scale_factor=2), nn.AvgPool2d(2, 1), nn.AdaptiveAvgPool2d((2, 3))), (2, 2, 7, 6))
module("gru", nn.GRU(4, 3, batch_first=True), (2, 5, 4), call=lambda m, x: m(x)[0])
module("gru/two", nn.GRU(4, 3, 2, batch_first=True), (2, 3, 4), (2, 2, 3), call=lambda m, x, h: torch.cat([m(x, h)[0].flatten(), m(x, h)[1].flatten()]))
module("gru/step", nn.GRU(3, 5, batch_first=True), (2, 1, 3), call=lambda m, x: m(x)[0])
module("gru/three", nn.GRU(5, 19, 3, batch_first=True), (3, 6, 5), call=lambda m, x: torch.cat([v.flatten() for v in m(x)]))
module("lstm", nn.LSTM(4, 3, batch_first=True), (2, 5, 4), call=lambda m, x: m(x)[0])
module("lstm/two", nn.LSTM(4, 3, 2, batch_first=True), (2, 3, 4), (2, 2, 3), (2, 2, 3),
       call=lambda m, x, h, c: (lambda y, s: torch.cat([y.flatten(), s[0].flatten(), s[1].flatten()]))(*m(x, (h, c))))
module("lstm/three", nn.LSTM(5, 19, 3, batch_first=True), (3, 6, 5), call=lambda m, x: (lambda y, s: torch.cat([y.flatten(), s[0].flatten(), s[1].flatten()]))(*m(x)))
later = torch.ones(5, 5).triu(1).bool()
padding = torch.tensor([[False] * 5, [False, False, False, True, True]])
MHA = lambda: nn.MultiheadAttention(6, 2, batch_first=True)
module("attention", MHA(), (2, 5, 6), call=lambda m, x: m(x, x, x)[0])
module("attention/causal", MHA(), (2, 5, 6), call=lambda m, x: m(x, x, x, attn_mask=later)[0])
module("attention/masked", MHA(), (2, 5, 6), call=lambda m, x: m(x, x, x, key_padding_mask=padding)[0])
module("attention/both", MHA(), (2, 5, 6), call=lambda m, x: m(x, x, x, attn_mask=later, key_padding_mask=padding)[0])
module("attention/additive", AdditiveAttention(3, 4, 6), (2, 3), (2, 5, 4), call=lambda m, q, x: torch.cat(m(q, x, ~padding), 1))
module("attention/decoder", AttentionDecoder(2, 4, 3, 6), (2, 3, 2), (2, 5, 4), (2, 3), call=lambda m, x, y, h: m(x, y, h, ~padding))
module("attention/cross", MHA(), (2, 3, 6), (2, 5, 6), call=lambda m, x, y: m(x, y, y, key_padding_mask=padding)[0])
module("attention/slots", SlotAttention(4, 6, 5), (2, 5, 4), (2, 3, 6))
module("encoder", nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True), (2, 5, 6))
module("encoder/first", nn.TransformerEncoderLayer(6, 2, 8, 0.0, "gelu", batch_first=True, norm_first=True), (2, 5, 6), call=lambda m, x: m(x, src_mask=later, src_key_padding_mask=padding))
decoder = lambda **a: nn.TransformerDecoderLayer(6, 2, 8, 0.0, batch_first=True, **a)
module("decoder", decoder(), (2, 5, 6), (2, 3, 6), call=lambda m, x, y: m(x, y, tgt_mask=later))
module("decoder/first", decoder(activation="gelu", norm_first=True), (2, 5, 6), (2, 5, 6),
       call=lambda m, x, y: m(x, y, tgt_key_padding_mask=padding, memory_key_padding_mask=padding))
module("encoder/stack", nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True), 2, nn.LayerNorm(6)), (2, 5, 6),
       call=lambda m, x: m(x, mask=later, src_key_padding_mask=padding))
module("decoder/stack", nn.TransformerDecoder(decoder(), 2, nn.LayerNorm(6)), (2, 5, 6), (2, 3, 6), call=lambda m, x, y: m(x, y, tgt_mask=later))
module("gru/bidirectional", nn.GRU(4, 3, 2, batch_first=True, bidirectional=True), (2, 3, 4), (4, 2, 3), call=lambda m, x, h: torch.cat([m(x, h)[0].flatten(), m(x, h)[1].flatten()]))
module("lstm/bidirectional", nn.LSTM(4, 3, 2, batch_first=True, bidirectional=True), (2, 3, 4), (4, 2, 3), (4, 2, 3),
       call=lambda m, x, h, c: (lambda y, s: torch.cat([y.flatten(), s[0].flatten(), s[1].flatten()]))(*m(x, (h, c))))
module("embedding/padding", nn.Embedding(5, 3, padding_idx=4), call=lambda m: m(torch.tensor([[4, 0], [4, 1]])))
module("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), (2, 4, 9))
module("conv_transpose1d", nn.ConvTranspose1d(4, 6, 4, stride=3, padding=1, output_padding=1, groups=2), (2, 4, 5))
module("mlp", nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 2)), (3, 4))
module("pools1d", nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.MaxPool1d(3, 2, 1), nn.AvgPool1d(2, 1), nn.AdaptiveAvgPool1d(4), nn.AdaptiveMaxPool1d(3)), (2, 2, 13))
module("resampling", nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.PixelShuffle(2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.PixelUnshuffle(4), nn.AdaptiveMaxPool2d((2, 3))), (2, 1, 3, 4))
module("resampling/corners", nn.Upsample(scale_factor=3, mode="bilinear", align_corners=True), (2, 1, 3, 4))


def positions(tokens, width):
    p = torch.arange(tokens).double()[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([p.sin(), p.cos()], -1).reshape(tokens, -1)[:, :width]


class Learned(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(7, 4))

    def forward(self, x):
        return x + F.embedding(torch.arange(x.shape[1]), self.weight)


class Separable(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.depthwise, self.pointwise = conv(4, 4, 3, stride=2, padding=2, dilation=2, groups=4), conv(4, 3, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


module("positions", None, (2, 9, 6), call=lambda m, x: x + positions(9, 6))
module("positions/learned", Learned(), (2, 5, 4))
module("separable1d", Separable(nn.Conv1d), (2, 4, 9))
module("separable2d", Separable(nn.Conv2d), (2, 4, 7, 6))


# blocks, under the names that ours have
class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
        self.shortcut = nn.Linear(4, 3)

    def forward(self, x):
        return self.shortcut(x) + self.body(x)


class Hourglass(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.linear1, self.linear2 = nn.LayerNorm(6), nn.Linear(6, 2), nn.Linear(2, 6)

    def forward(self, x):
        return x + self.linear2(F.gelu(self.linear1(self.norm(x))))


class Excitation(nn.Module):
    def __init__(self, c, s):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, s, 1), nn.Conv2d(s, c, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Inverted(nn.Module):
    def __init__(self, c, out, k, stride):
        super().__init__()
        i = 2 * c
        self.expand, self.expand_norm = nn.Conv2d(c, i, 1, bias=False), nn.BatchNorm2d(i)
        self.depthwise, self.depthwise_norm = nn.Conv2d(i, i, k, stride, k // 2, groups=i, bias=False), nn.BatchNorm2d(i)
        self.se = Excitation(i, 3)
        self.project, self.project_norm = nn.Conv2d(i, out, 1, bias=False), nn.BatchNorm2d(out)
        self.residual = stride == 1 and c == out

    def forward(self, x):
        y = F.silu(self.expand_norm(self.expand(x)))
        y = self.se(F.silu(self.depthwise_norm(self.depthwise(y))))
        y = self.project_norm(self.project(y))
        return x + y if self.residual else y


module("residual", Residual(), (3, 4))
module("hourglass", Hourglass(), (2, 3, 6))
module("inverted", Inverted(2, 2, 3, 1), (2, 2, 4, 5))
module("inverted/stride", Inverted(2, 3, 5, 2), (2, 2, 5, 4))

# losses
module("bce", None, (4, 5), call=lambda m, x: F.binary_cross_entropy_with_logits(x, torch.linspace(0, 1, 20).reshape(4, 5)), low=-30, high=30)
module("mse", None, (4, 5), (4, 5), call=lambda m, x, y: F.mse_loss(x, y))
module("mae", None, (4, 5), (4, 5), call=lambda m, x, y: F.l1_loss(x, y))
module("huber", None, (4, 5), (4, 5), call=lambda m, x, y: F.huber_loss(x, y, delta=0.7), low=-2, high=2)
module("gaussian", None, (4, 5), (4, 5), (4, 5), call=lambda m, x, y, v: F.gaussian_nll_loss(x, y, v), low=0.1, high=2)
module("gaussian_kl", None, (2, 3, 5), (2, 3, 5), low=0.1, high=2,
       call=lambda m, x, s: torch.distributions.kl_divergence(torch.distributions.Normal(x, s), torch.distributions.Normal(0, 1)).sum(-1).mean())
module("poisson", None, (4, 5), (4, 5), call=lambda m, x, y: F.poisson_nll_loss(x, y), low=0, high=3)
module("multinomial", None, (4, 5), (4, 5), call=lambda m, x, y: F.cross_entropy(x, y), low=0, high=3)
module("info_nce", None, (6, 4), (6, 4), call=lambda m, x, y: F.cross_entropy(F.cosine_similarity(x[:, None], y[None], dim=-1) / 0.2, torch.arange(6)))
module("triplet", None, (6, 4), (6, 4), (6, 4), call=lambda m, a, p, n: F.triplet_margin_loss(a, p, n, margin=0.3))
module("distillation", None, (4, 5), (4, 5), low=-3, high=3,
       call=lambda m, s, t: F.kl_div((s / 3).log_softmax(-1), (t.detach() / 3).softmax(-1), reduction="batchmean") * 9)

json.dump(OUT, sys.stdout, separators=(",", ":"))
print()

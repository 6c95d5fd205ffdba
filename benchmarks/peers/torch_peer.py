"""PyTorch on the shapes of `isthmus bench`: one JSON line a bench. Called by `isthmus bench --peers`.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 torch_peer.py --threads 2 --benches gemm-1024
"""
import torch
import torch.nn.functional as F
from torch import nn

import timing


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


def layer(net, *shape, call=lambda net, x: net(x)):
    x = torch.randn(*shape)
    return step(net.parameters(), lambda: call(net, x).square().mean())


def separable(batch, channels, size, out):
    return layer(nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False), nn.Conv2d(channels, out, 1, bias=False),
        nn.BatchNorm2d(out), nn.ReLU()), batch, channels, size, size)


def fsq(levels, rows):
    """As in the paper's notebook: bound, round, straight through, index by a sum."""
    count = torch.tensor(levels, dtype=torch.float32)
    half = (count - 1) * (1 - 1e-3) / 2
    offset = torch.where(count % 2 == 0, 0.5, 0.0)
    shift, width = torch.atanh(offset / half), torch.div(count, 2, rounding_mode="floor")
    basis = torch.cumprod(torch.tensor([1] + levels[:-1]), 0)
    z = torch.randn(rows, len(levels), requires_grad=True)

    def run():
        z.grad = None
        bounded = (z + shift).tanh() * half - offset
        code = (bounded + (bounded.round() - bounded).detach()) / width
        ((code.detach() * width + width).long() * basis).sum(1)
        code.sum().backward()
    return run


def lfq(bits, rows):
    """MAGVIT-2 with the entropy over all codes, by logits against the table of codes."""
    codes = torch.tensor([[1.0 if (c >> j) & 1 else -1.0 for j in range(bits)] for c in range(1 << bits)])
    places, project = 1 << torch.arange(bits), nn.Linear(bits, bits)
    x = torch.randn(rows, bits, requires_grad=True)

    def run():
        x.grad = None
        project.zero_grad(set_to_none=True)
        y = project(x)
        code = torch.where(y > 0, 1.0, -1.0)
        ((y > 0).long() * places).sum(1)
        log = F.log_softmax(2 * y @ codes.t(), 1)
        p = log.exp()
        mean = p.mean(0)
        entropy = -(p * log).sum(1).mean() + (mean * (mean + 1e-12).log()).sum()
        commitment = (code - y).square().sum(1).mean()
        ((y + (code - y).detach()).sum() + 0.1 * entropy + 0.25 * commitment).backward()
    return run


def bsq(bits, rows):
    """Binary spherical quantisation with factorised entropies."""
    places, project, corner = 1 << torch.arange(bits), nn.Linear(bits, bits), bits ** -0.5
    x = torch.randn(rows, bits, requires_grad=True)

    def run():
        x.grad = None
        project.zero_grad(set_to_none=True)
        u = F.normalize(project(x), dim=1)
        code = torch.where(u > 0, corner, -corner)
        ((u > 0).long() * places).sum(1)
        a = 40 * corner * u
        p = a.sigmoid()
        sure = (F.softplus(a) - a * p).sum(1).mean()
        mean = p.mean(0)
        spread = -(mean * mean.log() + (1 - mean) * (1 - mean).log()).sum()
        commitment = (code - u).square().sum(1).mean()
        ((u + (code - u).detach()).sum() + 0.1 * (sure - spread) + 0.25 * commitment).backward()
    return run


def transform(of, *shape):
    x = torch.randn(*shape)
    return lambda: of(x)


def nearest_codes(rows, width, codes):
    x, book = torch.randn(rows, width), torch.randn(codes, width)
    return lambda: torch.addmm((book * book).sum(1), x, book.t(), alpha=-2).argmin(1)


def residual_vq(rows, width, codes, stages=1, rotation=False, decay=0.99, eps=1e-5):
    """Straight through or rotation, commitment 0.25, tables by running averages; distances by addmm, sums by index_add."""
    x, g = torch.randn(rows, width, requires_grad=True), torch.randn(rows, width)
    books = [torch.randn(codes, width) / width ** 0.5 for _ in range(stages)]
    counts, sums = [torch.ones(codes) for _ in books], [b.clone() for b in books]

    def nearest(values, book):
        return torch.addmm((book * book).sum(1), values, book.t(), alpha=-2).argmin(1)

    def average(k, values, index):
        counts[k].mul_(decay).add_(torch.bincount(index, minlength=codes), alpha=1 - decay)
        sums[k].mul_(decay).index_add_(0, index, values, alpha=1 - decay)
        total = counts[k].sum()
        torch.div(sums[k], ((counts[k] + eps) / (total + codes * eps) * total).unsqueeze(1), out=books[k])

    def turned(e, q):
        with torch.no_grad():
            ne, nq = e.norm(dim=1, keepdim=True), q.norm(dim=1, keepdim=True)
            u, v = e / ne, q / nq
            w = F.normalize(u + v, dim=1)
            scale = nq / ne
        return scale * (e - 2 * (e * w).sum(1, keepdim=True) * w + 2 * (e * u).sum(1, keepdim=True) * v)

    def run():
        x.grad = None
        rest, total, loss, chosen = x.detach(), 0, 0, []
        for book in books:
            index = nearest(rest, book)
            code = book[index]
            chosen.append((rest, index))
            total = total + code
            loss = loss + (x - total).square().sum(1).mean()
            rest = rest - code
        out = turned(x, total) if rotation else x + (total - x).detach()
        ((out * g).sum() + 0.25 * loss).backward()
        with torch.no_grad():
            for k, (values, index) in enumerate(chosen):
                average(k, values, index)
    return run


def topk_autoencoder(rows, width, features, k):
    """The k largest by topk, decoded by embedding_bag; unit directions with projected gradients, Adam."""
    x = torch.randn(rows, width)
    decoder = nn.Parameter(F.normalize(torch.randn(features, width), dim=1))
    encoder, bias, centre = nn.Parameter(decoder.detach().clone()), nn.Parameter(torch.zeros(features)), nn.Parameter(torch.zeros(width))
    adam = torch.optim.Adam([encoder, bias, decoder, centre], lr=1e-3, foreach=True)

    def run():
        adam.zero_grad(set_to_none=True)
        value, index = torch.addmm(bias, x - centre, encoder.t()).topk(k, dim=1, sorted=False)
        rebuilt = F.embedding_bag(index, decoder, per_sample_weights=value.relu(), mode="sum") + centre
        (rebuilt - x).square().sum(1).mean().backward()
        with torch.no_grad():
            decoder.grad.addcmul_((decoder.grad * decoder).sum(1, keepdim=True), decoder, value=-1)
            adam.step()
            decoder.div_(decoder.norm(dim=1, keepdim=True))
    return run


BENCHES = {
    "gemm-1024-1t": lambda: gemm(1024),
    "gemm-1024": lambda: gemm(1024),
    "vib-step-784-1024-b100": lambda: vib(784, [1024, 1024], 256, 10, 100),
    "vib-step-tabular-b128": lambda: vib(16, [64, 64], 8, 2, 128),
    "conv-autoencoder-b128": lambda: conv_autoencoder(128),
    "transformer-layer-b16": lambda: layer(nn.TransformerEncoderLayer(128, 4, 512, dropout=0, batch_first=True), 16, 128, 128),
    "gru-b32": lambda: layer(nn.GRU(64, 128, batch_first=True), 32, 100, 64, call=lambda net, x: net(x)[0]),
    "lstm-b32": lambda: layer(nn.LSTM(64, 128, batch_first=True), 32, 100, 64, call=lambda net, x: net(x)[0]),
    "separable-64-b32": lambda: separable(32, 64, 32, 128),
    "separable-32-b16": lambda: separable(16, 32, 56, 64),
    "rfft-1024": lambda: transform(torch.fft.rfft, 256, 1024),
    "rfft-1021": lambda: transform(torch.fft.rfft, 256, 1021),
    "rfft2-64": lambda: transform(torch.fft.rfft2, 16, 3, 64, 64),
    "fsq-step": lambda: fsq([8, 5, 5, 5], 4096),
    "lfq-entropy-step": lambda: lfq(10, 4096),
    "bsq-step": lambda: bsq(10, 4096),
    "vq-encode": lambda: nearest_codes(4096, 64, 1024),
    "vq-step": lambda: residual_vq(4096, 64, 1024),
    "vq-rotation-step": lambda: residual_vq(4096, 64, 1024, rotation=True),
    "sae-topk-step": lambda: topk_autoencoder(1024, 256, 4096, 32),
    "rvq-step": lambda: residual_vq(4096, 64, 1024, stages=4),
}

if __name__ == "__main__":
    torch.manual_seed(0)
    timing.main(BENCHES, f"pytorch-{torch.__version__}", torch.set_num_threads)

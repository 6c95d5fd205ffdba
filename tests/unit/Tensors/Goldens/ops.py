"""Writes ops.json: values and gradients of every operation, computed by PyTorch in double precision.

    python3 ops.py > ops.json        (Debian: python3-torch)

A case is a name, inputs and an expression. The gradient is that of sum(output * w) with w = cos(0, 1, 2, ...).
OpGoldenTest runs the expression of the same name on the engine and compares.
"""
import json, math, zlib
import torch
import torch.nn.functional as F

CASES = []

def case(name, f, *shapes, low=-2.0, high=2.0, values=None, ints=None):
    """One case: inputs are uniform on [low, high], seeded by the name, or the values given; ints are passed on as they are."""
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    xs = []
    for i, s in enumerate(shapes):
        if values is not None and values[i] is not None:
            x = torch.tensor(values[i], dtype=torch.float64).reshape(s)
        else:
            x = (torch.rand(s, generator=g, dtype=torch.float64) * (high - low) + low).float().double()
        xs.append(x.requires_grad_(True))
    args = xs if ints is None else xs + [torch.tensor(v) for v in ints]
    y = f(*args)
    w = torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)
    grads = torch.autograd.grad((y * w).sum(), xs, allow_unused=True) if y.requires_grad else [None] * len(xs)
    CASES.append({
        "name": name,
        "inputs": [pack(x) for x in xs],
        "ints": [{"shape": list(torch.tensor(v).shape), "data": torch.tensor(v).flatten().tolist()} for v in (ints or [])],
        "output": pack(y),
        "grads": [None if d is None else pack(d) for d in grads],
    })

def pack(x):
    x = x.detach()
    return {"shape": list(x.shape), "data": [number(v) for v in x.contiguous().flatten().tolist()]}

def number(v):
    return float(f"{v:.9g}") if math.isfinite(v) else str(v)

# arithmetic: same shapes, every kind of broadcasting, empty, strided
for name, f in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("maximum", torch.maximum), ("minimum", torch.minimum), ("logaddexp", torch.logaddexp)]:
    case(name, f, (3, 5), (3, 5))
    case(name + "/row", f, (4, 3, 5), (5,))
    case(name + "/column", f, (4, 3, 5), (3, 1))
    case(name + "/both", f, (4, 1, 5), (1, 3, 1))
    case(name + "/scalar", f, (3, 5), ())
    case(name + "/empty", f, (0, 5), (5,))
case("div", torch.div, (3, 5), (3, 5), low=0.5)
case("div/both", torch.div, (4, 1, 5), (1, 3, 1), low=0.5)
case("div/scalars", lambda x: 3.0 / x, (7,), low=0.5)
case("affine", lambda x: 1.5 * x - 0.25, (19,))
case("neg", torch.neg, (19,))
case("maximum/ties", torch.maximum, (4,), (4,), values=[[1, 2, 3, -1], [1, 0, 3, 5]])
case("pow", torch.pow, (3, 5), (3, 5), low=0.2)
case("pow/zero", torch.pow, (4,), (4,), values=[[0, 0, 2, 3], [2, 1, 0, 2]])
for e in (2.0, 3.0, -1.5, 0.5, 0.0):
    case(f"pow_scalar/{e}", lambda x, e=e: x.pow(e), (9,), low=0.3)

# pointwise
for name, f, low, high in [
    ("exp", torch.exp, -5, 5), ("expm1", torch.expm1, -1, 1), ("log", torch.log, 0.05, 9), ("log1p", torch.log1p, -0.9, 3),
    ("sqrt", torch.sqrt, 0.05, 9), ("rsqrt", torch.rsqrt, 0.05, 9), ("square", torch.square, -3, 3), ("abs", torch.abs, -3, 3),
    ("sin", torch.sin, -9, 9), ("cos", torch.cos, -9, 9), ("tanh", torch.tanh, -4, 4), ("sigmoid", torch.sigmoid, -8, 8),
    ("softplus", F.softplus, -8, 8), ("relu", F.relu, -2, 2), ("leaky_relu", lambda x: F.leaky_relu(x, 0.1), -2, 2),
    ("elu", lambda x: F.elu(x, 1.3), -2, 2), ("silu", F.silu, -4, 4), ("gelu", F.gelu, -4, 4),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), -4, 4), ("erf", torch.erf, -3, 3), ("clamp", lambda x: x.clamp(-0.5, 0.7), -2, 2)]:
    case(name, f, (37,), low=low, high=high)
case("relu/zero", F.relu, (3,), values=[[0, -1, 1]])
case("abs/zero", torch.abs, (3,), values=[[0, -1, 1]])
case("clamp/ends", lambda x: x.clamp(-1, 1), (4,), values=[[-1, 1, 0, 2]])
case("exp/transposed", lambda x: x.t().exp(), (3, 5))

# reductions
case("sum", lambda x: x.sum(), (4, 5))
case("sum/dims", lambda x: x.sum((0, 2)), (4, 3, 5))
case("sum/keepdim", lambda x: x.sum(1, keepdim=True), (4, 3, 5))
case("sum/empty", lambda x: x.sum(0), (0, 3))
case("mean", lambda x: x.mean((1,)), (4, 6))
case("var", lambda x: x.var((0,)), (4, 6))
case("var/population", lambda x: x.var((0, 1), unbiased=False), (4, 6))
case("std", lambda x: x.std((1,)), (4, 6))
case("prod", lambda x: x.prod(1), (4, 5))
case("prod/zero", lambda x: x.prod(0), (4,), values=[[2, 0, 3, 4]])
case("max", lambda x: x.max(1).values, (4, 7))
case("max/middle", lambda x: x.max(1).values, (2, 5, 3))
case("min", lambda x: x.min(0).values, (4, 7))
case("cumsum", lambda x: x.cumsum(1), (2, 5, 3))
case("logsumexp", lambda x: x.logsumexp(1), (4, 7))
case("logsumexp/infinite", lambda x: x.logsumexp(1), (1, 3), values=[[float("-inf"), 1, 2]])

# over several dimensions
case("prod/dims", lambda x: x.prod(0).prod(1), (4, 3, 5), low=0.3)
case("prod/all", lambda x: x.prod(), (2, 3), low=0.5)
case("prod/empty", lambda x: x.prod(1), (3, 0))
case("amax", lambda x: x.amax((0, 2)), (4, 3, 5))
case("amax/keepdim", lambda x: x.amax((1,), keepdim=True), (4, 3, 5))
case("amax/ties", lambda x: x.amax((0, 1)), (2, 3), values=[[1, 3, 3, -1, 3, 0]])
case("amin", lambda x: x.amin((0, -1)), (4, 3, 5))
case("max/all_ties", lambda x: x.max(), (5,), values=[[1, 3, 3, -1, 2]])
case("min/all", lambda x: x.min(), (2, 7))
case("logsumexp/dims", lambda x: x.logsumexp((0, 2)), (4, 3, 5))
case("sum/transposed", lambda x: x.transpose(0, 2).sum((0, 1)), (4, 3, 5))
case("mean/dims", lambda x: x.mean((0, 2), keepdim=True), (4, 3, 5))
case("var/dims", lambda x: x.var((0, 2), unbiased=True, keepdim=True), (4, 3, 5))
case("std/dims", lambda x: x.std((1, 2), unbiased=False), (4, 3, 5))
case("cumsum/first", lambda x: x.cumsum(0), (4, 3))
case("cumsum/empty", lambda x: x.cumsum(0), (0, 3))

# order: values are kept apart, so that no two change places within a difference's step; ties are in a test of their own
apart = [round(((i * 7) % 24) * 0.25 - 3, 2) for i in range(24)]
case("sort", lambda x: x.sort(-1).values, (4, 6), values=[apart])
case("sort/descending", lambda x: x.sort(1, descending=True).values, (2, 4, 3), values=[apart])
case("sort/first", lambda x: x.sort(0).values, (24,), values=[apart])
case("sort/ties", lambda x: x.sort(dim=0, stable=True).values, (6,), values=[[2, 1, 2, 1, 3, 2]])
case("sort/ties_descending", lambda x: x.sort(dim=0, descending=True, stable=True).values, (6,), values=[[2, 1, 2, 1, 3, 2]])
case("sort/empty", lambda x: x.sort(1).values, (3, 0))
case("sort/one", lambda x: x.sort(0).values, (1, 3))
case("topk", lambda x: x.topk(3, -1).values, (4, 6), values=[apart])
case("topk/smallest", lambda x: x.topk(2, 1, largest=False).values, (2, 4, 3), values=[apart])

# distances and norms
case("cdist", lambda a, b: (a[..., :, None, :] - b[..., None, :, :]).square().sum(-1).sqrt(), (4, 19), (3, 19))
case("cdist/batched", torch.cdist, (2, 4, 3), (2, 5, 3))
case("cdist/broadcast", torch.cdist, (2, 4, 3), (5, 3))
case("cdist/ones", lambda a, b: torch.cdist(a, b, 1.0), (4, 5), (3, 5))
case("cdist/zero", torch.cdist, (2, 2), (2, 2), values=[[1, 2, 3, 4], [1, 2, 0, 0]])
case("cdist/ones_zero", lambda a, b: torch.cdist(a, b, 1.0), (2, 2), (2, 2), values=[[1, 2, 3, 4], [1, 2, 0, 4]])
case("cdist/empty", torch.cdist, (0, 3), (2, 3))
case("norm", lambda x: x.norm(), (3, 4))
case("norm/dims", lambda x: torch.linalg.vector_norm(x, 2, (0, 2)), (4, 3, 5))
case("norm/keepdim", lambda x: torch.linalg.vector_norm(x, 2, 1, keepdim=True), (4, 3, 5))
case("norm/zero", lambda x: torch.linalg.vector_norm(x, 2, 1), (2, 2), values=[[0, 0, 3, 4]])
case("norm/ones", lambda x: torch.linalg.vector_norm(x, 1, (0, 2)), (4, 3, 5))
case("norm/largest_ties", lambda x: torch.linalg.vector_norm(x, float("inf"), 1), (3, 3), values=[[1, -2, 2, 0, 0, 0, -5, 1, 2]])

# triangles, padding, resampling, einsum
case("tril", lambda x: x.tril(), (2, 3, 4))
case("tril/below", lambda x: x.tril(-1), (4, 3))
case("triu", lambda x: x.triu(1), (2, 3, 4))
case("triu/far", lambda x: x.triu(-5), (4, 3))
case("diagonal", lambda x: x.diagonal(dim1=-2, dim2=-1), (2, 3, 4))
case("pad", lambda x: F.pad(x, (1, 2)), (3, 4))
case("pad/images", lambda x: F.pad(x, (1, 0, 2, 1), value=0.5), (2, 1, 2, 3))
case("pad/cut", lambda x: F.pad(x, (1, -1, 0, 2, -1, -1), value=5.0), (3, 3, 4))
case("pad/empty", lambda x: F.pad(x, (1, 2)), (3, 0))
case("pad/reflect", lambda x: F.pad(x, (2, 1, 1, 2), mode="reflect"), (2, 3, 4, 3))
case("pad/replicate", lambda x: F.pad(x, (3, 1, 0, 2), mode="replicate"), (2, 3, 4, 3))
case("pad/circular", lambda x: F.pad(x, (3, 1, 0, 2), mode="circular"), (2, 3, 4, 3))
case("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2), (2, 8, 2, 3))
case("pixel_unshuffle", lambda x: F.pixel_unshuffle(x, 2), (2, 2, 4, 6))
case("upsample_linear", lambda x: F.interpolate(x, 7, mode="linear", align_corners=False), (2, 3, 4))
case("upsample_linear/aligned", lambda x: F.interpolate(x, 7, mode="linear", align_corners=True), (2, 3, 4))
case("upsample_linear/bilinear", lambda x: F.interpolate(x, (6, 5), mode="bilinear", align_corners=False), (2, 2, 3, 2))
case("upsample_linear/bilinear_aligned", lambda x: F.interpolate(x, (6, 5), mode="bilinear", align_corners=True), (2, 2, 3, 2))
case("upsample_linear/smaller", lambda x: F.interpolate(x, (2, 3), mode="bilinear", align_corners=False), (1, 2, 5, 7))
case("upsample_linear/one", lambda x: F.interpolate(x, (3, 1), mode="bilinear", align_corners=True), (1, 2, 1, 4))
for name, equation, *shapes in [
    ("matmul", "ij,jk->ik", (3, 4), (4, 5)), ("batched", "bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("transposed", "bji,bkj->bki", (2, 4, 3), (2, 5, 4)),
    ("implicit", "ij,jk", (3, 4), (4, 5)), ("order", "zab->baz", (2, 3, 4)), ("outer", "i,j->ij", (3,), (4,)), ("dot", "i,i->", (5,), (5,)),
    ("sum", "ijk->j", (2, 3, 4)), ("trace", "ii->", (4, 4)), ("diagonal", "bii->bi", (2, 3, 3)), ("lonely", "ij,kj->k", (3, 4), (2, 4)),
    ("attention", "bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)), ("three", "bi,ij,bj->b", (3, 4), (4, 5), (3, 5)), ("bilinear", "bi,oij,bj->bo", (2, 3), (4, 3, 5), (2, 5)),
    ("pointwise", "ij,ij->ij", (3, 4), (3, 4)), ("empty", "ij,jk->ik", (3, 0), (0, 2)), ("scalar", "ij,->ij", (2, 3), ()),
    ("ellipsis", "...ij,...jk->...ik", (2, 5, 3, 4), (2, 5, 4, 2)), ("ellipsis/fewer", "...i,i...->...", (2, 3, 4), (4, 3)), ("ellipsis/implicit", "b...a", (2, 3, 4)), ("ellipsis/none", "...i,i->...", (4,), (4,))]:
    case("einsum/" + name, lambda *x, e=equation: torch.einsum(e, *x), *shapes)

# Fourier transforms; complex numbers are a last dimension of two
C, R = torch.view_as_complex, torch.view_as_real
for n in (1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 30, 32, 97):
    case(f"rfft/{n}", lambda x: R(torch.fft.rfft(x)), (2, n))
    case(f"irfft/{n}", lambda x, n=n: torch.fft.irfft(C(x), n), (2, n // 2 + 1, 2))
    case(f"fft_c2c/{n}", lambda x: R(torch.fft.fft(C(x))), (2, n, 2))
case("rfft/ortho", lambda x: R(torch.fft.rfft(x, norm="ortho")), (3, 10))
case("rfft/forward", lambda x: R(torch.fft.rfft(x, norm="forward")), (3, 10))
case("rfft/longer", lambda x: R(torch.fft.rfft(x, 9)), (3, 6))
case("rfft/shorter", lambda x: R(torch.fft.rfft(x, 5)), (3, 6))
case("rfft/transposed", lambda x: R(torch.fft.rfft(x.transpose(0, 1))), (6, 3))
case("rfft/empty", lambda x: R(torch.fft.rfft(x, 4)), (0, 4))
case("irfft/default", lambda x: torch.fft.irfft(C(x)), (3, 5, 2))
case("irfft/ortho", lambda x: torch.fft.irfft(C(x), 9, norm="ortho"), (3, 5, 2))
case("irfft/longer", lambda x: torch.fft.irfft(C(x), 12), (3, 5, 2))
case("fft_c2c/first", lambda x: R(torch.fft.fft(C(x), dim=0)), (6, 3, 2))
case("fft_c2c/inverse", lambda x: R(torch.fft.ifft(C(x), dim=1)), (2, 7, 3, 2))
case("fft_c2c/inverse_ortho", lambda x: R(torch.fft.ifft(C(x), norm="ortho")), (2, 8, 2))
case("fft_c2c/inverse_forward", lambda x: R(torch.fft.ifft(C(x), norm="forward")), (2, 8, 2))
case("rfft/planes", lambda x: R(torch.fft.rfft2(x)), (2, 6, 5))
case("rfft/planes_ortho", lambda x: R(torch.fft.rfft2(x, norm="ortho")), (2, 4, 8))
case("irfft/planes", lambda x: torch.fft.irfft2(C(x), (6, 5)), (2, 6, 3, 2))
case("irfft/planes_ortho", lambda x: torch.fft.irfft2(C(x), norm="ortho"), (2, 4, 5, 2))

# linear algebra. Symmetric matrices are made inside, so that a difference's step keeps them so; vectors are squared, since their
# signs are anybody's choice; values are kept apart by a diagonal.
def symmetric(x): return x + x.transpose(-1, -2)
def definite(x): return x @ x.transpose(-1, -2) + torch.eye(x.shape[-1], dtype=x.dtype)
def spread(x): return symmetric(x) + torch.diag(torch.arange(x.shape[-1], dtype=x.dtype) * 6)
def steep(x): return x + F.pad(torch.diag(6 * torch.arange(1, min(x.shape[-2:]) + 1, dtype=x.dtype)), (0, max(0, x.shape[-1] - x.shape[-2]), 0, max(0, x.shape[-2] - x.shape[-1])))
case("cholesky", lambda x: torch.linalg.cholesky(definite(x)), (4, 4))
case("cholesky/batched", lambda x: torch.linalg.cholesky(definite(x)), (2, 3, 3, 3))
case("cholesky/one", lambda x: torch.linalg.cholesky(definite(x)), (1, 1))
case("cholesky/empty", lambda x: torch.linalg.cholesky(definite(x)), (0, 3, 3))
for name, upper, transposed, unit in [("", False, False, False), ("/upper", True, False, False), ("/transposed", False, True, False), ("/upper_transposed", True, True, False), ("/unit", False, False, True)]:
    case("solve_triangular" + name, lambda t, b, u=upper, tr=transposed, un=unit: torch.linalg.solve_triangular((t.triu() if u else t.tril()).transpose(-1, -2) if tr else t, b, upper=u != tr, unitriangular=un),
         (4, 4), (4, 3), low=0.5)
case("solve_triangular/broadcast", lambda t, b: torch.linalg.solve_triangular(t, b, upper=False), (2, 1, 3, 3), (4, 3, 2), low=0.5)
case("eigh", lambda x: torch.linalg.eigvalsh(spread(x)), (4, 4))
case("eigh/vectors", lambda x: torch.linalg.eigh(spread(x))[1].square(), (5, 5))
case("eigh/both", lambda x: (lambda v, q: q @ torch.diag_embed(v.sin()) @ q.transpose(-1, -2))(*torch.linalg.eigh(spread(x))), (2, 4, 4))
case("eigh/one", lambda x: torch.linalg.eigvalsh(spread(x)), (1, 1))
case("eigh/two", lambda x: torch.linalg.eigh(spread(x))[1].square(), (2, 2))
case("eigh/empty", lambda x: torch.linalg.eigvalsh(spread(x)), (0, 3, 3))
for name, shape in [("", (4, 4)), ("/tall", (5, 3)), ("/wide", (3, 5)), ("/batched", (2, 4, 3))]:
    case("svd" + name, lambda x: torch.linalg.svdvals(steep(x)), shape)
    case("svd/u" + name, lambda x: torch.linalg.svd(steep(x), full_matrices=False)[0].square(), shape)
    case("svd/v" + name, lambda x: torch.linalg.svd(steep(x), full_matrices=False)[2].square(), shape)
    case("svd/all" + name, lambda x: (lambda u, s, vh: u @ torch.diag_embed(s.sin()) @ vh)(*torch.linalg.svd(steep(x), full_matrices=False)), shape)
case("solve_positive_definite", lambda x, b: torch.linalg.solve(definite(x), b), (4, 4), (4, 3))
case("solve_positive_definite/broadcast", lambda x, b: torch.linalg.solve(definite(x), b), (2, 3, 3), (3, 1))
case("solve_positive_definite/inverse", lambda x: torch.linalg.inv(definite(x)), (2, 3, 3))
case("logdet", lambda x: torch.logdet(definite(x)), (2, 4, 4))
case("logdet/one", lambda x: torch.logdet(definite(x)), (1, 1))

# views
case("reshape", lambda x: x.reshape(6, -1), (3, 4, 2))
case("permute", lambda x: x.permute(2, 0, 1), (3, 4, 2))
case("transpose", lambda x: x.transpose(0, 1), (3, 4, 2))
case("expand", lambda x: x.expand(4, 3, 5), (3, 1))
case("narrow", lambda x: x.narrow(1, 2, 3), (3, 6, 2))
case("cat", lambda a, b: torch.cat([a, b], 1), (3, 2, 2), (3, 4, 2))
case("stack", lambda a, b: torch.stack([a, b], 1), (3, 2), (3, 2))
case("flip", lambda x: x.flip(1), (3, 4, 2))
case("roll", lambda x: x.roll(3, 1), (3, 5, 2))
case("clone", lambda x: x.clone(), (3, 5))

# indexing
case("gather", lambda x, i: x.gather(1, i), (3, 4), ints=[[[0, 3], [1, 1], [2, 0]]])
case("gather/first places", lambda x, i: x.gather(1, i), (3, 4, 2), ints=[[[[0], [3], [3], [1], [2]], [[1], [1], [2], [0], [0]]]])
case("gather/middle", lambda x, i: x.gather(0, i), (3, 4), ints=[[[0, 2, 1, 0]]])
case("scatter_add", lambda x, s, i: x.scatter_add(1, i, s), (2, 4), (2, 3), ints=[[[0, 3, 3], [1, 1, 2]]])
case("index_select", lambda x, i: x.index_select(1, i), (3, 4, 2), ints=[[3, 0, 3]])
case("embedding", lambda x, i: F.embedding(i, x), (5, 3), ints=[[[0, 4], [4, 2]]])
case("where", lambda c, a, b: torch.where(c.detach() > 0.5, a, b), (2, 3), (2, 3), (3,), values=[[0, 1, 0, 1, 1, 0], None, None])
case("masked_fill", lambda x, i: x.masked_fill(i > 0, 7.0), (2, 3), ints=[[[0, 1, 0], [1, 1, 0]]])

# products
case("matmul", torch.matmul, (4, 5), (5, 3))
case("matmul/batched", torch.matmul, (2, 4, 5), (2, 5, 3))
case("matmul/broadcast", torch.matmul, (2, 1, 4, 5), (3, 5, 3))
case("matmul/tall", torch.matmul, (2, 4, 5), (5, 3))
case("matmul/left", torch.matmul, (4, 5), (2, 5, 3))
case("matmul/vectors", torch.matmul, (5,), (5,))
case("matmul/vector", torch.matmul, (2, 4, 5), (5,))
case("matmul/row", torch.matmul, (5,), (2, 5, 3))
case("matmul/transposes", lambda a, b: a.transpose(-1, -2) @ b.transpose(-1, -2), (2, 5, 4), (2, 3, 5))
case("matmul/empty", torch.matmul, (4, 0), (0, 3))
case("linear", F.linear, (2, 3, 5), (4, 5), (4,))
case("linear/plain", F.linear, (6, 5), (4, 5))
case("outer", torch.outer, (4,), (3,))

# softmax and losses
case("softmax", lambda x: x.softmax(-1), (4, 7))
case("softmax/middle", lambda x: x.softmax(1), (2, 5, 3))
case("log_softmax", lambda x: x.log_softmax(-1), (4, 7))
case("cross_entropy", lambda x, i: F.cross_entropy(x, i), (4, 7), ints=[[0, 6, 3, 3]])
case("cross_entropy/places", lambda x, i: F.cross_entropy(x, i), (2, 4, 3, 2), ints=[[[[1, 3], [0, -100], [1, 1]], [[3, 2], [2, 0], [0, 1]]]])
case("cross_entropy/ignored", lambda x, i: F.cross_entropy(x, i), (4, 7), ints=[[0, -100, 3, 3]])
case("gaussian_kl", lambda m, s: 0.5 * (m * m + s * s - 1) - s.log(), (3, 4), (3, 4), low=0.2)
case("layer_norm", lambda x, g, b: F.layer_norm(x, (7,), g, b), (2, 3, 7), (7,), (7,))
case("layer_norm/plain", lambda x: F.layer_norm(x, (7,)), (5, 7))



def attention(q, k, v, hidden=None, scale=None):
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    return (scores if hidden is None else scores.masked_fill(hidden, -math.inf)).softmax(-1) @ v


case("attention", lambda q, k, v: attention(q, k, v), (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7))
case("attention/causal", lambda q, k, v: attention(q, k, v, torch.ones(5, 5).triu(1).bool(), 0.3), (4, 5, 3), (4, 5, 3), (4, 5, 3))
case("attention/mask", lambda q, k, v: attention(q, k, v, torch.tensor([[0, 1, 0, 0], [1, 0, 1, 0]]).bool()[:, None, None]), (2, 2, 3, 4), (2, 2, 4, 4), (2, 2, 4, 4))

# normalisation over channels
case("batch_norm", lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True), (4, 3, 2, 3), (3,), (3,))
case("batch_norm/rows", lambda x: F.batch_norm(x, None, None, training=True), (6, 5))
case("batch_norm/running", lambda x, g, b: F.batch_norm(x, torch.tensor([0.5, -0.25, 0]).double(), torch.tensor([0.5, 2, 1]).double(), g, b), (2, 3, 4), (3,), (3,))
case("group_norm", lambda x, g, b: F.group_norm(x, 2, g, b), (2, 6, 2, 3), (6,), (6,))
case("group_norm/instance", lambda x: F.group_norm(x, 3), (2, 3, 4))
case("rms_norm", lambda x, g: x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * g, (2, 3, 7), (7,))
case("rms_norm/plain", lambda x: x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt(), (5, 19))

# pooling
case("max_pool2d", lambda x: F.max_pool2d(x, 2), (2, 3, 4, 5))
case("max_pool2d/overlap", lambda x: F.max_pool2d(x, 3, 2, 1), (2, 2, 7, 6))
case("max_pool2d/ties", lambda x: F.max_pool2d(x, 2, 1), (1, 1, 2, 3), values=[[1, 1, 1, 1, 1, 1]])
case("avg_pool2d", lambda x: F.avg_pool2d(x, 2), (2, 3, 4, 5))
case("avg_pool2d/overlap", lambda x: F.avg_pool2d(x, 3, 2, 1), (2, 2, 7, 6))
case("avg_pool2d/adaptive", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), (2, 2, 7, 5))
case("avg_pool2d/upwards", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), (1, 2, 2, 3))
case("max_pool2d/adaptive", lambda x: F.adaptive_max_pool2d(x, (3, 2)), (2, 2, 7, 5))
case("max_pool2d/line", lambda x: F.max_pool1d(x, 3, 2, 1), (2, 3, 8))
case("max_pool2d/adaptive_line", lambda x: F.adaptive_max_pool1d(x, 3), (2, 3, 8))
case("avg_pool2d/line", lambda x: F.avg_pool1d(x, 3, 2, 1), (2, 3, 8))
case("avg_pool2d/adaptive_line", lambda x: F.adaptive_avg_pool1d(x, 3), (2, 3, 8))
case("upsample_nearest2d", lambda x: F.interpolate(x, scale_factor=3, mode="nearest"), (2, 2, 3, 2))

# convolutions
case("conv2d", lambda x, w, b: F.conv2d(x, w, b), (2, 3, 6, 5), (4, 3, 3, 2), (4,))
case("conv2d/stride", lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 2)), (2, 3, 6, 5), (4, 3, 3, 3), (4,))
case("conv2d/dilation", lambda x, w: F.conv2d(x, w, dilation=2, padding=2), (1, 2, 7, 6), (3, 2, 3, 3))
case("conv2d/groups", lambda x, w, b: F.conv2d(x, w, b, groups=2, padding=1), (2, 4, 5, 5), (6, 2, 3, 3), (6,))
case("conv2d/depthwise", lambda x, w, b: F.conv2d(x, w, b, groups=4, stride=2, padding=1), (2, 4, 7, 6), (4, 1, 3, 3), (4,))
case("conv2d/pointwise", lambda x, w, b: F.conv2d(x, w, b), (2, 3, 4, 5), (6, 3, 1, 1), (6,))
case("conv_transpose2d", lambda x, w, b: F.conv_transpose2d(x, w, b), (2, 3, 4, 3), (3, 4, 3, 2), (4,))
case("conv_transpose2d/stride", lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1), (2, 3, 4, 3), (3, 4, 3, 3), (4,))
case("conv_transpose2d/groups", lambda x, w: F.conv_transpose2d(x, w, groups=2, dilation=2), (1, 4, 3, 3), (4, 2, 2, 2))
case("conv1d", lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1), (2, 3, 9), (4, 3, 3), (4,))
case("conv_transpose1d", lambda x, w, b: F.conv_transpose1d(x, w, b, stride=2, padding=1), (2, 3, 5), (3, 4, 4), (4,))

# recurrences: gates projected, states before, U and its bias; widths that lanes do not divide
def lstm(a, h, c, w, b):
    ys = []
    for t in range(a.shape[1]):
        i, f, g, o = (a[:, t] + h @ w.T + b).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        ys.append(h)
    return torch.stack(ys, 1), c


def gru(a, h, w, b):
    ys = []
    for t in range(a.shape[1]):
        ar, az, an = a[:, t].chunk(3, -1)
        br, bz, bn = (h @ w.T + b).chunk(3, -1)
        z = (az + bz).sigmoid()
        h = (1 - z) * (an + (ar + br).sigmoid() * bn).tanh() + z * h
        ys.append(h)
    return torch.stack(ys, 1)


case("gru", gru, (3, 4, 6), (3, 2), (6, 2), (6,))
case("gru/step", gru, (2, 1, 15), (2, 5), (15, 5), (15,))
case("gru/wide", gru, (2, 2, 57), (2, 19), (57, 19), (57,), low=-0.7, high=0.7)
case("lstm", lambda *x: lstm(*x)[0], (3, 4, 8), (3, 2), (3, 2), (8, 2), (8,))
case("lstm/cells", lambda *x: lstm(*x)[1], (2, 3, 12), (2, 3), (2, 3), (12, 3), (12,))
case("lstm/wide", lambda *x: torch.cat([v.flatten() for v in lstm(*x)]), (2, 2, 76), (2, 19), (2, 19), (76, 19), (76,), low=-0.7, high=0.7)

# attention in heads, of rows that hold all heads side by side
def heads(q, k, v, n, hidden=None):
    split = lambda x: x.reshape(x.shape[0], x.shape[1], n, -1).transpose(1, 2)
    s = split(q) @ split(k).transpose(-1, -2) / (q.shape[-1] // n) ** 0.5
    if hidden is not None: s = s.masked_fill(hidden, -math.inf)
    return (s.softmax(-1) @ split(v)).transpose(1, 2).reshape(q.shape)


case("head_attention", lambda x: heads(*x.chunk(3, -1), 2), (2, 5, 12))
case("head_attention/causal", lambda x: heads(*x.chunk(3, -1), 3, torch.ones(19, 19).triu(1).bool()), (1, 19, 18))
case("head_attention/memory", lambda q, m: heads(q, *m.chunk(2, -1), 2), (2, 3, 4), (2, 18, 8))
case("head_attention/mask", lambda q, m: heads(q, *m.chunk(2, -1), 2, torch.tensor([[0, 1, 0, 0], [1, 0, 1, 0]]).bool()[:, None, None]), (2, 3, 4), (2, 4, 8))
case("head_attention/empty", lambda q, m: q * 0, (2, 3, 4), (2, 0, 8))

# estimators: the gradient is not the derivative
case("custom/round_straight_through", lambda x: x + (x.round() - x).detach(), (9,), low=-3, high=3)


class LowerBound(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0.25)

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * ((x >= 0.25) | (g < 0)).double()


case("lower_bound/estimator", LowerBound.apply, (24,), low=-1, high=1)

# one case a line, so that changes of two people merge
lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES)
print(f'{{"torch":"{torch.__version__}","cases":[\n{lines}\n]}}')

"""The convolutions of `Isthmus.Benchmarks conv`, by PyTorch.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python3 benchmarks/peers/conv.py
"""
import os
import torch
from gemm import seconds

SHAPES = [
    ("autoencoder 1", 128, 1, 28, 28, 32, 4, 4, 2, (1, 1), 1), ("autoencoder 2", 128, 32, 14, 14, 64, 4, 4, 2, (1, 1), 1),
    ("3x3 of 64 at 32x32", 16, 64, 32, 32, 64, 3, 3, 1, (1, 1), 1), ("3x3 of 256 at 8x8", 32, 256, 8, 8, 256, 3, 3, 1, (1, 1), 1),
    ("3x3 of 3 at 32x32", 128, 3, 32, 32, 32, 3, 3, 1, (1, 1), 1), ("1x1 of 128 at 16x16", 32, 128, 16, 16, 128, 1, 1, 1, (0, 0), 1),
    ("depthwise 3x3 at 28x28", 16, 64, 28, 28, 64, 3, 3, 1, (1, 1), 64), ("1-d 5 of 32 at 512", 32, 32, 1, 512, 64, 1, 5, 1, (0, 2), 1),
]

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
print(f"{'convolution':24} {'y us':>9} {'dx us':>9} {'dw us':>9}   (PyTorch, {torch.get_num_threads()} threads)")
for name, n, c, h, w, o, kh, kw, stride, pad, groups in SHAPES:
    x, k = torch.randn(n, c, h, w), torch.randn(o, c // groups, kh, kw)
    y = torch.nn.functional.conv2d(x, k, stride=stride, padding=pad, groups=groups)
    g = torch.randn_like(y)

    def backward(mask):
        return torch.ops.aten.convolution_backward(g, x, k, None, [stride] * 2, list(pad), [1, 1], False, [0, 0], groups, mask)

    with torch.no_grad():
        forward = seconds(lambda: torch.nn.functional.conv2d(x, k, stride=stride, padding=pad, groups=groups))
    dx, dw = seconds(lambda: backward([True, False, False])), seconds(lambda: backward([False, True, False]))
    print(f"{name:24} {forward * 1e6:9.0f} {dx * 1e6:9.0f} {dw * 1e6:9.0f}")

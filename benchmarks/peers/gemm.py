"""The products of `Isthmus.Benchmarks gemm`, by OpenBLAS through numpy.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=2 python3 benchmarks/peers/gemm.py
"""
import time
import numpy as np

SHAPES = [
    ("square", 1, 1024, 1024, 1024, "NN"), ("square, B transposed", 1, 1024, 1024, 1024, "NT"),
    ("VIB layer 1", 1, 100, 1024, 784, "NT"), ("VIB layer 1, dW", 1, 1024, 784, 100, "TN"),
    ("VIB layer 2", 1, 100, 1024, 1024, "NT"), ("VIB layer 2, dX", 1, 100, 1024, 1024, "NN"),
    ("VIB layer 2, dW", 1, 1024, 1024, 100, "TN"), ("VIB layer 3", 1, 100, 512, 1024, "NT"),
    ("VIB layer 3, dW", 1, 512, 1024, 100, "TN"), ("tabular 1", 1, 128, 64, 16, "NT"),
    ("tabular 2", 1, 128, 64, 64, "NT"), ("tabular 2, dX", 1, 128, 64, 64, "NN"), ("tabular 2, dW", 1, 64, 64, 128, "TN"),
    ("tabular 3", 1, 128, 16, 64, "NT"), ("transformer projection", 1, 2048, 128, 128, "NT"),
    ("transformer feed-forward", 1, 2048, 512, 128, "NT"), ("transformer feed-forward, dW", 1, 512, 128, 2048, "TN"),
    ("attention scores", 64, 128, 128, 32, "NT"), ("attention values", 64, 128, 32, 128, "NN"),
    ("attention values, dV", 64, 128, 32, 128, "TN"), ("GRU", 1, 32, 384, 64, "NT"), ("one row", 1, 1, 1024, 1024, "NT"),
]


def seconds(run, budget=0.1):
    run(); run()
    start = time.perf_counter(); run()
    repeats = max(1, min(10000, int(50e-6 / (time.perf_counter() - start))))
    best, end, rounds = 1e9, time.perf_counter() + budget, 0
    while rounds < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        best = min(best, (time.perf_counter() - start) / repeats)
        rounds += 1
    return best


def main():
    print(f"{'product':30} {'count x m x n x k':22} {'us':>9} {'GFLOP/s':>9}   (numpy)")
    for name, count, m, n, k, trans in SHAPES:
        rng = np.random.default_rng(1)
        a = rng.standard_normal((count, k, m) if trans[0] == "T" else (count, m, k)).astype(np.float32)
        b = rng.standard_normal((count, n, k) if trans[1] == "T" else (count, k, n)).astype(np.float32)
        if trans[0] == "T": a = a.transpose(0, 2, 1)
        if trans[1] == "T": b = b.transpose(0, 2, 1)
        if count == 1: a, b = a[0], b[0]
        c = np.empty((m, n) if count == 1 else (count, m, n), np.float32)
        t = seconds(lambda: np.matmul(a, b, out=c))
        print(f"{name + ' ' + trans:30} {f'{count}x{m}x{n}x{k}':22} {t * 1e6:9.1f} {2 * count * m * n * k / t / 1e9:9.1f}")


if __name__ == "__main__":
    main()

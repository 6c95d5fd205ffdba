"""NumPy on the shapes of `isthmus bench`: one JSON line a bench. Called by `isthmus bench --peers`.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 numpy_peer.py --threads 2
"""
import numpy as np

import numbers_from_a_counter as made
import timing


def kernel_bounds(n=4096, d=32, variance=4.0):
    """One Gram matrix and one exponential a pair, in place; the upper bound's kernel is the fourth power of the lower's."""
    x = made.normal(1, n, d)

    def run():
        scaled = x / np.sqrt(8 * variance)
        square = (scaled * scaled).sum(1)
        kernel = scaled @ scaled.T
        kernel *= 2
        kernel -= square[:, None]
        kernel -= square
        np.exp(kernel, out=kernel)
        lower = -np.log(kernel.mean(1)).mean()
        kernel *= kernel
        return lower - np.log(np.einsum("ij,ij->i", kernel, kernel) / n).mean()
    return run


def bottleneck(n=64, clusters=32, beta=5.0, iterations=300):
    """Blahut-Arimoto updates by matrix products; the cross entropies' part that does not depend on t is left out."""
    joint = np.exp(2 * made.normal(1, n, n))
    joint /= joint.sum()
    start = made.uniform(2, n * clusters).reshape(n, clusters)
    start /= start.sum(1, keepdims=True)
    source = joint.sum(1)
    conditional, by_y = joint / source[:, None], np.ascontiguousarray(joint.T)

    def run():
        q = start
        for _ in range(iterations):
            cluster = source @ q
            log = np.log(cluster)
            scores = conditional @ (np.log(by_y @ q) - log)
            scores *= beta
            scores += log
            scores -= scores.max(1, keepdims=True)
            q = np.exp(scores, out=scores)
            q /= q.sum(1, keepdims=True)
        return q[0].max()
    return run


if __name__ == "__main__":
    timing.main({"kde-bounds": kernel_bounds, "ib-64-64-32": bottleneck}, f"numpy-{np.__version__}")

"""SciPy's cKDTree on the shapes of `isthmus bench`: one JSON line a bench. Called by `isthmus bench --peers`.

    /usr/bin/python3 scipy_peer.py --threads 2
"""
import numpy as np
import scipy
from scipy.spatial import cKDTree
from scipy.special import digamma

import numbers_from_a_counter as made
import timing

WORKERS = 1


def set_threads(threads):
    global WORKERS
    WORKERS = threads


def ksg(width, k=3):
    x, y = made.pair(width)
    n = len(x)

    def within(points, radius):
        return cKDTree(points).query_ball_point(points, radius, p=np.inf, return_length=True, workers=WORKERS)

    def run():
        both = np.hstack([x, y])
        distance = cKDTree(both).query(both, k + 1, p=np.inf, workers=WORKERS)[0][:, k]
        radius = np.nextafter(distance, 0)
        return digamma(k) + digamma(n) - (digamma(within(x, radius)) + digamma(within(y, radius))).mean()
    return run


if __name__ == "__main__":
    timing.main({"ksg-2-2-ckdtree": lambda: ksg(2), "ksg-10-10-ckdtree": lambda: ksg(10)}, f"scipy-{scipy.__version__}", set_threads)

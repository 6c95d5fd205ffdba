"""scikit-learn on the shapes of `isthmus bench`: one JSON line a bench. Called by `isthmus bench --peers`, which names the data's folder.

    ISTHMUS_DATA=data /usr/bin/python3 sklearn_peer.py --threads 2
"""
import os

import numpy as np
import sklearn
from scipy.special import digamma
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_selection import mutual_info_regression
from sklearn.neighbors import KDTree

import numbers_from_a_counter as made
import timing


def boosting():
    table = np.loadtxt(os.path.join(os.environ["ISTHMUS_DATA"], "tabular", "cal_housing.data"), delimiter=",", skiprows=1).astype(np.float32)
    x, y = np.ascontiguousarray(table[:, :8]), table[:, 8] / 1e5
    model = HistGradientBoostingRegressor(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, max_bins=255, early_stopping=False)
    return lambda: model.fit(x, y)


def ksg(width, k=3):
    """One tree for the joint neighbours and one a side for the counts, as NPEET does."""
    x, y = made.pair(width)
    n = len(x)

    def run():
        both = np.hstack([x, y])
        distance = KDTree(both, metric="chebyshev").query(both, k + 1)[0][:, k]
        counts = [KDTree(side, metric="chebyshev").query_radius(side, distance - 1e-15, count_only=True) for side in (x, y)]
        return digamma(k) + digamma(n) - sum(digamma(c).mean() for c in counts)
    return run


def columns(rows=10_000, count=20):
    x = made.normal(1, rows, count)
    y = made.normal(2, rows) + x.sum(1)
    return lambda: mutual_info_regression(x, y, n_neighbors=3, random_state=0).sum()


def elastic_net_path(rows=5000, count=128, classes=10, lambdas=100, alpha=0.99, ratio=1e-3):
    """Warm starts down the lambdas that the C# side walks; the value is the mean of the objectives, as there."""
    import warnings
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    warnings.simplefilter("ignore", ConvergenceWarning)
    x = (made.normal(1, rows, count) + 0.5 * made.normal(2, rows)[:, None]).astype(np.float32)
    weights, draw = made.normal(3, classes, 20), made.uniform(4, rows * classes).reshape(rows, classes)
    logits = -np.log(-np.log(draw))
    for k in range(classes):
        logits[:, k] += x[:, (12 * k + np.arange(20)) % count].astype(np.float64) @ weights[k]
    y = logits.argmax(1)
    x = x.astype(np.float64)
    x = np.ascontiguousarray((x - x.mean(0)) / x.std(0))
    one_hot = np.eye(classes)[y]
    largest = np.abs(x.T @ (one_hot - one_hot.mean(0))).max() / rows / alpha
    tolerance = float(os.environ.get("SAGA_TOLERANCE", "1e-3"))

    def run():
        model = LogisticRegression(solver="saga", penalty="elasticnet", l1_ratio=alpha, warm_start=True, multi_class="multinomial", tol=tolerance, max_iter=1000, random_state=0)
        total = 0
        for i in range(lambdas):
            strength = largest * ratio ** (i / (lambdas - 1))
            model.set_params(C=1 / (strength * rows)).fit(x, y)
            scores = x @ model.coef_.T + model.intercept_
            high = scores.max(1)
            loss = (high + np.log(np.exp(scores - high[:, None]).sum(1)) - scores[np.arange(rows), y]).mean()
            total += loss + strength * ((1 - alpha) / 2 * (model.coef_ ** 2).sum() + alpha * np.abs(model.coef_).sum())
        return total / lambdas
    return run


BENCHES = {
    "elastic-net-path": elastic_net_path,
    "boosting-housing": boosting,
    "ksg-2-2": lambda: ksg(2),
    "ksg-10-10": lambda: ksg(10),
    "information-20-columns": columns,
}

if __name__ == "__main__":
    timing.main(BENCHES, f"scikit-learn-{sklearn.__version__}")

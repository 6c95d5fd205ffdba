"""Elastic nets, linear support vector machines and their kin by scikit-learn, to the last digits: heads.json.

    /usr/bin/python3 heads.py > heads.json
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

rng = np.random.default_rng(7)
rows, width = 120, 6
x = (rng.normal(size=(rows, width)) * [1, 2, 0.5, 3, 1, 1] + [0, 1, -2, 5, 0, 0]).astype(np.float32).round(3)
truth = rng.normal(size=(3, width)) * (rng.random((3, width)) < 0.6)
z = x.astype(np.float64)
z = (z - z.mean(0)) / z.std(0)
three = (1.5 * z @ truth.T + rng.gumbel(size=(rows, 3))).argmax(1)
two = (z @ truth[0] + rng.logistic(size=rows) > 0).astype(int)


def net(labels, strength, alpha):
    """lambda = 1 / (C n)."""
    model = LogisticRegression(solver="saga", penalty="elasticnet", l1_ratio=alpha, C=1 / (strength * rows), tol=1e-13, max_iter=1_000_000,
                               multi_class="auto" if labels.max() == 1 else "multinomial", random_state=0).fit(z, labels)
    weight, bias = model.coef_, model.intercept_
    scores = z @ weight.T + bias
    if len(bias) == 1:
        loss = np.logaddexp(0, scores[:, 0]).mean() - (scores[:, 0] * labels).mean()
    else:
        loss = (np.log(np.exp(scores).sum(1)) - scores[np.arange(rows), labels]).mean()
    value = loss + strength * ((1 - alpha) / 2 * (weight ** 2).sum() + alpha * np.abs(weight).sum())
    return {"lambda": strength, "alpha": alpha, "weight": weight.ravel().tolist(), "bias": (bias - (bias.mean() if len(bias) > 1 else 0)).tolist(), "objective": value}


def machine(strength, loss):
    """|w|² / 2 + b² / 2 + C Σ hinge: liblinear puts the bias into the weights."""
    model = LinearSVC(C=strength, loss=loss, dual=True, tol=1e-10, max_iter=10_000_000).fit(z, two)
    return {"c": strength, "loss": loss, "weight": model.coef_[0].tolist(), "bias": float(model.intercept_[0])}


print(json.dumps({
    "x": x.ravel().astype(float).tolist(), "three": three.tolist(), "two": two.tolist(),
    "multinomial": [net(three, s, a) for s, a in [(0.1, 0.99), (0.03, 0.99), (0.005, 0.99), (0.02, 0.5)]],
    "binary": [net(two, s, a) for s, a in [(0.1, 0.99), (0.01, 0.99), (0.02, 0.5)]],
    "machines": [machine(s, loss) for s in (0.01, 1.0) for loss in ("hinge", "squared_hinge")],
}, indent=1))

"""Goldens of concept quality: python3 concepts.py > concepts.json (scikit-learn, SciPy, NumPy)."""
import json

import numpy as np
from scipy.stats import ttest_ind
from sklearn.metrics import accuracy_score, brier_score_loss, homogeneity_score, roc_auc_score

random = np.random.default_rng(7)
truth = random.integers(0, 2, 60)
probability = np.round(np.clip(0.5 + 0.25 * (2 * truth - 1) * random.random(60) + 0.3 * random.standard_normal(60), 0.01, 0.99), 2)
states = random.integers(0, 3, 60)
raw = random.random((60, 3)) + np.eye(3)[states] * 0.5
shares = np.round(raw / raw.sum(1, keepdims=True), 3)
shares[:, 2] = np.round(1 - shares[:, 0] - shares[:, 1], 3)
decided = probability >= 0.5
sure = np.where(decided, probability, 1 - probability)
bins = np.clip((sure.astype(np.float32) * np.float32(10)).astype(int), 0, 9)
ece = sum(abs((decided[bins == b] == truth[bins == b]).sum() - sure[bins == b].sum()) for b in range(10)) / 60
clusters = random.integers(0, 5, 60)
a, b = random.standard_normal(12) + 0.6, 2 * random.standard_normal(9)
print(json.dumps({
    "truth": truth.tolist(), "probability": probability.tolist(), "accuracy": accuracy_score(truth, decided),
    "auc": roc_auc_score(truth, probability), "brier": brier_score_loss(truth, probability), "ece": ece,
    "states": states.tolist(), "shares": shares.ravel().tolist(),
    "auc_states": float(np.mean([roc_auc_score(states == s, shares[:, s]) for s in range(3)])),
    "brier_states": float(((shares - np.eye(3)[states]) ** 2).sum(1).mean()),
    "accuracy_states": accuracy_score(states, shares.argmax(1)),
    "clusters": clusters.tolist(), "homogeneity": homogeneity_score(states, clusters),
    "a": a.tolist(), "b": b.tolist(), "welch": float(ttest_ind(a, b, equal_var=False).pvalue),
}, indent=1))

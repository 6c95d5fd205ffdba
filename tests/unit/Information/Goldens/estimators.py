"""Makes estimators.csv and estimators.json: readings of other programs on 300 fixed rows.

scikit-learn 1.2.1 (mutual_info_regression, mutual_info_classif), SciPy 1.10.1 (digamma, cKDTree), NumPy 1.24.2.
Run in this folder: python3 estimators.py
"""
import json

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma as psi
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

r = np.random.RandomState(7)
n = 300
x = r.randn(n, 2)
y = np.c_[0.8 * x[:, 0] + 0.6 * r.randn(n), np.sin(2 * x[:, 1]) + 0.3 * r.randn(n)]
z = x[:, :1] + 0.5 * r.randn(n, 1)
label = (x[:, 0] + 0.5 * r.randn(n) > 0).astype(int) + (x[:, 1] > 1)
np.savetxt("estimators.csv", np.c_[x, y, z, label], delimiter=",", fmt="%.17g", header="x1,x2,y1,y2,z,label", comments="")


def radii(points, k):
    return cKDTree(points).query(points, k + 1, p=np.inf)[0][:, k]


def nearer(points, r):
    tree = cKDTree(points)
    return np.array([len(tree.query_ball_point(p, np.nextafter(d, 0), p=np.inf)) for p, d in zip(points, r)])


def ksg1(a, b, k):
    d = radii(np.c_[a, b], k)
    return psi(k) + psi(n) - np.mean(psi(nearer(a, d)) + psi(nearer(b, d)))


def frenzel_pompe(a, b, c, k):
    d = radii(np.c_[a, b, c], k)
    return psi(k) - np.mean(psi(nearer(np.c_[a, c], d)) + psi(nearer(np.c_[b, c], d)) - psi(nearer(c, d)))


def hsic(a, b):
    k = np.exp(-((a[:, None] - a[None]) ** 2).sum(-1) / 2)
    l = np.exp(-((b[:, None] - b[None]) ** 2).sum(-1) / 2)
    h = np.eye(n) - 1 / n
    return np.trace(k @ h @ l @ h) / (n - 1) ** 2


def renyi(a, alpha):
    k = np.exp(-((a[:, None] - a[None]) ** 2).sum(-1) / 2) / n
    e = np.linalg.eigvalsh(k)
    return np.log2((e[e > 0] ** alpha).sum()) / (1 - alpha)


json.dump({
    "ksg1_k3_nats": ksg1(x, y, 3),
    "ksg1_k10_nats": ksg1(x, y, 10),
    "cmi_k3_nats": frenzel_pompe(x[:, :1], y[:, :1], z, 3),
    "sklearn_regression_x1_y1_nats": mutual_info_regression(x[:, :1], y[:, 0], n_neighbors=3, random_state=0)[0],
    "sklearn_regression_x2_y2_nats": mutual_info_regression(x[:, 1:], y[:, 1], n_neighbors=3, random_state=0)[0],
    "sklearn_classif_x1_label_nats": mutual_info_classif(x[:, :1], label, n_neighbors=3, random_state=0)[0],
    "hsic_sigma1": hsic(x, y),
    "renyi_x_alpha101_bits": renyi(x, 1.01),
}, open("estimators.json", "w"), indent=1)

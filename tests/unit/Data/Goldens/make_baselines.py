"""Writes baselines.npz: small made-up data and what scikit-learn 1.2 (and NumPy, for EASE) makes of them."""
import numpy as np, os
from sklearn.linear_model import Ridge, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, HistGradientBoostingClassifier
here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)
n, d = 600, 8
x = (rng.standard_normal((n, d)) @ rng.standard_normal((d, d))).astype(np.float32)
x[:, 3] = np.round(x[:, 3])  # few distinct values: borders between neighbours
y = np.stack([x[:, 0] * x[:, 1] + np.sin(x[:, 2]) + 0.1 * rng.standard_normal(n), x @ np.arange(d)], 1).astype(np.float32)
c = np.digitize(x[:, 0] + 0.5 * x[:, 4] ** 2 + 0.3 * rng.standard_normal(n), [0, 2]).astype(np.int64)
t = slice(0, 400); q = slice(400, None)
out = dict(x=x, y=y, c=c)
out["ridge"] = Ridge(alpha=3.0).fit(x[t].astype(float), y[t].astype(float)).predict(x[q])
alpha = 0.02
z = ((x - x[t].mean(0)) / x[t].std(0)).astype(np.float32)
out["z"] = z
out["logistic_l2"] = LogisticRegression(C=1 / (alpha * 400), solver="newton-cg", tol=1e-12, max_iter=10000).fit(z[t].astype(float), c[t]).predict_proba(z[q])
net = LogisticRegression(C=1 / (alpha * 400), penalty="elasticnet", l1_ratio=0.6, solver="saga", tol=1e-10, max_iter=100000).fit(z[t].astype(float), c[t])
out["logistic_net"] = net.predict_proba(z[q])
out["logistic_nonzero"] = np.float64((net.coef_ != 0).sum())
out["knn_c"] = KNeighborsClassifier(5, algorithm="brute").fit(x[t], c[t]).predict(x[q])
out["knn_r"] = KNeighborsRegressor(5, algorithm="brute").fit(x[t], y[t]).predict(x[q])
pca = PCA(3, svd_solver="full").fit(x[t].astype(float))
out["pca_variance"] = pca.explained_variance_
out["pca_restored"] = pca.inverse_transform(pca.transform(x[q]))
keep = dict(early_stopping=False, max_iter=30)
out["boost_r"] = HistGradientBoostingRegressor(**keep).fit(x[t], y[t, 0]).predict(x[q])
out["boost_c3"] = HistGradientBoostingClassifier(**keep).fit(x[t], c[t]).predict_proba(x[q])
out["boost_c2"] = HistGradientBoostingClassifier(**keep).fit(x[t], c[t] > 0).predict_proba(x[q])
wide = rng.standard_normal((1500, 2)).astype(np.float32)  # more values than bins: borders at quantiles
out["wide"] = wide
out["wide_y"] = (np.sin(2 * wide[:, 0]) * wide[:, 1]).astype(np.float32)
out["boost_wide"] = HistGradientBoostingRegressor(max_bins=64, l2_regularization=0.5, max_leaf_nodes=12, min_samples_leaf=5, learning_rate=0.3, **keep).fit(wide, out["wide_y"]).predict(wide)
r = (rng.random((120, 15)) < np.linspace(0.1, 0.6, 15)).astype(np.float32)
r[:, 7] = np.maximum(r[:, 3], r[:, 7])
p = np.linalg.inv(r.T.astype(float) @ r + 10 * np.eye(15))
b = p / -np.diag(p); np.fill_diagonal(b, 0)
out["ratings"] = r
out["ease"] = r @ b
np.savez_compressed(os.path.join(here, "baselines.npz"), **out)

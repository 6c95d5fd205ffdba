"""scikit-learn on the shapes of `isthmus bench`: one JSON line a bench. Called by `isthmus bench --peers`, which names the data's folder.

    ISTHMUS_DATA=data /usr/bin/python3 sklearn_peer.py --threads 2
"""
import os

import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingRegressor

import timing


def boosting():
    table = np.loadtxt(os.path.join(os.environ["ISTHMUS_DATA"], "tabular", "cal_housing.data"), delimiter=",", skiprows=1).astype(np.float32)
    x, y = np.ascontiguousarray(table[:, :8]), table[:, 8] / 1e5
    model = HistGradientBoostingRegressor(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, max_bins=255, early_stopping=False)
    return lambda: model.fit(x, y)


if __name__ == "__main__":
    timing.main({"boosting-housing": boosting}, f"scikit-learn-{sklearn.__version__}")

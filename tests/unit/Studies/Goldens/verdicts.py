#!/usr/bin/env python3
"""Writes verdicts.json beside it: paired t tests as SciPy has them, and the share of true nulls that the two looks call held."""
import json
import pathlib

import numpy as np
from scipy import stats

rng = np.random.default_rng(1)
LEVEL = 0.03
cases = []
for n, shift, margin, ratio, better in [(5, 0.0, 0.0, False, "lower"), (5, -0.4, 0.0, False, "lower"), (5, -0.4, 0.2, False, "lower"), (5, 0.3, -0.5, False, "higher"),
                                        (10, 0.2, 0.0, False, "higher"), (10, -0.2, 0.05, True, "lower"), (5, 0.1, -0.2, True, "higher"), (2, 1.0, 0.0, False, "higher"), (10, 1.0, 0.0, False, "lower")]:
    baseline = np.round(rng.normal(3, 0.3, n), 6)
    method = np.round(baseline + shift + rng.normal(0, 0.2, n), 6)
    differences = np.log(method / baseline) if ratio else method - baseline
    sign = 1 if better == "higher" else -1
    gains = sign * differences - (np.log(1 + margin) if ratio else margin)
    low, high = stats.t.interval(1 - 2 * LEVEL, n - 1, loc=differences.mean(), scale=stats.sem(differences))
    cases.append({"baseline": baseline.tolist(), "method": method.tolist(), "margin": margin, "ratio": ratio, "better": better,
                  "p": stats.ttest_1samp(gains, 0, alternative="greater").pvalue, "p_opposite": stats.ttest_1samp(gains, 0, alternative="less").pvalue,
                  "low": low, "high": high, "detectable": stats.t.ppf(1 - LEVEL, n - 1) * stats.sem(differences)})

# Under the null: held at five seeds, or undecided there and held at ten.
x = rng.normal(size=(1_000_000, 10))
def p(a):
    n = a.shape[1]
    return stats.t.sf(a.mean(1) / (a.std(1, ddof=1) / np.sqrt(n)), n - 1)
first, both = p(x[:, :5]), p(x)
undecided = (first >= LEVEL) & (first <= 1 - LEVEL)
by_chance = float(((first < LEVEL) | (undecided & (both < LEVEL))).mean())

target = pathlib.Path(__file__).with_name("verdicts.json")
target.write_text(json.dumps({"held_by_chance": round(by_chance, 4), "cases": cases}, indent=1) + "\n")
print(by_chance)

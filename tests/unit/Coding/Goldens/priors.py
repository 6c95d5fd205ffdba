"""Writes priors.csv: P(round(x) = k) of a density, by SciPy's survival functions (density, scale, center, k, probability)."""
import csv
from pathlib import Path
from scipy import stats

DENSITIES = {"Gaussian": stats.norm, "Laplace": stats.laplace, "Logistic": stats.logistic}
with open(Path(__file__).with_name("priors.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    for name, density in DENSITIES.items():
        for scale in (0.11, 0.5, 1, 3.7, 40):
            for center in (0, 0.25, -3.46875):
                for k in (-60, -12, -5, -4, -3, -1, 0, 1, 2, 3, 7, 25):
                    a, b = (k - 0.5 - center) / scale, (k + 0.5 - center) / scale
                    p = density.sf(a) - density.sf(b) if a + b > 0 else density.cdf(b) - density.cdf(a)
                    if p > 1e-250:
                        writer.writerow([name, scale, center, k, repr(float(p))])

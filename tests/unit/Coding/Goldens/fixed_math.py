"""Writes fixed_math.csv: exp, log, the normal CDF and the logistic function at 60 decimal digits, rounded to double (mpmath)."""
import csv, random
from pathlib import Path
from mpmath import mp, mpf, exp, log, erfc, sqrt

mp.dps = 60
random.seed(1)
rows = []
points = [-745, -700, -37.5, -20, -8.2, -3.0000001, -3, -2.9999999, -1, -1e-9, 0, 1e-300, 1e-9, 0.1, 0.5, 1, 2, 3, 3.0000001, 8, 20, 700]
points += [random.uniform(-40, 40) for _ in range(200)]
for x in points:
    rows.append(("exp", x, exp(mpf(x))))
    if x > -37.6:
        rows.append(("cdf", x, erfc(-mpf(x) / sqrt(mpf(2))) / 2))
    rows.append(("sigmoid", x, 1 / (1 + exp(-mpf(x)))))
for x in [5e-324, 1e-310, 1e-300, 0.1, 0.7071067811865475, 0.9999999999, 1, 1.0000000001, 1.4142135623730951, 2, 3, 65536, 1e300] + [random.uniform(1e-3, 1e6) for _ in range(200)]:
    rows.append(("log", x, log(mpf(x))))
with open(Path(__file__).with_name("fixed_math.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    for name, x, y in rows:
        writer.writerow([name, repr(float(x)), repr(float(y))])

"""Fits the polynomials of src/Isthmus.Core/Tensors/Kernels/VectorMath.cs: weighted minimax by the second algorithm of Remez
(1934), in decimal arithmetic of 50 digits and with nothing but Python's standard library.

Coefficients are rounded to float one by one, lowest power first, and the rest is fitted again each time, so that a
coefficient's rounding is paid for by the higher ones. Run:  python3 minimax.py   (prints C# lines and the relative error)
"""
import struct
from decimal import Decimal as D, getcontext

getcontext().prec = 50
LN2 = D(2).ln()


def to_float(x):
    return struct.unpack("f", struct.pack("f", float(x)))[0]


PI = D("3.14159265358979323846264338327950288419716939937510582097494")


def series(term, step):
    """The sum of a power series, given its first term and the ratio of term k+1 to term k."""
    total, k = term, 0
    while term != 0 and abs(term) > abs(total) * D("1e-45"):
        term *= step(k)
        total += term
        k += 1
    return total


def sin(x): return series(x, lambda k: -x * x / ((2 * k + 2) * (2 * k + 3)))
def cos(x): return series(D(1), lambda k: -x * x / ((2 * k + 1) * (2 * k + 2)))
def atanh(x): return ((1 + x) / (1 - x)).ln() / 2


def erf(x):  # Abramowitz and Stegun 7.1.6: all terms are positive
    return 2 / PI.sqrt() * (-x * x).exp() * series(x, lambda k: 2 * x * x / (2 * k + 3))


def erfc(x):
    if x < 3: return 1 - erf(x)
    f = x  # the continued fraction A&S 7.1.14, from the far end
    for k in range(400, 0, -1): f = x + D(k) / 2 / f
    return (-x * x).exp() / PI.sqrt() / f


def solve(a, b):
    n = len(b)
    for i in range(n):
        p = max(range(i, n), key=lambda r: abs(a[r][i]))
        a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
        for r in range(i + 1, n):
            m = a[r][i] / a[i][i]
            for c in range(i, n): a[r][c] -= m * a[i][c]
            b[r] -= m * b[i]
    x = [D(0)] * n
    for i in reversed(range(n)): x[i] = (b[i] - sum(a[i][c] * x[c] for c in range(i + 1, n))) / a[i][i]
    return x


def remez(xs, fs, ws, powers):
    """Coefficients of the given powers with the smallest largest |w (f - p)| on the grid."""
    n, m = len(xs), len(powers) + 1
    at = [int((n - 1) * (1 - cos(PI * i / (m - 1))) / 2) if m > 1 else 0 for i in range(m)]
    for _ in range(30):
        a = [[xs[i] ** k if k or xs[i] else D(1) for k in powers] + [D((-1) ** j) / ws[i]] for j, i in enumerate(at)]
        c = solve(a, [fs[i] for i in at])[:-1]
        e = [w * (f - sum(ck * (x ** k if k or x else 1) for ck, k in zip(c, powers))) for x, f, w in zip(xs, fs, ws)]
        new, best = [], 0
        for i in range(1, n):
            if (e[i] < 0) != (e[best] < 0): new.append(best); best = i
            elif abs(e[i]) > abs(e[best]): best = i
        new.append(best)
        while len(new) > m: new.pop(0) if abs(e[new[0]]) < abs(e[new[-1]]) else new.pop()
        if len(new) < m or new == at: break
        at = new
    return c, max(map(abs, e))


def least_squares(xs, fs, ws, powers):
    rows = [[w * x ** k for k in powers] for x, w in zip(xs, ws)]
    normal = [[sum(r[i] * r[j] for r in rows) for j in range(len(powers))] for i in range(len(powers))]
    return solve(normal, [sum(r[i] * w * f for r, f, w in zip(rows, fs, ws)) for i in range(len(powers))])


def fit(name, degree, lo, hi, f, weight, points=400, split=False):
    """p(x) = sum c_k x^k close to f on [lo, hi] in the sense of weight(x) |f - p|; a split c_0 is the sum of two floats."""
    lo, hi = D(lo), D(hi)
    xs = [lo + (hi - lo) * (1 - cos(PI * (2 * i + 1) / (2 * points))) / 2 for i in range(points)]
    fs, ws = [f(x) for x in xs], [weight(x) for x in xs]
    c, ideal = remez(xs, fs, ws, list(range(degree + 1)))
    for k in range(degree + 1):
        delta = c[k] - D(to_float(c[k]))
        if k == 0 and split: delta -= D(to_float(delta))
        c[k] -= delta
        if k < degree:
            for j, v in enumerate(least_squares(xs, [delta * x ** k for x in xs], ws, list(range(k + 1, degree + 1)))): c[k + 1 + j] += v
    error = max(abs(w * (v - sum(ck * x ** k for k, ck in enumerate(c)))) for x, v, w in zip(xs, fs, ws))
    log2 = lambda v: float(v.ln() / LN2)
    print(f"// {name}: degree {degree} on [{float(lo):.6g}, {float(hi):.6g}], error 2^{log2(error):.1f} (before rounding 2^{log2(ideal):.1f})")
    values = [to_float(v) for v in c]
    if split: values.insert(1, to_float(c[0] - D(values[0])))
    print("    " + ", ".join(f"{v:.9g}f" for v in values), flush=True)


def parts(name, x, n, bits):
    """A constant as a sum of floats, the first ones with few bits so that products with small integers are exact."""
    out = []
    for b in bits:
        q = D(2) ** (int((abs(x).ln() / LN2).to_integral_value(rounding="ROUND_FLOOR")) + 1 - b)
        out.append((x / q).to_integral_value() * q)
        x -= out[-1]
    print(f"// {name}: " + ", ".join(f"{float(v):.9g}f" for v in out))


if __name__ == "__main__":
    import sys
    only = sys.argv[1:]
    h, root = LN2 / 2 * D("1.001"), D(2).sqrt()
    todo = {
        "exp": lambda d: fit("(e^r - 1 - r) / r^2", d, -h, h, lambda r: (r.exp() - 1 - r) / r ** 2, lambda r: abs(r)),
        "log": lambda d: fit("(log(1+f) - f + f^2/2) / f^3", d, 1 / root - 1, root - 1,
                             lambda f: ((1 + f).ln() - f + f * f / 2) / f ** 3, lambda f: abs(f ** 3 / (1 + f).ln())),
        "atanh": lambda d: fit("(2 atanh(s) - 2s) / s^3 in s^2", d, "1e-12", D("0.17158") ** 2,
                               lambda t: (2 * atanh(t.sqrt()) - 2 * t.sqrt()) / t / t.sqrt(), lambda t: t),
        "sin": lambda d: fit("(sin r - r) / r^3 in r^2", d, "1e-12", (PI / 4 * D("1.001")) ** 2,
                             lambda t: (sin(t.sqrt()) - t.sqrt()) / t / t.sqrt(), lambda t: t * t.sqrt() / sin(t.sqrt())),
        "cos": lambda d: fit("(cos r - 1 + r^2/2) / r^4 in r^2", d, "1e-12", (PI / 4 * D("1.001")) ** 2,
                             lambda t: (cos(t.sqrt()) - 1 + t / 2) / t / t, lambda t: t * t),
        "erf": lambda d: fit("erf(x)/x - 1 in x^2", d, "1e-12", D("0.925") ** 2, lambda t: erf(t.sqrt()) / t.sqrt() - 1, lambda t: t.sqrt() / erf(t.sqrt())),
        "logerfc": lambda d: fit("log(erfc(a))", d, "0.92", "4.0", lambda a: erfc(a).ln(), lambda a: erfc(a) / erf(a), points=300),
        "erfcx": lambda d: fit("(1+2a) e^(a^2) erfc(a) in (a-4)/(a+4)", d, "-0.79", "0.47",
                               lambda q: (lambda a: (1 + 2 * a) * (a * a).exp() * erfc(a))(4 * (1 + q) / (1 - q)), lambda q: D(1), points=300, split=True),
    }
    degrees = {"exp": 5, "log": 8, "atanh": 3, "sin": 3, "cos": 3, "erf": 6, "logerfc": 7, "erfcx": 9}
    parts("ln 2", LN2, 2, [16, 24])
    parts("pi / 2", PI / 2, 3, [24, 24, 24])
    for name in only or todo:
        key, _, d = name.partition(":")
        todo[key](int(d or degrees[key]))

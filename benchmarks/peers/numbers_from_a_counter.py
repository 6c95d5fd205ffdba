"""Numbers made from a counter, the same as those of the C# side, so that values can be compared beside times."""
import numpy as np


def uniform(stream, count):
    """Above 0 and below 1, by the finaliser of SplitMix64."""
    with np.errstate(over="ignore"):
        z = (np.uint64(stream << 32) + np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0 ** 53


def normal(stream, *shape):
    u = uniform(stream, 2 * int(np.prod(shape)))
    return (np.sqrt(-2 * np.log(u[::2])) * np.cos(2 * np.pi * u[1::2])).reshape(shape)


def pair(width, rows=10_000):
    """y = 0.8 x + 0.6 noise, column by column."""
    x = normal(1, rows, width)
    return x, 0.8 * x + 0.6 * normal(2, rows, width)

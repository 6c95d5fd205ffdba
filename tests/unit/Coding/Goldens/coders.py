"""Writes coders.txt: the bytes of one small message by every coder, computed here a second time with Python's integers and
exact fractions, from the definitions (rANS: Duda 2013; range coder: Martin 1979), without reciprocals, lanes in registers or
carries in buffers."""
from fractions import Fraction
from pathlib import Path

FREQUENCIES, FIRST = [1, 2, 8, 4, 1], -2
ops = []  # (start, frequency, precision, stored value, stored width)
for value in [0, 0, 1, -1, 0, 2, 0, -2, 1, 0]:
    e = value - FIRST
    ops.append((sum(FREQUENCIES[:e]), FREQUENCIES[e], 4, e, 3))
for piece, width in [(0xABCDE & 0xFFFF, 16), (0xABCDE >> 16, 4)]:
    ops.append((piece, 1, width, piece, width))
ops.append((0, 60000, 16, 1, 1))  # a decision that is true: [0, probability)


def stored():
    bits = total = 0
    for *_, value, width in ops:
        total |= value << bits
        bits += width
    return total.to_bytes((bits + 7) // 8, "little")


def rans(low_bits, unit, lanes):
    states, out = [1 << low_bits] * lanes, []
    for i in reversed(range(len(ops))):
        start, f, p, *_ = ops[i]
        x = states[i % lanes]
        while x >= f << (low_bits + 8 * unit - p):
            out.insert(0, (x % (1 << 8 * unit)).to_bytes(unit, "little"))
            x >>= 8 * unit
        states[i % lanes] = (x // f << p) + start + x % f
    return b"".join(x.to_bytes(4 if unit == 1 else 8, "little") for x in states) + b"".join(out)


def range_coder():
    low, width, scale, emitted = Fraction(0), (1 << 64) - 1, Fraction(1, 1 << 64), 0
    for start, f, p, *_ in ops:
        unit = width >> p
        low += unit * start * scale
        width = unit * f
        while width < 1 << 56:
            width <<= 8
            scale /= 256
            emitted += 1
    for n in range(9):  # the fewest further bytes that name a number inside [low, low + width)
        grain = Fraction(1, 256 ** (emitted + n))
        number = -(-low // grain)
        if number * grain < low + width * scale:
            return int(number).to_bytes(emitted + n, "big")


lines = [stored(), range_coder(), rans(23, 1, 1), rans(23, 1, 2), rans(31, 4, 1), rans(31, 4, 4)]
Path(__file__).with_name("coders.txt").write_text("".join(line.hex().upper() + "\n" for line in lines))

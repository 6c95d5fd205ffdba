"""Writes png.npz: PNG files of every colour type, depth and interlacing (written here, row filters 0..4 in turn, two IDAT chunks),
each with the pixels that ImageMagick ('convert') decodes from it, as [height, width, 4] of 16-bit RGBA."""
import numpy as np, os, struct, subprocess, zlib
here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(1)
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]

def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def filtered(rows, bpp):
    out, above = b"", bytes(len(rows[0])) if rows else b""
    for r, row in enumerate(rows):
        f = r % 5
        out += bytes([f])
        for i, x in enumerate(row):
            a = row[i - bpp] if i >= bpp else 0
            b = above[i]
            c = above[i - bpp] if i >= bpp else 0
            p = a + b - c
            pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            paeth = a if pa <= pb and pa <= pc else b if pb <= pc else c
            out += bytes([(x - [0, a, b, (a + b) // 2, paeth][f]) & 255])
        above = row
    return out

def rows_of(samples, depth):
    rows = []
    for line in samples.reshape(samples.shape[0], -1):
        if depth == 16: rows.append(b"".join(struct.pack(">H", v) for v in line))
        elif depth == 8: rows.append(bytes(line.tolist()))
        else:
            bits = "".join(format(v, f"0{depth}b") for v in line)
            bits += "0" * (-len(bits) % 8)
            rows.append(bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)))
    return rows

def png(samples, depth, kind, interlaced, palette=b"", trns=b""):
    h, w, n = samples.shape
    bpp = max(1, n * depth // 8)
    raw = b""
    for x, y, dx, dy in (PASSES if interlaced else [(0, 0, 1, 1)]):
        part = samples[y::dy, x::dx]
        if part.size: raw += filtered(rows_of(part, depth), bpp)
    z = zlib.compress(raw)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, int(interlaced)))
    data += chunk(b"tEXt", b"Comment\0x")
    if palette: data += chunk(b"PLTE", palette)
    if trns: data += chunk(b"tRNS", trns)
    return data + chunk(b"IDAT", z[:len(z) // 2]) + chunk(b"IDAT", z[len(z) // 2:]) + chunk(b"IEND", b"")

arrays = {}
def add(name, data, h, w):
    rgba = subprocess.run(["convert", "png:-", "-depth", "16", "-endian", "LSB", "RGBA:-"], input=data, stdout=subprocess.PIPE, check=True).stdout
    arrays[name + ".png"] = np.frombuffer(data, np.uint8)
    arrays[name + ".rgba"] = np.frombuffer(rgba, "<u2").reshape(h, w, 4)

for interlaced in (False, True):
    for h, w in ((9, 13), (1, 1), (3, 2)):
        for kind, depths, n in ((0, (1, 2, 4, 8, 16), 1), (2, (8, 16), 3), (3, (1, 2, 4, 8), 1), (4, (8, 16), 2), (6, (8, 16), 4)):
            for depth in depths:
                top = 1 << depth
                samples = rng.integers(0, top, (h, w, n))
                palette = bytes(rng.integers(0, 256, 3 * min(top, 200)).tolist()) if kind == 3 else b""
                if kind == 3: samples %= min(top, 200)
                name = f"c{kind}_d{depth}_{h}x{w}_{'i' if interlaced else 'n'}"
                add(name, png(samples, depth, kind, interlaced, palette), h, w)
                if h == 9 and kind in (0, 2, 3):
                    trns = bytes(rng.integers(0, 256, min(top, 200) // 2).tolist()) if kind == 3 else b"".join(struct.pack(">H", v) for v in samples[0, 0])
                    add(name + "_t", png(samples, depth, kind, interlaced, palette, trns), h, w)
np.savez_compressed(os.path.join(here, "png.npz"), **arrays)
print(len(arrays) // 2, "files")

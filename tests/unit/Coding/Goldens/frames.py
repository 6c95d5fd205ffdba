"""Prints the examples of docs/formats.md, built here a second time from the page's own description."""
import struct
import coders

MASK = (1 << 64) - 1
MODEL = 0x0123456789ABCDEF


def crc32c(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def stable_hash(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & MASK
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & MASK
    return h ^ (h >> 31)


def varint(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


frequencies, first = coders.FREQUENCIES, coders.FIRST
table_digest = stable_hash(struct.pack("<iII", first, 4, 5) + struct.pack("<5I", *frequencies))
set_digest = stable_hash(struct.pack("<IQ", 1, table_digest))
tables = b"ISTT" + struct.pack("<BI", 1, 1) + bytes([4]) + struct.pack("<i", first) + varint(5) + b"".join(map(varint, frequencies))
tables += struct.pack("<I", crc32c(tables))


def record(kind, coder, lanes, sequence, payload, symbols, model, digest, quantizer, shape, fields=b""):
    variable = b"".join(map(varint, shape)) + fields
    header = struct.pack("<BBBBHBBIIIQQBB", 0xA7, 0x49, 1 << 4 | kind, 0, 38 + len(variable) + 4, coder, lanes, sequence, len(payload), symbols, model, digest, quantizer, len(shape)) + variable
    return header + struct.pack("<I", crc32c(header)) + payload + struct.pack("<I", crc32c(header + payload))


coders.ops = coders.ops[:10]
payload = coders.range_coder()
session_hash = stable_hash(struct.pack("<QQBIII", MODEL, set_digest, 1, 2, 2, 5))
session = record(0, 0, 1, 0, b"", 0, MODEL, set_digest, 1, [2, 5])
small_header = struct.pack("<BBBBHH", 0xA7, 0x49, 1 << 4 | 8 + 3, 0, session_hash & 0xFFFF, len(payload))
small = small_header + payload + struct.pack("<I", crc32c(struct.pack("<Q", session_hash) + small_header + payload))
end = record(2, 0, 1, 1, b"", 0, MODEL, set_digest, 0, [])
examples = {
    "tables": tables,
    "frame": record(1, 3, 1, 7, payload, 10, MODEL, set_digest, 1, [2, 5], b"\x03\x02hi"),
    "session": session,
    "small": small,
    "end": end,
}
for name, data in examples.items():
    text = data.hex()
    print(f"```hex {name}")
    for i in range(0, len(text), 64):
        print(" ".join(text[j:j + 2] for j in range(i, min(i + 64, len(text)), 2)))
    print("```")

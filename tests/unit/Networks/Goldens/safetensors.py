"""Writes pytorch-*.safetensors: networks of PyTorch with an input and what they make of it, in the safetensors format.

    python3 safetensors.py FOLDER             writes the files            (Debian: python3-torch)
    python3 safetensors.py --read FILE        prints what a file holds, as JSON with the hexadecimal bits of each number

The format is written and read here by hand, from its description: eight bytes with the header's length, little-endian, a JSON header of
name, dtype, shape and offsets, and the numbers. Weights are named "net." and their name in the state dict; "input", "output" and the
gradient of sum(output * cos(0, 1, 2, ...)) by the input, "input_grad", stand beside them. The seed is fixed.
"""
import json, os, struct, sys

TYPES = {"F32": ("f", 4), "F64": ("d", 8), "I64": ("q", 8)}


def write(path, tensors):
    """tensors: name to (dtype, shape, list of numbers); in the order given."""
    header, data = {}, b""
    for name, (dtype, shape, values) in tensors.items():
        piece = struct.pack(f"<{len(values)}{TYPES[dtype][0]}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def read(path):
    with open(path, "rb") as f:
        bytes_ = f.read()
    length = struct.unpack("<Q", bytes_[:8])[0]
    header, body = json.loads(bytes_[8:8 + length]), bytes_[8 + length:]
    header.pop("__metadata__", None)
    result, covered = {}, 0
    for name, entry in sorted(header.items(), key=lambda e: e[1]["data_offsets"]):
        kind, size = TYPES[entry["dtype"]]
        start, end = entry["data_offsets"]
        count = (end - start) // size
        expected = 1
        for d in entry["shape"]: expected *= d
        assert start == covered and count == expected, name
        covered = end
        result[name] = (entry["dtype"], entry["shape"], struct.unpack(f"<{count}{kind}", body[start:end]))
    assert covered == len(body)
    return result


if sys.argv[1] == "--read":
    bits = lambda v: struct.pack("<f", v).hex()
    json.dump({n: {"dtype": d, "shape": s, "bits": "".join(map(bits, v))} for n, (d, s, v) in read(sys.argv[2]).items()}, sys.stdout, separators=(",", ":"))
    sys.exit()

import torch
import torch.nn as nn


def pack(x):
    x = x.detach()
    return ("I64" if x.dtype == torch.int64 else "F32", list(x.shape), x.flatten().tolist())


def save(name, net, x, call=None):
    # One pass in training mode moves the running statistics of batch norms; the goldens are of evaluation mode.
    call = call or (lambda m, y: m(y))
    net.train()
    call(net, x)
    net.eval()
    x.requires_grad_(True)
    y = call(net, x)
    (y * torch.cos(torch.arange(y.numel()).float()).reshape(y.shape)).sum().backward()
    tensors = {f"net.{k}": pack(v) for k, v in net.state_dict().items()}
    tensors.update(input=pack(x), output=pack(y), input_grad=pack(x.grad))
    path = os.path.join(sys.argv[1], f"pytorch-{name}.safetensors")
    write(path, tensors)
    assert read(path).keys() == tensors.keys()


torch.manual_seed(0)
save("mlp", nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)), torch.randn(4, 6))
save("conv", nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, 2, bias=False),
                           nn.BatchNorm2d(6), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)), torch.randn(2, 2, 9, 8))
save("gru", nn.GRU(5, 4, 2, batch_first=True, bidirectional=True), torch.randn(2, 6, 5), lambda m, y: m(y)[0])
# The gradient needs the slow path, which evaluation mode without no_grad takes.
save("transformer", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, 0.0, "gelu", batch_first=True, norm_first=True), 2, nn.LayerNorm(8)), torch.randn(2, 5, 8))

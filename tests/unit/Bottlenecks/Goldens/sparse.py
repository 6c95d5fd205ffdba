"""One step of a TopK autoencoder with AuxK in PyTorch, double precision: sparse.json.

    /usr/bin/python3 sparse.py > sparse.json
"""
import json

import torch
import torch.nn.functional as F

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
rows, width, features, k, most = 7, 6, 14, 3, 2
dead = [1, 4, 9, 13]
x = torch.randn(rows, width)
decoder = F.normalize(torch.randn(features, width), dim=1).requires_grad_()
encoder = (decoder.detach() + 0.1 * torch.randn(features, width)).requires_grad_()
bias = (0.1 * torch.randn(features)).requires_grad_()
with torch.no_grad():
    bias[dead] -= 1.5  # silent in this batch too
centre = (0.2 * torch.randn(width)).requires_grad_()

z = (x - centre) @ encoder.t() + bias
value, index = z.topk(k, dim=1)
f = torch.zeros(rows, features).scatter(1, index, value.relu())
assert not f[:, dead].any()
rebuilt = f @ decoder + centre
main = (rebuilt - x).square().sum(1).mean()

error = (x - rebuilt).detach()
left = (x - centre.detach()) @ encoder[dead].t() + bias[dead]
value, index = left.topk(most, dim=1)
small = torch.zeros(rows, len(dead)).scatter(1, index, value.relu())
assert small.any()
aux = (small @ decoder[dead] - error).square().mean() / (error - error.mean(0)).square().mean()
(main + aux / 32).backward()
with torch.no_grad():
    decoder.grad -= (decoder.grad * decoder).sum(1, keepdim=True) * decoder


def packed(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]}


print(json.dumps({"active": k, "aux_active": most, "dead": dead, "x": packed(x), "encoder": packed(encoder), "encoder_bias": packed(bias),
                  "decoder": packed(decoder), "decoder_bias": packed(centre), "output": packed(rebuilt), "reconstruction": main.item(), "aux": aux.item(),
                  "grad": {"encoder": packed(encoder.grad), "encoder_bias": packed(bias.grad), "decoder": packed(decoder.grad), "decoder_bias": packed(centre.grad)}}))

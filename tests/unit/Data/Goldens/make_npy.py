"""Writes numpy.npz and the .npy files that NpyTest reads: every numeric type, both byte orders, both memory orders."""
import numpy as np, os
here = os.path.dirname(os.path.abspath(__file__))
a = (np.arange(24).reshape(2, 3, 4) * 3 - 17)
arrays = {}
for kind in ["i1", "i2", "i4", "i8", "f2", "f4", "f8", "u1", "u2", "u4", "u8"]:
    values = np.abs(a) if kind[0] == "u" else a / 4 if kind[0] == "f" else a
    for order in "<>":
        for memory in "CF":
            name = f"{kind}_{'le' if order == '<' else 'be'}_{memory}"
            arrays[name] = np.array(values, dtype=order + kind, order=memory)
arrays["b1"] = a > 0
arrays["scalar"] = np.float32(2.5)
arrays["empty"] = np.zeros((0, 3), np.float32)
np.savez_compressed(os.path.join(here, "numpy.npz"), **arrays)
np.save(os.path.join(here, "fortran.npy"), np.array(a / 4, dtype=">f8", order="F"))
np.save(os.path.join(here, "complex.npy"), a + 1j)
np.save(os.path.join(here, "object.npy"), np.array([{"a": 1}], dtype=object), allow_pickle=True)
np.save(os.path.join(here, "structured.npy"), np.zeros(2, dtype=[("x", "f4"), ("y", "i2")]))

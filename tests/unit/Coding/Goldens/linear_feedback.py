"""The largest signal-to-noise ratio of any linear code for a channel with noisy feedback, 9 uses at a mean power of 1:
y = g level + (I + F) n + F m with F strictly lower triangular, maximised over all 45 numbers by BFGS from random starts.
Prints forward dB, feedback dB, ratio; the numbers stand in ChannelCodesTest."""
import numpy as np
from scipy.optimize import minimize

N = 9
LOWER = np.tril_indices(N, -1)


def ratio(p, noise, feedback):
    g, f = p[:N], np.zeros((N, N))
    f[LOWER] = p[N:]
    scale = np.sqrt(N / (g @ g + np.sum(f * f) * (noise + feedback)))
    g, f = scale * g, scale * f
    i = np.eye(N)
    return g @ np.linalg.solve((i + f) @ (i + f).T * noise + f @ f.T * feedback, g)


for forward, back in [(0, 20), (-2, 20), (0, 10), (0, 0)]:
    noise, feedback = 10 ** (-forward / 10), 10 ** (-back / 10)
    random = np.random.default_rng(0)
    best = max(np.exp(-minimize(lambda p: -np.log(ratio(p, noise, feedback)), np.concatenate([np.ones(N), 0.3 * random.standard_normal(36)]),
                                method="BFGS", options={"maxiter": 3000}).fun) for _ in range(4))
    print(forward, back, f"{best:.6f}")

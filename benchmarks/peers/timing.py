"""What the peers' scripts have in common: their arguments, the clock and the JSON line a bench."""
import argparse
import json
import statistics
import time


def median_ms(run, warm_up=0.6, budget=0.8):
    end, steps, start = time.perf_counter() + warm_up, 0, time.perf_counter()
    while time.perf_counter() < end or steps < 3:
        began = time.perf_counter()
        run()
        steps += 1
        if time.perf_counter() - began > 5:  # so long a step needs no warming up and no repetition
            return (time.perf_counter() - began) * 1e3
    together = max(1, int(100e-6 * steps / (time.perf_counter() - start)))
    times, end = [], time.perf_counter() + budget
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        for _ in range(together):
            run()
        times.append((time.perf_counter() - start) / together * 1e3)
    return statistics.median(times)


def main(benches, peer, set_threads=lambda threads: None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--benches", default=",".join(benches))
    parser.add_argument("--values", action="store_true", help="print what a step returns instead of its time")
    arguments = parser.parse_args()
    set_threads(arguments.threads)
    for name in arguments.benches.split(","):
        if name in benches:
            step = benches[name]()
            measured = {"value": float(step())} if arguments.values else {"ms": median_ms(step)}
            print(json.dumps({"name": name, "peer": peer, **measured}), flush=True)

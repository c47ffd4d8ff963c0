"""Two forked workers that read a file which their parent opened, beside two processes
that open it themselves: windows per second, in turns.

    pip install ./python && python python/benchmarks/workers.py
"""

import argparse
import multiprocessing
import os
import tempfile
import time

import numpy as np

import foretell


def read(data, worker, workers, ready, go, done):
    """Read a part of the windows, once all are ready."""
    data[0]
    ready.release()
    go.wait()
    n = sum(1 for _ in data.stream(shuffle=True, part=(worker, workers), chunk=1 << 18))
    done.put(n)


def run(method, data):
    """Return the windows per second of two workers."""
    context = multiprocessing.get_context(method)
    ready, go, done = context.Semaphore(0), context.Event(), context.Queue()
    workers = [context.Process(target=read, args=(data, k, 2, ready, go, done)) for k in range(2)]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    begin = time.perf_counter()
    go.set()
    n = sum(done.get() for _ in workers)
    seconds = time.perf_counter() - begin
    for worker in workers:
        worker.join()
    return n / seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=1 << 23)
    parser.add_argument("--models", default="static,fast,adaptive")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    tokens = (rng.integers(0, 30000, options.tokens) // rng.integers(1, 9, options.tokens)).astype(np.uint16)
    with tempfile.TemporaryDirectory() as folder:
        for model in options.models.split(","):
            path = os.path.join(folder, model + ".fore")
            foretell.save(path, tokens, model=model)
            data = foretell.TokenDataset(path, 1024)
            data[0]
            ratios = []
            for _ in range(options.rounds):
                forked, own = run("fork", data), run("spawn", data)
                ratios.append(forked / own)
                print(f"{model}: forked {forked:.0f} windows/s, own {own:.0f}, ratio {forked / own:.2f}")
            print(f"{model}: median ratio {np.median(ratios):.2f}")


if __name__ == "__main__":
    main()

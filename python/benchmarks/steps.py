"""Steps of foretell beside distribution-coder and constriction, in one process.

    pip install ./python distribution-coder constriction
    python python/benchmarks/steps.py

Each figure is the least of several runs, which the coders take in turns. "reused" is
one array again and again, "rotating" goes round more memory than the cache has. The
ratios at the end are held against the targets with --check.
"""

import argparse
import sys
import time

import numpy as np

import foretell


def distributions(count, size, seed=1):
    """Return count distributions over size symbols, shaped like a language model's."""
    rng = np.random.default_rng(seed)
    rows = np.exp(rng.normal(0, 3, (count, size)), dtype=np.float64)
    rows /= rows.sum(axis=1, keepdims=True)
    return rows.astype(np.float32)


class Foretell:
    name = "foretell"

    def encode(self, rows, symbols):
        coder = foretell.DistributionCoder()
        step = coder.encode_step
        for row, symbol in zip(rows, symbols):
            step(row, symbol)
        return coder.finish_encoding()

    def decode(self, data, rows):
        coder = foretell.DistributionCoder()
        coder.start_decoding(data)
        step = coder.decode_step
        return [step(row) for row in rows]


class Ancestor(Foretell):
    name = "distribution-coder"

    def __init__(self):
        from distribution_coder import DistributionCoder

        self.make = DistributionCoder

    def encode(self, rows, symbols):
        coder = self.make()
        step = coder.encode_step
        for row, symbol in zip(rows, symbols):
            step(row, symbol)
        return coder.finish_encoding()

    def decode(self, data, rows):
        coder = self.make()
        coder.start_decoding(data)
        step = coder.decode_step
        return [step(row) for row in rows]


class Constriction:
    name = "constriction"

    def __init__(self):
        import constriction

        self.queue = constriction.stream.queue
        self.categorical = constriction.stream.model.Categorical

    def encode(self, rows, symbols):
        coder = self.queue.RangeEncoder()
        for row, symbol in zip(rows, symbols):
            coder.encode(symbol, self.categorical(row, perfect=False, lazy=True))
        return coder.get_compressed()

    def decode(self, data, rows):
        coder = self.queue.RangeDecoder(data)
        return [coder.decode(self.categorical(row, perfect=False, lazy=True)) for row in rows]


def time_of(action, *arguments):
    start = time.perf_counter()
    result = action(*arguments)
    return time.perf_counter() - start, result


def compare(coders, rows, symbols, rounds):
    """Return {name: (encode, decode)} in seconds a step."""
    best = {}
    for _ in range(rounds):
        for coder in coders:
            encode, data = time_of(coder.encode, rows, symbols)
            decode, got = time_of(coder.decode, data, rows)
            if coder.name == "foretell" and got != symbols:
                sys.exit("wrong symbols")
            was = best.get(coder.name, (np.inf, np.inf))
            best[coder.name] = (min(was[0], encode), min(was[1], decode))
    return {name: tuple(t / len(rows) for t in times) for name, times in best.items()}


def batches(size, streams, steps, rounds):
    """Return the seconds a row of BatchEncoder and BatchDecoder, and of encode and
    decode with a matrix, as BenchmarkStepBatch of the Go package has it: the same
    distribution in every row."""
    matrix = np.tile(distributions(1, size), (streams, 1))
    symbols = np.arange(streams) % size
    best = [np.inf] * 4

    def note(i, start):
        best[i] = min(best[i], (time.perf_counter() - start) / (steps * streams))

    for _ in range(rounds):
        encoder = foretell.BatchEncoder(streams)
        start = time.perf_counter()
        for _ in range(steps):
            encoder.encode(matrix, symbols)
        note(0, start)
        decoder = foretell.BatchDecoder(encoder.finish())
        start = time.perf_counter()
        for _ in range(steps):
            decoder.decode(matrix)
        note(1, start)
        decoder.finish()
        encoder = foretell.Encoder()
        start = time.perf_counter()
        for _ in range(steps):
            encoder.encode(matrix, symbols)
        note(2, start)
        decoder = foretell.Decoder(encoder.finish())
        start = time.perf_counter()
        for _ in range(steps):
            decoder.decode(matrix)
        note(3, start)
    return best


TARGETS = {  # (case, rival): least ratio
    ("V=50257 reused", "distribution-coder"): 15,
    ("V=50257 reused", "constriction"): 5,
    ("V=50257 rotating", "distribution-coder"): 8,
    ("V=50257 rotating", "constriction"): 3.5,
    ("V=256 reused", "distribution-coder"): 1,
    ("V=256 reused", "constriction"): 1,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    coders = [Foretell()]
    for rival in (Ancestor, Constriction):
        try:
            coders.append(rival())
        except ImportError:
            print(f"{rival.name} is not installed")
    cases = {
        "V=50257 reused": (distributions(1, 50257), 150),
        "V=50257 rotating": (distributions(320, 50257), 320),
        "V=256 reused": (distributions(1, 256), 20000),
    }
    for coder in coders:  # once to get going
        coder.decode(coder.encode([np.ones(2, np.float32)], [1]), [np.ones(2, np.float32)])
    missed = 0
    for case, (matrix, steps) in cases.items():
        rows = [matrix[i % len(matrix)] for i in range(steps)]
        symbols = [int(i * 7919 % matrix.shape[1]) for i in range(steps)]
        times = compare(coders, rows, symbols, options.rounds)
        ours = times["foretell"]
        for name, (encode, decode) in times.items():
            line = f"{case:18} {name:20} encode {encode * 1e6:9.3f} us  decode {decode * 1e6:9.3f} us"
            if name != "foretell":
                ratios = encode / ours[0], decode / ours[1]
                least = TARGETS[case, name]
                missed += min(ratios) < least
                line += f"  {ratios[0]:6.1f} and {ratios[1]:5.1f} times ours (target {least})"
            print(line)
    for size in (256, 50257):
        times = batches(size, 64, 20 if size > 1000 else 1000, options.rounds)
        print(f"V={size}, 64 rows a call, per row: BatchEncoder {times[0] * 1e6:.3f} us, BatchDecoder {times[1] * 1e6:.3f} us, "
              f"encode {times[2] * 1e6:.3f} us, decode {times[3] * 1e6:.3f} us")
    if options.check and missed:
        sys.exit(f"{missed} targets missed")


if __name__ == "__main__":
    main()

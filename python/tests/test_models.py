"""Models of symbols as objects, and the parameters of densities."""

import math
import pathlib
import re

import numpy as np
import pytest

import foretell

MODELS = [
    (foretell.Categorical([0.1, 0.2, 0.7]), [0.1, 0.2, 0.7]),
    (foretell.Categorical(np.log(np.array([0.1, 0.2, 0.7])), logits=True), [0.1, 0.2, 0.7]),
    (foretell.Uniform(3), [1, 1, 1]),
    (foretell.Bernoulli(0.25), [0.75, 0.25]),
    (foretell.Binomial(4, 0.3), [math.comb(4, k) * 0.3**k * 0.7 ** (4 - k) for k in range(5)]),
]


@pytest.mark.parametrize("model, probs", MODELS, ids=lambda x: repr(x) if hasattr(x, "shape") else "")
def test_round_trip(rng, model, probs):
    assert model.shape == () and model.size == len(probs)
    values = rng.integers(0, model.size, (7, 3))
    encoder = foretell.Encoder()
    encoder.encode_values(values, model)
    content = -np.log2(np.array(probs) / np.sum(probs))[values].sum()
    assert encoder.information == pytest.approx(content, rel=1e-4)
    data = encoder.finish()
    assert np.array_equal(foretell.Decoder(data).decode_values(model, (7, 3)), values)
    stack = foretell.Stack()
    stack.push_values(values, model)
    assert np.array_equal(stack.pop_values(model, values.shape), values)
    wrong = values.copy()
    wrong[3, 1] = model.size
    before = stack.tobytes()
    for call in (lambda: foretell.Encoder().encode_values(wrong, model), lambda: stack.push_values(wrong, model)):
        with pytest.raises(foretell.SymbolError) as info:
            call()
        assert info.value.row == 10 and info.value.size == model.size
    with pytest.raises(foretell.TruncatedError):
        stack.pop_values(model, 10**4)
    assert stack.tobytes() == before


def test_each_value_under_its_own():
    for model in (foretell.Categorical(np.eye(3) + 0.1), foretell.Bernoulli([0.1, 0.5, 0.9]), foretell.Binomial(2, [0.1, 0.5, 0.9])):
        assert model.shape == (3,)
        values = np.array([[0, 1, 1], [1, 0, 1]])
        encoder = foretell.Encoder()
        encoder.encode_values(values, model)
        assert np.array_equal(foretell.Decoder(encoder.finish()).decode_values(model, (2, 3)), values)
        with pytest.raises(ValueError, match="shape"):
            foretell.Encoder().encode_values([1, 1], model)


def test_categorical_is_encode(rng):
    probs = rng.dirichlet(np.ones(30), 50).astype(np.float32)
    symbols = rng.integers(0, 30, 50)
    one, two = foretell.Encoder(), foretell.Encoder()
    one.encode(probs, symbols)
    two.encode_values(symbols, foretell.Categorical(probs))
    assert one.finish() == two.finish()


def test_binomial_at_its_ends():
    for n, p, symbol in ((5, 0.0, 0), (5, 1.0, 5), (0, 0.5, 0)):
        encoder = foretell.Encoder()
        encoder.encode_values(np.full(100, symbol), foretell.Binomial(n, p))
        assert encoder.information < 0.01
    foretell.Encoder().encode_values([500], foretell.Binomial(100_000, 0.005))


def test_what_models_refuse():
    for make, error in (
        (lambda: foretell.Uniform(0), ValueError),
        (lambda: foretell.Bernoulli(1.5), ValueError),
        (lambda: foretell.Bernoulli(float("nan")), ValueError),
        (lambda: foretell.Binomial(-1, 0.5), ValueError),
        (lambda: foretell.Categorical(0.5), ValueError),
        (lambda: foretell.Gaussian(0, 0), foretell.DistributionError),
        (lambda: foretell.Gaussian([0, float("nan")], 1), foretell.DistributionError),
        (lambda: foretell.Gaussian(0, -1), foretell.DistributionError),
        (lambda: foretell.Laplace(0, float("inf")), foretell.DistributionError),
    ):
        with pytest.raises(error):
            make()
    with pytest.raises(foretell.DistributionError, match=r"a mean of nan at \(1,\)"):
        foretell.Gaussian([0, float("nan")], 1)


def test_a_density_for_any_number_of_values(rng):
    values = rng.integers(-9, 9, (4, 5))
    one, each = foretell.Gaussian(0.5, 4), foretell.Gaussian(np.full((4, 5), 0.5), 4)
    data = []
    for density in (one, each, foretell.Gaussian([0.5] * 5, 4)):
        encoder = foretell.Encoder()
        encoder.encode_values(values, density)
        data.append(encoder.finish())
    assert data[0] == data[1] == data[2]
    assert np.array_equal(foretell.Decoder(data[0]).decode_values(one, (4, 5)), values)
    stack = foretell.Stack()
    stack.push_values(values, one)
    assert np.array_equal(stack.pop_values(one, (4, 5)), values)
    with pytest.raises(ValueError, match="shape"):
        foretell.Encoder().encode_values(values, foretell.Gaussian([0, 0], 1))


def test_parameters_of_other_libraries():
    want = foretell.Encoder()
    want.encode_values([1, 2], foretell.Gaussian([0.5, 1.5], 2))
    want = want.finish()
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    means = [np.array([0.5, 1.5], ml_dtypes.bfloat16), np.array([0.5, 1.5], np.float16)]
    try:
        import torch
    except ImportError:
        pass
    else:
        means += [torch.tensor([0.5, 1.5], requires_grad=True), torch.tensor([0.5, 1.5], dtype=torch.bfloat16)]
    for mean in means:
        encoder = foretell.Encoder()
        encoder.encode_values([1, 2], foretell.Gaussian(mean, 2))
        assert encoder.finish() == want


def test_tensors_that_are_negated_in_name_only():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    probs = torch.complex(torch.zeros(3), torch.tensor([-0.2, -0.3, -0.5])).conj().imag
    assert probs.is_neg()
    one, two = foretell.Encoder(), foretell.Encoder()
    one.encode(probs, 1)
    two.encode(np.array([0.2, 0.3, 0.5], np.float32), 1)
    assert one.finish() == two.finish()
    foretell.Gaussian(probs, probs)


def test_the_page_for_users_of_constriction():
    page = pathlib.Path(__file__).resolve().parents[2] / "docs" / "from-constriction.md"
    if not page.exists():
        pytest.skip("the documents are not here")
    exec(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)[0], {})

"""Parametric densities over integers, for the latents of learned codecs."""

import numpy as np

from ._errors import ForetellError

__all__ = ["Density", "Gaussian", "Laplace", "Logistic", "Mixture"]


class Density:
    """Densities of integers, one for each element of an array of latents.

    The integer x has the mass between x-1/2 and x+1/2. Integers from lo to hi each
    have a symbol; with escape (the default) any int64 outside can be coded too, at a
    higher cost, and without it the mass outside goes to lo and hi.

    shape is that of the array. Values are computed in integers, so that they are the
    same on every machine; the parameters must be too.
    """

    __slots__ = {
        "shape": "Shape of the array of values.",
        "lo": "The least integer that has a symbol of its own.",
        "hi": "The greatest integer that has a symbol of its own.",
        "escape": "Whether integers outside can be coded.",
        "_families": None,
        "_means": None,
        "_scales": None,
        "_weights": None,
    }

    def __init__(self, families, means, scales, weights, lo, hi, escape):
        means, scales, weights = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (means, scales, weights)))
        if means.ndim == 0 or means.shape[-1] != len(families):
            raise ValueError(f"{len(families)} components, and parameters of shape {means.shape}")
        self.shape = means.shape[:-1]
        self.lo, self.hi, self.escape = int(lo), int(hi), bool(escape)
        self._families = np.asarray(families, dtype=np.int32)
        self._means, self._scales, self._weights = (np.ascontiguousarray(a) for a in (means, scales, weights))

    def __repr__(self):
        return f"<{type(self).__name__} of shape {self.shape} over {self.lo}..{self.hi}>"

    def _code(self, coder, values, pop=False):
        """Have a coder encode values, or fill them."""
        return coder._values(
            self.lo, self.hi, self.escape, self._families, self._means, self._scales, self._weights, values, pop
        )

    def _encode(self, coder, values):
        values = np.asarray(values)
        if values.dtype.kind not in "iub" or values.dtype == np.uint64:
            raise TypeError(f"values are whole numbers of at most 64 bits with sign, not {values.dtype}")
        if values.shape != self.shape:
            raise ValueError(f"values of shape {values.shape} under densities of shape {self.shape}")
        self._code(coder, np.array(values, dtype=np.int64, order="C"))

    def _decode(self, coder, pop=False):
        values = np.zeros(self.shape, dtype=np.int64)
        try:
            self._code(coder, values, pop)
        except ForetellError as error:
            if not pop and error.row is not None:
                error.symbols = values.reshape(-1)[: error.row]
            raise
        return values


class _Single(Density):
    __slots__ = ()

    _family = 0

    def __init__(self, mean, scale, *, lo=-(2**15), hi=2**15 - 1, escape=True):
        mean, scale = (np.asarray(a, dtype=np.float64)[..., np.newaxis] for a in (mean, scale))
        super().__init__([self._family], mean, scale, 1.0, lo, hi, escape)


class Gaussian(_Single):
    """Normal densities: means and standard deviations, numbers or arrays that
    broadcast."""

    __slots__ = ()
    _family = 0


class Laplace(_Single):
    """Two-sided exponential densities, exp(-|x - mean| / scale): means and scales,
    numbers or arrays that broadcast."""

    __slots__ = ()
    _family = 1


class Logistic(_Single):
    """Logistic densities: means and scales, numbers or arrays that broadcast."""

    __slots__ = ()
    _family = 2


class Mixture(Density):
    """Mixtures of densities of one range, weighted by numbers or arrays that
    broadcast, one for each; they need not add up to one."""

    __slots__ = ()

    def __init__(self, densities, weights):
        densities, weights = list(densities), list(weights)
        if not densities or len(densities) != len(weights):
            raise ValueError(f"{len(densities)} densities and {len(weights)} weights")
        first = densities[0]
        if any((d.lo, d.hi, d.escape) != (first.lo, first.hi, first.escape) for d in densities):
            raise ValueError("the densities of a mixture have different ranges")
        families, means, scales, shares = [], [], [], []
        for density, weight in zip(densities, weights):
            inner = np.asarray(weight, dtype=np.float64)[..., np.newaxis] * density._weights
            for k in range(len(density._families)):
                families.append(density._families[k])
                means.append(density._means[..., k])
                scales.append(density._scales[..., k])
                shares.append(inner[..., k])
        arrays = np.broadcast_arrays(*means, *scales, *shares)
        n = len(families)
        stacked = [np.stack(arrays[i * n : (i + 1) * n], axis=-1) for i in range(3)]
        super().__init__(families, *stacked, first.lo, first.hi, first.escape)

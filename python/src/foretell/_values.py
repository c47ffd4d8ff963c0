"""Parametric densities over integers, for the latents of learned codecs."""

import numpy as np

from ._errors import DistributionError, ForetellError

__all__ = ["Density", "Gaussian", "Laplace", "Logistic", "Mixture"]


class Density:
    """Densities of integers, one for each element of an array of latents.

    The integer x has the mass between x-1/2 and x+1/2. Integers from lo to hi each
    have a symbol; with escape (the default) any int64 outside can be coded too, at a
    higher cost, and without it the mass outside goes to lo and hi.

    shape is that of the array; densities broadcast to that of values with more axes, so
    that one of shape () serves any number. Values are computed in integers, so that they are the
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
        means, scales, weights = np.broadcast_arrays(*map(doubles, (means, scales, weights)))
        if means.ndim == 0 or means.shape[-1] != len(families):
            raise ValueError(f"{len(families)} components, and parameters of shape {means.shape}")
        for name, bad in (
            ("mean", ~np.isfinite(means)),
            ("scale", ~(np.isfinite(scales) & (scales > 0))),
            ("weight", ~(np.isfinite(weights) & (weights >= 0))),
        ):
            if bad.any():
                raise _refused(name, {"mean": means, "scale": scales, "weight": weights}[name], bad)
        self.shape = means.shape[:-1]
        self.lo, self.hi, self.escape = int(lo), int(hi), bool(escape)
        self._families = np.asarray(families, dtype=np.int32)
        self._means, self._scales, self._weights = means, scales, weights

    def __repr__(self):
        return f"<foretell.{type(self).__name__} of shape {self.shape} over {self.lo}..{self.hi}>"

    def _code(self, coder, values, pop=False):
        """Have a coder encode values, or fill them."""
        if values.shape != self.shape:
            try:
                np.broadcast_to(np.empty(self.shape, np.bool_), values.shape)
            except ValueError:
                raise ValueError(f"values of shape {values.shape} under densities of shape {self.shape}") from None
        shape = *values.shape, len(self._families)
        parameters = (np.ascontiguousarray(np.broadcast_to(a, shape)) for a in (self._means, self._scales, self._weights))
        return coder._values(self.lo, self.hi, self.escape, self._families, *parameters, values, pop)

    def _encode(self, coder, values):
        self._code(coder, integers(values))

    def _decode(self, coder, shape=None, pop=False):
        values = np.zeros(self.shape if shape is None else shape, dtype=np.int64)
        try:
            self._code(coder, values, pop)
        except ForetellError as error:
            if not pop and error.row is not None:
                error.symbols = values.reshape(-1)[: error.row]
            raise
        return values


def doubles(numbers):
    """Return numbers as an array of float64: those of a tensor too that wants gradients,
    lies on another device or is of bfloat16."""
    if isinstance(numbers, np.ma.MaskedArray):
        raise TypeError("a masked array, whose mask nothing keeps: give array.filled(value)")
    if hasattr(numbers, "detach") and hasattr(numbers, "double"):
        numbers = numbers.detach().cpu().double().resolve_neg().numpy()
    return np.asarray(numbers, dtype=np.float64)


def integers(values):
    """Return values to be coded, in memory of their own."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError("a masked array, whose mask nothing keeps: give array.filled(value)")
    values = np.asarray(values)
    if values.dtype.kind not in "iub" or values.dtype == np.uint64:
        raise TypeError(f"values are whole numbers of at most 64 bits with sign, not {values.dtype}")
    return np.array(values, dtype=np.int64, order="C")


def _refused(name, numbers, bad):
    """Return the error for the first parameter that is no such one."""
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    error = DistributionError(f"a {name} of {numbers[first]}" + (f" at {first[:-1]}" if len(first) > 1 else ""))
    error.row = int(np.ravel_multi_index(first[:-1], bad.shape[:-1])) if len(first) > 1 else None
    return error


class _Single(Density):
    __slots__ = ()

    _family = 0

    def __init__(self, mean, scale, *, lo=-(2**15), hi=2**15 - 1, escape=True):
        mean, scale = (doubles(a)[..., np.newaxis] for a in (mean, scale))
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
            inner = doubles(weight)[..., np.newaxis] * density._weights
            for k in range(len(density._families)):
                families.append(density._families[k])
                means.append(density._means[..., k])
                scales.append(density._scales[..., k])
                shares.append(inner[..., k])
        arrays = np.broadcast_arrays(*means, *scales, *shares)
        n = len(families)
        stacked = [np.stack(arrays[i * n : (i + 1) * n], axis=-1) for i in range(3)]
        super().__init__(families, *stacked, first.lo, first.hi, first.escape)

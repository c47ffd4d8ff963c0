"""Weighing rows where they lie, in PyTorch: on a GPU a few numbers of each row go to the
CPU instead of the row.

    weights = foretell.torch.weigh(logits, symbols, logits=True)
    encoder.encode_weighed(weights.cpu().numpy(), symbols, size=logits.shape[1])

    points = torch.from_numpy(decoder.points()).to(logits.device)
    candidates = foretell.torch.find(logits, points, logits=True)
    symbols = decoder.decode_weighed(candidates.cpu().numpy(), size=logits.shape[1])

encoder is a BatchEncoder, decoder a BatchDecoder, whose encode and decode do that by
themselves where it pays: with a megabyte or more of rows on a GPU of CUDA or ROCm.
Streams are byte for byte those of encode under the rows, and either side may use either
way.

On such a GPU the work is done by kernels in Triton, where that can be imported, and
elsewhere in operations of PyTorch. Weights are integers, and what is computed on the way
to them in float64 is exact, so that no device, order of sums or fused operation changes
a bit. (A thread that flushes denormal numbers does: leave torch.set_flush_denormal off.)

TokenDataset and TokenStream are foretell's, as data sets of PyTorch whose windows are
int64 tensors.
"""

import functools

import numpy as np
import torch
import torch.utils.data

from . import _datasets

__all__ = ["TokenDataset", "TokenStream", "find", "weigh"]


class TokenDataset(_datasets.TokenDataset, torch.utils.data.Dataset):
    """foretell.TokenDataset for DataLoader, whose windows are int64 tensors."""

    def __getitem__(self, i):
        return torch.from_numpy(super().__getitem__(i).astype(np.int64))

    def stream(self, *, shuffle=False, seed=0, chunk=1 << 20, part=(0, 1)):
        """Return a TokenStream of all windows."""
        return TokenStream(self, shuffle=shuffle, seed=seed, chunk=chunk, part=part)


class TokenStream(_datasets.TokenStream, torch.utils.data.IterableDataset):
    """foretell.TokenStream for DataLoader, whose windows are int64 tensors. The workers of
    a DataLoader share its chunks; part is for the processes of a distributed run."""

    def __iter__(self):
        for window in super().__iter__():
            yield torch.from_numpy(window.astype(np.int64))

    def _share(self):
        info = torch.utils.data.get_worker_info()
        if info is None:
            return self.part
        k, n = self.part
        return k * info.num_workers + info.id, n * info.num_workers


def weigh(rows, symbols, *, logits=False):
    """Return what encode_weighed needs, an int64 tensor of shape (B, 3): the weight of
    each of the B rows, that before its symbol, and the symbol's own. A row that encode
    would refuse weighs 0, which encode_weighed refuses."""
    rows = _checked(rows)
    if kernels := _kernels(rows):
        return kernels.weigh(rows, symbols, logits)
    w, total = _weights(rows, logits)
    symbols = torch.as_tensor(symbols, device=rows.device).to(torch.int64).clamp(0, rows.shape[1] - 1)[:, None]
    before = torch.where(torch.arange(rows.shape[1], device=rows.device) < symbols, w, 0).sum(1)
    return torch.stack([total, before, w.gather(1, symbols)[:, 0]], 1)


def find(rows, points, *, logits=False):
    """Return what decode_weighed needs, an int64 tensor of shape (B, 6), given what
    points returned: the weight of each row, the first of three candidates, and the
    weights before each and after them."""
    rows = _checked(rows)
    if kernels := _kernels(rows):
        return kernels.find(rows, points, logits)
    w, total = _weights(rows, logits)
    v = rows.shape[1]
    ends = w.cumsum(1)
    # The exact boundaries are at least 1 apart and these off by less than 2^-19: the
    # symbol is the last that begins at or before the point, or one beside it.
    share = (2**32 - v) / total.clamp(min=1).to(torch.float64)
    begins = ends[:, :-1].to(torch.float64) * share[:, None] + torch.arange(1, v, device=rows.device)
    guess = (begins < points.to(rows.device)[:, None] + 1).sum(1)
    first = (guess - 1).clamp(0, max(v - 3, 0))
    starts = torch.cat([torch.zeros_like(ends[:, :1]), ends], 1)
    which = (first[:, None] + torch.arange(4, device=rows.device)).clamp(max=v)
    return torch.cat([total[:, None], first[:, None], starts.gather(1, which)], 1)


def _kernels(rows):
    """Return the module of kernels in Triton, None where they cannot run."""
    return _imported() if rows.is_cuda else None


@functools.cache
def _imported():
    try:
        from . import _triton
    except ImportError:
        return None
    return _triton


def _checked(rows):
    if rows.ndim != 2 or rows.shape[1] == 0 or not rows.is_floating_point():
        raise ValueError(f"rows are a matrix of floats, not {tuple(rows.shape)} of {rows.dtype}")
    return rows.detach()


def _weights(rows, logits):
    """Return the integer weights of rows (docs/exactness.md, sections 2 and 3), and
    their sums, 0 for a row that is refused."""
    d = rows.to(torch.float32).to(torch.float64)
    w, refused = _of_logits(d) if logits else _of_probabilities(d)
    return w, w.sum(1).masked_fill(refused, 0)


def _of_probabilities(d):
    largest = d.amax(1)
    refused = ~((d.amin(1) >= 0) & (largest > 0) & (largest < float("inf")))
    d = d.masked_fill(refused[:, None], 1.0)
    largest = largest.masked_fill(refused, 1.0)
    total = (d * 2.0**31).clamp(max=2.0**31).to(torch.int64).sum(1)
    exponent = (largest.view(torch.int64) >> 52) - 1023
    k = torch.where((largest > 1) | (total < 2**30), 30 - exponent, 31)
    scale = ((k + 1023) << 52).view(torch.float64)
    return (d * scale[:, None]).to(torch.int64), refused


def _of_logits(d):
    largest = d.amax(1)
    refused = ~((largest > -float("inf")) & (largest < float("inf")))
    d = d.masked_fill(refused[:, None], 0.0)
    largest = largest.masked_fill(refused, 0.0)
    far = largest.abs() >= 2**20
    d = torch.where(far[:, None], (d - largest[:, None]).to(torch.float32).to(torch.float64), d)
    largest = largest.masked_fill(far, 0.0)
    unit = -12102203 / 32
    offset = 2**23 - torch.floor(largest * unit).to(torch.int64)
    dropped = ((offset.abs().to(torch.float64).view(torch.int64) >> 52) - 1022 - 24).clamp(min=0)
    low = (torch.ones_like(dropped) << dropped) - 1
    offset = (offset + low) & ~low
    none = d < -(2**23)
    y = offset[:, None] - 2**23 + torch.floor(torch.where(none, 0.0, d) * unit).to(torch.int64)
    n, f = (y >> 18).clamp(max=63), y & (2**18 - 1)
    h = (14259194 * 2**20 - 7273376 * f) >> 20
    h = (16065894 * 2**20 - h * f) >> 20
    h = (11627528 * 2**20 - h * f) >> 20
    h = (16777215 * 2**18 - h * f) >> 18
    return torch.where(none, 0, (h << 6) >> n), refused

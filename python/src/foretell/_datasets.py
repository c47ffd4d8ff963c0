"""Windows of tokens in .fore files, for training."""

import bisect
import os
from collections import OrderedDict

import numpy as np

from ._errors import ArgumentError
from ._files import File

__all__ = ["TokenDataset", "TokenStream"]

# How many files a process keeps open.
_OPEN = 32


class TokenDataset:
    """Windows of length tokens from the arrays of .fore files: dataset[i] is the i-th, an
    array of shape (length,) in the type that the file has.

    files is a path or URL, or a list of them. Their arrays, or with array those of that
    name, are read in C order, and windows begin every stride tokens, by default every
    length: what is too short for a last window is left out, and none goes from one array
    into another.

    It is what a PyTorch DataLoader takes as a dataset (foretell.torch.TokenDataset gives
    tensors), with any number of workers that are forked or spawned. A window at a random
    place takes the decoding of a block: stream reads faster.
    """

    def __init__(self, files, length, *, stride=None, array=None):
        self.length, self.stride = int(length), int(length if stride is None else stride)
        if self.length < 1 or self.stride < 1:
            raise ArgumentError(f"windows of {length} tokens, every {stride}: give numbers above zero")
        self._open = OrderedDict()
        self._arrays, self._ends = [], []  # (path, name), and windows up to its end
        end = 0
        for path in [files] if isinstance(files, (str, bytes, os.PathLike)) else files:
            file = self._file(path)
            for name in file if array is None else [array]:
                windows = max(0, (file[name].size - self.length) // self.stride + 1)
                if windows:
                    end += windows
                    self._arrays.append((path, name))
                    self._ends.append(end)

    def _file(self, path):
        """Return an open file."""
        if path not in self._open:
            self._open[path] = File(path)
            if len(self._open) > _OPEN:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(path)
        return self._open[path]

    def __getstate__(self):
        return {**self.__dict__, "_open": OrderedDict()}

    def __len__(self):
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, i):
        if not -len(self) <= i < len(self):
            raise IndexError(f"window {i} of {len(self)}")
        i %= len(self)
        return self._windows(i, i + 1)[0]

    def _windows(self, start, stop):
        """Return windows start..stop-1 of one array."""
        k = bisect.bisect_right(self._ends, start)
        before = self._ends[k - 1] if k else 0
        path, name = self._arrays[k]
        array = self._file(path)[name]
        first = (start - before) * self.stride
        n = (stop - start - 1) * self.stride + self.length
        row = max(1, array.size // max(1, len(array)) if array.shape else 1)
        top = first // row
        flat = array[...].reshape(-1) if not array.shape else array[top : -(-(first + n) // row)].reshape(-1)
        flat = flat[first - top * row :][:n]
        return np.lib.stride_tricks.sliding_window_view(flat, self.length)[:: self.stride]

    def stream(self, *, shuffle=False, seed=0, chunk=1 << 20, part=(0, 1)):
        """Return a TokenStream of all windows."""
        return TokenStream(self, shuffle=shuffle, seed=seed, chunk=chunk, part=part)

    def __repr__(self):
        return f"<foretell.TokenDataset: {len(self)} windows of {self.length} tokens in {len(self._arrays)} arrays>"


class TokenStream:
    """The windows of a TokenDataset one after another, once for each iteration: an epoch.

    With shuffle=True chunks of about chunk tokens come in an order that seed and the
    number of the epoch give, the same on every machine, and so do the windows in each. A
    chunk is read at once. part (k, n) gives the k-th of n parts of the chunks, for
    processes that share the work.

    state_dict returns where the stream stands, and load_state_dict goes there: the next
    iteration goes on with the window that would have come next.
    """

    def __init__(self, dataset, *, shuffle=False, seed=0, chunk=1 << 20, part=(0, 1)):
        self.dataset, self.shuffle, self.seed, self.part = dataset, shuffle, int(seed), tuple(part)
        if not 0 <= self.part[0] < self.part[1]:
            raise ArgumentError(f"part {self.part[0]} of {self.part[1]}")
        self._each = max(1, int(chunk) // dataset.stride)
        self._epoch, self._next, self._of = 0, 0, None  # how many windows are done, of which part
        self._bounds, begin = [], 0
        for end in dataset._ends:
            self._bounds += [(at, min(at + self._each, end)) for at in range(begin, end, self._each)]
            begin = end

    def set_epoch(self, epoch):
        """Begin at an epoch. Each iteration that ends goes on to the next one."""
        self._epoch, self._next = int(epoch), 0

    def state_dict(self):
        """Return where the stream stands."""
        return {"epoch": self._epoch, "windows": self._next, "length": len(self.dataset), "each": self._each, "part": list(self._of or self._share())}

    def load_state_dict(self, state):
        """Go where state_dict has been. The stream must be of the same windows, in the same
        chunks and parts: ArgumentError otherwise."""
        own = self.state_dict()
        for name in ("length", "each"):
            if state[name] != own[name]:
                raise ArgumentError(f"the state of another stream: {name} is {state[name]}, not {own[name]}")
        self._epoch, self._next, self._of = state["epoch"], state["windows"], tuple(state["part"])

    def _order(self, n, salt):
        """Return an order of n things."""
        if not self.shuffle:
            return np.arange(n)
        return np.argsort(_mix(np.arange(n, dtype=np.uint64), (self.seed, self._epoch, salt)), kind="stable")

    def _chunks(self):
        """Return the bounds of the chunks of an epoch in order."""
        k, n = self._share()
        return [self._bounds[i] for i in self._order(len(self._bounds), 0)[k::n]]

    def _share(self):
        """Return the part of the chunks that is this process's."""
        return self.part

    def __len__(self):
        return sum(stop - start for start, stop in self._chunks())

    def __iter__(self):
        if self._next and self._of != self._share():
            raise ArgumentError(f"the state is that of part {self._of}, and this is part {self._share()}: load it with as many processes")
        skip, self._of = self._next, self._share()
        for start, stop in self._chunks():
            if skip >= stop - start:
                skip -= stop - start
                continue
            windows = self.dataset._windows(start, stop)
            for j in self._order(stop - start, 1 + start)[skip:]:
                self._next += 1
                yield windows[j].copy()
            skip = 0
        self._epoch, self._next = self._epoch + 1, 0


def _mix(x, keys):
    """Return numbers that look like chance, of the splitmix64 generator."""
    with np.errstate(over="ignore"):
        for key in keys:
            x = x + np.uint64(0x9E3779B97F4A7C15) * np.uint64((2 * key + 1) % 2**64)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
    return x

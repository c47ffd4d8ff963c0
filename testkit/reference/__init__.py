"""A reader of .fore files in plain Python.

It was written from the documents in docs/, and does what they say, slowly: it is there
to be read beside them, to check another implementation against, and to read files where
the foretell library does not run. It takes the packages zstandard and xxhash.

    python testkit/reference/fore.py FILE.fore OUT

Modules: container (header, records, index), layout (files and members), valuemap, reader
(all of a file, or a part of it), and one for each codec: plain (stored and zstd),
adaptive, static with ans, lz, mix with geometry, trees, parts and prior, own, and neural,
which both use guided. What predicts there is a network, with net_files (model files),
net_layers and net_reals (its arithmetic), net_decoder and net_frames.
"""

from .errors import Corrupt, Error, Limit, Missing, Truncated, Unsupported
from .network import Network
from .own import Own
from .reader import RandomReader, read

__all__ = ["Corrupt", "Error", "Limit", "Missing", "Network", "Own", "RandomReader", "Truncated", "Unsupported", "read"]

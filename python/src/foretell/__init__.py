"""Lossless compression by prediction: a model says how likely each next symbol is,
and an entropy coder spends exactly that many bits.

Steps: Encoder and Decoder code one symbol or many under distributions that your own
model predicts, BatchEncoder and BatchDecoder several streams in lock-step, and Stack
last in, first out. DistributionCoder has the interface of distribution-coder.

Networks: Model runs a language model in integers, and predicts the same on every
machine.

Files: save, load, open and Writer for arrays of integers, compress and decompress for
arrays and bytes in memory, train for a prior.

The same input gives the same bytes on every machine.
"""

from ._errors import (
    ArgumentError,
    BusyError,
    CorruptError,
    DistributionError,
    DriftError,
    EndOfStream,
    ForetellError,
    ForkError,
    InternalError,
    LimitError,
    ModelError,
    NotThereError,
    SymbolError,
    TruncatedError,
    UnsupportedError,
)
from ._native import BatchDecoder, BatchEncoder, DistributionCoder
from ._steps import Decoder, Encoder, Stack
from ._values import Density, Gaussian, Laplace, Logistic, Mixture
from ._models import Bernoulli, Binomial, Categorical, Uniform
from ._files import Array, File, compress, decompress, load, models, open, save, train
from ._external import External
from ._model import Model, Stream
from ._writer import Writer
from ._datasets import TokenDataset, TokenStream

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "Array",
    "BatchDecoder",
    "BatchEncoder",
    "Bernoulli",
    "Binomial",
    "BusyError",
    "Categorical",
    "CorruptError",
    "Decoder",
    "Density",
    "DistributionCoder",
    "DistributionError",
    "DriftError",
    "Encoder",
    "EndOfStream",
    "External",
    "File",
    "ForetellError",
    "ForkError",
    "Gaussian",
    "InternalError",
    "Laplace",
    "LimitError",
    "Logistic",
    "Mixture",
    "Model",
    "ModelError",
    "NotThereError",
    "Stack",
    "Stream",
    "SymbolError",
    "TokenDataset",
    "TokenStream",
    "TruncatedError",
    "Uniform",
    "UnsupportedError",
    "Writer",
    "compress",
    "decompress",
    "load",
    "models",
    "open",
    "save",
    "train",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # where users find it
del _name

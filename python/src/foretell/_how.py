"""How files are written and read, as the native side has it."""

import os

from . import _native
from ._external import External
from ._model import Model
from ._remote import Network, engine

__all__ = ["models", "reading", "writing"]


def models():
    """Return the names of models that save and compress take."""
    return engine().models().decode().split("\n")


def writing(model, block, solid, workers, prior, embed_prior, resume=False):
    """Return how files are written."""
    name, network, external = "", None, None
    if isinstance(model, External):
        external = model._asked()
    elif isinstance(model, Model):
        network = Network(model.path) if _native.lost() else model._native
    elif model is not None and model != "":
        path = os.fsdecode(model)
        if isinstance(model, str) and (model in models() or not _is_path(model)):
            name = model
        else:
            network = Network(os.path.abspath(path)) if _native.lost() else Model(path)._native
    return (name, network, block, solid, workers, as_bytes(prior), embed_prior, resume, external)


def _is_path(model):
    """Tell the path of a model file from a name that no model has."""
    return os.path.isfile(model) or os.path.dirname(model) != "" or model.endswith((".gguf", ".safetensors"))


def reading(model, max_memory, max_output, workers, prior):
    """Return how files are read."""
    external = None
    if isinstance(model, External):
        model, external = None, model._asked()
    network = model._native if isinstance(model, Model) and not _native.lost() else None
    # Go knows only the environment that the process began with.
    places = os.environ.get("FORETELL_MODELS", "").split(os.pathsep)
    if model is not None and not network:
        places.insert(0, model.path if isinstance(model, Model) else model)
    return (max_memory, max_output, workers, as_bytes(prior), network, b"\0".join(map(os.fsencode, places)), external)


def as_bytes(prior):
    """Return a prior as bytes."""
    return bytes(memoryview(prior))

"""A network that predicts tokens or frames, its identity and what its tokens stand for
(docs/net.md, sections 10 and 11; docs/text.md, tokenizing)."""

import hashlib

from .errors import Unsupported, check
from .net_decoder import open_decoder
from .net_files import open_model
from .net_frames import ARCHITECTURE, Frames
from .net_layers import Digest

CONTROL, UNKNOWN, UNUSED, BYTE = 3, 2, 5, 6  # types of tokens


class Network:
    """A network from the bytes of a model file."""

    def __init__(self, data):
        self.sum = hashlib.sha256(data).digest()
        m = open_model(data)
        self.frames = self.decoder = None
        if m.values.get("architecture") == ARCHITECTURE:
            self.frames = Frames(m)
        else:
            self.decoder = open_decoder(m)
        self.vocabulary = Vocabulary(m)
        size = self.frames.symbols if self.frames else self.decoder.tokens.rows
        check(len(self.vocabulary.tokens) in (0, size), "a vocabulary of another size")
        self.symbols = size
        d = Digest()
        d.text(b"foretell net")
        d.ints(1)
        d.part(self.frames or self.decoder)
        self.vocabulary.digest(d)
        self.identity = d.hash.digest()


class Vocabulary:
    """What the tokens stand for."""

    def __init__(self, m):
        self.kind = m.text("tokenizer.ggml.model").encode("utf-8", "surrogateescape")
        self.tokens, self.types = m.values.get("tokenizer.ggml.tokens", []), m.values.get("tokenizer.ggml.token_type", [])
        check(isinstance(self.tokens, list) and all(isinstance(t, str) for t in self.tokens), "tokens of a vocabulary")
        check(isinstance(self.types, list) and all(isinstance(t, int) for t in self.types), "types of a vocabulary")
        check(len(self.types) in (0, len(self.tokens)), "types of a vocabulary")
        self.start = m.values.get("tokenizer.ggml.bos_token_id", 0)

    def digest(self, to):
        to.text(self.kind)
        to.ints(len(self.tokens))
        for t in self.tokens:
            to.text(t.encode("utf-8", "surrogateescape"))
        to.ints(len(self.types), *self.types)

    def spelling(self):
        """The bytes of each token, None for those that stand for no text."""
        if self.kind not in (b"llama", b"gpt2"):
            raise Unsupported("a tokenizer of the kind %r" % self.kind)
        out = []
        for i, t in enumerate(self.tokens):
            kind = self.types[i] if self.types else 1
            if kind in (CONTROL, UNKNOWN, UNUSED):
                out.append(None)
            elif self.kind == b"gpt2":
                out.append(byte_level(t))
            elif kind == BYTE:
                check(len(t) == 6 and t[:3] == "<0x" and t[5] == ">", "a token of a byte")
                out.append(bytes([int(t[3:5], 16)]))
            else:
                out.append(t.replace("\u2581", " ").encode("utf-8", "surrogateescape"))
        return out


def byte_signs():
    """The byte that each sign of a byte-level vocabulary stands for."""
    plain = [x for x in range(256) if 33 <= x <= 126 or 161 <= x <= 172 or 174 <= x]
    others = [x for x in range(256) if x not in plain]
    return {chr(x): x for x in plain} | {chr(256 + i): x for i, x in enumerate(others)}


SIGNS = byte_signs()


def byte_level(token):
    """The bytes of a token; signs that stand for none are themselves."""
    return b"".join(bytes([SIGNS[c]]) if c in SIGNS else c.encode("utf-8", "surrogateescape") for c in token)

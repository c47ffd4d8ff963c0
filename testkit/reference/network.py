"""A network that predicts tokens or frames, its identity and what its tokens stand for
(docs/net.md, sections 10 and 11; docs/text.md, tokenizing)."""

import hashlib
import re

from .errors import Unsupported, check
from .net_decoder import open_decoder
from .net_files import open_model
from .net_frames import ARCHITECTURE, Frames
from .net_layers import Digest

UNKNOWN, CONTROL, LITERAL, UNUSED, BYTE = 2, 3, 4, 5, 6  # types of tokens
STARTS = "<|endoftext|>", "<|begin_of_text|>", "<bos>", "<s>"


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
        check(len(self.vocabulary.tokens) <= size, "a vocabulary of more tokens than the network has")
        self.symbols = size
        if self.decoder:
            self.of_text()
        d = Digest()
        d.text(b"foretell net")
        d.ints(1)
        d.part(self.frames or self.decoder)
        self.vocabulary.digest(d)
        self.identity = d.hash.digest()


    def of_text(self):
        """Sets size, the symbols that blocks are coded with, what each spells (None if there
        is no tokenizer), those that stand for no text, their order, and the token at the
        beginning."""
        tokens = self.vocabulary.spelling()
        self.size, self.spelling, self.start = self.symbols, None, self.vocabulary.start()
        self.order, self.mute = list(range(self.size)), []
        if tokens is None:
            return
        self.size = max(self.size, len(tokens) + 256)
        self.mute = [i for i, t in enumerate(tokens) if not t]
        self.spelling = tokens + [bytes([x]) for x in range(256)]
        self.spelling += [b""] * (self.size - len(self.spelling))
        keys = [key(t) for t in tokens] + [(5, 0, b"", bytes([x])) for x in range(256)]
        keys += [(0, 0, b"", b"")] * (self.size - len(keys))
        self.order = sorted(range(self.size), key=lambda s: (keys[s], s))


def key(text):
    """What a token is sorted by."""
    word = text.lstrip(b" ")
    sign = first_sign(word)
    if not word:
        kind = 0
    elif sign is None:
        kind = 4
    else:
        kind = 3 if sign >= 128 or chr(sign).isalpha() else 2 if 48 <= sign <= 57 else 1
    return kind, int(len(word) < len(text)), word.lower(), text


def first_sign(word):
    """The sign that a text begins with, None if it is not UTF-8 there or U+FFFD."""
    for n in range(1, 5):
        try:
            sign = ord(word[:n].decode("utf-8"))
            return sign if sign != 0xFFFD else None
        except (UnicodeDecodeError, TypeError):
            pass
    return None


class Vocabulary:
    """What the tokens stand for."""

    def __init__(self, m):
        self.kind = m.text("tokenizer.ggml.model").encode("utf-8", "surrogateescape")
        self.tokens, self.types = m.values.get("tokenizer.ggml.tokens", []), m.values.get("tokenizer.ggml.token_type", [])
        check(isinstance(self.tokens, list) and all(isinstance(t, str) for t in self.tokens), "tokens of a vocabulary")
        check(isinstance(self.types, list) and all(isinstance(t, int) for t in self.types), "types of a vocabulary")
        check(len(self.types) in (0, len(self.tokens)), "types of a vocabulary")
        self.first = m.values.get("tokenizer.ggml.bos_token_id")

    def digest(self, to):
        to.text(self.kind)
        to.ints(len(self.tokens))
        for t in self.tokens:
            to.text(t.encode("utf-8", "surrogateescape"))
        to.ints(len(self.types), *self.types)

    def spelling(self):
        """The bytes of each token, none for those that stand for no text; None if there is no
        vocabulary."""
        if not self.kind:
            return None
        if self.kind not in (b"llama", b"gpt2"):
            raise Unsupported("a tokenizer of the kind %r" % self.kind)
        out = []
        for i, t in enumerate(self.tokens):
            kind, plain = self.types[i] if self.types else 1, t.encode("utf-8", "surrogateescape")
            check(1 <= kind <= 6, "a token of an unknown type")
            byte = re.fullmatch("<0x([0-9A-F]{2})>", t)
            if kind in (CONTROL, UNKNOWN, UNUSED):
                out.append(b"")
            elif kind == BYTE:
                out.append(bytes.fromhex(byte[1]) if byte else plain)
            elif kind == LITERAL:
                out.append(plain)
            elif self.kind == b"gpt2":
                out.append(bytes(SIGNS[c] for c in t) if all(c in SIGNS for c in t) else plain)
            else:
                out.append(t.replace("\u2581", " ").encode("utf-8", "surrogateescape"))
        return out

    def start(self):
        """The token that texts begin after."""
        control = [i for i, kind in enumerate(self.types) if kind in (CONTROL, UNKNOWN, UNUSED)]
        for name in STARTS:
            if name in self.tokens and self.tokens.index(name) in control:
                return self.tokens.index(name)
        return self.first if self.first in control else 0


def byte_signs():
    """The byte that each sign of a byte-level vocabulary stands for."""
    plain = [x for x in range(256) if 33 <= x <= 126 or 161 <= x <= 172 or 174 <= x]
    others = [x for x in range(256) if x not in plain]
    return {chr(x): x for x in plain} | {chr(256 + i): x for i, x in enumerate(others)}


SIGNS = byte_signs()

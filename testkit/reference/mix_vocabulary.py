"""Vocabularies that codec mix knows (docs/mix.md, vocabularies)."""

import functools
import os
import struct

import zstandard


class Vocabulary:
    """tokens are the bytes of each token, leaves pairs of a token and its depth in the tree,
    from left to right."""

    def __init__(self, raw, size):
        self.tokens, at = [], 0
        for _ in range(size):
            n, shift = 0, 0
            while True:
                n, shift, at = n | (raw[at] & 127) << shift, shift + 7, at + 1
                if raw[at - 1] < 128:
                    break
            self.tokens.append(raw[at : at + n])
            at += n
        self.leaves = list(struct.iter_unpack("<HB", raw[at:]))


@functools.lru_cache(maxsize=None)
def gpt2():
    """The vocabulary of GPT-2, number 1."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "gpt2.bin"), "rb") as f:
        return Vocabulary(zstandard.ZstdDecompressor().decompress(f.read()), 50257)

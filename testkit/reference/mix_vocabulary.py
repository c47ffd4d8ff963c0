"""Vocabularies that codec mix knows (docs/mix.md, vocabularies)."""

import functools
import os
import struct

import zstandard


class Vocabulary:
    """tokens are the bytes of each token, leaves pairs of a token and its depth in the tree,
    from left to right, classes the number of the class of each token."""

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
        end = at + 3 * size
        self.leaves, self.classes, at = list(struct.iter_unpack("<HB", raw[at:end])), [0] * size, 0
        self.count = 0
        for (n,) in struct.iter_unpack("<H", raw[end:]):
            for token, _ in self.leaves[at : at + n]:
                self.classes[token] = self.count
            self.count, at = self.count + 1, at + n


@functools.lru_cache(maxsize=None)
def gpt2():
    """The vocabulary of GPT-2, number 1."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "gpt2.bin"), "rb") as f:
        return Vocabulary(zstandard.ZstdDecompressor().decompress(f.read()), 50257)

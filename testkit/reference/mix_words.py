"""What the bytes of a text spell (docs/mix.md, section 5)."""

from .mix_learn import MASK

WORD_VALUES = 6  # how many Words.values returns


def byte_kind(x):
    if x == 10:
        return 1
    if x in (32, 9):
        return 2
    if x < 32:
        return 0
    if x >= 128:
        return 7
    c = chr(x)
    return 3 if c.islower() else 4 if c.isupper() else 5 if c.isdigit() else 6


class Words:
    """What the bytes of a text spell."""

    def __init__(self):
        self.words, self.kinds, self.done = [0, 0, 0], 0, 0

    def advance(self, symbols, i):
        """Takes in what precedes position i."""
        while self.done < i:
            self.take(symbols[self.done])
            self.done += 1

    def take(self, x):
        """Takes in a byte."""
        kind = byte_kind(x)
        self.kinds = self.kinds << 3 & MASK | kind
        if kind in (3, 4, 7):
            h = (self.words[0] + x + (32 if kind == 4 else 0) + 1) * 0x9E3779B1 & MASK
            self.words[0] = h ^ h >> 15 | 1
        elif self.words[0]:
            self.words = [0] + self.words[:2]

    def values(self):
        """word word1 word2 kinds3 kinds4 kinds6 of the next token."""
        return self.words + [self.kinds & (1 << 3 * n) - 1 for n in (3, 4, 6)]


class Spelling(Words):
    """What the bytes of tokens spell, of which tokens has those of each symbol."""

    def __init__(self, tokens):
        super().__init__()
        self.tokens, self.latest, self.column = tokens, 0, 0

    def follow(self, symbol):
        for x in self.tokens[symbol]:
            self.take(x)
            self.latest = (self.latest << 8 | x) & (1 << 48) - 1
            self.column = 0 if x == 10 else min(self.column + 1, 255)

    def tail(self):
        """A hash of the last six bytes."""
        return ((self.latest << 16) * 0x9E3779B97F4A7C15 >> 32) & MASK

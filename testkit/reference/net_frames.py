"""The frame predictor for commaVQ (docs/net.md, sections 9 and 10)."""

import json
from fractions import Fraction
from math import isfinite

from .errors import Corrupt, Unsupported, check
from .net_layers import Active, Attention, Curve, Norm, Product, Value, add, clip, clip32, rounded
from .net_reals import nearest

ARCHITECTURE = "commavq-frame-student"
EPSILON = 1e-5
MOST = 1 << 31


class Layer:
    """A layer of an encoder, all of whose vectors see each other."""

    def __init__(self, m, name, width, hidden, heads):
        def product(name, rows, cols, bias=".bias", weight=".weight"):
            return list(m.rows(name + weight, rows, cols)), m.vector(name + bias, rows)

        rows, bias = product(name + "self_attn.in_proj", 3 * width, width, "_bias", "_weight")
        self.q, self.k, self.v = (Product(rows[i : i + width], bias[i : i + width]) for i in range(0, 3 * width, width))
        self.o = Product(*product(name + "self_attn.out_proj", width, width))
        self.up, self.down = Product(*product(name + "linear1", hidden, width)), Product(*product(name + "linear2", width, hidden))
        self.norms = [norm(m, name + "norm%d" % k, width) for k in (1, 2)]
        self.dim = width // heads
        self.attention, self.curve = Attention(self.dim), Curve("gelu")

    def digest(self, to):
        for p in [self.q, self.k, self.v, self.o, self.up, self.down] + self.norms:
            to.part(p)

    def __call__(self, xs, wanted):
        """The last ones of the vectors, as many as are wanted."""
        active = [Active(x, 24) for x in xs]
        keys, values = ([p(a) for a in active] for p in (self.k, self.v))
        queries, heads = [self.q(a) for a in active[-wanted:]], [[] for _ in range(wanted)]
        for at in range(0, len(xs[0]), self.dim):
            k = [Active(c[at : at + self.dim], f) for c, f in keys]
            v = [Value(c[at : at + self.dim], f) for c, f in values]
            for out, (c, f) in zip(heads, queries):
                out += self.attention(Active(c[at : at + self.dim], f), k, v)
        return [self.forward(x, out) for x, out in zip(xs[-wanted:], heads)]

    def forward(self, x, heads):
        x = self.normed(0, add(x, *self.o(Active(heads, 24))))
        u, f = self.up(Active(x, 24))
        return self.normed(1, add(x, *self.down(Active(self.curve(u, f), f))))

    def normed(self, which, x):
        return [rounded(y, 6) for y in self.norms[which](x)]


def norm(m, name, width):
    return Norm(m.vector(name + ".weight", width), m.vector(name + ".bias", width), EPSILON, True)


class Scale:
    """Biases and temperatures of the places."""

    def __init__(self, m, places, symbols):
        try:
            own = Fraction(m.text("recommended_temperature", "1")[:32])
        except (ValueError, ZeroDivisionError):
            raise Corrupt("the temperature of the model") from None
        of_places = m.optional("position_temperatures", places) or [1] * places
        check(all(isfinite(t) and 1 << 10 >= own * Fraction(t) >= Fraction(1, 1 << 10) for t in of_places), "a temperature")
        self.r = []
        for t in of_places:
            r, f = 1 / (own * Fraction(t)), 40
            while nearest(r * Fraction(2) ** f) >= 1 << 30:
                f -= 1
            self.r.append((nearest(r * Fraction(2) ** f), f))
        rows = m.rows("position_logit_bias", places, symbols) if "position_logit_bias" in m.tensors else []
        self.bias = [[nearest(Fraction(b) * (1 << 20)) for b in row if finite(b)] for row in rows]

    def digest(self, to):
        to.ints(len(self.r))
        for r in self.r:
            to.ints(*r)
        to.ints(len(self.bias))
        for row in self.bias:
            to.many("i", row)

    def __call__(self, x, place):
        r, f = self.r[place]
        if self.bias:
            x = [clip(v + b, MOST) for v, b in zip(x, self.bias[place])]
        return [clip32(rounded(v * r, f + 4)) for v in x]


def finite(b):
    check(isfinite(b) and abs(b) < 1 << 10, "a bias of a place")
    return True


class Frames:
    def __init__(self, m):
        try:
            c = json.loads(m.text("config"))
            names = "vocab_size tokens_per_frame context_frames d_model ff_mult temporal_heads spatial_heads temporal_layers spatial_layers"
            sizes = [c[k] for k in names.split()]
            rank, first = c.get("adapter_rank", 0), c.get("norm_first", False)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Corrupt("the configuration of the model") from None
        check(all(type(n) is int for n in sizes + [rank]), "the configuration of the model")
        self.symbols, self.places, self.seen, width, mult, heads_t, heads_s, layers_t, layers_s = sizes
        limits = 1 << 18, 1 << 12, 1 << 10, 1 << 15, 64, width, width, 1 << 20, 1 << 20
        if first or not all(1 <= n <= most for n, most in zip(sizes, limits)) or width % heads_t or width % heads_s or rank < 0:
            raise Unsupported("a frame predictor of such sizes")
        hidden = mult * width
        self.sizes = self.symbols, self.places, self.seen, width, hidden, heads_t, heads_s
        self.tokens = Product(m.rows("tok_embed.weight", self.symbols, width))
        self.at = Product(m.rows("pos_embed.weight", self.places, width))
        self.ages = Product(m.rows("frame_embed.weight", self.seen, width))
        self.over_frames, self.over_places = (
            [Layer(m, "%s_encoder.layers.%d." % (name, i), width, hidden, heads) for i in range(n)]
            for name, n, heads in (("temporal", layers_t, heads_t), ("spatial", layers_s, heads_s))
        )
        self.norm = norm(m, "final_norm", width)

        def product(name, rows, cols):
            return Product(m.rows(name + ".weight", rows, cols), m.vector(name + ".bias", rows))

        self.head = product("out_proj", self.symbols, width)
        self.down = product("adapter_down", rank, width) if rank else None
        self.up = product("adapter_up", self.symbols, rank) if rank else None
        self.scale, self.curve = Scale(m, self.places, self.symbols), Curve("gelu")

    def digest(self, to):
        to.text(b"frames")
        to.ints(*self.sizes)
        for p in (self.tokens, self.at, self.ages):
            to.part(p)
        for layers in (self.over_frames, self.over_places):
            to.ints(len(layers))
            for p in layers:
                to.part(p)
        for p in (self.norm, self.head, self.down, self.up, self.scale):
            to.part(p)

    def logits(self, frames):
        """The logits of each place of the next frame, with 16 fraction bits, from frames of
        tokens, the oldest first."""
        last = []
        for place in range(self.places):
            xs = []
            for age, frame in enumerate(frames):
                x = self.tokens.add_row([0] * self.sizes[3], frame[place])
                xs.append(self.ages.add_row(self.at.add_row(x, place), age))
            for k, layer in enumerate(self.over_frames, 1):
                xs = layer(xs, 1 if k == len(self.over_frames) else self.seen)
            last += xs
        for layer in self.over_places:
            last = layer(last, self.places)
        return [self.predict(x, place) for place, x in enumerate(last)]

    def predict(self, x, place):
        h = Active(self.norm(x), 30)
        out = self.logit(*self.head(h))
        if self.down:
            c, f = self.down(h)
            out = [clip(a + b, MOST) for a, b in zip(out, self.logit(*self.up(Active(self.curve(c, f), f))))]
        return self.scale(out, place)

    @staticmethod
    def logit(out, f):
        return [clip(rounded(x, f - 20), MOST) for x in out]

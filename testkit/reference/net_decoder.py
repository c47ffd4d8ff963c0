"""Networks that predict what comes after each token: llama, qwen2, qwen3, gpt2 (docs/net.md,
section 10)."""

from .errors import Unsupported, check
from .net_layers import Active, Attention, Curve, Norm, Product, Rope, Value, add, clip, rounded

MOST_WIDTH, MOST_HEAD = 1 << 15, 256


class Layer:
    q_norm = k_norm = gate = None


class Decoder:
    positions = rope = None

    def digest(self, to):
        to.text(b"decoder")
        to.ints(self.width, self.hidden, self.heads, self.kv_heads, self.dim, self.context)
        to.text(self.curve.name.encode())
        to.part(self.rope)
        to.part(self.head)
        to.part(self.tokens if self.tokens is not self.head else None)
        to.part(self.positions)
        to.ints(len(self.layers))
        for b in self.layers:
            for p in (b.attention, b.q_norm, b.k_norm, b.forward, b.q, b.k, b.v, b.o, b.gate, b.up, b.down):
                to.part(p)
        to.part(self.norm)

    def stream(self, window, sinks):
        return Stream(self, window, sinks)


class Stream:
    """One text, token by token. Keys and values are kept of all positions."""

    def __init__(self, net, window, sinks):
        self.net, self.window, self.sinks, self.position = net, window, sinks, 0
        self.keys = [[[] for _ in range(net.kv_heads)] for _ in net.layers]
        self.values = [[[] for _ in range(net.kv_heads)] for _ in net.layers]

    def logits(self, token):
        """Takes a token in; the logits of the next one, with 16 fraction bits."""
        n, p = self.net, self.position
        if n.positions:
            check(p < n.positions.rows, "a position beyond those of the network")
        x = n.tokens.add_row([0] * n.width, token)
        if n.positions:
            x = n.positions.add_row(x, p)
        for b, keys, values in zip(n.layers, self.keys, self.values):
            x = add(x, *b.o(self.attend(b, Active(b.attention(x), 30), keys, values)))
            h = Active(b.forward(x), 30)
            u, f = b.up(h)
            if b.gate:
                g, f_gate = b.gate(h)
                u, f = [a * c for a, c in zip(n.curve(g, f_gate), u)], f + f_gate
            else:
                u = n.curve(u, f)
            x = add(x, *b.down(Active(u, f)))
        self.position += 1
        return n.head.logits(Active(n.norm(x), 30))

    def attend(self, b, h, keys, values):
        n, p = self.net, self.position
        for k, norm, v, at in zip(parts(b.k(h), n.dim), [b.k_norm] * n.kv_heads, parts(b.v(h), n.dim), range(n.kv_heads)):
            keys[at].append(self.turned(norm, *k))
            values[at].append(Value(*v))
        first = max(0, p - self.window + 1)
        seen = list(range(min(self.sinks, first))) + list(range(first, p + 1))
        out = []
        for i, q in enumerate(parts(b.q(h), n.dim)):
            at = i // (n.heads // n.kv_heads)
            q = self.turned(b.q_norm, *q)
            out += n.attention(q, [keys[at][t] for t in seen], [values[at][t] for t in seen])
        return Active(out, 24)

    def turned(self, norm, c, f):
        """The activations of a head of a query or key."""
        if norm:
            c, f = [clip(rounded(y, 14), 1 << 30) for y in norm(add([0] * len(c), c, f))], 16
        if self.net.rope:
            c, f = self.net.rope(c, self.position), f + 30
        return Active(c, f)


def parts(out, dim):
    """The heads of the outputs of a product."""
    c, f = out
    return [(c[i : i + dim], f) for i in range(0, len(c), dim)]


def gated(m, arch):
    """A network of llama's kind."""
    d, key = Decoder(), arch + "."
    d.width, d.hidden = m.size(key + "embedding_length", None, MOST_WIDTH), m.size(key + "feed_forward_length", None, MOST_WIDTH)
    d.heads, d.context = m.size(key + "attention.head_count", None, MOST_WIDTH), m.size(key + "context_length")
    d.kv_heads = m.size(key + "attention.head_count_kv", d.heads, MOST_WIDTH)
    d.dim = m.size(key + "attention.key_length", d.width // d.heads, MOST_HEAD)
    turned = m.size(key + "rope.dimension_count", d.dim, MOST_HEAD)
    layers = m.size(key + "block_count", None, 1 << 20)
    if m.number(key + "expert_count", 0) != 0:
        raise Unsupported("a network of experts")
    if d.heads % d.kv_heads or m.size(key + "attention.value_length", d.dim) != d.dim or turned > d.dim or turned % 2:
        raise Unsupported("heads of such numbers")
    d.rope, d.attention, d.curve = rotation(m, key, turned, arch != "llama"), Attention(d.dim), Curve("silu")
    epsilon = m.number(key + "attention.layer_norm_rms_epsilon")

    def norm(name, n):
        return Norm(m.vector(name + ".weight", n), None, epsilon, False)

    def product(name, rows, cols):
        return Product(m.rows(name + ".weight", rows, cols), m.optional(name + ".bias", rows))

    d.layers = []
    for i in range(layers):
        b, name = Layer(), "blk.%d." % i
        inside = d.heads * d.dim
        b.attention, b.forward = norm(name + "attn_norm", d.width), norm(name + "ffn_norm", d.width)
        b.q, b.o = product(name + "attn_q", inside, d.width), product(name + "attn_output", d.width, inside)
        b.k, b.v = (product(name + "attn_" + x, d.kv_heads * d.dim, d.width) for x in "kv")
        b.gate, b.up = (product(name + "ffn_" + x, d.hidden, d.width) for x in ("gate", "up"))
        b.down = product(name + "ffn_down", d.width, d.hidden)
        if name + "attn_q_norm.weight" in m.tensors:
            b.q_norm, b.k_norm = norm(name + "attn_q_norm", d.dim), norm(name + "attn_k_norm", d.dim)
        d.layers.append(b)
    d.norm = norm("output_norm", d.width)
    vocabulary(m, d, "token_embd.weight", "output.weight")
    return d


def rotation(m, key, turned, apart):
    kind, factors = m.text(key + "rope.scaling.type", "none"), []
    if kind == "linear":
        factors = [float(m.number(key + "rope.scaling.factor", 1))] * (turned // 2)
    elif kind not in ("", "none"):
        raise Unsupported("positions scaled by " + kind)
    given = m.optional("rope_freqs.weight", turned // 2)
    if given and factors:
        raise Unsupported("positions scaled in two ways")
    return Rope(turned, float(m.number(key + "rope.freq_base", 10000.0)), given or factors, apart)


def vocabulary(m, d, tokens, head):
    """The embedding of tokens and the last product, which may be one matrix."""
    check(tokens in m.tensors and len(m.tensors[tokens].shape) == 2, "the model has no tensor " + tokens)
    n = m.tensors[tokens].shape[0]
    d.tokens = Product(m.rows(tokens, n, d.width))
    d.head = Product(m.rows(head, n, d.width)) if head in m.tensors else d.tokens


# Names of GPT-2's tensors in GGUF files and in safetensors files.
GGUF = dict(token="token_embd", position="position_embd", norm="output_norm", head="output", layer="blk.%d.", attention="attn_norm",
            qkv="attn_qkv", o="attn_output", forward="ffn_norm", up="ffn_up", down="ffn_down")  # fmt: skip
HUGGING_FACE = dict(token="wte", position="wpe", norm="ln_f", layer="h.%d.", attention="ln_1", qkv="attn.c_attn",
                    o="attn.c_proj", forward="ln_2", up="mlp.c_fc", down="mlp.c_proj")  # fmt: skip


def gpt2_gguf(m):
    d = Decoder()
    d.width, d.hidden = m.size("gpt2.embedding_length", None, MOST_WIDTH), m.size("gpt2.feed_forward_length", None, MOST_WIDTH)
    d.heads, d.context = m.size("gpt2.attention.head_count", None, MOST_WIDTH), m.size("gpt2.context_length")
    return gpt2(m, d, m.size("gpt2.block_count", None, 1 << 20), GGUF, m.number("gpt2.attention.layer_norm_epsilon"), False)


def gpt2_safetensors(m):
    prefix = "" if "wte.weight" in m.tensors else "transformer."
    names = {key: prefix + name if "%d" in name or key in ("token", "position", "norm") else name for key, name in HUGGING_FACE.items()}
    names["head"] = "lm_head"
    first = names["layer"] % 0
    for name in (names["token"], names["position"], first + names["qkv"], first + names["up"]):
        check(name + ".weight" in m.tensors and len(m.tensors[name + ".weight"].shape) == 2, "the model has no tensor " + name)
    shape = lambda name: m.tensors[name + ".weight"].shape  # noqa: E731
    d = Decoder()
    (d.context, d.width), layers = shape(names["position"]), 0
    while names["layer"] % layers + names["attention"] + ".weight" in m.tensors:
        layers += 1
    inputs = shape(first + names["qkv"])[0] == d.width
    d.hidden = shape(first + names["up"])[inputs]
    heads = m.text("n_head", str(d.width // 64))
    check(heads.isdecimal() and 0 < len(heads) < 8 and int(heads) > 0, "number of heads")
    d.heads = int(heads)
    return gpt2(m, d, layers, names, 1e-5, inputs)


def gpt2(m, d, layers, names, epsilon, inputs):
    """A network of GPT-2's kind whose sizes are known. inputs says that matrices have a row
    for each input."""
    d.kv_heads, d.dim = d.heads, d.width // d.heads
    if d.width % d.heads or d.dim > MOST_HEAD or layers < 1 or max(d.width, d.hidden) > MOST_WIDTH:
        raise Unsupported("heads or layers of such numbers")
    d.attention, d.curve = Attention(d.dim), Curve("gelu tanh")

    def norm(name):
        return Norm(m.vector(name + ".weight", d.width), m.optional(name + ".bias", d.width), epsilon, True)

    def product(name, rows, cols, begin=0, end=None):
        bias = m.optional(name + ".bias", rows)
        w = zip(*m.rows(name + ".weight", cols, rows)) if inputs else m.rows(name + ".weight", rows, cols)
        return Product(list(w)[begin:end], bias and bias[begin:end])

    d.layers = []
    for i in range(layers):
        b, name, w = Layer(), names["layer"] % i, d.width
        b.attention, b.forward = norm(name + names["attention"]), norm(name + names["forward"])
        b.q, b.k, b.v = (product(name + names["qkv"], 3 * w, w, k * w, k * w + w) for k in range(3))
        b.o = product(name + names["o"], w, w)
        b.up, b.down = product(name + names["up"], d.hidden, w), product(name + names["down"], w, d.hidden)
        d.layers.append(b)
    d.norm = norm(names["norm"])
    d.positions = Product(m.rows(names["position"] + ".weight", d.context, d.width))
    vocabulary(m, d, names["token"] + ".weight", names["head"] + ".weight")
    return d


def open_decoder(m):
    if "wte.weight" in m.tensors or "transformer.wte.weight" in m.tensors:
        return gpt2_safetensors(m)
    arch = m.text("general.architecture")
    if arch in ("llama", "qwen2", "qwen3"):
        return gated(m, arch)
    if arch == "gpt2":
        return gpt2_gguf(m)
    raise Unsupported("networks of the architecture %r" % arch)

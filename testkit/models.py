"""Small networks for agree.py: model files with random numbers, and tokens drawn from what
the reader says that they predict. A file of such tokens is smaller under its network than
without, so that the command writes blocks under it."""

import json
import struct

from reference.net_layers import weigh_logits

# Of each type of tensors in GGUF files: number, columns of a block, and what makes one.
TYPES = {
    "F32": (0, 1, lambda r: struct.pack("<f", normal(r) / 2)),
    "F16": (1, 1, lambda r: struct.pack("<e", normal(r) / 2)),
    "BF16": (30, 1, lambda r: struct.pack("<f", normal(r) / 2)[2:]),
    "Q4_0": (2, 32, lambda r: scale(r, 0.1) + some(r, 16)),
    "Q4_1": (3, 32, lambda r: scale(r, 0.1) + scale(r, -0.8) + some(r, 16)),
    "Q5_0": (6, 32, lambda r: scale(r, 0.05) + some(r, 20)),
    "Q5_1": (7, 32, lambda r: scale(r, 0.05) + scale(r, -0.8) + some(r, 20)),
    "Q8_0": (8, 32, lambda r: scale(r, 0.008) + some(r, 32)),
    "Q4_K": (12, 256, lambda r: scale(r, 0.002) + scale(r, 0.02) + some(r, 140)),
    "Q5_K": (13, 256, lambda r: scale(r, 0.001) + scale(r, 0.02) + some(r, 172)),
    "Q6_K": (14, 256, lambda r: some(r, 208) + scale(r, 0.0003)),
}


def normal(r):
    """Nearly normal, with the deviation 1."""
    return (sum(r.below(1 << 20) for _ in range(12)) >> 4) / (1 << 16) - 6


def scale(r, x):
    return struct.pack("<e", x * (1 + r.below(100) / 100))


def some(r, n):
    return b"".join(r.next().to_bytes(8, "little") for _ in range(n // 8 + 1))[:n]


def text(s):
    data = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<Q", len(data)) + data


def value(x):
    if isinstance(x, str):
        return struct.pack("<I", 8) + text(x)
    if isinstance(x, float):
        return struct.pack("<If", 6, x)
    if isinstance(x, list):
        items = [value(v) for v in x]
        kind = items[0][:4] if items else struct.pack("<I", 8)
        return struct.pack("<I", 9) + kind + struct.pack("<Q", len(x)) + b"".join(v[4:] for v in items)
    return struct.pack("<II", 4, x)


class Gguf:
    def __init__(self, r):
        self.r, self.values, self.tensors = r, {}, []

    def tensor(self, name, *shape, types=("F32",)):
        fit = [t for t in types if shape[-1] % TYPES[t][1] == 0] or ["F32"]
        kind = self.r.choice(fit)
        n = 1
        for axis in shape:
            n *= axis
        self.tensors.append((name, shape, TYPES[kind][0], b"".join(TYPES[kind][2](self.r) for _ in range(n // TYPES[kind][1]))))

    def gains(self, name, n, mean=1):
        data = struct.pack("<%df" % n, *[mean + normal(self.r) / 8 for _ in range(n)])
        self.tensors.append((name, (n,), 0, data))

    def bytes(self):
        out = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.values))
        out += b"".join(text(k) + value(v) for k, v in self.values.items())
        data = b""
        for name, shape, kind, content in self.tensors:
            out += text(name) + struct.pack("<I", len(shape)) + struct.pack("<%dQ" % len(shape), *shape[::-1])
            out += struct.pack("<IQ", kind, len(data))
            data += content + bytes(-len(content) % 32)
        return out + bytes(-len(out) % 32) + data


def words(r, v):
    """A vocabulary; how many tokens it has."""
    pieces = ["th", "er", "in", "on"]
    if r.below(2):
        v["tokenizer.ggml.model"] = "llama"
        tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % i for i in range(256)] + ["\u2581"] + pieces
        v["tokenizer.ggml.token_type"] = [2, 3, 3] + [6] * 256 + [1] * 5
        v["tokenizer.ggml.scores"] = [float(-i) for i in range(len(tokens))]
    else:
        from reference.network import SIGNS

        v["tokenizer.ggml.model"] = "gpt2"
        signs = sorted(SIGNS, key=SIGNS.get)
        if r.below(2):
            signs = signs[:128] + signs[200:]  # a vocabulary that lacks some bytes
        tokens = ["<|endoftext|>"] + signs + pieces
        v["tokenizer.ggml.token_type"] = [3] + [1] * (len(tokens) - 1)
        v["tokenizer.ggml.merges"] = [p[0] + " " + p[1] for p in pieces]
    v["tokenizer.ggml.tokens"] = tokens
    return len(tokens)


def decoder(r, arch, context):
    """A GGUF file of a network of tokens."""
    g = Gguf(r)
    layers, heads, dim = 1 + r.below(2), r.choice([2, 4]), r.choice([8, 16])
    width, hidden = r.choice([32, 64]), r.choice([32, 256])
    kv = heads if arch == "gpt2" else r.choice([1, heads])
    if arch == "gpt2":
        dim = width // heads
    types = r.choice([["F32", "F16", "BF16"], ["Q4_0", "Q4_1", "Q5_0"], ["Q5_1", "Q8_0", "F16"]])
    v = g.values
    v["general.architecture"] = arch
    key = arch + "."
    v[key + "context_length"], v[key + "embedding_length"], v[key + "block_count"] = context, width, layers
    v[key + "feed_forward_length"], v[key + "attention.head_count"] = hidden, heads
    if arch == "gpt2":
        v[key + "attention.layer_norm_epsilon"] = 1e-5
    else:
        v[key + "attention.head_count_kv"], v[key + "attention.key_length"] = kv, dim
        v[key + "attention.value_length"], v[key + "rope.dimension_count"] = dim, dim - 4 * r.below(2)
        v[key + "attention.layer_norm_rms_epsilon"] = 1e-5
        if r.below(2):
            v[key + "rope.freq_base"] = 500000.0
        if r.below(3) == 0:
            v[key + "rope.scaling.type"], v[key + "rope.scaling.factor"] = "linear", 2.5
        elif r.below(2):
            g.gains("rope_freqs.weight", v[key + "rope.dimension_count"] // 2)
    n = words(r, v)
    g.tensor("token_embd.weight", n, width, types=types)
    if r.below(2):
        g.tensor("output.weight", n, width, types=types)
    g.gains("output_norm.weight", width, 2)
    biases = arch != "llama" or r.below(2)
    if arch == "gpt2":
        g.tensor("position_embd.weight", context, width, types=types)
        g.tensor("output_norm.bias", width)
    for i in range(layers):
        b = "blk.%d." % i
        shapes = {"ffn_up": (hidden, width), "ffn_down": (width, hidden), "attn_output": (width, heads * dim)}
        if arch == "gpt2":
            shapes["attn_qkv"] = 3 * width, width
        else:
            shapes.update(attn_q=(heads * dim, width), attn_k=(kv * dim, width), attn_v=(kv * dim, width), ffn_gate=(hidden, width))
        for name, shape in shapes.items():
            g.tensor(b + name + ".weight", *shape, types=["Q4_K", "Q5_K", "Q6_K"] if shape[1] == 256 else types)
            if biases and (arch == "gpt2" or name in ("attn_q", "attn_k", "attn_v")):
                g.tensor(b + name + ".bias", shape[0])
        for name in ("attn_norm", "ffn_norm"):
            g.gains(b + name + ".weight", width)
            if arch == "gpt2":
                g.tensor(b + name + ".bias", width)
        if arch == "qwen3":
            g.gains(b + "attn_q_norm.weight", dim)
            g.gains(b + "attn_k_norm.weight", dim)
    return g.bytes()


def frames(r):
    """A safetensors file of a frame predictor."""
    symbols, places, seen, width, heads = 40, r.choice([6, 8]), 2 + r.below(2), 16, 2 + 2 * r.below(2)
    rank, hidden = 3 * r.below(2), 2 * 16
    sizes = dict(vocab_size=symbols, tokens_per_frame=places, context_frames=seen, d_model=width, ff_mult=2, norm_first=False)
    sizes.update(temporal_heads=heads, spatial_heads=2, temporal_layers=1 + r.below(2), spatial_layers=1, adapter_rank=rank)
    meta = {"architecture": "commavq-frame-student", "config": json.dumps(sizes)}
    if r.below(2):
        meta["recommended_temperature"] = "0.988"
    shapes = {"tok_embed.weight": (symbols, width), "pos_embed.weight": (places, width), "frame_embed.weight": (seen, width)}
    for kind in ("temporal", "spatial"):
        for i in range(sizes[kind + "_layers"]):
            b = "%s_encoder.layers.%d." % (kind, i)
            shapes.update({b + "self_attn.in_proj_weight": (3 * width, width), b + "self_attn.in_proj_bias": (3 * width,)})
            for name, shape in (("self_attn.out_proj", (width, width)), ("linear1", (hidden, width)), ("linear2", (width, hidden))):
                shapes.update({b + name + ".weight": shape, b + name + ".bias": shape[:1]})
            for name in ("norm1", "norm2"):
                shapes.update({b + name + ".weight": (width,), b + name + ".bias": (width,)})
    shapes.update({"final_norm.weight": (width,), "final_norm.bias": (width,)})
    shapes.update({"out_proj.weight": (symbols, width), "out_proj.bias": (symbols,)})
    if rank:
        shapes.update({"adapter_down.weight": (rank, width), "adapter_down.bias": (rank,)})
        shapes.update({"adapter_up.weight": (symbols, rank), "adapter_up.bias": (symbols,)})
    if r.below(2):
        shapes.update({"position_logit_bias": (places, symbols), "position_temperatures": (places,)})
    return safetensors(r, meta, shapes), places, symbols


def gpt2(r, context):
    """A safetensors file of GPT-2's kind, with matrices either way."""
    width, hidden, symbols, inputs = 32, 64, 60, r.below(2)
    prefix = r.choice(["", "transformer."])
    turned = lambda *shape: shape[::-1] if inputs else shape  # noqa: E731
    shapes = {"wte.weight": (symbols, width), "wpe.weight": (context, width), "ln_f.weight": (width,), "ln_f.bias": (width,)}
    for i in range(1 + r.below(2)):
        b = "h.%d." % i
        for name in ("ln_1", "ln_2"):
            shapes.update({b + name + ".weight": (width,), b + name + ".bias": (width,)})
        sizes = {"attn.c_attn": (3 * width, width), "attn.c_proj": (width, width), "mlp.c_fc": (hidden, width), "mlp.c_proj": (width, hidden)}
        for name, shape in sizes.items():
            shapes.update({b + name + ".weight": turned(*shape), b + name + ".bias": shape[:1]})
    shapes = {prefix + name: shape for name, shape in shapes.items()}
    if r.below(2):
        shapes["lm_head.weight"] = symbols, width
    return safetensors(r, {"n_head": "4"}, shapes)


def safetensors(r, meta, shapes):
    """A file of random tensors."""
    header, data = {"__metadata__": meta}, b""
    for name, shape in shapes.items():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        gain = name.endswith("weight") and len(shape) == 1
        whole = 2 if gain and "ln_f" in name else 1 if gain or "temperatures" in name else 0
        factor = 0.1 if whole else 2 if "out_proj.weight" == name else 0.5
        part = struct.pack("<%df" % n, *[whole + factor * normal(r) for _ in range(n)])
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def draw(r, weights):
    """A symbol, drawn by its weight."""
    at = r.below(sum(weights))
    for i, w in enumerate(weights):
        at -= w
        if at < 0:
            return i


def draw_tokens(r, network, count, segment):
    """Tokens that a network of tokens predicts, begun anew after each segment."""
    out = []
    for i in range(count):
        if i % segment == 0:
            stream, token = network.decoder.stream(1 << 20, 0), network.start
        w = weigh_logits(stream.logits(token))
        for s in network.mute:
            w[s] = 0
        token = draw(r, w)
        out.append(token)
    return out


def draw_frames(r, network, count):
    f = network.frames
    out = [[r.below(f.symbols) for _ in range(f.places)] for _ in range(f.seen)]
    while len(out) < count:
        out.append([draw(r, weigh_logits(x)) for x in f.logits(out[-f.seen :])])
    return out

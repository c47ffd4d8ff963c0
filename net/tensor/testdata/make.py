"""Writes ggml.f32: what the package gguf (PyPI) makes of blocks of each quantised type.

The bytes of the blocks come from the generator that tensor_test.go has too. Scales
have few bits, so that the float32 arithmetic of that package is exact.
"""

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize

SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}

out = []
state = 1
for name, at in SCALES.items():
    elements, size = GGML_QUANT_SIZES[Type[name]]
    for _ in range(256 // elements + 1):
        block = bytearray()
        for _ in range(size):
            state = (state * 1103515245 + 12345) % 2**32
            block.append(state >> 16 & 255)
        for i in at:
            block[i] &= 0xC0
            block[i + 1] = block[i + 1] & 0x83 | 0x28
        out.append(dequantize(np.frombuffer(block, np.uint8), Type[name]))
np.concatenate(out).astype("<f4").tofile("ggml.f32")

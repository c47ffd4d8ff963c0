"""Quantised latents under Gaussian densities, as learned image codecs have them.

A block transform stands in for the encoder network, and a scale for each frequency for
the hyperprior. Both sides have the same means and scales, so the latents are pushed on
a rANS stack in one call and popped in another.
"""

import numpy as np

import foretell


def image(size=256, seed=3):
    """Return a picture of smooth patches, edges and noise, 0..255."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    picture = 90 + 60 * np.sin(5 * x + 3 * y) + 50 * ((x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.05)
    return np.clip(np.rint(picture + rng.normal(0, 3, picture.shape)), 0, 255)


def basis(n=8):
    """Return the orthonormal discrete cosine transform of n points."""
    k, i = np.mgrid[0:n, 0:n]
    matrix = np.cos(np.pi * (2 * i + 1) * k / (2 * n)) * np.sqrt(2 / n)
    matrix[0] /= np.sqrt(2)
    return matrix


def analyse(picture, step):
    """Return the quantised latents of a picture, an integer array (blocks, 8, 8)."""
    rows, columns = (n // 8 for n in picture.shape)
    blocks = picture.reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    dct = basis()
    return np.rint(dct @ blocks @ dct.T / step).astype(np.int64)


def synthesise(latents, shape, step):
    """Return the picture of latents."""
    dct = basis()
    blocks = dct.T @ (latents * step) @ dct
    return blocks.reshape(shape[0] // 8, shape[1] // 8, 8, 8).swapaxes(1, 2).reshape(shape)


def density(count, mean, scale):
    """Return the densities of count blocks: mean and scale have shape (8, 8)."""
    return foretell.Gaussian(np.broadcast_to(mean, (count, 8, 8)), np.broadcast_to(scale, (count, 8, 8)))


def compress(latents):
    """Return the bytes of latents, with the parameters that decoding needs in front."""
    side = np.stack([latents.mean(axis=0), np.maximum(latents.std(axis=0), 0.15)]).astype(np.float16)
    mean, scale = side.astype(np.float64)
    stack = foretell.Stack()
    stack.push_values(latents, density(len(latents), mean, scale))
    return len(latents).to_bytes(4, "little") + side.tobytes() + stack.tobytes()


def decompress(data):
    """Return the latents."""
    count = int.from_bytes(data[:4], "little")
    mean, scale = np.frombuffer(data[4:260], np.float16).reshape(2, 8, 8).astype(np.float64)
    stack = foretell.Stack(data[260:])
    latents = stack.pop_values(density(count, mean, scale))
    if len(stack):
        raise ValueError("bytes are left over")
    return latents


def main():
    picture, step = image(), 8.0
    latents = analyse(picture, step)
    data = compress(latents)
    again = decompress(data)
    assert np.array_equal(again, latents)
    error = synthesise(again, picture.shape, step) - picture
    print(f"{picture.size} pixels, {len(data)} bytes, {8 * len(data) / picture.size:.3f} bits a pixel, "
          f"PSNR {10 * np.log10(255**2 / np.mean(error**2)):.1f} dB")


if __name__ == "__main__":
    main()

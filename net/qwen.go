package net

// qwen reads a network of Qwen2's or Qwen3's architecture (Yang et al. 2024, 2025)
// from a GGUF file: Llama's, with biases for queries, keys and values (Qwen2) or
// norms of the heads of queries and keys (Qwen3), and with pairs that are turned
// half a head apart.
func qwen(l *loader, arch string) *decoder { return gated(l, arch, true) }

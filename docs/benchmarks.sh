#!/usr/bin/env bash
# Makes docs/benchmarks.md anew: docs/benchmarks.sh > docs/benchmarks.md.
# FORETELL_DATA names the folder with the data, which is no part of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${FORETELL_DATA:?}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/foretell" ./cmd/foretell

# run prints a command and what it prints.
run() {
	printf '\n```\nforetell bench --markdown --cpu-time %s\n```\n\n' "$*"
	(cd "$data" && "$bin/foretell" bench --markdown --cpu-time "$@")
}

cat <<'EOF'
# Benchmarks

What `foretell bench` prints, unchanged; `docs/benchmarks.sh` runs these commands in
the folder of the data. Each row was decompressed and compared. Speeds are of one
thread, in MB (10^6 bytes) of the uncompressed input in a second of processor time,
from file to file: the machine is shared and busy with other work, as the load
averages say, and the clock would measure that. Caches and memory are shared too,
so take speeds for ratios within a table. MiB is the most memory that a process
of its own held, to compress or to decompress; no other program shows less than
about 15. Where runs is below 3, the first took so long that there were no more.

Other compressors get the files as they are. They would do better on some other
arrangement of the same tokens: 10 bits in an int64, say, is 8 bytes of which 6 are
always zero. gzip and zstd are those of Go's standard library and of
klauspost/compress at their best levels; the programs are xz 5.4.1, brotli 1.0.9,
zpaq 7.15 and kanzi-go 2.6.0 at their strongest settings.

- **taco-bell.npy**: a minute of driving video as commaVQ tokens, int64, 1200 frames of
  128 tokens ([commaai/commavq](https://github.com/commaai/commavq), MIT).
- **enwik-1M.gpt2.u16**: the first million GPT-2 tokens of enwik8.
- **encodec**: EnCodec audio tokens of 22 speakers, 66 arrays in 22 npz files
  ([suno-ai/bark](https://github.com/suno-ai/bark), MIT); all of them, and then the 8
  fine codebooks only.
- **logits**: what tokens came in three runs of a language model; the logits themselves
  are floats, which foretell does not take, and are left out.

Steps are measured by the Go benchmarks of package `step`. Weighing rows on a GPU
(`foretell.torch`, `foretell.jax`) has neither run on one nor been timed:
no GPU was at hand ([own-model.md](own-model.md#rows-on-a-gpu)).

## The same tokens as plain 16-bit arrays

What the general compressors make of the tokens in an arrangement that suits them
better than the files do: two bytes a token and no header, the video position by
position, the audio instant by instant (`fine_prompt`, as in the last but one
table). Bytes of `gzip -9`, `zstd -19 --ultra`, `xz -9e` and `zpaq add -m5`, beside
whole .fore files of the tables below.

| | 16-bit | gzip | zstd -19 | xz | zpaq | static | adaptive | mix | best |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| taco-bell | 307,200 | 161,086 | 145,934 | 129,836 | 116,450 | 187,155 | 114,798 | 95,818 | 95,596 |
| enwik-1M | 2,000,000 | 1,094,299 | 977,552 | 917,804 | 878,409 | 1,315,118 | 879,365 | 733,707 | 727,678 |
| encodec | 198,272 | 129,402 | 126,471 | 106,612 | 97,424 | 118,582 | 98,395 | 88,394 | 88,394 |
EOF
run commavq/taco-bell.npy
run llm/enwik-1M.gpt2.u16
run encodec
run encodec --solid
run encodec --member fine_prompt --solid
run logits

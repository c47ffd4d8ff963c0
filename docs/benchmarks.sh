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
	printf '\n```\nforetell bench --markdown %s\n```\n\n' "$*"
	(cd "$data" && "$bin/foretell" bench --markdown "$@")
}

cat <<'EOF'
# Benchmarks

What `foretell bench` prints, unchanged; `docs/benchmarks.sh` runs these commands in
the folder of the data. Each row was decompressed and compared. Speeds are of one
thread, in MB (10^6 bytes) of the uncompressed input in a second, from file to
file: take them for ratios within a table, since the machine is shared and its
load changes while a table is made. MiB is the most memory that a process of its
own held, to compress or to decompress; no program measured so shows less than
about 15. Where runs is below 3, one run took so long that it was not repeated.

Other compressors get the files as they are. They would do better on some other
arrangement of the same tokens: 10 bits in an int64, say, is 8 bytes of which 6 are
always zero. The settings are the strongest that each program has, but for zstd,
which is the Go package's best level.

- **taco-bell.npy**: a minute of driving video as commaVQ tokens, int64, 1200 frames of
  128 tokens ([commaai/commavq](https://github.com/commaai/commavq), MIT).
- **enwik-1M.gpt2.u16**: the first million GPT-2 tokens of enwik8.
- **encodec**: EnCodec audio tokens of 22 speakers, 66 arrays in 22 npz files
  ([suno-ai/bark](https://github.com/suno-ai/bark), MIT); all of them, and then the 8
  fine codebooks only.
- **logits**: what tokens came in three runs of a language model; the logits themselves
  are floats, which foretell does not take, and are left out.
EOF
run commavq/taco-bell.npy
run llm/enwik-1M.gpt2.u16
run encodec
run encodec --solid
run encodec --member fine_prompt --solid
run logits

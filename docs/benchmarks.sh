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

# beside prints the table of speeds beside FieldLz.
beside() {
	echo '| | `--fast=1` encode | `--fast` encode | FieldLz 6 encode | ratio | `--fast` decode | FieldLz 6 decode | ratio |'
	echo '|---|--:|--:|--:|--:|--:|--:|--:|'
	(cd bench && go test -run '^$' -bench FieldLz -cpu 1 -benchtime 20x .) | awk '
		sub(/^cpu: /, "") { cpu = $0 }
		sub(/^BenchmarkFieldLz./, "") {
			for (i = 3; i < NF; i += 2) v[$(i + 1)] = $i
			printf "| %s | %.0f | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n", $1, v["MB/s-encode-1"], v["MB/s-encode-5"],
				v["MB/s-encode-FieldLz"], v["encode-ratio"], v["MB/s-decode-5"], v["MB/s-decode-FieldLz"], v["decode-ratio"]
		}
		END { print "\nProcessor: " cpu "." }'
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
zpaq 7.15 and kanzi-go 2.6.0 at their strongest settings. openzl (0.3.0) and zstandard
(0.25.0) are packages of Python.

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
| taco-bell | 307,200 | 161,086 | 145,934 | 129,836 | 116,450 | 187,158 | 114,803 | 94,214 | 93,603 |
| enwik-1M | 2,000,000 | 1,094,299 | 977,552 | 917,804 | 878,409 | 1,315,121 | 879,370 | 699,121 | 690,872 |
| encodec | 198,272 | 129,402 | 126,471 | 106,612 | 97,424 | 118,424 | 98,239 | 88,236 | 88,237 |
EOF
run commavq/taco-bell.npy
run llm/enwik-1M.gpt2.u16
run encodec
run encodec --solid
run encodec --member fine_prompt --solid
run logits
cat <<'EOF'

## The fast levels beside what arrays are kept under

Bytes of whole .fore files of `--fast` at four levels, and of the code that others make
of the same tokens as 16-bit integers; taco-bell place by place for the others, which is
their better order, and encodec as one array of all 66.

| | `--fast=1` | `--fast=2` | `--fast` | `--fast=9` | OpenZL FieldLz 1 | 6 | zstd -3 | -19 |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
| enwik-1M.gpt2 | 1,023,057 | 957,564 | 935,104 | 900,923 | 1,019,633 | 966,311 | 1,129,866 | 977,285 |
| taco-bell | 150,292 | 134,660 | 134,455 | 130,826 | 142,867 | 139,745 | 171,242 | 145,926 |
| encodec, solid | 126,373 | 120,515 | 120,378 | 118,954 | 122,349 | 121,318 | 142,643 | 135,861 |

On the files as they are (int64 and others with their headers), as
`foretell bench --others openzl,blosc2,pcodec,parquet,zstandard` gives them to the
packages of Python:

| | blosc2, zstd 9 | parquet, zstd 19 | pcodec -12 | zstd -3 | zstd -19 | OpenZL FieldLz 6 | `--fast` |
|---|--:|--:|--:|--:|--:|--:|--:|
| taco-bell.npy | 192,439 | 179,964 | 191,037 | 242,344 | 198,313 | 185,551 | 134,455 |
| enwik-1M.gpt2.u16 | 1,653,233 | 1,490,723 | 1,354,794 | 1,129,866 | 977,285 | 966,311 | 935,104 |
| encodec, solid | 207,630 | 201,875 | | 209,691 | 178,127 | 193,595 | 120,378 |

Speeds of the codec alone, in MB of 16-bit tokens a second, beside FieldLz 6, by turns in
one run in memory: the fastest pass of all turns
(`cd bench && go test -run '^$' -bench FieldLz -cpu 1 -benchtime 20x`). Each has the tokens
in the order that is better for it, which lz finds by itself: encodec is the 66 arrays as
they are stored, and encodec-one all of them in rows as one array without a shape.

EOF
beside
cat <<'EOF'

Of decoding enwik-1M.gpt2, copying is 45 %, literals 39 % and tokens and offsets 16 %; of
encodec as one array literals are 50 %, of which half is tANS, copying is 29 % and tokens
and offsets 21 %. Of encoding, choosing among matches is a third, where each place waits
for the one before, and remembering places a quarter.

128 MB of 16-bit text tokens take the command 3.20 s with `--fast` and 1.51 s with `--fast=1`
on one thread, 1.68 and 0.81 s on two (`-T 2`). Decompressing takes 0.49 and 0.61 s, and
0.36 and 0.38 s on two, since one goroutine has the system write the file; into /dev/null
it is 0.37 and 0.42 s, and 0.24 and 0.27 s.

A stream of 1 GB of 16-bit text tokens takes 10.5 s and 109 MB of memory to compress on two
threads, 7.5 s and 65 MB to decompress, and a range of 100 tokens out of its middle 30 ms.
EOF

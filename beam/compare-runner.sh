#!/usr/bin/env bash
# Compresses the same shards on Prism and on the runner behind a Beam job server
# and compares every output: compare-runner.sh ENDPOINT [FLAGS of foretell-beam]
#
# The shards are made from the folder FORETELL_DATA, or are this module's own
# sources if it is not set.
set -euo pipefail
cd "$(dirname "$0")"
endpoint=${1:?name the job server, such as localhost:8099}
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/foretell-beam" ./cmd/foretell-beam

mkdir "$work/in"
if [ -n "${FORETELL_DATA:-}" ]; then
	find "$FORETELL_DATA" -name '*.npz' -exec cp {} "$work/in" \;
	split -b 50000 -d -a 3 --additional-suffix=.u16 "$FORETELL_DATA/llm/enwik-1M.gpt2.u16" "$work/in/text-"
else
	cp ./*.go go.sum "$work/in"
fi

"$work/foretell-beam" --input "$work/in/*" --output "$work/prism" --train-prior "$@"
"$work/foretell-beam" --input "$work/in/*" --output "$work/other" --train-prior "$@" \
	--runner universal --endpoint "$endpoint" --environment_type LOOPBACK
# The manifests differ in the paths of the outputs alone.
sed -i "s|$work/other|$work/prism|" "$work/other/manifest.jsonl"
diff -r "$work/prism" "$work/other"
echo "$(find "$work/other" -name '*.fore' | wc -l) outputs are the same on Prism and at $endpoint"

#!/usr/bin/env bash
# Runs foretell-beam on a runner of another make, in a process of its own: Beam's
# portable runner in Python, from PyPI. Its outputs must be Prism's.
set -euo pipefail
cd "$(dirname "$0")"
version=2.77.0 # of Beam, as in go.mod
port=${PORT:-8098}
work=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
	python3 -m venv "$work/venv"
	python=$work/venv/bin/python
	"$python" -m pip install -q "apache-beam==$version"
fi
"$python" -m apache_beam.runners.portability.local_job_service_main --port "$port" >"$work/log" 2>&1 &
server=$!
for _ in $(seq 120); do
	grep -q 'Listening for beam jobs' "$work/log" && break
	kill -0 "$server" || { cat "$work/log"; exit 1; }
	sleep 1
done
./compare-runner.sh "localhost:$port" "$@" || { tail -n 40 "$work/log"; exit 1; }

#!/usr/bin/env bash
# Runs foretell-beam on Apache Flink and compares its outputs with Prism's. It
# needs Java 11 or 17 and Maven; Beam's Flink job server, which contains Flink,
# comes from Maven Central. Nothing needs Docker: the job's Go code runs in the
# process that submits it (LOOPBACK).
#
#   flink-test.sh                       Flink in the job server's process
#   FLINK_MASTER=host:8081 flink-test.sh   a cluster, reached by its REST port
#   JOB_SERVER=job-server.jar flink-test.sh   a jar that is here already
set -euo pipefail
cd "$(dirname "$0")"
flink=${FLINK_VERSION:-1.19}
beam=${BEAM_VERSION:-2.75.0}
master=${FLINK_MASTER:-[local]}
port=${PORT:-8099}
work=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

jar=${JOB_SERVER:-}
if [ -z "$jar" ]; then
	artifact=beam-runners-flink-$flink-job-server
	mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
		-Dartifact="org.apache.beam:$artifact:$beam" -DoutputDirectory="$work"
	jar=$work/$artifact-$beam.jar
fi

# Flink reads private fields of the standard library, which Java 17 forbids.
opens=()
for package in lang lang.invoke lang.reflect io net nio text time util util.concurrent util.concurrent.atomic; do
	opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
java "${opens[@]}" -jar "$jar" --flink-master "$master" \
	--job-host localhost --job-port "$port" --artifact-port 0 --expansion-port 0 \
	--artifacts-dir "$work/artifacts" >"$work/log" 2>&1 &
server=$!
for _ in $(seq 120); do
	grep -q 'JobService started' "$work/log" && break
	kill -0 "$server" || { cat "$work/log"; exit 1; }
	sleep 1
done
./compare-runner.sh "localhost:$port" --parallelism 2 "$@" || { tail -n 40 "$work/log"; exit 1; }

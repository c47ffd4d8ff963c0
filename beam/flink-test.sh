#!/usr/bin/env bash
# Runs foretell-beam on Apache Flink and compares its outputs with Prism's. It starts
# a Flink cluster on this machine, a job manager and a task manager in processes of
# their own, and Beam's job server, all from Maven Central (flink/pom.xml). It needs
# Java 11 or 17 and Maven, and no Docker: the job's Go code runs in the process that
# submits it (LOOPBACK).
#
# FLINK_MASTER=HOST:PORT names another cluster's REST port; [local] is a Flink in the
# job server's process. More flags are for foretell-beam.
set -euo pipefail
cd "$(dirname "$0")"
port=${PORT:-8099}
rest=${REST_PORT:-8081}
master=${FLINK_MASTER:-}
work=$(mktemp -d)
pids=()
finish() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap finish EXIT

# fail shows the ends of all logs.
fail() {
	tail -n 40 "$work"/*.log
	exit 1
}

# until_true waits for a command to succeed while all that was started runs.
until_true() {
	for _ in $(seq 120); do
		! "$@" || return 0
		kill -0 "${pids[@]}" || fail
		sleep 1
	done
	fail
}

mvn -q -B -Dstyle.color=never -f flink/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath \
	-Dmdep.outputFile="$work/classpath"

# Flink reads private fields of the standard library, which Java 17 forbids.
java=(java -Xmx1g -cp "$(cat "$work/classpath")")
for package in lang lang.invoke lang.reflect io net nio text time util util.concurrent util.concurrent.atomic; do
	java+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done

task_managers() { curl -sf "localhost:$rest/taskmanagers" | grep -q '"id"'; }

if [ -z "$master" ]; then
	cat >"$work/flink-conf.yaml" <<-END
		jobmanager.rpc.address: localhost
		jobmanager.rpc.port: 6123
		rest.port: $rest
		io.tmp.dirs: $work
		taskmanager.host: localhost
		taskmanager.numberOfTaskSlots: 2
		taskmanager.cpu.cores: 2
		taskmanager.memory.framework.heap.size: 128m
		taskmanager.memory.framework.off-heap.size: 128m
		taskmanager.memory.jvm-metaspace.size: 256m
		taskmanager.memory.jvm-overhead.min: 192m
		taskmanager.memory.jvm-overhead.max: 192m
		taskmanager.memory.task.heap.size: 512m
		taskmanager.memory.task.off-heap.size: 0
		taskmanager.memory.managed.size: 128m
		taskmanager.memory.network.min: 256m
		taskmanager.memory.network.max: 256m
	END
	runtime=org.apache.flink.runtime
	"${java[@]}" $runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$work" >"$work/jobmanager.log" 2>&1 &
	pids+=($!)
	"${java[@]}" $runtime.taskexecutor.TaskManagerRunner --configDir "$work" >"$work/taskmanager.log" 2>&1 &
	pids+=($!)
	until_true task_managers
	master=localhost:$rest
fi

"${java[@]}" org.apache.beam.runners.flink.FlinkJobServerDriver --flink-master "$master" \
	--job-host localhost --job-port "$port" --artifact-port 0 --expansion-port 0 \
	--artifacts-dir "$work/artifacts" >"$work/jobserver.log" 2>&1 &
pids+=($!)
until_true grep -q 'JobService started' "$work/jobserver.log"
./compare-runner.sh "localhost:$port" --parallelism 2 "$@" || fail

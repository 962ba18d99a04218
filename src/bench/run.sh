#!/usr/bin/env bash
# Compares this server with others on this machine: builds all of them, starts each in turn with the same
# heap, loads it, and writes a table, a chart and all figures.
#
#   src/bench/run.sh                     everything; takes hours; into src/bench/results
#   src/bench/run.sh --quick             a minute: ours, grpc-java and the floor; into target/bench/results
#   src/bench/run.sh --loads get-256,list-1k --peers user-service,go --rounds 3 --seconds 2 --out FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bench=target/bench

say() { printf 'run.sh: %s\n' "$*" >&2; }

give_up() {
  say "$2"
  exit "$1"
}

has() { command -v "$1" >/dev/null; }

has mvn || give_up 3 'Maven is not installed, or not on the PATH'
has h2load || give_up 3 'h2load is missing: apt-get install nghttp2-client'
mkdir -p "$bench"
say 'building ours and the peers in Java'
mvn -q -B -Pbench -DskipTests package || give_up 3 'the build failed; Maven says why, above'

exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "target/test-classes:target/classes:$(cat "$bench/class.path")" \
  dev.userservice.compare.Comparison "$@"

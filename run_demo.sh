#!/usr/bin/env bash
# Builds if needed, starts a server, runs the five scenarios against it, stops the server.
# Exits with the client's verdict: 0 when all scenarios passed.
#
#   ./run_demo.sh
#   USER_SERVICE_PORT=50052 ./run_demo.sh     on another port (0 takes any free one)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

jar=target/user-service.jar
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
server=
scratch=
locked=

say() { printf 'run_demo.sh: %s\n' "$*" >&2; }

give_up() {
  say "$2"
  exit "$1"
}

# Whatever ends this script ends the server too, and nothing else.
clean_up() {
  code=$?
  trap - EXIT INT TERM
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  [ -z "$locked" ] || rm -rf "$locked"
  [ -z "$scratch" ] || rm -rf "$scratch"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

java_version() {
  "$java" -XshowSettings:properties -version 2>&1 |
    sed -n 's/^ *java\.specification\.version = \([0-9]*\).*/\1/p'
}

outdated() {
  [ ! -f "$jar" ] || [ -n "$(find pom.xml src/main -newer "$jar" | head -n 1)" ]
}

# Two demos at once must not build into one folder at once.
take_turns_to_build() {
  lock=.run_demo.lock
  until mkdir "$lock" 2>/dev/null; do
    sleep 1
    # The owner has been killed, maybe before it wrote its pid.
    owner=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$lock"
    fi
  done
  locked=$lock
  echo $$ >"$lock/pid"
}

build() {
  command -v mvn >/dev/null ||
    give_up 3 'Maven is not installed, or not on the PATH; version 3.8 or newer builds the demo'
  take_turns_to_build
  if outdated; then
    say 'building (the first time, Maven fetches what it needs)'
    # Maven itself uses what JDK 24 and later warn about.
    if [ "$version" -ge 24 ]; then
      export MAVEN_OPTS="${MAVEN_OPTS:-} --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
    fi
    mvn -q -B -DskipTests package >&2 || give_up 3 'the build failed; Maven says why, above'
  fi
  rm -rf "$locked"
  locked=
}

start_server() {
  scratch=$(mktemp -d)
  mkfifo "$scratch/stdout"
  "$java" -jar "$jar" dev.userservice.UserVerticle --conf conf/server.json >"$scratch/stdout" &
  server=$!
  exec 3<"$scratch/stdout"
  port=
  while IFS= read -r line <&3; do
    printf '%s\n' "$line"
    case $line in
      'gRPC Server started on port '*) port=${line##* } ;;
      'Server is ready'*) return ;;
    esac
  done
  failed=$server
  server=
  wait "$failed" && code=0 || code=$?
  give_up "$code" "the server did not start; on another port: USER_SERVICE_PORT=50052 $0"
}

[ $# -eq 0 ] || give_up 2 "takes no arguments, but got: $*"
command -v "$java" >/dev/null ||
  give_up 3 'Java is not installed, or not on the PATH; JDK 17 or newer runs the demo'
version=$(java_version)
[ "${version:-0}" -ge 17 ] ||
  give_up 3 "this is Java ${version:-of an unknown version}; JDK 17 or newer runs the demo (set JAVA_HOME to one)"
if outdated; then
  build
fi
start_server
echo
USER_CLIENT_ADDRESSES=${USER_CLIENT_ADDRESSES:-${USER_SERVICE_HOST:-127.0.0.1}:$port} \
  "$java" -jar "$jar" dev.userservice.ClientVerticle --conf conf/client.json

#!/usr/bin/env bash
# Compares this server with others on this machine: builds all of them, starts them with the same
# heap, loads one at a time, and writes comparison.md, comparison.svg and, with all figures, comparison.csv.
#
#   src/bench/run.sh             everything; takes hours; into src/bench/results
#   src/bench/run.sh --quick     a minute: ours, grpc-java and the floor; into target/bench/results
#   src/bench/run.sh --clients   what a call costs its caller, with ours and with grpc-java's client: clients.md
#   src/bench/run.sh --scale     what users, streams and instances cost ours: scale.md
#   src/bench/run.sh --profile get-256      a flame graph of ours under a load: profile-get-256.html
#
#   --loads get-256,list-1k    only these; the table has their names, and so has the error for a wrong one
#   --peers user-service,go    only these
#   --rounds 5  --seconds 5    how often, and how long each load is measured
#   --restart                  starts the servers anew for each round: no two JVMs compile the same
#   --out FOLDER               where the results go
#
# It needs Maven, a JDK and h2load, listens on free ports of the loopback address, and stops what it starts.
# A peer whose tool chain is missing is left out, and the table says so. Debian's packages for all of them:
#
#   apt-get install nghttp2-client nghttp2-server python3-grpcio python3-grpc-tools nodejs npm golang-go \
#     golang-google-grpc-dev protoc-gen-go-1-3 g++ pkg-config libgrpc++-dev protobuf-compiler protobuf-compiler-grpc
#
# Exits with 1 when ours has failed, with 2 when it was called wrongly, with 3 when something is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bench=target/bench
contract=src/main/proto
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

say() { printf 'run.sh: %s\n' "$*" >&2; }

give_up() {
  say "$2"
  exit "$1"
}

# A version that is pinned in pom.xml.
version() {
  sed -n "s:.*<$1.version>\(.*\)</$1.version>.*:\1:p" pom.xml
}

has() {
  for program in "$@"; do
    command -v "$program" >/dev/null || return 1
  done
}

build_python() {
  /usr/bin/python3 -c 'import grpc, grpc_tools' &&
    /usr/bin/python3 -m grpc_tools.protoc -I "$contract" --python_out="$1" --grpc_python_out="$1" user_service.proto &&
    cp src/bench/python/*.py "$1"
}

build_node() {
  has node npm &&
    cp src/bench/node/package.json "$contract/user_service.proto" "$1" &&
    npm install --silent --no-audit --no-fund --prefix "$1" &&
    cp src/bench/node/server.js "$1"
}

# As Debian builds: from /usr/share/gocode, without modules. Its grpc-go goes with the generator of 1.3.
build_go() {
  has go protoc protoc-gen-go &&
    mkdir -p "$1/src/userservice/proto" &&
    protoc -I "$contract" --go_out="plugins=grpc,paths=source_relative:$1/src/userservice/proto" user_service.proto &&
    cp src/bench/go/main.go "$1/src/userservice" &&
    GO111MODULE=off GOPATH=$PWD/$1:/usr/share/gocode GOCACHE=$PWD/$1/cache go build -o "$1/server" userservice
}

# shellcheck disable=SC2086 # Flags are several words.
build_cpp() {
  local flags
  has g++ protoc pkg-config grpc_cpp_plugin &&
    flags=$(pkg-config --cflags --libs grpc++ protobuf) &&
    protoc -I "$contract" --cpp_out="$1" --grpc_out="$1" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" user_service.proto &&
    g++ -std=c++17 -O2 -I "$1" -o "$1/server" src/bench/cpp/server.cc "$1"/*.cc $flags
}

# A peer that was built of the same sources is not built again.
build() {
  local folder=$bench/$1
  [ "$(find "src/bench/$1" "$contract" -newer "$folder/built" 2>&1 | head -n 1)" ] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  say "building the peer in $1"
  if "build_$1" "$folder" >"$bench/$1.log" 2>&1; then
    touch "$folder/built"
  else
    rm -rf "$folder"
    say "$1 is left out, $bench/$1.log may say why; the first lines of this script say what it takes"
  fi
}

has mvn || give_up 3 'Maven is not installed, or not on the PATH'
has h2load || give_up 3 'h2load is missing: apt-get install nghttp2-client'
mkdir -p "$bench"
say 'building ours and the peers in Java'
mvn -q -B -Pbench -DskipTests package >&2 || give_up 3 'the build failed; Maven says why, above'
mvn -q -B -f src/bench/grpc-java/pom.xml -Dprotobuf.version="$(version protobuf)" -Dnimbus.version="$(version nimbus)" \
  -Dmdep.outputFile="$PWD/$bench/grpc-java.path" \
  "org.apache.maven.plugins:maven-dependency-plugin:$(version dependency-plugin):build-classpath" >&2 || give_up 3 'Maven cannot get grpc-java, see above'

main=Comparison
case " $* " in
  *' --quick '*) ;;
  *' --scale '*) main=Scale ;;
  *' --clients '*) main=Clients ;;
  *' --profile '*) main=Profile ;;
  *)
    for peer in python node go cpp; do
      build "$peer"
    done
    ;;
esac
exec "$java" -cp "target/test-classes:target/classes:$(cat "$bench/class.path")" "dev.userservice.compare.$main" "$@"

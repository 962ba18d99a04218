#!/usr/bin/env bash
# The demo; its usage is below.
# "sh run_demo.sh" starts another shell.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail
# It may be called by a symbolic link.
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

jar=target/user-service.jar
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# Their output goes through pipes, but who reads what they log is a person.
export USER_SERVICE_LOG=${USER_SERVICE_LOG:-text} USER_CLIENT_LOG=${USER_CLIENT_LOG:-text}
# For processes that live for seconds: the quick compiler and the small collector start in two thirds of the
# time and memory of servers that run for days.
jvm=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC)
servers=()
scratch=
secure=
locked=
builder=
build_log=target/run_demo.build.log

usage() {
  cat <<'END'
Usage: ./run_demo.sh [--cluster] [--secure | --keep] | --help

Builds if needed, starts a server, runs the five scenarios against it, stops the server.

  --cluster   three servers as one, and one of them is killed
  --secure    over mutual TLS with a token, and without; with --cluster, mutual TLS between
              the servers, which keeps out one of another authority
  --keep      the server stays until Ctrl-C, with a page for browsers; not with --secure,
              whose keys end with the demo
  --help      prints this

Environment:
  USER_SERVICE_PORT    the port to listen on; 0 takes any free one. The default is 50051,
                       with --cluster 50051 to 50053.
  JAVA_HOME            the JDK to use, 17 or newer. The default is the java on the PATH.
  USER_SERVICE_..., USER_CLIENT_...
                       any other key; src/docs/CONFIGURATION.md has them.

Exit codes:
  0   all scenarios passed
  1   something unexpected
  2   an argument is unknown
  3   the JDK or Maven is missing, the build failed, or the configuration is refused
  4   the port cannot be listened on
  5   a scenario failed
  6   the store cannot be used
  130, 143   stopped by Ctrl-C, by SIGTERM
END
}

say() { printf 'run_demo.sh: %s\n' "$*" >&2; }

give_up() {
  say "$2"
  exit "$1"
}

# Shows what is waited for, since how many seconds, and how far it is: redrawn on a terminal; elsewhere a line, when the
# wait has reached $next, which is doubled then.
waits() {
  if [ -t 1 ]; then
    printf '\r%-79.79s\r' "run_demo.sh: $1, $2 s${3:+: $3}"
  elif [ "$2" -ge "$next" ]; then
    say "$1, $2 s${3:+: $3}"
    next=$((2 * $2))
  fi
}

# Leaves an empty line to whatever is printed next.
waited() { [ ! -t 1 ] || printf '\r%79s\r' ''; }

show() { printf '\n=== %s\n\n' "$*"; }

# Whatever ends this script ends the servers too, and nothing else.
clean_up() {
  code=$?
  trap - EXIT INT TERM
  if [ -n "$builder" ]; then
    kill "$builder" 2>/dev/null || true
    wait "$builder" 2>/dev/null || true
    waited
  fi
  for server in ${servers[@]+"${servers[@]}"}; do
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  done
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
  seconds=0 next=1 absent=0
  until reason=$(mkdir "$lock" 2>&1); do
    if [ -d "$lock" ]; then
      owner=$(cat "$lock/pid" 2>/dev/null || true)
      waits 'waiting for another run_demo.sh to build' "$seconds" ''
      sleep 1
      seconds=$((seconds + 1))
      # The owner has been killed, maybe before it wrote its pid.
      if [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null; then
        rm -rf "$lock"
      fi
    else
      # Once it may have been deleted meanwhile; three times, nothing can be made here.
      absent=$((absent + 1))
      [ "$absent" -lt 3 ] || give_up 3 "cannot build in $PWD: $reason"
      sleep 1
    fi
  done
  [ "$seconds" = 0 ] || waited
  locked=$lock
  echo $$ >"$lock/pid"
}

# The progress of Maven: its step, and how much it has fetched.
progress() {
  goal=$(sed -n 's/^\[INFO\] --- \([a-z-]*:\)[^:]*:\([a-zA-Z-]*\) .*/\1\2/p' "$build_log" | tail -n 1)
  fetched=$(grep -c '^\[INFO\] Downloaded from' "$build_log" || true)
  [ "$fetched" = 0 ] && fetched= || fetched="$fetched files fetched"
  echo "$goal${goal:+${fetched:+, }}$fetched"
}

build() {
  command -v mvn >/dev/null ||
    give_up 3 'Maven is not installed, or not on the PATH; version 3.8 or newer builds the demo'
  take_turns_to_build
  if outdated; then
    say 'building; the first time, Maven fetches what it needs, which takes minutes'
    # Maven itself uses what JDK 24 and later warn about.
    if [ "$version" -ge 24 ]; then
      export MAVEN_OPTS="${MAVEN_OPTS:-} --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
    fi
    mkdir -p target
    mvn -B -DskipTests package >"$build_log" 2>&1 </dev/null &
    builder=$!
    seconds=0 next=15
    while kill -0 "$builder" 2>/dev/null; do
      waits building "$seconds" "$(progress)"
      sleep 1
      seconds=$((seconds + 1))
    done
    waited
    wait "$builder" && code=0 || code=$?
    builder=
    if [ "$code" != 0 ]; then
      grep '^\[ERROR\]' "$build_log" | head -n 40 >&2 || tail -n 40 "$build_log" >&2
      give_up 3 "the build failed; Maven says why, above and in $build_log"
    fi
  fi
  rm -rf "$locked"
  locked=
}

# Starts a server with the options given; its output can be read from the file descriptor $output.
start_server() {
  pipe=$scratch/stdout.${#servers[@]}
  mkfifo "$pipe"
  "$java" "${jvm[@]}" -jar "$jar" dev.userservice.UserVerticle "$@" >"$pipe" &
  output=$((3 + ${#servers[@]}))
  servers+=($!)
  eval "exec $output<\"\$pipe\""
}

# Shows what a server says until it is ready, and puts its address into $address.
await_ready() {
  local port=
  while IFS= read -r line <&"$2"; do
    printf '%s\n' "$line"
    case $line in
      'gRPC Server started on port '*) port=${line##* } ;;
      'Server is ready'*)
        address=${USER_SERVICE_HOST:-127.0.0.1}
        # An IPv6 address with a port is in brackets.
        case $address in \[*) ;; *:*) address=[$address] ;; esac
        address=$address:$port
        return
        ;;
    esac
  done
  wait "$1" && code=0 || code=$?
  give_up "$code" "the server did not start; on another port: USER_SERVICE_PORT=50052 $0"
}

run_client() {
  USER_CLIENT_ADDRESSES=${USER_CLIENT_ADDRESSES:-$1} \
    "$java" "${jvm[@]}" -jar "$jar" dev.userservice.ClientVerticle --conf conf/client.json
}

one_server() {
  jvm+=(-Xmx64m)
  start_server --conf conf/server.json
  await_ready "${servers[0]}" "$output"
  echo
  run_client "$address"
}

three_servers() {
  # Of its own, so that this joins no other server on the machine.
  cluster=$((20000 + $$ % 2000 * 10))
  # The libraries of the replicated log use what JDK 24 and later warn about.
  [ "$version" -lt 24 ] || jvm+=(--sun-misc-unsafe-memory-access=allow)
  first=${USER_SERVICE_PORT:-50051}
  # Each port of the cluster stands for nine more, so does the one 100 behind it, and 150 behind are those of the log.
  if [ "$((first + 2))" -ge "$cluster" ] && [ "$first" -le "$((cluster + 152))" ]; then
    cluster=$((cluster + 200))
  fi
  export USER_SERVICE_CLUSTER_PORT=$cluster USER_SERVICE_CLUSTER_MEMBERS=127.0.0.1:$cluster
  export USER_SERVICE_STORE_RAFT_SERVERS=127.0.0.1:$((cluster + 150)),127.0.0.1:$((cluster + 151)),127.0.0.1:$((cluster + 152))
  export USER_SERVICE_STORE_RAFT_FOLDER=$scratch/raft
  export USER_CLIENT_SCENARIOS=get,create,list,batch,chat,relay

  [ -z "$secure" ] || secure_members
  show 'Three servers find each other. Each user is on the disks of two at least, before it is acknowledged.'
  outputs=()
  for i in 0 1 2; do
    USER_SERVICE_PORT=$((first == 0 ? 0 : first + i)) start_server --cluster --conf conf/cluster.json
    outputs+=("$output")
  done
  all=
  for i in 0 1 2; do
    await_ready "${servers[i]}" "${outputs[i]}"
    all=${all:+$all,}$address
  done

  show 'The scenarios, over all three, and a chat in which each hears the others.'
  run_client "$all"

  [ -z "$secure" ] || expect_alone
  show "Server ${address##*:} is killed, without a warning."
  kill -KILL "${servers[2]}"
  wait "${servers[2]}" 2>/dev/null || true
  unset 'servers[2]'
  address=${all%%,*}

  show 'The same again, over the two that are left: the users are still there.'
  run_client "$all"
}

# The keytool of the JDK. All keys are in PKCS12 files, under one password.
certify() {
  "${java%java}keytool" "$@" -storetype PKCS12 -storepass:env SECRET 2>>"$scratch/keytool.log" ||
    give_up 1 "keytool: $(cat "$scratch/keytool.log")"
}

# A key pair of a kind, and its certificate, which has signed itself, in PEM.
make_key() {
  certify -genkeypair -alias "$1" -keyalg "$2" -dname "CN=$1" -keystore "$scratch/$1.p12" "${@:3}"
  certify -exportcert -rfc -alias "$1" -keystore "$scratch/$1.p12" >"$scratch/$1.pem"
}

# A key pair with a certificate that the authority has signed, for a purpose.
make_certificate() {
  make_key "$1" EC
  certify -certreq -alias "$1" -keystore "$scratch/$1.p12" |
    certify -gencert -rfc -alias ca -keystore "$scratch/ca.p12" "${@:2}" |
    cat - "$scratch/ca.pem" |
    certify -importcert -noprompt -alias "$1" -keystore "$scratch/$1.p12"
}

# Signs a token for some roles, which is the work of an issuer and no part of the service.
make_token() {
  "$java" src/demo/Token.java "$scratch/issuer.p12" "$1"
}

# Runs the client, which has to fail, and to say why.
expect_refusal() {
  run_client "$address" >"$scratch/refused" 2>"$scratch/reason" && code=0 || code=$?
  cat "$scratch/refused" "$scratch/reason"
  { [ "$code" = 5 ] && grep -q "$1" "$scratch/refused" "$scratch/reason"; } ||
    give_up 1 "this was not refused with $1"
}

# Makes the keys of this run: none can be read by others, nor outlives it.
make_authority() {
  umask 077
  SECRET=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  export SECRET
  make_key ca EC -ext bc:critical=ca:true
}

# Each server of a cluster shows the certificate of a member to the others, and asks for theirs.
secure_members() {
  show 'A throw-away authority for the cluster alone, and the certificate of a member.'
  make_authority
  make_certificate member -ext eku=serverAuth,clientAuth
  export USER_SERVICE_CLUSTER_TLS_KEY_STORE_FILE=$scratch/member.p12
  export USER_SERVICE_CLUSTER_TLS_KEY_STORE_PASSWORD=$SECRET
  export USER_SERVICE_CLUSTER_TLS_CA_FILE=$scratch/ca.pem
}

# Starts a server whose certificate has signed itself; it has to stay alone.
expect_alone() {
  show 'Refused: a server that shows a certificate of another authority.'
  make_key stranger EC
  USER_SERVICE_PORT=0 USER_SERVICE_STORE_TYPE=memory USER_SERVICE_CLUSTER_TLS_KEY_STORE_FILE=$scratch/stranger.p12 \
    USER_SERVICE_CLUSTER_TLS_CA_FILE=$scratch/stranger.pem start_server --cluster
  await_ready "${servers[3]}" "$output" >"$scratch/stranger.out"
  cat "$scratch/stranger.out"
  grep -q '^Cluster: 1 member$' "$scratch/stranger.out" || give_up 1 'it was not refused'
  kill "${servers[3]}"
  wait "${servers[3]}" || true
  unset 'servers[3]'
}

secure_server() {
  show 'A throw-away authority, certificates, and an issuer of tokens.'
  make_authority
  make_certificate server -ext san=dns:localhost,ip:127.0.0.1 -ext eku=serverAuth
  make_certificate client -ext eku=clientAuth
  make_key issuer RSA
  make_token 'users:read users:write users:chat' >"$scratch/token"
  make_token users:read >"$scratch/reader.token"

  show 'The server of conf/secure.json.'
  export USER_SERVICE_TLS_KEY_STORE_FILE=$scratch/server.p12 USER_SERVICE_TLS_KEY_STORE_PASSWORD=$SECRET
  export USER_SERVICE_TLS_CLIENT_CA_FILE=$scratch/ca.pem USER_SERVICE_AUTH_JWT_KEYS_FILE=$scratch/issuer.pem
  USER_SERVICE_SAMPLE_USERS=${USER_SERVICE_SAMPLE_USERS:-true} start_server --conf conf/secure.json
  await_ready "${servers[0]}" "$output"

  show 'The scenarios, with a client certificate and a token.'
  export USER_CLIENT_TLS_CA_FILE=$scratch/ca.pem
  export USER_CLIENT_TLS_KEY_STORE_FILE=$scratch/client.p12 USER_CLIENT_TLS_KEY_STORE_PASSWORD=$SECRET
  export USER_CLIENT_TOKEN_FILE=$scratch/token
  # On a busy machine, the first TLS handshake of two new JVMs takes some of it.
  export USER_CLIENT_DEADLINE_MILLIS=15000
  run_client "$address"

  export USER_CLIENT_SCENARIOS=create
  show 'Refused: no certificate.'
  USER_CLIENT_TLS_KEY_STORE_FILE='' USER_CLIENT_TLS_KEY_STORE_PASSWORD='' expect_refusal 'certificate'
  show 'Refused: no token.'
  USER_CLIENT_TOKEN_FILE='' expect_refusal UNAUTHENTICATED
  show 'Refused: a token that may read, but not create.'
  USER_CLIENT_TOKEN_FILE=$scratch/reader.token expect_refusal PERMISSION_DENIED
  show '5 scenarios passed, 3 calls were refused: as it should be.'
}

# Shows what the servers print, until they end.
keep() {
  show "Kept: http://$address/ is a page to try it. Ctrl-C stops it."
  for i in "${!servers[@]}"; do
    cat <&"$((3 + i))" &
  done
  wait "${servers[@]}" || true
}

demo=one_server
kept=
for option in "$@"; do
  case $option in
    --cluster) demo=three_servers ;;
    --secure) secure=yes ;;
    --keep) kept=yes ;;
    -h | --help)
      usage
      exit
      ;;
    *) give_up 2 "unknown: $option; --help lists what there is" ;;
  esac
done
if [ -n "$secure" ] && [ "$demo" = one_server ]; then
  demo=secure_server
fi
[ -z "$secure" ] || [ -z "$kept" ] ||
  give_up 2 '--keep and --secure exclude each other: the keys of a secure demo end with it'
[ -z "${JAVA_HOME:-}" ] || [ -x "$java" ] ||
  give_up 3 "no bin/java in JAVA_HOME, $JAVA_HOME; set it to a JDK, 17 or newer, or unset it"
command -v "$java" >/dev/null ||
  give_up 3 'Java is not installed, or not on the PATH; JDK 17 or newer runs the demo'
version=$(java_version)
[ "${version:-0}" -ge 17 ] ||
  give_up 3 "this is Java ${version:-of an unknown version}; JDK 17 or newer runs the demo (set JAVA_HOME to one)"
if outdated; then
  build
fi
scratch=$(mktemp -d)
$demo
[ -z "$kept" ] || keep

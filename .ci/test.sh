#!/usr/bin/env bash
# Runs every check of this repository and goes on when one fails. Prints the seconds of every part
# and test program as it ends, and ends with a table of them and a line "N passed, N failed,
# N skipped" over all parts and all tests in them.
# A part that cannot run here says why in one line. Usage: .ci/test.sh [PART…]
set -uo pipefail
cd -P "$(dirname "$0")/.."

readonly ALL_PARTS=(format tools lints core tests chart licences)
# Target directory of cargo, and the program that finds or builds Kubernetes programs.
readonly TARGET=${CARGO_TARGET_DIR:-target}
readonly TOOLS=$TARGET/debug/examples/tools
passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
log=$scratch/log
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# report RESULT NAME SECONDS: one line now, one in the table at the end.
report() {
  printf '%-8s %s (%d s)\n' "$1" "$2" "$3"
  printf '%6d s  %s\n' "$3" "$2" >>"$scratch/table"
}

# part NAME COMMAND…: one check that passes or fails as a whole; its output shows when it fails.
part() {
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    report ok "$name" $((SECONDS - start))
  else
    failed=$((failed + 1))
    cat "$log"
    report FAILED "$name" $((SECONDS - start))
  fi
}

skip() {
  skipped=$((skipped + 1))
  echo "skipped  $1: $2"
}

# Test programs that take long, the longest first: nothing short is left to wait for at the end.
readonly LONGEST=(node e2e warn promoters rollouts approval portal reports objectives organisation chart prometheus except page gitops examples crd_rules)
# The program that puts the operator under load, and runs when all others have ended.
readonly ALONE=cluster
# Programs at once.
readonly LANES=$(nproc)

# Builds test programs and lists them, one a line: source file, directory of the package, executable.
build_programs() {
  cargo test "$@" --no-run --message-format=json-render-diagnostics >"$scratch/messages" || return
  sed -nE 's|.*"manifest_path":"([^"]*)/Cargo.toml".*"src_path":"([^"]*)".*"overflow_checks":[a-z]+,"test":true.*"executable":"([^"]+)".*|\2 \1 \3|p' \
    "$scratch/messages" | sed "s|^$PWD/||" >"$scratch/programs"
}

# The list in the order of LONGEST, then all others, then the one that runs alone.
in_order() {
  local name alone="^tests/$ALONE(/main)?\\.rs " found
  found=(-e "$alone")
  for name in "${LONGEST[@]}"; do
    found+=(-e "^tests/$name(/main)?\.rs ")
    grep -E "^tests/$name(/main)?\.rs " "$scratch/programs"
  done
  grep -vE "${found[@]}" "$scratch/programs"
  grep -E "$alone" "$scratch/programs"
}

# start COMMAND…: runs it in the background, in the directory and with the output that are set.
start() { (cd "$directory" && CARGO_MANIFEST_DIR=$directory exec "$@") >"$output" 2>&1 </dev/null & }

sum_of() { # sum_of FIELD FILE: adds up "… N FIELD" over the result lines of a test program
  grep -oE "^test result: .*" "$2" | grep -oE "[0-9]+ $1" | awk '{n += $1} END {print n + 0}'
}

# count_program NAME STATUS SECONDS OUTPUT: shows a test program that has ended and counts its tests.
# A test that needs what is not here prints "skipped: …" and returns; it is no pass.
count_program() {
  local name=$1 status=$2 seconds=$3 output=$4 absent
  cat "$output"
  absent=$(grep -c '^skipped: ' "$output")
  passed=$((passed + $(sum_of passed "$output") - absent))
  skipped=$((skipped + $(sum_of ignored "$output") + absent))
  failed=$((failed + $(sum_of failed "$output")))
  if ((status == 0)); then
    report ok "$name" "$seconds"
    return
  fi
  # A test program that does not compile, or dies, has no result line.
  if (($(sum_of failed "$output") == 0)); then failed=$((failed + 1)); fi
  report FAILED "$name" "$seconds"
}

# Test programs under way, by process id.
declare -A names=() starts=() outputs=()

# Waits until fewer than so many are under way, and counts those that have ended.
wait_until_fewer_than() {
  local pid
  while ((${#names[@]} >= $1)); do
    sleep 0.5
    for pid in "${!names[@]}"; do
      kill -0 "$pid" 2>/dev/null && continue
      wait "$pid"
      count_program "${names[$pid]}" $? $((SECONDS - starts[$pid])) "${outputs[$pid]}"
      unset "names[$pid]"
    done
  done
}

# Runs the programs that were built, several at once.
run_programs() {
  local source directory executable output
  while read -r source directory executable; do
    source=${source%.rs}
    source=${source%/main}
    if [ "$source" = "tests/$ALONE" ]; then wait_until_fewer_than 1; else wait_until_fewer_than "$LANES"; fi
    output=$(mktemp -p "$scratch")
    start "$executable"
    names[$!]=$source starts[$!]=$SECONDS outputs[$!]=$output
  done < <(in_order)
  wait_until_fewer_than 1
}

run_tests() {
  local start=$SECONDS
  if ! build_programs "$@"; then
    failed=$((failed + 1))
    report FAILED "build tests" $((SECONDS - start))
    return
  fi
  report ok "build tests" $((SECONDS - start))
  end_tools
  start=$SECONDS
  run_programs
  report ok "all test programs" $((SECONDS - start))
}

run_doc_tests() {
  local start=$SECONDS
  cargo test --workspace --doc >"$log" 2>&1
  count_program "doc tests" $? $((SECONDS - start)) "$log"
}

# The suites that need an API server and its controllers, and no node.
readonly SERVER_SUITES=(approval cluster crd_rules e2e except gitops organisation reports warn)

# test_on RELEASE: runs these suites against another release of Kubernetes, such as the oldest one
# that README promises. Builds its server into the cache of the other tools.
test_on() {
  local release=$1 source=e2e/tools/kubernetes-$1 version assets name
  if [ ! -f "$source/go.mod" ]; then
    echo "no module for Kubernetes $release in e2e/tools" >&2
    exit 2
  fi
  version=$(grep -oE 'k8s.io/kubernetes v[0-9.]+' "$source/go.mod" | cut -d' ' -f2)
  assets=${GOLDENPATH_TOOLS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/goldenpath/tools}
  assets=$assets/kubernetes-$(cat "$source/go.mod" "$source/go.sum" | sha256sum | cut -c1-16)
  mkdir -p "$assets"
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    [ -x "$assets/$name" ] && continue
    part "build $name $version" env -C "$source" CGO_ENABLED=0 GOWORK=off \
      go build -trimpath -mod=readonly -buildvcs=false -gcflags=all=-dwarf=false -o "$assets/$name" \
      -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version" \
      "k8s.io/kubernetes/cmd/$name"
    [ -x "$assets/$name" ] || return
  done
  # What is not in this directory comes from the cache.
  export KUBEBUILDER_ASSETS=$assets
  start_tools etcd kubectl helm helm3 health-verdict
  run_tests "${SERVER_SUITES[@]/#/--test=}"
}

have_go() { command -v go >/dev/null; }

all_tools() {
  echo etcd kube-apiserver kubectl kube-controller-manager kube-scheduler kwok helm helm3 helm-unittest
  echo kubeconform kube-score cel-oracle health-verdict flagger rollouts-controller
  # For a real node, which takes root.
  [ "$(id -u)" -ne 0 ] || echo kubelet kube-proxy containerd ctr containerd-shim-runc-v2 pause prometheus
}

# start_tools NAME…: the Kubernetes programs that tests run; built once, then cached. Go builds them here beside cargo:
# where the one links on one core, the other uses the rest.
tools_pid='' tools_start=0 has_finder=''
start_tools() {
  local directory=$PWD output=$scratch/tools.log
  build_finder || return
  start "$TOOLS" "$@"
  tools_pid=$! tools_start=$SECONDS
}

# Waits for the tools that are being built.
end_tools() {
  local status
  [ -n "$tools_pid" ] || return 0
  wait "$tools_pid"
  status=$? tools_pid=''
  grep ': done in ' "$scratch/tools.log"
  if ((status == 0)); then
    passed=$((passed + 1))
    report ok tools $((SECONDS - tools_start))
  elif have_go || [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    failed=$((failed + 1))
    cat "$scratch/tools.log"
    report FAILED tools $((SECONDS - tools_start))
  else
    skip tools "no Go to build the Kubernetes programs with, and KUBEBUILDER_ASSETS is not set"
  fi
}

# Built as the tests are, so that these find its dependencies built.
build_finder() {
  [ -n "$has_finder" ] || part "build the finder of tools" cargo build --quiet --workspace --example tools
  has_finder=yes
  [ -x "$TOOLS" ]
}

tool() { "$TOOLS" "$1"; }

# What kube-score asks for and this chart does not do, each with the reason.
readonly SCORE_WAIVED=(
  # A CPU limit throttles the first list of a large cluster; the request is what the scheduler needs.
  --ignore-container-cpu-limit
  # The image has a numeric user; a fixed one in the chart keeps it off platforms that assign their own.
  --ignore-test container-security-context-user-group-id
  # The tag is a version or a digest, never a moving one.
  --ignore-test container-image-pull-policy
  # Nothing is written: the root is read-only and there is no volume. A request would keep the pod off
  # nodes that do not account for local storage.
  --ignore-test container-ephemeral-storage-request-and-limit
  # One replica is enough: no request of anybody waits for it, and labels stay while it is away.
  --ignore-test deployment-replicas
  # Replicas are spread by a topology constraint instead.
  --ignore-test deployment-has-host-podantiaffinity
)

# score HELM KUBE-SCORE VALUES: no finding that is not waived above.
score() {
  local waived=("${SCORE_WAIVED[@]}")
  # A wrong NetworkPolicy drops traffic without a word, so there is one on request; what has it is
  # held to it.
  grep -q '^networkPolicy:' "$3" || waived+=(--ignore-test pod-networkpolicy)
  "$1" template goldenpath charts/goldenpath --namespace goldenpath-system --values "$3" |
    "$2" score --kubernetes-version v1.36 --exit-one-on-warning "${waived[@]}" -
}

# What needs an API server is in tests/chart: rights, upgrade, schemas, kubeconform.
check_chart() {
  local helm helm3 unittest kube_score program values
  build_finder
  if ! { helm=$(tool helm) && helm3=$(tool helm3) && unittest=$(tool helm-unittest) && kube_score=$(tool kube-score); } 2>/dev/null; then
    skip chart "no Helm, and no Go to build it with"
    return
  fi
  for values in charts/goldenpath/ci/*-values.yaml; do
    for program in "$helm" "$helm3"; do
      part "chart: $(basename "$program") lint, $(basename "$values")" \
        "$program" lint --strict charts/goldenpath --values "$values"
      part "chart: $(basename "$program") template, $(basename "$values")" \
        "$program" template goldenpath charts/goldenpath --values "$values"
    done
    part "chart: kube-score, $(basename "$values")" score "$helm" "$kube_score" "$values"
  done
  part "chart: unit tests" "$unittest" charts/goldenpath
}

check_licences() {
  if command -v cargo-deny >/dev/null; then
    part licences cargo deny --offline check licenses bans sources
  else
    skip licences "cargo-deny is not installed"
  fi
}

run() {
  case $1 in
    format) part format cargo fmt --all --check ;;
    lints) part lints cargo clippy --workspace --all-targets -- -D warnings ;;
    core) part "core without a client" cargo check --lib --no-default-features ;;
    tools) start_tools $(all_tools) ;;
    tests)
      run_tests --workspace --tests
      run_doc_tests
      ;;
    chart) check_chart ;;
    licences) check_licences ;;
    kubernetes-*) test_on "${1#kubernetes-}" ;;
    *)
      echo "no part called $1; there are: ${ALL_PARTS[*]} kubernetes-RELEASE" >&2
      exit 2
      ;;
  esac
}

(($#)) || set -- "${ALL_PARTS[@]}"
for name in "$@"; do run "$name"; done
end_tools
echo
echo "seconds by part and test program:"
sort -rn "$scratch/table"
printf '%6d s  in all\n' "$SECONDS"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))

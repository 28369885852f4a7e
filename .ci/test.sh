#!/usr/bin/env bash
# Runs every check of this repository, one part after the other, and goes on when one fails.
# Ends with a line "N passed, N failed, N skipped" over all parts and all tests in them.
# A part that cannot run here says why in one line. Usage: .ci/test.sh [PART…]
set -uo pipefail
cd "$(dirname "$0")/.."

readonly ALL_PARTS=(format lints core tools tests chart licences)
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# part NAME COMMAND…: one check that passes or fails as a whole; its output shows when it fails.
part() {
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok       $name ($((SECONDS - start)) s)"
  else
    failed=$((failed + 1))
    cat "$log"
    echo "FAILED   $name ($((SECONDS - start)) s)"
  fi
}

skip() {
  skipped=$((skipped + 1))
  echo "skipped  $1: $2"
}

sum_of() { # sum_of FIELD: adds up "… N FIELD" over the result lines of all test programs
  grep -oE "^test result: .*" "$log" | grep -oE "[0-9]+ $1" | awk '{n += $1} END {print n + 0}'
}

# Every test of the workspace counts. A test that needs what is not here prints "skipped: …" and
# returns; it is no pass.
run_tests() {
  local start=$SECONDS status absent
  cargo test "${@:---workspace}" --no-fail-fast 2>&1 | tee "$log"
  status=$?
  absent=$(grep -c '^skipped: ' "$log")
  passed=$((passed + $(sum_of passed) - absent))
  skipped=$((skipped + $(sum_of ignored) + absent))
  failed=$((failed + $(sum_of failed)))
  # A test program that does not compile, or dies, has no result line.
  if ((status != 0)) && (($(sum_of failed) == 0)); then failed=$((failed + 1)); fi
  echo "tests    took $((SECONDS - start)) s"
}

# The suites that need an API server and its controllers, and no node.
readonly SERVER_SUITES=(approval cluster crd_rules e2e except reports warn)

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
      go build -trimpath -mod=readonly -buildvcs=false -o "$assets/$name" \
      -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version" \
      "k8s.io/kubernetes/cmd/$name"
    [ -x "$assets/$name" ] || return
  done
  # What is not in this directory comes from the cache.
  export KUBEBUILDER_ASSETS=$assets
  run_tests "${SERVER_SUITES[@]/#/--test=}"
}

tool() { cargo run --quiet --package goldenpath-e2e --example tools -- "$1"; }

have_go() { command -v go >/dev/null; }

# The Kubernetes programs that tests run; built once, then cached. Built here, so that the
# progress shows and no test waits for it.
build_tools() {
  local tools=(etcd kube-apiserver kubectl kube-controller-manager kube-scheduler kwok helm helm3 helm-unittest kubeconform kube-score cel-oracle)
  # For a real node, which takes root.
  [ "$(id -u)" -ne 0 ] || tools+=(kubelet kube-proxy containerd ctr containerd-shim-runc-v2 pause prometheus)
  if cargo run --quiet --package goldenpath-e2e --example tools -- "${tools[@]}" >"$log"; then
    passed=$((passed + 1))
    echo "ok       tools"
  elif have_go || [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    failed=$((failed + 1))
    echo "FAILED   tools"
  else
    skip tools "no Go to build the Kubernetes programs with, and KUBEBUILDER_ASSETS is not set"
  fi
}

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
    tools) build_tools ;;
    tests) run_tests ;;
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
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))

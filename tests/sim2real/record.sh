#!/usr/bin/env bash
# record.sh ROBOT POLICY [SIMULATE OPTIONS...]: 120 s of simulate and deploy in real time at 500 Hz, in
# a network of their own, on a quiet machine. Prints deploy's outcome, the loop's timing and the
# simulated robot's report as one line of JSON, and beside it the lateness of a bare loop.
# For instance: record.sh go2 go2_trot --jitter-ms 5 --loss 0.02
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
robot=$1 policy=$2
shift 2
options=$(printf '"%s",' "$@")
[ $# -gt 0 ] && options=${options%,} || options=
net=(unshare -rn)
[ "$(id -u)" -ne 0 ] || net=(unshare -n)
"${net[@]}" sh -c 'ip link set lo up multicast on && exec "$@"' sh \
  "${PYTHON:-.venv/bin/python}" tests/sim2real/scenario.py \
  "{\"robot\": \"$robot\", \"policy\": \"$policy\", \"held_s\": 120, \"real_time\": true,
    \"simulate\": [$options], \"velocity\": [${VELOCITY:-0.5, 0, 0}]}"
exec "${PYTHON:-.venv/bin/python}" -m amp_sdk.bench loop

#!/usr/bin/env bash
# record.sh ROBOT POLICY [--seconds S] [--json FILE] [SIMULATE OPTIONS...]: simulate and deploy in real
# time at 500 Hz, in a network of their own, on a quiet machine, beside a bare loop. Ends with a
# verdict, and one line of JSON before it. POLICY "stand" balances a G1 on the spot. For instance:
#   record.sh go2 go2_robust --jitter-ms 5 --loss 0.02
#   record.sh g1 stand
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
net=(unshare -rn)
[ "$(id -u)" -ne 0 ] || net=(unshare -n)
exec "${net[@]}" sh -c 'ip link set lo up multicast on && exec "$@"' sh \
  "${PYTHON:-.venv/bin/python}" tests/sim2real/record.py "$@"

#!/usr/bin/env bash
# Everything about the backends that needs an NVIDIA GPU, in one run: the contract, the throughput of
# collection and of whole training beside bare mujoco_warp (and beside mjlab), and a Go2
# trained on the GPU. Run it in the checkout after `make build`; results come to runs/gpu.
#
#   training/gpu_bench.sh                            # without mjlab
#   MJLAB_PYTHON=/path/to/python training/gpu_bench.sh
#   G1_CLIP=walk.csv training/gpu_bench.sh           # also G1, walking from a real clip
#
# mjlab needs MuJoCo 3 and so an environment of its own: python -m venv mjlab-env,
# mjlab-env/bin/python -m pip install mjlab, MJLAB_PYTHON=mjlab-env/bin/python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PY=${PYTHON:-.venv/bin/python}
OUT=${OUT:-runs/gpu}
ENVS=${ENVS:-"4096 16384"}
ROLLOUTS=${ROLLOUTS:-9}
mkdir -p "$OUT"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv | tee "$OUT/gpu.txt"
"$PY" -m amp_training.backends.conformance --backend mujoco_warp --device cuda:0 \
  --json "$OUT/conformance.json" | tee "$OUT/conformance.txt"
mjlab=()
[ -z "${MJLAB_PYTHON:-}" ] || mjlab=(--mjlab-python "$MJLAB_PYTHON")
# shellcheck disable=SC2086  # a list of numbers
"$PY" -m amp_sdk.bench training --recipe go2_trot --backend mujoco_warp --device cuda:0 \
  --num-envs $ENVS --rollouts "$ROLLOUTS" --json "$OUT/go2.json" | tee "$OUT/go2.txt"
if [ -n "${G1_CLIP:-}" ]; then
  # shellcheck disable=SC2086
  "$PY" -m amp_sdk.bench training --recipe "${G1_RECIPE:-amp_g1}" --backend mujoco_warp \
    --device cuda:0 --num-envs $ENVS --rollouts "$ROLLOUTS" --set "motion.files=[$G1_CLIP]" episode.contact_termination=false \
    "${mjlab[@]}" --json "$OUT/g1.json" | tee "$OUT/g1.txt"
  "$PY" -m amp_sdk.train --recipe "${G1_RECIPE:-amp_g1}" --motion "$G1_CLIP" --backend mujoco_warp \
    --device cuda:0 --num-envs 4096 --max-minutes 15 --snapshot-minutes 1 --out "$OUT/g1_run" \
    --set episode.contact_termination=false \
    --json "$OUT/g1_run.json"
fi
"$PY" -m amp_sdk.train --recipe go2_trot --backend mujoco_warp --device cuda:0 --num-envs 4096 \
  --max-minutes 5 --snapshot-minutes 0.5 --out "$OUT/go2_run" --json "$OUT/go2_run.json"
"$PY" -m amp_sdk.export "$OUT/go2_run" -o "$OUT/go2.onnx"
"$PY" -m amp_sdk.sim2sim "$OUT/go2.onnx" --report "$OUT/report"
echo "results: $OUT"

#!/usr/bin/env bash
# Everything about training that needs an NVIDIA GPU, in one run: the backends' contract, collection
# and whole training beside bare mujoco_warp and beside mjlab, a profile, the CUDA kernels' own checks,
# and a Go2 and a G1 that learn to walk. Run it in the checkout after `make build`; results come to
# runs/gpu, and the last lines say of every demand whether it is met, missed or was not measured.
#
#   training/gpu_bench.sh
#   G1_CLIP=g1_walk.pkl training/gpu_bench.sh             # also G1: a clip that says its frame rate
#   MJLAB_PYTHON=/path/to/python training/gpu_bench.sh    # also mjlab (with G1_CLIP)
#   training/gpu_bench.sh --dry-run                       # all of it, tiny, without a GPU: no figures
#
# mjlab needs MuJoCo 3 and so an environment of its own: python -m venv mjlab-env,
# mjlab-env/bin/python -m pip install mjlab, MJLAB_PYTHON=mjlab-env/bin/python. Other settings: OUT,
# PYTHON, ENVS ("4096 16384"), ROLLOUTS (9), MINUTES (of training, 15 for G1 and a third for Go2),
# G1_RECIPE (g1_commands; of the throughput: what learns to walk is recipe g1).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PY=${PYTHON:-.venv/bin/python}
OUT=${OUT:-runs/gpu}
G1_RECIPE=${G1_RECIPE:-g1_commands}
read -ra envs <<<"${ENVS:-4096 16384}"
rollouts=${ROLLOUTS:-9} minutes=${MINUTES:-15} device=cuda:0 train_envs=4096
tiny=() stop=() check=() episodes=() judged=()
case "${1:-}" in
  "") ;;
  --dry-run)
    read -ra envs <<<"${ENVS:-2 4}"
    rollouts=1 device=cpu train_envs=4
    stop=(--max-samples 8)
    check=(--check round_trip)
    episodes=(--episodes 1 --duration 2)
    judged=(--steps-only)
    tiny=(ppo.horizon=2 ppo.epochs=1 'ppo.minibatches=1' 'ppo.actor_hidden=[8]' 'ppo.critic_hidden=[8]'
      'discriminator.hidden=[8]' discriminator.updates=1 discriminator.batch=8
      discriminator.demo_windows=16 evaluation.period_samples=null)
    ;;
  *) echo "error: unknown option $1; expected nothing or --dry-run" >&2; exit 2 ;;
esac
[ ! -e "$OUT" ] || { echo "error: $OUT exists; move it away, or set OUT" >&2; exit 2; }
mkdir -p "$OUT"

# step NAME COMMAND...: run it, keep its output in $OUT/NAME.txt and its exit status in steps.txt
step() {
  local name=$1 status=0
  shift
  echo "== $name"
  "$@" 2>&1 | tee "$OUT/$name.txt" || status=$?
  echo "$name $status" >>"$OUT/steps.txt"
}
left_out() { echo "$1 left out: $2" >>"$OUT/steps.txt"; }

# throughput ROBOT RECIPE [OPTION...]
throughput() {
  local robot=$1 recipe=$2
  shift 2
  step "throughput_$robot" "$PY" -m amp_sdk.bench training --recipe "$recipe" \
    --backend mujoco_warp --device "$device" --num-envs "${envs[@]}" --rollouts "$rollouts" \
    --profile "$OUT/profile_$robot.txt" --json "$OUT/$robot.json" "$@"
}

# learn ROBOT RECIPE MINUTES [OPTION...]: train, export, verify in plain MuJoCo
learn() {
  local robot=$1 recipe=$2 minutes=$3 run=$OUT/$1_run
  shift 3
  step "train_$robot" "$PY" -m amp_sdk.train --recipe "$recipe" --backend mujoco_warp \
    --device "$device" --num-envs "$train_envs" --max-minutes "$minutes" \
    --snapshot-minutes 1 --out "$run" --json "$OUT/train_$robot.json" "${stop[@]}" "$@"
  step "export_$robot" "$PY" -m amp_sdk.export "$run" -o "$OUT/$robot.onnx"
}

if [ "$device" = cpu ]; then
  left_out gpu "a dry run has none"
  left_out kernels "a dry run has no GPU"
else
  step gpu nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
  step kernels env PATH="$(cd "$(dirname "$PY")" && pwd):$PATH" csrc/tests/gpu_checks.sh
fi
step conformance "$PY" -m amp_training.backends.conformance --backend mujoco_warp \
  --device "$device" --json "$OUT/conformance.json" "${check[@]}"
settings=()
[ ${#tiny[@]} -eq 0 ] || settings=(--set "${tiny[@]}")
throughput go2 go2_trot "${settings[@]}"
# schedules count samples: eight times the recipes' environments need so many more
learn go2 go2_trot "$(((minutes + 2) / 3))" "${settings[@]}" \
  --set 'ppo.std_decay=[0,20000000]' episode.growth_samples=24000000
step sim2sim_go2 "$PY" -m amp_sdk.sim2sim "$OUT/go2.onnx" "${episodes[@]}" \
  --report "$OUT/report_go2" --json "$OUT/go2_sim2sim.json"
if [ -n "${G1_CLIP:-}" ]; then
  clip=$(realpath "$G1_CLIP")
  mjlab=()
  [ -z "${MJLAB_PYTHON:-}" ] || mjlab=(--mjlab-python "$MJLAB_PYTHON")
  throughput g1 "$G1_RECIPE" "${mjlab[@]}" --set "motion.files=[$clip]" "${tiny[@]}"
  learn g1 g1 "$minutes" --motion "$clip" "${settings[@]}" \
    --set 'harness.fade=[8000000,32000000]' 'ppo.std_decay=[0,32000000]' \
    episode.growth_samples=48000000
  step sim2sim_g1 "$PY" -m amp_sdk.sim2sim "$OUT/g1.onnx" --motion "$clip" \
    "${episodes[@]}" --report "$OUT/report_g1" --json "$OUT/g1_sim2sim.json"
else
  left_out g1 "G1_CLIP names no clip"
fi
echo "== results in $OUT"
"$PY" -m amp_training.bench.gpu_report "$OUT" "${judged[@]}" | tee "$OUT/report.txt"

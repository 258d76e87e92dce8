#!/bin/sh
# All checks of the CUDA kernels, on a machine with a GPU, nvcc, compute-sanitizer and a Python with
# torch and the test packages first on the PATH: unit tests, compute-sanitizer, Python tests, speeds
# against their limits. Run from the repository; options go to the bench.
set -eu

cmake --preset test -DAMP_SDK_CUDA=on
cmake --build --preset test --parallel
ctest --preset test

program=$(find build/test -type f -name test_cuda_device)
for tool in memcheck racecheck synccheck initcheck; do
  echo "compute-sanitizer $tool"
  compute-sanitizer --tool "$tool" --error-exitcode 1 "$program"
done

cmake --preset dev -DAMP_SDK_CUDA=on -DPython_EXECUTABLE="$(command -v python)"
cmake --build --preset dev --parallel
export PYTHONPATH=.:training
python -m pytest -q tests/amp_sdk/kernels
python -m amp_sdk.bench kernels --device cuda --check "$@"

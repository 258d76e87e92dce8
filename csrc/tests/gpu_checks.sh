#!/bin/sh
# All checks of the CUDA kernels, on a machine with a GPU, nvcc and an installed amp_sdk with torch:
# unit tests, compute-sanitizer, Python tests, speeds against their limits. Run from the repository.
set -eu

cmake --preset test -DAMP_SDK_CUDA=on
cmake --build build/test --parallel
ctest --test-dir build/test --output-on-failure

program=$(find build/test -type f -name test_cuda_device)
for tool in memcheck racecheck synccheck initcheck; do
  echo "compute-sanitizer $tool"
  compute-sanitizer --tool "$tool" --error-exitcode 1 "$program"
done

python -m pytest -q tests/amp_sdk/kernels
python -m amp_sdk.bench kernels --device cuda --check "$@"

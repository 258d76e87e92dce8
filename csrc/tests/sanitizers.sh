#!/bin/sh
# The C++ unit tests under the address, undefined-behaviour and thread sanitizers, then the Python
# tests of the bindings on an address-sanitized extension module. Run from the repository, with the
# Python that has the test packages first on the PATH. Needs GCC or Clang on Linux.
set -eu

for preset in thread address; do
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel
  ctest --preset "$preset"
done

cmake --preset address -DAMP_SDK_PYTHON=ON -DPython_EXECUTABLE="$(command -v python)"
cmake --build --preset address --parallel
package=build/address/python
rm -rf "$package" && mkdir -p "$package"
cp -r amp_sdk "$package" && rm -f "$package"/amp_sdk/_c*.so
find build/address/csrc -name '_core*.so' -exec cp {} "$package/amp_sdk" \;
runtime=$("${CXX:-c++}" -print-file-name=libasan.so)
tests=$PWD/tests/amp_sdk
cd "$package"  # python -m looks for packages here first
# libstdc++ too: the runtime must find its exceptions before Python loads them
LD_PRELOAD="$runtime:$("${CXX:-c++}" -print-file-name=libstdc++.so)" ASAN_OPTIONS=detect_leaks=0 \
  python -m pytest -q -p no:cacheprovider \
  "$tests/kernels/test_bindings.py" "$tests/kernels/test_gae.py" "$tests/kernels/test_disc_obs.py" \
  "$tests/runtime/test_board.py" "$tests/runtime/test_faults.py"

#!/usr/bin/env bash
# Builds and tests this tree on a machine with CMake, a compiler, CUDA and PyTorch's Python package, with what scripts/carry.sh
# brought along. Arguments go to ctest (for example -R learn/).
#
#   GTSA_BUILD=build/gpu   where to build
#   GTSA_LEARN=OFF         only the rooms without LibTorch (then PyTorch is not needed either)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

fail() { printf 'gpu_check: %s\n' "$*" >&2; exit 1; }
build=${GTSA_BUILD:-build/gpu}
learn=${GTSA_LEARN:-ON}
[ -d carry/include ] || fail "carry/ is missing; run scripts/carry.sh on Debian and bring the folder along"
command -v cmake >/dev/null || fail "no cmake"
for file in carry/lib/*.gz; do
  [ -e "$file" ] && gunzip --force "$file"  # OpenBLAS and what it links; an earlier call may have done it
done
generator="Unix Makefiles"
if command -v ninja >/dev/null; then generator=Ninja; fi

prefix="$PWD/carry"
if [ "$learn" = ON ]; then
  python3 -c 'import torch' || fail "python3 cannot import torch"
  [ "$(python3 -c 'import torch; print(torch.compiled_with_cxx11_abi())')" = True ] ||
    fail "this PyTorch is built with the old ABI of std::string; use 2.7 or newer"
  prefix="$prefix;$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')"
  python3 - <<'PYTHON'
import torch
print("gpu_check: PyTorch", torch.__version__, "CUDA", torch.version.cuda)
for i in range(torch.cuda.device_count()):
    print("gpu_check: device", i, torch.cuda.get_device_name(i), torch.cuda.get_device_capability(i))
if not torch.cuda.is_available():
    print("gpu_check: no CUDA device is visible")
PYTHON
fi
report=ON
[ -d web/node_modules/uplot ] || report=OFF  # the charts' library comes from npm, and nothing here needs them
cmake -S . -B "$build" -G "$generator" -DCMAKE_BUILD_TYPE=Release "-DGTSA_LEARN=$learn" "-DGTSA_REPORT=$report" \
  "-DCMAKE_MODULE_PATH=$PWD/cmake/carried" "-DCMAKE_PREFIX_PATH=$prefix"
cmake --build "$build" --parallel "$(jobs_that_fit)"
if [ -x "$build/gtsa" ]; then "$build/gtsa" --version; fi
ctest --test-dir "$build" --output-on-failure --label-exclude slow --no-tests=error "$@"

# shellcheck shell=bash
# Sourced by the other scripts.

# What the sanitizers are told. No report is suppressed: LibTorch, which is not instrumented, gives none.
tell_sanitizers() {
  export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1
  export UBSAN_OPTIONS=print_stacktrace=1
}

# As many compilers at once as there are processors and memory for: 1.2 GB each covers a file that defines autograd functions.
jobs_that_fit() {
  local processors memory
  processors=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1200000) }' /proc/meminfo)
  if [ "$memory" -lt 1 ]; then memory=1; fi
  if [ "$memory" -lt "$processors" ]; then echo "$memory"; else echo "$processors"; fi
}

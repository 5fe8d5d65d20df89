#!/usr/bin/env bash
# Which lines and branches of src/ the quick tests run, room by room. Fails where a room is below its floor.
#
#   scripts/coverage.sh                  builds the preset `coverage`, runs the quick tests, prints the table
#   scripts/coverage.sh --raise          also raises the floors of rooms that have grown
#   scripts/coverage.sh --missing ROOM   what nobody ran of a room (core/base), by the counts of the last run
#
# Floors: tests/coverage_floors.txt. They may rise and never fall. A room that is not named there must reach the aim: 95%
# of its lines and 85% of its branches without LibTorch, 90% and 75% with it. Branches that only an exception takes and
# those of GTSA_CHECK, which name our own bugs, do not count.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/coverage
floors=tests/coverage_floors.txt
fail() { printf 'coverage: %s\n' "$*" >&2; exit 1; }

counts() {
  gcovr --root . -j "$(nproc)" --exclude-throw-branches --exclude-unreachable-branches \
    --exclude-branches-by-pattern '\s*GTSA_CHECK\(.*' "$@" "$build/src"
}

raise=no
case "${1:-}" in
  "") ;;
  --raise) raise=yes ;;
  --missing)
    [ $# = 2 ] || fail "--missing wants a room, for example core/base"
    counts --filter "src/$2/"
    counts --filter "src/$2/" --branches
    exit 0 ;;
  *) fail "unknown option '$1'; known: --raise, --missing ROOM" ;;
esac

forget_counts() { if [ -d "$build" ]; then find "$build" -name '*.gcda' -delete; fi; }

scripts/setup.sh --coverage
forget_counts  # of older objects: new ones would complain of them
scripts/build.sh coverage
forget_counts  # of listing the tests
# Notes of sources that are gone would count as sources that nobody ran.
find "$build" -name '*.gcno' | while read -r notes; do [ -e "${notes%.gcno}.o" ] || rm "$notes"; done
# What is killed writes no counts, and what may not write long files spoils them: those tests run elsewhere. So does the
# installation, which counts nothing.
GTEST_FILTER='-Killing.AtAnyMoment*' ctest --preset coverage --parallel 2 --label-exclude slow --no-tests=error \
  --exclude-regex '^(program/disk_full|install/.*)$'
counts --filter src/ --csv "$build/coverage.csv"

# Room, floor of its lines and of its branches in percent. Half a percent is left for what depends on the clock.
table() {
  awk -F, -v raise="$raise" -v floors="$floors" '
    function share(part, whole) { return whole > 0 ? 100 * part / whole : 100 }
    function grown(value, least) { value = int(value - 0.5); return value > least ? value : least }
    function say(text) { print text > "/dev/stderr" }
    FILENAME == floors {
      if ($0 ~ /^#/) { comment = comment $0 "\n"; next }
      split($0, word, " ")
      line_floor[word[1]] = word[2]; branch_floor[word[1]] = word[3]
      next
    }
    FNR > 1 {
      split($1, part, "/")
      room = part[2] "/" part[3]
      if (!(room in lines)) names[++rooms] = room
      lines[room] += $2; lines_run[room] += $3; branches[room] += $5; branches_run[room] += $6
    }
    END {
      printf "%-16s %8s %6s %6s  %8s %6s %6s\n", "room", "lines", "%", "floor", "branches", "%", "floor"
      for (i = 1; i <= rooms; ++i) {
        room = names[i]
        if (!(room in line_floor)) {
          line_floor[room] = room ~ /^core\// ? 95 : 90
          branch_floor[room] = room ~ /^core\// ? 85 : 75
        }
        l = share(lines_run[room], lines[room]); b = share(branches_run[room], branches[room])
        printf "%-16s %8d %6.1f %6d  %8d %6.1f %6d\n", room, lines[room], l, line_floor[room], branches[room], b,
          branch_floor[room]
        if (l < line_floor[room]) { low = 1; say("coverage: the lines of " room " are below their floor") }
        if (b < branch_floor[room]) { low = 1; say("coverage: the branches of " room " are below their floor") }
        new_lines = grown(l, line_floor[room]); new_branches = grown(b, branch_floor[room])
        if (new_lines != line_floor[room] || new_branches != branch_floor[room])
          may_rise = may_rise sprintf("  %s %d %d\n", room, new_lines, new_branches)
        text = text sprintf("%s %d %d\n", room, new_lines, new_branches)
      }
      for (room in line_floor)
        if (!(room in lines)) { low = 1; say("coverage: " floors " names " room ", which nothing was counted of") }
      if (low) { say("coverage: write the missing tests; scripts/coverage.sh --missing ROOM shows where"); exit 1 }
      if (raise == "yes") printf "%s%s", comment, text > floors
      else if (may_rise != "") printf "floors that may rise (scripts/coverage.sh --raise):\n%s", may_rise
    }' "$floors" "$build/coverage.csv"
}
table

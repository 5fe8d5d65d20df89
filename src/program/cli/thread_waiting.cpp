// How long idle threads of the OpenMP team spin before they sleep, settled before libgomp looks.
//
// libgomp's threads spin for milliseconds by default. Where other programs want the same cores, a spinning thread keeps
// the one that it waits for from running: a step took three to five times as long. A fifteenth of that is as fast on a
// quiet machine and harmless on a busy one (docs/results.md). libgomp reads its settings when it is loaded, before
// main(), and has no call to change them, so the program starts itself anew with the setting in its environment.
// Functions in .preinit_array run before any library is initialised, which keeps the first start short. What the user
// has set stays. Commands of a moment are spared the second start (0.16 s).

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <iterator>
#include <vector>

namespace {

constexpr const char* kPolicy = "OMP_WAIT_POLICY=";
constexpr const char* kCount = "GOMP_SPINCOUNT=";
constexpr const char* kLongCommands[] = {"bench",    "demo",    "eval",     "features",
                                         "finetune", "predict", "pretrain", "probe"};

bool computes_for_long(int argc, char** argv) {
  return argc > 1 && std::any_of(std::begin(kLongCommands), std::end(kLongCommands),
                                 [&](const char* command) { return std::strcmp(argv[1], command) == 0; });
}

void shorten_spinning(int argc, char** argv, char** environment) {
  if (!computes_for_long(argc, argv)) return;
  std::vector<const char*> variables;
  for (char** variable = environment; *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, kPolicy, std::strlen(kPolicy)) == 0) return;
    if (std::strncmp(*variable, kCount, std::strlen(kCount)) == 0) return;
    variables.push_back(*variable);
  }
  variables.push_back("GOMP_SPINCOUNT=20000");
  variables.push_back(nullptr);
  // By its real name, which lists of processes show. Where this fails the program goes on as it is: slower at worst.
  char program[PATH_MAX + 1] = {};
  if (::readlink("/proc/self/exe", program, PATH_MAX) > 0)
    ::execve(program, argv, const_cast<char* const*>(variables.data()));
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const before_libraries)(int, char**, char**) = shorten_spinning;

}  // namespace

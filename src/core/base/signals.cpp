#include "core/base/signals.h"

#include <signal.h>
#include <unistd.h>

#include "core/base/error.h"

namespace gtsa {
namespace {

constexpr int kInterrupted = 130;  // exit code of the second signal and of a run that was stopped

volatile sig_atomic_t g_signal = 0;
struct sigaction g_previous_int, g_previous_term;
bool g_installed = false;

void on_signal(int number) {
  if (g_signal != 0) _exit(kInterrupted);
  g_signal = number;
}

}  // namespace

StopSignals::StopSignals() {
  GTSA_CHECK(!g_installed, "stop signals are already handled");
  g_installed = true;
  g_signal = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &g_previous_int);
  sigaction(SIGTERM, &action, &g_previous_term);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &g_previous_int, nullptr);
  sigaction(SIGTERM, &g_previous_term, nullptr);
  g_installed = false;
}

bool StopSignals::requested() { return g_signal != 0; }

const char* StopSignals::name() { return g_signal == SIGINT ? "SIGINT" : g_signal == SIGTERM ? "SIGTERM" : nullptr; }

}  // namespace gtsa

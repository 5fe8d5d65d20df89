#pragma once
// The program as its users meet it: a process with arguments, signals, an exit code and what it says. Every wait has a
// deadline.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gtsa::test {

struct Command {
  std::vector<std::string> arguments;    ///< without the program's own name
  std::filesystem::path folder = ".";    ///< where it runs
  std::optional<uint64_t> largest_file;  ///< bytes; a longer write fails, as on a full disk
};

struct Ended {
  int exit_code = -1;     ///< -1 if a signal ended it
  int signal = 0;         ///< which one; 0 if it left by itself
  bool too_late = false;  ///< the deadline passed and the test killed it
  std::string out;
  std::string err;
  int64_t peak_bytes = 0;  ///< largest resident memory
};

/// One run of gtsa. What still runs at the end of the object's life is killed.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const;
  /// True if it ended within this time.
  bool ends_within(double seconds) const;
  /// Looks at files that appear or change in `folders` until enough(name) is true; false if the process ended before
  /// that or the deadline passed. Called once with an empty name at the beginning.
  bool watch(const std::vector<std::filesystem::path>& folders,
             const std::function<bool(const std::string& name)>& enough, double deadline_seconds = 240) const;
  Ended wait(double deadline_seconds = 240);

 private:
  pid_t pid_ = -1;
  int alive_ = -1;  ///< pidfd: readable once the process has ended
  int out_ = -1;
  int err_ = -1;
};

/// `words` and then `more`.
std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more);

/// The lines of what a program said, without their ends.
std::vector<std::string> split_lines(const std::string& text);

/// Runs gtsa to its end.
Ended run_gtsa(const Command& command);

}  // namespace gtsa::test

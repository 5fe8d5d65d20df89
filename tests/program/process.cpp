#include "program/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "core/base/clock.h"

namespace gtsa::test {
namespace {

[[noreturn]] void fail(const char* what) { throw std::runtime_error(std::string(what) + ": " + std::strerror(errno)); }

int must(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

std::string content_of(int fd) {
  std::string text;
  std::array<char, 4096> part;
  for (off_t at = 0;; at = static_cast<off_t>(text.size())) {
    const ssize_t count = ::pread(fd, part.data(), part.size(), at);
    if (count <= 0) return text;
    text.append(part.data(), static_cast<size_t>(count));
  }
}

/// The child's side: nothing but what is allowed between fork and exec.
[[noreturn]] void become_gtsa(const Command& command, char* const* arguments, int out, int err) {
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (::chdir(command.folder.c_str()) != 0) ::_exit(126);
  if (command.largest_file) {
    const rlimit limit{*command.largest_file, *command.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
  }
  ::execv(GTSA_PROGRAM, arguments);
  ::_exit(127);
}

bool readable(int fd, double seconds) {
  pollfd wanted{fd, POLLIN, 0};
  const double whole = std::floor(seconds);
  const timespec time{static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
  return ::ppoll(&wanted, 1, &time, nullptr) > 0;
}

/// Names of the files that events of `notify` speak of.
std::vector<std::string> next_names(int notify) {
  alignas(inotify_event) std::array<char, 16384> buffer;
  const ssize_t size = ::read(notify, buffer.data(), buffer.size());
  std::vector<std::string> names;
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    names.emplace_back(event->len > 0 ? event->name : "");
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
  return names;
}

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() { ::close(fd); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

}  // namespace

Process::Process(const Command& command) {
  out_ = must(::memfd_create("out", MFD_CLOEXEC), "memfd_create");
  err_ = must(::memfd_create("err", MFD_CLOEXEC), "memfd_create");
  std::vector<std::string> words{"gtsa"};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = must(::fork(), "fork");
  if (pid_ == 0) become_gtsa(command, arguments.data(), out_, err_);
  alive_ = must(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open");
}

Process::~Process() {
  if (pid_ > 0) {
    send(SIGKILL);
    wait();
  }
  for (const int fd : {alive_, out_, err_}) ::close(fd);
}

void Process::send(int signal) const { ::kill(pid_, signal); }

bool Process::ends_within(double seconds) const { return readable(alive_, seconds); }

bool Process::watch(const std::vector<std::filesystem::path>& folders,
                    const std::function<bool(const std::string& name)>& enough, double deadline_seconds) const {
  const Descriptor notify(must(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1"));
  for (const auto& folder : folders) {
    must(::inotify_add_watch(notify.fd, folder.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO), "inotify_add_watch");
  }
  if (enough("")) return true;
  const Clock clock = steady_clock();
  const double end = clock() + deadline_seconds;
  while (clock() < end) {
    std::array<pollfd, 2> wanted{pollfd{notify.fd, POLLIN, 0}, pollfd{alive_, POLLIN, 0}};
    ::poll(wanted.data(), wanted.size(), static_cast<int>(1000 * (end - clock())) + 1);
    for (const std::string& name : next_names(notify.fd)) {
      if (enough(name)) return true;
    }
    if (wanted[1].revents != 0) return false;
  }
  return false;
}

Ended Process::wait(double deadline_seconds) {
  Ended ended;
  if (!ends_within(deadline_seconds)) {
    ended.too_late = true;
    send(SIGKILL);
  }
  int status = 0;
  rusage usage{};
  must(::wait4(pid_, &status, 0, &usage), "wait4");
  pid_ = -1;
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.out = content_of(out_);
  ended.err = content_of(err_);
  ended.peak_bytes = int64_t{usage.ru_maxrss} * 1024;
  return ended;
}

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Ended run_gtsa(const Command& command) { return Process(command).wait(); }

}  // namespace gtsa::test

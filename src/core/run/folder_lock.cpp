#include "core/run/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/error.h"

namespace gtsa::run {
namespace {

/// Who holds the lock, for the message of who does not get it.
void sign(int fd) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string text = fmt::format("process {} on {}\n", ::getpid(), host.data());
  // A courtesy: on a full disk the lock holds without a name.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0) errno = 0;
}

std::string signature(int fd) {
  std::array<char, 320> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  const std::string signature(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  const size_t end = signature.find('\n');
  return end == std::string::npos ? "another process" : signature.substr(0, end);
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) throw Error("cannot write {}: {}", path.string(), std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
    held_ = true;
    sign(fd_);
  } else if (errno == EWOULDBLOCK) {
    const std::string holder = signature(fd_);
    ::close(fd_);
    throw Error("{} is being written by {}: wait until it ends, or choose another folder", folder.string(), holder);
  }
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace gtsa::run

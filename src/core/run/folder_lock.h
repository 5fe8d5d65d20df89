#pragma once
#include <filesystem>
#include <utility>

namespace gtsa::run {

/// An advisory lock on a folder (flock on the file `.lock` in it), so that two processes never write one run. It ends
/// with the process, however that ends; the file stays.
class FolderLock {
 public:
  /// Throws Error naming the process that holds it. Where the file system knows no locks, held() is false.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)), held_(other.held_) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(held_, other.held_);
    return *this;
  }
  bool held() const { return held_; }

 private:
  int fd_ = -1;
  bool held_ = false;
};

}  // namespace gtsa::run

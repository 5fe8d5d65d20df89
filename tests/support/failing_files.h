#pragma once
// A file layer whose n-th operation fails (reliability: "a checkpoint on disk is whole or absent").

#include "core/base/files.h"

namespace gtsa::test {

/// Passes everything to the real file system, but operation number `fail_at` (from 1; 0 = none) throws as a full disk
/// would; a failing write first writes half of its bytes. Operations: open, write, sync, close, rename, sync_directory,
/// create_directories, remove_all.
class FailingFiles : public FileSystem {
 public:
  explicit FailingFiles(int fail_at) : fail_at_(fail_at) {}
  int operations() const { return count_; }
  bool failed() const { return failed_; }

  std::unique_ptr<OutputFile> open(const std::filesystem::path& path, Mode mode) override;
  void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  void sync_directory(const std::filesystem::path& directory) override;
  void create_directories(const std::filesystem::path& directory) override;
  void remove_all(const std::filesystem::path& path) override;

 private:
  friend class FailingFile;
  void step(const char* what, const std::filesystem::path& path);
  bool next_fails();
  int fail_at_;
  int count_ = 0;
  bool failed_ = false;
};

}  // namespace gtsa::test

#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "core/base/files.h"

namespace gtsa::run {

/// A file that only grows by whole records. A writer that was killed, or a disk that filled up, may leave a torn record
/// at the end: it is mended before the next record is appended, so records never run into each other.
class AppendFile {
 public:
  /// Makes the end of an existing file whole, and begins a missing one.
  using Mend = void (*)(FileSystem& files, const std::filesystem::path& path);

  AppendFile(FileSystem& files, std::filesystem::path path, Mend mend);

  /// One write(2). After an error the file is closed, and mended at the next call.
  void append(std::string_view record);
  /// Durable on disk when it returns; nothing if nothing was appended.
  void sync();
  /// The next append opens the file again.
  void close() { file_.reset(); }

 private:
  FileSystem* files_;
  std::filesystem::path path_;
  Mend mend_;
  std::unique_ptr<OutputFile> file_;
};

/// Drops what stands behind the last line end. No file is no error.
void drop_torn_line(FileSystem& files, const std::filesystem::path& path);

/// Keeps the JSON lines whose "step" is at most `last_step`, rewriting the file whole or not at all. A line without a
/// step counts to the line before it; what is no JSON (a torn end) is dropped. A file that needs no cut is not touched.
void cut_lines(FileSystem& files, const std::filesystem::path& path, int64_t last_step);

}  // namespace gtsa::run

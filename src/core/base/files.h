#pragma once
// The file layer: everything that is saved goes through `FileSystem`, so that tests can make the n-th operation fail.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gtsa {

/// A file open for writing. Errors throw `Error` naming the path and the system's reason.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// Durable on disk when it returns.
  virtual void sync() = 0;
  /// Close and report what the system says; the destructor closes silently.
  virtual void close() = 0;
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
};

/// What the program asks of a file system when it saves. One real implementation and the fakes of tests.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  enum class Mode { truncate, append };
  virtual std::unique_ptr<OutputFile> open(const std::filesystem::path& path, Mode mode) = 0;
  virtual void rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual void sync_directory(const std::filesystem::path& directory) = 0;
  virtual void create_directories(const std::filesystem::path& directory) = 0;
  /// Removes a file or a whole folder; what is absent is no error.
  virtual void remove_all(const std::filesystem::path& path) = 0;
};

/// The machine's own file system.
FileSystem& real_files();

/// Saves whole or not at all: write aside in the same folder, fsync, rename over `path`, fsync the folder.
/// On failure the old file is untouched, what was written aside is removed, and the error names `path`.
void write_atomically(FileSystem& files, const std::filesystem::path& path,
                      std::span<const std::span<const std::byte>> pieces);
void write_atomically(FileSystem& files, const std::filesystem::path& path, std::string_view text);

/// Whole content of a file. Throws Error (missing, unreadable, a folder, or more than `limit` bytes).
std::vector<std::byte> read_bytes(const std::filesystem::path& path, uint64_t limit = UINT64_MAX);
std::string read_text(const std::filesystem::path& path, uint64_t limit = uint64_t{64} << 20);

/// A file mapped read-only; empty files give an empty span. Movable; the span lives as long as the map.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace gtsa

#pragma once
// A tar shard open for reading at any place. Nothing is mapped: where a shard shrinks under a run, reads come back
// short and no signal ends the program.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace gtsa::data {

class ShardFile {
 public:
  /// Throws Error if `path` cannot be opened or is no regular file.
  explicit ShardFile(const std::filesystem::path& path);
  ~ShardFile();
  ShardFile(const ShardFile&) = delete;
  ShardFile& operator=(const ShardFile&) = delete;

  /// Bytes of the file when it was opened.
  uint64_t size() const { return size_; }
  /// Bytes read: fewer than `out` has only where the file ends. Throws Error.
  size_t read(uint64_t offset, std::span<std::byte> out) const;
  /// Asks the system to have these bytes in memory soon and does not wait for them.
  void will_need(uint64_t offset, uint64_t size) const;

 private:
  const std::filesystem::path path_;
  int descriptor_;
  uint64_t size_ = 0;
};

}  // namespace gtsa::data

#pragma once
// A data set's photographs wherever their bytes lie: each in a file of its own, or as members of tar shards.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/formats/tar.h"
#include "core/image/decode.h"

namespace gtsa::data {

/// One photograph.
class PhotoRef {
 public:
  /// Not explicit: a path is a photograph wherever one is asked for.
  PhotoRef(std::filesystem::path file) : file_(std::move(file)) {}
  PhotoRef(std::filesystem::path shard, formats::TarMember member)
      : file_(std::move(shard)), is_member_(true), member_(std::move(member)) {}

  /// For people and records: "photos/0001.jpg", "shards/a.tar:img/0001.jpg".
  std::string name() const;
  /// The file that holds its bytes: its own, or the shard.
  const std::filesystem::path& file() const { return file_; }
  /// Reads and decodes it. Throws image::ImageError, which names it; also where its shard has become shorter.
  image::Image read(const image::DecodeOptions& options) const;
  /// Asks the system for a member's bytes ahead of time; for a file of its own, nothing.
  void will_need() const;

 private:
  std::vector<std::byte> member_bytes() const;

  std::filesystem::path file_;  ///< its own, or the shard
  bool is_member_ = false;
  formats::TarMember member_;
};

/// A tar file and the photographs in it, in its order.
struct Shard {
  std::filesystem::path file;
  std::vector<formats::TarMember> photographs;
};

/// All of a data set. Copies share their memory.
class Photographs {
 public:
  /// Not explicit: files are photographs wherever these are asked for.
  Photographs(std::vector<std::filesystem::path> files);
  explicit Photographs(std::vector<Shard> shards);

  int64_t size() const { return firsts_.empty() ? std::ssize(*files_) : firsts_.back(); }
  PhotoRef operator[](uint64_t index) const;
  std::string name(uint64_t index) const;
  /// Photographs of each shard, in the order of their numbers; none for files of their own.
  std::vector<int64_t> shard_sizes() const;

 private:
  size_t shard_of(uint64_t index) const;

  std::shared_ptr<const std::vector<std::filesystem::path>> files_;
  std::shared_ptr<const std::vector<Shard>> shards_;
  std::vector<int64_t> firsts_;  ///< number of each shard's first photograph, then that of all photographs
};

}  // namespace gtsa::data

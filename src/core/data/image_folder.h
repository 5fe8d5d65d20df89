#pragma once
// The photographs that `--data` names: folders and lists of paths. No labels, no pixels: only which files there are, in
// an order that depends on nothing but their names.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gtsa::data {

/// The files of several `--data` arguments, in the order of the arguments.
///
/// A folder is read recursively, its files sorted by the bytes of their paths; links are followed, each folder is read
/// once. In a folder of COCO's layout only `train2017/` is read, in one of ADE20K's only `images/training/`, at
/// whatever depth they are met. A text file lists paths, one a line, relative to its own folder; every line counts.
///
/// A file counts if it has a picture's extension (jpg, jpeg, png, webp in any case; gif, bmp, tif, tiff too, although
/// they cannot be read) or, whatever its name, a picture's first bytes. Others are ignored and counted apart. Pipes and
/// devices are never opened.
class ImageFolder {
 public:
  /// Throws Error where an argument is missing, unreadable, or has no photographs.
  explicit ImageFolder(std::span<const std::filesystem::path> arguments);

  const std::vector<std::filesystem::path>& files() const { return files_; }
  int64_t size() const { return static_cast<int64_t>(files_.size()); }
  /// Counted files in formats that are known and not read: each will be a bad file.
  int64_t unsupported() const { return unsupported_; }
  /// Files that are no pictures.
  int64_t ignored() const { return ignored_; }
  /// What was chosen, one line an argument or a choice.
  const std::vector<std::string>& description() const { return description_; }

 private:
  void add(const std::filesystem::path& argument);

  std::vector<std::filesystem::path> files_;
  int64_t unsupported_ = 0;
  int64_t ignored_ = 0;
  std::vector<std::string> description_;
};

/// What a file's extension says about it.
enum class FileKind : uint8_t {
  picture,
  unsupported,  ///< a picture in a format that is not read
  other,
};
FileKind kind_by_name(const std::filesystem::path& path);
/// True for *.tar in any case: a shard, which find_photographs() reads.
bool is_tar_by_name(const std::filesystem::path& path);
/// True for the extensions that make a file count, of formats that are read and of those that are not.
bool is_picture_by_name(const std::filesystem::path& path);

}  // namespace gtsa::data

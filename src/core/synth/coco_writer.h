#pragma once
// COCO's instances JSON, written while the scenes are made. Of use inside core/synth only.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/files.h"
#include "core/synth/scene.h"

namespace gtsa::synth {

/// The annotations of a scene's things as JSON objects, joined by commas; empty without things. Ids are image_id *
/// 65536
/// + k for things[k - 1]. Masks are outlines as polygons; long outlines and crowds are run lengths (compressed and as
/// lists). Boxes and areas are those of the masks.
std::string coco_annotations(const Scene& scene, int64_t image_id);

/// One instances_SPLIT.json, saved whole by finish(): until then it lies aside, and the destructor removes it.
class CocoWriter {
 public:
  CocoWriter(FileSystem& files, std::filesystem::path path);
  ~CocoWriter();
  /// In the order of ids. `annotations` as from coco_annotations().
  void add(int64_t image_id, const std::string& file_name, Size size, const std::string& annotations);
  void finish();

 private:
  FileSystem& files_;
  std::filesystem::path path_;
  std::filesystem::path aside_;
  std::unique_ptr<OutputFile> file_;
  std::string images_;
  std::string pending_;  ///< what comes before the next annotation: the file's head, then a comma
};

}  // namespace gtsa::synth

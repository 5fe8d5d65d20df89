#pragma once
// COCO's records joined by their ids: what the readers of that JSON (coco.h, inaturalist.h) have in common.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/error.h"
#include "core/data/coco_json.h"

namespace gtsa::data {

/// Tells of every record that does not fit the others, with its place in the file. Categories and images come before
/// the annotations that point to them.
class CocoJoin {
 public:
  /// `json` is the file that messages name. Both outlive this object.
  CocoJoin(const std::filesystem::path& json, const OnFault& on_fault) : json_(json), on_fault_(on_fault) {}

  /// The categories by rising id: a category's label is its index. A second one of an id is left out.
  std::vector<CocoCategoryRecord> add_categories(std::vector<CocoCategoryRecord> records);
  /// The image's file below `folder`, from now on known as `index`; none if it cannot be used.
  std::optional<std::filesystem::path> add_image(const CocoImageRecord& record, const std::filesystem::path& folder,
                                                 int64_t index);

  struct Target {
    int64_t image = 0;  ///< index given to add_image
    int64_t label = 0;
  };
  /// What an annotation points to; none if that is not there, or is an image that could not be used.
  std::optional<Target> add_annotation(const CocoAnnotationRecord& record);

  template <class... Args>
  void fault(const char* kind, uint64_t at, fmt::format_string<Args...> format, Args&&... args) const {
    on_fault_(kind,
              fmt::format("{}: {} (byte {})", json_.string(), fmt::format(format, std::forward<Args>(args)...), at));
  }

 private:
  const std::filesystem::path& json_;
  const OnFault& on_fault_;
  std::unordered_map<int64_t, int64_t> labels_;                 ///< category id -> label
  std::unordered_map<int64_t, std::optional<int64_t>> images_;  ///< image id -> index; none: cannot be used
  std::unordered_set<int64_t> annotations_;
};

/// `name` below `folder`; none if it is empty, absolute or climbs out of the folder.
std::optional<std::filesystem::path> file_below(const std::filesystem::path& folder, const std::string& name);

}  // namespace gtsa::data

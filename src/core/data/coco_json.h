#pragma once
// COCO's JSON as it is written, record by record: what its readers (coco.h, inaturalist.h) make sense of. The text is
// walked over once and no tree is made, so memory is that of the records kept.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry/masks.h"
#include "core/geometry/polygon.h"

namespace gtsa::data {

/// What is told of a record that cannot be used: a kind ("duplicate id") and a sentence that names the record. A reader
/// that goes on leaves the record (or its mask) out.
using OnFault = std::function<void(std::string_view kind, const std::string& message)>;
/// Throws Error(message).
void refuse(std::string_view kind, const std::string& message);

/// `at`: the record's first byte in the file, for messages.
struct CocoCategoryRecord {
  int64_t id = 0;
  std::string name;  ///< the id in digits where the file gives none
  uint64_t at = 0;
};

struct CocoImageRecord {
  int64_t id = 0;
  std::string file_name;
  Size size;  ///< 0 x 0 where the file gives none
  uint64_t at = 0;
};

struct CocoAnnotationRecord {
  int64_t id = 0;
  int64_t image_id = 0;
  int64_t category_id = 0;
  geometry::BoxXywh box;
  double area = 0;
  bool crowd = false;
  bool ignored = false;
  std::vector<geometry::Polygon> polygons;
  std::optional<geometry::RunLengthMask> runs;
  uint64_t at = 0;
};

struct CocoRecords {
  std::vector<CocoCategoryRecord> categories;
  std::vector<CocoImageRecord> images;
  std::vector<CocoAnnotationRecord> annotations;
};

/// What an annotation is about.
enum class CocoAbout : uint8_t {
  objects,   ///< bbox and area are wanted, masks and flags are read
  pictures,  ///< the class alone
};

/// Throws Error "REASON (byte N)" for text that is torn, no JSON, or not of COCO's form: images with id and file_name,
/// annotations with id, image_id and category_id, categories with id. Masks that are none are told to `on_fault`.
CocoRecords parse_coco_json(std::span<const std::byte> text, CocoAbout about, const OnFault& on_fault);
/// The same of a file, which is mapped, not read into memory. Errors and what is told to `on_fault` name it.
CocoRecords read_coco_json(const std::filesystem::path& path, CocoAbout about, const OnFault& on_fault);

}  // namespace gtsa::data

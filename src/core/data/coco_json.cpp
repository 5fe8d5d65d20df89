#include "core/data/coco_json.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/formats/json_cursor.h"

namespace gtsa::data {
namespace {

using formats::fail_at;
using formats::JsonCursor;
using geometry::Polygon;

/// A member that a record must have.
template <class T>
class Wanted {
 public:
  void operator=(T value) { value_ = std::move(value); }
  T take(const char* record, const char* key, uint64_t at) {
    if (!value_) fail_at(at, fmt::format("the {} has no {}", record, key));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

int64_t whole(JsonCursor& json) {
  const uint64_t at = json.position();
  const uint64_t value = json.unsigned_integer();
  if (value > static_cast<uint64_t>(INT64_MAX)) fail_at(at, "a number beyond 63 bits");
  return static_cast<int64_t>(value);
}

/// COCO's flags are 0 and 1; some tools write false and true.
bool flag(JsonCursor& json) {
  const char next = json.next_character();
  return next == 't' || next == 'f' ? json.boolean() : json.unsigned_integer() != 0;
}

class Reader {
 public:
  Reader(std::string_view text, CocoAbout about, const OnFault& on_fault)
      : json_(text, 0), about_(about), on_fault_(on_fault) {}

  CocoRecords read() {
    if (json_.next_character() != '{') fail_at(json_.position(), "no COCO annotations: the JSON is not an object");
    bool images = false, annotations = false, categories = false;
    json_.object([&](const std::string& key, uint64_t at) {
      if (key == "images") return section(images, key, at, [&] { image(); });
      if (key == "annotations") return section(annotations, key, at, [&] { annotation(); });
      if (key == "categories") return section(categories, key, at, [&] { category(); });
      json_.skip_value();
    });
    json_.expect_end();
    if (!images || !annotations || !categories) {
      throw Error("no COCO annotations: \"{}\" is missing", !images        ? "images"
                                                            : !annotations ? "annotations"
                                                                           : "categories");
    }
    return std::move(records_);
  }

 private:
  template <class Element>
  void section(bool& seen, const std::string& key, uint64_t at, const Element& element) {
    if (seen) fail_at(at, fmt::format("\"{}\" occurs twice", key));
    seen = true;
    json_.array(element);
  }

  void category() {
    const uint64_t at = json_.position();
    Wanted<int64_t> id;
    std::string name;
    json_.object([&](const std::string& key, uint64_t) {
      if (key == "id") {
        id = whole(json_);
      } else if (key == "name") {
        name = json_.string();
      } else {
        json_.skip_value();
      }
    });
    CocoCategoryRecord record{.id = id.take("category", "id", at), .name = std::move(name), .at = at};
    if (record.name.empty()) record.name = fmt::format("{}", record.id);
    records_.categories.push_back(std::move(record));
  }

  void image() {
    const uint64_t at = json_.position();
    Wanted<int64_t> id;
    Wanted<std::string> file_name;
    Size size;
    json_.object([&](const std::string& key, uint64_t) {
      if (key == "id") {
        id = whole(json_);
      } else if (key == "file_name") {
        file_name = json_.string();
      } else if (key == "width" && !json_.consume_null()) {
        size.width = whole(json_);
      } else if (key == "height" && !json_.consume_null()) {
        size.height = whole(json_);
      } else if (key != "width" && key != "height") {
        json_.skip_value();
      }
    });
    records_.images.push_back({.id = id.take("image", "id", at),
                               .file_name = file_name.take("image", "file_name", at),
                               .size = size,
                               .at = at});
  }

  void annotation() {
    CocoAnnotationRecord record;
    record.at = json_.position();
    Wanted<int64_t> id, image_id, category_id;
    Wanted<geometry::BoxXywh> box;
    Wanted<double> area;
    json_.object([&](const std::string& key, uint64_t) {
      if (key == "id") {
        id = whole(json_);
      } else if (key == "image_id") {
        image_id = whole(json_);
      } else if (key == "category_id") {
        category_id = whole(json_);
      } else if (about_ == CocoAbout::pictures) {
        json_.skip_value();
      } else if (key == "bbox") {
        box = read_box();
      } else if (key == "area") {
        area = json_.real();
      } else if (key == "iscrowd") {
        record.crowd = flag(json_);
      } else if (key == "ignore") {
        record.ignored = flag(json_);
      } else if (key == "segmentation") {
        mask(record);
      } else {
        json_.skip_value();
      }
    });
    record.id = id.take("annotation", "id", record.at);
    record.image_id = image_id.take("annotation", "image_id", record.at);
    record.category_id = category_id.take("annotation", "category_id", record.at);
    if (about_ == CocoAbout::objects) {
      record.box = box.take("annotation", "bbox", record.at);
      record.area = area.take("annotation", "area", record.at);
    }
    records_.annotations.push_back(std::move(record));
  }

  geometry::BoxXywh read_box() {
    const uint64_t at = json_.position();
    double numbers[4] = {};
    size_t count = 0;
    json_.array([&] {
      const double number = json_.real();
      if (count < std::size(numbers)) numbers[count] = number;
      ++count;
    });
    if (count != std::size(numbers)) fail_at(at, fmt::format("bbox has {} numbers instead of 4", count));
    return {numbers[0], numbers[1], numbers[2], numbers[3]};
  }

  void mask(CocoAnnotationRecord& record) {
    if (json_.consume_null()) return;
    if (json_.next_character() == '{') {
      record.runs = runs();
    } else {
      json_.array([&] { polygon(record.polygons); });
    }
  }

  void polygon(std::vector<Polygon>& polygons) {
    const uint64_t at = json_.position();
    constexpr size_t kFewest = 6;  // numbers: two a corner
    Polygon polygon;
    size_t count = 0;
    bool far = false;
    json_.array([&] {
      const double number = json_.real();
      far = far || number > geometry::kMaxCoordinate || number < -geometry::kMaxCoordinate;
      if (count++ % 2 == 0) {
        polygon.push_back({number, 0});
      } else {
        polygon.back().y = number;
      }
    });
    if (count < kFewest || count % 2 != 0) {
      return broken(at,
                    fmt::format("a polygon of {} numbers: three corners or more are wanted, two numbers each", count));
    }
    if (far) return broken(at, fmt::format("a polygon has a coordinate beyond {}", geometry::kMaxCoordinate));
    polygon.shrink_to_fit();
    polygons.push_back(std::move(polygon));
  }

  std::optional<geometry::RunLengthMask> runs() {
    const uint64_t at = json_.position();
    std::vector<int64_t> size;
    std::optional<std::string> text;
    std::vector<uint64_t> counts;
    bool has_counts = false;
    json_.object([&](const std::string& key, uint64_t) {
      if (key == "size") {
        json_.array([&] { size.push_back(whole(json_)); });
      } else if (key == "counts") {
        has_counts = true;
        if (json_.next_character() == '"') {
          text = json_.string();
        } else {
          json_.array([&] { counts.push_back(json_.unsigned_integer()); });
        }
      } else {
        json_.skip_value();
      }
    });
    if (size.size() != 2 || !has_counts)
      fail_at(at, "a run-length mask wants \"size\": [height, width] and \"counts\"");
    const Size pixels{size[1], size[0]};
    try {
      return text ? geometry::mask_from_string(*text, pixels) : geometry::mask_from_counts(counts, pixels);
    } catch (const Error& error) {
      broken(at, error.what());
      return std::nullopt;
    }
  }

  void broken(uint64_t at, const std::string& why) const {
    on_fault_("broken mask", fmt::format("{} (byte {})", why, at));
  }

  JsonCursor json_;
  CocoAbout about_;
  const OnFault& on_fault_;
  CocoRecords records_;
};

}  // namespace

void refuse(std::string_view, const std::string& message) { throw Error(message); }

CocoRecords parse_coco_json(std::span<const std::byte> text, CocoAbout about, const OnFault& on_fault) {
  const std::string_view characters(reinterpret_cast<const char*>(text.data()), text.size());
  if (characters.empty()) throw Error("no COCO annotations: the file is empty");
  if (const size_t wrong = formats::first_invalid_utf8(characters); wrong != std::string_view::npos) {
    fail_at(wrong, "no JSON: the text is not UTF-8");
  }
  return Reader(characters, about, on_fault).read();
}

CocoRecords read_coco_json(const std::filesystem::path& path, CocoAbout about, const OnFault& on_fault) {
  const MappedFile text(path);
  // Faults are kept until the parser is done, so that an error of `on_fault` is not taken for one of the parser.
  std::vector<std::pair<std::string, std::string>> faults;
  CocoRecords records;
  try {
    records = parse_coco_json(text.bytes(), about, [&](std::string_view kind, const std::string& message) {
      faults.emplace_back(kind, fmt::format("{}: {}", path.string(), message));
    });
  } catch (const Error& error) {
    throw Error("{}: {}", path.string(), error.what());
  }
  for (const auto& [kind, message] : faults) on_fault(kind, message);
  return records;
}

}  // namespace gtsa::data

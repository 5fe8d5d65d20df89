#include "core/report/artefacts.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/report/curves.h"

namespace gtsa::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kMostItems = 4096;  ///< of any list: beyond it a page is no page
constexpr size_t kTurns = 4;

const Json& member(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) throw Error("{} is missing", key);
  return object[key];
}

double number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) throw Error("{} is no number", key);
  return shortened(value.get<double>());
}

/// A whole number of low..high.
int64_t whole(const Json& object, const char* key, int64_t low, int64_t high) {
  const Json& value = member(object, key);
  if (!value.is_number_integer() || value.get<int64_t>() < low || value.get<int64_t>() > high)
    throw Error("{} is no whole number of {} to {}", key, low, high);
  return value.get<int64_t>();
}

constexpr int64_t kLargestSide = 1 << 20;
int64_t side(const Json& object, const char* key) { return whole(object, key, 1, kLargestSide); }

std::string word(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) throw Error("{} is no text", key);
  return value.get<std::string>();
}

const Json& list(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw Error("{} is no list", key);
  if (value.size() > kMostItems) throw Error("{} holds {} items, at most {} are shown", key, value.size(), kMostItems);
  return value;
}

/// `count` finite numbers; any number of them if 0.
Json numbers(const Json& object, const char* key, size_t count) {
  const Json& values = list(object, key);
  if (count != 0 && values.size() != count) throw Error("{} holds {} numbers instead of {}", key, values.size(), count);
  Json result = Json::array();
  for (const Json& value : values) {
    if (!value.is_number()) throw Error("{} holds what is no number", key);
    result.push_back(shortened(value.get<double>()));
  }
  return result;
}
Json box(const Json& object, const char* key) { return numbers(object, key, 4); }
Json point(const Json& object, const char* key) { return numbers(object, key, 2); }

bool yes(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_boolean()) throw Error("{} is neither true nor false", key);
  return value.get<bool>();
}

/// One folder's artefacts.
class Reader {
 public:
  Reader(fs::path folder, Pictures& pictures) : folder_(std::move(folder)), pictures_(pictures) {}

  Json crops(const Json& file) {
    Json photos = Json::array();
    for (const Json& photo : list(file, "photos")) {
      Json views = Json::array(), overlaps = Json::array();
      for (const Json& view : list(photo, "views")) {
        views.push_back({{"global", word(view, "kind") == "global"},
                         {"picture", picture(view, "picture")},
                         {"size", side(view, "size")},
                         {"box", box(view, "box_in_photo")},
                         {"turn", whole(view, "turn", 0, kTurns - 1)},
                         {"flipped", yes(view, "flipped")}});
      }
      const auto last = static_cast<int64_t>(views.size()) - 1;
      for (const Json& overlap : list(photo, "overlaps")) {
        overlaps.push_back({{"first", whole(overlap, "first", 0, last)},
                            {"second", whole(overlap, "second", 0, last)},
                            {"in_photo", box(overlap, "box_in_photo")},
                            {"in_first", box(overlap, "box_in_first")},
                            {"in_second", box(overlap, "box_in_second")}});
      }
      Json shown = photograph(photo);
      shown["views"] = std::move(views);
      shown["overlaps"] = std::move(overlaps);
      photos.push_back(std::move(shown));
    }
    return {{"photos", std::move(photos)}};
  }

  Json features(const Json& file) {
    Json photos = Json::array(), snapshots = Json::array();
    for (const Json& photo : list(file, "photos")) photos.push_back(photograph(photo));
    for (const Json& snapshot : list(file, "snapshots")) {
      Json pictures = Json::array(), pairs = Json::array();
      for (const Json& photo : list(snapshot, "photos")) {
        Json heads = Json::array();
        for (const Json& head : list(photo, "attention")) {
          if (!head.is_string()) throw Error("attention holds what is no picture");
          heads.push_back(pictures_.add_from(folder_, head.get<std::string>()));
        }
        const bool coloured = !member(photo, "pca").is_null();
        pictures.push_back({{"pca", coloured ? Json(picture(photo, "pca")) : Json()}, {"attention", std::move(heads)}});
      }
      if (pictures.size() != photos.size())
        throw Error("a snapshot shows {} of {} photos", pictures.size(), photos.size());
      for (const Json& pair : list(snapshot, "correspondences")) pairs.push_back(correspondences(pair));
      snapshots.push_back({{"step", whole(snapshot, "step", -1, INT64_MAX)},
                           {"photos", std::move(pictures)},
                           {"pairs", std::move(pairs)}});
    }
    return {{"photos", std::move(photos)}, {"snapshots", std::move(snapshots)}};
  }

  Json rotation(const Json& file) {
    const Json& rows = list(file, "confusion");
    if (rows.size() != kTurns) throw Error("confusion has {} rows instead of {}", rows.size(), kTurns);
    Json confusion = Json::array();
    for (const Json& row : rows) confusion.push_back(numbers({{"confusion", row}}, "confusion", kTurns));
    return {{"accuracy", number(file, "accuracy")}, {"confusion", std::move(confusion)}};
  }

  Json segmentation(const Json& file) {
    Json bars = Json::array();
    const Json &classes = list(file, "classes"), &values = list(file, "per_class_iou");
    if (classes.size() != values.size())
      throw Error("classes holds {} names, per_class_iou {} values", classes.size(), values.size());
    for (size_t i = 0; i < classes.size(); ++i) {
      if (!classes[i].is_string()) throw Error("classes holds what is no text");
      const bool measured = values[i].is_number();  // a class that no picture has has no IoU
      bars.push_back({classes[i], measured ? Json(shortened(values[i].get<double>())) : Json(nullptr)});
    }
    return {{"miou", number(file, "miou")}, {"classes", std::move(bars)}};
  }

  Json correspondence(const Json& file) {
    return {
        {"chance", number(file, "chance")}, {"patches", number(file, "patches")}, {"photos", number(file, "photos")}};
  }

 private:
  int64_t picture(const Json& object, const char* key) { return pictures_.add_from(folder_, word(object, key)); }

  Json photograph(const Json& photo) {
    return {{"picture", picture(photo, "picture")}, {"width", side(photo, "width")}, {"height", side(photo, "height")}};
  }

  Json correspondences(const Json& pair) {
    Json matches = Json::array();
    for (const Json& match : list(pair, "matches")) {
      matches.push_back({{"from", point(match, "from")},
                         {"to", point(match, "to")},
                         {"truth", point(match, "truth")},
                         {"hit", yes(match, "hit")},
                         {"similarity", number(match, "similarity")}});
    }
    return {{"first", picture(pair, "first")},
            {"second", picture(pair, "second")},
            {"size", side(pair, "size")},
            {"matches", std::move(matches)}};
  }

  fs::path folder_;
  Pictures& pictures_;
};

}  // namespace

Json read_artefacts(const fs::path& folder, Pictures& pictures) {
  struct Kind {
    const char* key;
    const char* file;
    Json (Reader::*read)(const Json&);
  };
  constexpr Kind kKinds[] = {{"crops", "crops.json", &Reader::crops},
                             {"pictures", "pictures.json", &Reader::features},
                             {"rotation", "probe_rotation.json", &Reader::rotation},
                             {"segmentation", "probe_segment.json", &Reader::segmentation},
                             {"correspondence", "probe_correspondence.json", &Reader::correspondence}};
  Json all = Json::object();
  Json notes = Json::array();
  Reader reader(folder, pictures);
  for (const Kind& kind : kKinds) {
    const fs::path path = folder / kind.file;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    try {
      const Json file = Json::parse(read_text(path), nullptr, /*allow_exceptions=*/false);
      if (file.is_discarded()) throw Error("is no JSON");
      all[kind.key] = (reader.*kind.read)(file);
    } catch (const Error& error) {
      notes.push_back(fmt::format("{} is not shown: {}", kind.file, error.what()));
    }
  }
  all["notes"] = std::move(notes);
  return all;
}

}  // namespace gtsa::report

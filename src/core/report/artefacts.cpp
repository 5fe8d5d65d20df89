#include "core/report/artefacts.h"

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/report/fields.h"
#include "core/report/scores.h"

namespace gtsa::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kTurns = 4;

Json box(const Json& object, const char* key) { return numbers(object, key, 4); }
Json point(const Json& object, const char* key) { return numbers(object, key, 2); }

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
    return {{"miou", number(file, "miou")}, {"classes", by_class(file, "per_class_iou")}};
  }

  Json accuracy(const Json& file) { return classification_scores(file); }
  Json semantic(const Json& file) { return segmentation_scores(file, folder_, pictures_); }

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
                             {"correspondence", "probe_correspondence.json", &Reader::correspondence},
                             {"accuracy", "accuracy.json", &Reader::accuracy},
                             {"semantic", "segmentation.json", &Reader::semantic}};
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

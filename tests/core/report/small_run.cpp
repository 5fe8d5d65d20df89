#include "core/report/small_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/rng.h"
#include "core/image/encode.h"
#include "core/image/resample.h"
#include "core/image/turn.h"

namespace gtsa::test {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kPatch = 8;
constexpr int64_t kGlobal = 64, kLocal = 32;

/// Grey or coloured cells of a patch each; `sharp` follows the picture, otherwise it is noise.
image::Image cells(const image::Image& picture, bool sharp, bool grey, uint64_t seed) {
  Rng rng({.seed = seed, .purpose = Purpose::test});
  image::Image result(picture.width() / kPatch, picture.height() / kPatch);
  for (int64_t y = 0; y < result.height(); ++y) {
    for (int64_t x = 0; x < result.width(); ++x) {
      const uint8_t* source = picture.row(y * kPatch + kPatch / 2) + 3 * (x * kPatch + kPatch / 2);
      for (int64_t c = 0; c < 3; ++c) {
        const int value = sharp ? (grey ? source[0] : 255 - source[c]) : static_cast<int>(rng.below(256));
        result.row(y)[3 * x + c] = static_cast<uint8_t>(grey && c > 0 ? result.row(y)[3 * x] : value);
      }
    }
  }
  return result;
}

/// A square view's box in the photograph and what is done to it.
struct View {
  Rect crop;
  bool global;
  Turn turn;
};

/// Where a box of the photograph lies in a view, before the turn: [x0, y0, x1, y1] in the view's pixels.
std::array<double, 4> in_view(const std::array<double, 4>& box, const View& view) {
  const double scale = static_cast<double>(view.global ? kGlobal : kLocal) / static_cast<double>(view.crop.width);
  const auto left = static_cast<double>(view.crop.left), top = static_cast<double>(view.crop.top);
  std::array<double, 4> b{(box[0] - left) * scale, (box[1] - top) * scale, (box[2] - left) * scale,
                          (box[3] - top) * scale};
  const double side = view.global ? kGlobal : kLocal;
  for (int turns = degrees(view.turn) / 90; turns > 0; --turns) b = {b[1], side - b[2], b[3], side - b[0]};
  return b;
}

void write_crops(run::Run& run, const image::Image& photo) {
  const std::vector<View> views{{{10, 8, 150, 150}, true, Turn::none}, {{70, 20, 160, 160}, true, Turn::quarter},
                                {{20, 60, 60, 60}, false, Turn::half}, {{120, 90, 70, 70}, false, Turn::three_quarters},
                                {{60, 30, 64, 64}, false, Turn::none}, {{160, 40, 60, 60}, false, Turn::quarter}};
  image::write_jpeg(real_files(), run.artefact_path("crops/0.jpg"), photo, 90);
  Json shown = Json::array(), overlaps = Json::array();
  for (size_t v = 0; v < views.size(); ++v) {
    const View& view = views[v];
    const int64_t size = view.global ? kGlobal : kLocal;
    const std::string name = fmt::format("crops/0-{}.jpg", v);
    const image::Image upright = image::resized_crop(photo, view.crop, {size, size}, image::Filter::bicubic);
    image::write_jpeg(real_files(), run.artefact_path(name), image::turned(upright, view.turn), 90);
    const Rect& c = view.crop;
    shown.push_back({{"kind", view.global ? "global" : "local"},
                     {"picture", name},
                     {"size", size},
                     {"box_in_photo", {c.left, c.top, c.left + c.width, c.top + c.height}},
                     {"turn", degrees(view.turn) / 90},
                     {"flipped", false}});
    for (size_t u = 0; u < v; ++u) {
      const Rect& d = views[u].crop;
      const std::array<double, 4> box{static_cast<double>(std::max(c.left, d.left)),
                                      static_cast<double>(std::max(c.top, d.top)),
                                      static_cast<double>(std::min(c.left + c.width, d.left + d.width)),
                                      static_cast<double>(std::min(c.top + c.height, d.top + d.height))};
      if (box[0] >= box[2] || box[1] >= box[3]) continue;
      overlaps.push_back({{"first", u},
                          {"second", v},
                          {"box_in_photo", box},
                          {"box_in_first", in_view(box, views[u])},
                          {"box_in_second", in_view(box, view)}});
    }
  }
  write_artefact(run, "crops.json",
                 {{"photos",
                   {{{"picture", "crops/0.jpg"},
                     {"width", photo.width()},
                     {"height", photo.height()},
                     {"views", shown},
                     {"overlaps", overlaps}}}}});
}

/// Matches between two views that overlap: all right after training, half of them before.
Json matches_of(bool trained, Rng& rng) {
  Json matches = Json::array();
  for (double y = 12; y < kGlobal - 12; y += kPatch) {
    for (double x = 28; x < kGlobal; x += kPatch) {
      const std::array<double, 2> truth{x - 20, y + 4};
      const bool hit = trained ? rng.below(8) != 0 : rng.below(3) == 0;
      const std::array<double, 2> wrong{static_cast<double>(rng.below(kGlobal)),
                                        static_cast<double>(rng.below(kGlobal))};
      matches.push_back({{"from", {x, y}},
                         {"to", hit ? truth : wrong},
                         {"truth", truth},
                         {"hit", hit},
                         {"similarity", 0.5 + 0.004 * static_cast<double>(rng.below(100))}});
    }
  }
  return matches;
}

void write_pictures(run::Run& run, uint64_t seed, int64_t last_step) {
  Rng rng({.seed = seed, .purpose = Purpose::test});
  const auto save = [&](const std::string& name, const image::Image& picture) {
    image::write_png(real_files(), run.artefact_path(name), picture);
    return name;
  };
  Json photos = Json::array(), snapshots = Json::array();
  std::vector<image::Image> landscapes;
  for (uint64_t p = 0; p < 2; ++p) {
    landscapes.push_back(landscape(160, 120, seed + p + 1));
    photos.push_back({{"picture", save(fmt::format("pictures/{}.png", p), landscapes.back())},
                      {"width", 160},
                      {"height", 120},
                      {"grid", {120 / kPatch, 160 / kPatch}}});
  }
  save("pictures/a.png",
       image::resized_crop(landscapes[0], {0, 0, 100, 100}, {kGlobal, kGlobal}, image::Filter::bicubic));
  save("pictures/b.png",
       image::resized_crop(landscapes[0], {30, 0, 100, 100}, {kGlobal, kGlobal}, image::Filter::bicubic));
  for (const int64_t step : {int64_t{-1}, last_step}) {
    Json shown = Json::array();
    for (size_t p = 0; p < landscapes.size(); ++p) {
      const std::string prefix = fmt::format("pictures/{}/{}", step < 0 ? "before" : "after", p);
      Json heads = Json::array();
      for (uint64_t head = 0; head < 3; ++head)
        heads.push_back(
            save(fmt::format("{}-{}.png", prefix, head), cells(landscapes[p], step >= 0, true, seed + head)));
      shown.push_back(
          {{"pca", save(prefix + "-pca.png", cells(landscapes[p], step >= 0, false, seed))}, {"attention", heads}});
    }
    snapshots.push_back({{"step", step},
                         {"photos", shown},
                         {"correspondences",
                          {{{"first", "pictures/a.png"},
                            {"second", "pictures/b.png"},
                            {"size", kGlobal},
                            {"matches", matches_of(step >= 0, rng)}}}}});
  }
  write_artefact(run, "pictures.json", {{"patch_size", kPatch}, {"photos", photos}, {"snapshots", snapshots}});
}

void write_probes(run::Run& run) {
  write_artefact(run, "probe_rotation.json",
                 {{"accuracy", 0.61},
                  {"views", 800},
                  {"confusion", {{140, 20, 30, 10}, {30, 110, 20, 40}, {50, 20, 120, 10}, {15, 45, 22, 118}}}});
  write_artefact(run, "probe_segment.json",
                 {{"miou", 0.21},
                  {"pixel_accuracy", 0.6},
                  {"mean_accuracy", 0.3},
                  {"per_class_iou", {0.63, 0.25, 0.0, 0.17, nullptr}},
                  {"classes", {"sky", "water", "boat", "a rather long name of a class", "never seen"}}});
  write_artefact(run, "probe_correspondence.json",
                 {{"encoder", {{"within_one_cell", 0.18}}}, {"chance", 0.06}, {"patches", 13910}, {"photos", 300}});
}

/// Rows of 100: most where they belong, some with a neighbour.
Json confusion_of(int64_t classes) {
  Json cells = Json::array();
  for (int64_t truth = 0; truth < classes; ++truth) {
    const int64_t right = 50 + 10 * truth % 45;
    cells.push_back({truth, truth, right});
    cells.push_back({truth, (truth + 1) % classes, 100 - right});
  }
  return cells;
}

void write_scores(run::Run& run, uint64_t seed) {
  constexpr int64_t kMany = 60;
  Json names = Json::array(), shares = Json::array();
  for (int64_t c = 0; c < kMany; ++c) {
    names.push_back(fmt::format("species {}", c));
    shares.push_back(0.5 + 0.1 * static_cast<double>(c % 5));
  }
  write_artefact(run, "accuracy.json",
                 {{"top1", 0.71},
                  {"top5", 0.93},
                  {"loss", 1.25},
                  {"images", 100 * kMany},
                  {"mean_class_accuracy", 0.7},
                  {"per_class_accuracy", shares},
                  {"classes", names},
                  {"confusion", confusion_of(kMany)}});
  const auto save = [&](const std::string& name, uint64_t number) {
    image::write_jpeg(real_files(), run.artefact_path(name), landscape(160, 120, seed + number), 90);
    return name;
  };
  write_artefact(run, "segmentation.json",
                 {{"miou", 0.306},
                  {"mean_accuracy", 0.4},
                  {"pixel_accuracy", 0.764},
                  {"pictures", 3},
                  {"per_class_iou", {0.8, 0.1, nullptr}},
                  {"per_class_accuracy", {0.9, 0.2, nullptr}},
                  {"classes", {"hill", "<b>sky</b>", "ball"}},
                  {"palette", {{230, 159, 0}, {86, 180, 233}, {0, 158, 115}}},
                  {"confusion", confusion_of(3)},
                  {"samples",
                   {{{"picture", save("segmentation/0.jpg", 1)},
                     {"truth", save("segmentation/0-truth.jpg", 2)},
                     {"prediction", save("segmentation/0-prediction.jpg", 3)},
                     {"width", 160},
                     {"height", 120},
                     {"classes", {0, 1}},
                     {"miou", 0.45}}}}});
}

void write_events(run::Run& run, const SmallRun& options) {
  const auto evaluate = [&](int64_t step, double correspondence, double miou, double rotation) {
    run.append_event(
        {{"event", "evaluation"},
         {"step", step},
         {"name", "correspondence"},
         {"figures", {{"probe_correspondence_encoder", correspondence}, {"probe_correspondence_chance", 0.058}}}});
    run.append_event({{"event", "evaluation"},
                      {"step", step},
                      {"name", "rotation"},
                      {"figures", {{"probe_rotation_accuracy", rotation}}}});
    run.append_event(
        {{"event", "evaluation"}, {"step", step}, {"name", "segment"}, {"figures", {{"probe_segment_miou", miou}}}});
  };
  run.append_event(
      {{"event", "start"},
       {"step", -1},
       {"threads", 2},
       {"machine", {{"program", "gtsa 0.1.0"}, {"cpu", "a processor"}, {"blas", "OpenBLAS 0.3.21 OpenMP"}}}});
  run.append_event({{"event", "warning"}, {"name", "batch"}, {"text", "batch 4 is far from the 32 of gtsa_tiny_cpu"}});
  evaluate(-1, 0.12, 0.13, 0.25);
  for (int64_t step = 19; step < options.steps; step += 20) {
    const double share = static_cast<double>(step) / static_cast<double>(options.steps);
    run.append_event({{"event", "health"},
                      {"step", step},
                      {"figures", {{"teacher_spread", 0.8 - 0.3 * share}, {"student_effective_rank", 4 + 9 * share}}}});
  }
  run.append_event({{"event", "bad_file"}, {"step", 7}, {"file", options.name_of_a_bad_file}, {"reason", "truncated"}});
  run.append_event(
      {{"event", "bad_step"}, {"step", 9}, {"reason", "loss crop is nan"}, {"samples", Json::array({1, 2})}});
  evaluate(options.steps / 2, 0.15, 0.18, 0.45);
  evaluate(options.steps - 1, 0.18, 0.21, 0.61);
  run.append_event(
      {{"event", "save"}, {"step", options.steps - 1}, {"file", "step-00000400.safetensors"}, {"seconds", 0.1}});
}

}  // namespace

image::Image landscape(int64_t width, int64_t height, uint64_t seed) {
  Rng rng({.seed = seed, .purpose = Purpose::test});
  image::Image picture(width, height);
  const double phase = 0.1 * static_cast<double>(rng.below(60));
  struct Disc {
    double x, y, radius;
    std::array<uint8_t, 3> colour;
  };
  std::vector<Disc> discs(6);
  for (Disc& disc : discs) {
    disc = {static_cast<double>(rng.below(static_cast<uint32_t>(width))),
            static_cast<double>(rng.below(static_cast<uint32_t>(height))),
            static_cast<double>(height) / 14 + rng.below(static_cast<uint32_t>(height) / 10),
            {}};
    for (uint8_t& channel : disc.colour) channel = static_cast<uint8_t>(rng.below(256));
  }
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const double u = static_cast<double>(x) / static_cast<double>(width),
                   v = static_cast<double>(y) / static_cast<double>(height);
      const double hill = 0.55 + 0.12 * std::sin(7 * u + phase);
      std::array<double, 3> colour{120 + 90 * v, 160 + 60 * v, 235};
      if (v > hill) colour = {60 + 90 * (v - hill), 120 - 60 * (v - hill), 50};
      for (const Disc& disc : discs) {
        const double dx = static_cast<double>(x) - disc.x, dy = static_cast<double>(y) - disc.y;
        if (dx * dx + dy * dy < disc.radius * disc.radius)
          colour = {double(disc.colour[0]), double(disc.colour[1]), double(disc.colour[2])};
      }
      for (size_t c = 0; c < 3; ++c)
        picture.row(y)[3 * x + static_cast<int64_t>(c)] =
            static_cast<uint8_t>(std::clamp(colour[c] + rng.below(8), 0.0, 255.0));
    }
  }
  return picture;
}

Json metrics_line(int64_t step, uint64_t seed) {
  Rng rng({.seed = seed, .sample = static_cast<uint64_t>(step), .purpose = Purpose::test});
  const double noise = 0.002 * static_cast<double>(rng.below(100)), t = static_cast<double>(step);
  return {{"step", step},
          {"epoch", step / 100},
          {"loss", 1.2 * std::exp(-t / 150) + noise},
          {"loss_crop", std::exp(-t / 100) - 0.5 + noise},
          {"loss_correspondence", -0.8 + std::exp(-t / 200) + noise},
          {"loss_rotation", 1.38 - 0.001 * t + noise},
          {"lr", 1e-3 * std::min(1.0, t / 40)},
          {"weight_decay", 0.04 + 1e-4 * t},
          {"momentum", 0.985 + 1e-5 * t},
          {"grad_norm", 3 + noise},
          {"images_per_second", 20 + 10 * noise},
          {"data_wait", 0.01 + noise / 10}};
}

void write_artefact(run::Run& run, const std::string& name, const Json& json) {
  write_atomically(real_files(), run.artefact_path(name), json.dump());
}

void make_small_run(const std::filesystem::path& folder, const SmallRun& options) {
  run::Run run = run::Run::create(real_files(), folder, /*overwrite=*/false);
  run.write_config(fmt::format(
      "batch = 32  # gtsa_reference.toml:4\nepochs = 0  # --steps\n\n[schedule]\ntotal_steps = {}  # --steps\n\n"
      "[run]\nseed = {}  # --seed\n\n[data]\nfolders = [\"photos\"]  # --data\n",
      options.steps, options.seed));
  write_atomically(real_files(), run.log_path(),
                   "2026-01-02 03:04:05 info gtsa 0.1.0 on gtsa_reference; 40 photographs\n");
  for (int64_t step = 0; step < options.steps; ++step) {
    Json line = metrics_line(step, options.seed);
    if (step == 9) {
      line["loss"] = nullptr;
      line["skipped"] = true;
    }
    run.append_metrics(line);
  }
  write_events(run, options);
  write_probes(run);
  if (options.fine_tuned) write_scores(run, options.seed);
  if (!options.pictures) return;
  write_crops(run, landscape(240, 180, options.seed));
  write_pictures(run, options.seed, options.steps - 1);
}

}  // namespace gtsa::test

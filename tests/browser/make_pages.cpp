// Pages for the browser's tests, made of a run made by rule:
//   make_pages FOLDER          writes FOLDER/{run,other}, report.html, two.html, long.html, tuned.html,
//   similarity.html, follow.html make_pages FOLDER more     FOLDER/run goes on by some steps, follow.html and what it
//   loads are written again make_pages FOLDER pictures as `more`, after the pictures of the run have changed make_pages
//   FOLDER end the run is over: follow.html is written for the last time

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/image/encode.h"
#include "core/report/report.h"
#include "core/report/similarity_page.h"
#include "core/report/small_run.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;

/// Features that say where a patch is and how bright: near patches resemble each other.
std::string similarity_page(const fs::path& folder) {
  report::SimilarityPage page{.title = "teacher of <run>, encoder", .dim = 4, .photos = {}};
  constexpr int64_t kRows = 15, kColumns = 20;
  for (uint64_t p = 0; p < 3; ++p) {
    const fs::path file = folder / fmt::format("photo-{}.jpg", p);
    const image::Image picture = landscape(320, 240, p);
    image::write_jpeg(real_files(), file, picture, 90);
    report::SimilarityPhoto photo{file, 320, 240, kRows, kColumns, {}};
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t column = 0; column < kColumns; ++column) {
        const uint8_t* pixel = picture.row(row * 16 + 8) + 3 * (column * 16 + 8);
        for (int64_t c = 0; c < 3; ++c) photo.features.push_back(static_cast<float>(pixel[c]) - 120.0F);
        photo.features.push_back(20.0F * std::sin(static_cast<float>(row)));
      }
    }
    page.photos.push_back(std::move(photo));
  }
  return report::render_similarity_page(page);
}

int64_t steps_of(const fs::path& folder) {
  return static_cast<int64_t>(run::Run::open(real_files(), folder, run::Run::Access::read).read_metrics().size());
}

void go_on(const fs::path& folder) {
  const int64_t begin = steps_of(folder);
  run::Run run = run::Run::open(real_files(), folder);
  for (int64_t step = begin; step < begin + 50; ++step) {
    nlohmann::ordered_json line = metrics_line(step);
    line["loss"] = 7.5;  // to be found on the page
    run.append_metrics(line);
  }
}

void write_follow(const fs::path& folder, bool follow) {
  const fs::path run = folder / "run";
  report::write_report(real_files(), {&run, 1}, folder / "follow.html",
                       {"gtsa test", fmt::format("at step {}", steps_of(run)), follow});
}

void make_all(const fs::path& folder) {
  const std::vector<fs::path> runs{folder / "run", folder / "other"};
  make_small_run(runs[0], {.name_of_a_bad_file = "photos/<img src=x onerror=alert(1)></script><!--.jpg"});
  make_small_run(runs[1], {.steps = 300, .seed = 5});
  const fs::path many = folder / "many-steps";
  make_small_run(many, {.steps = 20000, .pictures = false});
  const fs::path tuned = folder / "tuned";
  make_small_run(tuned, {.pictures = false, .fine_tuned = true});
  const report::ReportOptions options{"gtsa test", "2026-01-02 03:04", false};
  report::write_report(real_files(), {runs.data(), 1}, folder / "report.html", options);
  report::write_report(real_files(), runs, folder / "two.html", options);
  report::write_report(real_files(), {&many, 1}, folder / "long.html", options);
  report::write_report(real_files(), {&tuned, 1}, folder / "tuned.html", options);
  write_atomically(real_files(), folder / "similarity.html", similarity_page(folder));
  write_follow(folder, true);
}

}  // namespace
}  // namespace gtsa::test

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::filesystem::path folder(argv[1]);
  const std::string verb = argc > 2 ? argv[2] : "";
  using namespace gtsa::test;
  if (verb.empty()) {
    make_all(folder);
    return 0;
  }
  if (verb == "pictures") {
    gtsa::run::Run run = gtsa::run::Run::open(gtsa::real_files(), folder / "run");
    gtsa::image::write_jpeg(gtsa::real_files(), run.artefact_path("crops/0.jpg"), landscape(240, 180, 77), 90);
  }
  if (verb != "end") go_on(folder / "run");
  write_follow(folder, verb != "end");
  return 0;
}

// What a synthetic scene costs, stage by stage and whole, on one core; and how rich scenes are beside photographs (the
// counters edge_density and colour_entropy; GTSA_PHOTOGRAPHS=FOLDER measures a folder of photographs the same way).

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/base/files.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/synth/dataset.h"
#include "core/synth/scene.h"
#include "core/synth/statistics.h"

namespace gtsa::synth {
namespace {

namespace fs = std::filesystem;

void count_scenes(benchmark::State& state, int64_t scenes) {
  state.counters["scenes/s"] = benchmark::Counter(static_cast<double>(scenes), benchmark::Counter::kIsRate);
}

/// Argument: width; heights are three quarters of it.
void render(benchmark::State& state) {
  const SceneOptions options{state.range(0), state.range(0) * 3 / 4};
  uint64_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(render_scene(0, index++, options));
  count_scenes(state, static_cast<int64_t>(index));
}
BENCHMARK(render)->Arg(160)->Arg(320)->Arg(640)->Unit(benchmark::kMillisecond)->MinTime(2);

void encode_picture_and_labels(benchmark::State& state) {
  const Scene scene = render_scene(0, 0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(image::encode_jpeg(scene.image, scene.jpeg_quality));
    benchmark::DoNotOptimize(image::encode_png(scene.labels));
  }
}
BENCHMARK(encode_picture_and_labels)->Unit(benchmark::kMillisecond);

/// Everything that `gtsa data synth` does, files included, on one thread.
void write_whole_dataset(benchmark::State& state) {
  const fs::path folder = fs::temp_directory_path() / "gtsa-synth-benchmark";
  int64_t scenes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    fs::remove_all(folder);
    state.ResumeTiming();
    write_dataset(real_files(), folder, {.images = 200});
    scenes += 200;
  }
  fs::remove_all(folder);
  count_scenes(state, scenes);
}
BENCHMARK(write_whole_dataset)->Unit(benchmark::kMillisecond)->MinTime(4);

void report_means(benchmark::State& state, const std::vector<PictureStatistics>& pictures) {
  PictureStatistics sum;
  for (const PictureStatistics& picture : pictures) {
    sum.edge_density += picture.edge_density;
    sum.colour_entropy += picture.colour_entropy;
  }
  const auto count = static_cast<double>(pictures.size());
  state.counters["pictures"] = count;
  state.counters["edge_density"] = sum.edge_density / count;
  state.counters["colour_entropy"] = sum.colour_entropy / count;
}

/// Shorter side that pictures are measured at: that of the photographs.
constexpr int64_t kSide = 144;

void statistics_of_scenes(benchmark::State& state) {
  std::vector<PictureStatistics> pictures;
  for (auto _ : state) {
    for (uint64_t index = 0; index < 300; ++index) {
      const Scene scene = render_scene(0, index);
      pictures.push_back(measure_at(image::decode(image::encode_jpeg(scene.image, scene.jpeg_quality)), kSide));
    }
  }
  report_means(state, pictures);
}
BENCHMARK(statistics_of_scenes)->Iterations(1)->Unit(benchmark::kMillisecond);

void statistics_of_photographs(benchmark::State& state) {
  const char* folder = std::getenv("GTSA_PHOTOGRAPHS");
  if (folder == nullptr) return state.SkipWithError("GTSA_PHOTOGRAPHS names no folder");
  std::vector<PictureStatistics> pictures;
  for (auto _ : state) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      pictures.push_back(measure_at(image::read_image(entry.path()), kSide));
  }
  report_means(state, pictures);
}
BENCHMARK(statistics_of_photographs)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gtsa::synth

BENCHMARK_MAIN();

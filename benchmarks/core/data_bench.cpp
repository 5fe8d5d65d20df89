// What the loader's stages cost: planning, executing views, pooling matrices, and whole samples of photographs made
// here.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/data/classify_recipe.h"
#include "core/data/image_folder.h"
#include "core/data/loader.h"
#include "core/data/multicrop_recipe.h"
#include "core/data/segment_recipe.h"
#include "core/image/encode.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

/// Smooth with some noise, so that a JPEG of it is of a photograph's size.
image::Image synthetic_photo(Size size, uint64_t seed) {
  Rng rng({.seed = seed});
  image::Image photo(size.width, size.height);
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t i = 0; i < 3 * size.width; ++i)
      photo.row(y)[i] = static_cast<uint8_t>((i / 4 + y + rng.below(24)) % 256);
  }
  return photo;
}

/// Crops of the recipe gtsa_coco_small (argument 0) or gtsa_tiny_cpu (argument 1).
MultiCropOptions recipe_options(int64_t which) {
  MultiCropOptions options;
  if (which == 1) {
    options.views.crop_sizes = {64, 32};
    options.views.num_crops = {2, 6};
    options.patch_size = 8;
  }
  return options;
}

void plan(benchmark::State& state) {
  const MultiCropOptions options = recipe_options(state.range(0));
  uint64_t place = 0;
  for (auto _ : state) benchmark::DoNotOptimize(plan_views({640, 480}, options.views, 0, 0, place++));
}
BENCHMARK(plan)->Arg(0)->Arg(1);

void execute_views(benchmark::State& state) {
  const MultiCropOptions options = recipe_options(state.range(0));
  const image::Image photo = synthetic_photo({640, 480}, 1);
  const image::Columns columns(photo);
  std::vector<float> chw(static_cast<size_t>(3 * options.views.crop_sizes[0] * options.views.crop_sizes[0]));
  int64_t views = 0;
  uint64_t place = 0;
  for (auto _ : state) {
    for (const ViewPlan& view : plan_views(photo.size(), options.views, 0, 0, place++).views) {
      execute_into(columns, view, std::span(chw).first(static_cast<size_t>(3 * view.side * view.side)));
      ++views;
    }
  }
  state.counters["views/s"] = benchmark::Counter(static_cast<double>(views), benchmark::Counter::kIsRate);
}
BENCHMARK(execute_views)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void pooling_matrices(benchmark::State& state) {
  const MultiCropOptions options = recipe_options(state.range(0));
  const PoolingShape shape = pooling_shape(options);
  Batch batch;
  for (const BufferSpec& spec : pooling_specs(shape, 1))
    batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  const MultiCropPlan plan = plan_views({640, 480}, options.views, 0, 0, 0);
  std::vector<Turn> turns;
  for (const ViewPlan& view : plan.views) turns.push_back(view.turn);
  for (auto _ : state) {
    fill_pooling(shape, plan.global_boxes, plan.all_boxes, turns, 1, 0, pooling_buffers(batch));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(pooling_matrices)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// The JPEGs of the folder GTSA_PHOTOGRAPHS, or else some made here.
std::vector<std::vector<std::byte>> photograph_files() {
  std::vector<std::vector<std::byte>> files;
  if (const char* folder = std::getenv("GTSA_PHOTOGRAPHS")) {
    const std::vector<fs::path> arguments{folder};
    const ImageFolder folder_of_photos(arguments);
    for (const fs::path& path : folder_of_photos.files()) files.push_back(read_bytes(path));
  } else {
    for (uint64_t i = 0; i < 8; ++i) files.push_back(image::encode_jpeg(synthetic_photo({640, 480}, i), 90));
  }
  return files;
}

void decode_photographs(benchmark::State& state) {
  const auto files = photograph_files();
  size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(image::decode(files[next++ % files.size()]));
}
BENCHMARK(decode_photographs)->Unit(benchmark::kMicrosecond);

/// JPEG bytes to finished samples, as a loader's worker makes them; argument: recipe. Beside decode_photographs it says
/// what views cost.
void samples_of_photographs(benchmark::State& state) {
  const auto files = photograph_files();
  const MultiCropRecipe recipe(recipe_options(state.range(0)));
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(1)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys.resize(1);
  uint64_t place = 0;
  for (auto _ : state) {
    const image::Image photo = image::decode(files[place % files.size()]);
    recipe.make(photo, {.epoch = 0, .place = place++, .file = 0, .replaced = false}, 0, batch);
  }
}
BENCHMARK(samples_of_photographs)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// The same for classification; argument: 0 = as inat19_small trains, 1 = as it is evaluated.
void classified_samples(benchmark::State& state) {
  const auto files = photograph_files();
  ClassifyOptions options{.augment = state.range(0) == 0, .randaugment = "rand-m9-mstd0.5-inc1"};
  options.erasing.probability = 0.25F;
  const ClassifyRecipe recipe({0}, options);
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(1)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys.resize(1);
  uint64_t place = 0;
  for (auto _ : state) {
    const image::Image photo = image::decode(files[place % files.size()]);
    recipe.make(photo, {.place = place++}, 0, batch);
  }
}
BENCHMARK(classified_samples)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// Class numbers in patches, as large as things are in photographs.
image::LabelMap patches(Size size) {
  image::LabelMap map{size.width, size.height, {}};
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) {
      map.values.push_back(static_cast<uint16_t>((x / 90 * 5 + y / 70 * 3) % 151));
    }
  }
  return map;
}

/// Samples of segmentation as semseg_ade20k trains; argument: 0 = of files, 1 = of decoded photographs and label maps.
void segmented_samples(benchmark::State& state) {
  constexpr Size kUsual{683, 512};
  const bool decoded = state.range(0) == 1;
  const auto jpeg = image::encode_jpeg(synthetic_photo(kUsual, 1), 90), png = image::encode_png(patches(kUsual));
  const SegmentRecipe recipe({}, {.labels = {.classes = 150}});
  const auto read = [&] {
    return LabelledPhoto{image::decode(jpeg), image::decode_label_map(png, kUsual.width * kUsual.height)};
  };
  const LabelledPhoto labelled = read();
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(1)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys.resize(1);
  uint64_t place = 0;
  for (auto _ : state) {
    if (decoded) {
      recipe.make(labelled, {.place = place++}, 0, batch);
    } else {
      recipe.make(read(), {.place = place++}, 0, batch);
    }
  }
}
BENCHMARK(segmented_samples)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// One operation of RandAugment on a view of 224 x 224; argument: which.
void augmentation(benchmark::State& state) {
  const auto operation = static_cast<Augmentation>(state.range(0));
  const AugmentationStep step{operation, argument_of(operation, true, 9, false)};
  const image::Planes view(synthetic_photo({224, 224}, 1));
  image::Planes changed;
  for (auto _ : state) {
    changed = view;
    execute(step, image::Filter::bicubic, changed);
  }
  state.SetLabel(name_of(operation, true));
}
BENCHMARK(augmentation)->DenseRange(0, kAugmentations - 1)->Unit(benchmark::kMicrosecond);

/// Photographs on disk to batches of 16; arguments: recipe, workers.
void load(benchmark::State& state) {
  const fs::path folder = fs::temp_directory_path() / "gtsa-data-benchmark";
  fs::create_directories(folder);
  for (uint64_t i = 0; i < 32; ++i) {
    image::write_jpeg(real_files(), folder / (std::to_string(i) + ".jpg"), synthetic_photo({640, 480}, i), 90);
  }
  const std::vector<fs::path> arguments{folder};
  const ImageFolder photos(arguments);
  const MultiCropRecipe recipe(recipe_options(state.range(0)));
  LoaderOptions options;
  options.workers = static_cast<int>(state.range(1));
  int64_t samples = 0;
  {
    Loader loader(photos.files(), EpochSampler(photos.size(), 16, 0), recipe, options);
    for (auto _ : state) samples += static_cast<int64_t>(loader.next()->keys.size());
  }
  state.counters["photos/s"] = benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
  fs::remove_all(folder);
}
BENCHMARK(load)->Args({0, 1})->Args({0, 2})->Args({1, 1})->Args({1, 2})->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gtsa::data

BENCHMARK_MAIN();

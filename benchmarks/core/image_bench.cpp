// The input path's pixel work, one thread. `GTSA_SIMD=scalar` gives the plain references' times.

#include <benchmark/benchmark.h>

#include <algorithm>

#include "core/base/rng.h"
#include "core/image/bilinear.h"
#include "core/image/blur.h"
#include "core/image/colour.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/image/hsv.h"
#include "core/image/normalize.h"
#include "core/image/resample.h"

namespace gtsa::image {
namespace {

constexpr Size kPhoto{640, 480};

/// Waves with a little noise: compresses about as a photograph does.
Image picture(Size size) {
  Rng rng({});
  Image image(size.width, size.height);
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const int64_t wave = (x * (c + 1) / 3 + y * (3 - c) / 2) % 200;
        image.row(y)[3 * x + c] = static_cast<uint8_t>((wave < 100 ? wave : 200 - wave) + 40 + rng.below(24));
      }
    }
  }
  return image;
}

void count_pixels(benchmark::State& state, Size size) {
  state.counters["pixels/s"] = benchmark::Counter(static_cast<double>(size.width * size.height * state.iterations()),
                                                  benchmark::Counter::kIsRate);
}

void decode_jpeg_photo(benchmark::State& state) {
  const auto bytes = encode_jpeg(picture(kPhoto), 85);
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes));
  count_pixels(state, kPhoto);
}
BENCHMARK(decode_jpeg_photo)->Unit(benchmark::kMicrosecond);

void decode_png_photo(benchmark::State& state) {
  const auto bytes = encode_png(picture(kPhoto));
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes));
  count_pixels(state, kPhoto);
}
BENCHMARK(decode_png_photo)->Unit(benchmark::kMicrosecond);

void columns_of_photo(benchmark::State& state) {
  const Image in = picture(kPhoto);
  Columns columns;
  for (auto _ : state) {
    columns.assign(in);
    benchmark::ClobberMemory();
  }
  count_pixels(state, kPhoto);
}
BENCHMARK(columns_of_photo)->Unit(benchmark::kMicrosecond);

/// A typical crop of a view: 65% of the photograph for a global one of 224, 20% for a local one of 96.
void resize_view(benchmark::State& state, Filter filter) {
  const Image in = picture(kPhoto);
  const int64_t side = state.range(0);
  const Rect crop = side > 100 ? Rect{40, 30, 516, 387} : Rect{40, 30, 286, 215};
  const Columns columns(in);
  Planes out;
  for (auto _ : state) {
    resize_crop(columns, crop, {side, side}, filter, out);
    benchmark::ClobberMemory();
  }
  count_pixels(state, {crop.width, crop.height});
}
BENCHMARK_CAPTURE(resize_view, bilinear, Filter::bilinear)->Arg(224)->Arg(96)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(resize_view, bicubic, Filter::bicubic)->Arg(224)->Unit(benchmark::kMicrosecond);

/// A crop of 512 x 512 of the photograph with a shorter side of `range(0)`, as segmentation trains on.
void resize_for_segmentation(benchmark::State& state) {
  const Image in = picture(kPhoto);
  const Size out{kPhoto.width * state.range(0) / kPhoto.height, state.range(0)};
  const Rect crop{7, 0, std::min<int64_t>(512, out.width - 7), std::min<int64_t>(512, out.height)};
  Planes view;
  for (auto _ : state) {
    resize_bilinear(in, out, crop, false, view);
    benchmark::ClobberMemory();
  }
  count_pixels(state, {crop.width, crop.height});
}
BENCHMARK(resize_for_segmentation)->Arg(256)->Arg(512)->Arg(1023)->Unit(benchmark::kMicrosecond);

template <class Change>
void change_view(benchmark::State& state, Change change) {
  Planes view(picture({224, 224}));
  for (auto _ : state) {
    change(view);
    benchmark::ClobberMemory();
  }
  count_pixels(state, view.size());
}
BENCHMARK_CAPTURE(change_view, blur_sigma_2, [](Planes& v) { gaussian_blur(v, 2); })->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(change_view, hsv_and_back, [](Planes& v) {
  rgb_to_hsv(v);
  hsv_to_rgb(v);
})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(change_view, hue, [](Planes& v) { adjust_hue(v, 0.1); })->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(change_view, brightness, [](Planes& v) {
  adjust_brightness(v, 0.9f);
})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(change_view, contrast, [](Planes& v) { adjust_contrast(v, 1.1f); })->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(change_view, saturation, [](Planes& v) {
  adjust_saturation(v, 1.1f);
})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(change_view, grayscale, to_grayscale)->Unit(benchmark::kMicrosecond);

void normalize_view(benchmark::State& state) {
  const Planes view(picture({224, 224}));
  std::vector<float> out(3 * 224 * 224);
  const auto turn = static_cast<Turn>(state.range(0));
  for (auto _ : state) {
    normalize_turned_into(view, turn, out);
    benchmark::ClobberMemory();
  }
  count_pixels(state, view.size());
}
BENCHMARK(normalize_view)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace gtsa::image

BENCHMARK_MAIN();

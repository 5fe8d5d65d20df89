#include "learn/transfer/segment_inference.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <span>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/ordered_stream.h"
#include "core/geometry/rescale.h"

namespace gtsa::transfer {
namespace {

/// Windows in one forward pass.
constexpr int64_t kWindows = 4;
/// Photographs that are ready, and those that are being finished, at most. Each of them takes 7 bytes a pixel: colours,
/// its label map and the classes that were found.
constexpr int kMostWaiting = 4;
/// The network's answers for those that are being finished take no more, or there is one of them: large views of a
/// photograph at many scales come to hundreds of megabytes.
constexpr int64_t kMostBytes = int64_t{64} << 20;

/// Where a window of the view lies, and where its cells begin in the field.
struct Window {
  int64_t top = 0, left = 0;
  int64_t cell_row = 0, cell_column = 0;  ///< in windows
};

std::vector<Window> windows_of(const WindowAxis& rows, const WindowAxis& columns) {
  std::vector<Window> windows;
  for (size_t i = 0; i < rows.starts.size(); ++i) {
    for (size_t j = 0; j < columns.starts.size(); ++j) {
      windows.push_back({rows.starts[i], columns.starts[j], static_cast<int64_t>(i), static_cast<int64_t>(j)});
    }
  }
  return windows;
}

/// Logits [classes, rows, columns] of a window to their place among all windows' cells.
void place_cells(const at::Tensor& logits, const Window& window, LogitField& field) {
  const at::Tensor cells = logits.permute({1, 2, 0}).contiguous();
  const int64_t rows = cells.size(0), values = cells.size(1) * field.classes;
  const std::span from(cells.data_ptr<float>(), static_cast<size_t>(cells.numel()));
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t to = (window.cell_row * rows + r) * field.cell_columns * field.classes + window.cell_column * values;
    std::copy_n(from.begin() + r * values, values, field.cells.begin() + to);
  }
}

int64_t bytes_of(const std::vector<LogitField>& fields) {
  size_t values = 0;
  for (const LogitField& field : fields) values += field.cells.size();
  return static_cast<int64_t>(values * sizeof(float));
}

/// Photographs that are being finished, in order.
class Finishing {
 public:
  Finishing(const FinishSegmented& finish, int most) : finish_(finish), most_(static_cast<size_t>(most)) {}
  /// Begins with one more; waits for the oldest where too much is under way.
  void add(SegmentedPhoto&& photo, std::vector<LogitField>&& fields) {
    const int64_t bytes = bytes_of(fields);
    while (!under_way_.empty() && (under_way_.size() == most_ || bytes_ + bytes > kMostBytes)) end_oldest();
    under_way_.push_back(
        {bytes, std::async(std::launch::async, [this, photo = std::move(photo), fields = std::move(fields)]() mutable {
           photo.classes = classes_of(fields);
           fields.clear();
           return finish_(std::move(photo));
         })});
    bytes_ += bytes;
  }
  void end_all() {
    while (!under_way_.empty()) end_oldest();
  }

 private:
  void end_oldest() {
    auto [bytes, oldest] = std::move(under_way_.front());
    under_way_.pop_front();
    const auto afterwards = oldest.get();
    bytes_ -= bytes;
    if (afterwards) afterwards();
  }

  struct UnderWay {
    int64_t bytes = 0;
    std::future<std::function<void()>> afterwards;
  };
  const FinishSegmented& finish_;
  size_t most_;
  int64_t bytes_ = 0;  ///< of the answers under way
  std::deque<UnderWay> under_way_;
};

}  // namespace

void SegmentInferenceOptions::check() const {
  constexpr int64_t kLargestSide = 65'536;
  constexpr double kLargestRatio = 16;
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  const auto is_side = [](int64_t side) { return side >= 1 && side <= kLargestSide; };
  if (!is_side(scale.width) || !is_side(scale.height)) {
    refuse(fmt::format("a scale of {} x {} pixels", scale.width, scale.height));
  }
  if (!is_side(crop)) refuse(fmt::format("windows of {} pixels", crop));
  if (stride < 1 || stride > crop) {
    refuse(fmt::format("windows every {} pixels: the step lies between 1 and the windows' side, {}", stride, crop));
  }
  if (ratios.empty()) refuse("no ratios: 1 is the photograph at its usual scale");
  for (const double ratio : ratios) {
    if (!(ratio > 0 && ratio <= kLargestRatio)) refuse(fmt::format("a ratio of {:g}", ratio));
  }
  if (!faults.empty()) throw UsageError("photographs cannot be segmented so: {}", faults);
}

std::vector<SegmentView> segment_views(Size photo, const SegmentInferenceOptions& options) {
  std::vector<SegmentView> views;
  for (const double ratio : options.ratios) {
    const Size size = geometry::rescaled(photo, geometry::scaled(options.scale, ratio));
    views.push_back({size, false});
    if (options.flip) views.push_back({size, true});
  }
  return views;
}

WindowAxis windows_along(int64_t side, const SegmentInferenceOptions& options) {
  return options.slide ? WindowAxis(side, options.crop, options.stride) : WindowAxis(side, side, side);
}

LogitField logit_field(const Segmenter& segmenter, const SegmentView& view, const ViewPixels& pixels, Size photo,
                       const WindowAxis& rows, const WindowAxis& columns) {
  const at::NoGradGuard no_grad;
  const auto values = static_cast<size_t>(3 * rows.window * columns.window);
  const std::vector<Window> windows = windows_of(rows, columns);
  LogitField field;
  field.classes = segmenter.options.classes;
  for (size_t first = 0; first < windows.size(); first += kWindows) {
    const auto some = std::span(windows).subspan(first, std::min<size_t>(kWindows, windows.size() - first));
    at::Tensor images = at::empty({std::ssize(some), 3, rows.window, columns.window}, at::kFloat);
    for (size_t w = 0; w < some.size(); ++w) {
      pixels({some[w].left, some[w].top, columns.window, rows.window}, {images.data_ptr<float>() + w * values, values});
    }
    const at::Tensor logits = forward(segmenter, images);
    if (first == 0) {
      const int64_t cell_rows = logits.size(2), cell_columns = logits.size(3);
      field.cell_columns = cell_columns * std::ssize(columns.starts);
      field.cells.resize(static_cast<size_t>(cell_rows * std::ssize(rows.starts) * field.cell_columns * field.classes));
      field.rows = composed(rows.taps(cell_rows), bilinear_taps(view.size.height, photo.height));
      field.columns = composed(columns.taps(cell_columns), bilinear_taps(view.size.width, photo.width));
      if (view.flipped) field.columns = mirrored(field.columns);
    }
    for (size_t w = 0; w < some.size(); ++w) place_cells(logits[static_cast<int64_t>(w)], some[w], field);
  }
  return field;
}

std::vector<LogitField> logit_fields(const Segmenter& segmenter, const image::Image& photo,
                                     const SegmentInferenceOptions& options) {
  std::vector<LogitField> fields;
  for (const SegmentView& view : segment_views(photo.size(), options)) {
    const auto pixels = [&](const Rect& window, std::span<float> chw) {
      data::segment_input_into(photo, view.size, view.flipped, window, chw);
    };
    fields.push_back(logit_field(segmenter, view, pixels, photo.size(), windows_along(view.size.height, options),
                                 windows_along(view.size.width, options)));
  }
  return fields;
}

image::LabelMap segment(const Segmenter& segmenter, const image::Image& photo, const SegmentInferenceOptions& options) {
  options.check();
  return classes_of(logit_fields(segmenter, photo, options));
}

void check_bad_files(int64_t bad, int64_t files, double max_bad_share, const std::vector<std::string>& reasons) {
  if (bad == 0 || (bad < files && static_cast<double>(bad) <= max_bad_share * static_cast<double>(files))) return;
  constexpr int64_t kListed = 5;
  const int64_t left_out_here = std::ssize(reasons), listed = std::min(left_out_here, kListed);
  std::vector<std::string> list(reasons.begin(), reasons.begin() + listed);
  if (left_out_here > listed) list.push_back(fmt::format("and {} more", left_out_here - listed));
  if (bad > left_out_here) list.push_back(fmt::format("{} on other ranks", bad - left_out_here));
  const std::string why = fmt::format("{}", fmt::join(list, "; "));
  if (bad == files) throw Error("none of the {} files can be used: {}", files, why);
  throw Error("{} of {} files cannot be used, more than the share of {:g} that --max-bad-share allows: {}", bad, files,
              max_bad_share, why);
}

SegmentStreamResult for_each_segmented(const Segmenter& segmenter, int64_t files,
                                       const std::function<data::LabelledPhoto(int64_t file)>& read,
                                       const SegmentStreamOptions& options, const dist::Communicator& ranks,
                                       const FinishSegmented& finish) {
  options.inference.check();
  const int64_t share = (files - ranks.rank() + ranks.size() - 1) / ranks.size();
  const int waiting = std::min(options.workers, kMostWaiting);
  OrderedStream<SegmentedPhoto> stream(
      share,
      [&](int64_t i) {
        SegmentedPhoto photo{.file = i * ranks.size() + ranks.rank()};
        photo.read = read(photo.file);
        photo.size = photo.read.photo.size();
        return photo;
      },
      options.workers, waiting);
  const Clock clock = steady_clock();
  const double begin = clock();
  double in_network = 0;
  SegmentStreamResult result;
  Finishing finishing(finish, waiting);
  for (;;) {
    if (options.stop && options.stop()) {
      result.stopped = true;
      break;
    }
    std::optional<SegmentedPhoto> photo;
    try {
      photo = stream.next();
    } catch (const Error& error) {
      result.skipped.emplace_back(error.what());
      if (ranks.size() == 1) {
        check_bad_files(std::ssize(result.skipped), files, options.max_bad_share, result.skipped);
      }
      continue;
    }
    if (!photo) break;
    const double before = clock();
    auto fields = logit_fields(segmenter, photo->read.photo, options.inference);
    in_network += clock() - before;
    if (!options.keep_pixels) photo->read.photo = {};
    finishing.add(std::move(*photo), std::move(fields));
  }
  finishing.end_all();
  const double all = clock() - begin;
  result.network_share = all > 0 ? in_network / all : 0;
  return result;
}

}  // namespace gtsa::transfer

#include "learn/transfer/logit_field.h"

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/geometry/interpolation.h"

namespace gtsa::transfer {

using kernels::Taps;

Taps bilinear_taps(int64_t in, int64_t out) {
  const geometry::Interpolation places = geometry::interpolation(in, out);
  Taps taps;
  for (size_t o = 0; o < places.weight.size(); ++o) {
    const int64_t first = places.first[o], second = places.second[o];
    const float share = second > first ? places.weight[o] : 0;
    taps.add(first, 1 - share);
    if (share > 0) taps.add(second, share);
    taps.finish();
  }
  return taps;
}

Taps composed(const Taps& first, const Taps& second) {
  Taps taps;
  std::map<int64_t, float> shares;
  for (int64_t o = 0; o < second.size(); ++o) {
    shares.clear();
    for (size_t k = 0; k < second.indices(o).size(); ++k) {
      const int64_t middle = second.indices(o)[k];
      for (size_t j = 0; j < first.indices(middle).size(); ++j) {
        shares[first.indices(middle)[j]] += second.weights(o)[k] * first.weights(middle)[j];
      }
    }
    for (const auto& [source, share] : shares) taps.add(source, share);
    taps.finish();
  }
  return taps;
}

Taps mirrored(const Taps& taps) {
  Taps result;
  for (int64_t o = taps.size() - 1; o >= 0; --o) {
    for (size_t k = 0; k < taps.indices(o).size(); ++k) result.add(taps.indices(o)[k], taps.weights(o)[k]);
    result.finish();
  }
  return result;
}

WindowAxis::WindowAxis(int64_t axis, int64_t crop, int64_t stride) : length(axis), window(std::min(axis, crop)) {
  GTSA_CHECK(axis >= 1 && crop >= 1 && stride >= 1, "windows of {} every {} along {}", crop, stride, axis);
  const int64_t count = std::max<int64_t>(axis - crop + stride - 1, 0) / stride + 1;
  for (int64_t k = 0; k < count; ++k) starts.push_back(std::min(k * stride, length - window));
}

Taps WindowAxis::taps(int64_t cells) const {
  const Taps inside = bilinear_taps(cells, window);
  Taps taps;
  for (int64_t place = 0; place < length; ++place) {
    const auto covers = [&](int64_t start) { return start <= place && place < start + window; };
    const auto count = static_cast<float>(std::count_if(starts.begin(), starts.end(), covers));
    for (size_t w = 0; w < starts.size(); ++w) {
      if (!covers(starts[w])) continue;
      const int64_t o = place - starts[w];
      for (size_t k = 0; k < inside.indices(o).size(); ++k) {
        taps.add(static_cast<int64_t>(w) * cells + inside.indices(o)[k], inside.weights(o)[k] / count);
      }
    }
    taps.finish();
  }
  return taps;
}

void LogitField::mix_row(int64_t y, std::vector<float>& scratch) const {
  scratch.resize(static_cast<size_t>(cell_columns * classes));
  kernels::mix(cells.data(), cell_columns * classes, rows, y, y + 1, scratch.data());
}

void LogitField::logits(int64_t y, std::span<float> out, std::vector<float>& scratch) const {
  GTSA_CHECK(std::ssize(out) == size().width * classes, "{} logits for {} pixels", out.size(), size().width);
  mix_row(y, scratch);
  kernels::mix(scratch.data(), classes, columns, 0, size().width, out.data());
}

void LogitField::largest(int64_t y, std::span<uint16_t> out, std::vector<float>& scratch) const {
  GTSA_CHECK(std::ssize(out) == size().width, "{} classes for {} pixels", out.size(), size().width);
  mix_row(y, scratch);
  kernels::mix_and_find_largest(scratch.data(), classes, columns, 0, size().width, out.data());
}

image::LabelMap classes_of(std::span<const LogitField> fields) {
  GTSA_CHECK(!fields.empty(), "no logits");
  const auto [width, height] = fields.front().size();
  const int64_t classes = fields.front().classes;
  image::LabelMap map{width, height, std::vector<uint16_t>(static_cast<size_t>(width * height))};
  std::vector<float> scratch, logits, shares;
  Taps whole;  // each pixel as it is
  if (fields.size() > 1) {
    logits.resize(static_cast<size_t>(width * classes));
    for (int64_t x = 0; x < width; ++x) {
      whole.add(x, 1);
      whole.finish();
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    const std::span row = std::span(map.values).subspan(static_cast<size_t>(y * width), static_cast<size_t>(width));
    if (fields.size() == 1) {
      fields.front().largest(y, row, scratch);
      continue;
    }
    shares.assign(logits.size(), 0);
    for (const LogitField& field : fields) {
      GTSA_CHECK(field.size() == fields.front().size() && field.classes == classes, "fields of different pictures");
      field.logits(y, logits, scratch);
      kernels::add_softmax(logits.data(), width, classes, 1.0F / static_cast<float>(fields.size()), shares.data());
    }
    kernels::mix_and_find_largest(shares.data(), classes, whole, 0, width, row.data());
  }
  return map;
}

}  // namespace gtsa::transfer

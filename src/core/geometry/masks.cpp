#include "core/geometry/masks.h"

#include <algorithm>

#include "core/base/error.h"

namespace gtsa::geometry {
namespace {

/// Walks over the runs of two masks at once: visit(value_a, value_b, length).
template <class Visit>
void walk_both(const RunLengthMask& a, const RunLengthMask& b, const Visit& visit) {
  GTSA_CHECK(a.size() == b.size(), "masks of {} x {} and {} x {} are compared", a.width, a.height, b.width, b.height);
  size_t i = 0, j = 0;
  uint32_t left_a = a.counts.empty() ? 0 : a.counts[0];
  uint32_t left_b = b.counts.empty() ? 0 : b.counts[0];
  while (i < a.counts.size() && j < b.counts.size()) {
    const uint32_t length = std::min(left_a, left_b);
    if (length > 0) visit(i % 2 == 1, j % 2 == 1, int64_t{length});
    left_a -= length;
    left_b -= length;
    if (left_a == 0 && ++i < a.counts.size()) left_a = a.counts[i];
    if (left_b == 0 && ++j < b.counts.size()) left_b = b.counts[j];
  }
}

template <class Rule>
RunLengthMask merged(const RunLengthMask& a, const RunLengthMask& b, const Rule& rule) {
  RunLengthBuilder result(a.size());
  walk_both(a, b, [&](bool in_a, bool in_b, int64_t length) { result.add(rule(in_a, in_b), length); });
  return result.finish();
}

/// Calls visit(begin, end) for each run of ones, as column-major positions.
template <class Visit>
void for_each_run_of_ones(const RunLengthMask& mask, const Visit& visit) {
  int64_t at = 0;
  for (size_t i = 0; i < mask.counts.size(); ++i) {
    if (i % 2 == 1) visit(at, at + int64_t{mask.counts[i]});
    at += int64_t{mask.counts[i]};
  }
}

bool is_inside(const Rect& window, Size size) {
  return window.left >= 0 && window.top >= 0 && window.width >= 0 && window.height >= 0 &&
         window.left + window.width <= size.width && window.top + window.height <= size.height;
}

}  // namespace

RunLengthBuilder::RunLengthBuilder(Size size) {
  int64_t pixels = 0;
  if (size.width < 1 || size.height < 1 || __builtin_mul_overflow(size.width, size.height, &pixels) ||
      pixels > kMaxMaskPixels) {
    throw Error("a mask of {} x {} pixels: between 1 and {} pixels are possible", size.width, size.height,
                kMaxMaskPixels);
  }
  mask_ = {size.height, size.width, {0}};
  missing_ = pixels;
}

void RunLengthBuilder::add(bool value, int64_t length) {
  GTSA_CHECK(length >= 0 && length <= missing_, "a run of {} where {} pixels are missing", length, missing_);
  if (length == 0) return;
  if ((mask_.counts.size() % 2 == 0) == value) {
    mask_.counts.back() += static_cast<uint32_t>(length);
  } else {
    mask_.counts.push_back(static_cast<uint32_t>(length));
  }
  missing_ -= length;
}

RunLengthMask RunLengthBuilder::finish() {
  add(false, missing_);
  return std::move(mask_);
}

RunLengthMask encode_mask(std::span<const uint8_t> mask, Size size) {
  return encode_mask(mask, {0, 0, size.width, size.height}, size);
}

RunLengthMask encode_mask(std::span<const uint8_t> mask, Rect window, Size size) {
  RunLengthBuilder result(size);
  GTSA_CHECK(is_inside(window, size) && std::ssize(mask) == window.width * window.height,
             "{} bytes for a window of {} x {} in {} x {}", mask.size(), window.width, window.height, size.width,
             size.height);
  if (mask.empty()) return result.finish();
  const int64_t around = size.height - window.height;
  result.add(false, window.left * size.height + window.top);
  for (int64_t x = 0; x < window.width; ++x) {
    if (x > 0) result.add(false, around);
    const uint8_t* pixel = mask.data() + x;
    for (int64_t y = 0; y < window.height;) {
      const bool value = *pixel != 0;
      const int64_t begin = y;
      while (y < window.height && (*pixel != 0) == value) {
        ++y;
        pixel += window.width;
      }
      result.add(value, y - begin);
    }
  }
  return result.finish();
}

std::vector<uint8_t> decode_mask(const RunLengthMask& mask) {
  std::vector<uint8_t> out(static_cast<size_t>(mask.height * mask.width));
  decode_mask(mask, {0, 0, mask.width, mask.height}, out);
  return out;
}

void decode_mask(const RunLengthMask& mask, Rect window, std::span<uint8_t> out) {
  GTSA_CHECK(is_inside(window, mask.size()) && std::ssize(out) == window.width * window.height,
             "{} bytes for a window of {} x {} in {} x {}", out.size(), window.width, window.height, mask.width,
             mask.height);
  std::fill(out.begin(), out.end(), uint8_t{0});
  for_each_run_of_ones(mask, [&](int64_t begin, int64_t end) {
    const int64_t first = std::max(begin / mask.height, window.left);
    const int64_t last = std::min((end - 1) / mask.height, window.left + window.width - 1);
    for (int64_t x = first; x <= last; ++x) {
      const int64_t from = std::max(begin - x * mask.height, window.top);
      const int64_t to = std::min(end - x * mask.height, window.top + window.height);
      for (int64_t y = from; y < to; ++y) {
        out[static_cast<size_t>((y - window.top) * window.width + x - window.left)] = 1;
      }
    }
  });
}

RunLengthMask mask_from_counts(std::span<const uint64_t> counts, Size size) {
  RunLengthBuilder result(size);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > static_cast<uint64_t>(result.missing())) {
      throw Error("run {} of the mask reaches beyond its {} x {} pixels", i, size.width, size.height);
    }
    result.add(i % 2 == 1, static_cast<int64_t>(counts[i]));
  }
  if (result.missing() > 0) {
    throw Error("the mask's runs end {} pixels before its {} x {} are full", result.missing(), size.width, size.height);
  }
  return result.finish();
}

RunLengthMask mask_from_string(std::string_view text, Size size) {
  // Five bits a character, so that seven hold any difference of two runs of 32 bits.
  constexpr int kMostCharacters = 7;
  RunLengthBuilder result(size);
  int64_t before[2] = {0, 0};  // the last runs of zeros and of ones
  size_t at = 0;
  for (size_t run = 0; at < text.size(); ++run) {
    int64_t value = 0;
    bool more = true;
    const size_t start = at;
    for (int k = 0; more; ++k) {
      if (at == text.size()) throw Error("the mask's string ends inside a number (character {})", start);
      if (k == kMostCharacters) throw Error("a number of the mask's string is too long (character {})", start);
      const int code = static_cast<unsigned char>(text[at]) - 48;
      if (code < 0 || code > 63) throw Error("a character of the mask's string has no meaning (character {})", at);
      ++at;
      value |= int64_t{code & 31} << (5 * k);
      more = (code & 32) != 0;
      if (!more && (code & 16) != 0) value -= int64_t{1} << (5 * (k + 1));
    }
    if (run > 2) value += before[run % 2];
    before[run % 2] = value;
    if (value < 0) throw Error("run {} of the mask's string is negative (character {})", run, start);
    if (value > result.missing()) {
      throw Error("run {} of the mask's string reaches beyond its {} x {} pixels (character {})", run, size.width,
                  size.height, start);
    }
    result.add(run % 2 == 1, value);
  }
  if (result.missing() > 0) {
    throw Error("the mask's string ends {} pixels before its {} x {} are full", result.missing(), size.width,
                size.height);
  }
  return result.finish();
}

std::string mask_string(const RunLengthMask& mask) {
  std::string text;
  for (size_t i = 0; i < mask.counts.size(); ++i) {
    int64_t value = int64_t{mask.counts[i]};
    if (i > 2) value -= int64_t{mask.counts[i - 2]};
    bool more = true;
    while (more) {
      const auto group = static_cast<int>(value & 31);
      value >>= 5;
      more = (group & 16) != 0 ? value != -1 : value != 0;
      text += static_cast<char>(48 + group + (more ? 32 : 0));
    }
  }
  return text;
}

int64_t area(const RunLengthMask& mask) {
  int64_t sum = 0;
  for (size_t i = 1; i < mask.counts.size(); i += 2) sum += int64_t{mask.counts[i]};
  return sum;
}

Rect bounds(const RunLengthMask& mask) {
  int64_t left = mask.width, right = 0, top = mask.height, bottom = 0;
  for_each_run_of_ones(mask, [&](int64_t begin, int64_t end) {
    const int64_t first = begin / mask.height, last = (end - 1) / mask.height;
    left = std::min(left, first);
    right = std::max(right, last + 1);
    top = first < last ? 0 : std::min(top, begin % mask.height);
    bottom = first < last ? mask.height : std::max(bottom, (end - 1) % mask.height + 1);
  });
  return right == 0 ? Rect{} : Rect{left, top, right - left, bottom - top};
}

RunLengthMask united(const RunLengthMask& a, const RunLengthMask& b) {
  return merged(a, b, [](bool in_a, bool in_b) { return in_a || in_b; });
}

RunLengthMask intersected(const RunLengthMask& a, const RunLengthMask& b) {
  return merged(a, b, [](bool in_a, bool in_b) { return in_a && in_b; });
}

RunLengthMask united(std::span<const RunLengthMask> masks) {
  GTSA_CHECK(!masks.empty(), "the union of no masks has no size");
  RunLengthMask result = masks.front();
  for (const RunLengthMask& mask : masks.subspan(1)) result = united(result, mask);
  return result;
}

RunLengthMask intersected(std::span<const RunLengthMask> masks) {
  GTSA_CHECK(!masks.empty(), "the intersection of no masks has no size");
  RunLengthMask result = masks.front();
  for (const RunLengthMask& mask : masks.subspan(1)) result = intersected(result, mask);
  return result;
}

int64_t common_area(const RunLengthMask& a, const RunLengthMask& b) {
  int64_t sum = 0;
  walk_both(a, b, [&](bool in_a, bool in_b, int64_t length) { sum += in_a && in_b ? length : 0; });
  return sum;
}

double iou(const RunLengthMask& detection, const RunLengthMask& truth, bool truth_is_crowd) {
  const int64_t common = common_area(detection, truth);
  if (common == 0) return 0;
  const int64_t whole = truth_is_crowd ? area(detection) : area(detection) + area(truth) - common;
  return static_cast<double>(common) / static_cast<double>(whole);
}

double iou(const BoxXywh& detection, const BoxXywh& truth, bool truth_is_crowd) {
  const double width = std::min(detection.x + detection.width, truth.x + truth.width) - std::max(detection.x, truth.x);
  const double height =
      std::min(detection.y + detection.height, truth.y + truth.height) - std::max(detection.y, truth.y);
  if (!(width > 0) || !(height > 0)) return 0;
  const double common = width * height;
  const double own = detection.width * detection.height;
  return common / (truth_is_crowd ? own : own + truth.width * truth.height - common);
}

}  // namespace gtsa::geometry

#include "learn/transfer/confusion_picture.h"

#include <algorithm>
#include <vector>

#include "core/image/diagram.h"

namespace gtsa::transfer {

image::Image confusion_picture(const metrics::ConfusionMatrix& confusion) {
  constexpr int64_t kSide = 640;
  constexpr image::Shares kGrey{0.5, 0.5, 0.5};
  const int64_t classes = confusion.classes();
  std::vector<int64_t> labelled(static_cast<size_t>(classes));
  for (int64_t i = 0; i < classes * classes; ++i) {
    labelled[static_cast<size_t>(i / classes)] += confusion.counts()[static_cast<size_t>(i)];
  }
  return image::squares(classes, classes, std::max<int64_t>(1, kSide / classes), [&](int64_t cell) {
    const int64_t pictures = labelled[static_cast<size_t>(cell / classes)];
    if (pictures == 0) return kGrey;
    const int64_t count = confusion.counts()[static_cast<size_t>(cell)];
    return image::viridis(static_cast<double>(count) / static_cast<double>(pictures));
  });
}

}  // namespace gtsa::transfer

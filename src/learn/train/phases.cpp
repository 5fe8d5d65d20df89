#include "learn/train/phases.h"

#include <algorithm>

namespace gtsa::train {

void Phases::enter(std::string_view part) {
  leave();
  auto found = std::find_if(seconds_.begin(), seconds_.end(), [&](const auto& known) { return known.first == part; });
  if (found == seconds_.end()) found = seconds_.insert(found, {std::string(part), 0.0});
  current_ = &found->second;
  since_ = clock_();
}

void Phases::leave() {
  if (current_ != nullptr) *current_ += clock_() - since_;
  current_ = nullptr;
}

}  // namespace gtsa::train

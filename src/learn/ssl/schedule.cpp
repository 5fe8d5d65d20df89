#include "learn/ssl/schedule.h"

#include "learn/train/schedule.h"

namespace gtsa::ssl {

train::Values Schedule::values(const train::Position& position) const {
  const auto& [step, total, unused] = position;
  train::Values values;
  values.lr = train::warmup_cosine(lr, min_lr, warmup_steps, step, total);
  values.weight_decay = train::cosine(weight_decay, weight_decay_end, step, total);
  values.momentum = train::cosine(momentum, 1, step, total);
  values.next_momentum = train::cosine(momentum, 1, step + 1, total);
  return values;
}

}  // namespace gtsa::ssl

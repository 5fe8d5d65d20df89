#include "learn/ssl/dino_task.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/ssl/dino_loss.h"
#include "learn/ssl/feature_health.h"
#include "learn/ssl/gtsa_network.h"
#include "learn/train/schedule.h"

namespace gtsa::ssl {
namespace {

// A teacher that gives every picture the same answer, in one of two ways: all prototypes alike (entropy and loss are
// ln K), or the same few prototypes for all pictures (the mean answer has next to no entropy).
constexpr double kUniformShare = 0.99;
constexpr double kFewPrototypes = 1.5;
constexpr double kCollapsedSpread = 0.05;

/// Mean entropy of distributions [n, K] in nats.
double entropy(const at::Tensor& q) {
  return -(q * q.clamp_min(std::numeric_limits<float>::min()).log()).sum(-1).mean().item<double>();
}

}  // namespace

DinoTask::DinoTask(const DinoOptions& options, const DinoSchedule& schedule, const data::DinoViewOptions& samples)
    : options_(options),
      schedule_(schedule),
      student_((options.check(), make_dino_network(options))),
      teacher_(make_dino_network(options)),
      student_flat_(nn::bind(student_, true)),
      teacher_flat_(nn::bind(teacher_, false)),
      recipe_(samples),
      centre_(at::zeros({1, options.head.out}, at::kFloat)) {
  init(student_, samples.seed);
  copy_to_teacher(student_flat_, teacher_flat_);
}

void DinoTask::walk(const nn::Walk& visit) {
  student_.walk(nn::under("student.", visit));
  teacher_.walk(nn::under("teacher.", visit));
  visit("dino_loss.center", centre_);
}

std::vector<train::Row> DinoTask::rows() const {
  std::vector<train::Row> rows;
  for (const nn::Slot& slot : student_flat_.layout.slots) {
    const bool last_layer = slot.name.find("last_layer") != std::string::npos;
    rows.push_back({.decay_scale = decay_scale(slot),
                    .averaged = true,
                    .first_step = last_layer ? schedule_.last_layer_from_step : 0});
  }
  return rows;
}

double DinoTask::temperature(const train::Position& position) const {
  const auto& [first, last, epochs] = schedule_.teacher_temperature;
  return train::teacher_temperature(first, last, epochs, position.epoch());
}

train::Values DinoTask::values(const train::Position& position) const {
  train::Values values = schedule_.base.values(position);
  values.others = {{"teacher_temperature", temperature(position)}};
  return values;
}

void DinoTask::losses(const train::DeviceBatch& batch, const train::Context& context,
                      const train::Contribute& contribute) {
  const int64_t photographs = batch.size();
  context.enter("teacher");
  {
    const at::NoGradGuard no_grad;
    const DinoOutput teacher = forward(teacher_, batch["global"].flatten(0, 1));
    targets_ = dino_targets(teacher.logits, centre_, temperature(context.position));
    class_tokens_ = teacher.class_token;
    const at::Tensor sum = teacher.logits.sum(0);
    logits_sum_ = logits_sum_.defined() ? logits_sum_ + sum : sum;
    logits_rows_ += teacher.logits.size(0);
  }
  loss_ = 0;
  int64_t first_view = 0;
  for (const auto& [name, views] : {std::pair("global", &options_.global), std::pair("local", &options_.local)}) {
    if (views->count == 0) continue;
    context.enter("student");
    const auto drop_path =
        nn::draw_drop_path(options_.vit, {.seed = context.seed,
                                          .step = static_cast<uint64_t>(context.position.step),
                                          .first_sample = static_cast<uint64_t>(context.first_sample),
                                          .samples = photographs,
                                          .first_view = static_cast<uint32_t>(first_view),
                                          .views = views->count});
    const at::Tensor logits = forward(student_, batch[name].flatten(0, 1), &drop_path).logits;
    context.enter("losses");
    const at::Tensor loss =
        dino_pair_losses(targets_, logits, photographs, first_view) / static_cast<double>(options_.pairs());
    loss_ += loss.item<double>();
    const train::Term term{"dino", loss, 1};
    contribute({&term, 1});
    first_view += views->count;
  }
}

void DinoTask::commit() {
  const at::NoGradGuard no_grad;
  centre_.copy_(next_dino_centre(centre_, logits_sum_ / static_cast<double>(logits_rows_)));
  discard();
}

void DinoTask::discard() {
  logits_sum_.reset();
  logits_rows_ = 0;
}

train::Health DinoTask::health(const train::Position&) {
  if (!targets_.defined() || class_tokens_.size(0) < 2) return {};
  const at::NoGradGuard no_grad;
  const double most = std::log(static_cast<double>(options_.head.out));
  const double of_each = entropy(targets_), of_mean = entropy(targets_.mean(0, true));
  const FeatureHealth features = feature_health(class_tokens_);
  train::Health health;
  health.figures = {{"teacher_entropy", of_each},
                    {"teacher_entropy_of_mean", of_mean},
                    {"teacher_spread", features.spread},
                    {"teacher_effective_rank", features.effective_rank}};
  std::string sign;
  if (of_each > kUniformShare * most && loss_ > kUniformShare * most) {
    sign = fmt::format("the teacher gives all {} prototypes alike (entropy {:.2f} and loss {:.2f} of at most {:.2f})",
                       options_.head.out, of_each, loss_, most);
  } else if (std::exp(of_mean) < kFewPrototypes) {
    sign = fmt::format("the teacher gives all photographs the same prototype (entropy of the mean {:.3f})", of_mean);
  } else if (features.spread < kCollapsedSpread) {
    sign = fmt::format("class tokens of different photographs hardly differ (feature spread {:.3f})", features.spread);
  }
  if (!sign.empty()) {
    health.warnings.push_back(
        {"collapse", sign + "; a lower --lr, a longer warm-up or a lower dino.teacher_temp usually mends it"});
  }
  return health;
}

void DinoTask::export_weights(FileSystem& files, const run::Run& run) {
  model::write_encoder(files, run.encoder_path(), teacher_.backbone);
}

std::map<std::string, std::string> DinoTask::metadata() const {
  auto facts = model::metadata_of(options_.vit);
  facts["method"] = "dino";
  return facts;
}

}  // namespace gtsa::ssl

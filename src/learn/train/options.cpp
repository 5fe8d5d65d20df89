#include "learn/train/options.h"

#include <charconv>
#include <cmath>

#include "core/base/error.h"
#include "learn/train/schedule.h"

namespace gtsa::train {

void TrainOptions::describe(Fields& f) {
  f("batch", &batch, "images an optimiser step sees over all ranks and micro-batches").between(1).flagged("batch");
  f("micro_batch", &micro_batch, "images a forward pass: a number, or auto = what fits memory").flagged("micro-batch");
  f("epochs", &epochs, "length of the run and its schedules")
      .in("epochs")
      .between(0)
      .flagged("epochs")
      .meaning("0 = schedule.total_steps");
  f("schedule.total_steps", &total_steps, "length of the run and its schedules")
      .in("steps")
      .between(0)
      .meaning("0 = epochs");
  f("schedule.warmup_share", &warmup_share, "share of the run in which lr rises from 0").between(0, 1);
  f("schedule.warmup_steps", &warmup_steps, "steps in which lr rises from 0").between(-1).meaning("-1 = warmup_share");
  f("optim.lr", &lr, "peak learning rate").between(0).flagged("lr").meaning("0 = base_lr x batch / 256");
  f("optim.base_lr", &base_lr, "peak learning rate for a batch of 256").between(0);
  f("optim.min_lr", &min_lr, "learning rate at the end").between(0);
  f("optim.weight_decay", &weight_decay, "weight decay").between(0);
  f("optim.clip", &clip, "largest gradient norm of one tensor").between(0).meaning("0 = none");
  f("run.seed", &seed, "all randomness follows from it").between(0).flagged("seed");
  f("run.threads", &threads, "threads of the arithmetic").between(0).flagged("threads").meaning("0 = usable CPUs");
  f("run.device", &device, "where the arithmetic runs").one_of({"cpu"}).flagged("device");
  f("run.save_every", &save_every, "time between checkpoints: 15m, 2e or 500s (minutes, epochs, steps)")
      .flagged("save-every");
  f("run.keep_last", &keep_last, "newest checkpoints kept").between(1);
  f("run.keep_every", &keep_every, "checkpoints at multiples of this step are kept for good")
      .in("steps")
      .between(0)
      .meaning("0 = none");
  f("run.non_finite", &non_finite, "what a loss or gradient that is not finite does")
      .one_of({"skip", "stop"})
      .flagged("non-finite");
  f("run.steps", &steps, "stop when this many steps in total are done, schedules unchanged")
      .between(0)
      .flagged("steps")
      .meaning("0 = the whole run")
      .only_flag();
}

void settle_length(Fields& fields) {
  Field& epochs = fields.at("epochs");
  Field& steps = fields.at("schedule.total_steps");
  const bool has_epochs = epochs.text() != "0";
  const bool has_steps = steps.text() != "0";
  if (!has_epochs && !has_steps) throw UsageError("epochs and schedule.total_steps are both 0: give the run a length");
  if (!has_steps || !has_epochs) return;
  if (epochs.origin().layer == steps.origin().layer) {
    throw UsageError("epochs ({}) and schedule.total_steps ({}) both set the length: keep one", epochs.origin().text,
                     steps.origin().text);
  }
  Field& loser = epochs.origin().layer < steps.origin().layer ? epochs : steps;
  const Origin& winner = (&loser == &epochs ? steps : epochs).origin();
  loser.set(int64_t{0}, winner);
}

namespace {

int64_t parse_micro_batch(const TrainOptions& options, int64_t share) {
  if (options.micro_batch == "auto") return share;
  int64_t value = 0;
  const char* end = options.micro_batch.data() + options.micro_batch.size();
  const auto [rest, code] = std::from_chars(options.micro_batch.data(), end, value);
  if (code != std::errc{} || rest != end || value < 1) {
    throw UsageError("micro_batch = {}: a number of images or auto is wanted", options.micro_batch);
  }
  if (share % value != 0)
    throw UsageError("micro_batch = {} does not divide the {} images a rank sees a step", value, share);
  return value;
}

}  // namespace

RunPlan plan_run(const TrainOptions& options, int64_t steps_per_epoch, int ranks) {
  RunPlan plan;
  if (options.batch % ranks != 0) throw UsageError("batch = {} does not divide among {} ranks", options.batch, ranks);
  plan.steps_per_epoch = steps_per_epoch;
  plan.in_epochs = options.total_steps == 0;
  plan.total_steps = plan.in_epochs ? options.epochs * steps_per_epoch : options.total_steps;
  plan.warmup_steps =
      options.warmup_steps >= 0
          ? options.warmup_steps
          : static_cast<int64_t>(std::llround(options.warmup_share * static_cast<double>(plan.total_steps)));
  if (plan.warmup_steps > plan.total_steps) {
    throw UsageError("schedule.warmup_steps = {} goes beyond the run's {} steps", plan.warmup_steps, plan.total_steps);
  }
  plan.stop_at = options.steps > 0 ? std::min(options.steps, plan.total_steps) : plan.total_steps;
  plan.micro_batch = parse_micro_batch(options, options.batch / ranks);
  plan.lr = options.lr > 0 ? options.lr : options.base_lr * static_cast<double>(options.batch) / 256;
  parse_interval("run.save_every", options.save_every);
  return plan;
}

}  // namespace gtsa::train

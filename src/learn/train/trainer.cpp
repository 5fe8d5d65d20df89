#include "learn/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/base/signals.h"

namespace gtsa::train {
namespace {

constexpr int64_t kMostSkippedInARow = 3;
constexpr int64_t kBadStepsKept = 5;  // each is a whole train state

/// JSON has no NaN or infinity: what is not finite becomes null.
nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json figures_json(const std::vector<Figure>& figures) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Figure& figure : figures) json[figure.name] = number(figure.value);
  return json;
}

}  // namespace

void StepLosses::add(const std::string& name, double value) {
  const auto known = std::find_if(terms.begin(), terms.end(), [&](const auto& term) { return term.first == name; });
  if (known == terms.end()) {
    terms.emplace_back(name, value);
  } else {
    known->second += value;
  }
}

void run_micro_batch(Task& task, const DeviceBatch& batch, double share, const Context& context, StepLosses& losses) {
  task.losses(batch, context, [&](std::span<const Term> terms) {
    at::Tensor total;
    for (const Term& term : terms) {
      const auto value = static_cast<double>(term.value.item<float>());
      losses.add(term.name, share * value);
      losses.total += share * term.weight * value;
      if (!std::isfinite(value) && !losses.not_finite)
        losses.not_finite = fmt::format("loss {} is {}", term.name, value);
      if (term.weight == 0) continue;
      const at::Tensor weighted = term.value.mul(share * term.weight);
      total = total.defined() ? total.add(weighted) : weighted;
    }
    if (losses.not_finite) return;
    context.enter("backward");
    total.backward();
  });
}

StepLosses run_micro_batches(Task& task, data::Loader& loader, int64_t micro_batches, Context context) {
  StepLosses losses;
  for (int64_t micro = 0; micro < micro_batches; ++micro) {
    const DeviceBatch batch(loader.next());
    losses.waited += loader.last_wait_seconds();
    losses.keys.insert(losses.keys.end(), batch.keys().begin(), batch.keys().end());
    if (losses.not_finite) continue;  // a step that will be skipped still uses up its batch
    run_micro_batch(task, batch, 1.0 / static_cast<double>(micro_batches), context, losses);
    context.first_sample += batch.size();
  }
  return losses;
}

Trainer::Trainer(TrainerParts parts, const TrainerOptions& options, const Conditions& conditions,
                 const Progress& progress)
    : parts_(std::move(parts)), options_(options), conditions_(conditions), progress_(progress) {
  GTSA_CHECK(options_.batch % (options_.micro_batch * parts_.ranks.size()) == 0,
             "batch {} is not whole micro-batches of {} on {} ranks", options_.batch, options_.micro_batch,
             parts_.ranks.size());
}

Position Trainer::position() const { return {progress_.step, options_.total_steps, options_.steps_per_epoch}; }

Outcome Trainer::run() {
  const auto loader = parts_.make_loader(progress_.step);
  if (progress_.step == 0 && parts_.task.averages_before_step()) {
    parts_.optimizer.average(parts_.task.values(position()).momentum);
  }
  bad_files_ = loader->bad_files().size();
  if (progress_.step == 0 && options_.evaluate_every > 0) {
    evaluate({run::kBeforeTraining, options_.total_steps, options_.steps_per_epoch});
  }
  last_save_ = parts_.clock();
  const auto finished = [&] { return progress_.step >= options_.stop_at; };
  try {
    while (!finished() && !StopSignals::requested()) advance(*loader);
    if (finished() && options_.evaluate_every > 0 && progress_.step % options_.evaluate_every != 0) {
      evaluate({progress_.step - 1, options_.total_steps, options_.steps_per_epoch});
    }
  } catch (const Error&) {
    const auto error = std::current_exception();
    save_before_leaving(*loader);
    std::rethrow_exception(error);
  }
  if (saved_at_ != progress_.step && progress_.step > 0) save();
  return finished() ? Outcome::finished : Outcome::interrupted;
}

void Trainer::advance(data::Loader& loader) {
  const StepReport report = step(loader);
  ++progress_.step;
  note_bad_files(loader);
  log(report);
  if (report.skipped && progress_.skipped_in_a_row >= kMostSkippedInARow) {
    throw Error(
        "{} steps in a row were not finite, the last because {}; nothing was saved over the last good checkpoint; "
        "gtsa replay {} runs the step again",
        progress_.skipped_in_a_row, report.skipped_because, parts_.run.folder().string());
  }
  if (!report.skipped && progress_.step % options_.health_every == 0) check_health(report.position);
  if (options_.evaluate_every > 0 && progress_.step % options_.evaluate_every == 0) evaluate(report.position);
  save_if_due();
}

void Trainer::save_before_leaving(const data::Loader& loader) {
  try {
    note_bad_files(loader);
    // The state after the last whole step is good, unless the run was on its way to giving up.
    if (progress_.step > 0 && saved_at_ != progress_.step && progress_.skipped_in_a_row == 0) save();
  } catch (const Error& error) {
    gtsa::log::warning("the state could not be saved: {}", error.what());
  }
}

StepReport Trainer::step(data::Loader& loader) {
  const double begin = parts_.clock();
  StepReport report{.position = position(), .values = parts_.task.values(position())};
  const int64_t share = options_.batch / parts_.ranks.size();
  parts_.task.trained().zero_grads();
  StepLosses losses = run_micro_batches(
      parts_.task, loader, share / options_.micro_batch,
      {.seed = conditions_.seed, .position = report.position, .first_sample = parts_.ranks.rank() * share});
  reduce(losses);
  const GradientNorms norms = parts_.optimizer.norms();
  report.loss = losses.total;
  report.terms = std::move(losses.terms);
  report.grad_norm = norms.total;
  if (losses.not_finite || norms.not_finite) {
    report.skipped_because =
        losses.not_finite ? *losses.not_finite : "the gradient of " + *norms.not_finite + " is not finite";
    skip(report, std::move(losses.keys));
  } else {
    const Values& v = report.values;
    const double momentum = parts_.task.averages_before_step() ? v.next_momentum : v.momentum;
    parts_.optimizer.step(norms, v.lr, v.weight_decay, momentum, progress_.step);
    parts_.task.commit();
    progress_.skipped_in_a_row = 0;
  }
  const double seconds = std::max(parts_.clock() - begin, 1e-9);
  report.images_per_second = static_cast<double>(options_.batch) / seconds;
  report.data_wait = std::clamp(losses.waited / seconds, 0.0, 1.0);
  return report;
}

void Trainer::reduce(StepLosses& losses) {
  const int ranks = parts_.ranks.size();
  if (ranks == 1) return;
  // Every rank skips if one must.
  uint8_t bad = losses.not_finite ? 1 : 0;
  parts_.ranks.any({&bad, 1});
  if (bad != 0 && !losses.not_finite) losses.not_finite = "a loss of another rank is not finite";
  std::vector<double> means{losses.total};
  for (const auto& [name, value] : losses.terms) means.push_back(value);
  parts_.ranks.sum(means);
  losses.total = means[0] / ranks;
  for (size_t i = 0; i < losses.terms.size(); ++i) losses.terms[i].second = means[i + 1] / ranks;
  parts_.ranks.sum(parts_.task.trained().grads);
  parts_.task.trained().grads.div_(ranks);
  parts_.ranks.any(*parts_.task.trained().touched);
}

void Trainer::skip(StepReport& report, std::vector<data::SampleKey> keys) {
  parts_.task.discard();
  report.skipped = true;
  nlohmann::ordered_json samples = nlohmann::ordered_json::array();
  for (const auto& key : keys) samples.push_back({{"epoch", key.epoch}, {"place", key.place}, {"file", key.file}});
  const auto path = parts_.run.bad_step_path(progress_.step);
  save_state(parts_.files, path, parts_.task, parts_.optimizer, progress_, conditions_,
             {{"reason", report.skipped_because}, {"samples", json_line(samples)}});
  parts_.run.prune_bad_steps(kBadStepsKept);
  parts_.run.append_event(
      {{"event", "bad_step"}, {"step", progress_.step}, {"reason", report.skipped_because}, {"samples", samples}});
  log::warning("step {} was skipped: {}; state and sample keys are in {}", progress_.step, report.skipped_because,
               path.string());
  if (options_.stop_on_non_finite) {
    throw Error("step {} is not finite: {}; gtsa replay {} runs it again", progress_.step, report.skipped_because,
                parts_.run.folder().string());
  }
  ++progress_.skipped;
  ++progress_.skipped_in_a_row;
}

void Trainer::note_bad_files(const data::Loader& loader) {
  for (; bad_files_ < loader.bad_files().size(); ++bad_files_) {
    const data::BadFile& bad = loader.bad_files()[bad_files_];
    parts_.run.append_event(
        {{"event", "bad_file"}, {"step", progress_.step - 1}, {"file", bad.name}, {"reason", bad.reason}});
    gtsa::log::warning("left out {}", bad.reason);
  }
}

void Trainer::log(const StepReport& report) {
  nlohmann::ordered_json line;
  line["step"] = report.position.step;
  line["epoch"] = report.position.epoch();
  line["loss"] = number(report.loss);
  for (const auto& [name, value] : report.terms) line["loss_" + name] = number(value);
  line["lr"] = report.values.lr;
  line["weight_decay"] = report.values.weight_decay;
  if (parts_.task.averaged() != nullptr) line["momentum"] = report.values.momentum;
  for (const auto& [name, value] : report.values.others) line[name] = value;
  line["grad_norm"] = number(report.grad_norm);
  line["images_per_second"] = report.images_per_second;
  line["data_wait"] = report.data_wait;
  if (report.skipped) line["skipped"] = true;
  parts_.run.append_metrics(line);
  parts_.reporter.step(report, options_.stop_at);
}

void Trainer::check_health(const Position& position) {
  const Health health = parts_.task.health(position);
  if (!health.figures.empty()) {
    const auto json = figures_json(health.figures);
    parts_.run.append_event({{"event", "health"}, {"step", position.step}, {"figures", json}});
    parts_.run.append_points(json, position.step);
  }
  for (const Finding& finding : health.warnings) {
    if (std::find(warned_.begin(), warned_.end(), finding.name) != warned_.end()) continue;  // once a process is enough
    warned_.push_back(finding.name);
    parts_.run.append_event(
        {{"event", "warning"}, {"step", position.step}, {"name", finding.name}, {"text", finding.text}});
    gtsa::log::warning("{} at step {}: {}", finding.name, position.step, finding.text);
  }
}

void Trainer::evaluate(const Position& position) {
  for (Evaluator* evaluator : parts_.evaluators) {
    if (StopSignals::requested()) return;  // whoever wants to leave need not wait for the other probes
    const double begin = parts_.clock();
    const auto figures = evaluator->evaluate({parts_.ranks, &parts_.run, position.step});
    if (figures.empty()) continue;
    const auto json = figures_json(figures);
    parts_.run.append_event({{"event", "evaluation"},
                             {"step", position.step},
                             {"name", evaluator->name()},
                             {"figures", json},
                             {"seconds", parts_.clock() - begin}});
    if (position.step >= 0) parts_.run.append_points(json, position.step);
    parts_.reporter.figures(position, evaluator->name(), figures);
    keep_if_best(position, figures);
  }
}

void Trainer::keep_if_best(const Position& position, const std::vector<Figure>& figures) {
  if (position.step < 0) return;  // nothing has been learned yet
  for (const Figure& figure : figures) {
    if (figure.name != options_.best_figure || !std::isfinite(figure.value)) continue;
    if (progress_.best && figure.value <= progress_.best->figure) continue;
    progress_.best = {figure.value, progress_.step};
    parts_.run.sync();
    save_state(parts_.files, parts_.run.best_checkpoint_path(), parts_.task, parts_.optimizer, progress_, conditions_,
               {{"best_figure", figure.name}});
    parts_.task.export_best(parts_.files, parts_.run);
    parts_.run.append_event(
        {{"event", "best"}, {"step", position.step}, {"name", figure.name}, {"value", figure.value}});
    saved_at_ = -1;  // a checkpoint of this step, if there is one, does not know of it
  }
}

void Trainer::save_if_due() {
  const Interval& every = options_.save_every;
  switch (every.unit) {
    case Interval::Unit::minutes:
      save_is_due_ |= parts_.clock() - last_save_ >= 60 * every.amount;
      break;
    case Interval::Unit::epochs:
      save_is_due_ |= progress_.step % (static_cast<int64_t>(every.amount) * options_.steps_per_epoch) == 0;
      break;
    case Interval::Unit::steps:
      save_is_due_ |= progress_.step % static_cast<int64_t>(every.amount) == 0;
      break;
  }
  // A state on the way to giving up never replaces a good one; the save waits for the next good step.
  if (save_is_due_ && progress_.skipped_in_a_row == 0) save();
}

void Trainer::save() {
  const double begin = parts_.clock();
  const auto path = parts_.run.checkpoint_path(progress_.step);
  try {
    parts_.run.sync();  // no checkpoint is ahead of its metrics
    save_state(parts_.files, path, parts_.task, parts_.optimizer, progress_, conditions_);
    parts_.run.prune_checkpoints(options_.keep_last, options_.keep_every);
    parts_.task.export_weights(parts_.files, parts_.run);
  } catch (const Error& error) {
    throw Error("{}; when that is mended, the same command with --resume goes on from the last checkpoint in {}",
                error.what(), parts_.run.folder().string());
  }
  last_save_ = parts_.clock();
  saved_at_ = progress_.step;
  save_is_due_ = false;
  parts_.run.append_event({{"event", "save"},
                           {"step", progress_.step - 1},
                           {"file", path.filename().string()},
                           {"seconds", last_save_ - begin}});
}

}  // namespace gtsa::train

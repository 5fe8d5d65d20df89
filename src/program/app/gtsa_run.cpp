#include "program/app/gtsa_run.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "learn/ssl/gtsa_cost.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

/// The largest part of a rank's batch whose step fits three fifths of the memory.
int64_t micro_batch_that_fits(const PretrainOptions& options) {
  const double limit = 0.6 * static_cast<double>(memory_limit());
  const ssl::GtsaOptions networks = options.networks();
  int64_t micro = options.train.batch;
  while (micro > 1 && ssl::memory_bytes(networks, micro) > limit) {
    --micro;
    while (options.train.batch % micro != 0) --micro;
  }
  return micro;
}

}  // namespace

data::EpochSampler make_sampler(const data::Photographs& photographs, int64_t batch, uint64_t seed,
                                int64_t shuffle_buffer) {
  const data::EpochSampler sampler(photographs.size(), batch, seed);
  const std::vector<int64_t> shards = photographs.shard_sizes();
  return shards.empty() ? sampler : sampler.in_shards({shards, shuffle_buffer});
}

RunParts::RunParts(const PretrainOptions& options, data::Photographs found)
    : photographs(std::move(found)),
      sampler(make_sampler(photographs, options.train.batch, static_cast<uint64_t>(options.train.seed),
                           options.data.shuffle_buffer)),
      plan(train::plan_run(options.train, sampler.iterations_per_epoch(), 1)) {
  if (options.train.micro_batch == "auto") plan.micro_batch = micro_batch_that_fits(options);
}

std::unique_ptr<data::Loader> RunParts::make_loader(const PretrainOptions& options, const data::Recipe& recipe,
                                                    int64_t first_step, std::vector<data::BadFile> known_bad) const {
  const int64_t parts = options.train.batch / plan.micro_batch;
  data::LoaderOptions loader;
  loader.workers = static_cast<int>(options.data.workers > 0 ? options.data.workers : std::max(1, usable_cpus() / 4));
  loader.max_bad_share = options.data.max_bad_share;
  loader.known_bad = std::move(known_bad);
  loader.first_iteration = first_step * parts;
  loader.end_iteration = plan.stop_at * parts;
  return std::make_unique<data::Loader>(photographs, sampler.in_parts(parts), recipe, loader);
}

std::vector<data::BadFile> RunParts::bad_files_of(const run::Run& run) const {
  std::map<std::string, std::string> reasons;
  for (const auto& event : run.read_events()) {
    if (event.value("event", "") == "bad_file") reasons.emplace(event.value("file", ""), event.value("reason", ""));
  }
  std::vector<data::BadFile> bad;
  if (reasons.empty()) return bad;
  for (uint64_t i = 0; i < static_cast<uint64_t>(photographs.size()); ++i) {
    const auto found = reasons.find(photographs.name(i));
    if (found != reasons.end()) bad.push_back({i, found->first, found->second});
  }
  return bad;
}

train::TrainerOptions trainer_options(const PretrainOptions& options, const train::RunPlan& plan) {
  return {.total_steps = plan.total_steps,
          .stop_at = plan.stop_at,
          .steps_per_epoch = plan.steps_per_epoch,
          .batch = options.train.batch,
          .micro_batch = plan.micro_batch,
          .save_every = train::parse_interval("run.save_every", options.train.save_every),
          .keep_last = options.train.keep_last,
          .keep_every = options.train.keep_every,
          .stop_on_non_finite = options.train.non_finite == "stop",
          .evaluate_every = options.train.probe_every};
}

}  // namespace gtsa::app

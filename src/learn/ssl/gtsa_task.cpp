#include "learn/ssl/gtsa_task.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cosine_similarity.h>

#include <algorithm>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/ssl/feature_health.h"

namespace gtsa::ssl {
namespace {

constexpr int64_t kHealthVectors = 512;
// Below these the features of a batch are as good as one point or one line. Healthy runs of the reference network keep
// spreads above 0.3 and the teacher's rank above 5; with a hundred times its learning rate the rank is below 2 after 40
// steps (docs/results.md). The student's own rank tells little: one direction dominates its predictions in healthy runs
// too.
constexpr double kCollapsedSpread = 0.05;
constexpr double kCollapsedRank = 2.0;

/// At most kHealthVectors rows of [n, T, D], evenly spaced.
at::Tensor sample_vectors(const at::Tensor& maps) {
  const at::Tensor rows = maps.detach().reshape({-1, maps.size(-1)});
  const int64_t stride = std::max<int64_t>(1, rows.size(0) / kHealthVectors);
  return rows.slice(0, 0, rows.size(0), stride).slice(0, 0, kHealthVectors).clone();
}

data::MultiCropOptions fitted(data::MultiCropOptions samples, const GtsaOptions& options) {
  samples.patch_size = options.vit.patch_size;
  samples.bins = {options.bins(options.global), options.bins(options.local)};
  return samples;
}

}  // namespace

int64_t correspondence_start(const train::RunPlan& plan) {
  return plan.in_epochs ? (plan.warmup_steps / plan.steps_per_epoch + 1) * plan.steps_per_epoch : plan.warmup_steps;
}

GtsaTask::GtsaTask(const GtsaOptions& options, const GtsaSchedule& schedule, data::MultiCropOptions samples)
    : options_(options),
      schedule_(schedule),
      student_((options.check(), make_student(options))),
      teacher_(make_teacher(options)),
      student_flat_(nn::bind(student_, true)),
      teacher_flat_(nn::bind(teacher_, false)),
      recipe_(fitted(std::move(samples), options)) {
  init(student_, recipe_.options().seed);
  copy_to_teacher(student_flat_, teacher_flat_);
}

void GtsaTask::walk(const nn::Walk& visit) { walk_as_in_files(student_, teacher_, visit); }

std::vector<train::Row> GtsaTask::rows() const {
  std::vector<train::Row> rows;
  for (const nn::Slot& slot : student_flat_.layout.slots) {
    rows.push_back({.decay_scale = decay_scale(slot), .averaged = rows.size() < teacher_flat_.layout.slots.size()});
  }
  return rows;
}

double GtsaTask::correspondence_weight(const train::Position& position) const {
  return position.step >= schedule_.correspondence_from_step ? schedule_.correspondence : 0;
}

train::Values GtsaTask::values(const train::Position& position) const {
  train::Values values = schedule_.base.values(position);
  values.others = {{"coefficient_correspondence", correspondence_weight(position)},
                   {"coefficient_rotation", schedule_.rotation}};
  return values;
}

void GtsaTask::losses(const train::DeviceBatch& batch, const train::Context& context,
                      const train::Contribute& contribute) {
  const at::Tensor global_views = batch["global"].flatten(0, 1);  // [G * B, 3, S, S]
  context.enter("teacher");
  const TeacherMaps teacher = forward(teacher_, global_views);
  teacher_sample_ = sample_vectors(teacher.projector);
  capped_ += batch["capped"].sum().item<int64_t>();
  const at::Tensor turns = batch["turns"].flatten();
  const int64_t photographs = batch.size(), global_turns = options_.global.count * photographs;
  contribute(part(Kind::global,
                  {global_views,
                   turns.narrow(0, 0, global_turns),
                   teacher.projector,
                   {batch[data::kStudentPoolGlobal], batch[data::kTeacherPoolGlobal]},
                   photographs},
                  context));
  if (options_.local.count == 0) return;
  contribute(part(Kind::local,
                  {batch["local"].flatten(0, 1),
                   turns.narrow(0, global_turns, turns.size(0) - global_turns),
                   teacher.projector,
                   {batch[data::kStudentPoolLocal], batch[data::kTeacherPoolLocal]},
                   photographs},
                  context));
}

std::vector<train::Term> GtsaTask::part(Kind kind, const PartInputs& in, const train::Context& context) {
  const ViewKind& views = kind == Kind::global ? options_.global : options_.local;
  const nn::DropPathKey key{.seed = context.seed,
                            .step = static_cast<uint64_t>(context.position.step),
                            .first_sample = static_cast<uint64_t>(context.first_sample),
                            .samples = in.photographs,
                            .first_view = static_cast<uint32_t>(kind == Kind::global ? 0 : options_.global.count),
                            .views = views.count};
  const auto drop_path = nn::draw_drop_path(options_.vit, key);
  context.enter("student");
  const StudentMaps maps = forward(student_, in.views, &drop_path);
  const at::Tensor logits = rotation_logits(student_, maps.encoder);
  context.enter("losses");
  if (kind == Kind::global) student_sample_ = sample_vectors(maps.predictor);
  const at::Tensor crop = crop_terms(kind, maps.predictor, in.teacher_maps, in.pooling).pair_losses;
  const at::Tensor matches = correspondence_terms(kind, maps.predictor, in.teacher_maps, views.count,
                                                  options_.global.count, options_.matches(views))
                                 .pair_losses();
  const double share_of_views = static_cast<double>(views.count) / static_cast<double>(options_.views());
  return {{"crop", share_of_mean(crop, options_.pairs()), 1},
          {"correspondence", share_of_mean(matches, options_.pairs()), correspondence_weight(context.position)},
          {"rotation", rotation_loss(logits, in.turns) * share_of_views, schedule_.rotation}};
}

train::Health GtsaTask::health(const train::Position&) {
  if (!teacher_sample_.defined() || teacher_sample_.size(0) < 2) return {};
  const FeatureHealth student = feature_health(student_sample_);
  const FeatureHealth teacher = feature_health(teacher_sample_);
  const double agreement = at::cosine_similarity(student_sample_, teacher_sample_, 1).mean().item<double>();
  train::Health health;
  health.figures = {
      {"student_spread", student.spread},       {"student_effective_rank", student.effective_rank},
      {"teacher_spread", teacher.spread},       {"teacher_effective_rank", teacher.effective_rank},
      {"teacher_student_agreement", agreement}, {"photographs_with_repeated_crops", static_cast<double>(capped_)}};
  if (std::min(student.spread, teacher.spread) < kCollapsedSpread || teacher.effective_rank < kCollapsedRank) {
    health.warnings.push_back(
        {"collapse",
         fmt::format(
             "features of different patches hardly differ any more (feature spread {:.3f}, effective rank {:.1f}, "
             "teacher-student agreement {:.2f}); a lower --lr or a longer warm-up usually mends it",
             std::min(student.spread, teacher.spread), teacher.effective_rank, agreement)});
  }
  return health;
}

void GtsaTask::export_weights(FileSystem& files, const run::Run& run) {
  model::write_encoder(files, run.encoder_path(), teacher_.encoder);
}

std::map<std::string, std::string> GtsaTask::metadata() const {
  auto facts = model::metadata_of(options_.vit);
  facts["method"] = "gtsa";
  return facts;
}

}  // namespace gtsa::ssl

#include "learn/ssl/gtsa_network.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "learn/nn/init.h"

namespace gtsa::ssl {
namespace {

/// The maps that the projector and the predictor see are square: one token a patch.
nn::Grid square_grid(const at::Tensor& tokens) {
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(tokens.size(1)))));
  GTSA_CHECK(side * side == tokens.size(1), "a map of {} tokens is not square", tokens.size(1));
  return {side, side};
}

nn::ConvHeadOptions projector_options(const GtsaOptions& o) {
  return {o.vit.embed_dim, o.projector_dim, o.out_dim, 2, true};
}

nn::ConvHeadOptions predictor_options(const GtsaOptions& o) {
  return {o.out_dim, o.predictor_dim, o.out_dim, 1, false};
}

}  // namespace

int64_t default_matches(int64_t grid) { return std::max<int64_t>(1, grid * grid / 2); }

data::PoolingShape GtsaOptions::pooling_shape() const {
  return {global.count, local.count, vit.patch_size, {grid(global), grid(local)}, {bins(global), bins(local)}};
}

void GtsaOptions::check() const {
  vit.check();
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  const auto check_kind = [&](const ViewKind& kind, const char* name) {
    if (kind.size < vit.patch_size) {
      refuse(fmt::format("{} views of {} pixels are smaller than a patch of {}", name, kind.size, vit.patch_size));
    } else if (kind.size % vit.patch_size != 0) {
      refuse(fmt::format("{} views of {} pixels do not divide into patches of {} (nearest side: {})", name, kind.size,
                         vit.patch_size, kind.size / vit.patch_size * vit.patch_size));
    }
    if (kind.bins < 0) refuse(fmt::format("{} bins of {} views", kind.bins, name));
    if (kind.matches < 0) refuse(fmt::format("{} matches of {} views", kind.matches, name));
  };
  check_kind(global, "global");
  if (local.count > 0) check_kind(local, "local");
  if (global.count < 1) refuse("at least one global view is needed, for the teacher");
  if (local.count < 0) refuse(fmt::format("{} local views", local.count));
  if (views() < 2) refuse("at least two views are needed, to make a pair");
  for (const int64_t width : {projector_dim, predictor_dim, out_dim, rotation_hidden, rotation_bottleneck}) {
    if (width < 1) refuse(fmt::format("a head of width {}", width));
  }
  if (!faults.empty()) throw UsageError("GTSA cannot be set up so: {}", faults);
}

void Student::walk(const nn::Walk& visit) {
  encoder.walk(nn::under("base_encoder.", visit));
  projector.walk(nn::under("base_projector.", visit));
  predictor.walk(nn::under("base_predictor.", visit));
  rotation.walk(nn::under("rot_predictor.", visit));
}

void Teacher::walk(const nn::Walk& visit) {
  encoder.walk(nn::under("momentum_encoder.", visit));
  projector.walk(nn::under("momentum_projector.", visit));
}

Student make_student(const GtsaOptions& options) {
  Student student;
  student.encoder = nn::make_vit(options.vit);
  student.projector = nn::make_conv_head(projector_options(options));
  student.predictor = nn::make_conv_head(predictor_options(options));
  student.rotation =
      nn::make_rotation_head({options.vit.embed_dim, options.rotation_hidden, options.rotation_bottleneck});
  return student;
}

Teacher make_teacher(const GtsaOptions& options) {
  Teacher teacher;
  teacher.encoder = nn::make_vit(options.vit);
  teacher.projector = nn::make_conv_head(projector_options(options));
  return teacher;
}

void init(Student& student, uint64_t seed) {
  nn::InitStreams streams{seed};
  nn::init(student.encoder, streams);
  nn::init(student.projector, streams);
  nn::init(student.predictor, streams);
  nn::init(student.rotation, streams);
}

void copy_to_teacher(const nn::Flat& student, nn::Flat& teacher) {
  GTSA_CHECK(teacher.layout.is_prefix_of(student.layout), "the teacher's layout is not a prefix of the student's");
  const at::NoGradGuard no_grad;
  teacher.values.copy_(student.values.narrow(0, 0, teacher.layout.size));
}

void walk_as_in_files(Student& student, Teacher& teacher, const nn::Walk& visit) {
  student.encoder.walk(nn::under("base_encoder.", visit));
  student.projector.walk(nn::under("base_projector.", visit));
  student.predictor.walk(nn::under("base_predictor.", visit));
  teacher.walk(visit);
  student.rotation.walk(nn::under("rot_predictor.", visit));
}

double decay_scale(const nn::Slot& slot) { return slot.name.ends_with(".bias") || slot.shape.size() == 1 ? 0.0 : 1.0; }

void check_views(const GtsaOptions& options, const ViewKind& kind, const at::Tensor& views) {
  const bool right = views.dim() == 4 && views.size(1) == 3 && views.size(2) == kind.size &&
                     views.size(3) == kind.size && kind.count > 0 && views.size(0) % kind.count == 0;
  if (!right) {
    std::string shape;
    for (const int64_t side : views.sizes()) shape += (shape.empty() ? "" : ", ") + std::to_string(side);
    throw UsageError("views of shape [{}] are not {} square views of {} pixels a photograph", shape, kind.count,
                     kind.size);
  }
  if (kind.size % options.vit.patch_size != 0) {
    throw UsageError("views of {} pixels do not divide into patches of {}", kind.size, options.vit.patch_size);
  }
}

StudentMaps forward(const Student& student, const at::Tensor& views, const nn::DropPath* drop_path) {
  StudentMaps maps;
  maps.encoder = nn::forward_tokens(student.encoder, views, drop_path);
  const nn::Grid grid = square_grid(maps.encoder);
  maps.projector = nn::forward(student.projector, maps.encoder, grid);
  maps.predictor = nn::forward(student.predictor, maps.projector, grid);
  return maps;
}

TeacherMaps forward(const Teacher& teacher, const at::Tensor& views) {
  const at::NoGradGuard no_grad;
  TeacherMaps maps;
  maps.encoder = nn::forward_tokens(teacher.encoder, views);
  maps.projector = nn::forward(teacher.projector, maps.encoder, square_grid(maps.encoder));
  return maps;
}

at::Tensor rotation_logits(const Student& student, const at::Tensor& encoder_tokens) {
  return nn::forward(student.rotation, encoder_tokens.mean(1));
}

}  // namespace gtsa::ssl

// Time of one pretraining step's arithmetic (forward, losses, backward; no optimiser) of the reference network, by
// part.
//   gtsa_step_bench [threads] [steps] [batch]
// Prints wall and processor seconds, best of the steps, one line a part: on a busy machine trust the processor's.

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/heap.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "learn/ssl/gtsa_losses.h"
#include "learn/ssl/gtsa_network.h"

namespace gtsa {
namespace {

/// Configuration gtsa_reference.
ssl::GtsaOptions reference_options() {
  ssl::GtsaOptions o;
  o.vit = {64, 8, 128, 6, 4, 0.1};
  o.projector_dim = 128;
  o.predictor_dim = 256;
  o.out_dim = 256;
  o.global = {2, 64};
  o.local = {6, 32};
  return o;
}

at::Tensor uniform(at::IntArrayRef shape, float low, float high) {
  Rng rng({1});
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = rng.uniform(low, high);
  return tensor;
}

double processor_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Best time of each named part, in the order of their first appearance.
class Stopwatch {
 public:
  template <class Part>
  auto time(const std::string& name, const Part& part) {
    const auto wall = std::chrono::steady_clock::now();
    const double processor = processor_seconds();
    auto result = part();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - wall;
    note(name, elapsed.count(), processor_seconds() - processor);
    return result;
  }

  void print() const {
    double wall = 0, processor = 0;
    fmt::print("{:<28}{:>10}{:>12}\n", "part", "wall s", "processor s");
    for (const Line& line : lines_) {
      fmt::print("{:<28}{:>10.4f}{:>12.4f}\n", line.name, line.wall, line.processor);
      wall += line.wall;
      processor += line.processor;
    }
    fmt::print("{:<28}{:>10.4f}{:>12.4f}\n", "sum", wall, processor);
  }

 private:
  struct Line {
    std::string name;
    double wall, processor;
  };
  void note(const std::string& name, double wall, double processor) {
    auto line = std::find_if(lines_.begin(), lines_.end(), [&](const Line& other) { return other.name == name; });
    if (line == lines_.end()) {
      lines_.push_back({name, wall, processor});
    } else {
      line->wall = std::min(line->wall, wall);
      line->processor = std::min(line->processor, processor);
    }
  }
  std::vector<Line> lines_;
};

struct Inputs {
  at::Tensor global_views, local_views, turns;
  ssl::Pooling global_pooling, local_pooling;
};

Inputs make_inputs(const ssl::GtsaOptions& o, int64_t batch) {
  Inputs in;
  in.global_views = uniform({o.global.count * batch, 3, o.global.size, o.global.size}, -2, 2);
  in.local_views = uniform({o.local.count * batch, 3, o.local.size, o.local.size}, -2, 2);
  in.turns = at::empty({o.views() * batch}, at::kLong);
  for (int64_t i = 0; i < in.turns.numel(); ++i) in.turns.data_ptr<int64_t>()[i] = i % 4;
  const data::PoolingShape shape = o.pooling_shape();
  std::vector<at::Tensor> weights;
  for (const auto& spec : data::pooling_specs(shape, batch)) weights.push_back(uniform(spec.shape, 0, 1));
  in.global_pooling = {weights[0], weights[1]};
  in.local_pooling = {weights[2], weights[3]};
  return in;
}

void step(const ssl::GtsaOptions& o, const ssl::Student& student, const ssl::Teacher& teacher, const Inputs& in,
          int64_t batch, uint64_t number, Stopwatch& watch) {
  using ssl::Kind;
  const auto masks = [&](int64_t first, int64_t views) {
    return nn::draw_drop_path(o.vit, {0, number, 0, batch, static_cast<uint32_t>(first), views});
  };
  const nn::DropPath drop_global = masks(0, o.global.count), drop_local = masks(o.global.count, o.local.count);
  const auto global =
      watch.time("student, global views", [&] { return forward(student, in.global_views, &drop_global); });
  const auto local = watch.time("student, local views", [&] { return forward(student, in.local_views, &drop_local); });
  const auto target = watch.time("teacher, global views", [&] { return forward(teacher, in.global_views); });
  const at::Tensor crop = watch.time("crop loss", [&] {
    return ssl::mean_over_pairs(
        crop_terms(Kind::global, global.predictor, target.projector, in.global_pooling).pair_losses,
        crop_terms(Kind::local, local.predictor, target.projector, in.local_pooling).pair_losses);
  });
  const at::Tensor correspondence = watch.time("correspondence loss", [&] {
    const auto terms = [&](Kind kind, const ssl::ViewKind& views, const at::Tensor& maps) {
      return correspondence_terms(kind, maps, target.projector, views.count, o.global.count, o.matches(views))
          .pair_losses();
    };
    return ssl::mean_over_pairs(terms(Kind::global, o.global, global.predictor),
                                terms(Kind::local, o.local, local.predictor));
  });
  const at::Tensor rotation = watch.time("rotation loss", [&] {
    return ssl::rotation_loss(
        at::cat({rotation_logits(student, global.encoder), rotation_logits(student, local.encoder)}), in.turns);
  });
  watch.time("backward", [&] {
    crop.add(correspondence, 0.5).add(rotation, 0.5).backward();
    return 0;
  });
}

int run(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  const int count = argument(1, 1), steps = argument(2, 5), batch = argument(3, 32);
  keep_freed_memory();
  set_threads(count);
  at::set_num_threads(count);
  const ssl::GtsaOptions options = reference_options();
  ssl::Student student = ssl::make_student(options);
  ssl::Teacher teacher = ssl::make_teacher(options);
  nn::Flat student_flat = nn::bind(student, true), teacher_flat = nn::bind(teacher, false);
  init(student, 0);
  ssl::copy_to_teacher(student_flat, teacher_flat);
  const Inputs inputs = make_inputs(options, batch);
  Stopwatch watch;
  for (int i = 0; i < steps; ++i) {
    student_flat.zero_grads();
    step(options, student, teacher, inputs, batch, static_cast<uint64_t>(i), watch);
  }
  fmt::print("threads {}, batch {}, best of {} steps\n", count, batch, steps);
  watch.print();
  return 0;
}

}  // namespace
}  // namespace gtsa

int main(int argc, char** argv) { return gtsa::run(argc, argv); }

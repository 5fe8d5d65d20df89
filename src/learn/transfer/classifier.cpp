#include "learn/transfer/classifier.h"

#include <array>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "learn/nn/init.h"
#include "learn/nn/ops.h"

namespace gtsa::transfer {
namespace {

constexpr std::array kHeads{HeadKind::original, HeadKind::global_pool, HeadKind::cls};
constexpr double kOriginalHeadNormEps = 1e-5;
constexpr double kDeviation = 0.02;

void init_linear(nn::Linear& layer, double deviation, Rng rng) {
  nn::fill_normal(layer.weight, deviation, rng);
  nn::fill_constant(layer.bias, 0);
}

void init_norm(nn::LayerNorm& layer) {
  nn::fill_constant(layer.weight, 1);
  nn::fill_constant(layer.bias, 0);
}

}  // namespace

std::string name_of(HeadKind head) {
  switch (head) {
    case HeadKind::original:
      return "original";
    case HeadKind::global_pool:
      return "global_pool";
    case HeadKind::cls:
      return "cls";
  }
  GTSA_CHECK(false, "a head without a name");
}

HeadKind head_named(std::string_view name) {
  for (const HeadKind head : kHeads) {
    if (name == name_of(head)) return head;
  }
  throw UsageError("no head {}: choose original, global_pool or cls", name);
}

void ClassifierOptions::check() const {
  vit.check();
  if (classes < 1) throw UsageError("a classifier of {} classes cannot be had", classes);
}

void Classifier::walk(const nn::Walk& visit) {
  encoder.walk(visit);
  const auto walk_head = [&] { head.walk(nn::under("head.", visit)); };
  if (options.head != HeadKind::global_pool) walk_head();
  if (fc_norm.weight.defined()) fc_norm.walk(nn::under("fc_norm.", visit));
  if (options.head == HeadKind::global_pool) walk_head();
  if (!mlp_head.linear.weight.defined()) return;
  mlp_head.norm.walk(nn::under("mlp_head.0.", visit));
  mlp_head.linear.walk(nn::under("mlp_head.1.", visit));
}

Classifier make_classifier(const ClassifierOptions& options) {
  options.check();
  const int64_t width = options.vit.embed_dim;
  Classifier classifier;
  classifier.options = options;
  classifier.encoder = nn::make_vit(options.vit);
  classifier.head = nn::make_linear(width, options.classes);
  if (options.head == HeadKind::global_pool) classifier.encoder.norm = {};
  if (options.head != HeadKind::cls) classifier.fc_norm = nn::make_layer_norm(width);
  if (options.head == HeadKind::original) {
    classifier.mlp_head = {nn::make_layer_norm(width), nn::make_linear(width, options.classes)};
  }
  return classifier;
}

void init(Classifier& classifier, uint64_t seed) {
  nn::InitStreams streams{seed};
  nn::init(classifier.encoder, streams);
  init_linear(classifier.head, kDeviation, streams.next());
  if (classifier.fc_norm.weight.defined()) init_norm(classifier.fc_norm);
  if (classifier.options.head != HeadKind::original) return;
  init_norm(classifier.mlp_head.norm);
  init_linear(classifier.mlp_head.linear, kDeviation, streams.next());
}

void init_head_small(Classifier& classifier, uint64_t seed) {
  constexpr double kSmall = 2e-5;
  nn::InitStreams streams{seed, static_cast<uint64_t>(nn::count_parameters(classifier.encoder).tensors)};
  if (classifier.options.head != HeadKind::original) return init_linear(classifier.head, kSmall, streams.next());
  nn::fill_normal(classifier.mlp_head.norm.weight, kSmall, streams.next());
  init_linear(classifier.mlp_head.linear, kSmall, streams.next());
}

at::Tensor forward(const Classifier& classifier, const at::Tensor& images, const nn::DropPath* drop_path) {
  const at::Tensor tokens = nn::forward_unnormed(classifier.encoder, images, drop_path);
  if (classifier.options.head == HeadKind::cls) {
    const at::Tensor class_token = nn::ops::layer_norm(tokens.select(1, 0), classifier.encoder.norm, nn::kVitNormEps);
    return nn::ops::linear(class_token, classifier.head);
  }
  const at::Tensor mean = tokens.narrow(1, 1, tokens.size(1) - 1).mean(1);
  if (classifier.options.head == HeadKind::global_pool) {
    return nn::ops::linear(nn::ops::layer_norm(mean, classifier.fc_norm, nn::kVitNormEps), classifier.head);
  }
  return nn::ops::linear(nn::ops::layer_norm(mean, classifier.mlp_head.norm, kOriginalHeadNormEps),
                         classifier.mlp_head.linear);
}

}  // namespace gtsa::transfer

#include "program/app/weights_options.h"

#include "core/base/error.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/pretrain_options.h"

namespace gtsa::app {

void WeightsOptions::describe(Fields& f) {
  f("weights", &weights, "a run folder or .safetensors").flagged("weights");
  f("random_init", &random_init, "random weights instead").flagged("random-init");
  f("model", &model, "with --random-init: size of the network").one_of({"tiny", "small", "base"}).flagged("model");
  f("patch_size", &patch_size, "with --random-init: side of a patch")
      .in("pixels")
      .between(1, 256)
      .flagged("patch-size");
  f("image_size", &image_size, "with --random-init: side of the global views")
      .in("pixels")
      .between(1, 4096)
      .flagged("image-size");
  f("seed", &seed, "of random weights and of what is drawn").between(0).flagged("seed");
  describe_threads(f, threads);
}

model::Encoder WeightsOptions::encoder() const {
  prepare_arithmetic(threads);
  if (weights.empty() == !random_init) throw UsageError("choose one: --weights W or --random-init");
  if (!weights.empty()) return model::load_encoder(weights);
  return model::random_encoder(network_named(model, patch_size, image_size), std::nullopt, static_cast<uint64_t>(seed));
}

}  // namespace gtsa::app

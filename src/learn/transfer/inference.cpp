#include "learn/transfer/inference.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "core/data/classify_recipe.h"
#include "core/data/loader.h"
#include "core/data/sampler.h"
#include "learn/train/task.h"

namespace gtsa::transfer {

InferenceResult for_each_logits(const Classifier& classifier, const data::Photographs& photographs,
                                const InferenceOptions& options, const dist::Communicator& ranks,
                                const OnLogits& on_logits) {
  const at::NoGradGuard no_grad;
  const int64_t files = photographs.size(), classes = classifier.options.classes;
  const data::ClassifyRecipe recipe(
      std::vector<int64_t>(static_cast<size_t>(files)),
      {.input_size = classifier.options.vit.image_size, .augment = false, .decode = options.decode});
  const int64_t share = (files + ranks.size() - 1) / ranks.size();
  const auto sampler = data::EpochSampler::in_order(files, std::min(options.batch, share), ranks.rank(), ranks.size());
  data::Loader loader(photographs, sampler, recipe,
                      {.workers = options.workers,
                       .max_bad_share = options.max_bad_share,
                       .end_iteration = sampler.iterations_per_epoch()});
  InferenceResult result;
  for (int64_t i = 0; i < sampler.iterations_per_epoch(); ++i) {
    if (options.stop && options.stop()) {
      result.stopped = true;
      break;
    }
    const train::DeviceBatch batch(loader.next());
    const at::Tensor logits = forward(classifier, batch["images"]).contiguous();
    const std::span values(logits.data_ptr<float>(), static_cast<size_t>(logits.numel()));
    for (int64_t slot = 0; slot < batch.size(); ++slot) {
      const data::SampleKey& key = batch.keys()[static_cast<size_t>(slot)];
      // What fills up the last batch came before, and a stand-in is another place's picture.
      if (key.place >= static_cast<uint64_t>(files) || key.replaced) continue;
      on_logits(static_cast<int64_t>(key.file),
                values.subspan(static_cast<size_t>(slot * classes), static_cast<size_t>(classes)));
    }
  }
  for (const data::BadFile& bad : loader.bad_files()) result.left_out.push_back(bad.reason);
  return result;
}

}  // namespace gtsa::transfer

#pragma once
// Batches in the sampler's order, made ahead of time by threads of its own (never OpenMP: each such thread would get a
// team). What comes out is a pure function of the files, the sampler and the recipe; not of the number of workers nor
// of their luck.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/data/batch.h"
#include "core/data/photographs.h"
#include "core/data/sampler.h"

namespace gtsa::data {

/// How a sample is made of a photograph: the part of loading that a task brings.
class Recipe {
 public:
  virtual ~Recipe() = default;
  /// The buffers of a batch. Called once.
  virtual std::vector<BufferSpec> buffers(int64_t batch) const = 0;
  /// Makes sample `key` of `photo` (number key.file of the data set) at place `slot` of every buffer, whole. Called by
  /// several threads at once, for different places. Throws Error if the photograph is bad, which leads to a stand-in;
  /// any other exception stops the loader.
  virtual void make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const = 0;
};

struct BadFile {
  uint64_t file = 0;  ///< index in the data set
  std::string name;   ///< PhotoRef::name()
  std::string reason;
};

struct LoaderOptions {
  int workers = 1;              ///< threads
  int64_t prefetch = 2;         ///< batches in the making or finished and not yet asked for, at most
  double max_bad_share = 0.01;  ///< of the data set's files may be bad, counting each once
  int64_t first_iteration = 0;  ///< of the run: where next() begins
  int64_t end_iteration = std::numeric_limits<int64_t>::max();  ///< nothing is prefetched from here on
  std::vector<BadFile> known_bad;  ///< met by the run before this loader: they count among the bad ones
  Allocator allocator = allocate_on_heap;
};

/// A bad file at place i is replaced by the next good one of the same epoch's permutation, so the stand-in is a pure
/// function of the epoch, i and the files' contents; its key keeps place i. All calls come from one thread.
class Loader {
 public:
  /// Starts the workers. `files` are as many as the sampler's; `recipe` outlives the loader.
  Loader(Photographs files, const EpochSampler& sampler, const Recipe& recipe, LoaderOptions options);
  /// Stops after the samples that are being made; batches handed out stay valid.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next iteration's batch; its memory is used again once the last owner lets go. Throws Error naming the files
  /// when more are bad than allowed or none is good, and when a worker failed (naming the file it worked on); every
  /// later call throws the same.
  std::shared_ptr<const Batch> next();
  /// How long the last next() waited for workers.
  double last_wait_seconds() const;
  /// Distinct bad files: the known ones, then those met by the batches handed out, in order of appearance.
  const std::vector<BadFile>& bad_files() const;

 private:
  class Workers;
  std::unique_ptr<Workers> workers_;
};

}  // namespace gtsa::data

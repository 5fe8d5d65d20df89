#pragma once
// Batches whose memory is used again: allocating pinned memory is slow, and fresh pages must be touched.

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/data/batch.h"

namespace gtsa::data {

/// Hands out batches of one shape; a batch comes back when its last owner lets go, also after the pool's maker is gone.
class BatchPool : public std::enable_shared_from_this<BatchPool> {
 public:
  BatchPool(std::vector<BufferSpec> specs, Allocator allocator)
      : specs_(std::move(specs)), allocator_(std::move(allocator)) {}

  /// Content of buffers and keys is whatever it was before.
  std::shared_ptr<Batch> take() {
    std::unique_ptr<Batch> batch = idle();
    if (!batch) {
      batch = std::make_unique<Batch>();
      for (const BufferSpec& spec : specs_) batch->buffers.push_back({spec, allocator_(spec.bytes())});
    }
    return {batch.release(),
            [pool = shared_from_this()](Batch* used) { pool->give_back(std::unique_ptr<Batch>(used)); }};
  }

 private:
  std::unique_ptr<Batch> idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<Batch> batch = std::move(idle_.back());
    idle_.pop_back();
    return batch;
  }
  void give_back(std::unique_ptr<Batch> batch) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(batch));
  }

  std::vector<BufferSpec> specs_;
  Allocator allocator_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Batch>> idle_;
};

}  // namespace gtsa::data

#pragma once
// Values made ahead of time by threads of their own and handed out in order.

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace gtsa {

/// make(0), make(1), .., make(count - 1), in this order whoever made them. The workers are std::threads that never
/// enter OpenMP, so `make` may decode and resize but not call parallel_for. All calls of next() come from one thread.
template <class T>
class OrderedStream {
 public:
  /// Starts the workers. `make` is called by several threads at once, once an index. At most `ahead` values are made or
  /// in the making and not yet asked for: memory is bounded by them and the one that next() waits for.
  OrderedStream(int64_t count, std::function<T(int64_t)> make, int workers, int64_t ahead)
      : count_(count), make_(std::move(make)), slots_(static_cast<size_t>(ahead + 1)) {
    GTSA_CHECK(count >= 0 && workers >= 1 && ahead >= 0, "{} values by {} workers, {} ahead", count, workers, ahead);
    for (int64_t i = 0; i < std::min<int64_t>(workers, count); ++i) {
      workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }
  /// Stops after the values that are being made.
  ~OrderedStream() {
    for (std::jthread& worker : workers_) worker.request_stop();
  }
  OrderedStream(const OrderedStream&) = delete;
  OrderedStream& operator=(const OrderedStream&) = delete;

  /// The next value; none after the last. What make() threw is thrown at its value's place; the next call goes on
  /// behind it.
  std::optional<T> next() {
    std::unique_lock lock(guard_);
    if (asked_ == count_) return std::nullopt;
    Slot& slot = slot_of(asked_++);
    may_claim_.notify_one();
    made_.wait(lock, [&] { return slot.value || slot.failure; });
    Slot taken = std::exchange(slot, {});
    lock.unlock();
    if (taken.failure) std::rethrow_exception(taken.failure);
    return std::move(taken.value);
  }

 private:
  struct Slot {
    std::optional<T> value;
    std::exception_ptr failure;
  };
  Slot& slot_of(int64_t index) { return slots_[static_cast<size_t>(index % std::ssize(slots_))]; }
  /// As many as may wait, and the one that was asked for last.
  bool claimable() const { return claimed_ < std::min(count_, asked_ + std::ssize(slots_) - 1); }

  void work(const std::stop_token& stop) {
    std::unique_lock lock(guard_);
    while (may_claim_.wait(lock, stop, [&] { return claimable(); }) && !stop.stop_requested()) {
      const int64_t index = claimed_++;
      lock.unlock();
      Slot made;
      try {
        made.value.emplace(make_(index));
      } catch (...) {
        made.failure = std::current_exception();
      }
      lock.lock();
      slot_of(index) = std::move(made);
      made_.notify_one();
    }
  }

  const int64_t count_;
  const std::function<T(int64_t)> make_;
  std::mutex guard_;
  std::condition_variable_any may_claim_;
  std::condition_variable made_;
  std::vector<Slot> slots_;
  int64_t asked_ = 0;                  ///< values that next() was called for
  int64_t claimed_ = 0;                ///< values that were made or are in the making
  std::vector<std::jthread> workers_;  // last: they end before what they use
};

}  // namespace gtsa

#include "core/data/loader.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/data/batch_pool.h"

namespace gtsa::data {
namespace {

/// An epoch's permutation, and by place what to have in memory soon (EpochSampler::read_ahead).
struct EpochOrder {
  std::vector<uint32_t> files;
  std::vector<uint32_t> ahead;
};

/// A batch in the making. Slots are filled by different workers at once; everything but their own slot is under the
/// loader's mutex.
struct Pending {
  std::shared_ptr<Batch> batch;
  std::shared_ptr<const EpochOrder> order;
  int64_t next_slot = 0;  ///< first slot that no worker has taken
  int64_t unfinished = 0;
  std::vector<std::vector<uint64_t>> bad;  ///< by slot: files that were passed over
  std::vector<std::exception_ptr> failed;  ///< by slot: what stops the loader
};

/// Signals belong to the main thread: it saves and leaves. Threads started while this lives take none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

class Loader::Workers {
 public:
  Workers(Photographs files, const EpochSampler& sampler, const Recipe& recipe, LoaderOptions options)
      : files_(std::move(files)),
        sampler_(sampler),
        recipe_(recipe),
        options_(std::move(options)),
        pool_(std::make_shared<BatchPool>(recipe_.buffers(sampler_.batch()), options_.allocator)),
        next_iteration_(options_.first_iteration),
        end_iteration_(options_.end_iteration),
        bad_files_(options_.known_bad) {
    for (const BadFile& bad : bad_files_) bad_seen_.insert(bad.file);
    const SignalsBlocked blocked;
    try {
      for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::shared_ptr<const Batch> next();
  double last_wait_seconds() const { return last_wait_seconds_; }
  const std::vector<BadFile>& bad_files() const { return bad_files_; }

 private:
  struct Job {
    std::shared_ptr<Pending> pending;
    int64_t slot = 0;
  };

  void work();
  std::optional<Job> take_job();
  std::shared_ptr<Pending> begin_batch();
  void fill(Pending& pending, int64_t slot);
  bool make_of(uint64_t file, const SampleKey& key, int64_t slot, Batch& batch);
  std::shared_ptr<Pending> wait_for_front();
  void check(const Pending& pending);
  [[noreturn]] void fail_for_bad_files() const;
  bool too_many(size_t bad) const {
    return static_cast<double>(bad) > options_.max_bad_share * static_cast<double>(file_count());
  }
  void stop();

  size_t file_count() const { return static_cast<size_t>(files_.size()); }

  const Photographs files_;
  const EpochSampler sampler_;
  const Recipe& recipe_;
  const LoaderOptions options_;
  const std::shared_ptr<BatchPool> pool_;

  std::mutex mutex_;
  std::condition_variable job_ready_;
  std::condition_variable batch_ready_;
  bool stopping_ = false;
  int64_t next_iteration_;  ///< the first that no worker has begun
  const int64_t end_iteration_;
  std::deque<std::shared_ptr<Pending>> pending_;  ///< in order; at most options_.prefetch
  std::optional<uint64_t> order_epoch_;           ///< whose permutation order_ is
  std::shared_ptr<const EpochOrder> order_;
  std::map<uint64_t, std::string> reasons_;  ///< why a file is bad, so that it is not tried again
  std::exception_ptr begin_failed_;          ///< a batch could not even be begun

  // Touched by the caller's thread only.
  std::vector<BadFile> bad_files_;
  std::set<uint64_t> bad_seen_;
  std::exception_ptr failed_;
  double last_wait_seconds_ = 0;

  std::vector<std::thread> threads_;
};

void Loader::Workers::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    std::optional<Job> job;
    job_ready_.wait(lock, [&] { return stopping_ || (job = take_job()).has_value(); });
    if (stopping_) return;
    Pending& pending = *job->pending;
    lock.unlock();
    std::exception_ptr failed;
    try {
      fill(pending, job->slot);
    } catch (...) {
      failed = std::current_exception();
    }
    lock.lock();
    pending.failed[static_cast<size_t>(job->slot)] = std::move(failed);
    if (--pending.unfinished == 0) batch_ready_.notify_all();
  }
}

/// The next slot to fill, beginning a new batch where there is room for one. Under the mutex.
std::optional<Loader::Workers::Job> Loader::Workers::take_job() {
  if (begin_failed_) return std::nullopt;
  if (pending_.empty() || pending_.back()->next_slot == sampler_.batch()) {
    if (static_cast<int64_t>(pending_.size()) >= options_.prefetch || next_iteration_ >= end_iteration_)
      return std::nullopt;
    try {
      pending_.push_back(begin_batch());
    } catch (...) {
      begin_failed_ = std::current_exception();
      batch_ready_.notify_all();
      return std::nullopt;
    }
    ++next_iteration_;
    job_ready_.notify_all();
  }
  return Job{pending_.back(), pending_.back()->next_slot++};
}

std::shared_ptr<Pending> Loader::Workers::begin_batch() {
  const EpochSampler::Iteration iteration = sampler_.iteration(next_iteration_);
  if (order_epoch_ != iteration.epoch) {
    order_ = std::make_shared<const EpochOrder>(
        EpochOrder{sampler_.permutation(iteration.epoch), sampler_.read_ahead(iteration.epoch)});
    order_epoch_ = iteration.epoch;
  }
  auto pending = std::make_shared<Pending>();
  pending->batch = pool_->take();
  pending->order = order_;
  pending->unfinished = sampler_.batch();
  pending->bad.resize(iteration.places.size());
  pending->failed.resize(iteration.places.size());
  pending->batch->keys.clear();
  for (const uint64_t place : iteration.places) pending->batch->keys.push_back({iteration.epoch, place, 0, false});
  return pending;
}

/// Makes one sample: of the file at its place, or of the next good one of the permutation. Gives up, leaving the list
/// of bad files, when these alone are more than allowed, or all.
void Loader::Workers::fill(Pending& pending, int64_t slot) {
  SampleKey& key = pending.batch->keys[static_cast<size_t>(slot)];
  std::vector<uint64_t>& bad = pending.bad[static_cast<size_t>(slot)];
  const std::vector<uint32_t>& order = pending.order->files;
  const std::vector<uint32_t>& ahead = pending.order->ahead;
  if (key.place < ahead.size()) files_[ahead[key.place]].will_need();
  while (bad.size() < order.size() && !too_many(bad.size())) {
    const uint64_t file = order[(key.place + bad.size()) % order.size()];
    key.file = file;
    key.replaced = !bad.empty();
    if (make_of(file, key, slot, *pending.batch)) return;
    bad.push_back(file);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

/// False if the file is bad.
bool Loader::Workers::make_of(uint64_t file, const SampleKey& key, int64_t slot, Batch& batch) {
  {
    const std::lock_guard lock(mutex_);
    if (reasons_.contains(file)) return false;
  }
  const PhotoRef photo = files_[file];
  try {
    recipe_.make(photo, key, slot, batch);
    return true;
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    reasons_.emplace(file, error.what());
    return false;
  } catch (const std::exception& error) {
    std::throw_with_nested(Error("cannot make a sample of {}: {}", photo.name(), error.what()));
  }
}

std::shared_ptr<Pending> Loader::Workers::wait_for_front() {
  const auto began = std::chrono::steady_clock::now();
  std::shared_ptr<Pending> front;
  {
    std::unique_lock lock(mutex_);
    GTSA_CHECK(!pending_.empty() || next_iteration_ < end_iteration_, "iteration {} is asked for after the end at {}",
               next_iteration_, end_iteration_);
    batch_ready_.wait(lock,
                      [&] { return pending_.empty() ? begin_failed_ != nullptr : pending_.front()->unfinished == 0; });
    if (pending_.empty()) std::rethrow_exception(begin_failed_);
    front = std::move(pending_.front());
    pending_.pop_front();
    job_ready_.notify_all();
  }
  last_wait_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return front;
}

/// Errors are found here, in the order of batches and slots, so that they do not depend on which worker was faster.
void Loader::Workers::check(const Pending& pending) {
  bool no_good_file = false;
  for (size_t slot = 0; slot < pending.bad.size(); ++slot) {
    if (pending.failed[slot]) std::rethrow_exception(pending.failed[slot]);
    for (const uint64_t file : pending.bad[slot]) {
      if (!bad_seen_.insert(file).second) continue;
      const std::lock_guard lock(mutex_);
      bad_files_.push_back({file, files_.name(file), reasons_.at(file)});
    }
    no_good_file = no_good_file || pending.bad[slot].size() == file_count();
  }
  if (no_good_file || too_many(bad_files_.size())) fail_for_bad_files();
}

void Loader::Workers::fail_for_bad_files() const {
  constexpr size_t kListed = 20;
  std::string list;
  for (size_t i = 0; i < std::min(bad_files_.size(), kListed); ++i) {
    const BadFile& bad = bad_files_[i];
    // Reasons that come from reading the file name it already.
    const bool named = bad.reason.find(bad.name) != std::string::npos;
    list += (i == 0 ? "" : "; ") + (named ? bad.reason : bad.name + ": " + bad.reason);
  }
  if (bad_files_.size() > kListed) list += fmt::format("; and {} more", bad_files_.size() - kListed);
  if (bad_files_.size() == file_count()) throw Error("none of the {} files can be used: {}", files_.size(), list);
  throw Error("{} of {} files cannot be used, more than the share of {:g} that --max-bad-share allows: {}",
              bad_files_.size(), files_.size(), options_.max_bad_share, list);
}

std::shared_ptr<const Batch> Loader::Workers::next() {
  if (failed_) std::rethrow_exception(failed_);
  try {
    const std::shared_ptr<Pending> front = wait_for_front();
    check(*front);
    return front->batch;
  } catch (const BugError&) {
    throw;
  } catch (...) {
    failed_ = std::current_exception();
    throw;
  }
}

void Loader::Workers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  job_ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Loader::Loader(Photographs files, const EpochSampler& sampler, const Recipe& recipe, LoaderOptions options) {
  GTSA_CHECK(files.size() == sampler.files(), "{} files for a sampler of {}", files.size(), sampler.files());
  if (options.workers < 1) throw UsageError("{} workers are too few: at least one makes the batches", options.workers);
  if (options.prefetch < 1)
    throw UsageError("a prefetch of {} batches is too small: at least one is in the making", options.prefetch);
  if (!(options.max_bad_share >= 0 && options.max_bad_share <= 1)) {
    throw UsageError("a bad share of {} is none: it lies between 0 and 1", options.max_bad_share);
  }
  workers_ = std::make_unique<Workers>(std::move(files), sampler, recipe, std::move(options));
}

Loader::~Loader() = default;

std::shared_ptr<const Batch> Loader::next() { return workers_->next(); }
double Loader::last_wait_seconds() const { return workers_->last_wait_seconds(); }
const std::vector<BadFile>& Loader::bad_files() const { return workers_->bad_files(); }

}  // namespace gtsa::data

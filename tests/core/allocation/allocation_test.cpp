// Out of memory is an error, not a corpse: the n-th allocation of an operation fails, for n = 1, 2, ... until it passes
// untouched. Each failure must reach the caller as an exception; under AddressSanitizer nothing may leak; what is saved
// stays whole.

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <new>

#include "core/base/error.h"
#include "core/data/view_plan.h"
#include "core/formats/safetensors.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "support/temporary_folder.h"

namespace {

/// Allocations until one fails; 0: none does.
thread_local int64_t g_fail_in = 0;

void* allocate(std::size_t size) {
  if (g_fail_in > 0 && --g_fail_in == 0) throw std::bad_alloc();
  void* memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace gtsa {
namespace {

/// Runs `operation` with its n-th allocation failing until it passes; `check` looks at what a failure left. Returns the
/// allocations.
int64_t fail_each_allocation(
    const std::function<void()>& operation, const std::function<void()>& check = [] {}) {
  constexpr int64_t kMost = 20000;
  for (int64_t n = 1; n < kMost; ++n) {
    bool failed = false;
    try {
      g_fail_in = n;
      operation();
    } catch (const std::bad_alloc&) {
      failed = true;
    } catch (const Error&) {
      failed = true;  // a library's own refusal, in our words
    }
    const bool untouched = g_fail_in > 0;
    g_fail_in = 0;
    check();
    if (untouched) {
      EXPECT_FALSE(failed) << "it failed although no allocation did";
      return n - 1;
    }
  }
  ADD_FAILURE() << "more than " << kMost << " allocations";
  return kMost;
}

image::Image picture() {
  image::Image result(40, 30);
  for (int64_t y = 0; y < result.height(); ++y) {
    for (int64_t x = 0; x < 3 * result.width(); ++x) result.row(y)[x] = static_cast<uint8_t>(x * 7 + y * 3);
  }
  return result;
}

TEST(Allocation, DecodingFailsAsAnError) {
  const auto png = image::encode_png(picture());
  const auto jpeg = image::encode_jpeg(picture(), 90);
  fail_each_allocation([&] { image::decode(png, {}); });
  fail_each_allocation([&] { image::decode(jpeg, {}); });
}

TEST(Allocation, ViewsFailAsAnError) {
  const image::Image photo = picture();
  std::vector<float> pixels(3 * 16 * 16);
  const data::ViewOptions options{.crop_sizes = {16, 8}, .num_crops = {2, 2}};
  EXPECT_GT(fail_each_allocation([&] {
              const auto plan = data::plan_views(photo.size(), options, 1, 0, 0);
              data::execute_into(photo, plan.views[0], pixels);
            }),
            0);
}

// TOML and JSON lines are left out: their libraries allocate where they may not throw (a parser, a destructor), and end
// the program. Configurations are trusted (SECURITY.md); a run that dies so resumes from its last checkpoint.
TEST(Allocation, ParsingFailsAsAnError) {
  const std::vector<float> values{1, 2, 3, 4};
  const std::vector<formats::TensorRecord> records{
      {"a.weight", formats::Dtype::f32, {2, 2}, std::as_bytes(std::span(values))}};
  std::string file = formats::safetensors_header(records, {{"step", "3"}});
  file.append(reinterpret_cast<const char*>(values.data()), 16);
  EXPECT_GT(fail_each_allocation([&] { formats::parse_safetensors(std::as_bytes(std::span(file))); }), 0);
}

TEST(Allocation, SavingLeavesOldOrNew) {
  const test::TemporaryFolder folder;
  const auto path = folder / "state.safetensors";
  const std::vector<float> values{1, 2, 3, 4};
  const std::vector<formats::TensorRecord> records{
      {"a.weight", formats::Dtype::f32, {4}, std::as_bytes(std::span(values))}};
  formats::write_safetensors(real_files(), path, records);
  fail_each_allocation([&] { formats::write_safetensors(real_files(), path, records); },
                       [&] { EXPECT_EQ(formats::SafetensorsFile(path).content().tensors.size(), 1U); });
}

}  // namespace
}  // namespace gtsa

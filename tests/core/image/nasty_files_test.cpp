// Files that a decoder meets in real life, each as its expected.json says. They lie outside the repository.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/image/decode.h"
#include "core/image/pictures.h"
#include "support/golden.h"

namespace gtsa::image {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  Image image;
  std::string refusal;  ///< name of the reason, or ""
};

Outcome attempt(const fs::path& path) {
  try {
    return {read_image(path), ""};
  } catch (const ImageError& error) {
    EXPECT_NE(std::string(error.what()).find(path.filename().string()), std::string::npos) << "an error names its file";
    return {Image(), std::string(name_of(error.reason()))};
  }
}

/// Largest difference from the recorded pixels (NumPy: uint8, height x width x 3).
int difference(const Image& image, const fs::path& recorded) {
  const auto bytes = read_bytes(recorded);
  const size_t count = static_cast<size_t>(3 * image.width() * image.height());
  if (bytes.size() < count) return 256;
  const auto* want = reinterpret_cast<const uint8_t*>(bytes.data() + bytes.size() - count);
  int largest = 0;
  for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(image.row(0)[i] - want[i]));
  return largest;
}

void expect_as_recorded(const fs::path& folder, const nlohmann::json& entry) {
  const Outcome got = attempt(folder / "files" / entry.at("file").get<std::string>());
  const auto expect = entry.at("expect").get<std::string>();
  if (expect == "error") {
    EXPECT_EQ(got.refusal, entry.at("reason").get<std::string>());
    return;
  }
  if (!got.refusal.empty()) {
    EXPECT_EQ(expect, "either") << "refused: " << got.refusal;
    EXPECT_EQ(got.refusal, entry.value("reason", ""));
    return;
  }
  EXPECT_EQ(got.image.width(), entry.at("width").get<int64_t>());
  EXPECT_EQ(got.image.height(), entry.at("height").get<int64_t>());
  if (!entry.contains("rgb") || ::testing::Test::HasFailure()) return;
  EXPECT_LE(difference(got.image, folder / entry.at("rgb").get<std::string>()), entry.at("max_abs_diff").get<int>());
}

int64_t peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

TEST(NastyFiles, AreDecodedOrRefusedAsRecorded) {
  const auto folder = test::shared_folder("nasty");
  if (!folder) GTEST_SKIP() << "the nasty files are not here";
  const int64_t before = peak_memory_mib();
  std::ifstream file(*folder / "expected.json");
  const auto expected = nlohmann::json::parse(file);
  for (const auto& entry : expected.at("files")) {
    SCOPED_TRACE(entry.dump());
    expect_as_recorded(*folder, entry);
  }
  EXPECT_LE(peak_memory_mib() - before, 100) << "a bomb took memory";
}

}  // namespace
}  // namespace gtsa::image

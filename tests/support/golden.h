#pragma once
// Golden vectors: NAME.json and NAME.safetensors in the folder GTSA_TESTDATA, else tests/golden
// (tests/golden/README.md).

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/formats/safetensors.h"

namespace gtsa::test {

/// The folder of golden vectors in force.
std::filesystem::path golden_folder();
/// The project's ../shared/data or ../shared/nasty (photographs under research licences), if they are there.
std::optional<std::filesystem::path> shared_folder(const std::string& name);

/// One recorded case file.
class Golden {
 public:
  explicit Golden(const std::string& stem);
  const nlohmann::json& json() const { return json_; }
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;
  std::vector<int64_t> shape(const std::string& name) const;
  formats::Dtype dtype(const std::string& name) const;
  /// Values converted to T (exact for the recorded type or a wider one).
  template <class T>
  std::vector<T> values(const std::string& name) const;
  /// The only value of a one-element tensor.
  double scalar(const std::string& name) const { return values<double>(name).at(0); }

 private:
  nlohmann::json json_;
  std::optional<formats::SafetensorsFile> file_;
};

/// True if STEM.json or STEM.safetensors is there.
bool has_golden(const std::string& stem);

}  // namespace gtsa::test

/// First line of a golden test: skipped aloud where the vectors are absent.
#define GTSA_REQUIRE_GOLDEN(stem) \
  if (!::gtsa::test::has_golden(stem)) GTEST_SKIP() << "no golden vectors " << stem

#include "support/golden.h"

#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using formats::Dtype;

std::optional<fs::path> from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

/// From -> T. A whole number that T cannot hold throws, so that a test never compares a wrapped value.
template <class T, class From>
T converted(From value, const std::string& name) {
  if constexpr (std::is_integral_v<T> && std::is_integral_v<From>) {
    if (!std::in_range<T>(value)) throw Error("golden tensor {}: {} does not fit", name, value);
  } else if constexpr (std::is_integral_v<T>) {
    throw Error("golden tensor {}: fractions asked for as whole numbers", name);
  }
  return static_cast<T>(value);
}

template <class From, class T>
std::vector<T> read_as(const formats::TensorRecord& record) {
  std::vector<T> values(record.data.size() / sizeof(From));
  for (size_t i = 0; i < values.size(); ++i) {
    From value;
    std::memcpy(&value, record.data.data() + i * sizeof(From), sizeof(From));  // a record may lie at any byte
    values[i] = converted<T>(value, record.name);
  }
  return values;
}

const formats::TensorRecord& record_of(const std::optional<formats::SafetensorsFile>& file, const std::string& name) {
  const auto* record = file ? file->content().find(name) : nullptr;
  if (record == nullptr) throw Error("no golden tensor {}", name);
  return *record;
}

}  // namespace

fs::path golden_folder() {
  return from_environment("GTSA_TESTDATA").value_or(fs::path(GTSA_SOURCE_DIR) / "tests" / "golden");
}

std::optional<fs::path> shared_folder(const std::string& name) {
  const fs::path parent = from_environment("GTSA_SHARED").value_or(fs::path(GTSA_SOURCE_DIR) / ".." / "shared");
  const fs::path folder = (parent / name).lexically_normal();
  if (!fs::is_directory(folder)) return std::nullopt;
  return folder;
}

bool has_golden(const std::string& stem) {
  const fs::path folder = golden_folder();
  return fs::exists(folder / (stem + ".json")) || fs::exists(folder / (stem + ".safetensors"));
}

Golden::Golden(const std::string& stem) {
  const fs::path json = golden_folder() / (stem + ".json");
  const fs::path tensors = golden_folder() / (stem + ".safetensors");
  if (fs::exists(json)) json_ = nlohmann::json::parse(read_text(json));
  if (fs::exists(tensors)) file_.emplace(tensors);
}

bool Golden::has(const std::string& name) const { return file_ && file_->content().find(name) != nullptr; }

std::vector<std::string> Golden::names() const {
  std::vector<std::string> names;
  if (!file_) return names;
  for (const auto& tensor : file_->content().tensors) names.push_back(tensor.name);
  return names;
}

std::vector<int64_t> Golden::shape(const std::string& name) const { return record_of(file_, name).shape; }

Dtype Golden::dtype(const std::string& name) const { return record_of(file_, name).dtype; }

template <class T>
std::vector<T> Golden::values(const std::string& name) const {
  const auto& record = record_of(file_, name);
  switch (record.dtype) {
    case Dtype::boolean:
    case Dtype::u8:
      return read_as<uint8_t, T>(record);
    case Dtype::i8:
      return read_as<int8_t, T>(record);
    case Dtype::i16:
      return read_as<int16_t, T>(record);
    case Dtype::u16:
      return read_as<uint16_t, T>(record);
    case Dtype::i32:
      return read_as<int32_t, T>(record);
    case Dtype::u32:
      return read_as<uint32_t, T>(record);
    case Dtype::i64:
      return read_as<int64_t, T>(record);
    case Dtype::u64:
      return read_as<uint64_t, T>(record);
    case Dtype::f32:
      return read_as<float, T>(record);
    case Dtype::f64:
      return read_as<double, T>(record);
    default:
      throw Error("golden tensor {}: dtype {} is not read here", name, formats::name_of(record.dtype));
  }
}

template std::vector<uint8_t> Golden::values<uint8_t>(const std::string&) const;
template std::vector<int32_t> Golden::values<int32_t>(const std::string&) const;
template std::vector<uint32_t> Golden::values<uint32_t>(const std::string&) const;
template std::vector<int64_t> Golden::values<int64_t>(const std::string&) const;
template std::vector<float> Golden::values<float>(const std::string&) const;
template std::vector<double> Golden::values<double>(const std::string&) const;

}  // namespace gtsa::test

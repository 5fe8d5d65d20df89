#pragma once
// Files of networks that tell classes apart: what classifiers' and segmenters' have in common.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/formats/safetensors.h"

namespace gtsa::transfer {

/// What a command of `gtsa` leaves in its run folder.
struct NetworkFiles {
  const char* command = nullptr;  ///< "gtsa finetune classify"
  const char* best = nullptr;     ///< on the validation split
  const char* last = nullptr;     ///< that was saved
};

/// `weights`, or of a run folder the best file that it has. Throws Error if there is none.
std::filesystem::path weights_file(const std::filesystem::path& weights, const NetworkFiles& files);

/// JSON as metadata hold it. Names may be any bytes; what is no UTF-8 becomes the replacement mark.
std::string metadata_text(const nlohmann::json& value);

/// A value of the metadata as JSON, if they have the key. Throws Error naming it for anything else than a T; `kind`
/// says what that is.
template <class T>
std::optional<T> metadata_value(const formats::Safetensors& file, const std::string& key, const char* kind,
                                const std::string& source) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return std::nullopt;
  try {
    return nlohmann::json::parse(found->second).get<T>();
  } catch (const nlohmann::json::exception&) {
    throw Error("{}: metadata {} is no {}; the file's header is damaged", source, key, kind);
  }
}

/// Throws Error unless a list of the metadata is as long as the head has classes.
void check_class_count(size_t listed, int64_t classes, const std::string& key, const std::string& source);

/// A list in the metadata with one T a class, if they have the key. Throws Error for anything else.
template <class T>
std::optional<std::vector<T>> class_list(const formats::Safetensors& file, const std::string& key, int64_t classes,
                                         const char* kind, const std::string& source) {
  auto list = metadata_value<std::vector<T>>(file, key, kind, source);
  if (list) check_class_count(list->size(), classes, key, source);
  return list;
}

/// The names in the metadata, else "0", "1", ...
std::vector<std::string> class_names(const formats::Safetensors& file, int64_t classes, const std::string& source);

/// Throws Error naming both numbers, and the first name that differs, unless the names in `data` are those that the
/// network from `source` knows, in the same order.
void check_names(const std::vector<std::string>& known, const std::string& source,
                 const std::vector<std::string>& names, const std::string& data);

}  // namespace gtsa::transfer

#include "learn/transfer/network_file.h"

#include "core/base/json_line.h"

namespace gtsa::transfer {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path weights_file(const fs::path& weights, const NetworkFiles& files) {
  std::error_code ignored;
  if (!fs::exists(weights, ignored)) {
    throw Error("no weights at {}: name a run folder of {} or a .safetensors file", weights.string(), files.command);
  }
  if (!fs::is_directory(weights, ignored)) return weights;
  for (const char* name : {files.best, files.last}) {
    if (fs::exists(weights / name, ignored)) return weights / name;
  }
  throw Error("{} has neither {} nor {}: it is no run of {}, or one that has saved nothing yet", weights.string(),
              files.best, files.last, files.command);
}

std::string metadata_text(const json& value) { return json_line(value); }

void check_class_count(size_t listed, int64_t classes, const std::string& key, const std::string& source) {
  if (listed == static_cast<size_t>(classes)) return;
  throw Error("{}: metadata {} is of {} classes, the head has {}; the file is not what it claims to be", source, key,
              listed, classes);
}

std::vector<std::string> class_names(const formats::Safetensors& file, int64_t classes, const std::string& source) {
  if (auto names = class_list<std::string>(file, "classes", classes, "JSON list of names", source)) return *names;
  std::vector<std::string> numbers;
  for (int64_t i = 0; i < classes; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

void check_names(const std::vector<std::string>& known, const std::string& source,
                 const std::vector<std::string>& names, const std::string& data) {
  if (known.size() != names.size()) {
    throw Error("{} tells {} classes apart, {} has {}: choose the data that it was trained on, or fine-tune it anew",
                source, known.size(), data, names.size());
  }
  for (size_t i = 0; i < known.size(); ++i) {
    // As the file holds them.
    if (metadata_text(known[i]) == metadata_text(names[i])) continue;
    throw Error("class {} of {} is {:?}, of {} {:?}: choose the data that it was trained on, or fine-tune it anew", i,
                source, known[i], data, names[i]);
  }
}

}  // namespace gtsa::transfer

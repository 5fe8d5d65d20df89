// TOML text -> assignments. The only file that sees the TOML library.

#include <toml++/toml.h>

#include "core/base/error.h"
#include "core/base/options.h"

namespace gtsa {
namespace {

OptionValue list_value(const toml::array& array, const std::string& key, const Origin& origin) {
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> words;
  for (const toml::node& node : array) {
    if (const auto integer = node.value_exact<int64_t>()) integers.push_back(*integer);
    if (const auto real = node.value<double>(); real && !node.is_boolean()) reals.push_back(*real);
    if (const auto word = node.value_exact<std::string>()) words.push_back(*word);
  }
  if (words.size() == array.size()) return words;
  if (integers.size() == array.size()) return integers;
  if (reals.size() == array.size()) return reals;
  throw UsageError("{} ({}): a list holds either numbers or texts", key, origin.text);
}

void collect(const toml::table& table, const std::string& prefix, const std::string& name, int layer,
             std::vector<Assignment>& assignments) {
  for (const auto& [word, node] : table) {
    const std::string key = prefix + std::string(word.str());
    const Origin origin{layer, fmt::format("{}:{}", name, node.source().begin.line)};
    if (const toml::table* inner = node.as_table()) {
      collect(*inner, key + ".", name, layer, assignments);
    } else if (const toml::array* array = node.as_array()) {
      assignments.push_back({key, list_value(*array, key, origin), origin});
    } else if (const auto truth = node.value_exact<bool>()) {
      assignments.push_back({key, *truth, origin});
    } else if (const auto integer = node.value_exact<int64_t>()) {
      assignments.push_back({key, *integer, origin});
    } else if (const auto real = node.value_exact<double>()) {
      assignments.push_back({key, *real, origin});
    } else if (const auto text = node.value_exact<std::string>()) {
      assignments.push_back({key, *text, origin});
    } else {
      throw UsageError("{} ({}): dates and times mean nothing here", key, origin.text);
    }
  }
}

}  // namespace

std::vector<Assignment> read_toml(std::string_view text, const std::string& name, int layer) {
  std::vector<Assignment> assignments;
  try {
    collect(toml::parse(text, name), "", name, layer, assignments);
  } catch (const toml::parse_error& error) {
    throw UsageError("{}:{}: {}", name, error.source().begin.line, error.description());
  }
  return assignments;
}

}  // namespace gtsa

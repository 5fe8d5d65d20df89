#include "program/cli/command_line.h"

namespace gtsa::cli {

Flags::Flags(CLI::App& command, const Fields& fields) {
  for (const Field& field : fields.all()) {
    if (field.flag().empty()) continue;
    Entry& entry = entries_[field.flag()];
    entry.is_switch = field.is_switch();
    std::string help = field.description();
    if (entry.is_switch) {
      if (field.is_switched_off()) help = "do not " + help;
      entry.option = command.add_flag("--" + field.flag(), entry.on, help);
      continue;
    }
    if (field.is_positional()) {
      entry.is_positional = true;
      entry.option = command.add_option(field.flag(), entry.texts, help)->required()->type_name("");
      if (!field.is_repeatable()) entry.option->expected(1);
      continue;
    }
    const std::string shown = field.default_text();
    if (shown != "\"\"" && shown != "[]" && shown != "0" && shown != "0.0") help += " [" + shown + "]";
    entry.option = command.add_option("--" + field.flag(), entry.texts, help)->expected(1)->allow_extra_args(false);
    entry.option->multi_option_policy(field.is_repeatable() ? CLI::MultiOptionPolicy::TakeAll
                                                            : CLI::MultiOptionPolicy::TakeLast);
    if (field.takes_several()) entry.option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    entry.option->type_name("");
  }
}

std::vector<app::FlagText> Flags::said() const {
  std::vector<app::FlagText> result;
  for (const auto& [flag, entry] : entries_) {
    if (entry.option->count() == 0) continue;
    result.push_back({flag, entry.is_switch ? std::vector<std::string>{"true"} : entry.texts});
  }
  return result;
}

std::vector<std::string> Flags::names() const {
  std::vector<std::string> result;
  for (const auto& [flag, entry] : entries_) {
    if (!entry.is_positional) result.push_back("--" + flag);
  }
  return result;
}

}  // namespace gtsa::cli

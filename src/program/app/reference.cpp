#include "program/app/reference.h"

#include <algorithm>

#include "program/app/finetune_classify.h"
#include "program/app/finetune_segment.h"
#include "program/app/pretrain_options.h"
#include "program/app/probe.h"
#include "program/app/recipes.h"

namespace gtsa::app {
namespace {

std::string row(const Field& field) {
  std::string meaning = field.description();
  for (size_t at = 0; (at = meaning.find('|', at)) != std::string::npos; at += 2) meaning.insert(at, "\\");
  return fmt::format("| {} | {} | {} | {} |\n", field.is_only_flag() ? "" : fmt::format("`{}`", field.key()),
                     field.flag().empty() ? "" : fmt::format("`--{}`", field.flag()),
                     field.is_switch() && field.is_only_flag() ? "" : fmt::format("`{}`", field.default_text()),
                     meaning);
}

/// The rows of `fields`, without those that `known` has in the same words.
std::string table(const Fields& fields, const Fields* known = nullptr) {
  std::string text = "| key | flag | default | meaning |\n|---|---|---|---|\n";
  for (const Field& field : fields.all()) {
    const auto same = [&](const Field& other) { return row(other) == row(field); };
    if (known == nullptr || std::none_of(known->all().begin(), known->all().end(), same)) text += row(field);
  }
  return text;
}

}  // namespace

std::string options_reference() {
  const PretrainConfiguration pretrain;
  std::string text =
      "# Options of the commands that take a recipe\n\n"
      "Made by `gtsa options` from the program's own description; a test keeps this page true. Recipe < `--config` < "
      "`--set` < flag.\n\n"
      "## `gtsa pretrain`\n\n" +
      table(pretrain.fields);
  const FinetuneClassifyConfiguration classify;
  const FinetuneSegmentConfiguration segment;
  for (const auto& [name, fields] : {std::pair("classify", &classify.fields), std::pair("segment", &segment.fields)}) {
    text += fmt::format("\n## `gtsa finetune {}`\n\nWhat it has besides, or in another way.\n\n{}", name,
                        table(*fields, &pretrain.fields));
  }
  LinearProbeOptions probe;
  Fields probe_fields;
  probe.describe(probe_fields);
  text += "\n## `gtsa probe linear`\n\nA command without a run: recipe or file of `--config` < flag.\n\n" +
          table(probe_fields);
  text += "\nRecipes:";
  for (const Recipe& recipe : recipes()) text += fmt::format(" `{}`", recipe.name);
  return text + "\n";
}

}  // namespace gtsa::app

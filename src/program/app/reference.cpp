#include "program/app/reference.h"

#include "program/app/pretrain_options.h"
#include "program/app/recipes.h"

namespace gtsa::app {

std::string options_reference() {
  const PretrainConfiguration configuration;
  std::string text =
      "# Options of `gtsa pretrain`\n\n"
      "Made by `gtsa options` from the program's own description; a test keeps this page true. Recipe < `--config` < "
      "`--set` < flag.\n\n"
      "| key | flag | default | meaning |\n|---|---|---|---|\n";
  for (const Field& field : configuration.fields.all()) {
    std::string meaning = field.description();
    for (size_t at = 0; (at = meaning.find('|', at)) != std::string::npos; at += 2) meaning.insert(at, "\\");
    text += fmt::format("| {} | {} | {} | {} |\n", field.is_only_flag() ? "" : "`" + field.key() + "`",
                        field.flag().empty() ? "" : "`--" + field.flag() + "`",
                        field.is_switch() && field.is_only_flag() ? "" : "`" + field.default_text() + "`", meaning);
  }
  text += "\nRecipes:";
  for (const Recipe& recipe : recipes()) text += fmt::format(" `{}`", recipe.name);
  return text + "\n";
}

}  // namespace gtsa::app

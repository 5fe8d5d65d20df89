#include "program/app/configuration.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/formats/json_cursor.h"
#include "core/run/run.h"
#include "program/app/recipes.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

/// What a resumed run may be told anew: where and for how long it runs, not what it computes.
constexpr std::array kMayDiffer{"run.steps",  "data.workers", "run.threads",        "run.save_every",
                                "run.device", "micro_batch",  "model.checkpointing"};

bool may_differ(std::string_view key) {
  return std::find(kMayDiffer.begin(), kMayDiffer.end(), key) != kMayDiffer.end();
}

const Recipe* find_recipe(std::string_view name) {
  for (const Recipe& recipe : recipes()) {
    if (recipe.name == name) return &recipe;
  }
  return nullptr;
}

/// As config.toml will hold them: good from any folder, and UTF-8.
void settle_paths(TrainingOptions& options) {
  for (std::string* path : options.paths()) {
    *path = fs::absolute(*path).lexically_normal().string();
    if (formats::first_invalid_utf8(*path) == std::string_view::npos) continue;
    throw UsageError(
        "{}: the name is not UTF-8, and the run's config.toml cannot hold it; rename it, or name a link to it", *path);
  }
}

/// What chooses the default recipe is a flag like others, but needed before them.
std::string default_recipe(const Configuration& c, const std::vector<FlagText>& flags) {
  Configuration said(c.training.anew());
  for (const FlagText& flag : flags) set_flag(said.fields, flag);
  return said.training.default_recipe();
}

/// A recipe is true to its own command, so a key that this one does not have tells that it is another's.
void refuse_foreign(const Recipe& recipe, std::span<const Assignment> said, Fields& fields) {
  for (const Assignment& assignment : said) {
    if (fields.find(assignment.key) != nullptr) continue;
    throw UsageError("--config {}: that recipe is for another command; this one has no {} ({})", recipe.name,
                     assignment.key, assignment.origin.text);
  }
}

/// Sets what a recipe, or else the file of that name, says.
void assign_config(Fields& fields, const std::string& wanted, int layer) {
  if (const Recipe* recipe = find_recipe(wanted)) {
    const auto said = read_toml(recipe->toml, wanted + ".toml", layer);
    refuse_foreign(*recipe, said, fields);
    return assign(fields, said);
  }
  if (fs::exists(wanted)) return assign(fields, read_toml(read_text(wanted), wanted, layer));
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes()) names.emplace_back(recipe.name);
  const auto near = nearest_word(wanted, names);
  throw UsageError("--config {}: no such file or recipe (recipes: {}){}", wanted, fmt::join(names, ", "),
                   near ? fmt::format("; did you mean {}?", *near) : "");
}

void read_recipe(Configuration& c, const std::vector<FlagText>& flags) {
  const std::string& wanted = c.training.command.config;
  c.recipe = wanted.empty() ? default_recipe(c, flags) : wanted;
  assign_config(c.fields, c.recipe, wanted.empty() ? kRecipe : kConfig);
}

void resume(Configuration& c, const std::vector<FlagText>& flags) {
  const fs::path config = fs::path(c.training.command.out) / "config.toml";
  Configuration asked(c.training.anew());  // what the flags and --set say, to be compared
  assign(c.fields, read_toml(read_text(config), config.string(), kConfig));
  c.recipe = config.string();
  if (c.training.command.config.empty()) {
    assign(asked.fields, read_toml(read_text(config), config.string(), kRecipe));
  } else {
    asked.training.command.config = c.training.command.config;  // the full command again
    read_recipe(asked, flags);
  }
  for (const std::string& pair : c.training.command.sets) assign_set(asked.fields, pair, kSet);
  for (const FlagText& said : flags) set_flag(asked.fields, said);
  asked.training.settle(asked.fields);
  settle_paths(asked.training);
  for (Field& field : asked.fields.all()) {
    Field& kept = c.fields.at(field.key());
    if (field.origin().layer < kConfig || field.is_only_flag() || field.text() == kept.text()) continue;
    if (!may_differ(field.key())) {
      throw UsageError(
          "{} asks for {} = {}, but the run in {} has {}; leave the flag out, or start another run in another --out",
          field.origin().text, field.key(), field.text(), c.training.command.out, kept.text());
    }
  }
  for (const std::string& pair : c.training.command.sets) {
    if (may_differ(pair.substr(0, pair.find('=')))) assign_set(c.fields, pair, kSet);
  }
  for (const FlagText& said : flags) {
    if (may_differ(c.fields.find_flag(said.flag)->key())) set_flag(c.fields, said);
  }
}

}  // namespace

void set_flag(Fields& fields, const FlagText& said) {
  Field* field = fields.find_flag(said.flag);
  GTSA_CHECK(field != nullptr, "flag --{} is parsed and not described", said.flag);
  const Origin origin{kFlag, "--" + said.flag};
  if (field->is_repeatable() && said.texts.size() > 1) {
    field->set(said.texts, origin);
  } else if (field->is_switched_off()) {
    field->parse("false", origin);
  } else {
    field->parse(said.texts.back(), origin);
  }
}

void configure(Fields& fields, const std::vector<FlagText>& flags) {
  for (const FlagText& said : flags) {
    if (said.flag == "config") assign_config(fields, said.texts.back(), kConfig);
  }
  for (const FlagText& said : flags) set_flag(fields, said);
}

void configure(Configuration& c, const std::vector<FlagText>& flags) {
  for (const FlagText& said : flags) {
    if (c.fields.find_flag(said.flag)->is_only_flag()) set_flag(c.fields, said);
  }
  const CommandOptions& command = c.training.command;
  if (command.resume && command.overwrite)
    throw UsageError("--resume keeps the run in --out and --overwrite throws it away: choose one");
  if (command.resume && command.out.empty()) throw UsageError("--resume needs --out, the folder of the run");
  if (command.resume && run::Run::exists(command.out)) {
    resume(c, flags);
  } else {
    read_recipe(c, flags);
    c.recipe_batch = c.training.train.batch;
    for (const std::string& pair : command.sets) assign_set(c.fields, pair, kSet);
    for (const FlagText& said : flags) set_flag(c.fields, said);
    c.training.settle(c.fields);
    settle_paths(c.training);
    if (command.resume && c.training.data.folders.empty()) {
      throw UsageError("--resume: there is no run in {}; with --data it would begin one", command.out);
    }
  }
  c.training.check();
}

}  // namespace gtsa::app

#pragma once
// From described options to flags of a CLI11 command, and back to what was said.

#include <CLI/CLI.hpp>

#include <map>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "program/app/configuration.h"

namespace gtsa::cli {

/// The flags of one command.
class Flags {
 public:
  /// Adds every flagged field of `fields` to `command`.
  Flags(CLI::App& command, const Fields& fields);
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;
  /// What the command line said, after it was parsed.
  std::vector<app::FlagText> said() const;
  /// "--batch", ...; what is said by its place has no name.
  std::vector<std::string> names() const;

 private:
  struct Entry {
    CLI::Option* option = nullptr;
    std::vector<std::string> texts;
    bool on = false;
    bool is_switch = false;
    bool is_positional = false;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace gtsa::cli

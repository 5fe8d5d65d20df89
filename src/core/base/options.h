#pragma once
// Options are plain structs described once. From one `describe(Fields&)` come flags, TOML keys, --help, config.toml,
// validation, nearest-name hints and the reference page; no other place knows a default.
//
//   struct ModelOptions {
//     int64_t patch_size = 16;
//     void describe(Fields& f) { f("patch_size", patch_size, "side of a patch").in("pixels").between(1,
//     256).flagged("patch-size"); }
//   };

#include <cstdint>
#include <deque>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gtsa {

/// What a key may hold. A bare number in TOML sets a double or an integer field, one value sets a list of one.
using OptionValue = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                                 std::vector<std::string>>;
/// The member that a field describes.
using OptionTarget = std::variant<bool*, int64_t*, double*, std::string*, std::vector<int64_t>*, std::vector<double>*,
                                  std::vector<std::string>*>;

/// Where a value came from. A later layer replaces an earlier one; within a layer the order is that of writing.
struct Origin {
  int layer = 0;                 ///< 0 = default, 1 = recipe, 2 = --config file, 3 = --set, 4 = flag
  std::string text = "default";  ///< "gtsa_reference.toml:12", "--batch"
};

/// One described option. Setters check type and bounds at once and throw UsageError naming key, value, origin and
/// bound.
class Field {
 public:
  Field(std::string key, OptionTarget target, std::string help);

  Field& in(std::string unit);
  Field& between(double low, double high = std::numeric_limits<double>::infinity());
  Field& one_of(std::vector<std::string> words);
  /// `--flag`; without it an option can be set by its key alone.
  Field& flagged(std::string flag);
  /// Said by its place on the command line, without dashes, and required; several for a list of texts.
  Field& positional();
  /// `--flag a b c`: a list of texts may be said at once, too.
  Field& several();
  /// `--flag` makes the switch false ("no-exif" for `exif`).
  Field& switched_off_by(std::string flag);
  /// A flag of the command that is no property of the run: not in TOML, not in config.toml.
  Field& only_flag();
  /// Another line of help, where a command means the option in its own way.
  Field& says(std::string help);
  /// What the default means where the number alone does not tell ("0 = from the grid").
  Field& meaning(std::string text);

  const std::string& key() const { return key_; }
  const std::string& flag() const { return flag_; }
  const std::string& help() const { return help_; }
  const std::string& unit() const { return unit_; }
  const std::string& default_text() const { return default_text_; }
  const Origin& origin() const { return origin_; }
  bool is_only_flag() const { return only_flag_; }
  bool is_switched_off() const { return switched_off_; }
  bool is_positional() const { return positional_; }
  bool takes_several() const { return several_; }
  bool is_switch() const { return std::holds_alternative<bool*>(target_); }
  /// A list of texts: each time the flag is said adds to it. Of other flags the last one counts.
  bool is_repeatable() const;
  /// "16 pixels (1..256)" and the like, for --help and the reference.
  std::string description() const;
  /// The current value as TOML.
  std::string text() const;

  void set(const OptionValue& value, const Origin& origin);
  /// From a flag or --set: numbers, true/false, words, lists as "224,96".
  void parse(std::string_view text, const Origin& origin);
  /// A value that follows from another option (a preset): given only if nothing of `origin`'s layer or a later one set
  /// it.
  void derive(const OptionValue& value, const Origin& origin);

 private:
  [[noreturn]] void refuse(const std::string& value, const std::string& why, const Origin& origin) const;
  void check_number(double value, const std::string& text, const Origin& origin) const;

  std::string key_;
  OptionTarget target_;
  std::string help_;
  std::string unit_;
  std::string meaning_;
  std::string flag_;
  double low_ = -std::numeric_limits<double>::infinity();
  double high_ = std::numeric_limits<double>::infinity();
  std::vector<std::string> words_;
  bool only_flag_ = false;
  bool switched_off_ = false;
  bool positional_ = false;
  bool several_ = false;
  std::string default_text_;
  Origin origin_;
};

/// All fields of a command, in the order of description.
class Fields {
 public:
  Field& operator()(std::string_view key, OptionTarget target, std::string help);

  /// Describes `options` with its keys under `prefix.`
  template <class Options>
  void section(std::string_view prefix, Options& options) {
    const std::string outer = prefix_;
    prefix_ += std::string(prefix) + ".";
    options.describe(*this);
    prefix_ = outer;
  }

  Field& at(std::string_view key);
  Field* find(std::string_view key);
  Field* find_flag(std::string_view flag);
  std::deque<Field>& all() { return fields_; }
  const std::deque<Field>& all() const { return fields_; }

  /// The known key that is nearest to a mistyped one (edit distance), if one is near.
  std::optional<std::string> nearest(std::string_view key) const;
  /// Every key with its value, grouped in TOML tables, with its origin as a comment: what config.toml holds.
  std::string toml() const;

 private:
  std::deque<Field> fields_;
  std::string prefix_;
};

/// One line of a configuration.
struct Assignment {
  std::string key;
  OptionValue value;
  Origin origin;
};

/// Reads TOML text; `name` is used in errors and origins ("FILE:LINE").
std::vector<Assignment> read_toml(std::string_view text, const std::string& name, int layer);

/// Sets fields. An unknown key is a UsageError with its origin and the nearest known name.
void assign(Fields& fields, std::span<const Assignment> assignments);
/// `--set key=value`.
void assign_set(Fields& fields, std::string_view assignment, int layer);

/// The nearest of `words` to a mistyped one, if one is near.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> words);

}  // namespace gtsa

#include "core/base/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/ranges.h>

#include "core/base/error.h"

namespace gtsa {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
// clang 14 does not deduce this for aggregates by itself.
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

/// A double that TOML reads as a float, with as many digits as it needs.
std::string number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

template <class T, class F>
std::string list(const std::vector<T>& values, F&& each) {
  std::vector<std::string> parts;
  for (const T& value : values) parts.push_back(each(value));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string to_toml(const OptionTarget& target) {
  return std::visit(
      Overloaded{
          [](bool* v) -> std::string { return *v ? "true" : "false"; },
          [](int64_t* v) { return fmt::format("{}", *v); },
          [](double* v) { return number(*v); },
          [](std::string* v) { return toml_string(*v); },
          [](std::vector<int64_t>* v) { return list(*v, [](int64_t x) { return fmt::format("{}", x); }); },
          [](std::vector<double>* v) { return list(*v, [](double x) { return number(x); }); },
          [](std::vector<std::string>* v) { return list(*v, [](const std::string& x) { return toml_string(x); }); },
      },
      target);
}

std::string to_text(const OptionValue& value) {
  return std::visit(Overloaded{
                        [](bool v) -> std::string { return v ? "true" : "false"; },
                        [](const std::string& v) { return v; },
                        [](int64_t v) { return fmt::format("{}", v); },
                        [](double v) { return fmt::format("{}", v); },
                        [](const auto& values) { return fmt::format("{}", fmt::join(values, ",")); },
                    },
                    value);
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.push_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

Field::Field(std::string key, OptionTarget target, std::string help)
    : key_(std::move(key)), target_(target), help_(std::move(help)), default_text_(to_toml(target)) {}

Field& Field::in(std::string unit) {
  unit_ = std::move(unit);
  return *this;
}

Field& Field::between(double low, double high) {
  low_ = low;
  high_ = high;
  return *this;
}

Field& Field::one_of(std::vector<std::string> words) {
  words_ = std::move(words);
  return *this;
}

Field& Field::flagged(std::string flag) {
  flag_ = std::move(flag);
  return *this;
}

Field& Field::positional() {
  positional_ = true;
  return flagged(key_);
}

Field& Field::several() {
  several_ = true;
  return *this;
}

Field& Field::switched_off_by(std::string flag) {
  switched_off_ = true;
  return flagged(std::move(flag));
}

Field& Field::only_flag() {
  only_flag_ = true;
  return *this;
}

Field& Field::says(std::string help) {
  help_ = std::move(help);
  return *this;
}

Field& Field::meaning(std::string text) {
  meaning_ = std::move(text);
  return *this;
}

bool Field::is_repeatable() const { return std::holds_alternative<std::vector<std::string>*>(target_); }

std::string Field::description() const {
  std::string text = help_;
  std::vector<std::string> facts;
  if (!unit_.empty()) facts.push_back("in " + unit_);
  if (!words_.empty()) facts.push_back(fmt::format("{}", fmt::join(words_, "|")));
  if (std::isfinite(low_) && std::isfinite(high_)) facts.push_back(fmt::format("{}..{}", low_, high_));
  if (std::isfinite(low_) && !std::isfinite(high_)) facts.push_back(fmt::format("at least {}", low_));
  if (!meaning_.empty()) facts.push_back(meaning_);
  if (!facts.empty()) text += fmt::format(" ({})", fmt::join(facts, ", "));
  return text;
}

std::string Field::text() const { return to_toml(target_); }

void Field::refuse(const std::string& value, const std::string& why, const Origin& origin) const {
  throw UsageError("{} = {} ({}): {}", key_, value, origin.text, why);
}

void Field::check_number(double value, const std::string& text, const Origin& origin) const {
  if (std::isnan(value)) refuse(text, "not a number", origin);
  if (value < low_ || value > high_) {
    refuse(text,
           std::isfinite(high_) ? fmt::format("must lie in {}..{}", low_, high_)
                                : fmt::format("must be at least {}", low_),
           origin);
  }
}

void Field::set(const OptionValue& value, const Origin& origin) {
  const std::string text = to_text(value);
  // Lists and single values meet through the text form, which every type can read; the types that TOML knows are
  // checked first.
  const bool wants_text =
      std::holds_alternative<std::string*>(target_) || std::holds_alternative<std::vector<std::string>*>(target_);
  const bool is_text =
      std::holds_alternative<std::string>(value) || std::holds_alternative<std::vector<std::string>>(value);
  if (auto* words = std::get_if<std::vector<std::string>*>(&target_); words != nullptr && is_text) {
    const auto* many = std::get_if<std::vector<std::string>>(&value);
    **words = many != nullptr ? *many : std::vector{std::get<std::string>(value)};
    origin_ = origin;
    return;
  }
  if (wants_text != is_text && !(is_text && text.empty()))
    refuse(text, wants_text ? "a text in quotes is wanted" : "a value without quotes is wanted", origin);
  parse(text, origin);
}

void Field::parse(std::string_view text, const Origin& origin) {
  const std::string shown(text);
  const auto as_integer = [&](std::string_view part) {
    const auto value = parse_number<int64_t>(part);
    if (!value) refuse(shown, "a whole number is wanted", origin);
    check_number(static_cast<double>(*value), shown, origin);
    return *value;
  };
  const auto as_real = [&](std::string_view part) {
    const auto value = parse_number<double>(part);
    if (!value) refuse(shown, "a number is wanted", origin);
    check_number(*value, shown, origin);
    return *value;
  };
  // A list that is empty by default may be empty; of others that is a slip.
  const auto parts = [&] {
    return text.empty() && default_text_ == "[]" ? std::vector<std::string_view>{} : split(text);
  };
  std::visit(Overloaded{
                 [&](bool* target) {
                   if (text != "true" && text != "false") refuse(shown, "true or false is wanted", origin);
                   *target = text == "true";
                 },
                 [&](int64_t* target) { *target = as_integer(text); },
                 [&](double* target) { *target = as_real(text); },
                 [&](std::string* target) {
                   if (!words_.empty() && std::find(words_.begin(), words_.end(), text) == words_.end()) {
                     refuse(shown,
                            fmt::format("must be {}{}", words_.size() > 1 ? "one of " : "", fmt::join(words_, ", ")),
                            origin);
                   }
                   *target = text;
                 },
                 [&](std::vector<int64_t>* target) {
                   std::vector<int64_t> values;
                   for (const auto part : parts()) values.push_back(as_integer(part));
                   *target = std::move(values);
                 },
                 [&](std::vector<double>* target) {
                   std::vector<double> values;
                   for (const auto part : parts()) values.push_back(as_real(part));
                   *target = std::move(values);
                 },
                 [&](std::vector<std::string>* target) { *target = {shown}; },
             },
             target_);
  origin_ = origin;
}

void Field::derive(const OptionValue& value, const Origin& origin) {
  if (origin_.layer < origin.layer) set(value, origin);
}

Field& Fields::operator()(std::string_view key, OptionTarget target, std::string help) {
  const std::string full = prefix_ + std::string(key);
  GTSA_CHECK(find(full) == nullptr, "option {} is described twice", full);
  return fields_.emplace_back(full, target, std::move(help));
}

Field* Fields::find(std::string_view key) {
  const auto it = std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.key() == key; });
  return it == fields_.end() ? nullptr : &*it;
}

Field& Fields::at(std::string_view key) {
  Field* field = find(key);
  GTSA_CHECK(field != nullptr, "no option is called {}", key);
  return *field;
}

Field* Fields::find_flag(std::string_view flag) {
  const auto it =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return !flag.empty() && f.flag() == flag; });
  return it == fields_.end() ? nullptr : &*it;
}

std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> words) {
  std::optional<std::string> best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& known : words) {
    // The last part alone may be what was meant: `patch_size` for `model.patch_size`.
    const std::string_view tail = std::string_view(known).substr(known.rfind('.') + 1);
    const size_t distance =
        std::min(edit_distance(word, known), edit_distance(word, tail) + (tail.size() < known.size() ? 1 : 0));
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  return best;
}

std::optional<std::string> Fields::nearest(std::string_view key) const {
  std::vector<std::string> keys;
  for (const Field& field : fields_) {
    if (!field.is_only_flag()) keys.push_back(field.key());
  }
  return nearest_word(key, keys);
}

std::string Fields::toml() const {
  // TOML wants top-level keys before the first table.
  std::vector<std::string> tables{""};
  const auto table_of = [](const Field& f) { return f.key().substr(0, std::min(f.key().rfind('.'), f.key().size())); };
  const auto is_top = [](const Field& f) { return f.key().find('.') == std::string::npos; };
  for (const Field& field : fields_) {
    if (field.is_only_flag() || is_top(field)) continue;
    if (std::find(tables.begin(), tables.end(), table_of(field)) == tables.end()) tables.push_back(table_of(field));
  }
  std::string text;
  for (const std::string& table : tables) {
    if (!table.empty()) text += fmt::format("\n[{}]\n", table);
    for (const Field& field : fields_) {
      if (field.is_only_flag() || (is_top(field) ? !table.empty() : table_of(field) != table)) continue;
      const std::string name = is_top(field) ? field.key() : field.key().substr(table.size() + 1);
      text += fmt::format("{} = {}  # {}\n", name, field.text(), field.origin().text);
    }
  }
  return text;
}

void assign(Fields& fields, std::span<const Assignment> assignments) {
  for (const Assignment& assignment : assignments) {
    Field* field = fields.find(assignment.key);
    if (field == nullptr || field->is_only_flag()) {
      const auto near = fields.nearest(assignment.key);
      throw UsageError("unknown key {} ({}){}", assignment.key, assignment.origin.text,
                       near ? fmt::format("; did you mean {}?", *near) : std::string("; --help lists the known ones"));
    }
    field->set(assignment.value, assignment.origin);
  }
}

void assign_set(Fields& fields, std::string_view assignment, int layer) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw UsageError("--set {}: a pair key=value is wanted, for example --set model.depth=6", assignment);
  }
  const std::string key(assignment.substr(0, equals));
  const Origin origin{layer, "--set " + key};
  Field* field = fields.find(key);
  if (field == nullptr || field->is_only_flag()) assign(fields, std::vector<Assignment>{{key, std::string(), origin}});
  const std::string_view value = assignment.substr(equals + 1);
  if (!value.empty() && (value.front() == '"' || value.front() == '[')) {
    const auto parsed = read_toml("value = " + std::string(value), "--set " + key, layer);
    field->set(parsed.at(0).value, origin);
  } else {
    field->parse(value, origin);
  }
}

}  // namespace gtsa

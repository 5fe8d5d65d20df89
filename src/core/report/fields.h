#pragma once
// Members of an artefact's JSON, taken out with their checks. Each function throws Error naming the key for what is
// missing or of another kind.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace gtsa::report {

inline constexpr size_t kMostItems = 4096;  ///< of any list but a confusion: beyond it a page is no page

const nlohmann::ordered_json& member(const nlohmann::ordered_json& object, const char* key);
/// A finite number, shortened() (curves.h).
double number(const nlohmann::ordered_json& object, const char* key);
/// The same, or null: a score of nothing is none.
nlohmann::ordered_json number_or_null(const nlohmann::ordered_json& object, const char* key);
/// A whole number of low..high.
int64_t whole(const nlohmann::ordered_json& object, const char* key, int64_t low, int64_t high);
/// Pixels of a picture's side.
int64_t side(const nlohmann::ordered_json& object, const char* key);
std::string word(const nlohmann::ordered_json& object, const char* key);
bool yes(const nlohmann::ordered_json& object, const char* key);
const nlohmann::ordered_json& list(const nlohmann::ordered_json& object, const char* key, size_t most = kMostItems);
/// `count` finite numbers; any number of them if 0.
nlohmann::ordered_json numbers(const nlohmann::ordered_json& object, const char* key, size_t count);
/// [[name, value], ..] of two lists of one length: names under "classes", values under `values_key`, null where there
/// is no number.
nlohmann::ordered_json by_class(const nlohmann::ordered_json& object, const char* values_key);

}  // namespace gtsa::report

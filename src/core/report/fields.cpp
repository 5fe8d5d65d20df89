#include "core/report/fields.h"

#include <cmath>

#include "core/base/error.h"
#include "core/report/curves.h"

namespace gtsa::report {

using Json = nlohmann::ordered_json;

const Json& member(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) throw Error("{} is missing", key);
  return object[key];
}

double number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) throw Error("{} is no number", key);
  return shortened(value.get<double>());
}

Json number_or_null(const Json& object, const char* key) {
  return member(object, key).is_null() ? Json(nullptr) : Json(number(object, key));
}

int64_t whole(const Json& object, const char* key, int64_t low, int64_t high) {
  const Json& value = member(object, key);
  if (!value.is_number_integer() || value.get<int64_t>() < low || value.get<int64_t>() > high)
    throw Error("{} is no whole number of {} to {}", key, low, high);
  return value.get<int64_t>();
}

int64_t side(const Json& object, const char* key) {
  constexpr int64_t kLargestSide = 1 << 20;
  return whole(object, key, 1, kLargestSide);
}

std::string word(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) throw Error("{} is no text", key);
  return value.get<std::string>();
}

bool yes(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_boolean()) throw Error("{} is neither true nor false", key);
  return value.get<bool>();
}

const Json& list(const Json& object, const char* key, size_t most) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw Error("{} is no list", key);
  if (value.size() > most) throw Error("{} holds {} items, at most {} are shown", key, value.size(), most);
  return value;
}

Json numbers(const Json& object, const char* key, size_t count) {
  const Json& values = list(object, key);
  if (count != 0 && values.size() != count) throw Error("{} holds {} numbers instead of {}", key, values.size(), count);
  Json result = Json::array();
  for (const Json& value : values) {
    if (!value.is_number()) throw Error("{} holds what is no number", key);
    result.push_back(shortened(value.get<double>()));
  }
  return result;
}

Json by_class(const Json& object, const char* values_key) {
  Json rows = Json::array();
  const Json &classes = list(object, "classes"), &values = list(object, values_key);
  if (classes.size() != values.size())
    throw Error("classes holds {} names, {} {} values", classes.size(), values_key, values.size());
  for (size_t i = 0; i < classes.size(); ++i) {
    if (!classes[i].is_string()) throw Error("classes holds what is no text");
    const bool measured = values[i].is_number();  // a class that no picture has has no score
    rows.push_back({classes[i], measured ? Json(shortened(values[i].get<double>())) : Json(nullptr)});
  }
  return rows;
}

}  // namespace gtsa::report

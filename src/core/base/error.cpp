#include "core/base/error.h"

namespace gtsa {

std::string chain(const std::exception& error) {
  std::string text = error.what();
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& inner) {
    text += ": " + chain(inner);
  } catch (...) {
    text += ": an exception that is no std::exception";
  }
  return text;
}

namespace detail {

void check_failed(const char* condition, const char* file, int line, const std::string& invariant) {
  throw BugError(fmt::format("a bug in gtsa, please report it: {} [{} at {}:{}]", invariant, condition, file, line));
}

}  // namespace detail
}  // namespace gtsa

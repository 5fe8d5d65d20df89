#pragma once
// The one family of exceptions, and assertions for our own bugs.
//
// Bad input throws `Error` (or a child): what happened, to which file, key, rank or byte, and what to do about it, in
// one line without a full stop at the end. `program/cli` prints it and picks the exit code. Our own bugs are
// GTSA_CHECK: on in release.

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace gtsa {

/// Something went wrong that the user can understand and mend. Exit code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  template <class... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args) requires(sizeof...(Args) > 0)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

/// The command line or the configuration asks for something that cannot be. Exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// An assertion failed: a bug of ours, never of the input.
class BugError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Message of `error` followed by those nested in it (std::throw_with_nested), joined by ": ".
std::string chain(const std::exception& error);

namespace detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const std::string& invariant);
}  // namespace detail

}  // namespace gtsa

/// GTSA_CHECK(a == b, "rows {} of {}", i, n): the invariant in words; fmt arguments are evaluated only on failure.
#define GTSA_CHECK(condition, ...)                                                              \
  do {                                                                                          \
    if (!(condition)) [[unlikely]]                                                              \
      ::gtsa::detail::check_failed(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)

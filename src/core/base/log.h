#pragma once
// Messages for people: to standard error and, once a run is open, to its log.txt. The only global of the program.

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

namespace gtsa::log {

enum class Level { info, warning };

/// Also appends to this file from now on; an empty path ends it.
void to_file(const std::filesystem::path& path);
/// Called before each line on standard error (a progress bar clears itself); empty = nothing.
void before_line(std::function<void()> hook);
/// Writes one line. Standard error gets the bare text ("warning: ..." for warnings), the file also date and level.
void write(Level level, const std::string& text);

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace gtsa::log

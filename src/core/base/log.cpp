#include "core/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <mutex>

#include "core/base/error.h"

namespace gtsa::log {
namespace {

struct Sinks {
  std::mutex guard;
  std::shared_ptr<spdlog::logger> file;
  std::function<void()> hook;
};

Sinks& sinks() {
  static Sinks instance;
  return instance;
}

}  // namespace

void to_file(const std::filesystem::path& path) {
  const std::lock_guard lock(sinks().guard);
  sinks().file.reset();
  if (path.empty()) return;
  try {
    const auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    sinks().file = std::make_shared<spdlog::logger>("run", sink);
  } catch (const spdlog::spdlog_ex& error) {
    throw Error("cannot write the log {}: {}", path.string(), error.what());
  }
  sinks().file->set_pattern("%Y-%m-%d %H:%M:%S %l %v");
  sinks().file->flush_on(spdlog::level::info);
}

void before_line(std::function<void()> hook) {
  const std::lock_guard lock(sinks().guard);
  sinks().hook = std::move(hook);
}

void write(Level level, const std::string& text) {
  const std::lock_guard lock(sinks().guard);
  if (sinks().hook) sinks().hook();
  std::fprintf(stderr, "%s%s\n", level == Level::warning ? "warning: " : "", text.c_str());
  if (sinks().file) sinks().file->log(level == Level::warning ? spdlog::level::warn : spdlog::level::info, text);
}

}  // namespace gtsa::log

# spdlog out of carry/, header-only, on the fmt beside it.
if(NOT TARGET spdlog::spdlog)
  find_package(fmt REQUIRED)
  add_library(spdlog::spdlog INTERFACE IMPORTED)
  target_link_libraries(spdlog::spdlog INTERFACE fmt::fmt)
  target_compile_definitions(spdlog::spdlog INTERFACE SPDLOG_FMT_EXTERNAL=1)
endif()
set(spdlog_FOUND TRUE)

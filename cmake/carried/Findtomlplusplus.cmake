# toml++ out of carry/, header-only.
if(NOT TARGET tomlplusplus::tomlplusplus)
  add_library(tomlplusplus::tomlplusplus INTERFACE IMPORTED)
  target_include_directories(tomlplusplus::tomlplusplus INTERFACE "${CMAKE_CURRENT_LIST_DIR}/../../carry/include")
endif()
set(tomlplusplus_FOUND TRUE)

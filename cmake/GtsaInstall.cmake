# `cmake --install build/release --prefix P` gives P/bin/gtsa, P/lib/libgtsa.so, P/include/gtsa, the recipes, and a CMake package:
#   find_package(gtsa REQUIRED)
#   target_link_libraries(mine PRIVATE gtsa::gtsa)
# Who uses the library sees neither LibTorch's headers nor its CMake files.
include(CMakePackageConfigHelpers)

# Every room but the command line, as one shared library.
get_property(rooms GLOBAL PROPERTY GTSA_ROOMS)
list(REMOVE_ITEM rooms program_cli)
list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
add_library(gtsa_shared SHARED ${objects})
# The objects are in already; the rooms are named here for the libraries that they in turn need.
target_link_libraries(gtsa_shared PRIVATE ${rooms})
target_include_directories(gtsa_shared PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                                              "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(gtsa_shared PUBLIC cxx_std_20)
set_target_properties(gtsa_shared PROPERTIES
  OUTPUT_NAME gtsa EXPORT_NAME gtsa LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
add_library(gtsa::gtsa ALIAS gtsa_shared)

# LibTorch may lie outside the system's folders (PyTorch's own packages): what is installed must find it as what is built does.
set_target_properties(gtsa gtsa_shared PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS gtsa RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS gtsa_shared EXPORT gtsaTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/gtsa" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/configs" DESTINATION ${CMAKE_INSTALL_DATADIR}/gtsa FILES_MATCHING PATTERN "*.toml")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md" DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gtsa)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/gtsaConfig.cmake.in" "${PROJECT_BINARY_DIR}/gtsaConfig.cmake"
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/gtsaConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/gtsaConfig.cmake" "${PROJECT_BINARY_DIR}/gtsaConfigVersion.cmake"
        DESTINATION ${package_folder})
install(EXPORT gtsaTargets NAMESPACE gtsa:: DESTINATION ${package_folder})

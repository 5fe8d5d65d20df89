# The language, warnings and floating-point rules that hold for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()
# Assertions name our own bugs and stay on in release.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

add_library(gtsa_flags INTERFACE)
# No contraction to fused multiply-add behind our back: pixels and boxes must be the same on every processor.
target_compile_options(gtsa_flags INTERFACE -Wall -Wextra -Wshadow -ffp-contract=off
  # Designated initialisers leave the other members at their defaults on purpose.
  -Wno-missing-field-initializers
  # GCC 12 sees overflows in fmt 9's format_decimal, and overlaps in std::string's operator+ (its bug 105651), that cannot
  # happen.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-restrict>)
if(GTSA_SANITIZE)
  target_compile_options(gtsa_flags INTERFACE -fsanitize=${GTSA_SANITIZE} -fno-omit-frame-pointer
                                              -fno-sanitize-recover=all)
  target_link_options(gtsa_flags INTERFACE -fsanitize=${GTSA_SANITIZE})
endif()

# Counted code: the rooms and the program, not the tests, which compile as in release (and come from ccache).
add_library(gtsa_counted INTERFACE)
if(GTSA_COVERAGE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "GTSA_COVERAGE needs gcc: gcov's counts are read by gcovr")
  endif()
  # Atomic counts: workers and OpenMP teams run the same lines at once. Inlined into five algorithms of the standard
  # library, a comparison would count as five times its branches.
  target_compile_options(gtsa_counted INTERFACE --coverage -fprofile-update=atomic -O1 -fno-inline)
  target_link_options(gtsa_flags INTERFACE --coverage)
endif()

# In the place of pkg-config, which a bare machine may lack: the libraries that are asked for through it, out of carry/.
set(PKG_CONFIG_FOUND TRUE)
set(PkgConfig_FOUND TRUE)

get_filename_component(gtsa_carried "${CMAKE_CURRENT_LIST_DIR}/../../carry" ABSOLUTE)
function(pkg_check_modules prefix)
  if(TARGET PkgConfig::${prefix})
    return()
  endif()
  list(GET ARGN -1 module)
  if(module STREQUAL "libwebp")
    set(library libwebp.so.7)
  elseif(module STREQUAL "libhwy")
    set(library libhwy.so.1)
    set(definitions HWY_SHARED_DEFINE)
  elseif(module STREQUAL "openblas")
    set(library libopenblas.so.0)
    # Beside it lies what it links itself: looked for there when linking, and by programs when they start (RUNPATH would not).
    set(link_options "LINKER:-rpath-link,${gtsa_carried}/lib,--disable-new-dtags")
  else()
    message(FATAL_ERROR "carry/ holds no ${module}; name it in scripts/carry.sh and cmake/carried/FindPkgConfig.cmake")
  endif()
  add_library(PkgConfig::${prefix} SHARED IMPORTED GLOBAL)
  set_target_properties(PkgConfig::${prefix} PROPERTIES
    IMPORTED_LOCATION "${gtsa_carried}/lib/${library}" IMPORTED_SONAME ${library}
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${gtsa_carried}/include"
    INTERFACE_INCLUDE_DIRECTORIES "${gtsa_carried}/include"
    INTERFACE_COMPILE_DEFINITIONS "${definitions}"
    INTERFACE_LINK_OPTIONS "${link_options}")
  set(${prefix}_FOUND TRUE PARENT_SCOPE)
endfunction()

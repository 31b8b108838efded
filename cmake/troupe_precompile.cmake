# Headers that many sources begin with are compiled once, not once per source.

# ccache keeps nothing that was compiled so, and is worth more where it is.
set(troupe_precompiles ON)
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(troupe_precompiles OFF)
endif()
option(TROUPE_PRECOMPILE "Compile common headers once; not with ccache"
  ${troupe_precompiles})

# Lets `target` begin with HEADERS, which are compiled once, with OPTIONS and
# with what LINK brings, for all targets that name `set`. All these have the
# same flags.
#
#   troupe_precompile(<target> <set>
#     [OPTIONS <flag>...] LINK <target>... HEADERS <header>...)
function(troupe_precompile target set)
  if(NOT TROUPE_PRECOMPILE)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "OPTIONS;LINK;HEADERS" ${ARGN})
  set(owner troupe_precompiled_${set})
  if(NOT TARGET ${owner})
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${owner}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "")
    add_library(${owner} OBJECT "${source}")
    target_link_libraries(${owner} PRIVATE ${arg_LINK})
    troupe_configure_program(${owner})
    target_compile_options(${owner} PRIVATE ${arg_OPTIONS})
    target_precompile_headers(${owner} PRIVATE ${arg_HEADERS})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
  # Flags that differ cost time and nothing else.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-error=invalid-pch)
  endif()
endfunction()

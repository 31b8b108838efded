# `cmake --install` gives a package for find_package(troupe).

include(CMakePackageConfigHelpers)

set(troupe_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/troupe")

install(TARGETS troupe_runtime troupe_actors troupe_troupe
  EXPORT troupe_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(EXPORT troupe_targets
  FILE troupe_targets.cmake
  NAMESPACE troupe::
  DESTINATION "${troupe_package_dir}")
set(troupe_include_roots runtime actors)
# Apart, so that the rest is there for who has no libcurl or RE2.
if(TARGET troupe_llm)
  list(APPEND troupe_include_roots runtime/llm actors/llm)
  install(TARGETS troupe_llm troupe_llm_runtime
    EXPORT troupe_llm_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(EXPORT troupe_llm_targets
    FILE troupe_llm_targets.cmake
    NAMESPACE troupe::
    DESTINATION "${troupe_package_dir}")
endif()
# Apart, so that the rest is there for who has no OpenSSL.
if(TARGET troupe_remote)
  list(APPEND troupe_include_roots actors/remote)
  install(TARGETS troupe_remote
    EXPORT troupe_remote_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(EXPORT troupe_remote_targets
    FILE troupe_remote_targets.cmake
    NAMESPACE troupe::
    DESTINATION "${troupe_package_dir}")
endif()
if(TARGET troupe_program)
  install(TARGETS troupe_program
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
# For users' own sources; the second is a part of the first.
install(PROGRAMS "${PROJECT_SOURCE_DIR}/tools/await_rule.py"
  "${PROJECT_SOURCE_DIR}/tools/cpp_tokens.py"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/troupe")
foreach(library IN LISTS troupe_include_roots)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${library}/include/troupe"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp")
endforeach()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/troupeConfig.cmake.in"
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfig.cmake"
  INSTALL_DESTINATION "${troupe_package_dir}")
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findre2.cmake"
  DESTINATION "${troupe_package_dir}")

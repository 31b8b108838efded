# `cmake --install` gives a package for find_package(troupe).

include(CMakePackageConfigHelpers)

set(troupe_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/troupe")

# A file of targets per component, so that each is there for who has not the
# third-party libraries of the others.
get_property(troupe_components GLOBAL PROPERTY troupe_components)
list(REMOVE_DUPLICATES troupe_components)
foreach(component IN LISTS troupe_components)
  get_property(libraries GLOBAL PROPERTY troupe_${component}_libraries)
  install(TARGETS ${libraries}
    EXPORT troupe_${component}_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(EXPORT troupe_${component}_targets
    FILE troupe_${component}_targets.cmake
    NAMESPACE troupe::
    DESTINATION "${troupe_package_dir}")
endforeach()
get_property(troupe_include_roots GLOBAL PROPERTY troupe_include_roots)
foreach(root IN LISTS troupe_include_roots)
  install(DIRECTORY "${root}/troupe"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp")
endforeach()

if(TARGET troupe_program)
  install(TARGETS troupe_program
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
# For users' own sources, see troupe_check_awaits.cmake; the second is a part of
# the first.
install(PROGRAMS "${PROJECT_SOURCE_DIR}/tools/check/await_rule.py"
  "${PROJECT_SOURCE_DIR}/tools/check/cpp_tokens.py"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/troupe")
install(FILES "${PROJECT_SOURCE_DIR}/tools/tsan.supp"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/troupe")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/troupeConfig.cmake.in"
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfig.cmake"
  INSTALL_DESTINATION "${troupe_package_dir}"
  PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/troupeConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/troupe_check_awaits.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/troupe_components.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findre2.cmake"
  DESTINATION "${troupe_package_dir}")

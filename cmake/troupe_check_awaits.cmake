# Has every build of TARGET look through its sources, and what they include in
# quotes, for what GCC 12 compiles wrongly beside co_await; a finding fails the
# build before anything is compiled. Needs Python 3.
#
#   troupe_check_awaits(<target>)
#
# TROUPE_AWAIT_RULE is the program that does so. Kept as a property: a function
# of a project that has Troupe as a folder does not see its variables.
set_property(GLOBAL PROPERTY troupe_await_rule "${TROUPE_AWAIT_RULE}")

function(troupe_check_awaits target)
  if(NOT TARGET "${target}")
    message(FATAL_ERROR "troupe_check_awaits: there is no target '${target}'; "
      "call it after add_executable or add_library")
  endif()
  get_target_property(aliased "${target}" ALIASED_TARGET)
  if(aliased)
    set(target "${aliased}")
  endif()
  find_package(Python3 QUIET COMPONENTS Interpreter)
  if(NOT Python3_FOUND)
    message(FATAL_ERROR "troupe_check_awaits(${target}) needs Python 3 "
      "(Debian: python3)")
  endif()
  get_property(rule GLOBAL PROPERTY troupe_await_rule)
  get_target_property(folder "${target}" SOURCE_DIR)
  # Whatever is added to the target later is checked as well.
  set(sources "$<TARGET_PROPERTY:${target},SOURCES>")
  set(sources
    "$<FILTER:${sources},INCLUDE,[.](c|cc|cpp|cxx|C|h|hh|hpp|hxx|ipp|inl)$>")
  add_custom_target("${target}_check_awaits"
    COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1
      "$<TARGET_FILE:Python3::Interpreter>" "${rule}" --includes "${sources}"
    WORKING_DIRECTORY "${folder}"
    COMMENT "Looking beside co_await in ${target}"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_dependencies("${target}" "${target}_check_awaits")
endfunction()

# Installs Troupe from the build folder INSTALL_FROM, then builds and runs
# tests/package/installed: a program that uses all of it, and for each of
# COMPONENTS, with commas between, one that uses that component alone. All of
# it in WORK.
#
# Then checks that troupe_check_awaits finds a mistake in bad_awaits.hpp, and
# what is said of a component that there is not, or whose library
# is missing.

cmake_policy(VERSION 3.22)
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

install_troupe()
configure("${CMAKE_CURRENT_LIST_DIR}/installed" "-DCOMPONENTS=${COMPONENTS}")
run("Building" "${CMAKE_COMMAND}" --build "${WORK}/build")
expect_output("${WORK}/build/user")
string(REPLACE "," ";" components "${COMPONENTS}")
foreach(component IN LISTS components)
  expect_output("${WORK}/build/use_${component}")
endforeach()

run_in_vain("bad_awaits.hpp:9: lambda with captures in an expression with"
  "${CMAKE_COMMAND}" --build "${WORK}/build" --target bad_awaits)

configure_in_vain("troupe has no component 'nothing'; it has runtime"
  -DCOMPONENTS=nothing)
configure_in_vain("troupe needs nlohmann_json 3.11 or later (Debian:"
  -DCOMPONENTS=runtime -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
if("store" IN_LIST components)
  configure_in_vain("component 'store' of troupe needs SQLiteCpp 3.2 or later"
    -DCOMPONENTS=store -DCMAKE_DISABLE_FIND_PACKAGE_SQLiteCpp=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=OFF)
endif()
foreach(component IN ITEMS http llm)
  if(component IN_LIST components)
    configure_in_vain(
      "component '${component}' of troupe needs libcurl 7.87 or later"
      -DCOMPONENTS=${component} -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON
      -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=OFF)
  endif()
endforeach()

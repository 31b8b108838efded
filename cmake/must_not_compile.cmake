# Fails unless COMPILER rejects SOURCE, with the header FIRST before it, with a
# message that contains TEXT.

set(flags "")
foreach(directory IN LISTS INCLUDES)
  list(APPEND flags "-idirafter" "${directory}")
endforeach()
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only ${flags}
    -include "${FIRST}" "${SOURCE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, and must not.")
endif()
string(FIND "${output}" "${TEXT}" position)
if(position EQUAL -1)
  message(FATAL_ERROR
    "${SOURCE} is rejected, but not for the reason looked for:\n"
    "  ${TEXT}\nThe compiler said:\n${output}")
endif()

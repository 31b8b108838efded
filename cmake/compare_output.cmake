# Runs PROGRAM with ARGUMENTS and fails unless it exits with STATUS and prints
# exactly what the file EXPECTED holds.

execute_process(
  COMMAND ${PROGRAM} ${ARGUMENTS}
  RESULT_VARIABLE status
  OUTPUT_VARIABLE printed
  ERROR_VARIABLE complaint)
if(NOT status STREQUAL STATUS)
  message(FATAL_ERROR
    "Exit status ${status} instead of ${STATUS}.\n${printed}${complaint}")
endif()
file(READ "${EXPECTED}" expected)
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR
    "Expected (${EXPECTED}):\n${expected}\nPrinted:\n${printed}${complaint}")
endif()

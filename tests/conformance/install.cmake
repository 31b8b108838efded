# cmake -DNPM=... -DFOLDER=... -P install.cmake
#
# Installs what FOLDER/package-lock.json names there, unless that was done. No
# script of a package is run.

# The last file that npm writes. A file that is missing counts as older.
set(installed "${FOLDER}/node_modules/.package-lock.json")
if(NOT "${FOLDER}/package-lock.json" IS_NEWER_THAN "${installed}")
  return()
endif()
foreach(attempt RANGE 1 3)
  execute_process(
    COMMAND "${NPM}" ci --prefer-offline --fetch-retries=5 --ignore-scripts
      --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY "${FOLDER}"
    RESULT_VARIABLE status)
  if(status EQUAL 0)
    return()
  endif()
endforeach()
message(FATAL_ERROR "npm could not install the servers: ${status}")

# How every target is compiled, and where the third-party libraries come from (Debian 12 packages).
option(COUNTERSIGN_TESTS "build the tests" ON)
option(COUNTERSIGN_BENCH "build the benchmarks" OFF)
option(COUNTERSIGN_FUZZ "build the fuzz targets, tests/fuzz/*_fuzz.cc (needs clang)" OFF)
set(COUNTERSIGN_SANITIZE "" CACHE STRING "value of -fsanitize=, e.g. address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)  # one program, no plug-ins: nothing is exported
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_compile_options(-fstack-protector-strong -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
# An index out of range ends the process instead of reading a neighbour's secret; in every build.
add_compile_definitions($<$<COMPILE_LANGUAGE:CXX>:_GLIBCXX_ASSERTIONS>)
add_link_options(-Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # No -DNDEBUG: an assert of ours or of a library stays a check.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-D_FORTIFY_SOURCE=2> -ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections -s)
endif()
if(COUNTERSIGN_SANITIZE)
  # They come after CMAKE_CXX_FLAGS_*, so they win. -O1 would triple the time that address,undefined takes to
  # compile (handoffs.cc: 7.5 s against 2.0 s); under thread it costs little and the tests run faster.
  add_compile_options(-fsanitize=${COUNTERSIGN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  if(COUNTERSIGN_SANITIZE STREQUAL "thread")
    add_compile_options(-O1)
  endif()
  add_link_options(-fsanitize=${COUNTERSIGN_SANITIZE})
endif()

# Linked PRIVATE by every target of ours. Errors with the compiler that the project is built with; clang (fuzz
# targets, tidy) sees other things and only warns.
add_library(countersign_warnings INTERFACE)
target_compile_options(countersign_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wconversion -Wshadow -Wswitch>
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Werror>)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(cjose REQUIRED IMPORTED_TARGET cjose)
pkg_check_modules(pistache REQUIRED IMPORTED_TARGET libpistache)
pkg_check_modules(ctemplate REQUIRED IMPORTED_TARGET libctemplate)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
find_package(CURL REQUIRED)  # for its headers: it is loaded by the first call to a provider, not linked

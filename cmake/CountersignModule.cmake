# One call per module: src/<name>/*.cc becomes one library, and nothing is linked or included that the call
# does not list. Links are checked here at the end of the configuration, includes by cmake/layers.cmake
# before anything compiles. tests/structure/ plants a forbidden one of each and expects the build to fail.
include_guard()
set_property(GLOBAL PROPERTY countersign_layers "")

# countersign_module(<name> LEVEL <n> [USES <module>...] [LIBRARIES <third-party target>...])
function(countersign_module name)
  cmake_parse_arguments(arg "" "LEVEL" "USES;LIBRARIES" ${ARGN})
  countersign_check_level(${name} ${arg_LEVEL} ${arg_USES})

  # CONFIGURE_DEPENDS: a new file needs no edit here; the folder is the list.
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc ${PROJECT_SOURCE_DIR}/src/${name}/*/*.cc)
  list(TRANSFORM arg_USES PREPEND countersign_ OUTPUT_VARIABLE used_targets)
  if(sources)
    add_library(countersign_${name} STATIC ${sources})
    target_include_directories(countersign_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(countersign_${name} PRIVATE countersign_warnings ${used_targets} ${arg_LIBRARIES})
    add_dependencies(countersign_${name} countersign_layers)
  else()  # headers only, like the ports of store
    add_library(countersign_${name} INTERFACE)
    target_include_directories(countersign_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(countersign_${name} INTERFACE ${used_targets} ${arg_LIBRARIES})
  endif()
  set_property(GLOBAL PROPERTY countersign_links_${name} ${used_targets} ${arg_LIBRARIES} countersign_warnings)
endfunction()

# Calls only go down: a module uses lower levels, which are declared above it.
function(countersign_check_level name level)
  foreach(used IN LISTS ARGN)
    get_property(used_level GLOBAL PROPERTY countersign_level_${used})
    if("${used_level}" STREQUAL "")
      message(FATAL_ERROR "module ${name} uses ${used}, which is not declared above it")
    endif()
    if(NOT used_level LESS level)
      message(FATAL_ERROR "module ${name} (level ${level}) uses ${used} (level ${used_level}): calls only go down")
    endif()
  endforeach()
  string(JOIN "," uses ${name} ${ARGN})
  set_property(GLOBAL PROPERTY countersign_level_${name} ${level})
  set_property(GLOBAL APPEND PROPERTY countersign_layers "${name}:${level}:${uses}")
endfunction()

# These modules are compiled for size in a release build: a third smaller, and the pages of them that a start
# touches stay in memory. Every check that -O2 brings (_FORTIFY_SOURCE, assertions, protected stacks) stays.
function(countersign_prefer_small)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    foreach(name IN LISTS ARGN)
      target_compile_options(countersign_${name} PRIVATE -Os)
    endforeach()
  endif()
endfunction()

# Call once, after the last module.
function(countersign_layer_check)
  get_property(layers GLOBAL PROPERTY countersign_layers)
  string(REPLACE ";" "\n" text "${layers}")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/layers.txt CONTENT "${text}\n" @ONLY)

  # The stamp lets a build with nothing to do skip the check; any changed, new or removed file runs it.
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.h ${PROJECT_SOURCE_DIR}/src/*.cc)
  set(script ${PROJECT_SOURCE_DIR}/cmake/layers.cmake)
  add_custom_command(
    OUTPUT ${PROJECT_BINARY_DIR}/layers.stamp
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR}/src -D LAYERS=${PROJECT_BINARY_DIR}/layers.txt -P ${script}
    COMMAND ${CMAKE_COMMAND} -E touch ${PROJECT_BINARY_DIR}/layers.stamp
    DEPENDS ${files} ${script} ${PROJECT_BINARY_DIR}/layers.txt
    COMMENT "Checking the layers"
    VERBATIM)
  add_custom_target(countersign_layers ALL DEPENDS ${PROJECT_BINARY_DIR}/layers.stamp)
  cmake_language(DEFER DIRECTORY ${PROJECT_SOURCE_DIR} CALL countersign_check_links)
endfunction()

# A link that was added behind the table's back (target_link_libraries somewhere else) stops the configuration.
function(countersign_check_links)
  get_property(layers GLOBAL PROPERTY countersign_layers)
  foreach(layer IN LISTS layers)
    string(REGEX REPLACE ":.*" "" name ${layer})
    get_property(allowed GLOBAL PROPERTY countersign_links_${name})
    get_target_property(linked countersign_${name} LINK_LIBRARIES)
    get_target_property(passed_on countersign_${name} INTERFACE_LINK_LIBRARIES)
    foreach(library IN LISTS linked passed_on)
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
      # "::@(...)" marks a link made from another folder; NOTFOUND is an empty list.
      if(library AND NOT library MATCHES "^::@" AND NOT library IN_LIST allowed)
        message(NOTICE "module ${name} links ${library}, but its line in CMakeLists.txt lists only: ${allowed}")
        message(FATAL_ERROR "the layers are broken")
      endif()
    endforeach()
  endforeach()
endfunction()

# The layer check: reads every file under src/ and fails on what the layer table does not allow.
# Run as a script:  cmake -D SOURCE=src -D LAYERS=build/layers.txt -P cmake/layers.cmake
#
# LAYERS has one line per module: name:level:name,used,used. More rules stand here because the build is the
# only place that cannot be forgotten: where a third-party header may be included, where JSON text is parsed
# or dumped, who may look into a Secret, and who may catch everything. It reads text with the // comments
# taken out, so it stops mistakes, not somebody who hides a call behind a macro.
cmake_policy(SET CMP0057 NEW)

# header prefix|file or module that may include it (a slow or dangerous header lives in one source file)
set(homes
  "pistache/|http/edge.cc"
  "boost/|http/framing.cc"
  "curl/|http/curl_library.h"
  "ctemplate/|web/template_engine.cc"
  "SQLiteCpp/|sql"
  "sqlite3.h|sql"
  "sodium|crypto"
  "openssl/|crypto"
  "cjose/|crypto"
  "spdlog/|app/log.cc"
  "toml++/|app/config_file.cc"
  "CLI/|app/command_line.cc"
  "zxcvbn.h|identity/password_rules.cc"
  "prometheus/|app/metrics.cc")

# Who may call Secret::reveal(): DESIGN's third invariant.
set(revealers "vault/ oauth/ gateway/ crypto/ http/client.cc web/show_once.cc app/ready_file.cc app/client_files.cc base/secret.h base/secret.cc identity/password_rules.cc")
# Who may catch (...): docs/errors.md says why each does.
set(catchers "main.cc http/guard.cc http/edge.cc http/worker_pool.cc app/jobs.cc sql/writer.cc")

set(problems "")
macro(problem text)
  list(APPEND problems "src/${file}: ${text}")
endmacro()

# True in `result` when `file` is in the list, which names files and folders.
function(is_listed file list result)
  string(REGEX REPLACE "[^/]+$" "" folder ${file})
  separate_arguments(list)
  set(${result} OFF PARENT_SCOPE)
  if(file IN_LIST list OR (folder AND folder IN_LIST list))
    set(${result} ON PARENT_SCOPE)
  endif()
endfunction()

macro(check_own_include path)
  if("${path}" MATCHES "\\.\\.|^[^/]*$")
    problem("include \"${path}\" must name its module (\"module/file.h\")")
  elseif("${path}" MATCHES "^([^/]+)/" AND NOT CMAKE_MATCH_1 IN_LIST allowed_${module})
    string(REPLACE ";" " " allowed "${allowed_${module}}")
    problem("includes ${path}, but ${module} may use only: ${allowed}")
  endif()
endmacro()

macro(check_library_include path)
  foreach(home IN LISTS homes)
    string(REGEX MATCH "^(.+)\\|(.+)$" _ "${home}")
    set(prefix "${CMAKE_MATCH_1}")
    set(place "${CMAKE_MATCH_2}")
    string(FIND "${path}" "${prefix}" at)
    if(at EQUAL 0 AND NOT module STREQUAL place AND NOT file STREQUAL place)
      problem("includes <${path}>, which belongs to ${place} alone")
    endif()
  endforeach()
  if("${path}" STREQUAL "nlohmann/json.hpp" AND file MATCHES "\\.h$")
    problem("includes <${path}>; a header takes base/json.h (the full one costs every file that includes it)")
  endif()
endmacro()

macro(check_text)
  file(READ ${SOURCE}/${file} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  if(text MATCHES "[.:>][ \t\n]*reveal([^A-Za-z0-9_]|$)")
    is_listed(${file} "${revealers}" listed)
    if(NOT listed)
      problem("calls reveal(), which only these may: ${revealers}")
    endif()
  endif()
  if(text MATCHES "[Jj]son::(parse|accept|sax_parse|from_|to_)|[.>]dump\\(|\"_json" AND NOT file STREQUAL "base/json.cc")
    problem("parses or dumps JSON, which only base/json.cc may: call parse_json or dump_json of base/json.h")
  endif()
  if(text MATCHES "catch[ \t\n]*\\([ \t\n]*\\.\\.\\.")
    is_listed(${file} "${catchers}" listed)
    if(NOT listed)
      problem("has catch (...), which only these may: ${catchers}")
    endif()
  endif()
endmacro()

file(STRINGS ${LAYERS} lines)
foreach(line IN LISTS lines)
  if(line MATCHES "^([a-z]+):[0-9]+:(.+)$")
    set(module ${CMAKE_MATCH_1})
    string(REPLACE "," ";" allowed_${module} "${CMAKE_MATCH_2}")
    list(APPEND modules ${module})
  endif()
endforeach()

file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/*.h ${SOURCE}/*.cc)
foreach(file IN LISTS files)
  string(REGEX MATCH "^[^/]+" module ${file})
  if(file STREQUAL "main.cc")
    set(module app)
  endif()
  if(NOT module IN_LIST modules)
    problem("${module} is not a module of CMakeLists.txt")
    continue()
  endif()
  file(STRINGS ${SOURCE}/${file} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(include IN LISTS includes)
    if(include MATCHES "include[ \t]*\"([^\"]*)\"")
      check_own_include("${CMAKE_MATCH_1}")
    elseif(include MATCHES "include[ \t]*<(([^>/]*)[^>]*)>")
      if(CMAKE_MATCH_2 IN_LIST modules)
        check_own_include("${CMAKE_MATCH_1}")
      else()
        check_library_include("${CMAKE_MATCH_1}")
      endif()
    else()
      problem("has an #include that names no file")
    endif()
  endforeach()
  check_text()
endforeach()

if(problems)
  string(REPLACE ";" "\n" problems "${problems}")
  message(NOTICE "${problems}")  # NOTICE keeps the lines whole, FATAL_ERROR would wrap them
  message(FATAL_ERROR "the layers are broken")
endif()

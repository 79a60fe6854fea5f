# countersign_embed(<target> <name> <folder>): puts every file of a folder into the program, so that one
# binary is all there is to install. Whoever reads them declares the table that cmake/embed.cmake writes:
#   namespace countersign::embedded { std::span<const EmbeddedFile> <name>(); }
include_guard()

function(countersign_embed target name folder)
  file(GLOB files LIST_DIRECTORIES false CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*)
  set(out ${PROJECT_BINARY_DIR}/embedded/${name})
  string(REPLACE ";" "," list "${files}")  # on the command line, so that a removed file is noticed
  add_custom_command(
    OUTPUT ${out}.S ${out}.cc
    COMMAND ${CMAKE_COMMAND} -D NAME=${name} -D FILES=${list} -D OUT=${out}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Embedding ${folder}"
    VERBATIM)
  target_sources(${target} PRIVATE ${out}.S ${out}.cc)
endfunction()

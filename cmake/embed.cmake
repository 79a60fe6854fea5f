# From FILES (paths, comma between) writes OUT.S (one .incbin each) and OUT.cc, the table of names and sizes:
# std::span<const EmbeddedFile> embedded::NAME(). Hidden files are left out.
string(REPLACE "," ";" files "${FILES}")
set(assembly ".section .rodata\n")
set(declarations "")
set(rows "")
set(n 0)
foreach(file IN LISTS files)
  get_filename_component(leaf ${file} NAME)
  if(leaf MATCHES "^\\.")
    continue()
  endif()
  file(SIZE ${file} size)
  set(symbol embedded_${NAME}_${n})
  string(APPEND assembly ".global ${symbol}\n.hidden ${symbol}\n${symbol}:\n.incbin \"${file}\"\n.byte 0\n")
  string(APPEND declarations "extern const char ${symbol}[];\n")
  string(APPEND rows "      {\"${leaf}\", {${symbol}, ${size}}},\n")
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")
file(WRITE ${OUT}.S "${assembly}")
file(WRITE ${OUT}.cc "// Written by cmake/embed.cmake.
#include \"base/embedded_file.h\"

#include <array>
#include <span>

extern \"C\" {
${declarations}}

namespace countersign::embedded {
std::span<const EmbeddedFile> ${NAME}();
std::span<const EmbeddedFile> ${NAME}() {
  static const std::array<EmbeddedFile, ${n}> files = {{
${rows}  }};
  return files;
}
}  // namespace countersign::embedded
")

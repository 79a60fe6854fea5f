#!/bin/sh
# The build refuses what the layer table does not allow: each rule is broken once in a copy of the tree, and
# the build of that copy must fail, before anything compiles, with a message that names the file and the rule.
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r CMakeLists.txt cmake src "$copy"
failed=0

configure() { cmake -S "$copy" -B "$copy/build" -G Ninja -DCOUNTERSIGN_TESTS=OFF >"$copy/log" 2>&1; }
build() { cmake --build "$copy/build" --target "$1" >"$copy/log" 2>&1; }

# expect <what was planted> <words the message must hold>...      after a command that must have failed
expect() {
  planted=$1
  shift
  for words in "$@"; do
    grep -qF -- "$words" "$copy/log" || { echo "FAILED $planted: the output does not say: $words"; cat "$copy/log"; failed=1; }
  done
  if grep -q 'Building CXX' "$copy/log"; then echo "FAILED $planted: something was compiled first"; failed=1; fi
}

# refuse <file under src/> <line to add> <words of the message>...
refuse() {
  file=$copy/src/$1
  line=$2
  shift 2
  mkdir -p "$(dirname "$file")"
  if [ -e "$file" ]; then cp "$file" "$copy/before"; else rm -f "$copy/before"; fi
  printf '%s\n' "$line" >>"$file"
  if build countersign_domain; then echo "FAILED: the build accepts $line"; failed=1; else expect "$line" "$@"; fi
  if [ -e "$copy/before" ]; then cp "$copy/before" "$file"; else rm "$file"; fi
}

configure && build countersign_layers || { echo "FAILED: the tree as it is does not pass"; cat "$copy/log"; exit 1; }

allowed="domain may use only: domain base"
refuse domain/handoff.h '#include "vault/vault.h"' "src/domain/handoff.h: includes vault/vault.h" "$allowed"
refuse domain/planted.cc '  #  include "http/message.h"' "src/domain/planted.cc: includes http/message.h" "$allowed"
refuse domain/planted.cc '#include <vault/vault.h>' "src/domain/planted.cc: includes vault/vault.h" "$allowed"
refuse domain/planted.cc '#include "base/../vault/vault.h"' "src/domain/planted.cc: include" "must name its module"
refuse domain/planted.cc '#include "handoff.h"' "src/domain/planted.cc: include" "must name its module"
refuse domain/planted.cc '#include HEADER' "src/domain/planted.cc: has an #include that names no file"
refuse web/planted.cc '#include "store/store.h"' "src/web/planted.cc: includes store/store.h" "web may use only: web base"
refuse utils/planted.cc '// empty' "src/utils/planted.cc: utils is not a module"
refuse http/router.cc '#include <pistache/http.h>' "src/http/router.cc: includes <pistache/http.h>" "http/edge.cc alone"
refuse vault/planted.cc '#include <sodium.h>' "src/vault/planted.cc: includes <sodium.h>" "belongs to crypto alone"
refuse mcp/planted.h '#include <nlohmann/json.hpp>' "src/mcp/planted.h: includes <nlohmann/json.hpp>" "base/json.h"
revealers="only these may: vault/ oauth/ gateway/ crypto/ http/client.cc web/show_once.cc app/ready_file.cc"
refuse domain/planted.cc 'auto leak(const Secret& s) { return s.reveal(); }' "src/domain/planted.cc: calls reveal()" "$revealers"
refuse web/planted.cc 'auto leak = &Secret::reveal;' "src/web/planted.cc: calls reveal()" "$revealers"
refuse web/planted.cc 'auto v = nlohmann::json::parse(text);' "src/web/planted.cc: parses or dumps JSON" "base/json.cc"
refuse web/planted.cc 'auto v = body.dump();' "src/web/planted.cc: parses or dumps JSON" "base/json.cc"
refuse web/planted.cc 'void f() { try { g(); } catch (...) {} }' "src/web/planted.cc: has catch (...)" "only these may: main.cc"
build countersign_layers || { echo "FAILED: the copy does not pass after the planted lines are gone"; cat "$copy/log"; failed=1; }

# refuse_link <line for CMakeLists.txt> <words of the message>...
refuse_link() {
  line=$1
  shift
  cp "$copy/CMakeLists.txt" "$copy/before"
  printf '%s\n' "$line" >>"$copy/CMakeLists.txt"
  if configure; then echo "FAILED: the configuration accepts $line"; failed=1; else expect "$line" "$@"; fi
  cp "$copy/before" "$copy/CMakeLists.txt"
}

listed="module domain links countersign_vault, but its line in CMakeLists.txt lists only: countersign_base"
refuse_link 'target_link_libraries(countersign_domain PRIVATE countersign_vault)' "$listed"
refuse_link 'target_link_libraries(countersign_domain PUBLIC countersign_vault)' "$listed"
refuse_link 'target_link_libraries(countersign_domain INTERFACE countersign_vault)' "$listed"
refuse_link 'target_link_libraries(countersign_domain PRIVATE PkgConfig::pistache)' "module domain links PkgConfig::pistache"
refuse_link 'countersign_module(planted LEVEL 1 USES vault)' "module planted (level 1) uses vault (level 3): calls only go"
refuse_link 'countersign_module(planted LEVEL 9 USES nowhere)' "module planted uses nowhere, which is not declared"

exit $failed

#!/bin/sh
# The table of docs/ARCHITECTURE.md says the same as CMakeLists.txt: level, name and uses of every module.
#   module_table_test.sh <build>/layers.txt
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "crypto:1:crypto,base" becomes "1 crypto: base"
sed -n 's/^\([a-z]*\):\([0-9]*\):[a-z]*,*\(.*\)$/\2 \1: \3/p' "$1" | tr , ' ' >"$work/build"
# "| 1 | `crypto` | what it owns | base |" becomes the same
sed -n 's/^| *\([0-9]\{1,\}\) *| *`\([a-z]*\)` *|.*| *\([^|]*[^| ]\) *|$/\1 \2: \3/p' docs/ARCHITECTURE.md | sed 's/–$//' >"$work/page"

test -s "$work/build"
diff -u --label CMakeLists.txt --label docs/ARCHITECTURE.md "$work/build" "$work/page"

#!/bin/sh
# Every test that tests/abuse/cases.md names exists.   abuse_cases_test.sh SOURCE_DIR
set -eu
cd "$1"

missing=0
for name in $(grep -o '`[^`]*`' tests/abuse/cases.md | tr -d '`'); do
  case $name in
    tests/structure/*) continue ;;
    tests/*) [ -e "$name" ] || { echo "cases.md names $name, which does not exist"; missing=1; } ;;
    *.*)
      suite=${name%%.*}
      test=${name#*.}
      grep -rqE "TEST(_F|_P)?\($suite,[[:space:]]*$test\)" tests || { echo "cases.md names $name, which does not exist"; missing=1; }
      ;;
  esac
done
exit $missing

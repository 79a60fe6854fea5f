#!/bin/sh
# Every test that tests/abuse/cases.md and tests/abuse/oauth_statements.md name exists; the second has a row for every
# statement, and each row a test or the words "not built".   abuse_cases_test.sh SOURCE_DIR
set -eu
cd "$1"

missing=0
complain() {
  echo "$1"
  missing=1
}

for table in cases oauth_statements; do
  for name in $(grep -o '`[^`]*`' tests/abuse/$table.md | tr -d '`'); do
    case $name in
      tests/structure/*) continue ;;
      tests/*) [ -e "$name" ] || complain "$table.md names $name, which does not exist" ;;
      *.*)
        suite=${name%%.*}
        test=${name#*.}
        grep -rqE "TEST(_F|_P)?\($suite,[[:space:]]*$test\)" --include='*.cc' tests ||
          complain "$table.md names $name, which does not exist"
        ;;
    esac
  done
done

for group in A:11 B:8 C:6 D:5 E:6 F:4 G:10; do
  for number in $(seq 1 "${group#*:}"); do
    statement=${group%:*}$number
    row=$(grep "^| $statement |" tests/abuse/oauth_statements.md || true)
    [ "$(printf '%s\n' "$row" | grep -c '^|')" = 1 ] || complain "oauth_statements.md has no row, or two, for $statement"
    printf '%s\n' "$row" | grep -qE '`[A-Za-z0-9_]+\.[A-Za-z0-9_]+`|not built: [a-z]' ||
      complain "oauth_statements.md: $statement has neither a test nor a reason"
  done
done
exit $missing

#!/bin/sh
# Every page template escapes by default and holds nothing that the content security policy forbids.
#   templates_test.sh <folder>
set -eu
failed=0

refuse() {
  if found=$(grep -nHiP -- "$2" "$1"); then echo "$found"; echo "FAILED: $1 $3"; failed=1; fi
}

set -- "$1"/*
[ -e "$1" ] || { echo "FAILED: no templates found"; exit 1; }
for file in "$@"; do
  case $(head -c 30 "$file") in
    '{{%AUTOESCAPE context="HTML"}}') ;;
    *) echo "FAILED: $file must begin with {{%AUTOESCAPE context=\"HTML\"}}"; failed=1 ;;
  esac
  refuse "$file" '<script(?![^>]*\ssrc=)' 'has an inline script'
  refuse "$file" '<script[^>]*>\s*[^<\s]' 'has a script with a body'
  refuse "$file" '<style\b' 'has a style element'
  refuse "$file" '\sstyle\s*=' 'has a style attribute'
  refuse "$file" '\son[a-z]+\s*=' 'has an event handler attribute'
  refuse "$file" 'javascript:|data:text|srcdoc' 'has a URL that runs code'
  refuse "$file" '(src|href|action|poster|content)\s*=\s*"?\s*(https?:)?//' 'names another site'
  refuse "$file" ':none\b|:raw\b' 'turns the escaping off'
done
exit $failed

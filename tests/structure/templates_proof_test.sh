#!/bin/sh
# The template check finds each thing that it is there for.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check="sh $(dirname "$0")/templates_test.sh $work"
failed=0

good='{{%AUTOESCAPE context="HTML"}}
<a href="/x">{{NAME}}</a><script src="/static/a.js" defer></script>'
printf '%s\n' "$good" >"$work/page"
$check || { echo "FAILED: a good page is refused"; failed=1; }

while read -r bad; do
  printf '%s\n%s\n' "$good" "$bad" >"$work/page"
  if $check >"$work.log"; then echo "FAILED: accepted: $bad"; failed=1; fi
done <<'END'
<script>alert(1)</script>
<script src="/a.js">alert(1)</script>
<style>p { color: red }</style>
<p style="color: red">
<p STYLE = "color: red">
<button onclick="go()">
<a href="javascript:go()">
<img src="https://elsewhere.example/x.png">
<link href="//elsewhere.example/x.css">
{{NAME:none}}
END
printf '<p>{{NAME}}</p>\n' >"$work/page"
if $check >"$work.log"; then echo "FAILED: accepted a page without AUTOESCAPE"; failed=1; fi
rm -f "$work.log"
exit $failed

#!/bin/sh
# The lock file pins every package by hash and names no registry: whoever installs uses their own.
#   lock_file_test.sh <package-lock.json>
set -eu
if grep -nE '"resolved"|https?://[^"]*\.tgz' "$1"; then
  echo "FAILED: remove these; tests/e2e/.npmrc keeps npm from writing them"
  exit 1
fi
packages=$(grep -c '^    "node_modules/' "$1")
hashes=$(grep -c '^      "integrity": "sha512-' "$1")
[ "$packages" -gt 0 ] && [ "$packages" -eq "$hashes" ] || { echo "FAILED: $packages packages, $hashes hashes"; exit 1; }

#!/bin/sh
# What the deb and rpm packages hold compressed, as those systems have it:
# the man pages and the changelog, into bin/staged. The same input gives the
# same bytes.
set -eu
cd "$(dirname "$0")/.."

rm -rf bin/staged
mkdir -p bin/staged/man1
for page in share/man/man1/*.1; do
	gzip -9nc "$page" >"bin/staged/man1/${page##*/}.gz"
done
gzip -9nc CHANGELOG.md >bin/staged/CHANGELOG.md.gz

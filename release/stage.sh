#!/bin/sh
# What artefacts hold and nothing else makes, into bin/staged: the licences of
# what is linked into the programs, and, compressed as Linux systems have them,
# the man pages and the changelog. The same input gives the same bytes.
set -eu
cd "$(dirname "$0")/.."

rm -rf bin/staged
mkdir -p bin/staged/man1
for page in share/man/man1/*.1; do
	gzip -9nc "$page" >"bin/staged/man1/${page##*/}.gz"
done
sh release/notices.sh >bin/staged/THIRD_PARTY_NOTICES
gzip -9nc CHANGELOG.md >bin/staged/CHANGELOG.md.gz

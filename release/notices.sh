#!/bin/sh
# Prints the licences of what is linked into the programs, on any system that a
# release is for: the Go standard library, and each module with every licence
# and notice between its folder and the packages that are used of it.
set -eu
cd "$(dirname "$0")/.."

packages=$(sed 's,^\([^ ]*\).*,./cmd/\1,' pkg/cli/programs.txt)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

heading() {
	printf '%s\n%s\n%s\n\n' ------------------------------------------------------------------------ "$1" \
		------------------------------------------------------------------------
}

for os in linux darwin windows; do
	for arch in amd64 arm64; do
		# shellcheck disable=SC2086 # one word each
		GOOS=$os GOARCH=$arch CGO_ENABLED=0 go list -deps \
			-f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}|{{.Dir}}|{{$.Dir}}{{end}}{{end}}' $packages ./pkg/idctest/idc
	done
done | sed '/^$/d' | LC_ALL=C sort -u >"$work/used"
[ -s "$work/used" ]

echo 'aws-sso-plugins is licensed under the Apache License 2.0; see LICENSE. It contains:'
echo
heading "The Go standard library"
cat "$(go env GOROOT)/LICENSE"

# Each file once, by the module that it is of.
while IFS='|' read -r module root dir; do
	while :; do
		for file in "$dir"/LICEN[CS]E* "$dir"/COPYING* "$dir"/NOTICE*; do
			[ ! -f "$file" ] || echo "$module|$file"
		done
		[ "$dir" != "$root" ] || break
		dir=$(dirname "$dir")
	done
done <"$work/used" | LC_ALL=C sort -u >"$work/licences"

cut -d'|' -f1 "$work/used" | uniq | while read -r module; do
	echo
	heading "$module"
	grep "^$module|" "$work/licences" >"$work/own" || {
		echo "notices.sh: error: $module has no licence" >&2
		exit 1
	}
	while IFS='|' read -r module file; do
		cat "$file"
		echo
	done <"$work/own"
done

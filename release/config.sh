#!/bin/sh
# Prints release/goreleaser.yaml with what is the same for every program written
# out for each of pkg/cli/programs.txt.
set -eu
cd "$(dirname "$0")/.."

awk '
	FNR == NR {
		name[++count] = $1
		sub(/^[^ ]+ +/, "")
		purpose[count] = $0
		next
	}
	$1 == "#" && $2 == "each" { block = ""; inside = 1; next }
	inside && $1 == "#" && $2 == "end" {
		for (i = 1; i <= count; i++) {
			text = block
			plugin = name[i]
			gsub(/-/, "_", plugin)
			gsub(/PROGRAM/, name[i], text)
			gsub(/PLUGIN/, plugin, text)
			gsub(/PURPOSE/, purpose[i], text)
			printf "%s", text
		}
		inside = 0
		next
	}
	inside { block = block $0 "\n"; next }
	{ print }
' pkg/cli/programs.txt release/goreleaser.yaml

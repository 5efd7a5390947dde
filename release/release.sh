#!/bin/sh
# Builds a release into dist with goreleaser and cyclonedx-gomod, which are on
# the PATH:
#
#   release.sh snapshot   tries it: nothing is published, and no network is needed
#   release.sh publish    publishes the tag at HEAD; wants REPOSITORY=OWNER/NAME,
#                         GITHUB_TOKEN and an entry for the tag in CHANGELOG.md
set -eu
cd "$(dirname "$0")/.."

usage() {
	echo 'usage: release.sh snapshot|publish' >&2
	exit 2
}

stop() {
	echo "release.sh: error: $1" >&2
	exit 1
}

# The entry of CHANGELOG.md for a version, without its heading.
entry() {
	awk -v version="$1" '/^## / { inside = ($2 == version); next } inside' CHANGELOG.md
}

[ $# = 1 ] || usage
case $1 in
snapshot)
	REPOSITORY=${REPOSITORY:-OWNER/aws-sso-plugins}
	set -- --snapshot
	;;
publish)
	case ${REPOSITORY:-} in
	?*/?*) ;;
	*) stop 'where is this published? set REPOSITORY=OWNER/NAME' ;;
	esac
	[ -n "${GITHUB_TOKEN:-}" ] || stop "GITHUB_TOKEN is not set; it has to write to $REPOSITORY and to ${REPOSITORY%%/*}/homebrew-tap"
	tag=$(git describe --exact-match --tags HEAD 2>/dev/null) || stop 'HEAD has no tag; first: git tag -s vX.Y.Z'
	notes=$(mktemp)
	trap 'rm -f "$notes"' EXIT
	entry "${tag#v}" >"$notes"
	grep -q . "$notes" || stop "CHANGELOG.md has no entry \"## ${tag#v}\""
	set -- --release-notes "$notes"
	;;
*) usage ;;
esac
export REPOSITORY REPOSITORY_OWNER="${REPOSITORY%%/*}" REPOSITORY_NAME="${REPOSITORY#*/}"

# One build after the other, so that archives list their files in one order.
mkdir -p bin
sh release/config.sh >bin/goreleaser.yaml
goreleaser release --config bin/goreleaser.yaml --clean --parallelism 1 "$@"

said() { # KEY of dist/metadata.json
	sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" dist/metadata.json
}
sh release/krew.sh "$(said version)" "$(said tag)"
echo 'built into dist: archives, deb, rpm, SBOMs, checksums.txt, homebrew/Casks and krew manifests'

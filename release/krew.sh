#!/bin/sh
# Writes the manifests by which krew installs the programs as plugins of kubectl,
# dist/krew/NAME.yaml, from the checksums of the archives in dist. All of them
# point at the same archives: goreleaser's own krew support wants one archive
# for each binary. Usage: krew.sh VERSION TAG, with REPOSITORY=OWNER/NAME.
set -eu
cd "$(dirname "$0")/../dist"

version=$1 tag=$2

platform() { # NAME OS ARCH ARCHIVE-ENDING BINARY-ENDING
	archive=aws-sso-plugins_${version}_$2_$3$4
	sum=$(sed -n "s/  $archive\$//p" checksums.txt)
	if [ -z "$sum" ]; then
		echo "krew.sh: checksums.txt has no $archive" >&2
		exit 1
	fi
	cat <<-EOF
		    - selector:
		        matchLabels:
		          os: $2
		          arch: $3
		      uri: https://github.com/$REPOSITORY/releases/download/$tag/$archive
		      sha256: $sum
		      files:
		        - from: $1$5
		          to: .
		        - from: LICENSE
		          to: .
		        - from: THIRD_PARTY_NOTICES
		          to: .
		      bin: $1$5
	EOF
}

manifest() { # NAME SHORT-DESCRIPTION DESCRIPTION
	underscored=$(echo "$1" | tr - _)
	cat <<-EOF
		apiVersion: krew.googlecontainertools.github.com/v1alpha2
		kind: Plugin
		metadata:
		  name: $1
		spec:
		  version: v$version
		  homepage: https://github.com/$REPOSITORY
		  shortDescription: $2
		  description: |
		    $3
		  caveats: |
		    For completion of kubectl $1:
		    ln -s kubectl-$underscored ~/.krew/bin/kubectl_complete-$underscored
		  platforms:
	EOF
	for arch in amd64 arm64; do
		platform "$1" linux $arch .tar.gz ''
		platform "$1" darwin $arch .tar.gz ''
		platform "$1" windows $arch .zip .exe
	done
}

mkdir -p krew
while read -r name purpose; do
	manifest "$name" "${purpose%%:*}" "$purpose" >"krew/$name.yaml"
done <../pkg/cli/programs.txt

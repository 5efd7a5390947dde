#!/bin/bash
# Holds what make snapshot left in dist against what a release must be. The deb
# is installed and removed: by root on this very system, by anyone else below a
# folder of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -f dist/checksums.txt ]; then
	echo 'check.sh: error: there is nothing to check; first: make snapshot' >&2
	exit 1
fi
cd dist

version=$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' metadata.json)
programs=$(cut -d' ' -f1 ../pkg/cli/programs.txt)
count=$(wc -w <<<"$programs")
all="$programs idctest" # which is no plugin of kubectl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stop() {
	echo "check.sh: error: $1" >&2
	exit 1
}

# What goes with the binaries, below share/.
shared() {
	for name in $all; do
		echo "man/man1/$name.1"
		echo "bash-completion/completions/$name"
		echo "fish/vendor_completions.d/$name.fish"
		echo "zsh/site-functions/_$name"
	done
	echo aws-sso-plugins/aws-alias
}

checksums() {
	sha256sum --quiet -c checksums.txt
	for file in *.tar.gz *.zip *.deb *.rpm *.cdx.json; do
		grep -q "  $file\$" checksums.txt || stop "checksums.txt has no $file"
	done
	echo "checksums: $(wc -l <checksums.txt) files"
}

archive() { # OS ARCH
	local name=aws-sso-plugins_${version}_$1_$2 exe='' dir=$work/$1-$2
	mkdir "$dir"
	if [ "$1" = windows ]; then
		exe=.exe
		unzip -q "$name.zip" -d "$dir"
	else
		tar -xzf "$name.tar.gz" -C "$dir"
	fi
	{
		printf '%s\n' CHANGELOG.md LICENSE README.md SECURITY.md THIRD_PARTY_NOTICES docs/first-run.svg docs/first-run.txt
		for program in $all; do echo "$program$exe"; done
		shared | sed 's,^,share/,'
	} | sort >"$work/wanted"
	(cd "$dir" && find . -type f | sed 's,^\./,,' | sort) >"$work/found"
	diff "$work/wanted" "$work/found" || stop "$name does not hold what it should"
	for program in $all; do
		grep -qa "$version" "$dir/$program$exe" || stop "$program of $name does not know its version"
		bill "${program}_${version}_$1_$2.cdx.json" "$program"
		go version -m "$dir/$program$exe" | awk '$1 == "dep" { print $2, $3 }' | while read -r module; do
			grep -qx "$module" "$dir/THIRD_PARTY_NOTICES" || stop "THIRD_PARTY_NOTICES of $name has no licence of $module, which is in $program"
		done
	done
	[ "$1" = windows ] || [ -x "$dir/sso-login" ] || stop "sso-login of $name cannot be run"
	echo "archive: $name"
}

bill() { # FILE PROGRAM
	grep -q '"bomFormat": "CycloneDX"' "$1" || stop "$1 is no bill of materials"
	set -- "$1" "cmd/$2" pkg:golang/github.com/aws/aws-sdk-go-v2@
	# it links the standard library alone
	[ "$2" != cmd/idctest ] || set -- "$1" pkg/idctest/idc
	for part in "pkg:golang/aws-sso-plugins@$version.*#$2\"" ${3:-} pkg:golang/std@; do
		grep -q "$part" "$1" || stop "$1 does not name $part"
	done
}

stamped() {
	local dir
	dir=$work/$(go env GOHOSTOS)-$(go env GOHOSTARCH)
	for program in $all; do
		[ "$("$dir/$program" --version)" = "$program $version" ] || stop "$program --version is not $version"
	done
	echo "version: $version"
}

krew() {
	for program in $programs; do
		[ "$(grep -c '^    - selector:' "krew/$program.yaml")" = 6 ] || stop "the krew manifest of $program is not for six platforms"
		sed -n 's/^      sha256: //p' "krew/$program.yaml" | while read -r sum; do
			grep -q "^$sum  " checksums.txt || stop "the krew manifest of $program has a checksum of nothing"
		done
	done
	echo "krew: $count manifests"
}

cask() {
	local cask=homebrew/Casks/aws-sso-plugins.rb
	tar -tzf "aws-sso-plugins_${version}_darwin_arm64.tar.gz" >"$work/listing"
	sed -n 's/^  \(binary\|manpage\|bash_completion\|zsh_completion\|fish_completion\) "\([^"]*\)".*/\2/p' "$cask" >"$work/named"
	[ "$(sort -u "$work/named" | wc -l)" = $((5 * count + 5)) ] || stop "$cask does not name $((count + 1)) binaries, and a man page and the completion of three shells for each"
	while read -r path; do
		grep -qx "$path" "$work/listing" || stop "$cask names $path, which is not in the archive"
	done <"$work/named"
	if command -v ruby >/dev/null; then ruby -c "$cask" >/dev/null; fi
	echo "cask: $cask"
}

# On the system itself if root is empty, else below that folder.
run_dpkg() { # ARGUMENT...
	# Images for containers leave out documentation unless told otherwise.
	set -- --path-include='/usr/share/*' "$@"
	if [ -n "$root" ]; then
		mkdir -p "$root/var/lib/dpkg"/{info,updates}
		touch "$root/var/lib/dpkg"/{status,available}
		dpkg --root="$root" --force-not-root --force-script-chrootless --log=/dev/null "$@" >/dev/null
	else
		for _ in {1..60}; do
			if dpkg "$@" >/dev/null 2>"$work/dpkg"; then return; fi
			grep -q 'lock was locked' "$work/dpkg" || break
			sleep 1 # another package is being installed
		done
		cat "$work/dpkg" >&2
		return 1
	fi
}

deb() {
	local package
	root=$work/root
	if ! command -v dpkg >/dev/null; then
		echo 'deb: not installed, there is no dpkg here'
		return
	fi
	package=aws-sso-plugins_${version}_linux_$(dpkg --print-architecture).deb
	[ "$(dpkg-deb -I "$package" | grep -c '^ .* \(preinst\|postinst\|prerm\|postrm\)')" = 0 ] || stop "$package runs scripts"
	if [ "$(id -u)" = 0 ]; then
		root=
		if dpkg -s aws-sso-plugins >/dev/null 2>&1; then stop 'aws-sso-plugins is installed here; to check the new one, first: dpkg -P aws-sso-plugins'; fi
	fi
	dpkg-deb -c "$package" | sed 's/ -> .*//; s/.* \.\(\/.*[^/]\)\/*$/\1/' >"$work/paths"
	while read -r path; do
		if [ ! -e "$root$path" ]; then echo "$path"; fi
	done <"$work/paths" >"$work/new"

	run_dpkg -i "$package"
	# Whatever comes now, it is taken away again.
	trap 'run_dpkg -P aws-sso-plugins; rm -rf "$work"' EXIT
	for program in $all; do
		[ "$("$root/usr/bin/$program" --version)" = "$program $version" ] || stop "the $program installed is not $version"
		bash -c '. "$1" && complete -p "$2"' - "$root/usr/share/bash-completion/completions/$program" "$program" >/dev/null || stop "bash does not complete $program"
		gzip -dc "$root/usr/share/man/man1/$program.1.gz" | cmp -s - "$work/linux-amd64/share/man/man1/$program.1" || stop "the man page of $program is not that of the archive"
		if command -v man >/dev/null; then man -M "$root/usr/share/man" -w "$program" >/dev/null || stop "man does not find $program"; fi
	done
	for program in $programs; do
		[ "$("$root/usr/bin/kubectl-${program/-/_}" --version)" = "$program $version" ] || stop "kubectl $program does not work"
		[ "$("$root/usr/bin/kubectl_complete-${program/-/_}" --vers | cut -f1)" = "--version"$'\n:4' ] || stop "kubectl $program does not complete"
	done
	[ "$(find "$root/usr/share/zsh/vendor-completions/" -name '_sso-*' | wc -l)" = "$count" ] || stop 'the completion of zsh is not where Debian has it'
	gzip -dc "$root/usr/share/doc/aws-sso-plugins/CHANGELOG.md.gz" | grep -q '^# Changelog' || stop 'the changelog is missing'
	grep -q Apache-2.0 "$root/usr/share/doc/aws-sso-plugins/copyright" || stop 'the copyright is missing'
	cmp "$root/usr/share/doc/aws-sso-plugins/THIRD_PARTY_NOTICES" "$work/linux-amd64/THIRD_PARTY_NOTICES" || stop 'the licences of others are missing'

	run_dpkg -P aws-sso-plugins
	trap 'rm -rf "$work"' EXIT
	while read -r path; do
		if [ -e "$root$path" ] || [ -L "$root$path" ]; then stop "$path is left behind"; fi
	done <"$work/new"
	echo "deb: installed in ${root:-/}, worked, and left nothing behind of $(wc -l <"$work/new") files and folders"
}

rpm_holds() {
	if ! command -v rpm >/dev/null; then
		echo 'rpm: not looked into, there is no rpm here'
		return
	fi
	for arch in amd64 arm64; do
		rpm -qlp "aws-sso-plugins_${version}_linux_$arch.rpm" 2>/dev/null >"$work/paths"
		for program in $all; do
			for path in "bin/$program" "share/man/man1/$program.1.gz" "share/zsh/site-functions/_$program"; do
				grep -qx "/usr/$path" "$work/paths" || stop "the rpm for $arch has no /usr/$path"
			done
		done
		for program in $programs; do
			for path in "bin/$program" "bin/kubectl-${program/-/_}" "share/man/man1/$program.1.gz" "share/zsh/site-functions/_$program"; do
				grep -qx "/usr/$path" "$work/paths" || stop "the rpm for $arch has no /usr/$path"
			done
		done
		grep -qx /usr/share/licenses/aws-sso-plugins/THIRD_PARTY_NOTICES "$work/paths" || stop "the rpm for $arch has no licences of others"
		[ -z "$(rpm -qp --scripts "aws-sso-plugins_${version}_linux_$arch.rpm" 2>/dev/null)" ] || stop 'the rpm runs scripts'
	done
	echo 'rpm: holds what it should'
}

checksums
for os in linux darwin windows; do
	for arch in amd64 arm64; do archive $os $arch; done
done
stamped
krew
cask
deb
rpm_holds

#!/bin/sh
# Installs what make built, makes it known to kubectl and aws, and takes all of
# it away again:
#
#   install.sh install|plugins|uninstall
#
# DESTDIR and prefix say where; YES=1 answers the question about the aliases of
# the AWS CLI. Folders that did not exist are remembered, by their names without
# DESTDIR, so that uninstall leaves those that did.
set -eu

prefix=${prefix:-/usr/local}
case $prefix in
\~/*) prefix=$HOME/${prefix#??} ;; # not every shell did
/*) ;;
*)
	echo "prefix is not an absolute path: $prefix" >&2
	exit 2
	;;
esac
root=${DESTDIR:-}$prefix
made=$root/share/aws-sso-plugins/made-folders
programs=$(cut -d' ' -f1 "$(dirname "$0")/../pkg/cli/programs.txt" | paste -s -d ' ' -)
all="$programs idctest" # which is no plugin of anything

folder() {
	[ ! -d "$1" ] || return 0
	folder "$(dirname "$1")"
	mkdir -m 755 "$1"
	new="${1#"${DESTDIR:-}"}
$new"
}

file() { # MODE FROM TO
	folder "$(dirname "$3")"
	# not over the old one: it may be running
	temporary=$(mktemp "$3.XXXXXX")
	cp "$2" "$temporary"
	chmod "$1" "$temporary"
	replace "$temporary" "$3"
}

# Puts a file in the place of another, and never where a link there leads.
replace() { # FILE PATH
	[ ! -L "$2" ] || rm -f "$2"
	if [ -d "$2" ]; then
		rm -f "$1"
		echo "$2 is a folder" >&2
		exit 1
	fi
	mv -f "$1" "$2"
}

# The names below the prefix by which kubectl finds the programs, and asks them
# for completions.
links() {
	for name in $programs; do
		echo "kubectl-$(echo "$name" | tr - _) $name"
		echo "kubectl_complete-$(echo "$name" | tr - _) $name"
	done
}

# What goes below share/.
shared() {
	for name in $all; do
		echo "man/man1/$name.1"
		echo "bash-completion/completions/$name"
		echo "zsh/site-functions/_$name"
		echo "fish/vendor_completions.d/$name.fish"
	done
	echo aws-sso-plugins/aws-alias
}

install_all() {
	new=
	[ -z "${DESTDIR:-}" ] || mkdir -p "$DESTDIR"
	folder "$root/share/aws-sso-plugins"
	for name in $all; do
		file 755 "bin/$name" "$root/bin/$name"
	done
	for path in $(shared); do
		file 644 "share/$path" "$root/share/$path"
	done
	# the deepest come first; those of an earlier install stay in the list
	if [ -n "$new" ]; then
		if [ -f "$made" ]; then new=$new$(cat "$made"); fi
		temporary=$(mktemp "$made.XXXXXX")
		printf '%s\n' "$new" | sed '/^$/d' >"$temporary"
		chmod 644 "$temporary"
		replace "$temporary" "$made"
	fi
	echo "installed in $root/bin: $all"
	case :$PATH: in
	*":$prefix/bin:"*) ;;
	*) echo "add $prefix/bin to your PATH to run them by name" ;;
	esac
}

install_plugins() {
	if [ ! -x "$root/bin/sso-login" ]; then
		echo "there is no sso-login in $root/bin; first run: make install" >&2
		exit 1
	fi
	links | while read -r link name; do
		if { [ -e "$root/bin/$link" ] || [ -L "$root/bin/$link" ]; } && [ "$(readlink "$root/bin/$link")" != "$name" ]; then
			echo "$root/bin/$link is not of this suite, and was left alone" >&2
		else
			ln -sf "$name" "$root/bin/$link"
		fi
	done
	echo "where $prefix/bin is on the PATH these now work after kubectl: $programs"
	if [ -n "${DESTDIR:-}" ]; then
		return # a package in the making has no user
	elif as_another; then
		echo "for aws sso-login and the like, run as yourself: $prefix/bin/sso-login __aliases add"
	elif [ -n "${YES:-}" ]; then
		"$root/bin/sso-login" __aliases add --yes
	else
		"$root/bin/sso-login" __aliases add
	fi
}

uninstall() {
	if [ -n "${DESTDIR:-}" ]; then
		: # nothing of a user is there
	elif as_another; then
		echo "the aliases of the AWS CLI are yours to remove: sso-login __aliases remove"
	elif [ -x "$root/bin/sso-login" ] && [ -n "${HOME:-}" ]; then
		"$root/bin/sso-login" __aliases remove || echo 'the aliases of the AWS CLI are left' >&2
		# what the locks are for is gone; they are empty
		rm -rf "$HOME/.aws/sso/lock"
		for dir in sso cli ''; do
			rmdir "$HOME/.aws/$dir" 2>/dev/null || true
		done
	fi
	links | while read -r link name; do
		# not one that leads elsewhere
		if [ "$(readlink "$root/bin/$link")" = "$name" ]; then rm -f "$root/bin/$link"; fi
	done
	for name in $all; do
		rm -f "$root/bin/$name"
	done
	for path in $(shared); do
		rm -f "$root/share/$path"
	done
	if [ -f "$made" ]; then
		folders=$(cat "$made")
		rm -f "$made"
		echo "$folders" | while read -r dir; do
			rmdir "${DESTDIR:-}$dir" 2>/dev/null || true
		done
	fi
	rmdir "$root/share/aws-sso-plugins" 2>/dev/null || true
	echo "removed from $root: $all"
	[ ! -d "${HOME:-}/.aws" ] || echo "your sessions, profiles and logins in ~/.aws stay as they are"
}

# With sudo the home folder is not that of the person who asks.
as_another() { [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; }

case ${1:-} in
install) install_all ;;
plugins) install_plugins ;;
uninstall) uninstall ;;
*)
	echo 'usage: install.sh install|plugins|uninstall' >&2
	exit 2
	;;
esac

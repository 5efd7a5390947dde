#!/bin/sh
# Lays out what goes beside the binaries, as it goes below a prefix's share/:
# the man pages, the completion of bash, zsh and fish, and the aliases of the
# AWS CLI. Usage: share.sh BIN SHARE
set -eu

bin=$1 share=$2
programs=$(cut -d' ' -f1 "$(dirname "$0")/../pkg/cli/programs.txt")

rm -rf "$share"
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
	"$share/fish/vendor_completions.d" "$share/aws-sso-plugins"
for name in $programs; do
	"$bin/$name" __manual >"$share/man/man1/$name.1"
	"$bin/$name" --completion bash >"$share/bash-completion/completions/$name"
	"$bin/$name" --completion zsh >"$share/zsh/site-functions/_$name"
	"$bin/$name" --completion fish >"$share/fish/vendor_completions.d/$name.fish"
done
"$bin/idctest" __manual >"$share/man/man1/idctest.1"
"$bin/idctest" -completion bash >"$share/bash-completion/completions/idctest"
"$bin/idctest" -completion zsh >"$share/zsh/site-functions/_idctest"
"$bin/idctest" -completion fish >"$share/fish/vendor_completions.d/idctest.fish"
"$bin/sso-login" __aliases >"$share/aws-sso-plugins/aws-alias"

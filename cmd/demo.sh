#!/bin/sh
# Shows the commands at work against an Identity Center that runs on this
# machine for as long as the demo does: no network, no account, nothing left
# behind. The one argument is the folder of the binaries.
set -eu

bin=$(cd "$1" && pwd)

if [ -z "${DEMO_HOME:-}" ]; then
	DEMO_HOME=$(mktemp -d)
	export DEMO_HOME
	trap 'rm -rf "$DEMO_HOME"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Nothing of the caller's own AWS settings plays a part.
	env -i PATH="$bin:$PATH" HOME="$DEMO_HOME" DEMO_HOME="$DEMO_HOME" TERM="${TERM:-dumb}" \
		"$bin/idc" -accounts 12 -roles AdministratorAccess,PowerUserAccess,ReadOnlyAccess -browser \
		sh "$0" "$bin"
	exit
fi

typed() {
	printf '\n$ %s\n' "$1"
	eval "$1"
}

echo 'An Identity Center with 12 accounts and 3 roles each runs on this machine. In an empty home folder:'
typed 'sso-login demo --sso-start-url https://d-1234567890.awsapps.com/start --sso-region eu-central-1 -o text'
typed 'sso-login demo | sso-profiles - | sso-test - -o table'
# shellcheck disable=SC2016 # the line is shown as it is typed, and evaluated then
typed 'eval "$(sso-creds ReadOnlyAccess-222222222222)" && echo "$SSO_ROLE_NAME in $AWS_ACCOUNT_ID"'
typed 'sso-creds --write | sso-test - -o text'

cat <<'EOT'

Next: make install prefix=~/.local   puts the programs into ~/.local/bin
      sso-login                      asks for your start URL, and logs in
EOT

#compdef sso-login
# zsh completion of sso-login: as the file _sso-login in a folder of $fpath, or
# read by eval "$(sso-login --completion zsh)"

_sso_login() {
	local program=${(Q)words[1]/#\~/$HOME} line value
	(( $+commands[$program] )) || [[ -x $program ]] || program=sso-login
	local -a before values
	before=("${(@Q)words[2,CURRENT-1]}")
	for line in "${(@f)$("$program" __complete "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
		if [[ $line == :100 ]]; then # the words of a command are the shell's to complete
			integer n=$words[(i)--]
			shift $n words
			(( CURRENT -= n ))
			_normal
			return
		fi
		[[ $line == (:[0-9]|) ]] && continue
		value=${${line%%$'\t'*}//\\/\\\\}
		value=${value//:/\\:}
		[[ $line == *$'\t'* ]] && value+=:${line#*$'\t'}
		values+=("$value")
	done
	(( $#values )) || return 1
	_describe -V 'sso-login' values
}

if [[ $funcstack[1] == _sso-login ]]; then
	_sso_login "$@"
else
	(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
	compdef _sso_login sso-login
fi

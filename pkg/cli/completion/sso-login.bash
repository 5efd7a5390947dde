# bash completion of sso-login: with the package bash-completion or without,
# from bash 3.2 on, which is what macOS has.

_sso_login() {
	COMPREPLY=()

	# bash splits words at = : and @, too. The program wants them whole, and
	# only as far as the cursor.
	local line=${COMP_LINE:0:COMP_POINT} word i
	local -a words
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -eq 0 || $line == [[:space:]]* ]]; then
			line=${line#"${line%%[![:space:]]*}"}
			words[${#words[@]}]=
		fi
		((i < COMP_CWORD)) || word=$line
		words[${#words[@]} - 1]+=$word
		line=${line#"$word"}
	done

	# Where the cursor is within quotes, what is inserted follows the one that
	# opens them.
	local current=${words[${#words[@]} - 1]} quote='' opened=0 before='' part mark
	for ((i = 0; i < ${#current}; i++)); do
		mark=${current:i:1}
		case $quote$mark in
		\\ | \"\\) ((i++)) ;;
		[\"\']) quote=$mark opened=$i ;;
		'""' | "''") quote='' ;;
		esac
	done
	# Elsewhere it takes the place of what follows the last word break, an @
	# included: it might begin the name of a host.
	if [[ $quote ]]; then
		part=${current:0:opened}
		part=${part//\\/}
		before=${part//[\"\']/}
	else
		for mark in = : @; do
			[[ $COMP_WORDBREAKS == *$mark* && $current == *$mark* ]] || continue
			part=${current%"$mark"*}
			[[ $mark == @ ]] || part+=$mark
			((${#part} <= ${#before})) || before=$part
		done
	fi
	for ((i = 0; i < ${#words[@]}; i++)); do
		word=${words[i]//\\/}
		words[i]=${word//[\"\']/}
	done

	local program=${words[0]/#\~/$HOME}
	type -P -- "$program" >/dev/null || program=sso-login
	local value help width=0
	local -a values helps
	values=() helps=()
	while IFS=$'\t' read -r value help; do
		case $value in
		:100) # the words of a command are the shell's to complete
			_sso_login_command
			return
			;;
		:[0-9]) continue ;;
		"$before"*) value=${value#"$before"} ;;
		esac
		# A name comes from a file that others may write: it must reach the
		# program as it is. Within quotes some names cannot.
		case $quote in
		\') [[ $value != *\'* ]] || continue ;;
		\")
			[[ $value != ?*!* && ($value != !* || $current == *!*) ]] || continue
			value=${value//\\/\\\\}
			value=${value//\"/\\\"}
			value=${value//\$/\\\$}
			value=${value//\`/\\\`}
			[[ $value != *\" ]] || value+=\" # readline would take the last for the one that closes
			;;
		*) [[ $value != *[!A-Za-z0-9_@%+=:,./-]* ]] || value=$(printf %q "$value") ;;
		esac
		values[${#values[@]}]=$value
		helps[${#helps[@]}]=$help
		((${#value} <= width)) || width=${#value}
	done < <("$program" __complete "${words[@]:1}" 2>/dev/null)

	# Only a list may carry help, never what bash inserts: 37 and 42 are
	# menu-complete and insert-completions.
	for ((i = 0; i < ${#values[@]}; i++)); do
		value=${values[i]}
		if ((${#values[@]} > 1 && COMP_TYPE != 37 && COMP_TYPE != 42)) && [[ -n ${helps[i]} ]]; then
			printf -v value '%-*s  (%s)' "$width" "$value" "${helps[i]}"
			((${#value} < ${COLUMNS:-80})) || value=${value:0:${COLUMNS:-80}-2}…
		fi
		COMPREPLY[i]=$value
	done
}

# What follows -- as if it stood alone.
_sso_login_command() {
	local i n spec function line=$COMP_LINE
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != -- ]] || break
	done
	((i++))
	for function in _comp_command_offset _command_offset; do
		if declare -F "$function" >/dev/null; then
			"$function" "$i"
			return
		fi
	done
	# without the package bash-completion
	spec=$(complete -p -- "${COMP_WORDS[i]##*/}" 2>/dev/null)
	function=${spec#*-F }
	if ((COMP_CWORD > i)) && [[ $function != "$spec" ]]; then
		for ((n = 0; n < i; n++)); do
			line=${line#*"${COMP_WORDS[n]}"}
		done
		line=${line#"${line%%[![:space:]]*}"}
		COMP_POINT=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
		COMP_LINE=$line COMP_WORDS=("${COMP_WORDS[@]:i}") COMP_CWORD=$((COMP_CWORD - i))
		"${function%% *}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		return
	fi
	spec=-f
	((COMP_CWORD > i)) || spec=-c
	while IFS= read -r line; do
		COMPREPLY[${#COMPREPLY[@]}]=$(printf %q "$line")
	done < <(compgen "$spec" -- "${COMP_WORDS[COMP_CWORD]}")
}

complete -o nosort -F _sso_login sso-login 2>/dev/null || complete -F _sso_login sso-login

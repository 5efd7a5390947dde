# fish completion of sso-login

function __sso_login_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string replace -a -r '[\\\\"\']' '')
    set -l program $words[1]
    command -q -- $program
    or set program sso-login
    $program __complete $words[2..-1] "$current" 2>/dev/null | string match -v -r '^:\d$'
end

complete -c sso-login -f -k -a '(__sso_login_complete)'

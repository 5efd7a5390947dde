# fish completion of sso-login

function __sso_login_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l current (string replace -a -r '[\\\\"\']' '' -- $token)
    # fish quotes what it inserts, but for a ~ at the beginning, a home folder
    set -l skipped '^(:\d$|~)'
    string match -q -r '^["\']' -- $token
    and set skipped '^:\d$'
    set -l program $words[1]
    command -q -- $program
    or set program sso-login
    set -l answer ($program __complete $words[2..-1] "$current" 2>/dev/null)
    if test "$answer" = :100 # the words of a command are the shell's to complete
        set -l command
        set -l dashes (contains -i -- -- $words)
        test $dashes -lt (count $words)
        and set command (string escape -- $words[(math $dashes + 1)..-1])
        complete -C (string join ' ' -- $command $token)
        return
    end
    string match -v -r $skipped -- $answer
end

complete -c sso-login -f -k -a '(__sso_login_complete)'

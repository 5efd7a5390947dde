package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// completionFlag is a flag as a shell completes it.
type completionFlag struct {
	name, usage string
	value       string   // what it takes, "" for nothing
	words       []string // the words that it takes, if those are all
}

// files reports whether the value is the name of a file or directory.
func (f completionFlag) files() bool { return f.value == "file" || f.value == "dir" }

var flagWords = map[string][]string{
	"approve": {"visit", "auto", "deny", "never", "expire"},
}

func completionFlags(fs *flag.FlagSet) (out []completionFlag) {
	fs.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		usage, _, _ = strings.Cut(usage, ";")
		out = append(out, completionFlag{f.Name, strings.NewReplacer("'", "", "[", "(", "]", ")", ":", "").Replace(usage),
			strings.ToLower(value), flagWords[f.Name]})
	})
	return out
}

// printCompletion prints the completion of a shell: flags, their words and files, and then commands.
func printCompletion(w io.Writer, name, shell string, fs *flag.FlagSet) error {
	flags := completionFlags(fs)
	var all, files []string
	for _, f := range flags {
		all = append(all, "-"+f.name)
		if f.files() {
			files = append(files, "-"+f.name)
		}
	}
	function := "_" + strings.ReplaceAll(name, "-", "_")
	switch shell {
	case "bash":
		fmt.Fprintf(w, "# bash completion of %s\n%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tCOMPREPLY=()\n\tcase $prev in\n", name, function)
		for _, f := range flags {
			if f.words != nil {
				fmt.Fprintf(w, "\t-%[1]s | --%[1]s)\n\t\tmapfile -t COMPREPLY < <(compgen -W '%[2]s' -- \"$cur\")\n\t\treturn\n\t\t;;\n", f.name, strings.Join(f.words, " "))
			}
		}
		fmt.Fprintf(w, "\t%s)\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\t\treturn\n\t\t;;\n\tesac\n", strings.Join(files, " | "))
		fmt.Fprintf(w, "\tcase $cur in\n\t-*) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n\t*) mapfile -t COMPREPLY < <(compgen -c -f -W browse -- \"$cur\") ;;\n\tesac\n}\n", strings.Join(all, " "))
		fmt.Fprintf(w, "complete -o default -F %s %s\n", function, name)
	case "zsh":
		fmt.Fprintf(w, "#compdef %[1]s\n# zsh completion of %[1]s\n%[2]s() {\n\t_arguments -S \\\n", name, function)
		for _, f := range flags {
			take := ""
			switch {
			case f.words != nil:
				take = ":" + f.value + ":(" + strings.Join(f.words, " ") + ")"
			case f.files():
				take = ":" + f.value + ":_files"
			case f.value != "":
				take = ":" + strings.NewReplacer("[", "", "]", "", ":", "", "'", "", "/", " ").Replace(f.value) + ": "
			}
			fmt.Fprintf(w, "\t\t'*-%s[%s]%s' \\\n", f.name, f.usage, take)
		}
		fmt.Fprintf(w, "\t\t'*::command:_normal'\n}\nif [ \"$funcstack[1]\" = %[1]s ]; then\n\t%[1]s \"$@\"\nelse\n\tcompdef %[1]s %[2]s\nfi\n", function, name)
	case "fish":
		fmt.Fprintf(w, "# fish completion of %s\n", name)
		for _, f := range flags {
			take := ""
			switch {
			case f.words != nil:
				take = " -x -a '" + strings.Join(f.words, " ") + "'"
			case f.files():
				take = " -r"
			case f.value != "":
				take = " -x"
			}
			fmt.Fprintf(w, "complete -c %s -o %s%s -d '%s'\n", name, f.name, take, f.usage)
		}
		fmt.Fprintf(w, "complete -c %s -n __fish_is_first_arg -a browse -d 'visit a page as a person who signs in'\n", name)
	default:
		return fmt.Errorf("completion: want bash, zsh or fish")
	}
	return nil
}

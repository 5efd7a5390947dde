package cli

import (
	"cmp"
	"context"
	_ "embed"
	"io"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli/grammar"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
)

// The completion scripts are written for sso-login, so that the shells and
// shellcheck can read them as they are. For other programs the name is
// replaced.
var (
	//go:embed completion/sso-login.bash
	bashScript string
	//go:embed completion/sso-login.zsh
	zshScript string
	//go:embed completion/sso-login.fish
	fishScript string
	//go:embed completion/sso-login.ps1
	powershellScript string
)

// shells lists the shells that --completion knows.
var shells = [...]Value{
	{"bash", `eval "$(sso-login --completion bash)"`},
	{"zsh", `eval "$(sso-login --completion zsh)"`},
	{"fish", "sso-login --completion fish | source"},
	{"powershell", "sso-login --completion powershell | Out-String | Invoke-Expression"},
}

// Value is a word that a flag or an argument takes, with what it stands for.
type Value struct{ Text, Help string }

// completionScript returns the script that teaches a shell to complete the
// program. An unknown shell is a fault of kind Usage.
func completionScript(program, shell string) (string, error) {
	var script string
	switch shell {
	case "bash":
		script = bashScript
	case "zsh":
		script = zshScript
	case "fish":
		script = fishScript
	case "powershell":
		script = powershellScript
	default:
		return "", fault.UnknownWord("shell", shell, "--completion takes one of", texts(shells[:]))
	}
	return strings.NewReplacer(
		"sso-login", program,
		"sso_login", strings.ReplaceAll(program, "-", "_"),
	).Replace(script), nil
}

// printCompletion prints the completion script of a shell.
func printCompletion(out io.Writer, program Program, shell string) error {
	script, err := completionScript(program.Name, shell)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, script)
	return err
}

// completeWord is the first argument with which a shell asks for completions.
const completeWord = "__complete"

// ofShell is the directive that leaves the words after -- to the shell's own
// completion of commands. It is ours: kubectl completes nothing then.
const ofShell = ":100"

// noFiles is the directive that ends an answer: there are no other words, and
// no files. It is cobra's, which kubectl reads.
const noFiles = ":4"

// writeCompletions prints a line for each word that may stand in the place of
// the last argument, with its help after a TAB.
func writeCompletions(ctx context.Context, out io.Writer, program Program, g *grammar.Grammar, env Environment, args []string) error {
	c := &completer{ctx: ctx, program: program, grammar: g, env: env}
	if before, words := cutCommand(args); program.TakesCommand && words != nil && len(before) < len(args)-1 {
		_, err := io.WriteString(out, ofShell+"\n")
		return err
	}
	var b strings.Builder
	for _, v := range c.complete(args) {
		if report.Visible(v.Text) != v.Text {
			continue // a name that a shell could not show, and nobody types
		}
		b.WriteString(v.Text)
		if v.Help != "" {
			b.WriteString("\t" + report.Visible(v.Help))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String()+noFiles+"\n")
	return err
}

// completer finds what may be typed. It reads the config files and makes no
// requests.
type completer struct {
	ctx     context.Context // of the run
	program Program
	grammar *grammar.Grammar
	env     Environment
}

// complete returns the words that may stand in the place of the last argument,
// the one being typed. The tag complete:"KIND" of a flag or an argument says
// what it takes.
func (c *completer) complete(args []string) []Value {
	current := ""
	if n := len(args); n > 0 {
		args, current = args[:n-1], args[n-1]
	}
	t := c.parse(args)
	switch {
	case t.open != nil:
		return c.values(t, t.open.Complete(), "", current)
	case t.namesOnly || !strings.HasPrefix(current, "-"):
		return c.names(t, current)
	case strings.HasPrefix(current, "--") && strings.Contains(current, "="):
		flag, value, _ := strings.Cut(current, "=")
		if f := c.grammar.Flag(flag[2:]); f != nil {
			return c.values(t, f.Complete(), flag+"=", value)
		}
		return nil
	}
	if f, value, ok := c.attached(current); ok {
		return c.values(t, f.Complete(), strings.TrimSuffix(current, value), value)
	}
	return starting(current, c.flags(t))
}

// parsed holds what the arguments before the one being typed say.
type parsed struct {
	used      map[*grammar.Flag]bool
	given     map[string][]string // by kind
	open      *grammar.Flag       // waits for its value
	namesOnly bool                // after "--"
	unknown   string              // the first flag that there is none of
}

// parse reads arguments, also those that kong refuses.
func (c *completer) parse(args []string) *parsed {
	t := &parsed{used: map[*grammar.Flag]bool{}, given: map[string][]string{}}
	use := func(f *grammar.Flag, value string) {
		t.used[f] = true
		t.give(f.Complete(), value)
	}
	for _, arg := range args {
		switch {
		case t.open != nil:
			t.give(t.open.Complete(), arg)
			t.open = nil
		case t.namesOnly || arg == "-" || !strings.HasPrefix(arg, "-"):
			for _, p := range c.grammar.Arguments {
				t.give(p.Complete(), arg)
			}
		case arg == "--":
			t.namesOnly = true
		case strings.HasPrefix(arg, "--"):
			name, value, whole := strings.Cut(arg, "=")
			f := c.grammar.Flag(name[2:])
			switch {
			case f == nil:
				t.unknown = cmp.Or(t.unknown, name)
			case whole:
				use(f, value)
			default:
				t.used[f] = true
				if !f.IsBool() {
					t.open = f
				}
			}
		default:
			for i, letter := range arg[1:] {
				f := c.grammar.ShortFlag(letter)
				if f == nil {
					t.unknown = cmp.Or(t.unknown, "-"+string(letter))
					break
				}
				t.used[f] = true
				if f.IsBool() {
					continue
				}
				if rest := arg[1+i+1:]; rest != "" {
					use(f, rest)
				} else {
					t.open = f
				}
				break
			}
		}
	}
	return t
}

func (t *parsed) give(kind, value string) { t.given[kind] = append(t.given[kind], value) }

// attached returns the flag whose value follows its letter at once, as in
// -ojson.
func (c *completer) attached(word string) (f *grammar.Flag, value string, ok bool) {
	if strings.HasPrefix(word, "--") {
		return nil, "", false
	}
	for i, letter := range word[1:] {
		if f = c.grammar.ShortFlag(letter); f == nil {
			break
		}
		if !f.IsBool() {
			return f, word[1+i+1:], true
		}
	}
	return nil, "", false
}

// flags returns the flags that may still be given.
func (c *completer) flags(t *parsed) []Value {
	excluded := map[string]bool{}
	for f := range t.used {
		excluded[f.Excludes()] = true
	}
	var values []Value
	for _, f := range orderedFlags(c.grammar) {
		if t.used[f] && !f.IsRepeatable() || f.Excludes() != "" && excluded[f.Excludes()] {
			continue
		}
		values = append(values, Value{"--" + f.Name, c.program.flagPurpose(f)})
	}
	return values
}

// names returns what may stand where no flag does.
func (c *completer) names(t *parsed, current string) []Value {
	for _, p := range c.grammar.Arguments {
		return c.values(t, p.Complete(), "", current)
	}
	return nil
}

// values returns the words of a kind that begin with current, each after what
// was typed before it in the same word. None is proposed twice.
func (c *completer) values(t *parsed, kind, before, current string) []Value {
	given := t.given[kind]
	switch kind {
	case "statuses": // a list
		if i := strings.LastIndexByte(current, ','); i >= 0 {
			given = append(given, strings.Split(current[:i], ",")...)
			before, current = before+current[:i+1], current[i+1:]
		}
	case "account", "role": // a glob, which a ! turns round
		if rest, ok := strings.CutPrefix(current, "!"); ok {
			before, current = before+"!", rest
		}
	}
	taken := make(map[string]bool, len(given))
	for _, g := range given {
		taken[g] = true
	}
	known := slices.Clone(c.known(kind))
	values := starting(current, slices.DeleteFunc(known, func(v Value) bool { return taken[v.Text] }))
	for i := range values {
		values[i].Text = before + values[i].Text
	}
	return values
}

// known returns the words of a kind.
func (c *completer) known(kind string) []Value {
	switch kind {
	case "shell":
		return shells[:]
	case "format":
		return c.program.formatValues()
	case "session", "profile", "sso-profile", "account", "role", "region":
		return configValues(kind, c.config())
	}
	if kind == "statuses" && c.program.StatusValues != nil {
		return c.program.StatusValues()
	}
	return nil
}

// config returns what can be read of the config files, whatever is wrong with
// them.
func (c *completer) config() *awsconfig.Config {
	paths, err := c.env.Paths()
	if err != nil {
		return awsconfig.Merge(nil, nil)
	}
	config, err := awsconfig.Load(c.ctx, paths.Config, paths.Credentials)
	if err != nil {
		return awsconfig.Merge(nil, nil)
	}
	return config
}

// ProfileNames returns the names of the profiles as far as the files can be read.
func (a *App) ProfileNames() []string {
	c := &completer{ctx: a.ctx, program: a.Program, grammar: a.grammar, env: a.env}
	return texts(configValues("profile", c.config()))
}

// configValues returns the names that the config files hold, in their order.
func configValues(kind string, config *awsconfig.Config) []Value {
	var values []Value
	seen := map[string]bool{}
	add := func(text, help string) {
		if text != "" && !seen[text] {
			seen[text] = true
			values = append(values, Value{text, help})
		}
	}
	if kind == "session" || kind == "region" {
		for _, s := range config.Sessions() {
			if kind == "session" {
				add(s.Name, s.StartURL)
			} else {
				add(s.Region, "")
			}
		}
	}
	if kind == "session" {
		return values
	}
	for _, p := range config.Profiles() {
		account, role := p.Get("sso_account_id"), p.Get("sso_role_name")
		switch kind {
		case "profile":
			add(p.Name, strings.TrimSpace(account+" "+role))
		case "sso-profile":
			if p.Get("sso_session") != "" || p.Get("sso_start_url") != "" {
				add(p.Name, strings.TrimSpace(account+" "+role))
			}
		case "account":
			add(account, "")
		case "role":
			add(role, "")
		case "region":
			add(p.Get("region"), "")
		}
	}
	return values
}

// starting returns the values that begin with a prefix. If there are none, it
// returns those that begin with it in another case, provided that they agree on
// that case, since a shell replaces what was typed.
func starting(prefix string, values []Value) []Value {
	var exact, similar []Value
	for _, v := range values {
		switch {
		case strings.HasPrefix(v.Text, prefix):
			exact = append(exact, v)
		case len(v.Text) >= len(prefix) && strings.EqualFold(v.Text[:len(prefix)], prefix):
			similar = append(similar, v)
		}
	}
	if len(exact) > 0 || len(similar) == 0 {
		return exact
	}
	begin := similar[0].Text[:len(prefix)]
	for _, v := range similar {
		if !strings.HasPrefix(v.Text, begin) {
			return nil
		}
	}
	return similar
}

func texts(values []Value) []string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v.Text
	}
	return words
}

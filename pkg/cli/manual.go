package cli

import (
	"io"
	"strings"

	"aws-sso-plugins/pkg/cli/grammar"
)

// Manual holds what the man page of a program says beyond its help.
type Manual struct {
	// Description are paragraphs that follow those of [Program.Notes].
	Description []string
	// Lists are sections of their own, after the options.
	Lists []List
	// Environment and Files follow those that all programs share.
	Environment, Files []Value
}

// List is a section of terms, each with its text.
type List struct {
	Title string
	Intro string
	Items []Value
}

// manualWord is the first argument that prints the man page.
const manualWord = "__manual"

// manualDate is the date of all pages: a page must not depend on the day it was
// made.
const manualDate = "2026-11-26"

// The environment and the files of all programs, and of those that ask AWS.
var (
	sharedEnvironment = [...]Value{
		{"AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE", "The files to read instead of ~/.aws/config and ~/.aws/credentials. The caches do not move with them."},
	}
	networkEnvironment = [...]Value{
		{"AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_STS", "The endpoints of the services; plain http only on this machine. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true ignores them."},
		{"AWS_CA_BUNDLE", "A file of certificates to trust."},
		{"AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT", "true: use these endpoints."},
		{"AWS_MAX_ATTEMPTS", "How many times a call is made at most if it fails. Calls that AWS throttles are slowed down and not counted."},
		{"HTTPS_PROXY, NO_PROXY", "The proxy, and the hosts to reach without it."},
	}
	screenEnvironment = [...]Value{
		{"NO_COLOR", "Not empty: no colours. TERM=dumb does the same."},
		{"CI", "Not empty: no progress line."},
	}
	sharedFiles = [...]Value{
		{"~/.aws/config", "Sessions and profiles."},
	}
	networkFiles = [...]Value{
		{"~/.aws/sso/cache", "Tokens and client registrations as the AWS CLI and every SDK read and write them, each file with mode 0600."},
		{"~/.aws/sso/lock", "Locks, so that many runs at once make one login and lose no edit, and how the last login ended. None holds a secret."},
	}
)

// writeManual writes the man page, in the macros of man(7).
func writeManual(out io.Writer, p Program, g *grammar.Grammar) error {
	m := Manual{}
	if p.Manual != nil {
		m = p.Manual()
	}
	r := &roff{}
	r.request("TH", strings.ToUpper(p.Name), "1", manualDate, "aws-sso-plugins", "User Commands")
	r.line(".nh")   // what is to be typed is not broken with a hyphen,
	r.line(".ad l") // nor its words apart
	r.section("Name")
	r.text(p.Name + " - " + p.Purpose)
	r.section("Synopsis")
	r.line(bold(p.Name) + " " + escape(p.Usage))

	r.section("Description")
	r.paragraphs(p.Notes)
	r.paragraphs(m.Description)
	r.paragraphs(asPlugin(p.Name))

	r.section("Options")
	r.flags(p, g)
	r.list(List{Title: "Formats", Items: p.formatValues()})
	for _, l := range m.Lists {
		r.list(l)
	}
	r.section("Exit status")
	r.items(p.statuses())
	r.list(List{Title: "Environment", Intro: "A flag takes precedence over its variable.", Items: environmentOf(g)})
	r.items(sharedEnvironment[:])
	networked := g.Flag("timeout") != nil
	if networked {
		r.items(networkEnvironment[:])
	}
	r.items(screenEnvironment[:])
	r.items(m.Environment)
	r.list(List{Title: "Files", Items: sharedFiles[:]})
	if networked {
		r.items(networkFiles[:])
	}
	r.items(m.Files)

	r.section("Examples")
	for _, e := range p.Examples {
		r.item(bold(e.Line), e.Does)
	}
	r.section("See also")
	var others []string
	for _, name := range Programs() {
		if name != p.Name {
			others = append(others, bold(name)+"(1)")
		}
	}
	r.line(strings.Join(append(others, bold("aws")+"(1)", bold("kubectl")+"(1)"), ", "))
	_, err := io.WriteString(out, r.b.String())
	return err
}

// asPlugin returns paragraphs on the program as a plugin of kubectl and aws.
func asPlugin(name string) []string {
	return []string{
		"As kubectl-" + strings.ReplaceAll(name, "-", "_") + " on the PATH it is also: kubectl " + name + ".",
		"With an alias in ~/.aws/cli/alias it is also: aws " + name + ". The command sso-login " + aliasesWord + " prints the " +
			"aliases of all the programs; followed by the word add it puts them there, and by the word remove it takes them " +
			"out again. The AWS CLI takes its own global options, such as --profile and --region, out of the line before an " +
			"alias sees it. What stands after -- reaches the program.",
	}
}

// environmentOf returns the variables that stand for a flag.
func environmentOf(g *grammar.Grammar) []Value {
	var values []Value
	for _, f := range orderedFlags(g) {
		if f.Variable != "" {
			values = append(values, Value{f.Variable, "For --" + f.Name + "."})
		}
	}
	return values
}

// roff builds a page in the macros of man(7).
type roff struct{ b strings.Builder }

func (r *roff) line(s string) { r.b.WriteString(s + "\n") }

func (r *roff) request(name string, args ...string) {
	for _, a := range args {
		name += ` "` + a + `"`
	}
	r.line("." + name)
}

func (r *roff) section(title string) { r.line(".SH " + strings.ToUpper(title)) }

// roffWidth is how long a line of the source may be; mandoc asks for this.
const roffWidth = 78

func (r *roff) text(s string) {
	for _, l := range wrap(s, roffWidth-8) { // escaping makes it longer
		r.line(escape(l))
	}
}

func (r *roff) paragraphs(texts []string) {
	for _, t := range texts {
		if !strings.HasSuffix(r.b.String(), ".SH DESCRIPTION\n") {
			r.line(".PP")
		}
		r.text(t)
	}
}

func (r *roff) item(term, text string) {
	r.line(".TP")
	r.line(term)
	r.text(text)
}

func (r *roff) items(values []Value) {
	for _, v := range values {
		r.item(bold(v.Text), v.Help)
	}
}

func (r *roff) list(l List) {
	r.section(l.Title)
	if l.Intro != "" {
		r.text(l.Intro)
	}
	r.items(l.Items)
}

func (r *roff) flags(p Program, g *grammar.Grammar) {
	group := ""
	for _, f := range orderedFlags(g) {
		if of := groupOf(f); of != group {
			group = of
			r.line(".SS " + escape(group))
		}
		term := bold("--" + f.Name)
		if f.Short != 0 {
			term = bold("-"+string(f.Short)) + ", " + term
		}
		if !f.IsBool() {
			term += ` \fI` + escape(f.PlaceHolder()) + `\fR`
		}
		r.item(term, p.flagHelp(f))
	}
}

func bold(s string) string { return `\fB` + escape(s) + `\fR` }

// escape quotes what roff would interpret: a hyphen can be copied, and no line
// begins a request.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

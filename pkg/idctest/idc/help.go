package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"aws-sso-plugins/pkg/idctest"
)

// synopsis is the short form that precedes a mistake.
func synopsis(name string) string {
	return fmt.Sprintf(`usage: %[1]s [flags] COMMAND [ARG...]   run COMMAND against an Identity Center of its own
       %[1]s [flags]                    print the environment, serve until interrupted
       %[1]s browse URL                 visit URL as a person who signs in (for $BROWSER)
`, name)
}

// section is a part of the help and of the manual page.
type section struct{ title, text string }

func sections() []section {
	return []section{
		{"Environment of COMMAND", `AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_STS
                              the server; left out by -no-endpoints
AWS_IGNORE_CONFIGURED_ENDPOINT_URLS
                              false; true with -no-endpoints
AWS_EC2_METADATA_DISABLED     true
IDC_URL                       the server, for the control paths
HTTPS_PROXY, NO_PROXY         a proxy that refuses all but loopback addresses, so that nothing reaches AWS;
                              with -intercept the proxy that answers for AWS's hosts
AWS_CA_BUNDLE, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE
                              with -intercept: the CA of the run
NODE_USE_ENV_PROXY            with -intercept: 1
BROWSER                       with -browser: a browser in which somebody signs in
HOME, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE, AWS_REGION and others
                              with -home: the files in DIR

Without COMMAND these are printed, KEY=VALUE a line, with an empty line at the end.
`},
		{"Control paths", `Of IDC_URL, for curl:

` + idctest.ControlHelp},
		{"Faults", idctest.FaultHelp()},
		{"Violations", `A request that no correct client makes violates a rule. Each violation is reported on standard error at the
end, and turns the exit status 0 of COMMAND, or of serving, into 1. With -warn it is reported and the exit
status stays; with -tolerate it is ignored. The rules:

` + idctest.RuleHelp()},
		{"Exit status", `that of COMMAND; 128 and the signal if a signal ended it
1      COMMAND ended with 0, or there was none, and a client violated a rule; browse: the page was no success
2      wrong usage, or a file or address that cannot be used
127    COMMAND cannot be started
`},
	}
}

func printHelp(w io.Writer, name string, fs *flag.FlagSet) {
	fmt.Fprint(w, synopsis(name), "\nFlags:\n")
	fs.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + strings.ToUpper(value)
		}
		head := "  -" + f.Name + value
		pad := 31
		if len(head) >= pad-1 {
			fmt.Fprintln(w, head)
			head = ""
		}
		for i, line := range wrap(usage, 108-pad) {
			if i > 0 {
				head = ""
			}
			fmt.Fprintf(w, "%-*s%s\n", pad, head, line)
		}
	})
	for _, s := range sections() {
		fmt.Fprintf(w, "\n%s:\n", s.title)
		for line := range strings.Lines(s.text) {
			if strings.TrimSpace(line) != "" {
				line = "  " + line
			}
			fmt.Fprint(w, line)
		}
	}
}

// wrap breaks a text at spaces into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// manualDate is the day of the last change that a reader of the manual page should know of.
const manualDate = "2026-11-27"

// printManual prints the manual page, in the man macros.
func printManual(w io.Writer, name string, fs *flag.FlagSet) {
	escape := func(text string) string {
		text = strings.ReplaceAll(text, `\`, `\e`)
		text = strings.ReplaceAll(text, "-", `\-`)
		if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
			text = `\&` + text
		}
		return text
	}
	paragraph := func(text string) string { return strings.Join(wrap(escape(text), 76), "\n") }
	fmt.Fprintf(w, ".TH %s 1 %s aws-sso-plugins\n.SH NAME\n%s \\- AWS IAM Identity Center in a process, for tests\n",
		strings.ToUpper(name), manualDate, name)
	fmt.Fprintf(w, ".SH SYNOPSIS\n.nf\n%[1]s [flags] COMMAND [ARG...]\n%[1]s [flags]\n%[1]s browse URL\n.fi\n", name)
	fmt.Fprintf(w, ".SH DESCRIPTION\n%s\n", paragraph("Serves the OIDC service, the access portal and STS on one loopback address, so that "+
		"AWS clients log in, list accounts and get credentials without AWS. With COMMAND it runs that in an environment in "+
		"which AWS clients find the server and nothing else; without, it prints the environment and serves until it is "+
		"interrupted. The form with browse visits a page as a person does who signs in and approves."))
	fmt.Fprint(w, ".SH OPTIONS\n")
	fs.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		head := `.TP` + "\n" + `\fB` + escape("-"+f.Name) + `\fR`
		if value != "" {
			head += ` \fI` + escape(strings.ToUpper(value)) + `\fR`
		}
		fmt.Fprintf(w, "%s\n%s\n", head, paragraph(usage))
	})
	for _, s := range sections() {
		fmt.Fprintf(w, ".SH %s\n.nf\n", strings.ToUpper(s.title))
		for line := range strings.Lines(s.text) {
			fmt.Fprintln(w, escape(strings.TrimRight(line, "\n")))
		}
		fmt.Fprint(w, ".fi\n")
	}
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

// The formats beside those of a shell and those of every program.
const (
	iniFormat     = report.Format("ini")
	processFormat = report.Format("process")
)

func formats() []string {
	var names []string
	for _, f := range []report.Format{
		report.Env, report.EnvNoExport, report.Fish, report.PowerShell, report.WindowsCmd,
		iniFormat, processFormat, report.JSON, report.JSONL,
	} {
		names = append(names, string(f))
	}
	return names
}

// forMany reports whether a format has room for several profiles.
func forMany(f report.Format) bool {
	return f == iniFormat || f == report.JSON || f == report.JSONL
}

// print hands out on standard output. But for JSON lines it is one write, so
// that no reader gets half of it.
func (h *handout) print(ctx context.Context, targets []*resolve.Target) error {
	var results []resolve.Result
	lines := report.NewWriter(h.app.Out, report.JSONL, nil, h.app.Screen())
	err := h.fetch(ctx, targets, func(r resolve.Result) error {
		if results = append(results, r); len(results) == 1 && h.app.OutReadableByOthers() {
			h.app.Warn(fault.Newf(fault.Notice, "standard output is a file that other users may read").WithHint("to keep it to yourself, first run: umask 077"))
		}
		if h.format == report.JSONL {
			return lines.Add(newRow(r, h.handover(r)))
		}
		return nil
	})
	if err != nil && h.format != report.JSON {
		return err
	}
	slices.SortFunc(results, func(a, b resolve.Result) int { return cmp.Compare(a.Index, b.Index) })
	if h.format != report.JSONL {
		text, err := h.document(results)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(h.app.Out, text); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return h.end(results)
}

// document returns the output as a whole.
func (h *handout) document(results []resolve.Result) (string, error) {
	switch {
	case h.format == report.JSON:
		var b strings.Builder
		out := report.NewWriter(&b, report.JSON, nil, h.app.Screen())
		for _, r := range results {
			if err := out.Add(newRow(r, h.handover(r))); err != nil {
				return "", err
			}
		}
		err := out.Close()
		return b.String(), err
	case len(results) == 0:
		return "", nil
	case h.format == iniFormat:
		return h.sections(results)
	case h.format == processFormat:
		return processDocument(results[0].Credentials)
	}
	e := resolve.RoleEnvironment(h.config, h.handover(results[0]), results[0].Credentials, os.Environ())
	for _, note := range e.Notes {
		h.app.Note("%s", note)
	}
	return report.Script(h.format, e)
}

// sections returns what the access portal offers for the credentials file. Two
// profiles of one assignment are one section: AWS reads no file that has one
// twice.
func (h *handout) sections(results []resolve.Result) (string, error) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, r := range results {
		s := h.section(r)
		if seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		text, err := s.Text()
		if err != nil {
			return "", err
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (h *handout) section(r resolve.Result) profiles.KeySection {
	to := h.handover(r)
	name := profiles.KeySectionName(to)
	if h.WriteAs != nil {
		name = *h.WriteAs
	}
	return profiles.KeySection{Name: name, Session: r.Session, Region: to.Region, Credentials: r.Credentials}
}

// write puts sections into the credentials file.
func (h *handout) write(ctx context.Context, targets []*resolve.Target, file *profiles.KeyFile) error {
	var results []resolve.Result
	err := h.fetch(ctx, targets, func(r resolve.Result) error {
		results = append(results, r)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(results, func(a, b resolve.Result) int { return cmp.Compare(a.Index, b.Index) })
	var sections []profiles.KeySection
	seen := map[string]bool{}
	for _, r := range results {
		if s := h.section(r); !seen[s.Name] {
			seen[s.Name] = true
			sections = append(sections, s)
		}
	}
	if len(sections) > 0 {
		written, refused, err := file.Write(ctx, sections, time.Now())
		if err != nil {
			return err
		}
		for _, err := range refused {
			h.app.Error(err)
			h.tally.add(err)
		}
		var b strings.Builder
		for _, name := range written {
			b.WriteString(report.Visible(name) + "\n")
		}
		if _, err := io.WriteString(h.app.Out, b.String()); err != nil {
			return err
		}
	}
	return h.end(results)
}

// row is a profile with its credentials. Its field names are the keys in JSON.
type row struct {
	Profile         string
	AccountId       string //nolint:revive // as AWS prints it
	RoleName        string
	Region          string
	AccessKeyId     string //nolint:revive // as AWS prints it
	SecretAccessKey string
	SessionToken    string
	Expiration      *time.Time // null: they have no end
}

func newRow(r resolve.Result, to resolve.Handover) row {
	return row{
		Profile: to.Profile, AccountId: cmp.Or(r.Credentials.AccountID, to.AccountID), RoleName: to.RoleName, Region: to.Region,
		AccessKeyId: r.Credentials.AccessKeyID, SecretAccessKey: r.Credentials.SecretAccessKey,
		SessionToken: r.Credentials.SessionToken, Expiration: expiration(r.Credentials),
	}
}

// Cells returns nothing: no format has columns.
func (row) Cells() []string { return nil }

func expiration(c aws.Credentials) *time.Time {
	if !c.CanExpire {
		return nil
	}
	at := c.Expires.UTC().Truncate(time.Second)
	return &at
}

// processDocument is what a credential_process prints
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).
func processDocument(c aws.Credentials) (string, error) {
	text, err := json.Marshal(struct { //nolint:gosec // it is there to be handed out
		Version         int
		AccessKeyId     string //nolint:revive // as AWS has it
		SecretAccessKey string
		SessionToken    string     `json:",omitempty"`
		Expiration      *time.Time `json:",omitempty"`
		AccountId       string     `json:",omitempty"` //nolint:revive // as AWS has it
	}{1, c.AccessKeyID, c.SecretAccessKey, c.SessionToken, expiration(c), c.AccountID})
	return string(text) + "\n", err
}

// checkSendable refuses keys that no request could carry: whatever they are,
// they are none of AWS's.
func checkSendable(c aws.Credentials) error {
	for _, value := range []string{c.AccessKeyID, c.SecretAccessKey, c.SessionToken} {
		if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fault.Newf(fault.Reply, "the credentials hold characters that no request can carry")
		}
	}
	return nil
}

// defaultFormat returns the format for the shell that the user is likely to
// use.
func defaultFormat() report.Format {
	if runtime.GOOS == "windows" && os.Getenv("MSYSTEM") == "" { // Git's bash sets it
		return report.PowerShell
	}
	return report.Env
}

func defaultFormatText() string {
	if runtime.GOOS == "windows" {
		return "powershell, or env where MSYSTEM is set"
	}
	return string(report.Env)
}

// mistyped returns a script for a shell that evaluates the output although the
// command line makes no sense: an empty output would count as a success, and
// leave an earlier role.
func mistyped(args []string) string {
	format := defaultFormat()
	for i, arg := range args {
		value, ok := "", false
		switch {
		case (arg == "-o" || arg == "--format") && i+1 < len(args):
			value, ok = args[i+1], true
		case strings.HasPrefix(arg, "--format="):
			value, ok = strings.TrimPrefix(arg, "--format="), true
		case strings.HasPrefix(arg, "-o"):
			value, ok = strings.TrimPrefix(arg, "-o"), true
		case arg == "--write", strings.HasPrefix(arg, "--write-as"):
			return ""
		}
		if ok && slices.Contains(formats(), value) {
			format = report.Format(value)
		}
	}
	if !format.ForShell() {
		return ""
	}
	return report.FailureScript(format, resolve.NoRole(os.Environ()))
}

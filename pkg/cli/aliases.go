package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// aliasesWord is the first argument that is about the aliases of the AWS CLI,
// by which "aws sso-login" runs sso-login:
//
//	sso-login __aliases              print them
//	sso-login __aliases add [--yes]  put them into ~/.aws/cli/alias, after asking
//	sso-login __aliases remove       take them out again
const aliasesWord = "__aliases"

// aliasSection is a section of ~/.aws/cli/alias and the suite's aliases in it.
type aliasSection struct {
	header  string
	aliases []alias
}

// alias is a word after aws, and what it runs.
type alias struct{ name, runs string }

// aliasSections are the aliases of the suite.
type aliasSections []aliasSection

// aliasesOf returns the aliases of programs. The second section is for version 2 of the
// AWS CLI; version 1 does not look at it.
func aliasesOf(programs []string) aliasSections {
	top, sub := aliasSection{header: "toplevel"}, aliasSection{header: "command sso"}
	for _, program := range programs {
		top.aliases = append(top.aliases, alias{program, "!" + program})
		// aws sso login is the AWS CLI's own
		if word := strings.TrimPrefix(program, "sso-"); word != "login" {
			sub.aliases = append(sub.aliases, alias{word, "!" + program})
		}
	}
	return aliasSections{top, sub}
}

func (a *App) aliases(ctx context.Context, args []string) error {
	paths, err := a.env.Paths()
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(paths.Roles), "alias") // the AWS CLI lets nobody move it
	switch strings.Join(args, " ") {
	case "":
		return printAliases(a.Out)
	case "add":
		return a.askToAddAliases(ctx, a.Store(paths), path)
	case "add --yes":
		return a.addAliases(ctx, a.Store(paths), path)
	case "remove":
		return a.removeAliases(ctx, a.Store(paths), path)
	}
	return fault.Newf(fault.Usage, "%s takes add, add --yes or remove", aliasesWord)
}

func suiteAliases() aliasSections { return aliasesOf(Programs()) }

func printAliases(out io.Writer) error {
	text, _, err := suiteAliases().add("", nil)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

func (a *App) askToAddAliases(ctx context.Context, store *safefile.Store, path string) error {
	old, err := readIfThere(ctx, path)
	if err != nil {
		return err
	}
	planned, _, err := suiteAliases().add(path, old)
	if err != nil {
		return err
	}
	if bytes.Equal(old, planned) {
		a.Note("%s already has the aliases", path)
		return nil
	}
	if !a.Interactive {
		a.Note("nothing was added to %s, since there is no terminal to ask at; these lines make the AWS CLI know the programs:", path)
		if err := printAliases(a.Out); err != nil {
			return err
		}
		a.Hint("to add them, run: " + a.Program.Name + " " + aliasesWord + " add --yes")
		return nil
	}
	a.Plain("These lines make the AWS CLI know the programs:", "")
	for _, line := range suiteAliases().missing(path, old) {
		a.Plain("    " + line)
	}
	a.Plain("")
	agreed, err := a.Confirm(ctx, "Add them to "+path+"?")
	if err != nil || !agreed {
		return err
	}
	return a.addAliases(ctx, store, path)
}

// maxAliases is how large a file may be that somebody wrote by hand.
const maxAliases = 4 << 20

func readIfThere(ctx context.Context, path string) ([]byte, error) {
	data, err := safefile.Read(ctx, path, maxAliases, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (a *App) addAliases(ctx context.Context, store *safefile.Store, path string) error {
	var taken []string
	changed, err := store.Update(ctx, safefile.Target{Path: path}, func(old []byte) (planned []byte, err error) {
		planned, taken, err = suiteAliases().add(path, old)
		return planned, err
	})
	if err != nil {
		return err
	}
	for _, name := range taken {
		a.Note("%s is already an alias of yours, and was left alone", name)
	}
	if changed {
		a.Note("added the aliases to %s", path)
	} else {
		a.Note("%s already has the aliases", path)
	}
	return nil
}

func (a *App) removeAliases(ctx context.Context, store *safefile.Store, path string) error {
	old, err := readIfThere(ctx, path)
	if err != nil {
		return err
	}
	if kept, err := suiteAliases().remove(path, old); err != nil || bytes.Equal(kept, old) {
		return err
	}
	_, err = store.Update(ctx, safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
		return suiteAliases().remove(path, old)
	})
	if err == nil {
		_, err = store.RemoveEmpty(ctx, path)
	}
	if err == nil {
		a.Note("removed the aliases from %s", path)
	}
	return err
}

// add returns the file with every alias that it lacks. An alias of the
// same name that runs something else stays, and is among taken. A file that the
// AWS CLI cannot read is a fault of kind Config.
func (a aliasSections) add(path string, old []byte) (planned []byte, taken []string, err error) {
	file := parseAliases(path, old)
	edit := file.Edit()
	for _, s := range a {
		missing, others := s.compare(file)
		taken = append(taken, others...)
		if len(missing) == 0 {
			continue
		}
		add := edit.AddProfile
		if _, exists := awsconfig.Merge(nil, file).Profile(s.header); exists {
			add = edit.SetProfile
		}
		if err := add(s.header, missing...); err != nil {
			return nil, nil, err
		}
	}
	planned, err = edit.Bytes()
	return keepLastLine(old, planned), taken, err
}

// remove returns the file without the aliases that add puts there. A
// section that held nothing else goes too.
func (a aliasSections) remove(path string, old []byte) ([]byte, error) {
	file := parseAliases(path, old)
	edit := file.Edit()
	for _, s := range a {
		section, exists := awsconfig.Merge(nil, file).Profile(s.header)
		if !exists {
			continue
		}
		var ours []string
		for _, alias := range s.aliases {
			if section.Get(alias.name) == alias.runs {
				ours = append(ours, alias.name)
			}
		}
		var err error
		switch {
		case len(ours) == 0:
		case len(ours) == len(section.Keys()):
			err = edit.RemoveProfile(s.header)
		default:
			err = edit.UnsetProfile(s.header, ours...)
		}
		if err != nil {
			return nil, err
		}
	}
	kept, err := edit.Bytes()
	return keepLastLine(old, kept), err
}

// keepLastLine returns the planned file without a final line end if the old one
// has none, so that what was added and removed leaves no trace.
func keepLastLine(old, planned []byte) []byte {
	if len(old) == 0 || bytes.HasSuffix(old, []byte("\n")) {
		return planned
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(planned, []byte("\n")), []byte("\r"))
}

// missing returns the lines that add puts there.
func (a aliasSections) missing(path string, old []byte) (lines []string) {
	for _, s := range a {
		missing, _ := s.compare(parseAliases(path, old))
		if len(missing) > 0 {
			lines = append(lines, "["+s.header+"]")
		}
		for _, alias := range missing {
			lines = append(lines, alias.Key+" = "+alias.Value)
		}
	}
	return lines
}

// compare returns the aliases that a file lacks, and the names of those that run
// something else there.
func (s aliasSection) compare(file *awsconfig.File) (missing []awsconfig.KeyValue, others []string) {
	section, exists := awsconfig.Merge(nil, file).Profile(s.header)
	for _, alias := range s.aliases {
		value, known := "", false
		if exists {
			value, known = section.Lookup(alias.name)
		}
		switch {
		case !known:
			missing = append(missing, awsconfig.KeyValue{Key: alias.name, Value: alias.runs})
		case value != alias.runs:
			others = append(others, fmt.Sprintf("%q of [%s]", alias.name, s.header))
		}
	}
	return missing, others
}

// parseAliases reads the file as the AWS CLI does, but for the comments with
// which earlier versions marked what they had added.
func parseAliases(path string, text []byte) *awsconfig.File {
	marked := false
	var kept []byte
	for line := range bytes.Lines(text) {
		comment := string(bytes.TrimSpace(line))
		switch {
		case comment == "# aws-sso-plugins: begin":
			marked = true
		case comment == "# aws-sso-plugins: end":
			marked = false
		case marked && strings.HasPrefix(comment, "# aws sso"):
		default:
			kept = append(kept, line...)
		}
	}
	return awsconfig.Parse(path, awsconfig.AliasFile, kept)
}

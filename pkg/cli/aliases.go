package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
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

// aliasSection is a section of ~/.aws/cli/alias and what is to be in it.
type aliasSection struct {
	header, remark string
	aliases        []alias
}

// alias is a word after aws, and what it runs.
type alias struct{ name, runs string }

func (a alias) line() string { return a.name + " = " + a.runs }

// aliasSections are the aliases. The second section is for version 2 of the
// AWS CLI; version 1 does not look at it.
func aliasSections() []aliasSection {
	top, sub := aliasSection{header: "toplevel"}, aliasSection{header: "command sso"}
	var topWords, subWords []string
	for _, program := range Programs() {
		top.aliases = append(top.aliases, alias{program, "!" + program})
		topWords = append(topWords, "aws "+program)
		word := strings.TrimPrefix(program, "sso-")
		if word == "login" {
			continue // aws sso login is the AWS CLI's own
		}
		sub.aliases = append(sub.aliases, alias{word, "!" + program})
		subWords = append(subWords, "aws sso "+word)
	}
	top.remark, sub.remark = strings.Join(topWords, ", "), strings.Join(subWords, ", ")
	return []aliasSection{top, sub}
}

// What is ours in the file stands between these lines.
const (
	aliasesBegin = "# aws-sso-plugins: begin"
	aliasesEnd   = "# aws-sso-plugins: end"
)

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

func printAliases(out io.Writer) error {
	text, _, err := withAliases("", nil)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

func (a *App) askToAddAliases(ctx context.Context, store *safefile.Store, path string) error {
	old, err := readIfThere(path)
	if err != nil {
		return err
	}
	planned, _, err := withAliases(path, old)
	if err != nil {
		return err
	}
	if bytes.Equal(old, planned) {
		a.Note("the aliases are in %s already", path)
		return nil
	}
	if !a.Interactive {
		a.Note("to have the AWS CLI know the programs, these lines go into %s:", path)
		return printAliases(a.Out)
	}
	a.Plain("These lines make the AWS CLI know the programs:", "")
	own := ownAliasLines()
	for line := range bytes.Lines(planned) {
		if text := strings.TrimSpace(string(line)); own[text] {
			a.Plain("    " + text)
		}
	}
	a.Plain("")
	agreed := false
	_, err = a.Ask(ctx, "Add them to "+path+"? yes or no", "no", func(answer string) error {
		switch strings.ToLower(answer) {
		case "y", "yes":
			agreed = true
		case "n", "no":
		default:
			return fault.Newf(fault.Usage, "%q is neither yes nor no", answer)
		}
		return nil
	})
	if err != nil || !agreed {
		return err
	}
	return a.addAliases(ctx, store, path)
}

// maxAliases is how large a file may be that somebody wrote by hand.
const maxAliases = 4 << 20

func readIfThere(path string) ([]byte, error) {
	data, err := safefile.Read(path, maxAliases, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (a *App) addAliases(ctx context.Context, store *safefile.Store, path string) error {
	var taken []string
	changed, err := store.Update(ctx, safefile.Target{Path: path}, func(old []byte) (planned []byte, err error) {
		planned, taken, err = withAliases(path, old)
		return planned, err
	})
	if err != nil {
		return err
	}
	for _, name := range taken {
		a.Note("%s is an alias of yours already, and was left alone", name)
	}
	if changed {
		a.Note("added the aliases to %s", path)
	} else {
		a.Note("the aliases are in %s already", path)
	}
	return nil
}

func (a *App) removeAliases(ctx context.Context, store *safefile.Store, path string) error {
	old, err := readIfThere(path)
	if err != nil || !bytes.Contains(old, []byte(aliasesBegin)) {
		return err
	}
	left := 0
	_, err = store.Update(ctx, safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
		kept, err := withoutAliases(path, old)
		left = len(kept)
		return kept, err
	})
	if err == nil && left == 0 {
		_, err = store.Remove(ctx, path)
	}
	if err == nil {
		a.Note("took the aliases out of %s", path)
	}
	return err
}

// withAliases is the file with every alias that it does not have. An alias of
// the same name that runs something else stays, and is among taken. All other
// bytes stay as they are. A file that would then be read otherwise is a fault
// of kind Config.
func withAliases(path string, old []byte) (planned []byte, taken []string, err error) {
	base, err := withoutAliases(path, old)
	if err != nil {
		return nil, nil, err
	}
	there := awsconfig.Merge(nil, awsconfig.Parse(path, awsconfig.CredentialsFile, base))
	if bytes.Count(base, []byte("\r")) != bytes.Count(base, []byte("\r\n")) {
		return nil, nil, unchangeable(path) // Python takes a lone one for a line end
	}
	lines := bytes.SplitAfter(base, []byte("\n"))
	lineEnd := "\n"
	if bytes.Contains(base, []byte("\r\n")) {
		lineEnd = "\r\n"
	}
	var top []string
	for _, s := range aliasSections() {
		section, exists := there.Profile(s.header)
		var missing []string
		for _, alias := range s.aliases {
			value, known := "", false
			if exists {
				value, known = section.Lookup(alias.name)
			}
			switch {
			case !known:
				missing = append(missing, alias.line())
			case value != alias.runs:
				taken = append(taken, fmt.Sprintf("%q of [%s]", alias.name, s.header))
			}
		}
		switch {
		case len(missing) == 0:
		case exists:
			insertBelow(lines, section, missing, lineEnd)
		default:
			top = append(append(top, "["+s.header+"]", "# "+s.remark), missing...)
		}
	}
	planned = bytes.Join(lines, nil)
	if len(top) > 0 {
		// at the top, where no line before it can lack its end
		planned = append([]byte(strings.Join(aliasBlock(top, ""), lineEnd)+lineEnd), planned...)
	}
	return planned, taken, sameAliases(path, base, planned)
}

// insertBelow puts lines below the header of a section, indented as its first
// alias is: what is indented further than the line before it would be read as
// more of that.
func insertBelow(lines [][]byte, section *awsconfig.Profile, added []string, lineEnd string) {
	_, header := section.Pos("")
	like := header
	if keys := section.Keys(); len(keys) > 0 {
		_, like = section.Pos(keys[0])
	}
	indent := string(lines[like-1][:len(lines[like-1])-len(bytes.TrimLeft(lines[like-1], " \t"))])
	block := strings.Join(aliasBlock(added, indent), lineEnd)
	if at := lines[header-1]; bytes.HasSuffix(at, []byte("\n")) {
		lines[header-1] = append(bytes.Clone(at), block+lineEnd...)
	} else {
		lines[header-1] = append(bytes.Clone(at), lineEnd+block...)
	}
}

func aliasBlock(lines []string, indent string) []string {
	block := slices.Concat([]string{aliasesBegin}, lines, []string{aliasesEnd})
	for i := range block {
		block[i] = indent + block[i]
	}
	return block
}

// aliasRemark is the line above the aliases of a section, also that of a version
// which had fewer programs.
var aliasRemark = regexp.MustCompile(`^# aws sso[- ][a-z]+(, aws sso[- ][a-z]+)*$`)

// isOwnAliasLine reports whether a line can stand in a block of ours.
func isOwnAliasLine(text string, own map[string]bool) bool {
	return own[text] || aliasRemark.MatchString(text)
}

// ownAliasLines are all the lines that can stand in a block of ours.
func ownAliasLines() map[string]bool {
	own := map[string]bool{aliasesBegin: true, aliasesEnd: true}
	for _, s := range aliasSections() {
		own["["+s.header+"]"], own["# "+s.remark] = true, true
		for _, alias := range s.aliases {
			own[alias.line()] = true
		}
	}
	return own
}

// withoutAliases is the file without the lines that [withAliases] put there.
// Whatever else somebody wrote between them stays, with the header above it.
func withoutAliases(path string, old []byte) ([]byte, error) {
	kept := dropAliases(old, false)
	if sameAliases(path, kept, old) == nil {
		return kept, nil
	}
	kept = dropAliases(old, true)
	return kept, sameAliases(path, kept, old)
}

// dropAliases leaves out the lines of ours, but for the headers if aliases of
// the user stand below them.
func dropAliases(old []byte, keepHeaders bool) []byte {
	own := ownAliasLines()
	lines := slices.Collect(bytes.Lines(old))
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = strings.TrimSpace(string(line))
	}
	var kept []byte
	for i := 0; i < len(lines); i++ {
		if texts[i] != aliasesBegin {
			kept = append(kept, lines[i]...)
			continue
		}
		end := endOfAliases(texts, i)
		for k := i; k <= end; k++ {
			if !isOwnAliasLine(texts[k], own) || keepHeaders && strings.HasPrefix(texts[k], "[") {
				kept = append(kept, lines[k]...)
			}
		}
		i = end
		if !bytes.HasSuffix(lines[end], []byte("\n")) {
			// the line end before the block was put there with it
			kept = bytes.TrimSuffix(bytes.TrimSuffix(kept, []byte("\n")), []byte("\r"))
		}
	}
	return kept
}

// endOfAliases is the last line of the block that begins at a line. Where
// somebody took the mark away it is the last one before a line of theirs.
func endOfAliases(texts []string, begin int) int {
	for i := begin + 1; i < len(texts) && texts[i] != aliasesBegin; i++ {
		if texts[i] == aliasesEnd {
			return i
		}
	}
	own := ownAliasLines()
	end := begin
	for end+1 < len(texts) && texts[end+1] != aliasesBegin && isOwnAliasLine(texts[end+1], own) {
		end++
	}
	return end
}

// sameAliases is nil if the AWS CLI reads with as it reads without, but for
// aliases of ours. A line that became part of the one before it would be missed
// as an alias of its own.
func sameAliases(path string, without, with []byte) error {
	before, after := readAliases(path, without), readAliases(path, with)
	for _, s := range aliasSections() {
		for _, alias := range s.aliases {
			id := [2]string{s.header, alias.name}
			if _, theirs := before.values[id]; !theirs && after.values[id] == alias.runs {
				delete(after.values, id)
			}
		}
	}
	if maps.Equal(before.values, after.values) && before.flaws == after.flaws {
		return nil
	}
	return unchangeable(path)
}

func unchangeable(path string) error {
	return fault.Newf(fault.Config, "%s: cannot be changed without changing what is in it", path).
		WithHint("edit it by hand; the lines are those of: sso-login %s", aliasesWord)
}

// aliasFile is what is in a file: values by section and name, and how many
// lines cannot be read.
type aliasFile struct {
	values map[[2]string]string
	flaws  int
}

// readAliases reads a file as the AWS CLI does, with the parser that it has for
// the credentials, where a header is a name. Only subsections, which an alias
// of several lines may look like, are none: what they hold is not looked at.
func readAliases(path string, text []byte) aliasFile {
	file := awsconfig.Parse(path, awsconfig.CredentialsFile, text)
	read := aliasFile{values: map[[2]string]string{}}
	for _, problem := range file.Problems() {
		if problem.Fatal {
			read.flaws++
		}
	}
	for _, section := range awsconfig.Merge(nil, file).Profiles() {
		for _, name := range section.Keys() {
			read.values[[2]string{section.Name, name}] = section.Get(name)
		}
	}
	return read
}

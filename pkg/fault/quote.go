package fault

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// onWindows reports whether paths have backslashes, and commands go to
// PowerShell or cmd.exe.
const onWindows = os.PathSeparator == '\\'

// Path returns the path of a file in quotes, as messages name it: like %q, but
// with the backslashes of Windows as they are, so that it can be copied.
func Path(path string) string {
	quoted := strconv.Quote(path)
	if onWindows {
		quoted = strings.ReplaceAll(quoted, `\\`, `\`)
	}
	return quoted
}

// Word returns a word of a command in a hint, quoted where that is needed: for a
// POSIX shell or, on Windows, for PowerShell and, as far as one form serves both,
// cmd.exe.
func Word(word string) string {
	plain, quotable := "_@+.%:/-", ""
	if onWindows {
		plain, quotable = `_+.:/\-`, ` ,;=@#&()[]{}~!^'|<>*?`
	}
	switch {
	case word != "" && consistsOf(word, plain):
		return word
	case onWindows && consistsOf(word, plain+quotable):
		return `"` + word + `"`
	case onWindows:
		// PowerShell takes typographic quotes for plain ones.
		return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(word) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// consistsOf reports whether a word has only ASCII letters, digits and others.
func consistsOf(word, others string) bool {
	return strings.IndexFunc(word, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r))
	}) < 0
}

// Cause returns the cause in an error of a system call or of a command's start,
// without the call and the names that Go puts before it: the message around it
// names them, and some are of temporary files.
func Cause(err error) error {
	var start *exec.Error
	if errors.As(err, &start) {
		err = start.Err
	}
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	case errors.As(err, &call):
		return call.Err
	}
	return err
}

// Reason returns the text of [Cause], without the full stop with which Windows
// ends it.
func Reason(err error) string { return withoutFullStop(Cause(err).Error()) }

// withoutFullStop leaves the dots of an ellipsis.
func withoutFullStop(text string) string {
	if strings.HasSuffix(text, "..") {
		return text
	}
	return strings.TrimSuffix(text, ".")
}

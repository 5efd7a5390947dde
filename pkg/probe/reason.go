package probe

import (
	"errors"
	"strconv"

	"aws-sso-plugins/pkg/fault"
)

// place is where a key stands, "FILE:LINE", or its section where the key is not
// there.
func place(p placed, key string) string {
	path, line := p.Pos(key)
	if line == 0 {
		path, line = p.Pos("")
	}
	return path + ":" + strconv.Itoa(line)
}

// setting is a key with the section and the line it stands in.
func setting(key, section string, p placed) string {
	_, line := p.Pos(key)
	return key + " in [" + section + "], line " + strconv.Itoa(line)
}

// failure is a result with its status and reason. key is the key of the
// profile p to look at where it is the profile that is at fault.
func failure(r Result, err error, p placed, key string) Result {
	r.Status, r.Err, r.Reason = statusOf(err), err, err.Error()
	if r.Status == Skipped {
		r.Err = nil
	}
	if !isOwnFault(r) || key == "" {
		return r
	}
	if _, line := p.Pos(key); line > 0 {
		// after the reason: rows are cut at their end
		r.Reason += " (" + key + ", " + place(p, key) + ")"
	}
	return r
}

// isOwnFault says whether a failure is to be mended at a line of the profile
// that the reason does not name yet.
func isOwnFault(r Result) bool {
	var f *finding
	switch r.Status {
	case AccessDenied, STSDenied, WrongIdentity:
		return true
	case InvalidConfig:
		return fault.KindOf(r.Err) != fault.Config // those name their line
	case Failed:
		return errors.As(r.Err, &f) || fault.KindOf(r.Err) == fault.Request
	}
	return false
}

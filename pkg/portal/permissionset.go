package portal

import "strings"

// PermissionSetOf returns the permission set that Identity Center made an IAM
// role for, by the role's name or ARN, or by the ARN of one of its sessions: the
// console shows those. No permission set has a name so long.
func PermissionSetOf(role string) (name string, ok bool) {
	_, name, ok = strings.Cut("/"+role, "/AWSReservedSSO_")
	name, _, _ = strings.Cut(name, "/") // the session
	name, suffix, named := cutLast(name, "_")
	return name, ok && named && name != "" && len(suffix) == 16 && strings.Trim(suffix, "0123456789abcdef") == ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

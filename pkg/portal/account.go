package portal

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"

	"aws-sso-plugins/pkg/fault"
)

// Account is an AWS account as the portal lists it. Name and Email are text
// from a server: anything may stand in them.
type Account struct {
	ID    string // 12 digits
	Name  string // the id where the account has no name, or one of spaces only
	Email string // may be empty
}

// Assignment is one role in one account that a person may assume.
type Assignment struct {
	Account
	Role string
}

// accountOf reads an entry of the list of accounts. Fields may be null.
func accountOf(info types.AccountInfo) (Account, error) {
	a := Account{
		ID:    aws.ToString(info.AccountId),
		Name:  aws.ToString(info.AccountName),
		Email: aws.ToString(info.EmailAddress),
	}
	if !IsAccountID(a.ID) {
		return Account{}, notOne("account", a.ID)
	}
	if strings.TrimSpace(a.Name) == "" {
		a.Name = a.ID
	}
	return a, nil
}

// roleOf reads an entry of the list of an account's roles. Fields may be null.
func roleOf(info types.RoleInfo, account string) (string, error) {
	role := aws.ToString(info.RoleName)
	if !isRoleName(role) {
		return "", notOne("role", role)
	}
	if other := aws.ToString(info.AccountId); other != "" && other != account {
		return "", fault.New(fault.Reply, "", fmt.Sprintf("the portal answered for account %.40q", other))
	}
	return role, nil
}

func notOne(what, name string) error {
	if name == "" {
		return fault.New(fault.Reply, "", "the portal listed one "+what+" without a name")
	}
	return fault.New(fault.Reply, "", fmt.Sprintf("the portal listed %s %.80q, which cannot exist", what, name))
}

// IsAccountID reports whether s is an AWS account id, 12 digits.
func IsAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isRoleName reports whether s can be a permission set's name: [\w+=,.@-]+, at
// most 64 characters (CreatePermissionSet and IAM).
func isRoleName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '+', c == '=', c == ',', c == '.', c == '@', c == '-':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 64
}

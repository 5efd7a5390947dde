package resolve

import (
	"path"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"aws-sso-plugins/pkg/awsconfig"
)

// origin is where a profile's credentials come from.
type origin uint8

const (
	fromNowhere  origin = iota // no credentials of its own
	fromPortal                 // IAM Identity Center
	fromRole                   // AssumeRole with the credentials of another profile
	fromWebToken               // AssumeRoleWithWebIdentity
	fromKeys                   // access keys in a file
	fromProcess                // a command
	fromMachine                // credential_source: the environment, instance or container metadata
	fromLogin                  // login_session: the AWS CLI's own `aws login`
)

// originOf follows the AWS CLI's order, in which a role comes before Identity
// Center and that before access keys. The Go SDK would take the access keys of
// a profile that has both. A profile that another one names as its
// source_profile lends its access keys first: that is how a profile may name
// itself.
func originOf(p *awsconfig.Profile, asSource bool) origin {
	has := func(key string) bool {
		_, ok := p.Lookup(key)
		return ok
	}
	keys := has("aws_access_key_id") || has("aws_secret_access_key")
	if has("role_arn") && !has("web_identity_token_file") && !(asSource && keys) {
		if has("credential_source") && !has("source_profile") {
			return fromMachine
		}
		return fromRole
	}
	switch {
	case has("web_identity_token_file"):
		return fromWebToken
	case has("sso_account_id"), has("sso_role_name"):
		// one with sso_session alone is for the token, as code editors use it
		return fromPortal
	case keyFile(p) == awsconfig.CredentialsFile:
		return fromKeys
	case has("login_session"):
		return fromLogin
	case has("credential_process"):
		return fromProcess
	case keys:
		return fromKeys
	}
	return fromNowhere
}

// keyFile returns the file that a profile's access keys are read from, all of them:
// the credentials file, whose keys come before a credential_process, if the id
// stands there, and else the config, whose keys come after it.
func keyFile(p *awsconfig.Profile) awsconfig.Kind {
	if _, ok := p.LookupIn(awsconfig.CredentialsFile, "aws_access_key_id"); ok {
		return awsconfig.CredentialsFile
	}
	return awsconfig.ConfigFile
}

// mainKey returns the key of a profile that its credentials come from: the line to
// look at when they do not work.
func (o origin) mainKey() string {
	switch o {
	case fromPortal:
		return "sso_role_name"
	case fromRole:
		return "role_arn"
	case fromWebToken:
		return "web_identity_token_file"
	case fromKeys:
		return "aws_access_key_id"
	case fromProcess:
		return "credential_process"
	case fromMachine:
		return "credential_source"
	case fromLogin:
		return "login_session"
	}
	return ""
}

// roleOf returns the account and the role's name in the ARN of a role,
// arn:aws:iam::ACCOUNT:role/PATH/NAME; empty where it has another form.
func roleOf(text string) (account, role string) {
	parts, err := arn.Parse(text)
	if err != nil || parts.Service != "iam" || path.Dir(parts.Resource) == "." {
		return "", ""
	}
	return parts.AccountID, path.Base(parts.Resource)
}

package profiles

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/safefile"
)

// KeySection is a section of the credentials file that holds the keys of a
// role.
type KeySection struct {
	Name        string
	Session     portal.Session // that the role comes from; zero: none
	Region      string
	Credentials aws.Credentials
}

// The keys of a section beside those that AWS clients read. The session and
// the expiry say which sections a logout and the next write remove.
const (
	keysMark       = "sso-creds"
	keysSessionKey = "managed_session"
	keysExpiryKey  = "expiration"
)

// KeySectionName returns the name of the section for a role:
// ACCOUNT_ROLE, as the access portal names it, else the name of the profile.
// It has the characters that profiles have.
func KeySectionName(h resolve.Handover) string {
	if h.AccountID == "" || h.RoleName == "" {
		return cleanName(h.Profile)
	}
	return cleanName(h.AccountID + "_" + h.RoleName)
}

// Text returns the section as the access portal gives it for pasting, with the
// region. A value that some client could read in another way is a fault of kind
// Reply.
func (s KeySection) Text() (string, error) {
	if err := CheckSectionName(s.Name); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\n", s.Name)
	for _, kv := range s.keys() {
		if !resolve.IsPlain(kv.Value) {
			return "", fault.Newf(fault.Reply, "the value for %s has characters that some AWS client could read in another way", kv.Key)
		}
		fmt.Fprintf(&b, "%s = %s\n", kv.Key, kv.Value)
	}
	return b.String(), nil
}

// keys returns what AWS clients read.
func (s KeySection) keys() []awsconfig.KeyValue {
	return withoutEmpty([]awsconfig.KeyValue{
		{Key: "aws_access_key_id", Value: s.Credentials.AccessKeyID},
		{Key: "aws_secret_access_key", Value: s.Credentials.SecretAccessKey},
		{Key: "aws_session_token", Value: s.Credentials.SessionToken},
		{Key: "region", Value: s.Region},
	})
}

// marked returns the keys of a section that this suite writes.
func (s KeySection) marked() []awsconfig.KeyValue {
	expires := ""
	if s.Credentials.CanExpire {
		expires = s.Credentials.Expires.UTC().Format(time.RFC3339)
	}
	session := ""
	if s.Session.StartURL != "" {
		session = s.Session.Label()
	}
	return append(s.keys(), withoutEmpty([]awsconfig.KeyValue{
		{Key: keysExpiryKey, Value: expires}, {Key: keysSessionKey, Value: session}, {Key: markKey, Value: keysMark},
	})...)
}

func withoutEmpty(all []awsconfig.KeyValue) []awsconfig.KeyValue {
	var some []awsconfig.KeyValue
	for _, kv := range all {
		if kv.Value != "" {
			some = append(some, kv)
		}
	}
	return some
}

// CheckSectionName refuses the name of a section that would be the keys of every
// program, or that not every AWS client reads: faults of kind Usage.
func CheckSectionName(name string) error {
	switch {
	case strings.EqualFold(name, "default"):
		return fault.Newf(fault.Usage, "a section %q would be the keys of every program that names no profile", name).
			WithHint("choose another name: --write-as NAME")
	case !awsconfig.PortableName(name):
		return fault.Newf(fault.Usage, "%q is no name that every AWS client reads", name).
			WithHint("letters, digits and _@+.%%:/- only")
	}
	return nil
}

// KeyFile is where [KeySection]s are written: the credentials file, beside a
// config that says which names are taken.
type KeyFile struct {
	ConfigPath, CredentialsPath string
	Store                       *safefile.Store
}

// Write puts sections into the file, in the place of those of the same name
// that were written before, and removes those that have expired. written are
// the names of the sections that are there now, in the order given; refused
// says why others are not: a section or a profile of the name that somebody
// else made, kind Conflict. The file is made if it is missing, and is 0600
// afterwards. With err the file is as it was.
func (f *KeyFile) Write(ctx context.Context, sections []KeySection, now time.Time) (written []string, refused []error, err error) {
	target := safefile.Target{Path: f.CredentialsPath, Secret: true}
	_, err = f.Store.Update(ctx, target, func(old []byte) ([]byte, error) {
		written, refused = nil, nil
		configFile, err := awsconfig.ReadFile(ctx, f.ConfigPath, awsconfig.ConfigFile)
		if err != nil {
			return nil, err
		}
		file := awsconfig.Parse(f.CredentialsPath, awsconfig.CredentialsFile, old)
		config := awsconfig.Merge(configFile, file)
		if err := config.Err(); err != nil {
			return nil, err
		}
		edit := file.Edit()
		wanted := map[string]bool{}
		for _, s := range sections {
			wanted[s.Name] = true
			switch err := put(edit, config, s); fault.KindOf(err) {
			case fault.Conflict:
				refused = append(refused, err)
			default:
				if err != nil {
					return nil, err
				}
				written = append(written, s.Name)
			}
		}
		for _, p := range config.Profiles() {
			if !isKeySection(p) || wanted[p.Name] || !expired(p, now) {
				continue
			}
			if err := edit.RemoveProfile(p.Name); err != nil {
				return nil, err
			}
		}
		return edit.Bytes()
	})
	if err != nil {
		return nil, nil, err
	}
	return written, refused, nil
}

// put writes one section.
func put(edit *awsconfig.Edit, config *awsconfig.Config, s KeySection) error {
	if err := CheckSectionName(s.Name); err != nil {
		return err
	}
	if _, err := s.Text(); err != nil {
		return err
	}
	p, exists := config.Profile(s.Name)
	switch {
	case !exists:
		err := edit.AddProfile(s.Name, s.marked()...)
		if fault.KindOf(err) == fault.Config {
			err = fault.Wrap(fault.Conflict, err, "%q was not written", s.Name)
		}
		return err
	case isKeySection(p):
		return edit.ReplaceProfile(s.Name, s.marked()...)
	}
	path, line := p.Pos("")
	return fault.New(fault.Conflict, fmt.Sprintf("%q was not written", s.Name),
		fmt.Sprintf("%s:%d has a profile of that name, which sso-creds did not make", path, line)).
		WithHint("choose another name: --write-as NAME")
}

// isKeySection reports whether a profile is a section that this suite has
// written to the credentials file, and nothing but that.
func isKeySection(p *awsconfig.Profile) bool {
	mark, _ := p.LookupIn(awsconfig.CredentialsFile, markKey)
	return !p.InConfig() && mark == keysMark
}

func expired(p *awsconfig.Profile, now time.Time) bool {
	expires, err := time.Parse(time.RFC3339, p.Get(keysExpiryKey))
	return err == nil && !now.Before(expires)
}

// Remove takes the sections with the keys of a session's roles out of the file,
// and returns their names. Without any the file is not touched.
func (f *KeyFile) Remove(ctx context.Context, s portal.Session) (removed []string, err error) {
	file, err := awsconfig.ReadFile(ctx, f.CredentialsPath, awsconfig.CredentialsFile)
	if err != nil || len(keySectionsOf(file, s)) == 0 {
		return nil, err
	}
	target := safefile.Target{Path: f.CredentialsPath, Secret: true}
	_, err = f.Store.Update(ctx, target, func(old []byte) ([]byte, error) {
		file := awsconfig.Parse(f.CredentialsPath, awsconfig.CredentialsFile, old)
		edit := file.Edit()
		removed = keySectionsOf(file, s)
		for _, name := range removed {
			if err := edit.RemoveProfile(name); err != nil {
				return nil, err
			}
		}
		return edit.Bytes()
	})
	if err != nil {
		return nil, err
	}
	return removed, nil
}

// keySectionsOf returns the names of the sections with the keys of a session's
// roles.
func keySectionsOf(file *awsconfig.File, s portal.Session) []string {
	var names []string
	for _, p := range awsconfig.Merge(nil, file).Profiles() {
		if isKeySection(p) && p.Get(keysSessionKey) == s.Label() {
			names = append(names, p.Name)
		}
	}
	return names
}

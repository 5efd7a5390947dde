package awsconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// A Config is the config file with the credentials file laid over it. It
// never changes.
type Config struct {
	config, credentials *File
	profiles            []Profile
	index               map[string]int32 // profile name -> profiles
}

// Load reads and merges the two files. A file that does not exist counts as
// empty, and so does an empty path; one that cannot be read is a fault of kind
// File. ctx ends the reading of a pipe that nobody writes into. What
// stands in the files is never an error here: see [Config.Err].
//
// A file that another program is writing is read when that is done; see
// [safefile.Read]. Where the system does not tell of the writer, a config that
// was just written is read again if it is empty, cannot be read, or lacks a
// profile or session of one of the names.
func Load(ctx context.Context, configPath, credentialsPath string, names ...string) (*Config, error) {
	config, err := ReadFile(ctx, configPath, ConfigFile, names...)
	if err != nil {
		return nil, err
	}
	credentials, err := ReadFile(ctx, credentialsPath, CredentialsFile)
	if err != nil {
		return nil, err
	}
	return Merge(config, credentials), nil
}

// ReadFile reads and parses one file as [Load] does.
func ReadFile(ctx context.Context, path string, kind Kind, names ...string) (*File, error) {
	if path == "" {
		return Parse(path, kind, nil), nil
	}
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = fault.Annotate(fault.Cause(err), "cannot read %s", fault.Path(path)).OrKind(fault.File)
	}
	var src []byte
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Parse(path, kind, nil), nil
	case err != nil:
	case info.Mode().IsRegular() && filepath.IsAbs(path):
		src, err = safefile.Read(ctx, path, maxFile, func(src []byte) bool {
			return Parse(path, kind, src).complete(names)
		})
	default:
		if src, err = readFile(ctx, path); err != nil {
			err = fault.Annotate(fault.Cause(err), "cannot read %s", fault.Path(path)).OrKind(fault.File)
		}
	}
	if err != nil {
		return nil, err
	}
	return Parse(path, kind, src), nil
}

// complete reports whether the file has any content, can be read, and has a
// profile or session of each name.
func (f *File) complete(names []string) bool {
	for _, name := range names {
		_, profile := f.find(profileSection, name)
		_, session := f.find(sessionSection, name)
		if !profile && !session {
			return false
		}
	}
	return f.text != "" && f.Err() == nil
}

// maxFile is far above a config with every role of every account in it, and
// stops before a device that has no end.
const maxFile = 128 << 20

// readFile reads anything that can be read: /dev/null and pipes are given as
// configs too.
func readFile(ctx context.Context, path string) ([]byte, error) {
	text, err := safefile.ReadStream(ctx, path, maxFile)
	if errors.Is(err, safefile.ErrTooLarge) {
		err = fmt.Errorf("more than %d MiB are no config", maxFile>>20)
	}
	return text, err
}

// Merge lays a credentials file over a config file. Either may be nil, which
// is an empty one.
func Merge(config, credentials *File) *Config {
	if config == nil {
		config = Parse("", ConfigFile, nil)
	}
	if credentials == nil {
		credentials = Parse("", CredentialsFile, nil)
	}
	c := &Config{config: config, credentials: credentials}
	most := len(config.names[profileSection]) + len(credentials.names[profileSection])
	c.profiles = make([]Profile, 0, most)
	c.index = make(map[string]int32, most)
	c.addProfiles(config)
	c.addProfiles(credentials)
	return c
}

// addProfiles adds the profiles of one file, or merges them into those that
// exist.
func (c *Config) addProfiles(f *File) {
	for i := range f.sections {
		s := &f.sections[i]
		if last, ok := f.find(profileSection, s.name); s.typ != profileSection || !s.named || !ok || last != int32(i) {
			continue
		}
		at, known := c.index[s.name]
		if !known {
			at = int32(len(c.profiles))
			c.index[s.name] = at
			c.profiles = append(c.profiles, Profile{Name: s.name, c: c, inConfig: -1, inCredentials: -1})
		}
		if f.kind == ConfigFile {
			c.profiles[at].inConfig = int32(i)
		} else {
			c.profiles[at].inCredentials = int32(i)
		}
	}
}

// ConfigFile returns the config file that c was merged from; never nil.
func (c *Config) ConfigFile() *File { return c.config }

// CredentialsFile returns the credentials file that c was merged from; never nil.
func (c *Config) CredentialsFile() *File { return c.credentials }

// Profiles returns the profiles in file order: those of the config file, then
// those that only the credentials file has.
func (c *Config) Profiles() []*Profile {
	all := make([]*Profile, len(c.profiles))
	for i := range c.profiles {
		all[i] = &c.profiles[i]
	}
	return all
}

// Profile returns the profile of that name. Names are compared letter by letter,
// in upper and lower case, as every AWS client does.
func (c *Config) Profile(name string) (*Profile, bool) {
	i, ok := c.index[name]
	if !ok {
		return nil, false
	}
	return &c.profiles[i], true
}

// Err returns the first line of either file that botocore cannot read, as a fault.Config with
// "path:line" as its What, or nil. The config file comes first, as in botocore.
func (c *Config) Err() error {
	for _, f := range []*File{c.config, c.credentials} {
		if err := f.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Err returns the first line of the file that botocore cannot read as a fault.Config,
// or nil.
func (f *File) Err() error {
	if len(f.fatal) == 0 {
		return nil
	}
	err := f.fatal[0].fault()
	if n := len(f.fatal); n > 1 {
		err.Why += fmt.Sprintf(" (the first of %d such problems)", n)
	}
	return err
}

package torture

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var files = []torment{
	{name: "no space left on the device", holds: "the reason is told; config, token and backup are as they were", run: fullDisk},
	{name: "a limit on the size of files (EFBIG)", holds: "the reason is told; nothing torn, nothing left", run: fileSizeLimit},
	{name: "a read-only config (0444)", holds: "not replaced, though a rename could; what writes nothing works", run: readOnlyFile},
	{name: "a read-only home", holds: "reading works; what cannot be saved is said", run: readOnlyHome},
	{name: "a config that is a symbolic link", holds: "plain, chained, relative, dangling: the link stays, its target is written; a circle is refused", run: symlinks},
	{name: "a config that is a bind mount", holds: "written in place after a backup", run: bindMount},
	{name: "no ~/.aws at all", holds: "made 0700 and 0600 by who writes; who reads says there is nothing", run: noFolder},
	{name: "files of another user", holds: "the owner is named; nothing is changed", run: othersFiles},
	{name: "a token of another user, a cache that others may write, HOME=/", holds: "refused with the path and the command that mends it", run: notTrusted},
	{name: "links of another user, followed by root", holds: "neither followed nor changed, whatever they lead to", run: plantedLinks},
	{name: "a config that is not UTF-8, has CRLF, no last newline", holds: "every byte stays", run: oddBytes},
	{name: "a config with a BOM, a section or a key twice, a stray line", holds: "file and line are named; nothing is written", run: fatalConfigs},
	{name: "a config of 100,000 lines", holds: "each binary within 1 s and 200 MiB; all of it stays", run: longConfig, alone: true},
	{name: "a token cut at every byte", holds: "counts as none and is replaced; other sessions' tokens stay", run: cutTokens},
	{name: "tokens and registrations of random bytes", holds: "count as none; no crash, and the next login works", run: garbledTokens},
	{name: "configs of random edits", holds: "no crash; AWS can read the outcome, or nothing is written", run: garbledConfigs},
}

const profilesLine = "sso-profiles okta -o name"

// inNamespace runs a script in a mount namespace of its own. $AWS is ~/.aws;
// what it copies to $HOME/after can be looked at when the mounts are gone.
func (s *stage) inNamespace(script string, unlike bool) outcome {
	s.Helper()
	return s.play(run{line: inAWS(script), around: s.namespace(), unlike: unlike})
}

// inAWS is a line that runs a script to which $AWS is ~/.aws.
func inAWS(script string) []string { return []string{"sh", "-c", "set -e; AWS=$HOME/.aws; " + script} }

// namespace is the command that runs another in a mount namespace of its own.
// Where there are none the case is skipped.
func (s *stage) namespace() []string {
	s.Helper()
	around := []string{"unshare", "-rm"}
	if os.Getuid() == 0 {
		around = []string{"unshare", "-m"}
	}
	try := exec.Command(around[0], append(slices.Clone(around[1:]), "mount", "-t", "tmpfs", "none", "/mnt")...)
	if out, err := try.CombinedOutput(); err != nil {
		s.skip("no mount namespaces here: %s", strings.TrimSpace(string(out)))
	}
	return around
}

func fullDisk(s *stage) {
	var mine strings.Builder
	for i := range 400 {
		fmt.Fprintf(&mine, "# a comment of mine, number %d, that takes its place on the disk\n", i)
	}
	config := mine.String() + okta
	s.open(config, idctest.Config{Accounts: idctest.MakeAccounts(200, 2)})
	s.login("okta")
	s.must(os.MkdirAll(s.aws("sso", "lock"), 0o700))
	// A disk on which the old files have room and the new ones have not.
	prepare := `cp -a $AWS $HOME/before; mount -t tmpfs -o size=%s,mode=700 none $AWS; cp -a $HOME/before/. $AWS/; `
	finish := `; echo status $?; cp -a $AWS $HOME/after`
	check := func(what string, out outcome) {
		s.Helper()
		if !strings.Contains(out.stdout, "status 4\n") || !strings.Contains(out.stderr, "no space left on device") {
			s.Errorf("%s: %s%s", what, out.stdout, out.stderr)
		}
		s.sameAfter(what, "config", config)
		s.noLeftovers(what)
		_ = os.RemoveAll(s.path("before"))
		_ = os.RemoveAll(s.path("after"))
	}
	line := func(size, command string) string {
		return fmt.Sprintf(prepare, size) + "set +e; " + command + finish
	}
	check("the config", s.inNamespace(line("96k", profilesLine), false))

	// Room for nothing more at all. The token ends soon, and a refresh token
	// whose successor cannot be kept must not be spent; nor is a person asked for
	// a login that cannot be kept, for which all is ready but the room.
	s.expect(s.do("sso-login", "okta", "--force"), 0)
	s.idc.Update(func(c *idctest.Config) { c.TokenLifetime = 5 * time.Minute })
	token := s.login("okta")
	asked := s.idc.Count(idctest.CreateToken)
	fill := `set +e; dd if=/dev/zero of=$AWS/filler bs=1k count=200 2>/dev/null; `
	for _, line := range []string{"sso-login okta", "sso-login okta --force", "sso-test -q"} {
		out := s.inNamespace(fmt.Sprintf(prepare, "96k")+fill+line+"; echo status $?; rm $AWS/filler; cp -a $AWS $HOME/after", false)
		if !strings.Contains(out.stderr, "no space left on device") && line != "sso-test -q" {
			s.Errorf("%s: %s%s", line, out.stdout, out.stderr)
		}
		data, err := os.ReadFile(s.path("after", tokenFile("okta")))
		if err != nil || !strings.Contains(string(data), token.AccessToken) {
			s.Errorf("%s: the old token is not there any more: %v", line, err)
		}
		s.noLeftovers(line)
		_ = os.RemoveAll(s.path("before"))
		_ = os.RemoveAll(s.path("after"))
	}
	if n := s.idc.Count(idctest.CreateToken) - asked; n != 0 {
		s.Errorf("%d tokens were asked for that cannot be kept", n)
	}
	s.expect(s.do("sso-login", "okta"), 0)
	if n := s.idc.Count(idctest.CreateToken) - asked; n != 1 {
		s.Errorf("the session was lost: %d tokens, want one", n)
	}
}

// sameAfter compares a file that a namespace left with what it was.
func (s *stage) sameAfter(what, name, want string) {
	s.Helper()
	got, err := os.ReadFile(s.path("after", name))
	if err != nil || string(got) != want {
		s.Errorf("%s: %s holds %d bytes and not what it was (%v)", what, name, len(got), err)
	}
}

func (s *stage) noLeftovers(what string) {
	s.Helper()
	if temps := s.temps(); len(temps) > 0 {
		s.Errorf("%s: left %v", what, temps)
	}
}

func fileSizeLimit(s *stage) {
	config := okta + strings.Repeat("# mine\n", 100)
	s.open(config, idctest.Config{Accounts: idctest.MakeAccounts(40, 2)})
	s.login("okta")
	limited := func(bytes int, line ...string) outcome {
		return s.play(run{line: line, around: []string{"prlimit", fmt.Sprintf("--fsize=%d", bytes)}})
	}
	if _, err := exec.LookPath("prlimit"); err != nil {
		s.skip("no prlimit here")
	}
	s.expect(limited(2000, "sso-profiles", "okta"), 4, "file too large, the file is as it was")
	if got := s.read("config"); got != config {
		s.Errorf("the config is now\n%s", got)
	}
	before, _ := s.token("okta")
	out := limited(100, "sso-login", "okta", "--force")
	s.expect(out, 4, "file too large")
	if after, _ := s.token("okta"); after != before || out.stdout != "" {
		s.Errorf("the token changed, or success was told: %q", out.stdout)
	}
	s.noLeftovers("the token")
	s.expect(s.do("sso-profiles", "okta"), 0)
}

func readOnlyFile(s *stage) {
	s.open(okta, idctest.Config{})
	s.login("okta")
	s.must(os.Chmod(s.aws("config"), 0o444))
	s.expect(s.do("sso-profiles", "okta"), 4, "read-only", "hint: run: chmod u+w ")
	s.expect(s.do("sso-login", "second", "--sso-start-url", startURL, "--sso-region", "eu-central-1"), 4, "read-only")
	if n := s.idc.Count(idctest.Authorize); n != 0 {
		s.Error("a browser was opened for a session that cannot be kept")
	}
	if info, err := os.Stat(s.aws("config")); err != nil || info.Mode().Perm() != 0o444 || s.read("config") != okta {
		s.Errorf("mode or content changed: %v", err)
	}
	// What needs no write works.
	s.expect(s.do("sso-profiles", "okta", "--list"), 0)
	s.expect(s.do("sso-profiles", "okta", "--dry-run"), 0)
	s.expect(s.do("sso-login", "okta"), 0)
}

func readOnlyHome(s *stage) {
	config := okta + "[profile a]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = ReadOnlyAccess\nregion = eu-west-1\n"
	s.open(config, idctest.Config{})
	s.login("okta")
	script := `mount --bind $HOME $HOME; mount -o remount,ro,bind $HOME; set +e
sso-test a >/dev/null; echo test $?; sso-profiles okta --list >/dev/null; echo list $?
sso-login okta; echo login $?; sso-profiles okta; echo profiles $?; sso-login okta --force; echo force $?`
	out := s.inNamespace(script, false)
	for _, want := range []string{"test 0\n", "list 0\n", "login 0\n", "profiles 4\n", "force 4\n"} {
		if !strings.Contains(out.stdout, want) {
			s.Errorf("want %q in\n%s%s", want, out.stdout, out.stderr)
		}
	}
	if !strings.Contains(out.stderr, "read-only file system") {
		s.Errorf("the reason is not told:\n%s", out.stderr)
	}
	if n := s.idc.Count(idctest.Authorize); n != 0 {
		s.Error("a login was made that cannot be kept")
	}

	// A token that ends soon is used, and its refresh token not spent.
	s.idc.Update(func(c *idctest.Config) { c.TokenLifetime = 5 * time.Minute })
	s.login("okta")
	out = s.inNamespace(`mount --bind $HOME $HOME; mount -o remount,ro,bind $HOME; sso-test a; sso-login okta`, false)
	if out.status != 0 || s.idc.Count(idctest.CreateToken) != 0 {
		s.Errorf("exit status %d and %d refreshes\n%s", out.status, s.idc.Count(idctest.CreateToken), out.stderr)
	}

	// A folder without the right to write, as its owner sees it.
	other := &stage{T: s.T, uid: 60123}
	if os.Getuid() != 0 {
		return // the above shows the same
	}
	other.open(config, idctest.Config{})
	other.login("okta")
	for _, dir := range []string{"sso/cache", "sso", "."} {
		other.must(os.Chmod(other.aws(dir), 0o500))
	}
	other.expect(other.do("sso-test", "a"), 0)
	other.expect(other.do("sso-login", "okta"), 0)
	other.expect(other.do("sso-profiles", "okta"), 4, "permission denied")
	other.expect(other.do("sso-login", "okta", "--force"), 4, "permission denied")
	if n := other.idc.Count(idctest.Authorize); n != 0 {
		s.Error("a login was made that cannot be kept")
	}
	for _, dir := range []string{".", "sso", "sso/cache"} {
		other.must(os.Chmod(other.aws(dir), 0o700))
	}
}

func symlinks(s *stage) {
	s.open("", idctest.Config{Accounts: idctest.MakeAccounts(2, 1)})
	s.login("okta")
	dotfiles := s.path("dotfiles")
	s.must(os.Mkdir(dotfiles, 0o755))
	target := filepath.Join(dotfiles, "aws-config")
	for n, links := range [][2][]string{
		{{target, s.aws("config")}},
		{{"../dotfiles/aws-config", s.aws("config")}},
		{{target, s.path("one")}, {"../one", s.aws("config")}},
	} {
		_ = os.Remove(s.aws("config"))
		s.must(os.WriteFile(target, []byte("# in git\n"+okta), 0o640))
		for _, link := range links {
			if link != nil {
				s.must(os.Symlink(link[0], link[1]))
			}
		}
		s.expect(s.do("sso-profiles", "okta"), 0)
		data, err := os.ReadFile(target)
		if err != nil || generated(string(data)) != 2 || !strings.HasPrefix(string(data), "# in git\n") {
			s.Errorf("links %d: the target holds %q (%v)", n, data, err)
		}
		if info, _ := os.Stat(target); info.Mode().Perm() != 0o640 {
			s.Errorf("links %d: mode %o", n, info.Mode().Perm())
		}
		for _, link := range links {
			if link != nil {
				if to, err := os.Readlink(link[1]); err != nil || to != link[0] {
					s.Errorf("links %d: the link leads to %q (%v)", n, to, err)
				}
				s.must(os.Remove(link[1]))
			}
		}
	}
	// One that leads nowhere yet, and a circle.
	s.must(os.Remove(target))
	s.must(os.Symlink(target, s.aws("config")))
	s.expect(s.do("sso-login", "okta", "--sso-start-url", startURL, "--sso-region", "eu-central-1"), 0)
	if data, err := os.ReadFile(target); err != nil || !strings.Contains(string(data), "[sso-session okta]") {
		s.Errorf("the dangling link: %q %v", data, err)
	}
	s.must(os.Remove(s.aws("config")))
	s.must(os.Symlink("config2", s.aws("config")))
	s.must(os.Symlink("config", s.aws("config2")))
	for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-login", "okta"}, {"sso-test"}} {
		if out := s.do(line...); out.status != 4 && out.status != 2 {
			s.Errorf("%s: exit status %d for a circle of links\n%s", out.line, out.status, out.stderr)
		}
	}
	// ~/.aws itself, and the token cache.
	s.must(os.Remove(s.aws("config")))
	s.must(os.Remove(s.aws("config2")))
	s.must(os.WriteFile(s.aws("config"), []byte(okta), 0o600))
	s.must(os.Rename(s.aws(), s.path("real")))
	s.must(os.Symlink("real", s.aws()))
	s.expect(s.do("sso-profiles", "okta"), 0)
	s.expect(s.do("sso-login", "okta", "--force"), 0)
	s.expect(s.do("sso-test"), 0)
	s.must(os.Remove(s.aws()))
	s.must(os.Rename(s.path("real"), s.aws()))
}

func bindMount(s *stage) {
	s.open(handWritten+okta, idctest.Config{Accounts: idctest.MakeAccounts(5, 2)})
	s.login("okta")
	script := `cp -a $AWS/config $HOME/outside; mount --bind $HOME/outside $AWS/config; set +e
sso-profiles okta >/dev/null; echo status $?; sso-profiles okta --check; echo check $?; cmp $HOME/outside $AWS/config && echo same`
	out := s.inNamespace(script, false)
	for _, want := range []string{"status 0\n", "check 0\n", "same\n"} {
		if !strings.Contains(out.stdout, want) {
			s.Errorf("want %q in\n%s%s", want, out.stdout, out.stderr)
		}
	}
	outside, err := os.ReadFile(s.path("outside"))
	if err != nil || generated(string(outside)) != 10 || !strings.HasPrefix(string(outside), handWritten) {
		s.Errorf("%v\n%s", err, outside)
	}
	if backup := s.read("config.sso-profiles.bak"); backup != handWritten+okta {
		s.Errorf("the backup holds\n%s", backup)
	}
}

func noFolder(s *stage) {
	s.open("", idctest.Config{})
	s.must(os.RemoveAll(s.aws()))
	s.expect(s.do("sso-profiles"), 2, "there is no [sso-session]")
	s.expect(s.do("sso-test"), 1, "there is no profile to check")
	s.expect(s.do("sso-login"), 2, "there is no [sso-session]")
	s.expect(s.do("sso-login", "--list"), 1, "there is no session in")
	s.expect(s.do("sso-test", "nobody"), 2)
	if exists(s.aws()) {
		s.Error("who only reads made ~/.aws")
	}
	s.expect(s.do("sso-login", "okta", "--sso-start-url", startURL, "--sso-region", "eu-central-1"), 0)
	s.expect(s.do("sso-profiles"), 0)
	s.expect(s.do("sso-test"), 0)
	for name, mode := range map[string]os.FileMode{
		".": 0o700, "config": 0o600, "sso": 0o700, "sso/cache": 0o700, "sso/lock": 0o700, tokenFile("okta"): 0o600,
	} {
		if info, err := os.Stat(s.aws(name)); err != nil || info.Mode().Perm() != mode {
			s.Errorf("%s: %v, want mode %o", name, info.Mode(), mode)
		}
	}
}

// stranger is a user id that nobody has.
const stranger = 60123

func othersFiles(s *stage) {
	if os.Getuid() != 0 {
		s.skip("only root can make files of others")
	}
	s.uid = stranger
	s.open(okta, idctest.Config{})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config := s.read("config")

	// What a forgotten sudo leaves.
	s.must(os.Chown(s.aws("config"), 0, 0))
	s.must(os.Chmod(s.aws("config"), 0o644))
	out := s.do("sso-profiles", "okta", "--name", "{{.AccountId}}-{{.RoleName}}")
	s.expect(out, 4, "belongs to root", "hint: run: sudo chown ")
	s.must(os.Chmod(s.aws("config"), 0o600))
	for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-login", "okta"}, {"sso-test"}} {
		if out := s.do(line...); out.status != 4 && out.status != 2 || !strings.Contains(out.stderr, "sudo chown") {
			s.Errorf("%s: exit status %d\n%s", out.line, out.status, out.stderr)
		}
	}
	if got := s.read("config"); got != config {
		s.Error("the config changed")
	}
	s.must(os.Chown(s.aws("config"), stranger, stranger))

	s.must(os.Chown(s.aws(tokenFile("okta")), 0, 0))
	s.must(os.Chmod(s.aws(tokenFile("okta")), 0o600))
	for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-login", "okta"}, {"sso-login", "okta", "--logout"}} {
		out := s.do(line...)
		if out.status == 0 || !strings.Contains(out.stderr, "permission denied") && !strings.Contains(out.stderr, "belongs to root") {
			s.Errorf("%s: exit status %d\n%s", out.line, out.status, out.stderr)
		}
	}
}

// notTrusted: what another user may have written is not taken for a token.
func notTrusted(s *stage) {
	if os.Getuid() != 0 {
		s.skip("only root can make files of others")
	}
	s.uid = stranger
	s.open(okta, idctest.Config{})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	token, cache := s.aws(tokenFile("okta")), s.aws("sso", "cache")
	refused := func(what, hint string) {
		s.Helper()
		for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-login", "okta"}, {"sso-login", "okta", "--force"}} {
			out := s.do(line...)
			if out.status == 0 || !strings.Contains(out.stderr, what) || !strings.Contains(out.stderr, hint) {
				s.Errorf("%s: exit status %d, want %q and the hint %q in\n%s", out.line, out.status, what, hint, out.stderr)
			}
		}
	}
	for uid, who := range map[int]string{0: "root", stranger + 1: "another user (uid 60124)"} {
		s.must(os.Chown(token, uid, uid))
		s.must(os.Chmod(token, 0o644))
		refused(fmt.Sprintf("cannot trust %q: the file belongs to %s", token, who), `hint: run: sudo chown "$(id -un)" `+token)
	}
	s.must(os.Chown(token, stranger, stranger))
	s.must(os.Chmod(token, 0o600))
	for _, mode := range []os.FileMode{0o770, 0o777, 0o702} {
		s.must(os.Chmod(cache, mode))
		refused(fmt.Sprintf("cannot trust the files in %q: other users may write to the folder", cache), "hint: run: chmod go-w "+cache)
	}
	s.must(os.Chmod(cache, 0o700))
	s.must(os.Chown(s.aws("sso", "lock"), stranger+1, stranger+1))
	out := s.do("sso-profiles", "okta", "--name", "{{.AccountId}}-{{.RoleName}}")
	s.expect(out, 4, fmt.Sprintf("cannot make a lock in %q: the folder belongs to another user", s.aws("sso", "lock")), "hint: run: sudo chown -R ")
	s.must(os.Chown(s.aws("sso", "lock"), stranger, stranger))
	s.expect(s.do("sso-profiles", "okta", "--name", "{{.AccountId}}-{{.RoleName}}"), 0)

	// The home of a user of a container that its image does not know.
	out = s.play(run{line: []string{"sso-login", "okta", "--sso-start-url", startURL, "--sso-region", "eu-central-1"}, env: []string{"HOME=/"}})
	s.expect(out, 4, `cannot make the folder "/.aws"`, "hint: set HOME to a folder that you may write to")
}

// plantedLinks: root works in the home of a user (sudo keeps HOME where it is
// told to), who has put links to root's own places there.
func plantedLinks(s *stage) {
	if os.Getuid() != 0 {
		s.skip("only root can act for another user")
	}
	for _, place := range []string{"config", "credentials", "sso", "sso/cache", "sso/lock", "config.sso-profiles.bak", "."} {
		v := &stage{T: s.T}
		v.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(3, 2)})
		v.login("okta")
		v.expect(v.do("sso-profiles", "okta"), 0)
		v.must(os.MkdirAll(v.aws("sso", "lock"), 0o700))

		roots, err := os.MkdirTemp(homes, "roots-")
		v.must(err)
		v.must(os.Chmod(roots, 0o755))
		treasure := filepath.Join(roots, "config")
		v.must(os.WriteFile(treasure, []byte(okta+"# root's own\n"), 0o644))

		v.uid = stranger
		v.own()
		v.uid = 0
		at, to := v.aws(place), roots
		if place == "config" || place == "credentials" || strings.HasSuffix(place, ".bak") {
			to = treasure
		}
		v.must(os.RemoveAll(at))
		v.must(os.Symlink(to, at))
		v.must(os.Lchown(at, stranger, stranger))
		before := listing(v, roots)
		for _, line := range [][]string{
			{"sso-login", "okta", "--force"}, {"sso-profiles", "okta", "--name", "{{.RoleName}}-{{.AccountName | slug}}"},
			{"sso-test"}, {"sso-login", "okta", "--logout"},
		} {
			v.do(line...)
			if after := listing(v, roots); after != before {
				s.Errorf("%s with a link at ~/.aws/%s changed what is root's:\n%swas\n%s", strings.Join(line, " "), place, after, before)
				before = after
			}
		}
	}
}

// listing is a folder with modes, owners and contents.
func listing(s *stage, dir string) string {
	var b strings.Builder
	s.must(filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		data := ""
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			data = string(content)
		}
		rel, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&b, "%v %s %q\n", info.Mode(), rel, data)
		return nil
	}))
	return b.String()
}

func oddBytes(s *stage) {
	for _, head := range []string{
		"# caf\xe9 in Latin-1\n[profile caf\xe9]\nregion = eu-west-1\n" + okta,
		strings.ReplaceAll(handWritten+okta, "\n", "\r\n"),
		"\n\n   \n" + okta + "# no newline at the end",
		okta + "[profile x]\n\tregion\t=\teu-west-1   \n\n\n;; odd\n[services s]\nsso =\n    endpoint_url = https://example.com\n\n",
		strings.Repeat("#\n", 5000) + okta,
	} {
		v := &stage{T: s.T}
		v.open(bad(head), idctest.Config{Accounts: idctest.MakeAccounts(3, 2)})
		v.login("okta")
		out := v.do("sso-profiles", "okta")
		got := v.read("config")
		switch {
		case out.status == 0 && strings.HasPrefix(got, head) && generated(strings.ReplaceAll(got, "\r", "")) == 6:
		case out.status == 2 && got == head:
		default:
			s.Errorf("exit status %d for %q:\n%q\n%s", out.status, head, got, out.stderr)
		}
		if out.status == 0 {
			v.expect(v.do("sso-profiles", "okta", "--check"), 0)
			v.expect(v.do("sso-test", "--sso-session", "okta", "-o", "json"), 0)
		}
	}
}

func fatalConfigs(s *stage) {
	for name, config := range map[string]string{
		"config:1":  "\xef\xbb\xbf" + okta,
		"config:4:": okta + okta,
		"config:5:": okta + "[profile x]\nstray\n",
		"config:6:": okta + "[profile x]\nregion = a\nregion = b\n",
	} {
		v := &stage{T: s.T}
		v.open(bad(config), idctest.Config{})
		v.login("okta")
		for _, line := range [][]string{
			{"sso-login", "okta"}, {"sso-login", "new", "--sso-start-url", startURL, "--sso-region", "eu-central-1"},
			{"sso-profiles", "okta"}, {"sso-test"},
		} {
			v.expect(v.do(line...), 2, name)
		}
		if v.read("config") != config {
			s.Errorf("%q was written to", config)
		}
		if n := v.idc.Count(); n != 0 {
			s.Errorf("%d calls were made with a config that AWS cannot read", n)
		}
	}
}

func longConfig(s *stage) {
	var b bytes.Buffer
	b.WriteString(okta)
	for n := range 20000 {
		fmt.Fprintf(&b, "[profile mine-%05d]\nregion = eu-west-1\n# mine\noutput = json\n\n", n)
	}
	s.open(b.String(), idctest.Config{Accounts: idctest.MakeAccounts(100, 2)})
	s.login("okta")
	for _, line := range [][]string{
		{"sso-login", "okta"}, {"sso-profiles", "okta"}, {"sso-profiles", "okta", "--check"},
		{"sso-test", "mine-00001"}, {"sso-test", "-q"}, {"sso-login", "--list"},
	} {
		out := s.play(run{line: line, weigh: true})
		if out.status != 0 && line[1] != "mine-00001" {
			s.Errorf("%s: exit status %d\n%s", out.line, out.status, out.stderr)
		}
		if exceeds(out.took, time.Second) || out.memory > 200<<20 {
			s.Errorf("%s: %v and %d MiB", out.line, out.took, out.memory>>20)
		}
	}
	if got := s.read("config"); !strings.HasPrefix(got, b.String()) || generated(got) != 200 {
		s.Error("not all of the config is there")
	}
}

package torture

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aws-sso-plugins/cmd/built"
)

// Full size takes minutes and two processors; short is for every change.
var full = os.Getenv("TORTURE") == "full"

var (
	figuresFile = flag.String("figures", "", "write the figures of the run to this `file`")
	only        = flag.String("only", "", "run the cases whose name has this `text` in it")
)

// sized is a count for the size of the run.
func sized(short, fullSize int) int {
	if full {
		return fullSize
	}
	return short
}

// torment is one thing that is done to the binaries.
type torment struct {
	name  string // what is done
	holds string // what holds all the same
	run   func(*stage)
	// alone is for what measures time or memory, or needs both processors.
	alone bool
}

// torments are all cases, in the order of docs/reliability.md.
func torments() []torment {
	var all []torment
	for _, some := range [][]torment{kills, crowds, files, services, streams, attacks, runtimes, clientRaces, fanouts, handouts} {
		all = append(all, some...)
	}
	return all
}

var (
	binaries string // the folder of what TestMain built
	homes    string // the folder of the home folders, which every user may enter
)

func TestMain(m *testing.M) {
	if into := os.Getenv(weighInto); into != "" {
		os.Exit(weigh(into, os.Args[1:]))
	}
	flag.Parse()
	// Most of the time the cases wait.
	if err := flag.Set("test.parallel", "10"); err != nil {
		log.Fatal(err)
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sso-torture-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries, homes = filepath.Join(dir, "bin"), filepath.Join(dir, "homes")
	for _, each := range []string{dir, binaries, homes} {
		if err := os.MkdirAll(each, 0o755); err != nil {
			log.Print(err)
			return 1
		}
		if err := os.Chmod(each, 0o755); err != nil {
			log.Print(err)
			return 1
		}
	}
	if err := built.Build(binaries); err != nil {
		log.Print(err)
		return 1
	}
	return m.Run()
}

// figures are what the run did.
var figures struct {
	runs, kills, faults, badInputs, badBytes atomic.Int64
}

// verdict is what came of a case.
type verdict struct {
	word, why string
	took      time.Duration
}

func TestTorture(t *testing.T) {
	cases := torments()
	verdicts := make([]verdict, len(cases))
	var print sync.Mutex
	// The group ends when its parallel cases have, and the alone ones come after.
	round := func(alone bool) func(*testing.T) {
		return func(t *testing.T) {
			for i, c := range cases {
				if c.alone != alone || !strings.Contains(c.name, *only) {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					if !alone {
						t.Parallel()
					}
					start := time.Now()
					s := &stage{T: t}
					t.Cleanup(func() {
						verdicts[i] = s.verdict(time.Since(start))
						print.Lock()
						defer print.Unlock()
						fmt.Println(line(c, verdicts[i]))
					})
					c.run(s)
				})
			}
		}
	}
	t.Run("together", round(false))
	t.Run("alone", round(true))

	count := map[string]int{}
	for _, v := range verdicts {
		count[v.word]++
	}
	fmt.Println(closing(count))
	if *figuresFile != "" && !t.Failed() {
		if err := os.WriteFile(*figuresFile, figuresPage(cases, verdicts, count), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func (s *stage) verdict(took time.Duration) verdict {
	switch {
	case s.Failed():
		return verdict{word: "FAIL", took: took}
	case s.Skipped():
		return verdict{word: "skip", why: s.skipped, took: took}
	}
	return verdict{word: "ok", took: took}
}

func line(c torment, v verdict) string {
	text := fmt.Sprintf("%-4s  %-55s %5.1f s  %s", v.word, c.name, v.took.Seconds(), c.holds)
	if v.why != "" {
		text = fmt.Sprintf("%-4s  %-55s %5.1f s  skipped: %s", v.word, c.name, v.took.Seconds(), v.why)
	}
	return text
}

func closing(count map[string]int) string {
	text := fmt.Sprintf("%d passed, %d failed", count["ok"], count["FAIL"])
	if n := count["skip"]; n > 0 {
		text += fmt.Sprintf(", %d skipped", n)
	}
	return text
}

// figuresPage is docs/reliability.md. Times and dates are not in it: two runs
// that do the same write the same.
func figuresPage(cases []torment, verdicts []verdict, count map[string]int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# What the suite withstands

Written by `+"`make torture`"+`, which runs the binaries as they are built against an Identity Center of their own and does
to them what is listed here. After each case the home folder is searched: the config is the old or the new, tokens are
whole and 0600, lock files are empty, no temporary file is left that was not left by a kill, and no secret stands in any
output, log, argument, child's environment, file name or file but the token cache. Keys of roles alone, and no token, may
also be in four places: on standard output of sso-creds in its formats, in `+"`~/.aws/cli/cache`"+`, in the sections that
`+"`sso-creds --write`"+` has marked, and in the environment of what sso-exec runs. Every secret that the emulator hands out is a
marked string, so that none is missed.

**%s**

| | |
|---|--:|
| runs of the binaries | %s |
| kills (SIGKILL at random moments) survived | %s |
| faults injected into replies | %s |
| bad inputs tried (configs, tokens, lines, replies, requests) | %s |
| bytes of that, fuzzed and made up | %s |

| what is done | what holds | |
|---|---|---|
`, closing(count), grouped(figures.runs.Load()), grouped(figures.kills.Load()), grouped(figures.faults.Load()),
		grouped(figures.badInputs.Load()), grouped(figures.badBytes.Load()))
	for i, c := range cases {
		word := verdicts[i].word
		if why := verdicts[i].why; why != "" {
			word += ": " + why
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.name), cell(c.holds), cell(word))
	}
	b.WriteString(otherPrograms)
	return b.Bytes()
}

// otherPrograms is the part of docs/reliability.md that no run measures.
const otherPrograms = `
## Other programs that write at the same time

The AWS CLI, editors, ` + "`cp` and `cat >>`" + ` write ` + "`~/.aws/config`" + ` without asking anybody. What happens when one of them does, while
a program of the suite changes the same file (the config, the credentials file, a token or the alias file):

| system | what holds | what cannot | how it was tried |
|---|---|---|---|
| Linux, local file systems | No change is lost, however the other program writes: it appends, truncates and writes, writes in place or renames, at once or in parts. One that has the file open for writing is waited for, two seconds at most; then the message says so, the status is 4 and the file is as it was. One that opens the file while it is being replaced waits, some microseconds as a rule. | A program that opens the file with O_NONBLOCK gets an error in those microseconds. A run of ours that is stopped (Ctrl-Z) in them holds others up for 45 seconds at most. | run, on ext4, tmpfs and overlayfs; the AWS CLI v1 in the table above |
| Linux, a config that is a mount of its own (docker -v) | The same, but the file is written in place, while nobody else can open it. A reader that has it open already may see a mix. | kill -9 in the middle of the write leaves a mix; the backup has the old content. | run |
| Linux, a file of another user (sudo), NFS, SMB | The old file is looked at again after it was replaced, and put back if it changed. Where it is the config it stays as the backup, so what is written later is in there. | A program that has a token or the credentials file open, and writes more than a moment after us, writes into a file that is gone. | the way is run, with leases and the exchange of files switched off; NFS and SMB were only read about |
| macOS | As on NFS: macOS does not tell who has a file open. Files are exchanged in one step. | As on NFS. | built, and its way run on Linux; macOS itself was only read about |
| Windows | The file is opened so that nobody can write to it while we look, and one that is open for writing is waited for, two seconds at most. The config's backup is a copy. | Between that look and the replacement lie microseconds. A program that opens the file for writing in the look gets a sharing violation. | built, and a writer that has the file open tried under Wine; Windows itself was only read about |

The programs of the suite exclude one another by a lock, on every system; where a file system has no locks the message
says so. The config's last content is in the file or in ` + "`config.sso-profiles.bak`" + `. A backup that another program wrote to
late is not overwritten: it gets a name with its time, and the message says which.

Reading waits for writers as well. Where nothing tells of them, a config that cannot be read, is empty or lacks what was
asked for, and was written less than a second ago, is read again until it is a second old.
`

// cell is a text in a table of Markdown.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

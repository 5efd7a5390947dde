package awsconfig_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
)

// A reading is what botocore makes of a pair of files. A value is a string, or
// a map for a nested block.
type reading struct {
	Error    string                    `json:"error"`
	Profiles map[string]map[string]any `json:"profiles"`
	Sessions map[string]map[string]any `json:"sso_sessions"`
	Services map[string]map[string]any `json:"services"`
}

// A pair is a config file and a credentials file.
type pair struct{ config, credentials []byte }

// botocore has the real botocore read all pairs, in one process. It skips the
// test where there is none.
func botocore(t *testing.T, pairs []pair) []reading {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3: botocore cannot be asked")
	}
	if exec.Command(python, "-c", "import botocore.session").Run() != nil {
		t.Skip("python3 has no botocore")
	}
	type files struct {
		Config      string  `json:"config"`
		Credentials *string `json:"credentials"`
	}
	var in []files
	for _, p := range pairs {
		f := files{Config: base64.StdEncoding.EncodeToString(p.config)}
		if p.credentials != nil {
			s := base64.StdEncoding.EncodeToString(p.credentials)
			f.Credentials = &s
		}
		in = append(in, f)
	}
	stdin, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/read_with_botocore.py")
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("read_with_botocore.py: %v\n%s", err, stderr.Bytes())
	}
	var out []reading
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != len(pairs) {
		t.Fatalf("botocore read %d of %d pairs", len(out), len(pairs))
	}
	return out
}

// ours is what this package makes of a pair.
func ours(p pair) (r reading, problems []awsconfig.Problem) {
	config := awsconfig.Parse("config", awsconfig.ConfigFile, p.config)
	var credentials *awsconfig.File
	if p.credentials != nil {
		credentials = awsconfig.Parse("credentials", awsconfig.CredentialsFile, p.credentials)
	}
	c := awsconfig.Merge(config, credentials)
	if err := c.Err(); err != nil {
		r.Error = err.Error()
		return r, c.AllProblems()
	}
	r.Profiles = map[string]map[string]any{}
	for _, p := range c.Profiles() {
		r.Profiles[p.Name] = values(p.Keys(), p.Lookup, p.Nested)
	}
	r.Sessions = map[string]map[string]any{}
	for _, s := range c.Sessions() {
		r.Sessions[s.Name] = values(s.Keys(), s.Lookup, s.Nested)
	}
	r.Services = map[string]map[string]any{}
	for _, s := range c.Services() {
		r.Services[s.Name] = values(s.Keys(), s.Lookup, s.Nested)
	}
	return r, c.AllProblems()
}

func values(keys []string, lookup func(string) (string, bool), nested func(string) []awsconfig.Pair) map[string]any {
	m := map[string]any{}
	for _, key := range keys {
		value, _ := lookup(key)
		m[key] = value
		if block := nested(key); block != nil {
			pairs := map[string]any{}
			for _, p := range block {
				pairs[p.Key] = p.Value
			}
			m[key] = pairs
		}
	}
	return m
}

func TestBotocoreReadsTheSame(t *testing.T) {
	n := 1500
	if s := os.Getenv("AWSCONFIG_ORACLE_INPUTS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	seed := uint64(1)
	if s := os.Getenv("AWSCONFIG_ORACLE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	pairs := corpusPairs()
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		p := pair{config: randomFile(r, awsconfig.ConfigFile)}
		if r.IntN(3) == 0 {
			p.credentials = randomFile(r, awsconfig.CredentialsFile)
		}
		if r.IntN(3) == 0 {
			p.config = soup(r)
		}
		pairs = append(pairs, p)
	}
	refused, failures := 0, 0
	for i, want := range botocore(t, pairs) {
		p := pairs[i]
		got, problems := ours(p)
		if want.Error != "" {
			refused++
		}
		var flaw string
		switch {
		case want.Error != "" && got.Error == "":
			flaw = "botocore refuses it, we do not: " + want.Error
		case want.Error == "" && got.Error != "":
			flaw = "we refuse it, botocore does not: " + got.Error
		case want.Error == "":
			flaw = cmp.Diff(want, got)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Text == "" || p.Path == "" {
				flaw += fmt.Sprintf("a problem without line, path or text: %#v\n", p)
			}
		}
		if flaw != "" {
			t.Errorf("config %q\ncredentials %q\n%s", p.config, p.credentials, flaw)
			if failures++; failures == 5 {
				t.FailNow()
			}
		}
	}
	t.Logf("%d pairs, %d of them refused by botocore", len(pairs), refused)
}

// TestBotocoreReadsEdits has botocore read what edits make of files that it
// could read before.
func TestBotocoreReadsEdits(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	var pairs []pair
	for len(pairs) < 600 {
		f := awsconfig.Parse("file", awsconfig.ConfigFile, randomFile(r, awsconfig.ConfigFile))
		if f.Err() != nil {
			continue
		}
		e := f.Edit()
		for _, s := range randomSteps(f, profilesOf(f, awsconfig.ConfigFile), r) {
			if err := s.apply(e); err != nil {
				t.Fatalf("%s: %v", s.text, err)
			}
		}
		out, err := e.Bytes()
		if refusable(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, pair{config: out})
	}
	for i, want := range botocore(t, pairs) {
		got, _ := ours(pairs[i])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("config %q\n%s", pairs[i].config, diff)
		}
	}
}

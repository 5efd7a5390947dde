package probe_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/resolve"
)

// serveVariable makes the test binary an Identity Center with as many accounts:
// a benchmark must not measure the server's work in its own process.
const serveVariable = "PROBE_TEST_SERVE"

func TestMain(m *testing.M) {
	if n := os.Getenv(serveVariable); n != "" {
		serve(n)
		return
	}
	os.Exit(m.Run())
}

// served is what a server in a process of its own says of itself.
type served struct{ URL, Token string }

// serve serves until standard input ends.
func serve(accounts string) {
	var n int
	if _, err := fmt.Sscan(accounts, &n); err != nil {
		panic(err)
	}
	srv, err := idctest.Start(idctest.Config{Accounts: idctest.MakeAccounts(n, 1)})
	if err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(served{srv.URL, srv.IssueToken("").AccessToken}); err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func startServer(b *testing.B, accounts int) served {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serveVariable, accounts))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	var s served
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		b.Fatal(err)
	}
	return s
}

const (
	benchProfiles    = 5000
	benchConcurrency = 32
)

// runProber checks all profiles, from the text of the config on.
func runProber(b *testing.B, s served, config string, names []string) time.Duration {
	b.Helper()
	start := time.Now()
	p := newProber(b, config, s.URL, &tokenOf{token: s.Token})
	p.Concurrency = benchConcurrency
	ok := 0
	for r := range probe.InOrder(p.Run(b.Context(), names)) {
		if r.Status == resolve.OK {
			ok++
		}
	}
	if ok != len(names) {
		b.Fatalf("%d of %d are ok", ok, len(names))
	}
	return time.Since(start)
}

// runBare makes the same calls with the SDK's clients and nothing else.
func runBare(b *testing.B, s served, accounts []idctest.Account) time.Duration {
	b.Helper()
	start := time.Now()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 2 * benchConcurrency
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	portal := sso.New(sso.Options{Region: "eu-central-1", BaseEndpoint: &s.URL, HTTPClient: client})
	service := sts.New(sts.Options{Region: "eu-central-1", BaseEndpoint: &s.URL, HTTPClient: client})
	var (
		workers sync.WaitGroup
		next    atomic.Int64
		failed  atomic.Int64
	)
	for range benchConcurrency {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(accounts) {
					return
				}
				if bareCheck(b.Context(), portal, service, s.Token, accounts[i]) != nil {
					failed.Add(1)
				}
			}
		})
	}
	workers.Wait()
	if n := failed.Load(); n > 0 {
		b.Fatalf("%d of %d failed", n, len(accounts))
	}
	return time.Since(start)
}

func bareCheck(ctx context.Context, portal *sso.Client, service *sts.Client, token string, a idctest.Account) error {
	out, err := portal.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{AccessToken: &token, AccountId: &a.ID, RoleName: &a.Roles[0]})
	if err != nil {
		return err
	}
	c := out.RoleCredentials
	static := credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	_, err = service.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) { o.Credentials = static })
	return err
}

// BenchmarkProber and BenchmarkBareSDK are a pair: 5,000 profiles at no
// latency, and the same calls without this suite.
func BenchmarkProber(b *testing.B) {
	_, config, names := accounts(benchProfiles)
	s := startServer(b, benchProfiles)
	b.ReportAllocs()
	for b.Loop() {
		runProber(b, s, config, names)
	}
	b.ReportMetric(float64(benchProfiles*b.N)/b.Elapsed().Seconds(), "profiles/s")
}

func BenchmarkBareSDK(b *testing.B) {
	cfg, _, _ := accounts(benchProfiles)
	s := startServer(b, benchProfiles)
	b.ReportAllocs()
	for b.Loop() {
		runBare(b, s, cfg.Accounts)
	}
	b.ReportMetric(float64(benchProfiles*b.N)/b.Elapsed().Seconds(), "profiles/s")
}

// BenchmarkAgainstBareSDK runs the two by turns, so that both have the same
// machine, and reports how fast the prober is beside the other: the fastest run
// of each, because other work on the machine makes runs slower and none faster.
func BenchmarkAgainstBareSDK(b *testing.B) {
	cfg, config, names := accounts(benchProfiles)
	s := startServer(b, benchProfiles)
	runBare(b, s, cfg.Accounts) // the server has its memory
	var bare, prober []time.Duration
	for b.Loop() {
		bare = append(bare, runBare(b, s, cfg.Accounts))
		prober = append(prober, runProber(b, s, config, names))
	}
	b.ReportMetric(100*slices.Min(bare).Seconds()/slices.Min(prober).Seconds(), "%-of-bare")
}

// BenchmarkPlan is what 10,000 profiles cost before the first call.
func BenchmarkPlan(b *testing.B) {
	config, names := strings.Builder{}, []string(nil)
	for i := range 10000 {
		names = append(names, fmt.Sprintf("p%d", i))
		config.WriteString(ssoProfile(names[i], fmt.Sprintf("%012d", i), "Admin", "region = eu-west-1", "managed_by = sso-profiles"))
	}
	c := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(okta+config.String())), nil)
	p := newProber(b, okta, "http://127.0.0.1:9", nil)
	p.Config = c
	ctx, cancel := context.WithCancel(b.Context())
	cancel() // planned, and not one asked
	b.ReportAllocs()
	for b.Loop() {
		if chosen := (probe.Choice{}).Profiles(c); len(chosen) != len(names) {
			b.Fatalf("%d profiles are chosen", len(chosen))
		}
		for range p.Run(ctx, names) {
			b.Fatal("a result came after the end")
		}
	}
}

package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/wire"
)

var credentialsBody = `{"roleCredentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE12","secretAccessKey":"` + strings.Repeat("s", 40) +
	`","sessionToken":"` + strings.Repeat("t", 900) + `","expiration":4102444800000}}`

// fixed serves one body as fast as a server can.
func fixed(b *testing.B, contentType, body string) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		w.Header()["X-Amzn-Requestid"] = []string{"11111111-2222-3333-4444-555555555555"}
		_, _ = w.Write([]byte(body))
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// bare is what an SDK client has at best by itself: one tuned http.Client.
func bare(b *testing.B) *http.Client {
	b.Helper()
	transport := &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 256}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func configFor(b *testing.B, url string, service wire.Service) aws.Config {
	b.Helper()
	w, err := wire.New(wire.Settings{Endpoint: url})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.CloseIdle)
	cfg, err := w.Config(service, "eu-central-1", wire.NewPace())
	if err != nil {
		b.Fatal(err)
	}
	return cfg
}

func measure(b *testing.B, call func(context.Context) error) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := call(b.Context()); err != nil {
				b.Error(err)
			}
		}
	})
}

// The bar of sso-test is 85% of the rate of bare clients: what this package
// adds to a call must stay small.
func BenchmarkGetRoleCredentials(b *testing.B) {
	call := func(client *sso.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
				AccessToken: aws.String("token"), AccountId: aws.String("111111111111"), RoleName: aws.String("Admin"),
			})
			return err
		}
	}
	b.Run("bare", func(b *testing.B) {
		url := fixed(b, "application/json", credentialsBody)
		measure(b, call(sso.New(sso.Options{Region: "eu-central-1", BaseEndpoint: &url, HTTPClient: bare(b)})))
	})
	b.Run("wire", func(b *testing.B) {
		url := fixed(b, "application/json", credentialsBody)
		measure(b, call(sso.NewFromConfig(configFor(b, url, wire.Portal))))
	})
}

func BenchmarkGetCallerIdentity(b *testing.B) {
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "s", SessionToken: "t"}, nil
	})
	call := func(client *sts.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		}
	}
	b.Run("bare", func(b *testing.B) {
		url := fixed(b, "text/xml", identityBody)
		measure(b, call(sts.New(sts.Options{Region: "eu-central-1", BaseEndpoint: &url, HTTPClient: bare(b), Credentials: credentials})))
	})
	b.Run("wire", func(b *testing.B) {
		cfg := configFor(b, fixed(b, "text/xml", identityBody), wire.STS)
		cfg.Credentials = credentials
		measure(b, call(sts.NewFromConfig(cfg)))
	})
}

func BenchmarkPace(b *testing.B) {
	pace := wire.NewPace()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			turn, err := pace.Wait(b.Context())
			if err != nil {
				b.Error(err)
				return
			}
			turn.Served()
		}
	})
}

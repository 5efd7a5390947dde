package idctest_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"aws-sso-plugins/pkg/idctest"
)

// benchmark sends the same request over kept connections and reads the replies, at next to no cost of its own, so that
// what it measures is the server.
func benchmark(b *testing.B, srv *idctest.Server, request []byte) {
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			resp, err := http.ReadResponse(r, nil)
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Errorf("%v %v", resp, err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

func BenchmarkGetRoleCredentials(b *testing.B) {
	srv := idctest.New(b, idctest.Config{Accounts: idctest.MakeAccounts(1000, 5)})
	benchmark(b, srv, []byte("GET /federation/credentials?account_id=111111111111&role_name=ReadOnlyAccess HTTP/1.1\r\n"+
		"Host: x\r\nx-amz-sso_bearer_token: "+srv.IssueToken("").AccessToken+"\r\n\r\n"))
}

func BenchmarkListAccounts(b *testing.B) {
	srv := idctest.New(b, idctest.Config{Accounts: idctest.MakeAccounts(1000, 5)})
	benchmark(b, srv, []byte("GET /assignment/accounts?max_result=100 HTTP/1.1\r\n"+
		"Host: x\r\nx-amz-sso_bearer_token: "+srv.IssueToken("").AccessToken+"\r\n\r\n"))
}

func BenchmarkGetCallerIdentity(b *testing.B) {
	srv := idctest.New(b, idctest.Config{})
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, srv.URL+"/", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c := srv.IssueCredentials(account, role)
	if err := v4.NewSigner().SignHTTP(b.Context(), aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
	}, req, sha256Hex(body), "sts", srv.Region, srv.Now()); err != nil {
		b.Fatal(err)
	}
	var raw bytes.Buffer
	if err := req.Write(&raw); err != nil {
		b.Fatal(err)
	}
	benchmark(b, srv, raw.Bytes())
}

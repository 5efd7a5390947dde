package idctest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"aws-sso-plugins/pkg/idctest"
)

const account, role = "111111111111", "ReadOnlyAccess"

func TestGetCallerIdentityWithSDK(t *testing.T) {
	srv := idctest.New(t, idctest.Config{User: "joe"})
	out, err := stsClient(srv, srv.IssueCredentials(account, role)).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	prefix := "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReadOnlyAccess_"
	hash, ok := strings.CutPrefix(*out.Arn, prefix)
	if !ok || len(hash) != 16+len("/joe") || !strings.HasSuffix(hash, "/joe") || *out.Account != account ||
		len(*out.UserId) != 21+len(":joe") || !strings.HasPrefix(*out.UserId, "AROA") {
		t.Errorf("%s %s %s", *out.Arn, *out.UserId, *out.Account)
	}
}

func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc",
	} {
		srv := idctest.New(t, idctest.Config{Region: region})
		out, err := stsClient(srv, srv.IssueCredentials(account, role), func(o *sts.Options) { o.Region = region }).
			GetCallerIdentity(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(*out.Arn, "arn:"+want+":sts::") {
			t.Errorf("%s: %s", region, *out.Arn)
		}
	}
}

func TestWrongIdentity(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := stsClient(srv, srv.IssueCredentials(account, role))
	srv.Inject(
		idctest.Fault{Op: idctest.GetCallerIdentity, Account: account, Kind: idctest.WrongAccount, Times: 1},
		idctest.Fault{Op: idctest.GetCallerIdentity, Account: account, Role: role, Kind: idctest.WrongRole, Times: 1},
	)
	out, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Account == account || strings.Contains(*out.Arn, account) || !strings.Contains(*out.Arn, role) {
		t.Errorf("wrong account: %v %v", out, err)
	}
	out, err = client.GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Account != account || strings.Contains(*out.Arn, role) {
		t.Errorf("wrong role: %v %v", out, err)
	}
	out, err = client.GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Account != account || !strings.Contains(*out.Arn, role) {
		t.Errorf("afterwards: %v %v", out, err)
	}
}

func TestAssumeRoleWithSDK(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := stsClient(srv, srv.IssueCredentials(account, role))
	out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::222222222222:role/path/Deploy"), RoleSessionName: aws.String("joe"),
		DurationSeconds: aws.Int32(900), ExternalId: aws.String("partner:7"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := out.Credentials.Expiration.Sub(srv.Now()); d > 15*time.Minute || d < 14*time.Minute {
		t.Errorf("expires in %v", d)
	}
	chained := idctest.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken,
	}
	id, err := stsClient(srv, chained).GetCallerIdentity(t.Context(), nil)
	if err != nil || *id.Arn != "arn:aws:sts::222222222222:assumed-role/Deploy/joe" || *id.Arn != *out.AssumedRoleUser.Arn {
		t.Errorf("%v %v", id, err)
	}
	srv.Inject(idctest.Fault{Op: idctest.AssumeRole, Account: "222222222222", Role: "Deploy", Kind: idctest.AccessDenied})
	_, err = client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::222222222222:role/Deploy"), RoleSessionName: aws.String("joe"),
	})
	wantCode(t, err, "AccessDenied")
	for name, in := range map[string]*sts.AssumeRoleInput{
		"no ARN":   {RoleArn: aws.String("Deploy"), RoleSessionName: aws.String("joe")},
		"duration": {RoleArn: aws.String("arn:aws:iam::222222222222:role/A"), RoleSessionName: aws.String("joe"), DurationSeconds: aws.Int32(1)},
		// the AWS CLI and botocore do not even send these two
		"external":  {RoleArn: aws.String("arn:aws:iam::222222222222:role/A"), RoleSessionName: aws.String("joe"), ExternalId: aws.String("x")},
		"external2": {RoleArn: aws.String("arn:aws:iam::222222222222:role/A"), RoleSessionName: aws.String("joe"), ExternalId: aws.String("a b")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.AssumeRole(t.Context(), in)
			wantCode(t, err, "ValidationError")
		})
	}
	_, err = client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::222222222222:role/A"), RoleSessionName: aws.String("no spaces"),
	})
	wantCode(t, err, "ValidationError")
	wantViolations(t, srv, idctest.MalformedRequest)
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// signed is a GetCallerIdentity request, signed by the SDK's signer after change has made it wrong, if it does.
func signed(t *testing.T, srv *idctest.Server, c idctest.Credentials, at time.Time, service string, change func(*http.Request)) *http.Request {
	t.Helper()
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	req := request(t, "POST", srv.URL+"/", "application/x-www-form-urlencoded; charset=utf-8", body)
	req.Header.Set("X-Odd", "  two   spaces ")
	if change != nil {
		change(req)
	}
	data, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
	}, req, sha256Hex(string(data)), service, "eu-west-1", at)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestSignatures(t *testing.T) {
	edit := func(old, repl string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, repl, 1))
		}
	}
	for name, tt := range map[string]struct {
		before, after func(*http.Request) // the request is signed between them
		creds         func(*idctest.Credentials)
		service       string
		skew          time.Duration
		status        int
		code          string
		rule          idctest.Rule
	}{
		"good":            {status: 200},
		"query":           {before: func(r *http.Request) { r.URL.RawQuery = "b=2&a=1%202&a=0" }, status: 200},
		"almost too old":  {skew: -15*time.Minute + 2*time.Second, status: 200},
		"too old":         {skew: -16 * time.Minute, status: 403, code: "SignatureDoesNotMatch"},
		"too early":       {skew: 16 * time.Minute, status: 403, code: "SignatureDoesNotMatch"},
		"not signed":      {after: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "MissingAuthenticationToken", rule: idctest.BadSignature},
		"other algorithm": {after: edit("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), status: 400, code: "IncompleteSignature", rule: idctest.BadSignature},
		"no date":         {after: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, status: 400, code: "IncompleteSignature", rule: idctest.BadSignature},
		"short signature": {after: edit("Signature=", "Signature=0"), status: 400, code: "IncompleteSignature", rule: idctest.BadSignature},
		"other body": {after: func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("Version=2011-06-15&Action=GetCallerIdentity"))
		}, status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"other header":        {after: func(r *http.Request) { r.Header.Set("X-Odd", "other") }, status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"unsigned header":     {after: func(r *http.Request) { r.Header.Set("X-Amz-Meta", "x") }, status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"host not signed":     {after: edit(";host;", ";"), status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"date of the scope":   {after: edit("/20", "/19"), status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"region of the scope": {after: edit("/eu-west-1/", "/nowhere/"), status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"region changed":      {after: edit("/eu-west-1/", "/eu-west-2/"), status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"service":             {service: "sso", status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"end of the scope":    {after: edit("/aws4_request", "/aws5_request"), status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"secret":              {creds: func(c *idctest.Credentials) { c.SecretAccessKey += "x" }, status: 403, code: "SignatureDoesNotMatch", rule: idctest.BadSignature},
		"access key":          {creds: func(c *idctest.Credentials) { c.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA" }, status: 403, code: "InvalidClientTokenId", rule: idctest.UnknownKey},
		"session token":       {creds: func(c *idctest.Credentials) { c.SessionToken += "x" }, status: 403, code: "InvalidClientTokenId", rule: idctest.UnknownKey},
		"no session token":    {creds: func(c *idctest.Credentials) { c.SessionToken = "" }, status: 403, code: "InvalidClientTokenId", rule: idctest.UnknownKey},
		"JSON":                {before: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, status: 400, code: "MalformedInput", rule: idctest.WrongContentType},
		"other version":       {before: body("Action=GetCallerIdentity&Version=2011-06-16"), status: 400, code: "InvalidAction", rule: idctest.UnknownPath},
		"other action":        {before: body("Action=GetEverything&Version=2011-06-15"), status: 400, code: "InvalidAction", rule: idctest.UnknownPath},
		"no action":           {before: body("Version=2011-06-15"), status: 400, code: "MissingParameter", rule: idctest.MissingParameter},
		"other parameter":     {before: body("Action=GetCallerIdentity&Version=2011-06-15&X=1"), status: 400, code: "ValidationError", rule: idctest.UnknownField},
		"no form":             {before: body("%"), status: 400, code: "MalformedInput", rule: idctest.MalformedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{})
			creds := srv.IssueCredentials(account, role)
			if tt.creds != nil {
				tt.creds(&creds)
			}
			service := tt.service
			if service == "" {
				service = "sts"
			}
			req := signed(t, srv, creds, srv.Now().Add(tt.skew), service, tt.before)
			if tt.after != nil {
				tt.after(req)
			}
			a := send(t, req)
			if a.status != tt.status || tt.code != "" && !strings.Contains(a.body, "<Code>"+tt.code+"</Code>") {
				t.Errorf("%d %s\nwant %d %s", a.status, a.body, tt.status, tt.code)
			}
			if a.header.Get("Content-Type") != "text/xml" || !strings.Contains(a.body, a.header.Get("X-Amzn-Requestid")) {
				t.Errorf("%v\n%s", a.header, a.body)
			}
			if tt.rule != "" {
				wantViolations(t, srv, tt.rule)
			}
		})
	}
}

func body(form string) func(*http.Request) {
	return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(form)) }
}

func TestDeadCredentials(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	creds := srv.IssueCredentials(account, role)
	srv.EndSession("") // role credentials outlive the session
	if _, err := stsClient(srv, creds).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if !srv.Revoke(creds.AccessKeyID) {
		t.Error("an access key id could not be revoked")
	}
	_, err := stsClient(srv, creds).GetCallerIdentity(t.Context(), nil)
	wantCode(t, err, "InvalidClientTokenId")

	srv.Update(func(c *idctest.Config) { c.CredentialLifetime = -time.Second })
	a := send(t, signed(t, srv, srv.IssueCredentials(account, role), srv.Now(), "sts", nil))
	mustContain(t, []byte(a.body), "<Code>ExpiredToken</Code>")
}

// A client whose clock is off learns the server's from the Date header, and signs again.
func TestSkewedClock(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Offset: 2 * time.Hour})
	client := stsClient(srv, srv.IssueCredentials(account, role), func(o *sts.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	})
	out, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != account || srv.Stats().Statuses[403] != 1 || srv.Count(idctest.GetCallerIdentity) != 2 {
		t.Errorf("account %s, %+v", *out.Account, srv.Stats())
	}
}

func TestSTSSubjectInLog(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	if _, err := stsClient(srv, srv.IssueCredentials(account, role)).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r := srv.Requests(idctest.GetCallerIdentity)[0]
	if r.Account != account || r.Role != role || r.Params.Get("Action") != "GetCallerIdentity" {
		t.Errorf("%+v", r)
	}
	if _, err := url.ParseQuery(r.Params.Encode()); err != nil {
		t.Error(err)
	}
}

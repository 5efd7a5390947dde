package idctest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"aws-sso-plugins/pkg/idctest"
)

const deployRole = "arn:aws:iam::222222222222:role/Deploy"

func assume(change func(*sts.AssumeRoleInput)) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{RoleArn: aws.String(deployRole), RoleSessionName: aws.String("joe")}
	if change != nil {
		change(in)
	}
	return in
}

func keysOf(c *types.Credentials) idctest.Credentials {
	return idctest.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken,
	}
}

// Every parameter that the service's model has.
func TestAssumeRoleParameters(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := stsClient(srv, srv.IssueUserKey(account, "joe"))
	policy := aws.String(`{"Version":"2012-10-17","Statement":[]}`)
	tags := []types.Tag{{Key: aws.String("Team"), Value: aws.String("Größe/1")}, {Key: aws.String("Env"), Value: aws.String("")}}
	out, err := client.AssumeRole(t.Context(), assume(func(in *sts.AssumeRoleInput) {
		in.DurationSeconds = aws.Int32(43200)
		in.ExternalId = aws.String("partner:7")
		in.Policy = policy
		in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}}
		in.SerialNumber, in.TokenCode = aws.String("arn:aws:iam::111111111111:mfa/joe"), aws.String("123456")
		in.SourceIdentity = aws.String("joe@example.com")
		in.Tags, in.TransitiveTagKeys = tags, []string{"team"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	//nolint:staticcheck // deprecated, and still sent
	if *out.SourceIdentity != "joe@example.com" || out.PackedPolicySize == nil || *out.PackedPolicySize < 1 || *out.PackedPolicySize > 100 {
		t.Errorf("%+v", out)
	}
	if d := out.Credentials.Expiration.Sub(srv.Now()); d < 12*time.Hour-time.Minute {
		t.Errorf("expires in %v", d)
	}

	// A role chain keeps the source identity and the transitive tags, and lasts an hour at most.
	chain := stsClient(srv, keysOf(out.Credentials))
	if n := int32(len(*out.Credentials.SessionToken)); *out.SessionTokenSize != n || *out.SessionTokenUtilization != (n*100+4095)/4096 {
		t.Errorf("a token of %d characters is said to have %d, %d%%", n, *out.SessionTokenSize, *out.SessionTokenUtilization)
	}
	padded, err := client.AssumeRole(t.Context(), assume(func(in *sts.AssumeRoleInput) { in.MinimumSessionTokenSize = aws.Int32(4096) }))
	if err != nil || *padded.SessionTokenSize != 4096 || len(*padded.Credentials.SessionToken) != 4096 {
		t.Errorf("%+v %v", padded, err)
	}
	next, err := chain.AssumeRole(t.Context(), assume(func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3600) }))
	if err != nil || aws.ToString(next.SourceIdentity) != "joe@example.com" || next.PackedPolicySize != nil { //nolint:staticcheck // likewise
		t.Errorf("%+v %v", next, err)
	}
	for name, tt := range map[string]struct {
		change func(*sts.AssumeRoleInput)
		want   string
	}{
		"more than an hour": {func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }, "ValidationError"},
		"other source":      {func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("ann") }, "AccessDenied"},
		"transitive tag": {func(in *sts.AssumeRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("x")}}
		}, "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chain.AssumeRole(t.Context(), assume(tt.change))
			wantCode(t, err, tt.want)
		})
	}

	many := make([]types.PolicyDescriptorType, 11)
	for i := range many {
		many[i].Arn = aws.String("arn:aws:iam::aws:policy/A")
	}
	for name, tt := range map[string]struct {
		change func(*sts.AssumeRoleInput)
		want   string
	}{
		"policy": {func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{}") }, "MalformedPolicyDocument"},
		"long policy": {func(in *sts.AssumeRoleInput) {
			in.Policy = aws.String(`{"Statement":"` + strings.Repeat("x", 2100) + `"}`)
		}, "PackedPolicyTooLarge"},
		"policy arns": {func(in *sts.AssumeRoleInput) { in.PolicyArns = many }, "ValidationError"},
		"policy arn": {func(in *sts.AssumeRoleInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:s3:::a-bucket-name")}}
		}, "ValidationError"},
		"source": {func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("a b") }, "ValidationError"},
		"twice a tag": {func(in *sts.AssumeRoleInput) {
			in.Tags = append([]types.Tag{{Key: aws.String("team"), Value: aws.String("")}}, tags...)
		}, "InvalidParameterValue"},
		"reserved tag": {func(in *sts.AssumeRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}, "ValidationError"},
		"tag characters":     {func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: aws.String("a\nb"), Value: aws.String("")}} }, "ValidationError"},
		"transitive, no tag": {func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"Team"} }, "InvalidParameterValue"},
		"token size":         {func(in *sts.AssumeRoleInput) { in.MinimumSessionTokenSize = aws.Int32(4097) }, "ValidationError"},
		"half of an MFA":     {func(in *sts.AssumeRoleInput) { in.TokenCode = aws.String("123456") }, "AccessDenied"},
		"MFA code": {func(in *sts.AssumeRoleInput) {
			in.SerialNumber, in.TokenCode = aws.String("GAHT12345678"), aws.String("12345x")
		}, "ValidationError"},
		"context provider": {func(in *sts.AssumeRoleInput) {
			in.ProvidedContexts = []types.ProvidedContext{{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/Else"), ContextAssertion: aws.String("four")}}
		}, "ValidationError"},
		"context assertion": {func(in *sts.AssumeRoleInput) {
			in.ProvidedContexts = []types.ProvidedContext{{ProviderArn: aws.String(contextProvider), ContextAssertion: aws.String("four")}}
		}, "InvalidContextAssertion"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.AssumeRole(t.Context(), assume(tt.change))
			wantCode(t, err, tt.want)
		})
	}
}

const contextProvider = "arn:aws:iam::aws:contextProvider/IdentityCenter"

// What Identity Center gives is a role session: to assume another role with it is a chain.
func TestRoleChainFromPortal(t *testing.T) {
	srv := idctest.New(t, idctest.Config{CredentialLifetime: 12 * time.Hour})
	client := stsClient(srv, srv.IssueCredentials(account, role))
	_, err := client.AssumeRole(t.Context(), assume(func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7200) }))
	wantCode(t, err, "ValidationError")
	out, err := client.AssumeRole(t.Context(), assume(nil))
	if err != nil || out.Credentials.Expiration.Sub(srv.Now()) > time.Hour {
		t.Errorf("%+v %v", out, err)
	}
}

func TestUserKeys(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	key := srv.IssueUserKey(account, "joe")
	client := stsClient(srv, key)
	id, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil || *id.Arn != "arn:aws:iam::111111111111:user/joe" || !strings.HasPrefix(*id.UserId, "AIDA") || len(*id.UserId) != 21 {
		t.Fatalf("%+v %v", id, err)
	}
	if !strings.HasPrefix(key.AccessKeyID, "AKIA") || key.SessionToken != "" {
		t.Errorf("%+v", key)
	}

	session, err := client.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil || session.Credentials.Expiration.Sub(srv.Now()) > 15*time.Minute {
		t.Fatalf("%+v %v", session, err)
	}
	temporary := stsClient(srv, keysOf(session.Credentials))
	if again, err := temporary.GetCallerIdentity(t.Context(), nil); err != nil || *again.Arn != *id.Arn {
		t.Errorf("%+v %v", again, err)
	}
	for _, c := range []*sts.Client{temporary, stsClient(srv, srv.IssueCredentials(account, role))} {
		_, err = c.GetSessionToken(t.Context(), nil)
		wantCode(t, err, "AccessDenied")
		_, err = c.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("ann")})
		wantCode(t, err, "AccessDenied")
	}
	_, err = client.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(100)})
	wantCode(t, err, "ValidationError")

	federated, err := client.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("ann")})
	if err != nil || *federated.FederatedUser.Arn != "arn:aws:sts::111111111111:federated-user/ann" {
		t.Fatalf("%+v %v", federated, err)
	}
	who, err := stsClient(srv, keysOf(federated.Credentials)).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != *federated.FederatedUser.Arn || *who.UserId != "111111111111:ann" {
		t.Errorf("%+v %v", who, err)
	}

	info, err := client.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: session.Credentials.AccessKeyId})
	if err != nil || *info.Account != account {
		t.Errorf("%+v %v", info, err)
	}
	_, err = client.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIAAAAAAAAAAAAAAAAA")})
	wantCode(t, err, "ValidationError")
}

// What no policy allows is denied, and the log names it.
func TestDeniedOperations(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := stsClient(srv, srv.IssueCredentials(account, role))
	_, err := client.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	wantCode(t, err, "AccessDenied")
	_, err = client.AssumeRoot(t.Context(), &sts.AssumeRootInput{
		TargetPrincipal: aws.String("222222222222"),
		TaskPolicyArn:   &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials")},
	})
	wantCode(t, err, "AccessDenied")
	for _, op := range []idctest.Op{idctest.DecodeAuthorizationMessage, idctest.AssumeRoot} {
		if r := srv.Requests(op); len(r) != 1 || r[0].Status != 403 || r[0].Account != account {
			t.Errorf("%s: %+v", op, r)
		}
	}
	if n := srv.Count(idctest.GetCallerIdentity); n != 0 {
		t.Errorf("%d calls are logged as GetCallerIdentity", n)
	}
}

func TestDisabledRegions(t *testing.T) {
	srv := idctest.New(t, idctest.Config{DisabledRegions: []string{"af-south-1"}})
	for region, good := range map[string]bool{"eu-west-1": true, "af-south-1": false, "cn-north-1": false, "us-gov-west-1": false} {
		client := stsClient(srv, srv.IssueCredentials(account, role), func(o *sts.Options) { o.Region = region })
		_, err := client.GetCallerIdentity(t.Context(), nil)
		if good && err != nil {
			t.Errorf("%s: %v", region, err)
		}
		if !good {
			wantCode(t, err, "InvalidClientTokenId")
		}
	}
}

func jwt(claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(payload) + ".c2lnbmF0dXJl"
}

func TestWebIdentity(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &srv.URL}) // no credentials: unsigned
	token := jwt(map[string]any{"iss": "https://token.example.com", "sub": "repo:a/b", "aud": "sts.amazonaws.com", "exp": srv.Now().Add(time.Minute).Unix()})
	out, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(deployRole), RoleSessionName: aws.String("joe"), WebIdentityToken: &token, DurationSeconds: aws.Int32(7200),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.SubjectFromWebIdentityToken != "repo:a/b" || *out.Audience != "sts.amazonaws.com" || *out.Provider != "token.example.com" ||
		*out.AssumedRoleUser.Arn != "arn:aws:sts::222222222222:assumed-role/Deploy/joe" {
		t.Errorf("%+v", out)
	}
	if id, err := stsClient(srv, keysOf(out.Credentials)).GetCallerIdentity(t.Context(), nil); err != nil || *id.Arn != *out.AssumedRoleUser.Arn {
		t.Errorf("%+v %v", id, err)
	}
	for name, tt := range map[string]struct{ token, want string }{
		"no JWT":  {"abcd", "InvalidIdentityToken"},
		"expired": {jwt(map[string]any{"iss": "i", "sub": "s", "aud": []string{"a"}, "exp": 1}), "ExpiredTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
				RoleArn: aws.String(deployRole), RoleSessionName: aws.String("joe"), WebIdentityToken: &tt.token,
			})
			wantCode(t, err, tt.want)
		})
	}
	for _, secret := range []string{token, "abcd"} {
		if !strings.Contains(strings.Join(srv.Secrets(), "\n"), secret) {
			t.Errorf("%q is not listed as a secret", secret)
		}
	}
	if r := srv.Requests(idctest.AssumeRoleWithWebIdentity)[0]; r.Params.Get("WebIdentityToken") != "***" || r.Role != "Deploy" {
		t.Errorf("%+v", r)
	}
}

func samlResponse(role, provider string, until time.Time) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>https://idp.example.com</Issuer><Assertion><Issuer>https://idp.example.com</Issuer>
<Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">joe</NameID><SubjectConfirmation>
<SubjectConfirmationData NotOnOrAfter="%s" Recipient="https://signin.aws.amazon.com/saml"/></SubjectConfirmation></Subject>
<AttributeStatement><Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><AttributeValue>joe@example.com</AttributeValue></Attribute>
<Attribute Name="https://aws.amazon.com/SAML/Attributes/SessionDuration"><AttributeValue>7200</AttributeValue></Attribute>
<Attribute Name="https://aws.amazon.com/SAML/Attributes/Role"><AttributeValue>%s,%s</AttributeValue></Attribute></AttributeStatement>
</Assertion></samlp:Response>`, until.UTC().Format(time.RFC3339), provider, role))
}

func TestSAML(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &srv.URL})
	const provider = "arn:aws:iam::222222222222:saml-provider/Corp"
	out, err := client.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{
		RoleArn: aws.String(deployRole), PrincipalArn: aws.String(provider),
		SAMLAssertion: aws.String(samlResponse(deployRole, provider, srv.Now().Add(5*time.Minute))),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Subject != "joe" || *out.SubjectType != "persistent" || *out.Issuer != "https://idp.example.com" ||
		*out.Audience != "https://signin.aws.amazon.com/saml" || *out.NameQualifier == "" ||
		*out.AssumedRoleUser.Arn != "arn:aws:sts::222222222222:assumed-role/Deploy/joe@example.com" {
		t.Errorf("%+v", out)
	}
	if d := out.Credentials.Expiration.Sub(srv.Now()); d < 2*time.Hour-time.Minute || d > 2*time.Hour {
		t.Errorf("expires in %v, the assertion says two hours", d)
	}
	for name, tt := range map[string]struct{ assertion, want string }{
		"no base64":  {"????", "InvalidIdentityToken"},
		"no SAML":    {base64.StdEncoding.EncodeToString([]byte("<a/>")), "InvalidIdentityToken"},
		"expired":    {samlResponse(deployRole, provider, srv.Now().Add(-time.Second)), "ExpiredTokenException"},
		"other role": {samlResponse(deployRole+"2", provider, srv.Now().Add(time.Minute)), "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{
				RoleArn: aws.String(deployRole), PrincipalArn: aws.String(provider), SAMLAssertion: &tt.assertion,
			})
			wantCode(t, err, tt.want)
		})
	}
}

// presign is GetCallerIdentity as EKS clients send it: a GET whose query holds the signature.
func presign(t *testing.T, srv *idctest.Server, c idctest.Credentials, at time.Time) *http.Request {
	t.Helper()
	req := request(t, "GET", srv.URL+"/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", "", "")
	req.Header.Set("X-K8s-Aws-Id", "cluster")
	signed, header, err := v4.NewSigner().PresignHTTP(context.Background(), aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
	}, req, sha256Hex(""), "sts", "eu-west-1", at)
	if err != nil {
		t.Fatal(err)
	}
	out := request(t, "GET", signed, "", "")
	out.Header.Set("X-K8s-Aws-Id", header.Get("X-K8s-Aws-Id"))
	return out
}

func TestPresigned(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	creds := srv.IssueCredentials(account, role)
	a := send(t, presign(t, srv, creds, srv.Now()))
	if a.status != 200 || !strings.Contains(a.body, "<Account>"+account+"</Account>") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	r := srv.Requests(idctest.GetCallerIdentity)[0]
	if r.Account != account || r.Params.Get("X-Amz-Signature") != "***" || r.Params.Get("X-Amz-Security-Token") != "***" {
		t.Errorf("%+v", r)
	}
	if a := send(t, presign(t, srv, creds, srv.Now().Add(-16*time.Minute))); a.status != 403 {
		t.Errorf("one of 16 minutes ago: %d", a.status)
	}
	tampered := presign(t, srv, creds, srv.Now())
	tampered.Header.Set("X-K8s-Aws-Id", "other")
	if a := send(t, tampered); a.status != 403 {
		t.Errorf("another header: %d", a.status)
	}
	long := presign(t, srv, creds, srv.Now())
	long.URL.RawQuery = strings.Replace(long.URL.RawQuery, "Expires=60", "Expires=700000", 1)
	if a := send(t, long); a.status != 400 {
		t.Errorf("eight days: %d", a.status)
	}
	wantViolations(t, srv, idctest.BadSignature, idctest.BadSignature)
	// The endpoint in a browser.
	if a := send(t, request(t, "GET", srv.URL+"/", "", "")); a.status != 302 {
		t.Errorf("GET /: %d", a.status)
	}
}

// A signed GET, as a client sends it that puts the parameters into the query and the signature into a header.
func TestSignedGet(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	c := srv.IssueCredentials(account, role)
	req := request(t, "GET", srv.URL+"/?"+url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}}.Encode(), "", "")
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
	}, req, sha256Hex(""), "sts", "eu-west-1", srv.Now())
	if err != nil {
		t.Fatal(err)
	}
	if a := send(t, req); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestCreateTokenWithIAM(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	creds := srv.IssueCredentials(account, role)
	client := ssooidc.New(ssooidc.Options{
		Region: srv.Region, BaseEndpoint: &srv.URL, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken}, nil
		}),
	})
	const jwtGrant, exchange = "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange"
	const accessToken, refreshToken = "urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:refresh_token"
	app := aws.String("arn:aws:sso::111111111111:application/ssoins-1234567890abcdef/apl-1234567890abcdef")
	assertion := jwt(map[string]any{"iss": "https://i", "sub": "joe", "aud": "x"})
	out, err := client.CreateTokenWithIAM(t.Context(), &ssooidc.CreateTokenWithIAMInput{ClientId: app, GrantType: aws.String(jwtGrant), Assertion: &assertion})
	if err != nil {
		t.Fatal(err)
	}
	if *out.TokenType != "Bearer" || *out.IssuedTokenType != accessToken || len(out.Scope) != 3 || out.IdToken == nil ||
		out.RefreshToken == nil || out.AwsAdditionalDetails == nil {
		t.Fatalf("%+v", out)
	}
	// The identity context goes to AssumeRole.
	_, err = stsClient(srv, creds).AssumeRole(t.Context(), assume(func(in *sts.AssumeRoleInput) {
		in.ProvidedContexts = []types.ProvidedContext{{ProviderArn: aws.String(contextProvider), ContextAssertion: out.AwsAdditionalDetails.IdentityContext}}
	}))
	if err != nil {
		t.Error(err)
	}
	again, err := client.CreateTokenWithIAM(t.Context(), &ssooidc.CreateTokenWithIAMInput{ClientId: app, GrantType: aws.String(refreshGrant), RefreshToken: out.RefreshToken})
	if err != nil || *again.AccessToken == *out.AccessToken || again.RefreshToken == nil {
		t.Errorf("%+v %v", again, err)
	}
	user := srv.IssueToken("").AccessToken
	exchanged, err := client.CreateTokenWithIAM(t.Context(), &ssooidc.CreateTokenWithIAMInput{
		ClientId: app, GrantType: aws.String(exchange), SubjectToken: &user, SubjectTokenType: aws.String(accessToken),
		RequestedTokenType: aws.String(refreshToken),
	})
	if err != nil || *exchanged.IssuedTokenType != refreshToken || exchanged.RefreshToken == nil {
		t.Errorf("%+v %v", exchanged, err)
	}
	for name, tt := range map[string]struct {
		in   ssooidc.CreateTokenWithIAMInput
		want string
	}{
		"no application": {ssooidc.CreateTokenWithIAMInput{ClientId: aws.String("x"), GrantType: aws.String(jwtGrant)}, "InvalidClientException"},
		"no JWT":         {ssooidc.CreateTokenWithIAMInput{ClientId: app, GrantType: aws.String(jwtGrant), Assertion: aws.String("x")}, "InvalidGrantException"},
		"subject":        {ssooidc.CreateTokenWithIAMInput{ClientId: app, GrantType: aws.String(exchange), SubjectToken: aws.String("x"), SubjectTokenType: aws.String(accessToken)}, "InvalidGrantException"},
		"code":           {ssooidc.CreateTokenWithIAMInput{ClientId: app, GrantType: aws.String(codeGrant), Code: aws.String("x"), RedirectUri: aws.String("https://a")}, "InvalidGrantException"},
		"token type":     {ssooidc.CreateTokenWithIAMInput{ClientId: app, GrantType: aws.String(jwtGrant), RequestedTokenType: aws.String("x")}, "InvalidRequestException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.CreateTokenWithIAM(t.Context(), &tt.in)
			wantCode(t, err, tt.want)
		})
	}
	a := post(t, srv, "/token?aws_iam=t", members{"clientId": *app, "grantType": jwtGrant, "assertion": assertion})
	a.wantError(403, "MissingAuthenticationTokenException")
	wantViolations(t, srv, idctest.BadSignature)
	if n := srv.Count(idctest.CreateToken); n != 0 {
		t.Errorf("%d calls are logged as CreateToken", n)
	}
}

func TestIssueKeysOverHTTP(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	var keys idctest.Credentials
	a := control(t, srv, "POST", "credentials", "account=111111111111&user=joe")
	if err := json.Unmarshal([]byte(a.body), &keys); err != nil || !strings.HasPrefix(keys.AccessKeyID, "AKIA") || strings.Contains(a.body, "SessionToken") {
		t.Errorf("%v %s", err, a.body)
	}
	a = control(t, srv, "POST", "credentials", "account=111111111111&role=Admin")
	if err := json.Unmarshal([]byte(a.body), &keys); err != nil || keys.SessionToken == "" || keys.Expires.IsZero() {
		t.Errorf("%v %s", err, a.body)
	}
	for _, form := range []string{"", "account=1&role=A", "account=111111111111", "account=111111111111&role=a&user=b"} {
		if a := control(t, srv, "POST", "credentials", form); a.status != 400 {
			t.Errorf("%q: %d", form, a.status)
		}
	}
	before := srv.Now()
	if a := control(t, srv, "POST", "advance", "by=1h"); a.status != 200 || srv.Now().Sub(before) < time.Hour {
		t.Errorf("advance: %d, %v later", a.status, srv.Now().Sub(before))
	}
	if a := control(t, srv, "POST", "advance", "by=x"); a.status != 400 {
		t.Errorf("advance by x: %d", a.status)
	}
}

func TestUnassignAtRunTime(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	token := srv.IssueToken("").AccessToken
	const get = "/federation/credentials?account_id=111111111111&role_name=ReadOnlyAccess"
	if a := portal(t, srv, "GET", get, token); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	control(t, srv, "POST", "set", "unassign=111111111111/ReadOnlyAccess&unassign=222222222222")
	portal(t, srv, "GET", get, token).wantError(404, "ResourceNotFoundException")
	portal(t, srv, "GET", "/assignment/roles?account_id=222222222222", token).wantError(404, "ResourceNotFoundException")
	srv.Update(func(c *idctest.Config) { c.Accounts = idctest.MakeAccounts(3, 2) })
	if a := portal(t, srv, "GET", get, token); a.status != 200 {
		t.Errorf("assigned again: %d", a.status)
	}
}

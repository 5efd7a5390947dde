// Package idctest runs AWS IAM Identity Center in a process, for tests: its OIDC service, its access portal and STS, on
// one loopback listener.
//
// It is to programs that log in to Identity Center what net/http/httptest is to programs that speak HTTP:
//
//	srv := idctest.New(t, idctest.Config{Accounts: idctest.MakeAccounts(3, 2)})
//	client := sso.New(sso.Options{Region: srv.Region, BaseEndpoint: &srv.URL})
//
// # What is served
//
//   - OIDC: RegisterClient, StartDeviceAuthorization and CreateToken with the grants device code (RFC 8628),
//     authorization code with PKCE (RFC 6749, 7636, 8252) and refresh token (each can be used once), CreateTokenWithIAM,
//     and the two pages that a person sees: /authorize and /device.
//   - Portal: ListAccounts, ListAccountRoles, GetRoleCredentials and Logout.
//   - STS: GetCallerIdentity, AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, GetSessionToken,
//     GetFederationToken and GetAccessKeyInfo; the other operations are denied. The server recomputes the Signature
//     Version 4 of each request, in headers or presigned, with the secret that it issued.
//
// Paths, parameters, headers, status codes and error bodies are those of the service, so that the AWS SDKs and the AWS
// CLI work with it unchanged.
//
// # Strictness
//
// The server refuses what AWS refuses, and takes what the AWS CLI, the SDKs and the tools in the field send. A correct
// client can get some refusals: a pending or declined sign-in, an ended session, a role that is not assigned. Only a
// broken client gets the others: a refresh token used twice, a wrong code verifier, polling faster than told. Each of
// those is a [Violation]. A server made by [New] fails its test for each violation, unless the test calls
// [Server.Tolerate] or names the rule in [Config.Warn].
//
// # Knobs
//
// [Config] sets latency, throttling, faults by call, account and role, lifetimes, and what the person does who signs in.
// [Server.Update] changes it while the server runs. The command idc (pkg/idctest/idc) serves the same to programs in
// other languages and to shell scripts; its flags are those of [Config.Flags].
//
// # Clients with fixed hosts
//
// With [Config.Intercept] a proxy beside the server ends TLS for AWS's own hosts. [Server.Env] names the proxy and its CA
// to the client, and [Server.Setenv] sets a test's environment in one call.
//
// # Secrets
//
// Every secret that the server issues contains the word [Canary], and [Server.Secrets] lists the secrets issued and
// received. A test can search logs, output and files for them.
package idctest

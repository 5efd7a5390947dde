// Package idctest is AWS IAM Identity Center in a process: its OIDC service, its access portal and the STS call that
// tells who one is, on one loopback listener, for tests.
//
// It is to programs that log in to Identity Center what net/http/httptest is to programs that speak HTTP:
//
//	srv := idctest.New(t, idctest.Config{Accounts: idctest.MakeAccounts(3, 2)})
//	client := sso.New(sso.Options{Region: srv.Region, BaseEndpoint: &srv.URL})
//
// # What is served
//
//   - OIDC: RegisterClient, StartDeviceAuthorization and CreateToken with the grants device code (RFC 8628),
//     authorization code with PKCE (RFC 6749, 7636, 8252) and refresh token (each one good for one use), and the two
//     pages that a person sees: /authorize and /device.
//   - Portal: ListAccounts, ListAccountRoles, GetRoleCredentials and Logout.
//   - STS: GetCallerIdentity, and AssumeRole for profiles that chain to another role. The Signature Version 4 of each
//     request is recomputed with the secret that was issued.
//
// Paths, parameters, headers, status codes and error bodies are those of the service, so that the AWS SDKs and the AWS
// CLI work with it unchanged.
//
// # Strictness
//
// What AWS refuses is refused. A refusal that a correct client can meet is an outcome: a pending or declined sign-in,
// an ended session, a role that is not assigned. A refusal that only a broken client can meet is a [Violation]: a
// refresh token used twice, a wrong code verifier, polling faster than told. A server made by [New] fails its test for
// each violation that the test did not [Server.Tolerate].
//
// # Knobs
//
// [Config] holds what may go otherwise than well: latency, throttling, faults by call, account and role, lifetimes, a
// person who declines. [Server.Update] changes it while the server runs. The command idc (pkg/idctest/idc) serves the
// same to programs in other languages and to shell scripts; its flags are those of [Config.Flags].
//
// # Secrets
//
// Every secret that is handed out contains the word [Canary], and [Server.Secrets] lists them all with those received,
// so that a test can search logs, output and files for leaks.
package idctest

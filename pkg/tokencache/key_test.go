package tokencache_test

import (
	"testing"

	"aws-sso-plugins/pkg/tokencache"
)

// The names that the AWS clients were seen to use.
func TestTokenFiles(t *testing.T) {
	for _, tc := range []struct {
		key  tokencache.Key
		want string
	}{
		{tokencache.SessionKey("my-sso"), "0ad374308c5a4e22f723adf10145eafad7c4031c"},
		{tokencache.SessionKey("two words"), "6bbd56a66ff1072a75f30df793911caccaef32c8"},
		{tokencache.SessionKey("dév"), "5e8b63eeb2045e416ee729a90c81b9615854b244"},
		{tokencache.LegacyKey("https://d-1.awsapps.com/start"), "0c54b6c27e90660baa89eaad85ac1d5dae26cb7d"},
		{tokencache.LegacyKey("https://d-1.awsapps.com/start/"), "1a5df5aa353ec9dcc93af44f9df6ec62171acf5e"},
		{tokencache.LegacyKey("https://d-1.awsapps.com/start#/"), "507bce69556c2dfd998a9a5a216f86c08726484b"},
	} {
		if got := tc.key.File(); got != tc.want+".json" {
			t.Errorf("%v: %s, want %s.json", tc.key, got, tc.want)
		}
	}
}

func TestRoleFiles(t *testing.T) {
	for _, tc := range []struct {
		key  tokencache.Key
		want string
	}{
		{tokencache.SessionKey("my-sso"), "4d591a7ab0da2e15379d89377621ae9cda619cc3"},
		{tokencache.SessionKey("dév&<"), "a53e900ddd270010230d76e2f71b9c4892338d6b"},
		{tokencache.LegacyKey("https://d-1.awsapps.com/start"), "62aecd229b6eab00604000b3376d5dbd227fb3f7"},
	} {
		if got := tc.key.RoleFile("111111111111", "Admin"); got != tc.want+".json" {
			t.Errorf("%v: %s, want %s.json", tc.key, got, tc.want)
		}
	}
}

func TestRegistrationFiles(t *testing.T) {
	const d1 = "https://d-1.awsapps.com/start"
	for _, tc := range []struct {
		key  tokencache.RegistrationKey
		want string
	}{
		{tokencache.RegistrationKey{StartURL: d1, SessionName: "my-sso", Scopes: []string{"sso:account:access"}}, "7b98dedaa873d1d1e92f3e3979594aeaefc64a95"},
		{tokencache.RegistrationKey{StartURL: "https://d-2.awsapps.com/start"}, "d0de07711fdd08c7e082932a27851010895f4486"},
		{tokencache.RegistrationKey{StartURL: d1, SessionName: "dév"}, "21f373389aa85a7efe1a154a3ed90c75bfe30937"},
		{tokencache.RegistrationKey{StartURL: d1, SessionName: "my-sso", Scopes: []string{}}, "c4084f8550c3753006b24f421dc0f93e85035fa7"},
		{tokencache.RegistrationKey{StartURL: d1, SessionName: "my-sso", Scopes: []string{"sso:account:access", "codewhisperer:completions"}}, "1a89b51651b6fe49fd17427bb3ebb97783be2d41"},
	} {
		k := tc.key
		k.Region = "us-east-1"
		if got := k.FileOf("botocore"); got != tc.want+".json" {
			t.Errorf("%+v: %s, want %s.json", k, got, tc.want)
		}
	}
}

// What one flow registered is never found by the other, nor by the AWS CLI,
// nor for other scopes, sessions, URLs and regions.
func TestRegistrationFilesDiffer(t *testing.T) {
	base := tokencache.RegistrationKey{
		Region: "us-east-1", StartURL: "https://d-1.awsapps.com/start", SessionName: "my-sso",
		Scopes: []string{"a"}, Flow: tokencache.DeviceCode,
	}
	vary := []func(*tokencache.RegistrationKey){
		func(*tokencache.RegistrationKey) {},
		func(k *tokencache.RegistrationKey) { k.Flow = tokencache.AuthorizationCode },
		func(k *tokencache.RegistrationKey) { k.Region = "eu-west-1" },
		func(k *tokencache.RegistrationKey) { k.StartURL += "/" },
		func(k *tokencache.RegistrationKey) { k.SessionName = "" },
		func(k *tokencache.RegistrationKey) { k.SessionName = "null" },
		func(k *tokencache.RegistrationKey) { k.Scopes = nil },
		func(k *tokencache.RegistrationKey) { k.Scopes = []string{} },
		func(k *tokencache.RegistrationKey) { k.Scopes = []string{"b"} },
	}
	seen := map[string]int{base.FileOf("botocore"): -1}
	for i, f := range vary {
		k := base
		f(&k)
		if j, ok := seen[k.File()]; ok {
			t.Errorf("variants %d and %d share a file", j, i)
		}
		seen[k.File()] = i
	}
}

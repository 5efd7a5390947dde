package awsconfig_test

import (
	"bytes"
	"fmt"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
)

// sections is a config file of n generated profiles.
func sections(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "[profile Role-%06d]\nsso_session = corp\nsso_account_id = %012d\nsso_role_name = Role\nregion = eu-central-1\nmanaged_by = sso-profiles\n\n", i, i)
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		src := sections(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				awsconfig.Parse("config", awsconfig.ConfigFile, src)
			}
		})
	}
}

func addProfiles(b *testing.B, src []byte, n int) []byte {
	f := awsconfig.Parse("config", awsconfig.ConfigFile, src)
	e := f.Edit()
	for i := range n {
		if err := e.AddProfile(fmt.Sprintf("new-%06d", i),
			awsconfig.KeyValue{Key: "sso_session", Value: "corp"},
			awsconfig.KeyValue{Key: "sso_account_id", Value: "123456789012"},
			awsconfig.KeyValue{Key: "sso_role_name", Value: "Role"},
			awsconfig.KeyValue{Key: "region", Value: "eu-central-1"},
			awsconfig.KeyValue{Key: "managed_by", Value: "sso-profiles"},
		); err != nil {
			b.Fatal(err)
		}
	}
	out, err := e.Bytes()
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func BenchmarkAddAll(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				addProfiles(b, []byte("[default]\nregion = eu-west-1\n"), n)
			}
		})
	}
}

func BenchmarkAddOne(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		src := sections(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				addProfiles(b, src, 1)
			}
		})
	}
}

// BenchmarkSetNothing is a run of sso-profiles with nothing new.
func BenchmarkSetNothing(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		src := sections(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := awsconfig.Parse("config", awsconfig.ConfigFile, src).Edit()
				for i := range n {
					if err := e.SetProfile(fmt.Sprintf("Role-%06d", i),
						awsconfig.KeyValue{Key: "region", Value: "eu-central-1"},
						awsconfig.KeyValue{Key: "managed_by", Value: "sso-profiles"},
					); err != nil {
						b.Fatal(err)
					}
				}
				if e.Changed() {
					b.Fatal("nothing should change")
				}
			}
		})
	}
}

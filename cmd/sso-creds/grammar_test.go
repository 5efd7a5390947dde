package main

import (
	"testing"

	"aws-sso-plugins/pkg/cli/grammar"
	"aws-sso-plugins/pkg/cli/grammar/grammartest"
)

func TestGrammarIsKongs(t *testing.T) {
	grammartest.ReadsAsKong(t, func() (*grammar.Grammar, any) {
		c := &command{}
		return grammar.Of("sso-creds", c, map[string]string{"concurrency": "32"}), c
	})
}

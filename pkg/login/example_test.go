package login_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

func ExampleEngine_Ensure() {
	ctx := context.Background()
	home, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(home)
	aws, err := idctest.Start(idctest.Config{}) // instead of AWS
	if err != nil {
		fmt.Println(err)
		return
	}
	defer aws.Close()
	w, err := wire.New(wire.Settings{Endpoint: aws.URL})
	if err != nil {
		fmt.Println(err)
		return
	}

	store := &safefile.Store{LockDir: filepath.Join(home, ".aws", "sso", "lock")}
	engine := &login.Engine{
		Wire:  w,
		Cache: &tokencache.Cache{Dir: filepath.Join(home, ".aws", "sso", "cache"), Store: store},
		Present: func(ctx context.Context, p login.Prompt) error {
			return aws.Browse(ctx, p.URL) // a real one opens a browser
		},
	}
	session := portal.Session{Name: "okta", StartURL: aws.StartURL, Region: aws.Region}
	for range 2 {
		state, err := engine.Ensure(ctx, session, login.Options{Flow: login.FlowBrowser})
		fmt.Println(state.Session.Label(), state.Status, state.Action, err)
	}
	// Output:
	// okta valid logged in <nil>
	// okta valid kept <nil>
}

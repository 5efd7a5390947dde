// Command caller says who each profile is to STS: caller PROFILE... prints
// PROFILE, ACCOUNT and ARN.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println(version())
		return
	}
	for _, profile := range os.Args[1:] {
		if err := call(context.Background(), profile); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func call(ctx context.Context, profile string) error {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
	if err != nil {
		return err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Printf("%s\t%s\t%s\n", profile, *caller.Account, *caller.Arn)
	return nil
}

// version is that of the module which reads the config.
func version() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "github.com/aws/aws-sdk-go-v2/config" {
				return module.Version[1:]
			}
		}
	}
	return "unknown"
}

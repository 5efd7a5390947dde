// Command idc runs AWS IAM Identity Center in a process, for tests and demos: the OIDC service, the access portal and STS
// on one loopback address. It is package idctest for programs that are not written in Go.
//
//	idc [flags] COMMAND [ARG...]   runs COMMAND with the environment that points AWS clients here, exits with its status
//	idc [flags]                    prints that environment and serves until interrupted
//	idc browse URL                 visits URL as a person does who signs in and approves
//
// A script against 300 accounts whose portal loses one call in ten and serves 20 a second:
//
//	idc -accounts 300 -rate 20 -fault '*=reset:10%' -- ./script
//
// Installed it is named idctest. The form with browse is for $BROWSER, as in BROWSER="idc browse %s &"; the flag -browser
// sets it. A link to idc by a name that ends in -browser needs the URL only.
//
// The exit status is that of COMMAND; 1 if that is 0, or there is none, and a client violated a rule, which stderr
// then reports; 2 for a wrong command line; 127 if COMMAND cannot be started.
//
// While idc serves, GET /_idc/ on the same address lists the paths by which scripts read counts and change knobs.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

// version is set when the program is linked.
var version = "devel"

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(signals, os.Args, os.Stdin, os.Stdout, os.Stderr))
}

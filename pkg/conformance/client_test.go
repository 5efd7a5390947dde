//go:build conformance

package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// client is a program of another project that reads the shared files, or runs the
// suite as its own command.
type client struct {
	id      string // as -clients takes it
	title   string // as people call it
	shows   []direction
	install func(context.Context, installer) (program, error)

	program
	absent string // why it is skipped; empty if it is run
}

// program is an installed client.
type program struct {
	version string
	argv    []string // what to put the arguments after
	env     []string // what it needs besides

	isCLI bool // else one of the drivers
	// The endpoint variables came with AWS CLI 2.13: before, only rule sets in
	// ~/.aws/models lead to another endpoint.
	ignoresEndpointVariables bool
}

// with is the program's command line with these arguments.
func (p program) with(args ...string) []string { return slices.Concat(p.argv, args) }

// absence is the reason why a client cannot be installed on this machine. It fails
// nothing.
type absence string

func (a absence) Error() string { return string(a) }

var sdkShows = []direction{answering, refreshing, legacy, judging, serving}

// clients are the clients that the suite is tested with, in the order of the table.
var clients = []*client{
	{id: "aws-v2", title: "AWS CLI v2", install: debianCLI, shows: directions},
	{id: "aws-v2-trixie", title: "AWS CLI v2", install: trixieCLI, shows: directions},
	{
		id: "aws-v1", title: "AWS CLI v1", install: pypiCLI,
		shows: []direction{answering, refreshing, legacy, judging, serving, editing, hosting},
	},
	{id: "boto3", title: "boto3", install: boto3, shows: sdkShows},
	{id: "go", title: "AWS SDK for Go v2", install: goSDK, shows: sdkShows},
	{id: "js", title: "AWS SDK for JavaScript v3", install: javaScriptSDK, shows: sdkShows},
	{id: "java", title: "AWS SDK for Java v2", install: javaSDK, shows: sdkShows},
	{id: "rust", title: "AWS SDK for Rust", install: rustSDK, shows: sdkShows},
	{id: "kubectl", title: "kubectl", install: kubectl, shows: []direction{hosting}},
}

func (c *client) String() string {
	if c.version == "" {
		return c.title
	}
	return c.title + " " + c.version
}

// choose marks as absent all clients that are not in a list of ids, if the list is
// not empty.
func choose(list string) error {
	ids := strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' })
	for _, id := range ids {
		if !slices.ContainsFunc(clients, func(c *client) bool { return c.id == id }) {
			var known []string
			for _, c := range clients {
				known = append(known, c.id)
			}
			return fmt.Errorf("no client %q: there are %s", id, strings.Join(known, ", "))
		}
	}
	for _, c := range clients {
		if len(ids) > 0 && !slices.Contains(ids, c.id) {
			c.absent = "not asked for"
		}
	}
	return nil
}

package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// finished is the error by which --help and --version leave the parser.
type finished struct{}

func (finished) Error() string { return "finished" }

// newParser returns the parser of a command line. refused will hold the value
// that it refuses.
func newParser(program Program, command Command, console *Console) (parser *kong.Kong, refused *valueError, err error) {
	refused = &valueError{}
	options := append(valueMappers(refused),
		kong.Name(program.Name),
		kong.Writers(console.Out, console.stderr),
		kong.Exit(func(int) {}),
		kong.Help(func(_ kong.HelpOptions, ctx *kong.Context) error { return printHelp(console, program, ctx.Model) }),
		kong.Bind(program),
		kong.PostBuild(func(k *kong.Kong) error { hideTexts(k.Model); return nil }),
	)
	parser, err = kong.New(command, options...)
	if err != nil {
		return nil, nil, err
	}
	program.completeTexts(parser.Model)
	program.setVariables(parser.Model, os.Getenv)
	return parser, refused, nil
}

// hideTexts keeps texts from kong, which goes through each of them letter by
// letter for variables of its own: a third of the time that all this takes.
func hideTexts(model *kong.Application) {
	for _, f := range model.Flags {
		f.Help, f.PlaceHolder = "", ""
	}
	for _, p := range model.Positional {
		p.Help = ""
	}
}

// completeTexts puts the texts back, with what only the program knows.
func (p Program) completeTexts(model *kong.Application) {
	for _, f := range model.Flags {
		if f.Name == "concurrency" {
			f.HasDefault, f.Default = true, strconv.Itoa(p.Concurrency)
		}
		f.Help, f.PlaceHolder = f.OrigHelp, f.Tag.PlaceHolder
		f.Help = strings.ReplaceAll(f.Help, "${default}", f.Default)
		if text := p.FlagTexts[f.Name]; text != "" {
			f.Help = text
		}
		if f.Name == "format" {
			f.Help = fmt.Sprintf("Write %s; without it %s.", strings.Join(p.Formats, ", "), p.unformatted())
		}
	}
	for _, v := range model.Positional {
		v.Help = v.OrigHelp
	}
	model.HelpFlag.Help = "Show this help."
}

// setVariables names the variables that stand for flags: those with the tag
// env:"". One that is empty counts as not set, as with the AWS CLI.
func (p Program) setVariables(model *kong.Application, getenv func(string) string) {
	prefix := variableName(p.Name) + "_"
	for _, f := range model.Flags {
		if !f.Tag.Has("env") {
			continue
		}
		f.Envs = []string{prefix + variableName(f.Name)}
		if getenv(f.Envs[0]) != "" {
			f.Tag.Envs = f.Envs // kong reads these
		}
	}
}

func variableName(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }

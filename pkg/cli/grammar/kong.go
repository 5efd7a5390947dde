package grammar

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

// ReadByKong reads a command line with kong. Of the errors of [Grammar.Read] it
// returns all.
func (g *Grammar) ReadByKong(args []string) error {
	refused := &ValueError{}
	parser, err := g.kong(refused)
	if err != nil {
		return err // the grammar itself is wrong: a defect that any test shows
	}
	if _, err = parser.Parse(args); err == nil {
		return nil
	}
	for _, asked := range []error{ErrHelp, ErrVersion} {
		if errors.Is(err, asked) {
			return asked
		}
	}
	if refused.text != "" {
		return refused // kong keeps the text alone of a value that is a variable's
	}
	return err
}

// Model returns kong's model of the command.
func (g *Grammar) Model() (*kong.Application, error) {
	parser, err := g.kong(&ValueError{})
	if err != nil {
		return nil, err
	}
	return parser.Model, nil
}

// kong returns kong's parser. It leaves the first value that it refuses in
// refused.
func (g *Grammar) kong(refused *ValueError) (*kong.Kong, error) {
	options := append(valueMappers(refused),
		kong.Name(g.program),
		kong.Help(func(kong.HelpOptions, *kong.Context) error { return ErrHelp }),
		kong.PostBuild(func(k *kong.Kong) error { g.setDefaults(k.Model); return nil }),
	)
	parser, err := kong.New(g.command, options...)
	if err != nil {
		return nil, err
	}
	g.setVariables(parser.Model)
	return parser, nil
}

func (g *Grammar) setDefaults(model *kong.Application) {
	for _, f := range model.Flags {
		if own, ok := g.defaults[f.Name]; ok {
			f.HasDefault, f.Default = true, own
		}
	}
}

// setVariables makes kong read the variables that are not empty.
func (g *Grammar) setVariables(model *kong.Application) {
	for _, f := range model.Flags {
		variable := g.Flag(f.Name).Variable
		if variable == "" {
			continue
		}
		f.Envs = []string{variable}
		if os.Getenv(variable) != "" {
			f.Tag.Envs = f.Envs
		}
	}
}

// valueMappers returns kong's own decoders of values, with errors in the words of
// this suite.
func valueMappers(refused *ValueError) []kong.Option {
	decoders := kong.NewRegistry().RegisterDefaults()
	mapper := func(t reflect.Type, must string) valueMapper {
		return valueMapper{decoders.ForType(t), must, refused}
	}
	duration := reflect.TypeFor[time.Duration]()
	return []kong.Option{
		kong.TypeMapper(duration, mapper(duration, "must be a time such as 15s or 2m")),
		kong.KindMapper(reflect.Int, mapper(reflect.TypeFor[int](), "must be a number")),
		kong.KindMapper(reflect.Bool, boolMapper{mapper(reflect.TypeFor[bool](), "must be true or false")}),
		kong.KindMapper(reflect.String, mapper(reflect.TypeFor[string](), "must be a text")),
		kong.KindMapper(reflect.Slice, mapper(reflect.TypeFor[[]string](), "must be a text")),
	}
}

// valueMapper decodes the value of a flag. must says what the value has to be.
type valueMapper struct {
	decoder kong.Mapper
	must    string
	refused *ValueError
}

// Decode is called by kong.
func (m valueMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	token := ctx.Scan.Peek()
	if ctx.Value.Flag != nil && !token.IsValue() {
		if token.IsEOL() {
			return m.refuse(ctx, "", "needs a value")
		}
		if ctx.Value.Tag.Has("zero") && isNegative(token.String()) { // 0 is the least
			return m.refuse(ctx, "", fmt.Sprintf("must not be negative: %s", token))
		}
		if target.CanInt() && isNegative(token.String()) { // a count, or a time
			return m.refuse(ctx, "", fmt.Sprintf("must be above 0, not %s", token))
		}
		return m.refuse(ctx, "", fmt.Sprintf("needs a value, not %q", token))
	}
	if m.decoder.Decode(ctx, target) != nil {
		value := token.String()
		return m.refuse(ctx, value, fmt.Sprintf("%s, not %q", m.must, value))
	}
	return nil
}

// isNegative reports whether a word that looks like a flag is a number.
func isNegative(word string) bool {
	return len(word) > 1 && word[0] == '-' && '0' <= word[1] && word[1] <= '9'
}

func (m valueMapper) refuse(ctx *kong.DecodeContext, value, text string) error {
	*m.refused = ValueError{ctx.Value.Flag, value, text}
	return m.refused
}

// boolMapper decodes a flag that may stand without a value.
type boolMapper struct{ valueMapper }

// IsBool tells kong that the flag may stand without a value.
func (boolMapper) IsBool() bool { return true }

// Decode is called by kong, which puts the value of a variable, and one after
// an equals sign, before the flag's name as a value token.
func (m boolMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if token := ctx.Scan.Peek(); token.Type != kong.FlagValueToken {
		return m.decoder.Decode(ctx, target)
	}
	return m.valueMapper.Decode(ctx, target)
}

// ValueError is a value that a flag cannot have.
type ValueError struct {
	flag  *kong.Flag
	value string
	text  string
}

// Error names the flag, or the variable that the value is from.
func (e ValueError) Error() string {
	if e.flag == nil {
		return e.text
	}
	for _, name := range e.flag.Envs {
		if v, set := os.LookupEnv(name); set && v == e.value {
			return name + " " + e.text
		}
	}
	return "--" + e.flag.Name + " " + e.text
}

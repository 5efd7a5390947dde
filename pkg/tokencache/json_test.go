package tokencache

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzCut holds what is cut from an object against what a decoder reads.
func FuzzCut(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a" : [1, {"b": "]}"}, true] , "c":{"d":{}}, "e":null}`, `{"a":"\\\"","a":-1.5e+3}`,
		`{"\u0061":"\u00e9","":"","` + "\xff" + `":"` + "\xff" + `"}`, `{"a":{},"b":[],"c":"x,y:z"}`, `{"a":"1"} x`, `{"a":"`, `[1]`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parse(text)
		// What follows the object makes parse use a decoder.
		want, wantErr := parse(append(bytes.Clone(text), "\n#"...))
		if (err != nil) != (wantErr != nil) || !reflect.DeepEqual(textOf(got), textOf(want)) {
			t.Errorf("%q: %v, %v; want %v, %v", text, textOf(got), err, textOf(want), wantErr)
		}
	})
}

func textOf(p parsed) []string {
	var texts []string
	for _, m := range p.members {
		texts = append(texts, m.key, string(m.value.(json.RawMessage)))
	}
	return texts
}

package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Prometheus is the text format of Prometheus's metrics, for the textfile
// collector of its node exporter; see [Metric].
const Prometheus Format = "prometheus"

// Metric is a gauge with its samples.
type Metric struct {
	Name    string // as Prometheus takes it: letters, digits and underscores
	Help    string
	Samples []Sample
}

// Sample is one value of a metric.
type Sample struct {
	Labels []Label
	Value  float64
}

// Label distinguishes samples of a metric.
type Label struct{ Name, Value string }

// WriteMetrics writes the metrics as a whole document. A metric without
// samples is left out.
func WriteMetrics(out io.Writer, metrics []Metric) error {
	w := bufio.NewWriter(out) // remembers its first error for Flush
	for _, m := range metrics {
		if len(m.Samples) == 0 {
			continue
		}
		_, _ = w.WriteString("# HELP " + m.Name + " " + helpEscapes.Replace(Visible(m.Help)) + "\n")
		_, _ = w.WriteString("# TYPE " + m.Name + " gauge\n")
		for _, s := range m.Samples {
			writeSample(w, m.Name, s)
		}
	}
	return w.Flush()
}

func writeSample(w *bufio.Writer, name string, s Sample) {
	_, _ = w.WriteString(name)
	for i, l := range s.Labels {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		_ = w.WriteByte(separator)
		_, _ = w.WriteString(l.Name + `="` + labelEscapes.Replace(Visible(l.Value)) + `"`)
	}
	if len(s.Labels) > 0 {
		_ = w.WriteByte('}')
	}
	_, _ = w.WriteString(" " + strconv.FormatFloat(s.Value, 'f', -1, 64) + "\n")
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

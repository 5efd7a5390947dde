package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"aws-sso-plugins/pkg/report"
)

// Progress is one live line on standard error: a bar, a count, the rate and
// the time left. On anything but a terminal, with -q and in CI it shows
// nothing.
type Progress struct {
	console     *Console
	what        string
	start, last time.Time
	done, total int
	extra       string
	shown       bool
}

const (
	// showAfter hides the line for work that is over before one could read it.
	showAfter    = 400 * time.Millisecond
	redrawAfter  = 80 * time.Millisecond
	barWidth     = 24
	defaultWidth = 80
)

// Progress begins a live line for work that is called what ("listing
// accounts"). There is one line at a time: a new one replaces the old.
func (c *Console) Progress(what string) *Progress {
	p := &Progress{console: c, what: what, start: time.Now()}
	if c.live {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.eraseLine()
		c.line = p
	}
	return p
}

// Set updates the line: how much is done, of how much if that is known, and a
// note such as "throttled, 19/s", which may be empty.
func (p *Progress) Set(done, total int, extra string) {
	c := p.console
	c.mu.Lock()
	defer c.mu.Unlock()
	p.done, p.total, p.extra = done, total, extra
	now := time.Now()
	if c.line != p || now.Sub(p.start) < showAfter || now.Sub(p.last) < redrawAfter {
		return
	}
	p.last = now
	c.eraseLine()
	p.shown = true
	c.drawLine()
}

// End erases the line.
func (p *Progress) End() {
	c := p.console
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line == p {
		c.eraseLine()
		c.line = nil
	}
}

func (c *Console) endProgress() {
	c.mu.Lock()
	p := c.line
	c.mu.Unlock()
	if p != nil {
		p.End()
	}
}

// eraseLine and drawLine need the lock.
func (c *Console) eraseLine() {
	if c.line != nil && c.line.shown && !c.inLine {
		_, _ = io.WriteString(c.stderr, "\r\x1b[K")
		c.ctrlC.Store(false)
	}
}

// startLine erases the progress line, and ends the line that shows ^C. The
// caller holds the lock.
func (c *Console) startLine() {
	c.eraseLine()
	if c.ctrlC.Swap(false) {
		_, _ = io.WriteString(c.stderr, "\n")
	}
}

func (c *Console) drawLine() {
	if c.line != nil && c.line.shown && !c.inLine {
		_, _ = io.WriteString(c.stderr, c.line.text(c.screenWidth(), time.Now()))
	}
}

func (c *Console) screenWidth() int {
	f, ok := c.stderr.(*os.File)
	if !ok {
		return defaultWidth
	}
	if w := width(f); w > 0 {
		return w
	}
	return defaultWidth
}

// text returns the line, a column shorter than the screen: some terminals break
// a line that fills the last column. On a narrow screen it has no bar.
func (p *Progress) text(columns int, now time.Time) string {
	if whole := p.parts(true, now); len(whole) < columns {
		return whole
	}
	return report.Cut(p.parts(false, now), columns-1)
}

func (p *Progress) parts(withBar bool, now time.Time) string {
	elapsed := now.Sub(p.start).Seconds()
	parts := []string{p.what}
	if p.total > 0 {
		if withBar {
			filled := min(barWidth*p.done/p.total, barWidth)
			parts = append(parts, "["+strings.Repeat("=", filled)+strings.Repeat(" ", barWidth-filled)+"]")
		}
		parts = append(parts, fmt.Sprintf("%d/%d", p.done, p.total))
	}
	if rate := float64(p.done) / max(elapsed, 0.001); p.done > 0 {
		parts = append(parts, fmt.Sprintf("%.0f/s", rate))
		if left := float64(p.total-p.done) / rate; left >= 1 {
			parts = append(parts, (time.Duration(left)*time.Second).String()+" left")
		}
	}
	if p.extra != "" {
		parts = append(parts, p.extra)
	}
	return report.Visible(strings.Join(parts, "  "))
}

package idctest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// controlPrefix begins the paths by which scripts control a server in another process. No AWS service has such paths.
const controlPrefix = "/_idc/"

// ControlHelp is the list of the control paths, a line each.
const ControlHelp = `GET  /_idc/stats        counts by operation and status, as JSON
GET  /_idc/requests     the requests, a line each, without secrets
GET  /_idc/violations   what clients got wrong, a line each
GET  /_idc/warnings     what clients got wrong that -warn names, a line each
GET  /_idc/secrets      every secret issued or received, a line each
POST /_idc/set          change knobs: a form of flag names and values, latency=20ms&fault=ListAccounts%3Dreset
POST /_idc/accounts     replace accounts by those of the body, JSON as in the file of -accounts-file
POST /_idc/reset        forget requests and counts
POST /_idc/token        sign in and get the token as a cache file holds it; start-url=URL for another instance
POST /_idc/credentials  role credentials for account=ID&role=NAME, or the key of an IAM user for account=ID&user=NAME
POST /_idc/advance      move the clock by DURATION: by=1h
POST /_idc/end-session  end all sign-ins, or those of start-url=URL
POST /_idc/revoke       revoke issued=TOKEN, a client id or an access key id
`

// control answers the control paths. Faults and latency do not apply to these requests, and the log leaves them out.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, controlPrefix)
	method := http.MethodPost
	switch name {
	case "", "stats", "requests", "violations", "warnings", "secrets":
		method = http.MethodGet
	}
	if r.Method != method {
		http.Error(w, "want "+method, http.StatusMethodNotAllowed)
		return
	}
	// Every browser sends Origin with a cross-site POST, and no page may control the server.
	if r.Header.Get("Origin") != "" {
		http.Error(w, "not for browsers", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil && name != "accounts" {
		http.Error(w, "the body is no form: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch name {
	case "":
		io.WriteString(w, ControlHelp)
	case "stats":
		writeJSON(w, s.Stats())
	case "requests":
		s.mu.Lock()
		entries := s.log.ordered()
		s.mu.Unlock()
		for i := range entries {
			io.WriteString(w, entries[i].line())
		}
	case "violations":
		for _, v := range s.Violations() {
			fmt.Fprintln(w, v)
		}
	case "warnings":
		for _, v := range s.Warnings() {
			fmt.Fprintln(w, v)
		}
	case "secrets":
		for _, secret := range s.Secrets() {
			fmt.Fprintln(w, secret)
		}
	case "set":
		if err := s.set(string(body)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	case "accounts":
		byURL, err := ReadAccounts(bytes.NewReader(body))
		if err == nil {
			err = s.update(func(c *Config) error { c.addAccounts(byURL); return nil })
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	case "reset":
		s.ResetLog()
	case "token":
		startURL := form.Get("start-url")
		s.mu.Lock()
		known := startURL == "" || s.dirs[trimStartURL(startURL)] != nil
		s.mu.Unlock()
		if !known {
			http.Error(w, "no instance has this start URL", http.StatusNotFound)
			return
		}
		writeJSON(w, s.IssueToken(startURL))
	case "credentials":
		account, role, user := form.Get("account"), form.Get("role"), form.Get("user")
		switch {
		case !accountIDForm.MatchString(account) || (role == "") == (user == ""):
			http.Error(w, "want account=ID and role=NAME or user=NAME", http.StatusBadRequest)
		case user != "":
			writeJSON(w, s.IssueUserKey(account, user))
		default:
			writeJSON(w, s.IssueCredentials(account, role))
		}
	case "advance":
		by, err := time.ParseDuration(form.Get("by"))
		if err != nil {
			http.Error(w, "want by=DURATION", http.StatusBadRequest)
			return
		}
		s.Advance(by)
	case "end-session":
		s.EndSession(form.Get("start-url"))
	case "revoke":
		if !s.Revoke(form.Get("issued")) {
			http.Error(w, "nothing that was issued", http.StatusNotFound)
		}
	default:
		http.Error(w, ControlHelp, http.StatusNotFound)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", jsonType)
	json.NewEncoder(w).Encode(v)
}

// fixedFlags are those that hold for a server's whole life, and one that would have it read any file.
var fixedFlags = []string{
	"addr", "allow-remote", "public-url", "region", "start-url", "intercept", "no-endpoints", "ca-dir", "accounts-file",
}

// set changes knobs as flags do, in the order of the form, and all or none.
func (s *Server) set(form string) error {
	return s.update(func(c *Config) error {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		c.Flags(fs)
		for pair := range strings.SplitSeq(form, "&") {
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			name, err := url.QueryUnescape(name)
			if err == nil {
				value, err = url.QueryUnescape(value)
			}
			if err != nil {
				return err
			}
			if slices.Contains(fixedFlags, name) {
				return fmt.Errorf("%s cannot change while the server runs", name)
			}
			if err := fs.Set(name, value); err != nil {
				return fmt.Errorf("%s=%s: %w", name, value, err)
			}
		}
		return nil
	})
}

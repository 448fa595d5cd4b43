package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// town is the server that values are planted in, and what is known of it.
type town struct {
	ctx                context.Context
	url, data, kept    string
	values             []value
	requests, commands int
	files              int               // that were kept
	logins             map[string]string // passwords of the demo
	security, auditor  *visitor
	demo               []*visitor // who signed in by one of these
}

// secret notes something that was made by chance and that nothing may tell.
func (t *town) secret(what, text string) { t.add(value{what, text, true}) }

func (t *town) add(v value) {
	if !slices.ContainsFunc(t.values, func(known value) bool { return known.text == v.text }) {
		t.values = append(t.values, v)
	}
}

// keep writes what was made into what is looked through.
func (t *town) keep(name string, text []byte) error {
	t.files++
	return os.WriteFile(filepath.Join(t.kept, fmt.Sprintf("%04d-%s", t.files, name)), text, 0o600)
}

// run runs a command of ours, keeps what it says where it is not told a secret on purpose, and returns it.
func (t *town) run(tells bool, args ...string) (string, error) {
	t.commands++
	cmd := exec.CommandContext(t.ctx, "./wangge", append(args, "--data", t.data)...)
	cmd.Env = append(os.Environ(), "LOG_LEVEL=debug")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() <= 2 {
		err = nil // it refused, which is what some are run for
	}
	if !tells {
		said.Write(out.Bytes())
	}
	return out.String(), errors.Join(err, t.keep("command-"+args[0], said.Bytes()))
}

// visitor is one that keeps its cookies.
type visitor struct {
	*town
	client *http.Client
}

func (t *town) visitor() (*visitor, error) {
	jar, err := cookiejar.New(nil)
	return &visitor{t, &http.Client{Jar: jar, Timeout: time.Minute, Transport: elsewhere, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, err
}

// elsewhere asks from another of this machine's addresses than browsers and clients that used the town before: tries to sign in are counted by
// address, and theirs may be used up.
var elsewhere = &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 17, 42, 1)}}).DialContext}

// ask sends a request. Who is refused is told why, and that is kept, as is what keeps is asked for; of all answers what a cache goes by is.
func (v *visitor) ask(keeps bool, method, path, kind, body string, header ...string) (string, error) {
	v.requests++
	w, text, err := v.send(method, path, kind, body, header)
	for range 10 { // a machine that does other things meanwhile: come again
		if err != nil || w.StatusCode != http.StatusServiceUnavailable {
			break
		}
		time.Sleep(time.Second)
		w, text, err = v.send(method, path, kind, body, header)
	}
	if err != nil {
		return "", err
	}
	if w.StatusCode >= 500 {
		return "", fmt.Errorf("request %d: status %d", v.requests, w.StatusCode)
	}
	for _, c := range w.Cookies() {
		if len(c.Value) >= 20 {
			v.secret("a session's token", c.Value)
		}
	}
	w.Header.Del("Set-Cookie")
	var head bytes.Buffer
	if err := w.Header.Write(&head); err != nil {
		return "", err
	}
	if err := v.keep("headers", head.Bytes()); err != nil {
		return "", err
	}
	var told struct{ Errors json.RawMessage }
	switch json.Unmarshal(text, &told); {
	case method == "POST" && path == enrolling: // shown again after a wrong code, with the secret that is to be typed
	case keeps || w.StatusCode >= 400:
		err = v.keep("answer", repeated.ReplaceAll(text, nil))
	case told.Errors != nil:
		err = v.keep("errors", repeated.ReplaceAll(told.Errors, nil))
	}
	return string(text), err
}

func (v *visitor) send(method, path, kind, body string, header []string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(v.ctx, method, v.url+path, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; "+typedName+" "+typedPhone+") MicroMessenger/8.0")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := v.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	return w, text, err
}

// repeated is what a refusal repeats to who typed it, since it was typed for a code, a layer or a part of a tile's address, or as a login into a
// form that is shown again: where somebody else's number is typed for one of those, nobody else is told, and nothing keeps it.
var repeated = regexp.MustCompile(`There is no (?:grid|division|worker) [^"]*?\."|There is no layer \\"[^"]*\\"|\bz is \\"[^"]*\\"|<input name="login" value="[^"]*"`)

const enrolling = "/account/second-factor"

const formKind, jsonKind = "application/x-www-form-urlencoded", "application/json"

func (v *visitor) form(path string, fields ...string) (string, error) {
	f := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		f.Add(fields[i], fields[i+1])
	}
	return v.ask(false, "POST", path, formKind, f.Encode())
}

// graphql asks, and reads what path leads to of the answer into into, where there is one.
func (v *visitor) graphql(into any, query string, variables map[string]any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	text, err := v.ask(false, "POST", "/graphql", jsonKind, string(body))
	if err != nil || into == nil {
		return err
	}
	var w struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return err
	}
	if len(w.Errors) > 0 {
		return fmt.Errorf("%.60s…: %s", query, w.Errors[0].Message)
	}
	return json.Unmarshal(w.Data, into)
}

// first is what a pattern finds in text.
func first(pattern, text string) (string, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("an answer has no %s", pattern)
	}
	return m[1], nil
}

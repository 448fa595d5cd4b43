package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// client is for single requests; wrk makes the load.
var client = &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// The questions.
const (
	spotQuery  = `query Spot($p: PointInput!) { gridAt(point: $p) { rule needsConfirmation grid { code name worker { name workPhone } } } }`
	spotsQuery = `query Spots($p: [PointInput!]!) { gridsAt(points: $p) { rule grid { code worker { name workPhone } } } }`

	// The nested read: 20 communities with 450 grids. $unused changes nothing but the request: its field is left out.
	nestedQuery = `query Nested($town: ID!, $unused: Float) { division(code: $town) { code name boundary(simplifyM: $unused) @skip(if: true) ` +
		`children { code name grids(first: 50) { totalCount nodes { id code name kind areaM2 bbox worker { name workPhone } } } } } }`

	problemsQuery = `query Problems($d: ID!) { coverage(division: $d) { seamless gapM2 overlapM2 outsideM2 problems(first: 50) { totalCount nodes { id kind areaM2 grids { code } } } } }`
)

// body is a GraphQL request on one line.
func body(query string, variables map[string]any) string {
	b, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic("bench: " + err.Error()) // numbers and strings
	}
	return string(b)
}

func (s spot) path() string {
	return fmt.Sprintf("/where?lng=%.8f&lat=%.8f&crs=cgcs2000", s.lng, s.lat)
}
func (s spot) input() map[string]any {
	return map[string]any{"lng": s.lng, "lat": s.lat, "crs": "CGCS2000"}
}

// nested is the nested read; varied leaves a place for what makes each request another one.
func nested(varied bool) string {
	if !varied {
		return body(nestedQuery, map[string]any{"town": patchTown})
	}
	return strings.Replace(body(nestedQuery, map[string]any{"town": patchTown, "unused": "N"}), `"N"`, "__N__", 1)
}

// ask sends one line, as requests.lua does, and returns the answer.
func ask(ctx context.Context, url, line, token string) (*http.Response, []byte, error) {
	var r *http.Request
	var err error
	if strings.HasPrefix(line, "{") {
		if r, err = http.NewRequestWithContext(ctx, "POST", url+"/graphql", strings.NewReader(line)); err == nil {
			r.Header.Set("Content-Type", "application/json")
		}
	} else {
		r, err = http.NewRequestWithContext(ctx, "GET", url+line, nil)
	}
	if err != nil {
		return nil, nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.300s", url, res.Status, b)
	}
	if err == nil && bytes.HasPrefix(b, []byte(`{"errors"`)) {
		err = fmt.Errorf("%s answers %.300s", url, b)
	}
	return res, b, err
}

// result is one run of a load.
type result struct {
	Requests int64   `json:"requests"`
	Us       int64   `json:"us"`
	Bytes    int64   `json:"bytes"`
	Errors   int64   `json:"errors"`
	P50      float64 `json:"p50"` // microseconds
	P99      float64 `json:"p99"`
}

func (r result) rate() float64 { return float64(r.Requests) / (float64(r.Us) / 1e6) }

//go:embed requests.lua
var requestsLua []byte

const connections = 8

// wrk loads url with the lines of a file from one thread over eight connections. Any error counts as a failure of the run: a
// server that refuses is quick. accept may be "gzip".
func (t *town) wrk(ctx context.Context, url, lines string, first, seconds int, accept ...string) (r result, err error) {
	script := filepath.Join(t.dir, "requests.lua")
	if err := os.WriteFile(script, requestsLua, 0o600); err != nil {
		return r, err
	}
	args := []string{"-t1", fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%ds", seconds), "--timeout", "30s", "-s", script,
		url, "--", lines, strconv.Itoa(first)}
	out, err := command(ctx, nil, "wrk", append(args, accept...)...)
	if err != nil {
		return r, err
	}
	_, last, found := strings.Cut(out, "RESULT ")
	if !found {
		return r, fmt.Errorf("wrk says no result:\n%s", out)
	}
	if err := json.Unmarshal([]byte(last), &r); err != nil {
		return r, err
	}
	if r.Errors > 0 || r.Requests == 0 {
		return r, fmt.Errorf("%s: %d requests, %d of them failed", url, r.Requests, r.Errors)
	}
	return r, nil
}

// lines writes what wrk is to send.
func (t *town) lines(name string, list ...string) (string, error) {
	path := filepath.Join(t.dir, name+".lines")
	return path, os.WriteFile(path, []byte(strings.Join(list, "\n")+"\n"), 0o600)
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
var average = regexp.MustCompile(`(?m)^latency average = ([0-9.]+) ms`)

// pgbench asks the database the question of a spot as fast as its own client can.
func (t *town) pgbench(ctx context.Context, seconds int) (r result, err error) {
	script := filepath.Join(t.dir, "spot.sql")
	// Within the patch, whose border is nearly a box.
	text := "\\set x random(12261000, 12265000)\n\\set y random(3020100, 3023900)\n" +
		strings.NewReplacer("$1", ":x / 1e5::float8", "$2", ":y / 1e5::float8").Replace(spotSQL) + ";\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return r, err
	}
	program, err := exec.LookPath("pgbench")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
		if len(found) == 0 {
			return r, err
		}
		program = found[len(found)-1]
	}
	out, err := command(ctx, nil, program, "-n", "-M", "prepared", "-c", strconv.Itoa(connections), "-j", "1", "-T", strconv.Itoa(seconds), "-f", script, t.url)
	if err != nil {
		return r, err
	}
	rate, mean := tps.FindStringSubmatch(out), average.FindStringSubmatch(out)
	if rate == nil || mean == nil {
		return r, fmt.Errorf("pgbench says no figures:\n%s", out)
	}
	n, _ := strconv.ParseFloat(rate[1], 64)
	ms, _ := strconv.ParseFloat(mean[1], 64)
	return result{Requests: int64(n * float64(seconds)), Us: int64(seconds) * 1e6, P50: ms * 1000}, nil
}

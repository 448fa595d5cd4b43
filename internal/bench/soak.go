package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
)

// state is a way that a site was put: while began to done is running nobody can say yet whether it is in force.
type state struct {
	code        string
	began, done time.Time // done is zero until the publisher knows
}

// history is what a site was, the newest last. Only the last few are kept: no request takes that long.
type history struct {
	grace  time.Duration // that a publication may take until a server shows it; what is older is a wrong answer
	mu     sync.Mutex
	states []state
}

func (h *history) begin(code string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states = append(h.states, state{code: code, began: time.Now()})
	h.states = h.states[max(0, len(h.states)-100):]
}

func (h *history) done() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states[len(h.states)-1].done = time.Now()
}

// allows reports whether code can be the answer to a question asked at from and answered at until.
func (h *history) allows(code string, from, until time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.states {
		replaced := i+1 < len(h.states) && !h.states[i+1].done.IsZero() && h.states[i+1].done.Add(h.grace).Before(from)
		if s.code == code && s.began.Before(until) && !replaced {
			return true
		}
	}
	return false
}

// tally counts what one kind of request came to.
type tally struct{ asked, wrong, failed atomic.Int64 }

// soaking is a soak that runs.
type soaking struct {
	t       *town
	who     *publisher
	sites   []*history
	tallies map[string]*tally
	mu      sync.Mutex
	bad     []string
}

func (s *soaking) note(kind, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bad) < 20 {
		s.bad = append(s.bad, kind+": "+fmt.Sprintf(format, args...))
	}
}

// kinds are what is asked, in what order: /where most of all.
var kinds = []string{"where", "site", "gridAt", "where", "gridsAt", "site", "nested", "where", "tile", "gridAt", "coverage", "site"}

// soak loads two servers with everything at once for as long as is asked, publishes every second, and holds every answer against
// what PostGIS said, or against what was published: of a point its grid, of a tile that the grid of a place in it is there, of the nested read
// how many there are and the code that changes, of a report that the patch has neither gaps nor overlaps. It fails where one is
// wrong, where one fails, and where memory grows.
func soak(ctx context.Context, o options, t *town, out io.Writer) error {
	st := &stage{ctx: ctx, o: o, t: t}
	defer st.close()
	var all []*process
	for i := range 2 {
		p, err := st.wangge(fmt.Sprintf("wangge %d", i+1), o.wangge, t.url)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	who, err := t.publisher(ctx, all[0])
	if err != nil {
		return err
	}
	defer who.restore(context.WithoutCancel(ctx))
	s := &soaking{t: t, who: who, tallies: map[string]*tally{}}
	for _, k := range kinds {
		s.tallies[k] = &tally{}
	}
	for _, site := range who.sites {
		h := &history{grace: o.grace}
		h.begin(site.codes[site.way])
		h.done()
		s.sites = append(s.sites, h)
	}
	began := time.Now()
	until := began.Add(o.duration)
	var wait sync.WaitGroup
	for i, p := range all {
		for k := range 3 {
			wait.Go(func() {
				for n := 100_003 * (3*i + k); time.Now().Before(until) && ctx.Err() == nil; n++ {
					s.once(context.WithoutCancel(ctx), p.url, n)
				}
			})
		}
	}
	memory := make([][]float64, len(all)) // MB, a sample a second
	published, tick := 0, time.NewTicker(time.Second)
	defer tick.Stop()
	for time.Now().Before(until) && ctx.Err() == nil {
		<-tick.C
		site, way := who.next()
		h := s.sites[published%len(s.sites)]
		h.begin(site.codes[way])
		if err := site.put(ctx, way); err != nil {
			if ctx.Err() == nil {
				s.note("publication", "%v", err)
			}
			break
		}
		h.done()
		site.way = way
		published++
		for i, p := range all {
			memory[i] = append(memory[i], residentMB(p.cmd.Process.Pid))
		}
		if published%60 == 0 {
			fmt.Fprintf(out, "%s: %s; %.0f and %.0f MB\n", time.Since(began).Round(time.Second), s.text(), memory[0][len(memory[0])-1], memory[1][len(memory[1])-1])
		}
	}
	wait.Wait()
	fmt.Fprintf(out, "%s, %d publications: %s\n", time.Since(began).Round(time.Second), published, s.text())
	for _, line := range s.bad {
		fmt.Fprintln(out, "  "+line)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	failed := len(s.bad) > 0
	for i, m := range memory {
		// The first minute is warming up where there is time for that.
		from := 0
		if len(m) >= 180 {
			from = 60
		}
		n := min(60, (len(m)-from)/2)
		if n == 0 {
			continue
		}
		first, last := median(m[from:from+n]), median(m[len(m)-n:])
		fmt.Fprintf(out, "%s: memory %.0f MB at first, %.0f MB in the end (medians of %d s)\n", all[i].name, first, last, n)
		if o.duration >= 5*time.Minute && last > 1.1*first {
			failed = true
			fmt.Fprintf(out, "  it grows\n")
		}
	}
	if failed {
		return fmt.Errorf("the soak failed")
	}
	return nil
}

func (s *soaking) text() string {
	var asked, wrong, failed int64
	var parts []string
	seen := map[string]bool{}
	for _, k := range kinds {
		if seen[k] {
			continue
		}
		seen[k] = true
		t := s.tallies[k]
		asked, wrong, failed = asked+t.asked.Load(), wrong+t.wrong.Load(), failed+t.failed.Load()
		parts = append(parts, fmt.Sprintf("%s %d", k, t.asked.Load()))
	}
	return fmt.Sprintf("%d answers (%s), %d wrong, %d errors", asked, strings.Join(parts, ", "), wrong, failed)
}

// once asks one question and judges the answer.
func (s *soaking) once(ctx context.Context, url string, n int) {
	kind := kinds[n%len(kinds)]
	t := s.tallies[kind]
	t.asked.Add(1)
	at := s.t.spots[n%len(s.t.spots)]
	for s.who.touches(at.code) || strings.HasPrefix(at.code, patchCommunity(0)) {
		n++
		at = s.t.spots[n%len(s.t.spots)]
	}
	var wrong string
	var err error
	switch kind {
	case "where":
		var code string
		if code, err = codeAt(ctx, url, at); code != at.code {
			wrong = fmt.Sprintf("%s is in %q, not %q", at.path(), code, at.code)
		}
	case "site":
		h, site := s.sites[n%len(s.sites)], s.who.sites[n%len(s.sites)]
		began := time.Now()
		var code string
		if code, err = codeAt(ctx, url, site.at); !h.allows(code, began, time.Now()) {
			wrong = fmt.Sprintf("the site %s is in %q, which it is not now", site.at.path(), code)
		}
	case "gridAt":
		var a spotAnswer
		if err = s.into(ctx, url, body(spotQuery, map[string]any{"p": at.input()}), &a); a.Data.GridAt.code() != at.code {
			wrong = fmt.Sprintf("%v is in %q", at, a.Data.GridAt.code())
		}
	case "gridsAt":
		wrong, err = s.many(ctx, url, n)
	case "nested":
		wrong, err = s.nested(ctx, url)
	case "tile":
		wrong, err = s.tile(ctx, url, at, 14+n%3)
	case "coverage":
		wrong, err = s.coverage(ctx, url, patchCommunity(1+n%(patchCommunities-1)))
	}
	switch {
	case err != nil:
		t.failed.Add(1)
		s.note(kind, "%v", err)
	case wrong != "":
		t.wrong.Add(1)
		s.note(kind, "%s", wrong)
	}
}

func (s *soaking) into(ctx context.Context, url, line string, a any) error {
	_, b, err := ask(ctx, url, line, "")
	if err != nil {
		return err
	}
	return json.Unmarshal(b, a)
}

// many asks for 500 spots in one request.
func (s *soaking) many(ctx context.Context, url string, n int) (wrong string, err error) {
	const count = 500
	list, points := make([]spot, count), make([]map[string]any, count)
	for i := range list {
		list[i] = s.t.spots[(n+i)%len(s.t.spots)]
		points[i] = list[i].input()
	}
	var a struct {
		Data struct{ GridsAt []whereAnswer }
	}
	if err := s.into(ctx, url, body(spotsQuery, map[string]any{"p": points}), &a); err != nil {
		return "", err
	}
	if len(a.Data.GridsAt) != count {
		return fmt.Sprintf("%d answers to %d points", len(a.Data.GridsAt), count), nil
	}
	for i, got := range a.Data.GridsAt {
		if code := list[i].code; got.code() != code && !s.who.touches(code) && !strings.HasPrefix(code, patchCommunity(0)) {
			return fmt.Sprintf("%v is in %q", list[i], got.code()), nil
		}
	}
	return "", nil
}

// nested reads the patch: every grid is there, and what has another code now has one that it can have.
func (s *soaking) nested(ctx context.Context, url string) (wrong string, err error) {
	began := time.Now()
	_, b, err := ask(ctx, url, nested(false), "")
	if err != nil {
		return "", err
	}
	until := time.Now()
	if err := checkNested(b); err != nil {
		return err.Error(), nil
	}
	// The border's site keeps its codes; that of the code is in the answer under one of them.
	site, h := s.who.sites[1], s.sites[1]
	for _, code := range site.codes {
		if strings.Contains(string(b), `"code":"`+code+`"`) {
			if !h.allows(code, began, until) {
				return fmt.Sprintf("the nested read has grid %s, which it is not now", code), nil
			}
			return "", nil
		}
	}
	return "the nested read has none of the site's codes", nil
}

// tile reads the tile around a spot: its grid is in it.
func (s *soaking) tile(ctx context.Context, url string, at spot, zoom int) (wrong string, err error) {
	path := fmt.Sprintf("/tiles/grids/%s.mvt", tileAt(at, zoom))
	_, b, err := ask(ctx, url, path, "")
	if err != nil {
		return "", err
	}
	layers, err := mvt.Unmarshal(b)
	if err != nil {
		return fmt.Sprintf("%s: %v", path, err), nil
	}
	n := 0
	for _, layer := range layers {
		for _, f := range layer.Features {
			if f.Properties["code"] == at.code {
				return "", nil
			}
			n++
		}
	}
	return fmt.Sprintf("%s has %d features, but not grid %s", path, n, at.code), nil
}

// coverage reads the report of a community of the patch, whose grids cover it exactly.
func (s *soaking) coverage(ctx context.Context, url, code string) (wrong string, err error) {
	var a struct {
		Data struct {
			Coverage *struct {
				Seamless                    *bool
				GapM2, OverlapM2, OutsideM2 *float64
			}
		}
	}
	if err := s.into(ctx, url, body(problemsQuery, map[string]any{"d": code}), &a); err != nil {
		return "", err
	}
	zero := func(m2 *float64) bool { return m2 != nil && *m2 == 0 }
	if c := a.Data.Coverage; c == nil || c.Seamless == nil || !*c.Seamless || !zero(c.GapM2) || !zero(c.OverlapM2) || !zero(c.OutsideM2) {
		return fmt.Sprintf("the report of %s, which is seamless, says %+v", code, c), nil
	}
	return "", nil
}

// residentMB is the memory that a process holds.
func residentMB(pid int) float64 {
	value := valueIn(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
	kb, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 64)
	return kb / 1024
}

// tileAt is the tile around a spot as z/x/y.
func tileAt(s spot, zoom int) string {
	t := maptile.At(orb.Point{s.lng, s.lat}, maptile.Zoom(zoom))
	return fmt.Sprintf("%d/%d/%d", t.Z, t.X, t.Y)
}

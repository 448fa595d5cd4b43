package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entrant is one side of a contest: what is run once a round.
type entrant struct {
	name string
	run  func(ctx context.Context, round int) (result, error)
}

// score is what an entrant reached, a result a round.
type score struct {
	name string
	runs []result
}

func (s score) rates() []float64 {
	out := make([]float64, len(s.runs))
	for i, r := range s.runs {
		out[i] = r.rate()
	}
	return out
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// row holds one ratio against what is wanted of it.
type row struct {
	what       string
	ours, over score
	least, aim float64 // 0: nothing is wanted
}

// ratio is that of the medians; lo and hi are the extremes of the rounds, each by itself.
func (r row) ratio() (mid, lo, hi float64) {
	a, b := r.ours.rates(), r.over.rates()
	mid = median(a) / median(b)
	lo, hi = mid, mid
	for i := range a {
		lo, hi = min(lo, a[i]/b[i]), max(hi, a[i]/b[i])
	}
	return mid, lo, hi
}

// contest lets the entrants run in turns, so that what else the machine does meets all alike.
func contest(ctx context.Context, o options, out io.Writer, title string, entrants ...entrant) (map[string]score, error) {
	fmt.Fprintf(out, "%s: ", title)
	scores := map[string]score{}
	for round := range o.rounds {
		for _, e := range entrants {
			r, err := e.run(ctx, round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			s := scores[e.name]
			s.name, s.runs = e.name, append(s.runs, r)
			scores[e.name] = s
		}
		fmt.Fprint(out, ".")
	}
	fmt.Fprintln(out)
	for _, e := range entrants {
		s := scores[e.name]
		fmt.Fprintf(out, "  %-28s %9.0f a second\n", e.name, median(s.rates()))
	}
	return scores, nil
}

// comparison is all that compare finds.
type comparison struct {
	rows    []row
	scores  []score // every entrant, in the order of the contests
	sizes   []tileSize
	starts  []string
	publish *published
	purge   *purge
	inGo    string // what go test says
}

// stage starts servers and remembers to stop them.
type stage struct {
	ctx     context.Context
	o       options
	t       *town
	running []*process
}

func (s *stage) close() {
	for _, p := range s.running {
		p.stop()
	}
	s.running = nil
}

// other starts a contestant: this very program.
func (s *stage) other(name string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := start(s.ctx, name, nil, self, append([]string{contestantMode, name}, args...)...)
	if err == nil {
		s.running = append(s.running, p)
	}
	return p, err
}

func (s *stage) wangge(name, program, database string, env ...string) (*process, error) {
	p, err := s.t.serve(s.ctx, name, program, database, env...)
	if err == nil {
		s.running = append(s.running, p)
	}
	return p, err
}

// http is an entrant that wrk loads. Each round goes on where the one before ended, so that no varied request comes twice.
func (s *stage) http(name string, p *process, lines string, accept ...string) entrant {
	return entrant{name, func(ctx context.Context, round int) (result, error) {
		return s.t.wrk(ctx, p.url, lines, round*10_000_000, s.o.seconds, accept...)
	}}
}

// alone is an entrant that asks the same question again and again from one client: for answers that take long.
func (s *stage) alone(name string, p *process, line string) entrant {
	return entrant{name, func(ctx context.Context, _ int) (r result, err error) {
		var took []float64
		for began := time.Now(); err == nil && time.Since(began) < time.Duration(s.o.seconds)*time.Second; {
			asked := time.Now()
			var b []byte
			_, b, err = ask(ctx, p.url, line, "")
			took = append(took, float64(time.Since(asked).Microseconds()))
			r.Requests, r.Bytes, r.Us = r.Requests+1, r.Bytes+int64(len(b)), time.Since(began).Microseconds()
		}
		r.P50, r.P99 = median(took), slices.Max(took)
		return r, err
	}}
}

// The names of the entrants as the tables say them.
const (
	oursWhere   = "wangge /where"
	oursSpot    = "wangge gridAt"
	oursSpots   = "wangge gridsAt, 10,000 points, one client"
	oursNested  = "wangge nested, repeated"
	oursFirst   = "wangge nested, first time"
	oursProblem = "wangge coverage problems"
	baseFirst   = "base nested, first time"
)

func compare(ctx context.Context, o options, t *town, out io.Writer) error {
	began := time.Now()
	m, err := lookAtMachine(ctx, o, t)
	if err != nil {
		return err
	}
	s := &stage{ctx: ctx, o: o, t: t}
	defer s.close()
	var c comparison
	paths, bodies := make([]string, len(t.spots)), make([]string, len(t.spots))
	for i, p := range t.spots {
		paths[i], bodies[i] = p.path(), body(spotQuery, map[string]any{"p": p.input()})
	}
	ours, err := s.wangge("wangge", o.wangge, t.url)
	if err != nil {
		return err
	}
	if c.starts, err = firstAnswers(ctx, ours, paths[0], bodies[0], nested(false)); err != nil {
		return err
	}
	ours.settle(ctx)
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"where", func() error { return s.where(&c, out, ours, paths) }},
		{"gridAt", func() error { return s.gridAt(&c, out, ours, paths, bodies) }},
		{"nested", func() error { return s.nested(&c, out, ours) }},
		{"lists", func() error { return s.lists(&c, out, ours) }},
		{"problems", func() error { return s.problems(&c, out, ours) }},
		{"cached tiles", func() error { return s.cached(&c, out, ours) }},
		{"tiles", func() error {
			ours.stop() // it has no part in what follows
			return s.tiles(&c, out, t.url, ofTheTown)
		}},
		{"tiles of areas", func() error {
			ours.stop()
			return s.areaTiles(&c, out)
		}},
		{"publish", func() error {
			s.close() // three servers need the cores
			p, err := publications(ctx, o, t, out)
			c.publish = &p
			return err
		}},
		{"purge", func() error {
			s.close()
			p, err := purges(ctx, o, t, out)
			c.purge = &p
			return err
		}},
		{"go", func() (err error) { c.inGo, err = goBenchmarks(ctx, out); return err }},
	} {
		if strings.Contains(part.name, o.only) {
			if err := part.run(); err != nil {
				return err
			}
		}
	}
	text := c.text(m, o, time.Since(began))
	fmt.Fprint(out, "\n", text)
	if o.write == "" {
		return nil
	}
	return rewrite(o.write, text)
}

// firstAnswers says how long a server that has just become ready takes for its first answers, one at a time, and for the next.
func firstAnswers(ctx context.Context, p *process, lines ...string) (list []string, err error) {
	list = append(list, fmt.Sprintf("ready after a start | %d ms", p.ready.Milliseconds()))
	for i, line := range lines {
		var took [2]time.Duration
		for k := range took {
			began := time.Now()
			if _, _, err := ask(ctx, p.url, line, ""); err != nil {
				return nil, err
			}
			took[k] = time.Since(began)
		}
		list = append(list, fmt.Sprintf("%s: first answer, the same again | %.1f ms, %.1f ms", []string{"/where", "gridAt", "nested read"}[i],
			took[0].Seconds()*1000, took[1].Seconds()*1000))
	}
	return list, nil
}

func (s *stage) where(c *comparison, out io.Writer, ours *process, paths []string) error {
	_, answer, err := ask(s.ctx, ours.url, paths[0], "")
	if err != nil {
		return err
	}
	if err := s.t.checkWhere(s.ctx, ours.url, 200); err != nil {
		return err
	}
	plain, err := s.other(trivial, "-length", fmt.Sprint(len(answer)))
	if err != nil {
		return err
	}
	defer plain.stop()
	lines, err := s.t.lines("where", paths...)
	if err != nil {
		return err
	}
	scores, err := contest(s.ctx, s.o, out, "/where", s.http(trivial, plain, lines), s.http(oursWhere, ours, lines))
	if err != nil {
		return err
	}
	c.scores = append(c.scores, scores[trivial], scores[oursWhere])
	c.rows = append(c.rows, row{"`/where` ÷ a trivial net/http handler", scores[oursWhere], scores[trivial], 0.7, 0.85})
	return nil
}

func (s *stage) gridAt(c *comparison, out io.Writer, ours *process, paths, bodies []string) error {
	constant, err := s.other(gqlConst)
	if err != nil {
		return err
	}
	defer constant.stop()
	sql, err := s.other(gqlSQL, "-database", s.t.url)
	if err != nil {
		return err
	}
	defer sql.stop()
	plain, err := s.other(httpSQL, "-database", s.t.url)
	if err != nil {
		return err
	}
	defer plain.stop()
	for _, p := range []*process{ours, sql} {
		if err := s.t.checkGridAt(s.ctx, p.url, 200); err != nil {
			return err
		}
	}
	lines, err := s.t.lines("spot", bodies...)
	if err != nil {
		return err
	}
	where, err := s.t.lines("where", paths...)
	if err != nil {
		return err
	}
	const bench = "pgbench, the same statement"
	scores, err := contest(s.ctx, s.o, out, "gridAt with variables", s.http(gqlConst, constant, lines), s.http(oursSpot, ours, lines),
		s.http(gqlSQL, sql, lines), s.http(httpSQL, plain, where),
		entrant{bench, func(ctx context.Context, _ int) (result, error) { return s.t.pgbench(ctx, s.o.seconds) }})
	if err != nil {
		return err
	}
	for _, name := range []string{gqlConst, oursSpot, gqlSQL, httpSQL, bench} {
		c.scores = append(c.scores, scores[name])
	}
	c.rows = append(c.rows,
		row{"`gridAt` ÷ gqlgen answering a constant to the same document", scores[oursSpot], scores[gqlConst], 0.85, 0.95},
		row{"`gridAt` ÷ gqlgen asking PostGIS", scores[oursSpot], scores[gqlSQL], 2.2, 0},
		row{"`gridAt` ÷ net/http asking PostGIS", scores[oursSpot], scores[httpSQL], 0, 0},
		row{"`gridAt` ÷ pgbench", scores[oursSpot], scores[bench], 0, 0})
	return nil
}

func (s *stage) nested(c *comparison, out io.Writer, ours *process) error {
	warm, err := s.t.lines("nested", nested(false))
	if err != nil {
		return err
	}
	varied, err := s.t.lines("varied", nested(true))
	if err != nil {
		return err
	}
	res, answer, err := ask(s.ctx, ours.url, nested(false), "")
	if err != nil {
		return err
	}
	if err := checkNested(answer); err != nil {
		return err
	}
	path := filepath.Join(s.t.dir, "answer.json")
	saved, err := json.Marshal(answerOf{headersOf(res.Header), answer})
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, saved, 0o600); err != nil {
		return err
	}
	same, err := s.other(sameBytes, "-answer", path)
	if err != nil {
		return err
	}
	defer same.stop()
	list := []entrant{s.http(sameBytes, same, warm), s.http(oursNested, ours, warm), s.http(oursFirst, ours, varied)}
	if s.t.baseURL != "" {
		base, err := s.wangge("base", s.t.old, s.t.baseURL)
		if err != nil {
			return err
		}
		defer base.stop()
		_, b, err := ask(s.ctx, base.url, nested(false), "")
		if err != nil {
			return err
		}
		if err := checkNested(b); err != nil {
			return fmt.Errorf("base: %w", err)
		}
		list = append(list, s.http(baseFirst, base, varied))
	}
	scores, err := contest(s.ctx, s.o, out, fmt.Sprintf("nested read, %d KB", len(answer)/1000), list...)
	if err != nil {
		return err
	}
	for _, e := range list {
		c.scores = append(c.scores, scores[e.name])
	}
	c.rows = append(c.rows, row{"nested read repeated unchanged ÷ net/http writing the same bytes", scores[oursNested], scores[sameBytes], 0.7, 0.9})
	if s.t.baseURL != "" {
		c.rows = append(c.rows, row{"nested read, first time ÷ that of " + s.o.base, scores[oursFirst], scores[baseFirst], 1.5, 3})
	}
	return nil
}

// headersOf leaves out what belongs to one answer alone.
func headersOf(of http.Header) http.Header {
	h := of.Clone()
	for _, k := range []string{"Date", "X-Request-Id"} {
		h.Del(k)
	}
	return h
}

func (s *stage) lists(c *comparison, out io.Writer, ours *process) error {
	list := make([]map[string]any, 10_000)
	for i := range list {
		list[i] = s.t.spots[i%len(s.t.spots)].input()
	}
	scores, err := contest(s.ctx, s.o, out, "gridsAt", s.alone(oursSpots, ours, body(spotsQuery, map[string]any{"p": list})))
	if err != nil {
		return err
	}
	c.scores = append(c.scores, scores[oursSpots])
	return nil
}

func (s *stage) problems(c *comparison, out io.Writer, ours *process) error {
	root := body(problemsQuery, map[string]any{"d": "9901"})
	if err := s.t.exec(s.ctx, "TRUNCATE coverage_report, coverage_problem"); err != nil {
		return err
	}
	// Asked of a command: the server remembers the reports that it found current, and would answer from that.
	began := time.Now()
	_, err := command(s.ctx, []string{"DATABASE_URL=" + s.t.url}, s.o.wangge, "check", "--json")
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: it found some
		return err
	}
	c.starts = append(c.starts, fmt.Sprintf("`wangge check` of the whole demo town, no report kept, start and printing included | %.1f s", time.Since(began).Seconds()))
	lines, err := s.t.lines("problems", root)
	if err != nil {
		return err
	}
	scores, err := contest(s.ctx, s.o, out, "coverage problems", s.http(oursProblem, ours, lines))
	if err != nil {
		return err
	}
	c.scores = append(c.scores, scores[oursProblem])
	return nil
}

// goBenchmarks runs those of geo/coverage, which need neither a server nor a database.
func goBenchmarks(ctx context.Context, out io.Writer) (string, error) {
	fmt.Fprintln(out, "go test -bench of geo/coverage …")
	text, err := command(ctx, nil, "go", "test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "0.5s", "-timeout", "3m", "./geo/coverage")
	if err != nil {
		return "", err
	}
	var kept []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "Benchmark") {
			kept = append(kept, strings.TrimSpace(line))
		}
	}
	return strings.Join(kept, "\n"), nil
}

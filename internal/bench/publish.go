package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/shape"
)

// servers is in how many a publication has to be in force.
const servers = 3

// site is a place whose grid is published again and again, in one of two ways in turns, and the spot that tells them apart.
type site struct {
	at    spot
	codes [2]string
	put   func(ctx context.Context, way int) error
	way   int // as it is
}

// publisher changes the patch as operators do: it imports two grids whose common border moved, and gives a grid another code.
type publisher struct {
	pool  *pgxpool.Pool
	sites []*site
	n     int
}

func (t *town) publisher(ctx context.Context, server *process) (*publisher, error) {
	token, err := server.token()
	if err != nil {
		return nil, err
	}
	pool, err := db.Open(ctx, t.url, db.Options{ApplicationName: "bench"})
	if err != nil {
		return nil, err
	}
	store := db.NewGrids(db.New(pool))
	const row, col = 5, 7
	probe := func(x, y float64) spot { p := patchAt(x, y); return spot{lng: p[0], lat: p[1]} }
	border := &site{at: probe(patchWidth/22+bulge/2, 0.5), codes: [2]string{patchGrid(0, 1), patchGrid(0, 0)}}
	border.put = func(ctx context.Context, way int) error {
		return importPair(ctx, store, float64(way)*bulge)
	}
	name := &site{at: probe((col+0.5)*patchWidth/23, row+0.5), codes: [2]string{patchGrid(row, col), patchGrid(row, col) + "-B"}}
	name.put = func(ctx context.Context, way int) error {
		return recode(ctx, server.url, token, name.codes[1-way], name.codes[way])
	}
	p := &publisher{pool: pool, sites: []*site{border, name}}
	for _, s := range p.sites { // a run that was stopped may have left them either way
		code, err := codeAt(ctx, server.url, s.at)
		if err == nil {
			if s.way = slices.Index(s.codes[:], code); s.way < 0 {
				err = fmt.Errorf("the site at %v is in grid %q", s.at, code)
			}
		}
		if err != nil {
			pool.Close()
			return nil, err
		}
	}
	return p, nil
}

// restore leaves the patch as it was made, for the next run.
func (p *publisher) restore(ctx context.Context) {
	for _, s := range p.sites {
		if s.way != 0 && s.put(ctx, 0) == nil {
			s.way = 0
		}
	}
	p.pool.Close()
}

// next is the site whose turn it is and the way that it will be.
func (p *publisher) next() (s *site, way int) {
	s = p.sites[p.n%len(p.sites)]
	p.n++
	return s, 1 - s.way
}

// touches reports whether a grid may be another than PostGIS said at the start.
func (p *publisher) touches(code string) bool {
	return slices.ContainsFunc(p.sites, func(s *site) bool { return s.codes[0] == code || s.codes[1] == code })
}

func importPair(ctx context.Context, store *db.Grids, bulge float64) error {
	rows := func(yield func(grid.Row, error) bool) {
		for col := range 2 {
			var ring orb.Ring
			for _, p := range patchRing(0, col, col+1, bulge) {
				ring = append(ring, p)
			}
			g, err := shape.FromOrb(shape.Snap(orb.Polygon{ring}), shape.SRID)
			code := patchGrid(0, col)
			if !yield(grid.Row{Row: place.Row{Source: code, Code: code, Geometry: g}, Community: patchCommunity(0)}, err) {
				return
			}
		}
	}
	report, err := store.ImportGrids(ctx, account.TheOperator(), rows, grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: civil.Of(time.Now(), time.UTC)})
	if err == nil && report.Refused > 0 {
		err = fmt.Errorf("the import was refused: %v", report.Notes)
	}
	return err
}

func recode(ctx context.Context, url, token, from, to string) error {
	_, b, err := ask(ctx, url, body(`query Version($c: ID!) { grid(code: $c) { version } }`, map[string]any{"c": from}), token)
	if err != nil {
		return err
	}
	var read struct {
		Data struct{ Grid struct{ Version int } }
	}
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	_, _, err = ask(ctx, url, body(`mutation Recode($in: RecodeGridInput!) { recodeGrid(input: $in) { grid { code } } }`,
		map[string]any{"in": map[string]any{"code": from, "newCode": to, "version": read.Data.Grid.Version}}), token)
	return err
}

// codeAt is what /where says.
func codeAt(ctx context.Context, url string, at spot) (string, error) {
	_, b, err := ask(ctx, url, at.path(), "")
	if err != nil {
		return "", err
	}
	var a whereAnswer
	err = json.Unmarshal(b, &a)
	return a.code(), err
}

// published is what was found about publications.
type published struct {
	took    []time.Duration // of each, from its commit until it was in force in every server
	reads   []time.Duration // of everybody else meanwhile
	calm    []time.Duration // the same before there were any
	wrong   int             // of the reads
	lastBad string
}

func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(list))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func (p published) quantile(q float64) time.Duration { return quantile(p.took, q) }

func (p published) text() string {
	return fmt.Sprintf("%d publications, five a second, borders and codes in turns, %d servers on one database: in force in all of them after "+
		"p50 %.1f, p99 %.1f, at most %.1f ms, from the answer to who published, looked at every millisecond. %d reads meanwhile: p50 %.2f, p99.9 %.1f, at most %.1f ms "+
		"(without publications %.2f, %.1f, %.1f); wrong or failed: %d%s.\n", len(p.took), servers, ms(p.quantile(0.5)), ms(p.quantile(0.99)), ms(p.quantile(1)),
		len(p.reads), ms(quantile(p.reads, 0.5)), ms(quantile(p.reads, 0.999)), ms(quantile(p.reads, 1)),
		ms(quantile(p.calm, 0.5)), ms(quantile(p.calm, 0.999)), ms(quantile(p.calm, 1)), p.wrong, cmp.Or(p.lastBad, ""))
}

// several starts the servers, and finds who publishes through the first.
func (s *stage) several() (all []*process, who *publisher, err error) {
	for i := range servers {
		p, err := s.wangge(fmt.Sprintf("wangge %d", i+1), s.o.wangge, s.t.url)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, p)
	}
	who, err = s.t.publisher(s.ctx, all[0])
	return all, who, err
}

// publications publishes at five a second and looks in every server when it is in force, while others read.
func publications(ctx context.Context, o options, t *town, out io.Writer) (found published, err error) {
	s := &stage{ctx: ctx, o: o, t: t}
	defer s.close()
	all, who, err := s.several()
	if err != nil {
		return found, err
	}
	defer who.restore(context.WithoutCancel(ctx))
	found.calm, found.wrong, found.lastBad = t.readers(ctx, who, all, 5*time.Second)()
	stop := t.readers(ctx, who, all, time.Hour)
	began := time.Now()
	for k := range o.times {
		if d := time.Until(began.Add(time.Duration(k) * 200 * time.Millisecond)); d > 0 {
			time.Sleep(d)
		}
		took, err := publishOnce(ctx, who, all)
		if err != nil {
			stop()
			return found, err
		}
		found.took = append(found.took, took)
		if k%50 == 49 {
			fmt.Fprintf(out, "%d publications, p99 so far %.1f ms\n", k+1, ms(found.quantile(0.99)))
		}
	}
	reads, wrong, bad := stop()
	found.reads, found.wrong = reads, found.wrong+wrong
	found.lastBad = cmp.Or(found.lastBad, bad)
	if found.wrong > 0 {
		return found, fmt.Errorf("%d reads were wrong or failed%s", found.wrong, found.lastBad)
	}
	return found, nil
}

const inForceLimit = 10 * time.Second

// publishOnce publishes and waits until every server shows it.
func publishOnce(ctx context.Context, who *publisher, all []*process) (time.Duration, error) {
	s, way := who.next()
	return untilShown(ctx, all, func(ctx context.Context, p *process) (bool, error) {
		code, err := codeAt(ctx, p.url, s.at)
		return code == s.codes[way], err
	}, func() error {
		err := s.put(ctx, way)
		if err != nil {
			return fmt.Errorf("publish %s: %w", s.codes[way], err)
		}
		s.way = way
		return nil
	})
}

// untilShown publishes and asks each server every millisecond whether it shows that. It returns how long that took after what was
// published was committed.
func untilShown(ctx context.Context, all []*process, shows func(context.Context, *process) (bool, error), publish func() error) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, inForceLimit)
	defer cancel()
	shown := make([]time.Time, len(all))
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, p := range all {
		wait.Go(func() {
			for {
				is, err := shows(ctx, p)
				if err != nil {
					errs[i] = fmt.Errorf("%s does not show what was published: %w", p.name, err)
					return
				}
				if is {
					shown[i] = time.Now()
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	err := publish()
	committed := time.Now()
	if err != nil {
		cancel()
		wait.Wait()
		return 0, err
	}
	wait.Wait()
	var last time.Duration
	for i := range all {
		if errs[i] != nil {
			return 0, errs[i]
		}
		last = max(last, shown[i].Sub(committed)) // what shows it before the publisher knows took no time
	}
	return last, nil
}

// readers ask each server for a spot every five milliseconds, for as long as is said or until the returned function is called,
// which says how long each answer took, how many were wrong or failed, and one of these.
func (t *town) readers(ctx context.Context, who *publisher, all []*process, long time.Duration) func() (took []time.Duration, wrong int, bad string) {
	until := time.Now().Add(long)
	ctx, cancel := context.WithCancel(ctx)
	var mu sync.Mutex
	var took []time.Duration
	var wrong int
	var bad string
	var wait sync.WaitGroup
	for i, p := range all {
		wait.Go(func() {
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for k := i * 997; time.Now().Before(until); k++ {
				s := t.spots[k%len(t.spots)]
				if who.touches(s.code) || strings.HasPrefix(s.code, patchCommunity(0)) {
					continue
				}
				select {
				case <-pace.C:
				case <-ctx.Done():
					return
				}
				began := time.Now()
				code, err := codeAt(context.WithoutCancel(ctx), p.url, s)
				d := time.Since(began)
				mu.Lock()
				took = append(took, d)
				if err != nil || code != s.code {
					wrong++
					bad = fmt.Sprintf(" (%s: %q, wanted %q, %v)", s.path(), code, s.code, err)
				}
				mu.Unlock()
			}
		})
	}
	return func() ([]time.Duration, int, string) {
		if long > time.Minute {
			cancel()
		}
		wait.Wait()
		cancel()
		return took, wrong, bad
	}
}

package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twpayne/go-geom"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// ice lies between a program and its database: while it is frozen nothing that is sent arrives, as where the database hangs. Nothing is lost.
type ice struct {
	mu     sync.Mutex
	frozen bool
	within bool // it freezes within the next transaction, at its first statement after it learnt of which state it is
	on     []*icy
}

// icy is a connection over ice.
type icy struct {
	net.Conn
	*ice
	held []byte
	said int // since the transaction began
}

// dial is a dialer of connections over it.
func (i *ice) dial(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		inner, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		c := &icy{Conn: inner, ice: i}
		i.on = append(i.on, c)
		return c, nil
	}
}

func (c *icy) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.said++; bytes.Contains(b, []byte("BEGIN")) {
		c.said = 1
	}
	if c.within && c.said == 3 {
		c.frozen, c.within = true, false
	}
	if c.frozen {
		c.held = append(c.held, b...)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (i *ice) freeze() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.frozen = true
}

func (i *ice) thaw() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.frozen = false
	for _, c := range i.on {
		_, _ = c.Conn.Write(c.held) // it may be closed by now
		c.held = nil
	}
}

// While the database hangs, who opens a page is told soon what memory knows, and what cannot be told now; a program is refused. When it is known to hang nothing
// waits for it.
func TestNobodyWaitsForADatabaseThatHangs(t *testing.T) {
	w := newPrinting(t)
	b, g := w.building(t), w.grids(t)[0]
	worker := w.holder(t, g).Worker
	scanned := "?r=1&m=0123456789abcdef"
	type want struct {
		path     string
		status   int
		says     string
		saysNot  string
		whenAway int // status; 0: the same
	}
	pages := []want{
		{"/g/" + g.Code + scanned, 200, worker.Name, "", 0},
		{"/g/" + g.Code + scanned, 200, "现在无法核对您扫的公示牌", "class=\"error\"", 0},
		{"/g/" + g.Code + scanned + "&lang=en", 200, "cannot be checked now", "", 0},
		{"/search?q=" + b.Name, 200, b.Name, "", 0},
		{"/?q=" + b.Name, 200, b.Name, "", 0},
		{"/w/" + worker.Key.String(), 503, "现在无法查验此证件", worker.Name, 0},
		{"/w/" + worker.Key.String() + "?lang=en", 503, "cannot be checked now", worker.Name, 0},
		{"/b/" + b.Key.String() + scanned, 503, "", "", 0},
		{"/signboards/" + g.Code + ".pdf?size=a2", 503, "UNAVAILABLE", "", 0},
	}
	ask := func(when string, list []want, most time.Duration) {
		t.Helper()
		for _, p := range list {
			began := time.Now()
			got := w.get(p.path)
			took := time.Since(began)
			body := got.Body.String()
			if got.Code != p.status || !strings.Contains(body, p.says) || p.saysNot != "" && strings.Contains(body, p.saysNot) || took > most {
				t.Errorf("%s, %s: %d after %v\n%.600s", when, p.path, got.Code, took, body)
			}
			if got.Code == http.StatusServiceUnavailable && got.Header().Get("Retry-After") == "" {
				t.Errorf("%s, %s: it is not said when to ask again", when, p.path)
			}
			t.Logf("%s, %s: %v", when, p.path, took)
		}
	}
	if got := w.get("/search?q=" + b.Name); got.Code != 200 { // makes the index
		t.Fatal(got.Code, got.Body)
	}
	w.freeze()
	defer w.thaw()
	ask("when it just began to hang", pages[:len(pages)-1], 2*time.Second)
	for began := time.Now(); !w.Away(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("nobody finds out that it hangs")
		}
	}
	ask("when that is known", pages, 250*time.Millisecond)
	w.thaw()
	for began := time.Now(); !w.InTouch() || w.Away(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("nobody finds out that it is back")
		}
	}
	for _, path := range []string{pages[0].path, pages[3].path, pages[5].path, pages[7].path, pages[8].path} {
		for began := time.Now(); ; time.Sleep(100 * time.Millisecond) { // connections are opened anew meanwhile
			got := w.get(path)
			if got.Code == 200 && !strings.Contains(got.Body.String(), "现在无法") {
				break
			}
			if time.Since(began) > time.Minute { // on a busy machine a new connection is late again and again
				t.Fatalf("when it is back, %s: %d", path, got.Code)
			}
		}
	}
}

// What is late beside an answer takes the transaction with it, but not the answer.
func TestAnAnswerOutlivesWhatIsLateBesideIt(t *testing.T) {
	w := newPrinting(t)
	b, g := w.building(t), w.grids(t)[0]
	at := func(p *geom.Point) string {
		return fmt.Sprintf("/?lng=%.8f&lat=%.8f&crs=CGCS2000", p.X(), p.Y())
	}
	for _, c := range []struct{ path, says string }{
		{"/search?q=" + b.Name, b.Name}, {"/?q=" + b.Name, b.Name}, {"/g/" + g.Code + "?r=1&m=0123456789abcdef", "现在无法核对"}, {at(g.LabelPoint), g.Name}, {at(g.LabelPoint) + "&near=1", g.Name},
	} {
		for range 3 { // statements are prepared
			if got := w.get(c.path); got.Code != 200 {
				t.Fatalf("%s: %d", c.path, got.Code)
			}
		}
		w.mu.Lock()
		w.within = true
		w.mu.Unlock()
		began := time.Now()
		got := w.get(c.path)
		if took := time.Since(began); got.Code != 200 || !strings.Contains(got.Body.String(), c.says) || took > 2*time.Second || took < 200*time.Millisecond {
			t.Errorf("%s: %d after %v\n%.300s", c.path, got.Code, took, got.Body)
		}
		w.thaw()
		for began := time.Now(); !w.InTouch() || w.Away() || w.get("/b/"+b.Key.String()).Code != 200; time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > 10*time.Second {
				t.Fatal("nobody finds out that it is back")
			}
		}
	}
}

// asOften asks n times at once.
func (w *printing) asOften(n int, path string, headers ...string) (codes map[int]int) {
	codes = map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			got := w.get(path, headers...)
			mu.Lock()
			defer mu.Unlock()
			codes[got.Code]++
		})
	}
	all.Wait()
	return codes
}

// Who has a file asks for nothing of the database, however many ask at once, nor who asks for what is drawn, or its header alone. Whatever a file says gives it
// another ETag as soon as it changes.
func TestAFileIsKnownWithoutTheDatabase(t *testing.T) {
	w := newPrinting(t)
	g := w.grids(t)[0]
	addresses := []string{"/signboards/atlas/990102001001.pdf", "/signboards/" + g.Code + ".pdf", "/signboards/" + g.Code, "/signboards/cards/" + g.Code + ".pdf",
		"/signboards/leaflet/" + g.Code + ".pdf", "/signboards/badges/" + g.Code + ".pdf", "/g/" + g.Code + "/map.svg", "/signboards/buildings/" + w.building(t).Key.String() + ".svg"}
	tags := func() (out []string) {
		t.Helper()
		for _, address := range addresses {
			got := w.get(address)
			if got.Code != 200 || got.Header().Get("ETag") == "" {
				t.Fatalf("%s: %d", address, got.Code)
			}
			out = append(out, got.Header().Get("ETag"))
		}
		return out
	}
	before := tags()
	asked := w.asked.n.Load()
	for i, address := range addresses {
		if codes := w.asOften(60, address, "If-None-Match", before[i]); codes[http.StatusNotModified] != 60 {
			t.Errorf("%s with its ETag: %v", address, codes)
		}
		if codes := w.asOften(5, address); codes[200] != 5 {
			t.Errorf("%s: %v", address, codes)
		}
		got := w.send(httptest.NewRequest(http.MethodHead, address, nil))
		if length := got.Header().Get("Content-Length"); got.Code != 200 || length == "" || length == "0" || got.Body.Len() > 0 || got.Header().Get("ETag") != before[i] {
			t.Errorf("HEAD %s: %d, %v", address, got.Code, got.Header())
		}
	}
	if n := w.asked.n.Load() - asked; n > 0 {
		t.Errorf("%d statements for what is known", n)
	}
	large := "/signboards/" + g.Code + ".png?size=a0"
	got := w.send(httptest.NewRequest(http.MethodHead, large, nil))
	if got.Code != 200 || got.Header().Get("Content-Length") != "" || got.Header().Get("ETag") == "" {
		t.Errorf("HEAD of what was never drawn: %d, %v", got.Code, got.Header())
	}
	if drawn := w.get(large); drawn.Header().Get("ETag") != got.Header().Get("ETag") {
		t.Error("HEAD tells another ETag than GET")
	}

	update := func(c staff.Change) error {
		is := w.holder(t, g).Worker
		c.Worker, c.Version = is.Key, is.Version
		_, err := w.Staff.Update(t.Context(), operator, c)
		return err
	}
	phone := "154 9909 0007"
	for _, c := range []struct {
		what string
		do   func() error
		atlas, board, cards, badges,
		scene bool // what is another: the map alone
	}{
		{"a phone", func() error { return update(staff.Change{WorkPhone: &phone}) }, true, true, true, true, false},
		{"a photo", func() error { return update(staff.Change{Photo: madePortrait(t, 100)}) }, true, true, true, true, false},
		{"another photo of the same person", func() error { return update(staff.Change{Photo: madePortrait(t, 200)}) }, true, true, true, true, false},
		{"a contact", func() error {
			d, err := w.Places.ByCode(t.Context(), operator, "990102001001", place.Fields{})
			if err == nil {
				_, err = w.Places.SetContacts(t.Context(), operator, d.Code, place.Contacts{SupervisionPhone: "0555-7770001"}, d.Version)
			}
			return err
		}, true, true, true, true, false},
		{"an assignment", func() error { return w.Staff.End(t.Context(), operator, w.holder(t, g).Key, w.Staff.Day(nil)) }, true, true, true, true, false},
		{"a name of the grid", func() error { return w.bring(t, g, "新名网格", g.Boundary) }, true, true, true, true, true},
		{"a border", func() error {
			moved := g.Boundary.Clone()
			moved.FlatCoords()[2] += 2e-5 // the second corner, eastwards
			return w.bring(t, g, "新名网格", moved)
		}, true, true, true, true, true},
	} {
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		now := tags()
		for i, other := range []bool{c.atlas, c.board, c.board, c.cards, c.cards, c.badges, c.scene} {
			if (now[i] != before[i]) != other {
				t.Errorf("%s: %s has another ETag: %t", c.what, addresses[i], !other)
			}
			if got := w.get(addresses[i], "If-None-Match", before[i]); (got.Code == 200) != other {
				t.Errorf("%s: %s with the ETag from before: %d", c.what, addresses[i], got.Code)
			}
		}
		before = now
	}
}

// bring imports a grid anew.
func (w *printing) bring(t *testing.T, g grid.Grid, name string, boundary *geom.MultiPolygon) error {
	t.Helper()
	report, err := w.Grids.Import(t.Context(), operator, func(yield func(grid.Row, error) bool) {
		yield(grid.Row{Row: place.Row{Code: g.Code, Name: name, Source: "1", Geometry: boundary}, Community: g.Code[:12]}, nil)
	}, grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: w.Staff.Day(nil)})
	if err == nil && report.Refused > 0 {
		t.Fatal(report.Notes)
	}
	return err
}

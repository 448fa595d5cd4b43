package acceptance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/graph"
	"wangge/tile"
	"wangge/web"
)

// TestWhoIsOnCallFollowsTheClock steps past four midnights: an absence begins and ends, an assignment ends where another
// begins, and the last ends. Every door must name the right person a second before and at midnight, also to a client that
// keeps what it was answered and asks whether it still holds.
func TestWhoIsOnCallFollowsTheClock(t *testing.T) {
	w := village(t)
	const code = "990101001001001"
	zone := w.Staff.Zone
	first := civil.Of(time.Now(), zone).AddDays(3)
	midnight := func(day int) time.Time {
		d := first.AddDays(day).Time()
		return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, zone)
	}
	now := midnight(0).Add(-time.Second)
	clock := func() time.Time { return now }
	w.Places.Now, w.Grids.Now, w.Staff.Now = clock, clock, clock
	tiles := db.NewTiles(w.DB)

	appoint := func(name string, cover staff.Cover, from civil.Date, until int) staff.Worker {
		t.Helper()
		worker, err := w.Staff.Add(t.Context(), operator, staff.NewWorker{Name: name}, staff.AreaGrid, code)
		if err != nil {
			t.Fatal(err)
		}
		end := first.AddDays(until)
		if _, err := w.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: worker.Key, Post: staff.GridWorker, Cover: cover,
			AreaKind: staff.AreaGrid, AreaName: code, From: &from, Until: &end}); err != nil {
			t.Fatal(err)
		}
		return worker
	}
	a := appoint("甲某", staff.CoverA, first.AddDays(-9), 2)
	b := appoint("乙某", staff.CoverB, first.AddDays(-9), 3)
	c := appoint("丙某", staff.CoverA, first.AddDays(2), 3)
	if _, err := w.Staff.RecordAbsence(t.Context(), operator, a.Key, first, first.AddDays(1)); err != nil {
		t.Fatal(err)
	}

	mux := http.NewServeMux()
	web.Register(mux, web.Options{Grids: w.Grids, Staff: w.Staff, Places: w.Places})
	mux.Handle("/tiles/", tile.New(tile.Options{Source: tiles, Scenes: scene.Service{Store: db.NewScenes(w.DB), Zone: zone}, Problems: db.NewCoverage(w.DB), Now: clock}))
	api, err := graph.NewHandler(&graph.Resolver{Places: w.Places, Grids: w.Grids, Staff: w.Staff}, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/graphql", api)
	get := func(address, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		out := httptest.NewRecorder()
		mux.ServeHTTP(out, r.WithContext(account.NewContext(context.Background(), account.Anyone())))
		return out
	}
	g := w.gridOf(t, code)
	at := g.LabelPoint
	in := maptile.At(orb.Point{at.X(), at.Y()}, 15)
	names := []string{"甲某", "乙某", "丙某"}
	// named is which of the workers a text names; "" for none.
	named := func(text string) (found string) {
		for _, n := range names {
			if strings.Contains(text, n) {
				found += n
			}
		}
		return found
	}
	doors := []struct {
		name, address string
		worker        func(body []byte) string
	}{
		{"GraphQL", "/graphql?query=" + url.QueryEscape(`{ grid(code: "`+code+`") { worker { name } } }`), func(body []byte) string { return named(string(body)) }},
		{"GraphQL onCall", "/graphql?query=" + url.QueryEscape(`{ grid(code: "`+code+`") { onCall { worker { name } } } }`), func(body []byte) string { return named(string(body)) }},
		{"where", fmt.Sprintf("/where?lng=%v&lat=%v&crs=cgcs2000", at.X(), at.Y()), func(body []byte) string { return named(string(body)) }},
		{"the grid's page", "/g/" + code, func(body []byte) string { // beneath it tells who else is there
			_, name, _ := strings.Cut(string(body), `<strong class="name">`)
			name, _, _ = strings.Cut(name, "</strong>")
			return named(name)
		}},
		{"tile", fmt.Sprintf("/tiles/grids/%d/%d/%d.mvt", in.Z, in.X, in.Y), func(body []byte) string {
			layers, err := mvt.Unmarshal(body)
			if err != nil || len(layers) != 1 {
				t.Fatalf("%d layers, %v", len(layers), err)
			}
			for _, f := range layers[0].Features {
				if f.Properties["code"] == code {
					worker, _ := f.Properties["worker"].(string)
					return worker
				}
			}
			return "the grid is not there"
		}},
		{"labels", fmt.Sprintf("/tiles/grid_labels/%d/%d/%d.mvt", in.Z, in.X, in.Y), func(body []byte) string { return named(string(body)) }},
	}
	kept := map[string]string{} // what a client holds: the ETag of each door's last answer
	holds := ""                 // and whom it names
	const present, away, out = "今天在岗", "今天不在岗", "此证件无效"
	for _, step := range []struct {
		at     time.Time
		want   string
		badges [3]string // of the three workers
	}{
		{midnight(0).Add(-time.Second), "甲某", [...]string{present, present, out}}, {midnight(0), "乙某", [...]string{away, present, out}}, // the absence begins
		{midnight(1).Add(-time.Second), "乙某", [...]string{away, present, out}}, {midnight(1), "甲某", [...]string{present, present, out}}, // and ends
		{midnight(2).Add(-time.Second), "甲某", [...]string{present, present, out}}, {midnight(2), "丙某", [...]string{out, present, present}}, // the next takes over
		{midnight(3).Add(-time.Second), "丙某", [...]string{out, present, present}}, {midnight(3), "", [...]string{out, out, out}}, // nobody is left
	} {
		now = step.at
		for i, worker := range []staff.Worker{a, b, c} {
			answer := get("/w/"+worker.Key.String(), "")
			if says := answer.Body.String(); !strings.Contains(says, step.badges[i]) || strings.Contains(says, worker.Name) != (step.badges[i] != out) {
				t.Errorf("the badge of %s at %v does not say %s: %d\n%s", worker.Name, now, step.badges[i], answer.Code, says)
			}
		}
		for _, door := range doors {
			answer := get(door.address, kept[door.name])
			if answer.Code == http.StatusNotModified {
				if step.want != holds {
					t.Errorf("%s at %v: what names %q still holds, want %q", door.name, now, holds, step.want)
				}
				continue
			}
			if answer.Code != http.StatusOK {
				t.Fatalf("%s at %v: %d %s", door.name, now, answer.Code, answer.Body)
			}
			if got := door.worker(answer.Body.Bytes()); got != step.want {
				t.Errorf("%s at %v names %q, want %q", door.name, now, got, step.want)
			}
			// Nothing that names a worker may be used without asking again.
			if c := answer.Header().Get("Cache-Control"); !strings.Contains(c, "no-cache") && !strings.Contains(c, "no-store") {
				t.Errorf("%s may be kept: %q", door.name, c)
			}
			kept[door.name] = answer.Header().Get("ETag")
		}
		holds = step.want
	}
}

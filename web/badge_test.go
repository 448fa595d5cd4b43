package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

func TestBadgePage(t *testing.T) {
	town := newTown()
	town.posts = []staff.Assignment{
		{Post: staff.GridWorker, Area: staff.Area{Kind: staff.AreaGrid, Home: "d00test", ID: town.grids[0].Key.ID}},
		{Post: staff.GroupLeader, Area: staff.Area{Kind: staff.AreaGroup, Home: "d00test", ID: town.group.Key.ID}},
		{Post: staff.Volunteer, Area: staff.Area{Kind: staff.AreaDivision, Home: "d00test", ID: town.community.ID}},
	}
	path := "/w/" + town.worker.Key.String()
	w := town.get("GET", path)
	body := w.Body.String()
	wantContains(t, body, "今天在岗", "欧阳 &lt;b&gt;雪&lt;/b&gt;", `src="/photos/`+town.worker.Key.String(), "网格员", `href="/g/990102001001001"`, "第一网格组",
		`href="/c/990102001001"`, "请核对照片", "查验时间 2031-02-03 04:05。截图无效")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Robots-Tag") != "noindex" || strings.Contains(body, "<b>雪") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if len(town.apart) > 0 {
		t.Errorf("read outside one state: %v", town.apart)
	}
	wantContains(t, town.get("GET", path+"?lang=en").Body.String(), "In office today", "Grid worker", `<html lang="en">`)

	town.away = true
	if body := town.get("GET", path).Body.String(); !strings.Contains(body, "今天不在岗") || strings.Contains(body, "今天在岗<") {
		t.Errorf("who is away is told to be in:\n%s", body)
	}

	// Of who holds no post nothing is told.
	town.posts = nil
	for _, p := range []string{path, "/w/d00test-ffffffffffffffffffffffffffffffff", "/w/nonsense"} {
		w := town.get("GET", p)
		if body := w.Body.String(); w.Code != 404 || !strings.Contains(body, "此证件无效") || strings.Contains(body, "欧阳") || strings.Contains(body, "/photos/") {
			t.Errorf("%s: %d\n%s", p, w.Code, body)
		}
	}
	if w := town.get("GET", path, "Accept", "application/json"); w.Code != 404 || !strings.Contains(w.Body.String(), `"code":"NOT_FOUND"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	// What cannot be told now is not taken for a bad badge.
	town.posts, town.err = []staff.Assignment{{Post: staff.GridWorker}}, fault.New(fault.Unavailable, "", "database")
	for lang, says := range map[string]string{"": "现在无法查验此证件", "?lang=en": "This badge cannot be checked now"} {
		w := town.get("GET", path+lang)
		if body := w.Body.String(); w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(body, says) || strings.Contains(body, "此证件无效") || strings.Contains(body, "欧阳") || strings.Contains(body, "2031-02-03") {
			t.Errorf("%d %v\n%s", w.Code, w.Header(), body)
		}
	}
	if w := town.get("GET", path, "Accept", "application/json"); w.Code != 503 || !strings.Contains(w.Body.String(), `"code":"UNAVAILABLE"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	// What fails is not taken for a bad badge.
	town.posts, town.err = []staff.Assignment{{Post: staff.GridWorker}}, errors.New("away")
	if w := town.get("GET", path); w.Code != 500 || strings.Contains(w.Body.String(), "此证件无效") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// hungPlaces is a database that does not answer.
type hungPlaces struct{ fakePlaces }

func (hungPlaces) InOneState(ctx context.Context, _ account.Actor, _ func(context.Context) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// What needs the database and does not get it says so in time, and when to come again.
func TestPagesDoNotWaitForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		town := newTown()
		mux := http.NewServeMux()
		Register(mux, Options{Grids: town, Staff: town, Places: hungPlaces{fakePlaces{town}}, Coverage: town, Log: slog.New(slog.DiscardHandler)})
		for path, most := range map[string]time.Duration{"/w/" + town.worker.Key.String(): time.Second, "/g/" + town.grids[0].Code: 5 * time.Second, "/c/990102001001": 5 * time.Second,
			"/?q=x": 5 * time.Second, "/where?address=x": 5 * time.Second} {
			w, began := httptest.NewRecorder(), time.Now()
			r := httptest.NewRequest("GET", path, nil)
			mux.ServeHTTP(w, r.WithContext(account.NewContext(answer.NewContext(r.Context(), "the-request"), account.Anyone())))
			if w.Code != 503 || w.Header().Get("Retry-After") == "" || time.Since(began) > most {
				t.Errorf("%s: %d after %v, %v", path, w.Code, time.Since(began), w.Header())
			}
		}
	})
}

// slowPlaces is a database that takes long over each transaction.
type slowPlaces struct{ fakePlaces }

func (p slowPlaces) InOneState(ctx context.Context, actor account.Actor, fn func(context.Context) error) error {
	select {
	case <-time.After(4 * time.Second):
		return p.fakePlaces.InOneState(ctx, actor, fn)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p slowPlaces) Communities(ctx context.Context, _ account.Actor) ([]place.Division, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// However often a page reads, it does not take longer.
func TestPagesThatReadAgainDoNotWaitForLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		town := newTown()
		town.checkErr = fault.New(fault.Unavailable, "", "timeout") // takes the transaction with it
		mux := http.NewServeMux()
		Register(mux, Options{Grids: town, Staff: town, Places: slowPlaces{fakePlaces{town}}, Coverage: town, Printed: town, Log: slog.New(slog.DiscardHandler)})
		for path, status := range map[string]int{
			"/g/nowhere": 404, // there is none, and what was there before is left out
			"/g/" + town.grids[0].Code + "?r=1&m=0011223344556677": 503,
			"/b/" + town.building.Key.String() + "?r=1":            503,
			"/?lng=120.005&lat=31.005&crs=CGCS2000":                503, // and the list of communities
			"/":                                                    503,
		} {
			w, began := httptest.NewRecorder(), time.Now()
			r := httptest.NewRequest("GET", path, nil)
			mux.ServeHTTP(w, r.WithContext(account.NewContext(answer.NewContext(r.Context(), "the-request"), account.Anyone())))
			if took := time.Since(began); w.Code != status || took > 5*time.Second || took < time.Second {
				t.Errorf("%s: %d after %v", path, w.Code, took)
			}
		}
	})
}

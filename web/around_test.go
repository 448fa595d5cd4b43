package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// limitsOf answers the same limits for every grid, with an error.
type limitsOf struct {
	all beside.Limits
	err error
}

func (l limitsOf) Limits(_ context.Context, _ account.Actor, grids []grid.Grid, _ *time.Time) (map[uuid.UUID]beside.Limits, error) {
	if l.all.Empty() {
		return nil, l.err
	}
	out := map[uuid.UUID]beside.Limits{}
	for _, g := range grids {
		out[g.Key.ID] = l.all
	}
	return out, l.err
}

// TestLimitsInWords: the page tells those that are computed, as text, and comes without where that fails.
func TestLimitsInWords(t *testing.T) {
	for _, test := range []struct {
		name      string
		around    Around
		want, not []string
		logged    bool
	}{
		{"computed", limitsOf{all: beside.Stored(place.Limits{East: "采薇街", South: "小澜河", West: "<b>巷</b>", North: "邻网格"})},
			[]string{"东至采薇街", "南至小澜河", "西至&lt;b&gt;巷&lt;/b&gt;", "北至邻网格"}, []string{"望舒路", "<b>巷"}, false},
		{"of two parts", limitsOf{all: beside.Limits{Sides: beside.Stored(place.Limits{East: "采薇街"}).Sides, Others: []beside.Part{{Lies: "SE", Sides: beside.Stored(place.Limits{North: "<i>渡口巷</i>"}).Sides}}}},
			[]string{"东至采薇街", "另有一片在东南：", "北至&lt;i&gt;渡口巷&lt;/i&gt;"}, []string{"<i>"}, false},
		{"stored, since nothing computes", nil, []string{"东至望舒路", "北至小澜河"}, []string{"南至"}, false},
		{"stored, since the store is away", limitsOf{err: fault.New(fault.Unavailable, "", "around.away")}, []string{"东至望舒路"}, nil, false},
		{"stored, since it fails", limitsOf{err: errors.New("broken rule")}, []string{"东至望舒路"}, []string{"broken"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			town, mux, log := newTown(), http.NewServeMux(), &bytes.Buffer{}
			Register(mux, Options{Grids: town, Staff: town, Places: fakePlaces{town}, Coverage: town, Around: test.around, Log: slog.New(slog.NewTextHandler(log, nil))})
			for _, path := range []string{"/g/990102001001001", "/?lng=120.005&lat=31.005&crs=CGCS2000&part=answer"} {
				r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
				mux.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), account.Anyone())))
				body := isolates.Replace(w.Body.String())
				if w.Code != http.StatusOK {
					t.Errorf("%s: %d", path, w.Code)
				}
				wantContains(t, body, test.want...)
				for _, not := range test.not {
					if strings.Contains(body, not) {
						t.Errorf("%s: %q is in\n%s", path, not, body)
					}
				}
			}
			if logged := strings.Contains(log.String(), "broken rule"); logged != test.logged {
				t.Errorf("logged: %s", log)
			}
		})
	}
}

// isolates takes away what sets a name off from the sentence around it.
var isolates = strings.NewReplacer("\u2068", "", "\u2069", "", "<bdi>", "", "</bdi>", "")

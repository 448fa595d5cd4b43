package signboard

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/key"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

// slow draws for a second, unless who asked leaves; it counts how often, and how many at a time at most.
type slow struct{ times, now, most atomic.Int32 }

func (s *slow) write(ctx context.Context, w io.Writer) ([]MissingOn, error) {
	s.times.Add(1)
	if n := s.now.Add(1); n > s.most.Load() {
		s.most.Store(n)
	}
	defer s.now.Add(-1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err() // as an atlas that ends early
	}
	_, err := io.WriteString(w, "drawn")
	return []MissingOn{{"1", "㔾"}, {"2", ""}, {"3", "𬭎,"}}, err
}

func TestOneDrawingForAllWhoAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDoor(Options{}), &slow{}
		var all sync.WaitGroup
		for range 20 {
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				all.Go(func() {
					if made, err := d.drawn(t.Context(), name, s.write); err != nil || string(made.body) != "drawn" || made.missing != "1=%E3%94%BE, 3=%F0%AC%AD%8E%2C" {
						t.Errorf("%q lacks %q, %v", made.body, made.missing, err)
					}
				})
			}
		}
		all.Wait()
		if s.times.Load() != 5 || s.most.Load() != drawings {
			t.Errorf("drawn %d times, %d at a time", s.times.Load(), s.most.Load())
		}
	})
}

// Who leaves waits no more, and takes no turn; who still waits for what was drawn for them gets it.
func TestWhoLeavesADrawing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDoor(Options{}), &slow{}
		var all sync.WaitGroup
		ask := func(name string, stays time.Duration, want error) {
			all.Go(func() {
				ctx, leave := context.WithTimeout(t.Context(), stays)
				defer leave()
				begun := time.Now()
				made, err := d.drawn(ctx, name, s.write)
				body := made.body
				if !errors.Is(err, want) || want == nil && string(body) != "drawn" || time.Since(begun) > stays {
					t.Errorf("%s: %q, %v after %v", name, body, err, time.Since(begun))
				}
			})
			synctest.Wait()
		}
		ask("a", time.Second/2, context.DeadlineExceeded)
		ask("a", time.Hour, nil)
		ask("b", time.Hour, nil)
		ask("c", time.Second/4, context.DeadlineExceeded) // while it waits for a turn
		all.Wait()
		if s.times.Load() != 3 {
			t.Errorf("drawn %d times, want a twice and b", s.times.Load())
		}
		if _, ok := d.kept.GetIfPresent("c"); ok {
			t.Error("c is kept")
		}
	})
}

// What is drawn to its end is kept, also where who asked for it left: who asks again later gets it.
func TestADrawingIsKeptForWhoComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, times := newDoor(Options{}), 0
		ask := func(stays time.Duration) (file, error) {
			ctx, leave := context.WithTimeout(t.Context(), stays)
			defer leave()
			return d.drawn(ctx, "a", func(_ context.Context, w io.Writer) ([]MissingOn, error) {
				times++
				time.Sleep(8 * time.Second)
				_, err := io.WriteString(w, "drawn")
				return nil, err
			})
		}
		if _, err := ask(5 * time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("of who left: %v", err)
		}
		if made, err := ask(5 * time.Second); err != nil || string(made.body) != "drawn" || times != 1 {
			t.Errorf("%q, %v, drawn %d times", made.body, err, times)
		}
		time.Sleep(time.Minute)
		if _, kept := d.kept.GetIfPresent("a"); !kept || times != 1 {
			t.Errorf("kept: %t; drawn %d times", kept, times)
		}
	})
}

// What another build or other fonts drew is not taken for what this one draws.
func TestTheNameIsOfWhoDraws(t *testing.T) {
	name := func(drawer string) string {
		s, err := (&door{drawer: drawer}).name(question{kind: "svg", look: "a3"}, usual())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if first, again := name("a"), name("a"); first == name("b") || first != again {
		t.Error("the name does not tell who drew")
	}
	if is, again := program(), program(); is == "" || is != again {
		t.Errorf("this program is %q", is)
	}
}

func TestADrawingThatFails(t *testing.T) {
	d := newDoor(Options{})
	failed := errors.New("failed")
	if _, err := d.drawn(t.Context(), "a", func(context.Context, io.Writer) ([]MissingOn, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if made, err := d.drawn(t.Context(), "a", func(context.Context, io.Writer) ([]MissingOn, error) { panic("a letter") }); err == nil || made.body != nil {
		t.Errorf("%q, %v", made.body, err)
	}
	if _, err := d.drawn(t.Context(), "a", (&slow{}).write); err != nil {
		t.Errorf("after one that failed: %v", err)
	}
}

// What is asked for is read once in a state of the data that has a name, for all who ask meanwhile, and some at a time; what may be more the next time, and what is of
// a state without a name, each time.
func TestWhatIsAskedForIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		version, passing := "1", false
		d := newDoor(Options{Version: func() (string, bool) { return version, version != "" }})
		var reads, now, most atomic.Int32
		serve := func(of string) http.HandlerFunc {
			return d.answers(func(*http.Request) (question, error) {
				return question{kind: "svg", look: "map", of: of, read: func(context.Context, account.Actor, fault.Language) (made, error) {
					reads.Add(1)
					most.Store(max(most.Load(), now.Add(1)))
					defer now.Add(-1)
					time.Sleep(time.Second)
					return made{facts: version + of, boards: []*Facts{{passing: passing}}, write: func(_ context.Context, w io.Writer) ([]MissingOn, error) {
						_, err := io.WriteString(w, "drawn")
						return nil, err
					}}, nil
				}}, nil
			})
		}
		one := func(of string) string {
			got := httptest.NewRecorder()
			if serve(of)(got, httptest.NewRequest(http.MethodGet, "/", nil)); got.Code != 200 || got.Body.String() != "drawn" {
				t.Errorf("%d %s", got.Code, got.Body)
			}
			return got.Header().Get("ETag")
		}
		ask := func(n int) string {
			var all sync.WaitGroup
			for range n - 1 {
				all.Go(func() { one("a") })
			}
			defer all.Wait()
			return one("a")
		}
		var tags []string
		for _, step := range []struct {
			name, version string
			passing       bool
			n             int
			reads         int32
		}{
			{"never known", "", false, 3, 3}, {"at first", "1", false, 20, 4}, {"again", "1", false, 20, 4}, {"another version", "2", false, 20, 5}, {"not known now", "", false, 3, 5},
			{"incomplete", "3", true, 1, 6}, {"incomplete, again", "3", true, 1, 7}, {"complete", "3", false, 1, 8}, {"complete, again", "3", false, 1, 8},
		} {
			version, passing = step.version, step.passing
			tags = append(tags, ask(step.n))
			if n := reads.Load(); n != step.reads {
				t.Errorf("%s: read %d times, want %d", step.name, n, step.reads)
			}
		}
		if tags[1] != tags[2] || tags[2] == tags[3] || tags[3] != tags[4] {
			t.Errorf("the ETags %v", tags)
		}
		most.Store(0)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() { one(strconv.Itoa(i)) })
		}
		all.Wait()
		if most.Load() != readings {
			t.Errorf("%d are read at a time, want %d", most.Load(), readings)
		}
	})
}

// While photos do not come nobody waits for them but who asked for their boards: what has none is answered at once.
func TestPhotosHoldNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(Options{Source: &Source{Staff: hung{}, Log: slog.New(slog.DiscardHandler)}, Version: func() (string, bool) { return "1", true }})
		ask := func(of string, weight int64, boards ...*Facts) time.Duration {
			began, got := time.Now(), httptest.NewRecorder()
			d.answers(func(*http.Request) (question, error) {
				return question{kind: "svg", of: of, weight: weight, read: func(context.Context, account.Actor, fault.Language) (made, error) {
					return made{facts: boards, boards: boards, write: func(_ context.Context, w io.Writer) ([]MissingOn, error) { return nil, nil }}, nil
				}}, nil
			})(got, httptest.NewRequest(http.MethodGet, "/", nil))
			if got.Code != http.StatusOK {
				t.Errorf("%s: %d %s", of, got.Code, got.Body)
			}
			return time.Since(began)
		}
		var all sync.WaitGroup
		for i := range 3 * readings {
			all.Go(func() {
				f := &Facts{Workers: []Worker{{Person: Person{photoOf: key.Key{Home: "home1", ID: uuid.UUID{byte(i)}}}}}}
				if took := ask(strconv.Itoa(i), atlasReadings, f); took != photosTake {
					t.Errorf("a board came after %v", took)
				}
			})
		}
		synctest.Wait()
		if took := ask("map", 1); took != 0 {
			t.Errorf("the map came after %v", took)
		}
		all.Wait()
	})
}

// Whatever a board says counts for the name of its files and its page.
func TestTheNameIsOfAllThatABoardSays(t *testing.T) {
	d := newDoor(Options{})
	names := func(f Facts) (out [2]string) {
		here := httptest.NewRequest(http.MethodGet, "/", nil)
		for i, facts := range []any{&f, d.page(here, &f, Format{}, "").facts} {
			name, err := d.name(question{}, facts)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = name
		}
		return out
	}
	nothing := names(Facts{})
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Facts]()) {
		if !field.IsExported() {
			continue
		}
		var f Facts
		fill(reflect.ValueOf(&f).Elem().FieldByIndex(field.Index))
		if got := names(f); got[0] == nothing[0] || got[1] == nothing[1] {
			t.Errorf("%s: of a file %s, before %s; of the page %s, before %s", field.Name, got[0], nothing[0], got[1], nothing[1])
		}
	}
	for name, f := range map[string]Facts{"code of the community": {community: "1"}, "print": {standing: board.Standing{Revision: 7}}} {
		if got := names(f); got[1] == nothing[1] {
			t.Errorf("%s: the page's name stays", name)
		}
	}
}

// fill puts something into v.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("甲")
	case reflect.Int, reflect.Uint8:
		v.Set(reflect.ValueOf(7).Convert(v.Type()))
	case reflect.Float64:
		v.SetFloat(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Array:
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	default:
		panic(v.Type().String())
	}
}

// A page is kept for what was understood of its address: nobody fills the memory with what means nothing.
func TestWhatAPageDependsOn(t *testing.T) {
	d := newDoor(Options{})
	mux, looks := http.NewServeMux(), map[string]bool{}
	mux.HandleFunc("GET /signboards/{name}", func(_ http.ResponseWriter, r *http.Request) {
		q, err := d.grid(r)
		if err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		looks[q.look] = true
	})
	for _, c := range []struct{ asked, look string }{
		{"/signboards/甲001", "a3 landscape /signboards/%E7%94%B2001"},
		{"/signboards/甲%30%301?elder=a1&junk=2&size=A3&orientation=landscape&kiosk=1", "a3 landscape /signboards/%E7%94%B2001"},
		{"/signboards/甲001?lang=zz1", "a3 landscape /signboards/%E7%94%B2001?lang=zh"},
		{"/signboards/甲001?lang=ZH-Hans", "a3 landscape /signboards/%E7%94%B2001?lang=zh"},
		{"/signboards/甲001?lang=EN_x&elder=1&size=A4&orientation=portrait&elder=2", "a4 portrait /signboards/%E7%94%B2001?elder=1&lang=en&orientation=portrait&size=a4"},
		{"/signboards/a%2Fb?elder=1", "a3 landscape /signboards/a%2Fb?elder=1"},
	} {
		clear(looks)
		if mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, c.asked, nil)); !looks[c.look] {
			t.Errorf("%s: %v", c.asked, looks)
		}
	}
}

// The photo is part of what a file is named by.
func TestTheNameIsOfPhotos(t *testing.T) {
	d := newDoor(Options{Source: &Source{Staff: album{of: map[key.Key][]byte{{Home: "home1"}: jpegOf(t, 30, 40)}}}})
	names := map[string]bool{}
	for _, of := range []key.Key{{}, {Home: "home1"}} {
		m, err := d.learn(t.Context(), account.Anyone(), question{read: func(context.Context, account.Actor, fault.Language) (made, error) {
			f := Facts{Workers: []Worker{{Person: Person{photoOf: of}}}}
			return d.page(httptest.NewRequest(http.MethodGet, "/", nil), &f, Format{}, ""), nil
		}}, "", "")
		if err != nil {
			t.Fatal(err)
		}
		names[m.name] = true
	}
	if len(names) != 2 {
		t.Errorf("the names %v", names)
	}
}

func TestAnAtlasEndsWhenNobodyWaits(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	pages := 0
	for range whileAsked(ctx, func(yield func(*paper.Sheet, MissingOn) bool) {
		for yield(&paper.Sheet{W: 10, H: 10}, MissingOn{}) {
			if pages++; pages == 3 {
				leave()
			}
			if pages > 10 {
				return
			}
		}
	}) {
	}
	if pages != 3 {
		t.Errorf("%d pages", pages)
	}
}

// While the state of the data is not known what was drawn of the last is sent; what was not is read for some seconds at most.
func TestWhileTheDatabaseIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		version := "1"
		d := newDoor(Options{Source: &Source{}, Version: func() (string, bool) { return version, version != "" }})
		hangs := false
		ask := func(of string) *httptest.ResponseRecorder {
			got := httptest.NewRecorder()
			d.answers(func(*http.Request) (question, error) {
				return question{kind: "svg", look: "map", of: of, read: func(ctx context.Context, _ account.Actor, _ fault.Language) (made, error) {
					if hangs {
						<-ctx.Done()
						return made{}, ctx.Err()
					}
					return made{facts: of, write: func(_ context.Context, w io.Writer) ([]MissingOn, error) {
						_, err := io.WriteString(w, of)
						return nil, err
					}}, nil
				}}, nil
			})(got, httptest.NewRequest(http.MethodGet, "/", nil))
			return got
		}
		if got := ask("a"); got.Code != 200 {
			t.Fatal(got.Code)
		}
		hangs, version = true, ""
		if got := ask("a"); got.Code != 200 || got.Body.String() != "a" {
			t.Errorf("drawn before: %d %s", got.Code, got.Body)
		}
		began := time.Now()
		if got := ask("b"); got.Code != 503 || time.Since(began) != patience {
			t.Errorf("not drawn before: %d after %v", got.Code, time.Since(began))
		}
		version = "2"
		if got := ask("a"); got.Code != 503 {
			t.Errorf("of another state: %d", got.Code)
		}
	})
}

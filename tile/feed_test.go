package tile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// patch is a box of a thousandth of a degree, another for each n.
func patch(n int) place.Box {
	west := 100 + float64(n)/100
	return place.Box{West: west, South: 30, East: west + 0.001, North: 30.001}
}

func at(version string, spots ...int) Change {
	c := Change{Version: version, Layers: []string{"grids"}}
	for _, n := range spots {
		c.Extents = append(c.Extents, patch(n))
	}
	return c
}

func follow(t *testing.T, s *Server, since string, layers ...string) *Follower {
	t.Helper()
	f, err := s.Follow(account.Anyone(), since, layers)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func next(t *testing.T, f *Follower) Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := f.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// silent fails where f is told anything.
func silent(t *testing.T, f *Follower) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if c, err := f.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it was told %+v, %v", c, err)
	}
}

// TestSince: what somebody is told who comes back with a version, of a server that went 5.10, 6.10, 8.10, 8.30.
func TestSince(t *testing.T) {
	s := New(Options{})
	for _, c := range []Change{at("5.10"), at("6.10", 6), at("8.10", 8), at("8.30", 30)} {
		s.feed.tell(c)
	}
	everything := Change{Version: "8.30", Everything: true, Layers: []string{"grids"}}
	for _, test := range []struct {
		name, since string
		want        Change
	}{
		{"nothing is known", "", Change{Version: "8.30"}},
		{"nothing came since", "8.30", Change{Version: "8.30"}},
		{"one came since", "8.10", at("8.30", 30)},
		{"two came since", "6.10", at("8.30", 8, 30)},
		{"all came since", "5.10", at("8.30", 6, 8, 30)},
		{"another server stopped within a step of ours", "7.10", everything},
		{"another server was struck by the clock before a commit", "6.30", everything},
		{"another server has the commit, not the clock's", "8.20", everything},
		{"before the oldest", "4.10", everything},
		{"before the oldest by the clock", "6.9", everything},
		{"newer than ours", "9.30", everything},
		{"newer by the clock", "8.31", everything},
		{"newer by one, older by the other", "9.10", everything},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := follow(t, s, test.since, "grids")
			if got := next(t, f); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			silent(t, f)
		})
	}
	for _, since := range []string{"8", "8.", ".30", "8.30.1", "-8.30", "+8.30", "8.x", "99999999999999999999.1", "8.30 "} {
		if _, err := s.Follow(account.Anyone(), since, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("since %q: %v", since, err)
		}
	}
}

// TestSinceWithinAStep: of 6 and 7, which this server read at once, it knows what they came to together. That is nothing where 7 took back what
// 6 did; who saw 6 elsewhere would miss 7.
func TestSinceWithinAStep(t *testing.T) {
	s := New(Options{})
	for _, c := range []Change{at("5.10"), at("7.10"), at("8.10", 8)} {
		s.feed.tell(c)
	}
	for since, want := range map[string]Change{
		"5.10": at("8.10", 8),
		"6.10": {Version: "8.10", Everything: true, Layers: []string{"grids"}},
		"7.10": at("8.10", 8),
	} {
		if got := next(t, follow(t, s, since, "grids")); !reflect.DeepEqual(got, want) {
			t.Errorf("since %s: %+v, want %+v", since, got, want)
		}
	}
	for n := range 2 * stagesKept {
		s.feed.tell(at(fmt.Sprint(9+n, ".10"))) // nothing that is shown
	}
	if got := next(t, follow(t, s, fmt.Sprint(9+stagesKept, ".10"))); got.Everything || got.Extents != nil || len(s.feed.stages) != stagesKept {
		t.Errorf("%d stages are known, and since one of them: %+v", len(s.feed.stages), got)
	}
}

// TestChangesOfOneVersion: what is told twice under one version, as of coverage reports, is told again to who has the first.
func TestChangesOfOneVersion(t *testing.T) {
	s := New(Options{})
	for _, c := range []Change{at("5.10"), at("6.10", 6), at("6.10", 7), at("7.10", 8)} {
		s.feed.tell(c)
	}
	if got, want := next(t, follow(t, s, "6.10", "grids")), at("7.10", 7, 8); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for n := range changesKept + 1 { // more than are remembered
		s.feed.tell(at("7.10", n))
	}
	if got := next(t, follow(t, s, "7.10", "grids")); !got.Everything {
		t.Errorf("since a version of which much was forgotten: %+v", got)
	}
}

func TestLayersThatChange(t *testing.T) {
	s := New(Options{})
	f, all, gaps := follow(t, s, "", "grids", "buildings"), follow(t, s, ""), follow(t, s, "", "gaps")
	s.feed.tell(at("1.1"))
	for _, f := range []*Follower{f, all, gaps} {
		if got := next(t, f); !reflect.DeepEqual(got, Change{Version: "1.1"}) {
			t.Errorf("it begins with %+v", got)
		}
	}
	s.feed.tell(Change{Version: "2.1", Layers: []string{"roads"}, Extents: []place.Box{patch(1)}})
	silent(t, f)
	s.feed.tell(Change{Version: "3.1", Layers: []string{"roads", "buildings"}, Extents: []place.Box{patch(2)}})
	want := Change{Version: "3.1", Layers: []string{"buildings"}, Extents: []place.Box{patch(2)}}
	if got := next(t, f); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.feed.tell(Change{Version: "4.1", Everything: true})
	if got := next(t, f); !got.Everything || !slices.Equal(got.Layers, []string{"grids", "buildings"}) || got.Extents != nil {
		t.Errorf("everything is told as %+v", got)
	}
	if got := next(t, all); !got.Everything || len(got.Layers) != len(layers) {
		t.Errorf("all are told %+v", got)
	}
	s.feed.tell(Change{Version: "5.1"}) // of nothing that tiles show
	silent(t, all)
	if got := next(t, gaps); got.Version != "5.1" || !slices.Equal(got.Layers, []string{"gaps"}) {
		t.Errorf("gaps are told as %+v", got)
	}
	for name, wrong := range map[string][]string{"unknown": {"nothing"}, "twice": {"grids", "grids"}} {
		var refused *fault.Error
		if _, err := s.Follow(account.Anyone(), "", wrong); !errors.As(err, &refused) || refused.Code != fault.Invalid || refused.Field != "layers" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Follow(account.Actor{}, "", nil); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the zero actor: %v", err)
	}
}

// TestManyChangesWhileNobodyAsks: they are one, of few extents; and beyond what is kept, everything.
func TestManyChangesWhileNobodyAsks(t *testing.T) {
	s := New(Options{})
	s.feed.tell(at("1.1"))
	few, many, lost := follow(t, s, ""), follow(t, s, ""), follow(t, s, "")
	next(t, lost)
	for n := range changesKept + 1 {
		if n == changesKept-maxExtents {
			next(t, many)
		}
		if n == changesKept-1 {
			next(t, few)
		}
		s.feed.tell(at(fmt.Sprint(n+2, ".1"), n, n))
	}
	if got := next(t, few); !slices.Equal(got.Extents, []place.Box{patch(changesKept - 1), patch(changesKept)}) {
		t.Errorf("two changes: %+v", got)
	}
	whole := patch(changesKept - maxExtents).Around(patch(changesKept))
	if got := next(t, many); !slices.Equal(got.Extents, []place.Box{whole}) {
		t.Errorf("%d changes: %+v, want %+v", maxExtents+1, got, whole)
	}
	if got := next(t, lost); !got.Everything || len(got.Layers) != len(layers) {
		t.Errorf("more than are kept: %+v", got)
	}
	if len(s.feed.kept) != changesKept {
		t.Errorf("%d changes are kept", len(s.feed.kept))
	}
	if got := next(t, follow(t, s, "2.1")); len(s.feed.stages) != changesKept+1 || got.Everything || len(got.Extents) != 1 {
		t.Errorf("since the version before the oldest: %+v", got)
	}
	if got := next(t, follow(t, s, "1.1")); !got.Everything {
		t.Errorf("since the version before that: %+v", got)
	}
}

// TestADatabaseThatWasPutBack: versions begin again, and whoever was told of the others reads everything anew.
func TestADatabaseThatWasPutBack(t *testing.T) {
	s := New(Options{})
	s.feed.tell(at("7.10"))
	f, late := follow(t, s, ""), follow(t, s, "")
	next(t, f)
	next(t, late)
	s.feed.tell(at("8.10", 1))
	next(t, f)
	s.feed.tell(at("5.10", 2))
	if got := next(t, late); !got.Everything {
		t.Errorf("who had something to hear yet is told %+v", got)
	}
	if got := next(t, f); !got.Everything || got.Version != "5.10" {
		t.Errorf("who follows is told %+v", got)
	}
	s.feed.tell(at("6.10", 3))
	if got := next(t, f); !slices.Equal(got.Extents, []place.Box{patch(3)}) {
		t.Errorf("then %+v", got)
	}
	if got := next(t, follow(t, s, "8.10")); !got.Everything {
		t.Errorf("who comes back is told %+v", got)
	}
}

// TestNobodyMissesAnything: whatever the pace of those who follow, come and go, each extent reaches each of them.
func TestNobodyMissesAnything(t *testing.T) {
	s := New(Options{})
	s.feed.tell(at("0.0"))
	const changes = 400
	var wait sync.WaitGroup
	for i := range 8 {
		f := follow(t, s, "0.0", "grids")
		wait.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(i)))
			reached, version := make([]bool, changes), ""
			for version != fmt.Sprint(changes, ".0") {
				c := next(t, f)
				version = c.Version
				for n := range reached {
					reached[n] = reached[n] || c.Everything || slices.ContainsFunc(c.Extents, func(b place.Box) bool { return b.Around(patch(n)) == b })
				}
				if t.Failed() {
					return
				}
				time.Sleep(time.Duration(dice.IntN(1+i)) * time.Millisecond)
				if dice.IntN(10) == 0 { // the connection is lost
					f, _ = s.Follow(account.Anyone(), version, []string{"grids"})
				}
			}
			if n := slices.Index(reached, false); n >= 0 {
				t.Errorf("follower %d was not told of change %d", i, n)
			}
		})
	}
	start := time.Now()
	for n := range changes {
		s.feed.tell(at(fmt.Sprint(n+1, ".0"), n))
		time.Sleep(50 * time.Microsecond)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("telling took %v", took)
	}
	wait.Wait()
}

// TestTilesOfAChange holds the tiles against all tiles near, asked one by one.
func TestTilesOfAChange(t *testing.T) {
	boxes := []place.Box{
		{West: 121.5, South: 31.2, East: 121.5, North: 31.2},
		{West: 121.4999, South: 31.1999, East: 121.5203, North: 31.2301},
		{West: 0, South: 0, East: 0, North: 0},                    // the corner of four tiles
		{West: -180, South: -89, East: -179.99, North: -84},       // beyond the pyramid
		{West: 179.99, South: 84.9, East: 180.0, North: 90},       // and at its other end
		{West: 112.5 + 0.001, South: 31, East: 112.51, North: 32}, // within the buffer of the tile to the west
	}
	for _, b := range boxes {
		c := Change{Layers: []string{"divisions"}, Extents: []place.Box{b}}
		got, err := c.Tiles(0, 9)
		if err != nil {
			t.Fatal(err)
		}
		var want []maptile.Tile
		for z := range maptile.Zoom(10) {
			for x := range uint32(1) << z {
				for y := range uint32(1) << z {
					tile := maptile.New(x, y, z)
					shown := tile.Bound(reach)
					meets := b.East >= shown.Min[0] && b.West <= shown.Max[0] && max(b.North, -85) >= shown.Min[1] && min(b.South, 85) <= shown.Max[1]
					if meets {
						want = append(want, tile)
					}
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v:\ngot  %v\nwant %v", b, got, want)
		}
	}
	community := Change{Layers: []string{"buildings", "grids"}, Extents: []place.Box{{West: 121.50, South: 31.23, East: 121.51, North: 31.24}}}
	for _, test := range []struct {
		name     string
		c        Change
		min, max int
		tiles    int
		code     fault.Code
	}{
		{"from where the layers begin", community, 0, 10, 1, ""},
		{"to the street", community, 0, 16, 20, ""},
		{"none below where they begin", community, 0, 9, 0, ""},
		{"as deep as there are", community, 22, 22, 0, fault.Limited},
		{"everything", Change{Everything: true, Layers: []string{"grids"}}, 0, 22, 0, ""},
		{"many boxes", Change{Layers: []string{"grids"}, Extents: slices.Repeat([]place.Box{{West: 121.4, South: 31.1, East: 121.6, North: 31.3}}, 3)}, 17, 17, 6438, ""},
		{"too many in all", Change{Layers: []string{"grids"}, Extents: []place.Box{{West: 121.4, South: 31.1, East: 121.6, North: 31.3}, {West: 120.4, South: 31.1, East: 120.6, North: 31.3}}}, 17, 17, 0, fault.Limited},
		{"below nothing", community, -1, 3, 0, fault.Invalid},
		{"deeper than there are", community, 3, 23, 0, fault.Invalid},
		{"in the wrong order", community, 4, 3, 0, fault.Invalid},
	} {
		got, err := test.c.Tiles(test.min, test.max)
		if len(got) != test.tiles || test.code == "" && err != nil || test.code != "" && !fault.Is(err, test.code) {
			t.Errorf("%s: %d tiles, %v", test.name, len(got), err)
		}
	}
}

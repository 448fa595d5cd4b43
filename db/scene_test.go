package db_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/geo/coverage"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

const (
	patchSide  = 14       // grids along each side of plantPatches
	patchCell  = 1. / 256 // degrees, a number of the snapping grid
	patchWest  = 120.
	patchSouth = 30.
)

// plantPatches makes communities that grew at random over a square of grids, one like an L around others, and one in opposite corners. Some have
// a boundary as a division, and that one. Grids came, went and shrank at begin, and so did who is in office.
func plantPatches(t *testing.T, begin time.Time) *pgxpool.Pool {
	t.Helper()
	pool := testdb.New(t)
	dice := rand.New(rand.NewPCG(4, 1))
	const communities = 99
	var owner [patchSide][patchSide]int // from 1
	var edge [][3]int
	owner[0][0], owner[patchSide-1][patchSide-1] = 1, 1
	for i := 3; i < patchSide-3; i++ {
		owner[3][i], owner[i][3] = 2, 2
	}
	for c := 3; c <= communities; c++ {
		edge = append(edge, [3]int{dice.IntN(patchSide), dice.IntN(patchSide), c})
	}
	for len(edge) > 0 {
		i := dice.IntN(len(edge))
		x, y, c := edge[i][0], edge[i][1], edge[i][2]
		edge = slices.Delete(edge, i, i+1)
		if x < 0 || y < 0 || x >= patchSide || y >= patchSide || owner[x][y] != 0 {
			continue
		}
		owner[x][y] = c
		edge = append(edge, [3]int{x + 1, y, c}, [3]int{x - 1, y, c}, [3]int{x, y + 1, c}, [3]int{x, y - 1, c})
	}

	batch := &pgx.Batch{}
	home := func(c int) string { return fmt.Sprintf("home%d", c%3) }
	ids := map[string]uuid.UUID{}
	id := func(what string, n ...int) uuid.UUID {
		name := fmt.Sprint(what, n)
		if _, known := ids[name]; !known {
			ids[name] = uuid.NewSHA1(uuid.NameSpaceOID, []byte(name))
		}
		return ids[name]
	}
	for town := range 3 {
		batch.Queue(`INSERT INTO division (id, code, name, level, home, boundary) VALUES ($1, $2, '街道', 'TOWN', $3, ST_Multi(ST_MakeEnvelope($4, $5, $6, $7, 4490)))`,
			id("town", town), fmt.Sprintf("town-%d", town), home(town), patchWest+float64(town), patchSouth, patchWest+float64(town)+0.5, patchSouth+0.5)
	}
	for c := 1; c <= communities; c++ {
		batch.Queue(`INSERT INTO division (id, code, name, level, parent_id, home) VALUES ($1, $2, '社区', 'COMMUNITY', $3, $4)`,
			id("community", c), fmt.Sprintf("c-%02d", c), id("town", c%3), home(c))
		for group := range 2 {
			batch.Queue(`INSERT INTO grid_group (district, id, community_id, name) VALUES ($1, $2, $3, $4)`, home(c), id("group", c, group), id("community", c), fmt.Sprintf("第%d组", group))
		}
	}
	before, after := "(,"+begin.Format(time.RFC3339)+")", "["+begin.Format(time.RFC3339)+",)"
	worker, terms := 0, 0
	work := func(c int, column string, area uuid.UUID, post, cover, during string, away string) {
		worker++
		terms++
		batch.Queue(`INSERT INTO worker (district, id, name, work_phone) VALUES ($1, $2, $3, $4)`, home(c), id("worker", worker), fmt.Sprintf("工%d", worker), fmt.Sprintf("154%08d", worker))
		batch.Queue(`INSERT INTO assignment (district, id, worker_id, post, cover, during, `+column+`) VALUES ($1, $2, $3, $4, $5, $6::text::daterange, $7)`,
			home(c), id("term", terms), id("worker", worker), post, cover, during, area)
		if away != "" {
			batch.Queue(`INSERT INTO absence (district, id, worker_id, during) VALUES ($1, $2, $3, $4::text::daterange)`, home(c), id("away", worker), id("worker", worker), away)
		}
	}
	absence := func() string {
		return []string{"", "", "[2026-02-20,2026-03-01)", "[2026-03-01,2026-03-02)", "[2026-02-10,2026-05-01)"}[dice.IntN(5)]
	}
	for c := 1; c <= communities; c++ {
		for group := range 2 {
			work(c, "group_id", id("group", c, group), "GRID_LEADER", "A", "[2020-01-01,)", absence())
		}
	}
	for x := range patchSide {
		for y := range patchSide {
			c := owner[x][y]
			g := id("grid", x, y)
			code := fmt.Sprintf("g-%02d-%02d", x, y)
			batch.Queue(`INSERT INTO grid (district, id, code, name, kind, community_id, group_id) VALUES ($1, $2, $3, '格', 'COMPREHENSIVE', $4, $5)`,
				home(c), g, code, id("community", c), []any{id("group", c, 0), id("group", c, 1), nil}[dice.IntN(3)])
			batch.Queue(`INSERT INTO grid_code (code, district, grid_id, since) VALUES ($1, $2, $3, '2020-01-01')`, code, home(c), g)
			if dice.IntN(5) == 0 {
				batch.Queue(`INSERT INTO grid_code (code, district, grid_id, since) VALUES ($1, $2, $3, '2019-01-01')`, "old-"+code, home(c), g)
			}
			version := func(during string, part float64) {
				west, south := patchWest+patchCell*float64(x), patchSouth+patchCell*float64(y)
				batch.Queue(`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point)
					SELECT $1, gen_random_uuid(), $2, $3::text::tstzrange, ST_Multi(b), ST_Centroid(b) FROM ST_MakeEnvelope($4, $5, $6, $7, 4490) b`,
					home(c), g, during, west, south, west+patchCell*part, south+patchCell)
			}
			switch fate := dice.IntN(6); {
			case c <= 2:
				version("[2020-01-01,)", 1)
			case fate == 0: // shrinks
				version("[2020-01-01,"+before[2:], 1)
				version(after, 0.5)
			case fate == 1: // goes
				version("[2020-01-01,"+before[2:], 1)
			case fate == 2: // comes
				version(after, 1)
			default:
				version("[2020-01-01,)", 1)
			}
			switch dice.IntN(4) {
			case 0: // nobody ever
			case 1:
				work(c, "grid_id", g, "GRID_WORKER", "A", "[2025-01-01,)", absence())
			default:
				work(c, "grid_id", g, "GRID_WORKER", "A", "[2025-01-01,2026-03-01)", absence())
				work(c, "grid_id", g, "GRID_WORKER", "A", "[2026-03-01,)", absence())
				work(c, "grid_id", g, "GRID_WORKER", "B", "[2025-01-01,2026-04-01)", absence())
			}
		}
	}
	batch.Queue(`UPDATE division d SET boundary = x.b FROM (SELECT g.community_id AS id, ST_Multi(ST_Union(b.boundary)) AS b FROM grid g JOIN grid_boundary b ON b.grid_id = g.id GROUP BY 1) x
		WHERE x.id = d.id AND right(d.code, 1) IN ('1', '5')`)
	if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	return pool
}

// patch is the box of columns x to x2 and rows y to y2, a bit within its outer border.
func patch(x, y, x2, y2 float64) place.Box {
	return place.Box{West: patchWest + patchCell*x + 1e-4, South: patchSouth + patchCell*y + 1e-4, East: patchWest + patchCell*(x2+1) - 1e-4, North: patchSouth + patchCell*(y2+1) - 1e-4}
}

var wholePatch = patch(0, 0, patchSide-1, patchSide-1)

func boxMeets(a, b place.Box) bool {
	return a.West <= b.East && b.West <= a.East && a.South <= b.North && b.South <= a.North
}

func boxAround(a, b place.Box) place.Box {
	return place.Box{West: min(a.West, b.West), South: min(a.South, b.South), East: max(a.East, b.East), North: max(a.North, b.North)}
}

// written is all that a grid of a ground is, as text.
func written(g *grid.Grid, group grid.Group) string {
	return fmt.Sprint(g.Key, g.Code, g.FormerCodes, g.Name, g.Kind, g.Version, g.CommunityID, group.Name, g.BBox, g.AreaM2, g.LabelPoint.FlatCoords(), g.Boundary.FlatCoords())
}

// communitiesOf are the grids of a ground by community, as text, and the boxes around them.
func communitiesOf(t *testing.T, ground *grid.Ground) (map[uuid.UUID][]string, map[uuid.UUID]place.Box) {
	t.Helper()
	out, boxes := map[uuid.UUID][]string{}, map[uuid.UUID]place.Box{}
	seen := map[coverage.Ref]bool{}
	for x := range patchSide { // by the cover: every area is at some place
		for y := range patchSide {
			p := orb.Point{patchWest + patchCell*(float64(x)+0.25), patchSouth + patchCell*(float64(y)+0.5)}
			for _, held := range ground.Cover().Locate(p, nil) {
				g := ground.At(held.Ref)
				if seen[held.Ref] {
					continue
				}
				seen[held.Ref] = true
				var group grid.Group
				if g.GroupID != nil {
					group, _ = ground.Group(key.Key{Home: g.Key.Home, ID: *g.GroupID})
				}
				out[g.CommunityID] = append(out[g.CommunityID], written(g, group))
				box, known := boxes[g.CommunityID]
				if !known {
					box = g.BBox
				}
				boxes[g.CommunityID] = boxAround(box, g.BBox)
			}
		}
	}
	if len(seen) != ground.Len() {
		t.Fatalf("the cover has %d areas, the ground %d grids", len(seen), ground.Len())
	}
	return out, boxes
}

func TestAPastSceneIsWhatWasInForce(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, shanghai)
	store := db.New(plantPatches(t, begin))
	scenes := scene.Service{Store: db.NewScenes(store), Zone: shanghai}
	grids, workers := db.NewGrids(store), db.NewStaff(store)
	changes := map[string]int{}
	for _, at := range []time.Time{begin.AddDate(0, -1, 10), begin.Add(-time.Second), begin, begin.AddDate(0, 0, 1), begin.AddDate(0, 2, 0)} {
		day := civil.Of(at, shanghai)
		s, err := scenes.Scene(t.Context(), account.Anyone(), wholePatch, at)
		if err != nil {
			t.Fatal(err)
		}
		if s.Day != day || !s.At.Equal(at) || s.Ground.Since().After(at) {
			t.Errorf("at %v: a scene of %v, %v since %v", at, s.At, s.Day, s.Ground.Since())
		}
		list, err := grids.ListGrids(t.Context(), account.Anyone(), grid.Query{Order: grid.ByCode, At: at, With: grid.Fields{Boundary: true}, Args: page.Args{First: 1000}})
		if err != nil || len(list.Items) < 100 || s.Ground.Len() != len(list.Items) {
			t.Fatalf("at %v: %d grids in the scene, in force %d, %v", at, s.Ground.Len(), len(list.Items), err)
		}
		for _, item := range list.Items {
			want := item.Node
			got := s.Ground.ByKey(want.Key)
			if got == nil || written(got, grid.Group{}) != written(&want, grid.Group{}) || fmt.Sprint(got.GroupID) != fmt.Sprint(want.GroupID) {
				t.Fatalf("at %v grid %s:\n%v\nwant\n%v", at, want.Code, got, want)
			}
			areas := []staff.Area{{Kind: staff.AreaGrid, Home: want.Key.Home, ID: want.Key.ID}}
			group := uuid.Nil
			if want.GroupID != nil {
				group = *want.GroupID
				areas = append(areas, staff.Area{Kind: staff.AreaGroup, Home: want.Key.Home, ID: group})
				k := key.Key{Home: want.Key.Home, ID: group}
				in, err := grids.Groups(t.Context(), account.Anyone(), []key.Key{k})
				if p, ok := s.Ground.Group(k); err != nil || !ok || p != in[group] {
					t.Fatalf("at %v group %v: %v, want %v, %v", at, k, p, in[group], err)
				}
			}
			in, err := workers.InOffice(t.Context(), account.Anyone(), areas, day)
			if err != nil {
				t.Fatal(err)
			}
			is := s.Roster.OnCall(staff.GridRef{Key: want.Key, GroupID: want.GroupID}, day)
			was := staff.OnCall(staff.GridWorker, in[want.Key.ID], in[group])
			if who(is) != who(was) {
				t.Fatalf("at %v grid %s: on call is %s, want %s", at, want.Code, who(is), who(was))
			}
			changes[who(was)]++
			changes[fmt.Sprint(want.AreaM2)]++
		}
	}
	if len(changes) < 200 {
		t.Errorf("only %d areas and workers: nothing happened", len(changes))
	}
	if _, err := scenes.Scene(t.Context(), account.Actor{}, wholePatch, begin); fault.As(err).Code != fault.Unauthenticated {
		t.Errorf("nobody known asks: %v", err)
	}
}

func who(a *staff.Assignment) string {
	if a == nil {
		return "nobody"
	}
	return fmt.Sprint(a.Worker.Key, a.Worker.Name, a.Worker.WorkPhone, a.Post, a.Cover, a.From, a.Until, a.Away)
}

// TestASceneIsWholeInItsBox: of the communities in a box, and of those beside them, it has what a ground of everything has.
func TestASceneIsWholeInItsBox(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, shanghai)
	store := db.New(plantPatches(t, begin))
	scenes := scene.Service{Store: db.NewScenes(store), Zone: shanghai}
	dice := rand.New(rand.NewPCG(2, 3))
	less, around := 0, 0 // scenes that are not of everything; communities that are beside by their boxes alone
	for _, at := range []time.Time{begin.Add(-time.Hour), begin.Add(time.Hour)} {
		all, err := scenes.Scene(t.Context(), account.Anyone(), place.Box{West: -180, South: -90, East: 180, North: 90}, at)
		if err != nil {
			t.Fatal(err)
		}
		everything, boxes := communitiesOf(t, all.Ground)
		for i := range 60 {
			x, y := float64(dice.IntN(patchSide)), float64(dice.IntN(patchSide))
			box := patch(x, y, min(x+float64(dice.IntN(3)), patchSide-1), min(y+float64(dice.IntN(3)), patchSide-1))
			s, err := scenes.Scene(t.Context(), account.Anyone(), box, at)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := communitiesOf(t, s.Ground)
			if len(got) < len(everything) {
				less++
			}
			for id := range everything {
				here := false // has a grid whose box meets the box
				for _, g := range all.Ground.Beneath([]uuid.UUID{id}, "", uuid.Nil, 1000) {
					here = here || boxMeets(g.BBox, box)
				}
				if !here {
					continue
				}
				for beside, b := range boxes {
					if !boxMeets(b, boxes[id]) {
						continue
					}
					touches := false
					for _, g := range all.Ground.Beneath([]uuid.UUID{beside}, "", uuid.Nil, 1000) {
						touches = touches || boxMeets(g.BBox, boxes[id])
					}
					if !touches {
						around++
					}
					a, b := slices.Sorted(slices.Values(got[beside])), slices.Sorted(slices.Values(everything[beside]))
					if !slices.Equal(a, b) {
						t.Fatalf("box %d at %v: of community %v, beside %v, it has %d grids, want %d", i, at, beside, id, len(a), len(b))
					}
				}
			}
			sameFamilies(t, box, s.Ground, all.Ground)
		}
	}
	if less < 10 || around == 0 {
		t.Errorf("%d scenes have less than everything, %d times a community reaches around another", less, around)
	}
}

// family is the divisions of a level and a parent.
type family struct {
	level  place.Level
	parent string
}

// familiesOf are the divisions of a ground that cover some place of the patch, as text, with their boxes.
func familiesOf(ground *grid.Ground) (map[family][]string, map[family][]place.Box) {
	out, boxes := map[family][]string{}, map[family][]place.Box{}
	seen := map[uuid.UUID]bool{}
	for _, level := range place.Levels {
		for x := range patchSide {
			for y := range patchSide {
				p := orb.Point{patchWest + patchCell*(float64(x)+0.25), patchSouth + patchCell*(float64(y)+0.5)}
				for _, held := range ground.DivisionCover(level).Locate(p, nil) {
					d := ground.DivisionAt(level, held.Ref)
					if seen[d.ID] {
						continue
					}
					seen[d.ID] = true
					f := family{level, fmt.Sprint(d.ParentID)}
					out[f] = append(out[f], fmt.Sprint(d.Code, d.Name, d.Level, d.Boundary.FlatCoords()))
					boxes[f] = append(boxes[f], *d.BBox)
				}
			}
		}
	}
	return out, boxes
}

// sameFamilies compares the divisions of two grounds: those in a box and those beside them.
func sameFamilies(t *testing.T, box place.Box, got, want *grid.Ground) {
	t.Helper()
	is, _ := familiesOf(got)
	all, boxes := familiesOf(want)
	around := map[family]place.Box{}
	for f, list := range boxes {
		around[f] = list[0]
		for _, b := range list {
			around[f] = boxAround(around[f], b)
		}
	}
	for f := range all {
		if !slices.ContainsFunc(boxes[f], func(b place.Box) bool { return boxMeets(b, box) }) {
			continue
		}
		for beside := range all {
			if beside.level != f.level || !boxMeets(around[beside], around[f]) {
				continue
			}
			a, b := slices.Sorted(slices.Values(is[beside])), slices.Sorted(slices.Values(all[beside]))
			if !slices.Equal(a, b) {
				t.Fatalf("in %v, beside %v: of %v there are %d, want %d", box, f, beside, len(a), len(b))
			}
		}
	}
}

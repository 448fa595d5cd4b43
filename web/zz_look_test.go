package web

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/load/demo"
	"wangge/tile/style"
)

type look struct {
	t       demo.Town
	grids   []grid.Grid
	shapes  []orb.MultiPolygon
	groups  map[uuid.UUID]grid.Group
	div     []place.Division
	com     place.Division
	workers map[string]staff.Worker
	photos  map[key.Key]staff.Photo
	oncall  map[uuid.UUID]staff.Worker
	bld     map[key.Key]place.Building
}

func uid(s string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(s)) }
func kk(s string) key.Key    { return key.Key{Home: "d00look00", ID: uid(s)} }
func pbox(b orb.Bound) place.Box {
	return place.Box{West: b.Min[0], South: b.Min[1], East: b.Max[0], North: b.Max[1]}
}

func newLook() *look {
	l := &look{t: demo.Community(), groups: map[uuid.UUID]grid.Group{}, workers: map[string]staff.Worker{}, photos: map[key.Key]staff.Photo{}, oncall: map[uuid.UUID]staff.Worker{}, bld: map[key.Key]place.Building{}}
	for _, d := range l.t.Divisions {
		pd := place.Division{ID: uid(d.Code), Code: d.Code, Name: d.Name, Level: place.Level(d.Level)}
		if len(d.Boundary) > 0 {
			b := pbox(d.Boundary.Bound())
			pd.BBox = &b
		}
		l.div = append(l.div, pd)
		if d.Level == "COMMUNITY" {
			l.com = pd
		}
	}
	for _, g := range l.t.Groups {
		l.groups[uid(g.Key)] = grid.Group{Key: kk(g.Key), Name: g.Name}
	}
	for _, g := range l.t.Grids {
		gg := grid.Grid{Key: kk(g.Code), Code: g.Code, Name: g.Name, CommunityID: l.com.ID, BBox: pbox(g.Boundary.Bound()), Limits: place.Limits{East: "望舒路", South: "听雨路", West: "采薇街", North: "小澜河"}}
		if g.Group != "" {
			id := uid(g.Group)
			gg.GroupID = &id
		}
		l.grids = append(l.grids, gg)
		l.shapes = append(l.shapes, g.Boundary)
	}
	for _, w := range l.t.Workers {
		k := kk("w" + w.Key)
		l.workers[w.Key] = staff.Worker{Key: k, Name: w.Name, WorkPhone: w.WorkPhone, Duties: w.Duties, HasPhoto: len(w.Portrait) > 0}
		l.photos[k] = staff.Photo{MediaType: "image/png", Image: w.Portrait}
	}
	for _, a := range l.t.Assignments {
		if a.Post == "GRID_WORKER" && a.Cover == "A" && a.Area.Grid != "" {
			l.oncall[uid(a.Area.Grid)] = l.workers[a.Worker]
		}
	}
	for _, b := range l.t.Buildings {
		c, _ := planar.CentroidArea(b.Footprint)
		l.bld[kk(b.Code)] = place.Building{Key: kk(b.Code), Name: b.Name, Address: b.Address, Location: geom.NewPointFlat(geom.XY, []float64{c[0], c[1]})}
	}
	return l
}

func (l *look) At(_ context.Context, _ account.Actor, q grid.AtQuery) (grid.Match, error) {
	p := orb.Point{q.Lng, q.Lat}
	d := 14.0
	for i := range l.grids {
		if planar.MultiPolygonContains(l.shapes[i], p) {
			m := grid.Match{Grid: &l.grids[i], Rule: grid.RuleContains, BoundaryDistanceM: &d, DivisionID: &l.com.ID}
			m.Candidates = []grid.Candidate{{Grid: &l.grids[i], Probability: 1}}
			if q.AccuracyM != nil && *q.AccuracyM > 40 {
				m.NeedsConfirmation = true
				j := (i + 1) % len(l.grids)
				m.Candidates = []grid.Candidate{{Grid: &l.grids[i], Probability: .64}, {Grid: &l.grids[j], Probability: .3}, {Probability: .06}}
			}
			return m, nil
		}
	}
	return grid.Match{Rule: grid.RuleNone, NeedsConfirmation: true}, nil
}
func (l *look) ByCode(_ context.Context, _ account.Actor, code string, _ *time.Time, _ grid.Fields) (grid.Grid, error) {
	for _, g := range l.grids {
		if g.Code == code {
			return g, nil
		}
	}
	return grid.Grid{}, fault.New(fault.NotFound, "code", "grid.notFound", "code", code)
}
func (l *look) ByKeys(_ context.Context, _ account.Actor, keys []key.Key, _ *time.Time, _ grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	return nil, nil
}
func (l *look) OfCommunity(context.Context, account.Actor, uuid.UUID) ([]grid.Grid, error) {
	return l.grids, nil
}
func (l *look) Groups(_ context.Context, _ account.Actor, keys []key.Key) (map[uuid.UUID]grid.Group, error) {
	return l.groups, nil
}
func (l *look) OnCall(context.Context, account.Actor, []staff.GridRef, *time.Time) (map[uuid.UUID]staff.Worker, error) {
	return l.oncall, nil
}
func (l *look) Photo(_ context.Context, _ account.Actor, k key.Key) (staff.Photo, error) {
	return l.photos[k], nil
}

type lookPlaces struct{ *look }

func (l lookPlaces) Divisions(_ context.Context, _ account.Actor, ids []uuid.UUID) (map[uuid.UUID]place.Division, error) {
	m := map[uuid.UUID]place.Division{}
	for _, d := range l.div {
		m[d.ID] = d
	}
	return m, nil
}
func (l lookPlaces) ByCode(_ context.Context, _ account.Actor, code string, _ place.Fields) (place.Division, error) {
	return l.com, nil
}
func (l lookPlaces) Communities(context.Context, account.Actor) ([]place.Division, error) {
	return []place.Division{l.com}, nil
}
func (l lookPlaces) Building(_ context.Context, _ account.Actor, k key.Key) (place.Building, error) {
	return l.bld[k], nil
}

func (l *look) tile(z, x, y int) []byte {
	t := maptile.New(uint32(x), uint32(y), maptile.Zoom(z))
	layer := func(name string, add func(fc *geojson.FeatureCollection)) *mvt.Layer {
		fc := geojson.NewFeatureCollection()
		add(fc)
		for _, f := range fc.Features {
			h := fnv.New32()
			fmt.Fprint(h, f.Properties["code"], f.Properties["name"])
			f.ID = float64(h.Sum32())
		}
		return mvt.NewLayer(name, fc)
	}
	put := func(fc *geojson.FeatureCollection, g orb.Geometry, kv ...any) {
		f := geojson.NewFeature(orb.Clone(g))
		for i := 0; i < len(kv); i += 2 {
			f.Properties[kv[i].(string)] = kv[i+1]
		}
		fc.Append(f)
	}
	layers := mvt.Layers{
		layer("divisions", func(fc *geojson.FeatureCollection) {
			for _, d := range l.t.Divisions {
				if d.Level == "COMMUNITY" && len(d.Boundary) > 0 {
					put(fc, d.Boundary, "code", d.Code, "name", d.Name, "level", string(d.Level))
				}
			}
		}),
		layer("grids", func(fc *geojson.FeatureCollection) {
			for i, g := range l.grids {
				put(fc, l.shapes[i], "code", g.Code, "name", g.Name, "worker", l.oncall[g.Key.ID].Name)
			}
		}),
		layer("grid_labels", func(fc *geojson.FeatureCollection) {
			for i, g := range l.grids {
				c, _ := planar.CentroidArea(l.shapes[i])
				put(fc, c, "code", g.Code, "name", g.Name)
			}
		}),
		layer("buildings", func(fc *geojson.FeatureCollection) {
			for _, b := range l.t.Buildings {
				put(fc, b.Footprint, "name", b.Name, "code", b.Code, "floors", b.Floors)
			}
		}),
		layer("roads", func(fc *geojson.FeatureCollection) {
			for _, b := range l.t.Roads {
				put(fc, b.Line, "name", b.Name, "code", b.Code, "class", b.Class)
			}
		}),
		layer("land", func(fc *geojson.FeatureCollection) {
			for _, b := range l.t.Grounds {
				put(fc, b.Shape, "name", b.Name, "code", b.Code, "class", strings.ToLower(string(b.Kind)))
			}
		}),
	}
	layers.ProjectToTile(t)
	layers.Clip(mvt.MapboxGLDefaultExtentBound)
	layers.RemoveEmpty(.5, .5)
	b, err := mvt.Marshal(layers)
	if err != nil {
		panic(err)
	}
	return b
}

func TestLook(t *testing.T) {
	addr := os.Getenv("LOOK")
	if addr == "" {
		t.Skip()
	}
	l := newLook()
	sort.Slice(l.t.Roads, func(i, j int) bool { return false })
	mux := http.NewServeMux()
	Register(mux, Options{Grids: l, Staff: l, Places: lookPlaces{l}, PublicURL: "https://grid.example"})
	mux.Handle("GET /style.json", style.Handler("https://grid.example"))
	mux.HandleFunc("GET /tiles/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		p := strings.Split(r.PathValue("rest"), "/")
		if len(p) == 1 {
			b := l.com.BBox
			json.NewEncoder(w).Encode(map[string]any{"tilejson": "3.0.0", "tiles": []string{"https://grid.example/tiles/" + strings.TrimSuffix(p[0], ".json") + "/{z}/{x}/{y}.mvt"}, "minzoom": 0, "maxzoom": 16, "bounds": []float64{b.West, b.South, b.East, b.North}})
			return
		}
		z, _ := strconv.Atoi(p[1])
		x, _ := strconv.Atoi(p[2])
		y, _ := strconv.Atoi(strings.TrimSuffix(p[3], ".mvt"))
		w.Write(l.tile(z, x, y))
	})
	srv := &http.Server{Addr: addr, Handler: mux}
	go func() { time.Sleep(100 * time.Minute); srv.Close() }()
	t.Log(srv.ListenAndServe())
}

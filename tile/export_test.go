package tile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb/maptile"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/tile"
	"wangge/tile/pmtiles"
	"wangge/tile/pmtiles/pmtilestest"
)

// Every tile of the public map that holds something is in the archive as it is served, and no other: also those that lie within
// tiles of lower zooms that are empty, as the footpath's, the pond's and the houses' do.
func TestArchiveHoldsWhatIsServed(t *testing.T) {
	server := town(t)
	occupied := server.Source.(*db.Tiles).Occupied
	for _, layers := range []string{everything + ",signboards", "divisions", "buildings", "roads", "land", "gaps", "signboards"} {
		t.Run(layers, func(t *testing.T) {
			names := strings.Split(layers, ",")
			want, above := map[uint64]string{}, 0
			for z := uint8(0); z <= tile.MaxZoom; z++ {
				// The town and two tiles around it.
				first, last := maptile.At([2]float64{120.300, 31.091}, maptile.Zoom(z)), maptile.At([2]float64{120.323, 31.071}, maptile.Zoom(z))
				for x := max(first.X, 2) - 2; x <= min(last.X+2, 1<<z-1); x++ {
					for y := max(first.Y, 2) - 2; y <= min(last.Y+2, 1<<z-1); y++ {
						r, err := server.Tile(t.Context(), account.Anyone(), names, maptile.New(x, y, maptile.Zoom(z)))
						if err != nil {
							t.Fatal(err)
						}
						if !r.Empty() {
							want[pmtiles.ID(z, x, y)] = string(r.Body)
							if z > 0 && want[pmtiles.ID(z-1, x/2, y/2)] == "" {
								above++
							}
						}
					}
				}
			}
			name := filepath.Join(t.TempDir(), "town.pmtiles")
			var last uint64
			sum, err := server.Export(t.Context(), name, tile.Export{Layers: names, Last: tile.MaxZoom, Version: "7", Occupied: occupied,
				Progress: func(done, total uint64) {
					if done < last || total > 0 && done > total {
						t.Errorf("from %d tiles it went to %d of %d", last, done, total)
					}
					last = done
				}})
			if err != nil {
				t.Fatal(err)
			}
			got := pmtilestest.Read(t, name)
			if !maps.Equal(got.Found, want) {
				t.Errorf("%d tiles in the archive, %d served, or others: %v", len(got.Found), len(want), different(got.Found, want))
			}
			if above == 0 {
				t.Error("no tile lies in an empty one: this proves little")
			}
			if last == 0 {
				t.Error("nobody was told how far it is")
			}
			pmtilestest.Judge(t, name, sum)

			doc, err := server.TileJSON(t.Context(), account.Anyone(), names, time.Time{}, "")
			if err != nil {
				t.Fatal(err)
			}
			for i, degrees := range []float64{doc.Bounds[0], doc.Bounds[1], doc.Bounds[2], doc.Bounds[3], doc.Center[0], doc.Center[1]} {
				if off := float64(got.Degrees[i])/1e7 - degrees; off > 1.1e-7 || off < -1.1e-7 {
					t.Errorf("box and center %v, want %v %v", got.Degrees, doc.Bounds, doc.Center)
				}
			}
			if got.Metadata["name"] != "wangge" || got.Metadata["attribution"] != "made up &amp; &lt;drawn&gt;" || got.Metadata["version"] != "7" {
				t.Errorf("it says of itself %v", got.Metadata)
			}
			var described []string
			for _, l := range got.Metadata["vector_layers"].([]any) {
				layer := l.(map[string]any)
				described = append(described, fmt.Sprintf("%v %v-%v", layer["id"], layer["minzoom"], layer["maxzoom"]))
				if fields := layer["fields"].(map[string]any); fields["id"] != "String" && fields["grid"] != "String" {
					t.Errorf("fields %v", fields)
				}
			}
			var layersOf []string
			for _, l := range doc.VectorLayers {
				layersOf = append(layersOf, fmt.Sprintf("%s %d-%d", l.ID, l.MinZoom, l.MaxZoom))
			}
			if !slices.Equal(described, layersOf) {
				t.Errorf("layers %v, want %v", described, layersOf)
			}

			again := filepath.Join(t.TempDir(), "again.pmtiles")
			if _, err := server.Export(t.Context(), again, tile.Export{Layers: names, Last: tile.MaxZoom, Version: "7", Occupied: occupied}); err != nil {
				t.Fatal(err)
			}
			a, errA := os.ReadFile(name)
			b, errB := os.ReadFile(again)
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("the same data gives other bytes (%v, %v)", errA, errB)
			}
		})
	}
}

// different names tiles that are not the same in both.
func different(a, b map[uint64]string) (list []string) {
	for _, m := range []map[uint64]string{a, b} {
		for id := range m {
			if z, x, y := pmtiles.Tile(id); a[id] != b[id] && len(list) < 10 {
				list = append(list, fmt.Sprintf("%d/%d/%d", z, x, y))
			}
		}
	}
	return list
}

// always is an Occupied that knows nothing better.
func always(_ context.Context, _ account.Actor, _ []string, _ []place.Level, _ uint32, x, _ []uint32) ([]bool, error) {
	all := make([]bool, len(x))
	for i := range all {
		all[i] = true
	}
	return all, nil
}

func served(by *calm) *tile.Server { return tile.New(tile.Options{Source: by, Scenes: by}) }

// calm is a source for many at once.
type calm struct {
	body []byte
	err  error
	wait bool // until the context ends
	box  *place.Box
}

func (c *calm) Stored(ctx context.Context, _ account.Actor, _ []string, _, _, _ uint32, _ time.Time, _ uint8) ([]scene.Building, []byte, error) {
	if c.wait {
		<-ctx.Done()
		return nil, nil, fault.Wrap(ctx.Err(), fault.Unavailable, "", "timeout")
	}
	return nil, c.body, c.err
}

// Scene is of one city all over the world, where there is a body.
func (c *calm) Scene(ctx context.Context, _ account.Actor, _ place.Box, at time.Time) (scene.Scene, error) {
	if _, _, err := c.Stored(ctx, account.Actor{}, nil, 0, 0, 0, at, 0); err != nil {
		return scene.Scene{}, err
	}
	var world []place.Division
	if c.body != nil {
		ring := []float64{-200, -89, 200, -89, 200, 89, -200, 89, -200, -89}
		world = append(world, place.Division{ID: uuid.UUID{1}, Level: place.City, Boundary: geom.NewMultiPolygonFlat(geom.XY, ring, [][]int{{len(ring)}})})
	}
	ground, err := grid.NewGround(at, nil, world)
	return scene.Scene{At: at, Ground: ground, Roster: staff.NewRoster(civil.Of(at, time.UTC), nil)}, err
}

func (*calm) Codes(context.Context, account.Actor, []key.Key) (map[key.Key]string, error) {
	return nil, nil
}

func (c *calm) Bounds(context.Context, account.Actor, []string) (*place.Box, error) {
	return c.box, nil
}

var somewhere = &place.Box{West: 120.3, South: 31, East: 120.4, North: 31.1}

func TestArchiveOfSomeZooms(t *testing.T) {
	for _, test := range []struct {
		name, layers string
		first, last  uint32
		tiles        uint64
		described    string
	}{
		{"from the middle on", "divisions", 2, 4, 16 + 64 + 256, "[divisions 2-4]"},
		{"one zoom", "divisions", 3, 3, 64, "[divisions 3-3]"},
		{"a layer begins deeper than the zooms end", "divisions,grids", 0, 2, 1 + 4 + 16, "[divisions 0-2]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "town.pmtiles")
			server := served(&calm{body: []byte("tile"), box: somewhere})
			sum, err := server.Export(t.Context(), name, tile.Export{Layers: strings.Split(test.layers, ","), First: test.first, Last: test.last, Occupied: always})
			if err != nil || sum.Tiles != test.tiles || sum.Contents != 1 || uint32(sum.MinZoom) != test.first || uint32(sum.MaxZoom) != test.last {
				t.Fatalf("got %+v, %v", sum, err)
			}
			var described []string
			for _, l := range pmtilestest.Read(t, name).Metadata["vector_layers"].([]any) {
				layer := l.(map[string]any)
				described = append(described, fmt.Sprintf("%v %v-%v", layer["id"], layer["minzoom"], layer["maxzoom"]))
			}
			if fmt.Sprint(described) != test.described {
				t.Errorf("layers %v, want %v", described, test.described)
			}
			pmtilestest.Judge(t, name, sum)
		})
	}
}

// A country whose data lies far apart is not gone through tile by tile.
func TestEmptyLandIsNotVisited(t *testing.T) {
	houses := []maptile.Tile{maptile.At([2]float64{120.3, 31.1}, 16), maptile.At([2]float64{87.6, 43.8}, 16), maptile.At([2]float64{109.5, 18.2}, 16)}
	var asked, drawn atomic.Int64
	server := tile.New(tile.Options{Source: counting{&drawn}})
	sum, err := server.Export(t.Context(), filepath.Join(t.TempDir(), "country.pmtiles"), tile.Export{Layers: []string{"roads", "buildings"}, Last: 16,
		Occupied: func(_ context.Context, _ account.Actor, _ []string, _ []place.Level, z uint32, x, y []uint32) ([]bool, error) {
			asked.Add(int64(len(x)))
			holds := make([]bool, len(x))
			for i := range x {
				for _, h := range houses {
					holds[i] = holds[i] || h.X>>(16-z) == x[i] && h.Y>>(16-z) == y[i]
				}
			}
			return holds, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n > 3*4*16+1 {
		t.Errorf("it asked of %d tiles", n)
	}
	// Roads begin at zoom 10: three tiles at each of seven zooms.
	if n := drawn.Load(); n != 3*7 || sum.Tiles != 3*7 {
		t.Errorf("%d tiles were drawn, %d are there", n, sum.Tiles)
	}
}

// counting answers each tile with its own number.
type counting struct{ drawn *atomic.Int64 }

func (c counting) Stored(_ context.Context, _ account.Actor, _ []string, z, x, y uint32, _ time.Time, _ uint8) ([]scene.Building, []byte, error) {
	c.drawn.Add(1)
	return nil, fmt.Append(nil, z, x, y), nil
}

func (counting) Bounds(context.Context, account.Actor, []string) (*place.Box, error) {
	return somewhere, nil
}

func TestNoArchive(t *testing.T) {
	broken := errors.New("broken")
	full := &calm{body: []byte("tile"), box: somewhere}
	tests := []struct {
		name   string
		source *calm
		export tile.Export
		path   string
		code   fault.Code
		field  string
		says   string
	}{
		{name: "zooms that end before they begin", export: tile.Export{Layers: []string{"grids"}, First: 16, Last: 3}, code: fault.Invalid, field: "zooms", says: "16-3"},
		{name: "zooms too deep", export: tile.Export{Layers: []string{"grids"}, Last: 17}, code: fault.Invalid, field: "zooms", says: "0 to 16"},
		{name: "an unknown layer", export: tile.Export{Layers: []string{"x"}}, code: fault.Invalid, field: "layers", says: `"x"`},
		{name: "no data", source: &calm{}, export: tile.Export{Layers: []string{"grids", "roads"}, Last: 12}, code: fault.NotFound, says: "grids, roads at zooms 0-12"},
		{name: "only empty tiles", source: &calm{box: somewhere}, export: tile.Export{Layers: []string{"divisions"}, Last: 2}, code: fault.NotFound, says: "divisions"},
		{name: "layers that begin deeper", export: tile.Export{Layers: []string{"buildings"}, Last: 3}, code: fault.NotFound, says: "buildings"},
		{name: "no such folder", export: tile.Export{Layers: []string{"divisions"}}, path: "none/town.pmtiles", code: fault.Invalid, field: "file", says: "no such file"},
		{name: "a folder", export: tile.Export{Layers: []string{"divisions"}}, path: "folder", code: fault.Invalid, field: "file", says: "not a regular file"},
		{name: "the source fails", source: &calm{err: broken, box: somewhere}, export: tile.Export{Layers: []string{"divisions"}, Last: 5}, code: fault.Internal},
		{name: "finding fails", export: tile.Export{Layers: []string{"divisions"}, Last: 5,
			Occupied: func(context.Context, account.Actor, []string, []place.Level, uint32, []uint32, []uint32) ([]bool, error) {
				return nil, broken
			}}, code: fault.Internal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			if test.source == nil {
				test.source = full
			}
			if test.path == "" {
				test.path = "town.pmtiles"
			}
			if test.export.Occupied == nil {
				test.export.Occupied = always
			}
			_, err := served(test.source).Export(t.Context(), filepath.Join(dir, test.path), test.export)
			if f := fault.As(err); err == nil || f.Code != test.code || f.Field != test.field || !strings.Contains(f.Text(fault.English), test.says) {
				t.Errorf("got %v", err)
			}
			if test.code == fault.Internal && !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("it left %v (%v)", left, err)
			}
		})
	}
}

func TestExportIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, stop)
	server := served(&calm{wait: true, box: somewhere})
	if _, err := server.Export(ctx, filepath.Join(dir, "town.pmtiles"), tile.Export{Layers: []string{"divisions"}, Last: 5, Occupied: always}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}

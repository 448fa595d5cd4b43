package coverage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// unsound says what is wrong with the rings of an area; "": nothing.
func unsound(rings [][]Pixel) string {
	met := map[[2]Pixel]bool{}
	type seg struct{ a, b Pixel }
	var all []seg
	for i, ring := range rings {
		tw := twiceArea(ring)
		if len(ring) < 3 || tw == 0 || i == 0 && tw < 0 {
			return fmt.Sprintf("ring %d of %d has %d, area %d", i, len(rings), len(ring), tw)
		}
		in := map[Pixel]bool{}
		for k, a := range ring {
			b := ring[(k+1)%len(ring)]
			if in[a] {
				return fmt.Sprintf("ring %d comes twice through %v", i, a)
			}
			in[a] = true
			if !a.seen() {
				return fmt.Sprintf("out of sight: %v", a)
			}
			if met[[2]Pixel{a, b}] || met[[2]Pixel{b, a}] {
				return fmt.Sprintf("%v %v runs twice", a, b)
			}
			met[[2]Pixel{a, b}] = true
			all = append(all, seg{a, b})
		}
		if tw < 0 {
			j := i
			for twiceArea(rings[j]) < 0 {
				j--
			}
			if !around(rings[j], ring) {
				return fmt.Sprintf("hole %d is not in %d", i, j)
			}
		}
	}
	if len(all) > 3000 {
		return ""
	}
	side := func(a, b, p Pixel) int {
		v := (int64(b.X)-int64(a.X))*(int64(p.Y)-int64(a.Y)) - (int64(b.Y)-int64(a.Y))*(int64(p.X)-int64(a.X))
		return int(min(max(v, -1), 1))
	}
	within := func(e seg, p Pixel) bool {
		return p != e.a && p != e.b && side(e.a, e.b, p) == 0 && min(e.a.X, e.b.X) <= p.X && p.X <= max(e.a.X, e.b.X) && min(e.a.Y, e.b.Y) <= p.Y && p.Y <= max(e.a.Y, e.b.Y)
	}
	for i, e := range all {
		for _, f := range all[:i] {
			if max(e.a.X, e.b.X) < min(f.a.X, f.b.X) || max(f.a.X, f.b.X) < min(e.a.X, e.b.X) {
				continue
			}
			if side(e.a, e.b, f.a)*side(e.a, e.b, f.b) < 0 && side(f.a, f.b, e.a)*side(f.a, f.b, e.b) < 0 || within(e, f.a) || within(e, f.b) || within(f, e.a) || within(f, e.b) {
				return fmt.Sprintf("%v crosses %v", e, f)
			}
		}
	}
	return ""
}

// tileAt is the tile of a zoom that holds a place, or lies nearest to it.
func tileAt(p orb.Point, zoom uint32) Tile {
	m, last := onMap(p), int64(1)<<zoom-1
	return Tile{zoom, uint32(max(0, min(m.x>>(mapBits-zoom), last))), uint32(max(0, min(m.y>>(mapBits-zoom), last)))}
}

// TestDrawAnything draws areas of all kinds, each by itself and all together: what is valid is drawn valid, and nothing is drawn out of sight.
func TestDrawAnything(t *testing.T) {
	drawn := 0
	for round := range uint64(100) {
		r := rand.New(rand.NewPCG(78, round))
		s := scene{r: r}
		s.move()
		shards := make([]*Shard, 1+r.IntN(8))
		for i := range shards {
			shards[i] = s.shard()
		}
		c := New(shards)
		for _, shard := range shards {
			if shard == nil {
				continue
			}
			for i := range shard.Len() {
				area := shard.Area(i)
				if len(area) == 0 || r.IntN(4) != 0 {
					continue
				}
				alone := New([]*Shard{NewShard([]orb.MultiPolygon{area})})
				for range 6 {
					ring, zoom := area[0][0], r.Uint32N(23)
					tile, detail := tileAt(ring[r.IntN(len(ring))], zoom), []uint32{zoom, 20, r.Uint32N(zoom + 1)}[r.IntN(3)]
					alone.Draw(tile, detail, func(_ Ref, rings [][]Pixel) {
						drawn++
						if wrong := unsound(rings); wrong != "" {
							t.Fatalf("round %d: %v, detail %d: %s of %v", round, tile, detail, wrong, area)
						}
					})
					hold := func(rings [][]Pixel) {
						for _, ring := range rings {
							for _, p := range ring {
								if !p.seen() {
									t.Fatalf("round %d: %v, detail %d: %v is out of sight", round, tile, detail, p)
								}
							}
						}
					}
					c.Draw(tile, detail, func(_ Ref, rings [][]Pixel) { hold(rings) })
					c.DrawShards(tile, detail, func(_ int32, _ int, rings [][]Pixel) { hold(rings) })
				}
			}
		}
	}
	if drawn < 1000 {
		t.Errorf("only %d were drawn", drawn)
	}
}

// TestRedrawnAnything changes areas of all kinds: tiles outside the boxes that are told are drawn as before.
func TestRedrawnAnything(t *testing.T) {
	changed, same := 0, 0
	for round := range uint64(50) {
		r := rand.New(rand.NewPCG(79, round))
		s := scene{r: r}
		s.move()
		shards := make([]*Shard, 2+r.IntN(8))
		for i := range shards {
			shards[i] = s.shard()
		}
		c := New(shards)
		var tiles []Tile
		for range 60 {
			p := vertex{s.centre.x + int64((r.Float64()-.5)*3*s.reach), s.centre.y + int64((r.Float64()-.5)*3*s.reach)}.point()
			tiles = append(tiles, tileAt(p, r.Uint32N(23)))
		}
		drawAll := func(c *Coverage, k int) (out map[Ref][][]Pixel) {
			out = map[Ref][][]Pixel{}
			c.Draw(tiles[k], tiles[k].Zoom, func(r Ref, rings [][]Pixel) {
				for _, ring := range rings {
					out[r] = append(out[r], slices.Clone(ring))
				}
			})
			return out
		}
		for range 3 {
			was := make([]map[Ref][][]Pixel, len(tiles))
			for k := range tiles {
				was[k] = drawAll(c, k)
			}
			change := map[int]*Shard{}
			gone := map[int]int32{}
			for range 1 + r.IntN(2) {
				i := r.IntN(len(shards) + 1)
				for len(shards) <= i {
					shards = append(shards, nil)
				}
				old := shards[i]
				delete(gone, i)
				switch {
				case old != nil && old.Len() > 0 && r.IntN(3) > 0:
					var areas []orb.MultiPolygon
					for n := range old.Len() {
						areas = append(areas, old.Area(n))
					}
					if r.IntN(2) == 0 { // without the first
						areas = areas[1:]
						gone[i] = 1
					} else { // one is another
						areas[r.IntN(len(areas))] = s.area()
					}
					shards[i] = NewShard(areas)
				default:
					shards[i] = s.shard()
				}
				change[i] = shards[i]
			}
			next := c.With(change)
			before := func(ref Ref) (Ref, bool) {
				ref.Area += gone[int(ref.Shard)]
				return ref, true
			}
			boxes := next.Redrawn(c, before)
			for k, tile := range tiles {
				now := drawAll(next, k)
				differs := false
				n := 0
				for ref, rings := range now {
					b, _ := before(ref)
					n++
					if fmt.Sprint(was[k][b]) != fmt.Sprint(rings) {
						differs = true
					}
				}
				differs = differs || n != len(was[k])
				if !differs {
					same++
					continue
				}
				changed++
				if !slices.ContainsFunc(boxes, tile.Box().Intersects) {
					t.Fatalf("round %d: %v differs outside of %v", round, tile, boxes)
				}
			}
			c = next
		}
	}
	if changed < 1000 || same < 1000 {
		t.Errorf("%d tiles changed, %d did not", changed, same)
	}
}

// A speck that comes to lie where a neighbour's border was straightened has that drawn otherwise, as far as it reaches.
func TestRedrawnBesideASpeck(t *testing.T) {
	at := vertex{12_150_000_000, 3_120_000_000}
	on := func(x, y int64) vertex { return vertex{at.x + x, at.y + y} }
	c := New([]*Shard{NewShard([]orb.MultiPolygon{ringOf(on(0, 0), on(1e6, 0), on(1e6, 1e6), on(5e5, 1e6+1000), on(0, 1e6))}), nil})
	c.sketch(0)
	next := c.With(map[int]*Shard{1: NewShard([]orb.MultiPolygon{ringOf(on(499_990, 1e6+300), on(500_010, 1e6+300), on(5e5, 1e6+320))})})
	boxes := next.Redrawn(c, func(r Ref) (Ref, bool) { return r, r.Shard == 0 })
	if corner := on(0, 1e6).point(); !slices.ContainsFunc(boxes, func(b orb.Bound) bool { return b.Contains(corner) }) {
		t.Errorf("told of %v", boxes)
	}
}

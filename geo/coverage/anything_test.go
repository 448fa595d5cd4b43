package coverage

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// scene is where areas of all kinds and sizes are put: one over the other, from a few units to the whole world.
type scene struct {
	r      *rand.Rand
	centre vertex
	reach  float64 // units
}

func (s *scene) move() {
	at := []vertex{{12_150_000_000, 3_120_000_000}, {0, 0}, {18e9, 9e9}, {-18e9, -9e9}, {s.r.Int64N(36e9) - 18e9, s.r.Int64N(18e9) - 9e9}}
	s.centre, s.reach = at[s.r.IntN(len(at))], math.Pow(10, 1+9*s.r.Float64())
}

// onEarth is the nearest place there.
func onEarth(x, y float64) vertex {
	return vertex{int64(math.Round(min(max(x, -18e9), 18e9))), int64(math.Round(min(max(y, -9e9), 9e9)))}
}

// area is convex, or a star, or with a hole; or empty, also where nothing is left of it.
func (s *scene) area() orb.MultiPolygon {
	r := s.r
	x, y := float64(s.centre.x)+(r.Float64()-.5)*2*s.reach, float64(s.centre.y)+(r.Float64()-.5)*2*s.reach
	size, turn := s.reach*math.Pow(10, -3*r.Float64()), r.Float64()*2*math.Pi
	if r.IntN(5) == 0 {
		size = 2 + 30*r.Float64()
	}
	around := func(n int, inner float64) (out []vertex) {
		for i := range n {
			sin, cos := math.Sincos(2*math.Pi*float64(i)/float64(n) + turn)
			reach := size * (1 - inner*float64(i%2))
			out = append(out, onEarth(x+reach*cos, y+reach*sin))
		}
		return out
	}
	var ring []vertex
	switch r.IntN(7) {
	case 0, 1:
		ring = around(3+r.IntN(4), 0)
	case 2:
		if size = min(size, 2e9); size > 5000 && math.Abs(x)+size < 18e9 && math.Abs(y)+size < 9e9 {
			ring = around(20+2*r.IntN(60), 0.6)
		}
	case 3: // a needle
		if r.IntN(3) == 0 {
			turn = math.Pi / 4 * float64(r.IntN(8))
		}
		sin, cos := math.Sincos(turn)
		ring = []vertex{onEarth(x-s.reach*cos, y-s.reach*sin), onEarth(x+s.reach*cos, y+s.reach*sin), onEarth(x+s.reach*cos-2*sin, y+s.reach*sin+2*cos)}
	case 4:
		if r.IntN(6) == 0 {
			x, y, size = 0, 0, 18e9
		}
		a, b := onEarth(x-size, y-size), onEarth(x+size, y+size)
		ring = []vertex{a, {b.x, a.y}, b, {a.x, b.y}}
		if w, h := (b.x-a.x)/4, (b.y-a.y)/4; w > 1 && h > 1 && r.IntN(2) == 0 {
			hole := ringOf(vertex{a.x + w, a.y + h}, vertex{a.x + w, b.y - h}, vertex{b.x - w, b.y - h}, vertex{b.x - w, a.y + h})
			return orb.MultiPolygon{{ringOf(ring...)[0][0], hole[0][0]}}
		}
	}
	if ring = slices.Compact(ring); len(ring) < 3 || ring[0] == ring[len(ring)-1] {
		return nil
	}
	for _, v := range ring[2:] {
		if cross(ring[1].minus(ring[0]), v.minus(ring[0])) != 0 {
			return ringOf(ring...)
		}
	}
	return nil
}

// shard is often a village where the others are countries, may be nil, and may have crowds of the same areas.
func (s *scene) shard() *Shard {
	if s.r.IntN(8) == 0 {
		return nil
	}
	here := *s
	if s.r.IntN(3) == 0 {
		here.reach = min(s.reach, math.Pow(10, 1+3*s.r.Float64()))
	}
	n := 1 + s.r.IntN(12)
	if s.r.IntN(6) == 0 {
		n = 60
	}
	var areas []orb.MultiPolygon
	for range n {
		areas = append(areas, here.area())
		for s.r.IntN(100) < 60 && s.r.IntN(4) == 0 {
			areas = append(areas, areas[len(areas)-1])
		}
	}
	return NewShard(areas)
}

// layer is a shard, and its areas.
type layer struct {
	shard *Shard
	areas []orb.MultiPolygon
}

func layerOf(s *Shard) layer {
	l := layer{shard: s}
	if s != nil {
		for i := range s.Len() {
			l.areas = append(l.areas, s.Area(i))
		}
	}
	return l
}

// judgedIn is what covers p, in exact arithmetic.
func judgedIn(layers []layer, p orb.Point) (out []Held) {
	for n, l := range layers {
		for i, a := range l.areas {
			inside, border := false, false
			for _, polygon := range a {
				for _, ring := range polygon {
					for k := 1; k < len(ring); k++ {
						u, v := ring[k-1], ring[k]
						if p[1] < min(u[1], v[1]) || p[1] > max(u[1], v[1]) || p[0] > max(u[0], v[0]) {
							continue
						}
						left, right := (v[0]-u[0])*(p[1]-u[1]), (p[0]-u[0])*(v[1]-u[1])
						turn := 1
						if det := left - right; math.Abs(det) <= 1e-14*(math.Abs(left)+math.Abs(right))+1e-290 {
							turn = orientByRat(u, v, p)
						} else if det < 0 {
							turn = -1
						}
						border = border || turn == 0 && min(u[0], v[0]) <= p[0]
						if (u[1] <= p[1]) != (v[1] <= p[1]) && (turn > 0) == (v[1] > u[1]) {
							inside = !inside
						}
					}
				}
			}
			if inside || border {
				out = append(out, Held{Ref{int32(n), int32(i)}, border})
			}
		}
	}
	return out
}

// trialsIn are vertices, places on edges, and where these meet the lines between cells, of all levels; some of them a last bit beside.
func trialsIn(r *rand.Rand, x *index, layers []layer, n int) (out []orb.Point) {
	var rings []orb.Ring
	for _, l := range layers {
		for _, a := range l.areas {
			for _, polygon := range a {
				rings = append(rings, polygon...)
			}
		}
	}
	add := func(p orb.Point) {
		for k := range p {
			for range r.IntN(3) {
				p[k] = math.Nextafter(p[k], float64(r.IntN(3)-1)*1000)
			}
			if math.Abs(p[k]) < 1e-20 { // products of less vanish
				p[k] = 0
			}
		}
		out = append(out, p)
	}
	for range n {
		if len(rings) == 0 {
			return out
		}
		ring := rings[r.IntN(len(rings))]
		k, t := 1+r.IntN(len(ring)-1), r.Float64()
		u, v := ring[k-1], ring[k]
		m := orb.Point{u[0] + t*(v[0]-u[0]), u[1] + t*(v[1]-u[1])}
		add(u)
		add(m)
		add(orb.Point{(u[0] + v[0]) / 2, (u[1] + v[1]) / 2})
		column, row := x.cell(m)
		at, level := vertex{int64(x.origin[0]), int64(x.origin[1])}, r.IntN(len(x.scale))
		for l := 0; ; l++ {
			size := int64(x.scale[l])
			at = vertex{at.x + int64(column)*size, at.y + int64(row)*size}
			if l == level {
				break
			}
			column, row = (m[0]*1e8-float64(at.x)-corner)/x.scale[l+1], (m[1]*1e8-float64(at.y)-corner)/x.scale[l+1]
		}
		size := int64(x.scale[level])
		for _, c := range []orb.Point{cornerOf(at), cornerOf(vertex{at.x + size, at.y + size})} {
			add(c)
			add(orb.Point{c[0], m[1]})
			add(orb.Point{m[0], c[1]})
			if u[0] != v[0] {
				add(orb.Point{c[0], u[1] + (c[0]-u[0])/(v[0]-u[0])*(v[1]-u[1])})
			}
			if u[1] != v[1] {
				add(orb.Point{u[0] + (c[1]-u[1])/(v[1]-u[1])*(v[0]-u[0]), c[1]})
			}
		}
	}
	return out
}

func TestLocateAnything(t *testing.T) {
	borders := 0
	for round := range uint64(400) {
		r := rand.New(rand.NewPCG(77, round))
		s := scene{r: r}
		s.move()
		check := func(c *Coverage, layers []layer, n int) {
			for _, p := range trialsIn(r, &c.index, layers, n) {
				got, want := c.Locate(p, nil), judgedIn(layers, p)
				if !slices.Equal(got, want) {
					t.Fatalf("round %d, at %.17g, %.17g: %v, want %v", round, p[0], p[1], got, want)
				}
				if len(got) > 0 && got[0].Border {
					borders++
				}
			}
		}
		layers := make([]layer, 1+r.IntN(8))
		shards := make([]*Shard, len(layers))
		for i := range layers {
			layers[i] = layerOf(s.shard())
			shards[i] = layers[i].shard
		}
		c := New(shards)
		check(c, layers, 25)
		for range r.IntN(6) {
			old, were, change := c, slices.Clone(layers), map[int]*Shard{}
			switch r.IntN(3) {
			case 0:
				s.move()
			case 1:
				s.reach /= 3
			}
			for range r.IntN(4) {
				i := r.IntN(len(layers) + 2)
				for len(layers) <= i {
					layers = append(layers, layer{})
				}
				layers[i] = layerOf(s.shard())
				change[i] = layers[i].shard
			}
			c = c.With(change)
			check(c, layers, 10)
			check(old, were, 4)
		}
	}
	if borders < 15_000 {
		t.Errorf("only %d places on borders", borders)
	}
}

// What covers the corner of a sheet is told by the one before it, where both are drawn one after the other; also from row to row.
func TestSheetsOneAfterTheOther(t *testing.T) {
	r := rand.New(rand.NewPCG(77, 99))
	s := scene{r, vertex{12_150_000_000, 3_120_000_000}, 1e6}
	var star []vertex
	for i := range 60_000 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 60_000)
		star = append(star, vertex{s.centre.x + int64((8e5+1e5*float64(i%2))*cos), s.centre.y + int64((8e5+1e5*float64(i%2))*sin)})
	}
	layers := []layer{layerOf(NewShard([]orb.MultiPolygon{ringOf(star...)}))}
	shards := []*Shard{layers[0].shard}
	for range 20 {
		l := layerOf(s.shard())
		layers, shards = append(layers, l), append(shards, l.shard)
	}
	c := New(shards)
	x := &c.index
	if len(x.sheets) < 100 {
		t.Fatalf("only %d sheets", len(x.sheets))
	}
	for k := range x.sheets {
		p := x.origin
		p[0], p[1] = (p[0]+(float64(k%int(x.wide))+r.Float64())*across*x.scale[0])/1e8, (p[1]+(float64(k/int(x.wide))+r.Float64())*across*x.scale[0])/1e8
		if got, want := c.Locate(p, nil), judgedIn(layers, p); !slices.Equal(got, want) {
			t.Fatalf("on sheet %d, at %v: %v, want %v", k, p, got, want)
		}
	}
	near := c.near(x.bound, nil)
	if !slices.IsSorted(near) || len(near) != len(slices.Compact(slices.Clone(near))) || len(near) < 10 {
		t.Errorf("near are %v", near)
	}
}

// Memory goes with the edges, whatever these are like.
func TestMemoryOfSheets(t *testing.T) {
	var bundle []orb.MultiPolygon // of long needles, whose cells are divided over and over
	for i := range int64(50) {
		bundle = append(bundle, ringOf(vertex{9e9, 2*i - 9e9}, vertex{2*i - 9e9 + 1, 9e9 - 1}, vertex{2*i - 9e9, 9e9}))
	}
	var pile []*Shard // over one another, each in all cells
	for range 2000 {
		pile = append(pile, NewShard([]orb.MultiPolygon{ringOf(vertex{0, 0}, vertex{1e6, 0}, vertex{1e6, 1e6}, vertex{0, 1e6})}))
	}
	for name, shards := range map[string][]*Shard{"a bundle": {NewShard(bundle)}, "a pile": pile} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := New(shards)
		runtime.GC()
		runtime.ReadMemStats(&after)
		if kept := int(after.HeapAlloc) - int(before.HeapAlloc); kept > 1<<20+1000*c.index.edges {
			t.Errorf("%s of %d edges: %d bytes", name, c.index.edges, kept)
		}
		runtime.KeepAlive(c)
	}
}

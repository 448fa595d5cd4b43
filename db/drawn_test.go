package db

import (
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/domain/place"
)

// TestFewBoxesHoldWhatManyDo, and little else: what lies apart is told apart, what fills an area is one.
func TestFewBoxesHoldWhatManyDo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	at := func(x, y float64) place.Box { return place.Box{West: x, South: y, East: x + 2e-4, North: y + 1e-4} }
	town := func(x, y float64, n int) (out []place.Box) {
		for i := range n * n {
			out = append(out, at(x+float64(i%n)*0.002, y+float64(i/n)*0.002))
		}
		return out
	}
	var scattered []place.Box
	for range 20_000 {
		scattered = append(scattered, at(100+20*random.Float64(), 20+10*random.Float64()))
	}
	for _, c := range []struct {
		what  string
		boxes []place.Box
		want  int
	}{
		{"nothing", nil, 0},
		{"a building", []place.Box{at(121, 31)}, 1},
		{"one that moved", []place.Box{at(121, 31), at(121.01, 31)}, 2},
		{"neighbours", []place.Box{at(121, 31), at(121.0003, 31)}, 1},
		{"a town", town(121, 31, 40), 1},
		{"two towns and a hamlet between", slices.Concat(town(121, 31, 20), town(122, 32, 20), []place.Box{at(121.5, 31.4)}), 3},
		{"the length of a road, and one across", slices.Concat(town(121, 31, 1), []place.Box{{West: 121, South: 31.02, East: 122, North: 31.02}}), 2},
		{"a whole country's", scattered, mostBoxes},
	} {
		few := few(slices.Clone(c.boxes))
		if len(few) != c.want {
			t.Errorf("%s: %d boxes, want %d", c.what, len(few), c.want)
		}
		ends := make([]*place.Box, len(few))
		for _, b := range c.boxes {
			in := false
			for i, f := range few {
				if f.Around(b) != f {
					continue
				}
				in = true
				if ends[i] == nil {
					ends[i] = &b
				}
				e := ends[i].Around(b)
				ends[i] = &e
			}
			if !in {
				t.Fatalf("%s: %v is in none of the boxes", c.what, b)
			}
		}
		for i, f := range few {
			if ends[i] == nil || *ends[i] != f {
				t.Errorf("%s: the box %v holds more than it should: %v", c.what, f, ends[i])
			}
		}
	}
}

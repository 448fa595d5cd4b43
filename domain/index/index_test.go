package index

import (
	"maps"
	"math/rand/v2"
	"testing"
)

// TestAnIndexIsAMapThatKeepsItsPast changes an Index at random beside a map, and holds that each Index goes on saying what it said.
func TestAnIndexIsAMapThatKeepsItsPast(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	var x Index[int, int]
	want := map[int]int{}
	type kept struct {
		x    Index[int, int]
		want map[int]int
	}
	var past []kept
	for range 200 {
		var remove []int
		var put []Entry[int, int]
		for range random.IntN(40) {
			k := random.IntN(3_000)
			remove = append(remove, k)
			delete(want, k)
		}
		for range random.IntN(60) {
			e := Entry[int, int]{random.IntN(3_000), random.Int()}
			put = append(put, e)
			want[e.Key] = e.Value
		}
		x = x.With(remove, put)
		past = append(past, kept{x, maps.Clone(want)})
	}
	for i, p := range past {
		for _, o := range []kept{past[max(i, 3)-3], past[len(past)-1]} {
			differ := map[int]bool{}
			for k := range Differing(o.x, p.x) {
				if differ[k] {
					t.Fatalf("%d is yielded twice", k)
				}
				differ[k] = true
			}
			for k := range 3_000 {
				v, ok := p.want[k]
				if w, there := o.want[k]; differ[k] != (v != w || ok != there) {
					t.Fatalf("%d differs: %v, from %d, %v to %d, %v", k, differ[k], w, there, v, ok)
				}
			}
		}
		if p.x.Len() != len(p.want) {
			t.Fatalf("after %d changes there are %d keys, want %d", i+1, p.x.Len(), len(p.want))
		}
		for k := range 3_000 {
			v, ok := p.x.Get(k)
			if w, there := p.want[k]; v != w || ok != there {
				t.Fatalf("after %d changes %d is %d, %v; want %d, %v", i+1, k, v, ok, w, there)
			}
		}
	}
}

func TestFindingAllocatesNothing(t *testing.T) {
	x := Index[string, int]{}.With(nil, []Entry[string, int]{{"310115005001001", 1}, {"310115005001002", 2}})
	if n := testing.AllocsPerRun(100, func() { x.Get("310115005001002") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGet(b *testing.B) {
	x := filled(1_000_000)
	for i := 0; b.Loop(); i++ {
		x.Get([16]byte{byte(i), byte(i >> 8)})
	}
}

func BenchmarkWith(b *testing.B) {
	x := filled(1_000_000)
	put := filled(100)
	var some []Entry[[16]byte, int]
	for _, bucket := range put.buckets {
		some = append(some, bucket...)
	}
	for b.Loop() {
		x.With(nil, some)
	}
}

func filled(n int) Index[[16]byte, int] {
	all := make([]Entry[[16]byte, int], n)
	for i := range all {
		all[i] = Entry[[16]byte, int]{[16]byte{byte(i), byte(i >> 8), byte(i >> 16)}, i}
	}
	return Index[[16]byte, int]{}.With(nil, all)
}

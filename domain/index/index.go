// Package index finds things by key for many readers while they seldom change.
package index

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

// Index finds values by key. It is never changed: With makes another that shares all but the buckets it touches, so that a few
// changes among a million cost a copy of the list of buckets, some milliseconds, and no reader waits. The zero Index is empty.
type Index[K comparable, V any] struct {
	seed    maphash.Seed
	buckets [][]Entry[K, V] // as many as a power of two
	n       int
}

// Entry is a key with its value.
type Entry[K comparable, V any] struct {
	Key   K
	Value V
}

// How many entries a bucket has: when it is made, and on average before there are made more of them.
const (
	fill   = 4
	crowds = 16
)

// Len is how many keys there are.
func (x Index[K, V]) Len() int { return x.n }

// Get returns the value of a key; false: there is none.
func (x Index[K, V]) Get(k K) (v V, ok bool) {
	if len(x.buckets) == 0 {
		return v, false
	}
	for i, bucket := 0, x.buckets[x.of(k)]; i < len(bucket); i++ {
		if bucket[i].Key == k {
			return bucket[i].Value, true
		}
	}
	return v, false
}

// All yields every key with its value, in no order.
func (x Index[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, bucket := range x.buckets {
			for _, e := range bucket {
				if !yield(e.Key, e.Value) {
					return
				}
			}
		}
	}
}

// of is the place of the bucket of a key.
func (x Index[K, V]) of(k K) int {
	return int(maphash.Comparable(x.seed, k) & uint64(len(x.buckets)-1))
}

// With returns an Index without the keys of remove and with the entries of put, which replace others of their keys.
func (x Index[K, V]) With(remove []K, put []Entry[K, V]) Index[K, V] {
	if most := x.n + len(put); most > crowds*len(x.buckets) {
		x = x.grown(most)
	} else {
		x.buckets = slices.Clone(x.buckets)
	}
	own := make([]bool, len(x.buckets)) // no longer shared
	bucket := func(k K) (*[]Entry[K, V], int) {
		i := x.of(k)
		b := &x.buckets[i]
		if !own[i] {
			*b, own[i] = slices.Clone(*b), true
		}
		return b, slices.IndexFunc(*b, func(e Entry[K, V]) bool { return e.Key == k })
	}
	for _, k := range remove {
		if len(x.buckets) == 0 {
			break
		}
		if b, i := bucket(k); i >= 0 {
			*b = slices.Delete(*b, i, i+1)
			x.n--
		}
	}
	for _, e := range put {
		if b, i := bucket(e.Key); i >= 0 {
			(*b)[i] = e
		} else {
			*b = append(*b, e)
			x.n++
		}
	}
	return x
}

// grown is x with room for so many entries, in buckets of its own.
func (x Index[K, V]) grown(entries int) Index[K, V] {
	y := Index[K, V]{seed: maphash.MakeSeed(), buckets: make([][]Entry[K, V], 1<<bits.Len(uint(entries/fill))), n: x.n}
	for _, bucket := range x.buckets {
		for _, e := range bucket {
			i := y.of(e.Key)
			y.buckets[i] = append(y.buckets[i], e)
		}
	}
	return y
}

// Differing yields the keys whose values are not the same in two indexes, or that only one of them has. Where one was made from the
// other, it costs little more than what is different: buckets that both share are passed over.
func Differing[K, V comparable](a, b Index[K, V]) iter.Seq[K] {
	return func(yield func(K) bool) {
		aligned := a.seed == b.seed && len(a.buckets) == len(b.buckets)
		for i, bucket := range a.buckets {
			if aligned && same(bucket, b.buckets[i]) {
				continue
			}
			for _, e := range bucket {
				if v, ok := b.Get(e.Key); (!ok || v != e.Value) && !yield(e.Key) {
					return
				}
			}
		}
		for i, bucket := range b.buckets {
			if aligned && same(bucket, a.buckets[i]) {
				continue
			}
			for _, e := range bucket {
				if _, ok := a.Get(e.Key); !ok && !yield(e.Key) {
					return
				}
			}
		}
	}
}

// same reports whether both are one slice.
func same[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

package coverage

import (
	"slices"
	"unsafe"
)

// store is where sheets are kept. Those of a whole coverage lie side by side in a few large pieces of memory; sheets drawn later have their own.
// A piece stays as long as one sheet in it is of use. So a coverage that is changed again and again (With) takes at most what it took when it was
// made beside what it takes, until all of it has been drawn anew.
type store struct {
	sheets []sheet // not yet taken
	words  []int32
	// How many are made at a time, 0 for what is wanted and no more.
	sheetsAtOnce, wordsAtOnce int
}

const (
	wordsPerEdge = 8 // about
	piecesEach   = 16
)

// newStores are stores for all sheets of a coverage with so many edges, one for each that draws.
func newStores(sheets, edges, drawers int) []store {
	out := make([]store, drawers)
	for i := range out {
		out[i] = store{sheetsAtOnce: sheets / (piecesEach * drawers), wordsAtOnce: wordsPerEdge * edges / (piecesEach * drawers)}
	}
	return out
}

// sheet is an empty sheet.
func (s *store) sheet() *sheet {
	if len(s.sheets) == 0 {
		s.sheets = large[sheet](max(s.sheetsAtOnce, 1))
	}
	out := &s.sheets[0]
	s.sheets = s.sheets[1:]
	return out
}

// keep is a copy of words. Many at a time have their own, so that no piece is left with much of it empty.
func (s *store) keep(words []int32) []int32 {
	n := len(words)
	if n > s.wordsAtOnce/4 {
		return slices.Clone(words)
	}
	if n > len(s.words) {
		s.words = large[int32](s.wordsAtOnce)
	}
	out := s.words[:n:n]
	s.words = s.words[n:]
	copy(out, words)
	return out
}

// large is n zeroes, in large pages of memory where there are many and the system can. A place of a coverage that is larger than the processor's
// caches costs a look into the table of pages with each line of memory, unless these are few. Without them it is only slower.
func large[T any](n int) []T {
	out := make([]T, n)
	_ = inLargePages(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), n*int(unsafe.Sizeof(out[0]))))
	return out
}

package search

import "strings"

// aligned is a term laid over the query where it fits best.
type aligned struct {
	term       int32
	score      float32
	cover      float32   // how much of the term is there, 0 to 1
	quality    []float32 // how well each symbol of the query is explained, 0 to 1
	begun      bool      // it begins with the term
	initials   bool      // the letters are rather initials than pinyin
	start, end int       // of the span, among the query's symbols
	lead       float32   // less than 1 where it begins inside the term
}

// What is typed is rather the beginning of a name than its middle, initials above all.
const (
	midName     = 0.985
	midPinyin   = 0.96
	midInitials = 0.85
)

// What a step of an alignment is worth, a character being 1. What is mistyped costs, but less than what is not there.
const (
	sameSound   = 0.80 // another character of the same reading: 戒 for 械
	alikeSound  = 0.62 // zh for z, ng for n
	wholePinyin = 0.96
	partPinyin  = 0.80 // not typed to the end
	wrongPinyin = 0.58 // one letter wrong
	initial     = 0.72
	longInitial = 0.70 // zh, ch, sh: most type one letter for each character
	rareInitial = 0.05 // less where it is not of the usual reading
	initialGain = 0.42 // with a wrong syllable it is less than a whole one: chan and g are no chang
	wrongGain   = 0.40
	swapped     = 0.80 // each of two neighbours
	wrong       = -0.55
	wrongLetter = -0.30
	skipChar    = -0.50
	otherWay    = -1.20 // besides, where the question says 路 or 街 and the name does not: another place
	skipJump    = -0.45 // several characters in a row: 清华大学附属幼儿园 is 清华幼儿园
	skipMore    = -0.12 // each
	skipLetter  = -0.22
	skipWall    = -0.80
)

const maxJump = 6

type step struct {
	terms, query uint8 // how many symbols it takes of each
	quality      float32
}

// aligner lays terms over one query. It is for one goroutine.
type aligner struct {
	query   []sym
	letters []bool
	apart   []bool // a space stands before it
	score   []float32
	steps   []step
}

func newAligner(query []sym, breaks []int) *aligner {
	a := &aligner{query: query, letters: make([]bool, len(query)+1), apart: make([]bool, len(query)+1)}
	for _, i := range breaks {
		a.apart[i] = true
	}
	for i, s := range query {
		a.letters[i] = s.r >= 'a' && s.r <= 'z'
	}
	return a
}

// over lays t over the query.
func (a *aligner) over(id int32, t *term) aligned {
	n, m := len(a.query), len(t.syms)
	width := n + 1
	if need := (m + 1) * width; cap(a.score) < need {
		a.score, a.steps = make([]float32, need), make([]step, need)
	}
	score, steps := a.score[:(m+1)*width], a.steps[:(m+1)*width]
	for j := range width {
		score[j], steps[j] = 0, step{}
	}
	best, bestI, bestJ := float32(0), 0, 0
	for i := 1; i <= m; i++ {
		s := t.syms[i-1]
		row, above := score[i*width:(i+1)*width], score[(i-1)*width:i*width]
		row[0], steps[i*width] = 0, step{}
		skipTerm := float32(skipChar)
		if s.readings == nil {
			skipTerm = skipLetter
		}
		for j := 1; j <= n; j++ {
			q := a.query[j-1]
			top, how := float32(0), step{}
			try := func(v float32, st step) {
				if v > top {
					top, how = v, st
				}
			}
			try(above[j]+skipTerm, step{1, 0, 0})
			if s.readings != nil {
				for k := 2; k <= min(maxJump, i); k++ {
					try(score[(i-k)*width+j]+skipJump+float32(k)*skipMore, step{uint8(k), 0, 0})
				}
			}
			way := float32(0)
			if isWay(q.r) && !isWay(s.r) {
				way = otherWay
			}
			switch {
			case q.r == 0:
				try(row[j-1]+skipWall, step{0, 1, 0})
			case q.readings == nil && s.readings == nil:
				try(row[j-1]+skipLetter, step{0, 1, 0})
			default:
				try(row[j-1]+skipChar+way, step{0, 1, 0})
			}
			switch {
			case q.r == 0:
			case s.r == q.r:
				try(above[j-1]+s.weight(), step{1, 1, 1})
			case s.readings != nil && q.readings != nil:
				if v := sounds(s, q); v > 0 {
					try(above[j-1]+v, step{1, 1, v})
				} else {
					try(above[j-1]+wrong+way, step{1, 1, 0})
				}
			case s.readings != nil && a.letters[j-1]:
				for k, r := range s.readings {
					a.spelt(r, k == 0, j, above, try)
				}
			case s.readings == nil && q.readings == nil:
				try(above[j-1]+wrongLetter, step{1, 1, 0})
			}
			if i > 1 && j > 1 && q.r != 0 && a.query[j-2].r == s.r && t.syms[i-2].r == q.r && s.r != q.r {
				try(score[(i-2)*width+j-2]+swapped*(s.weight()+q.weight()), step{2, 2, swapped})
			}
			row[j], steps[i*width+j] = top, how
			if top > best {
				best, bestI, bestJ = top, i, j
			}
		}
	}
	out := aligned{term: id, score: best, quality: make([]float32, n), end: bestJ - 1}
	covered := float32(0)
	i, j := bestI, bestJ
	for i > 0 && j > 0 && steps[i*width+j] != (step{}) && score[i*width+j] > 0 {
		st := steps[i*width+j]
		for k := range int(st.query) {
			out.quality[j-1-k] = st.quality
		}
		for k := range int(st.terms) {
			covered += st.quality * t.syms[i-1-k].weight()
		}
		i, j = i-int(st.terms), j-int(st.query)
	}
	out.start, out.lead, out.begun, out.initials = j, 1, i == 0, a.initials(j, out.end, out.quality)
	switch {
	case out.initials && (i > 0 || j > 0 && a.letters[j-1] && a.letters[j] && !a.apart[j]):
		out.lead = midInitials
	case i == 0:
	case a.letters[out.end] && t.syms[0].readings != nil:
		out.lead = midPinyin
	default:
		out.lead = midName
	}
	if t.weight > 0 {
		out.cover = covered / t.weight
	}
	return out
}

func isWay(r rune) bool { return r == '路' || r == '街' || r == '巷' || r == '弄' }

// initials reports whether the letters from start to end stand for characters each.
func (a *aligner) initials(start, end int, quality []float32) bool {
	letters, sum := 0, float32(0)
	for j := start; j <= end; j++ {
		if a.letters[j] {
			letters++
			sum += quality[j]
		}
	}
	return letters > 0 && sum <= (initial+0.01)*float32(letters)
}

// spelt tries a reading on the letters of the query before place j.
func (a *aligner) spelt(r string, usual bool, j int, above []float32, try func(float32, step)) {
	matches := func(text string) bool {
		n := len(text)
		if j < n {
			return false
		}
		for k := range n {
			if a.query[j-n+k].r != rune(text[k]) {
				return false
			}
		}
		return true
	}
	if matches(r) {
		try(above[j-len(r)]+wholePinyin, step{1, uint8(len(r)), wholePinyin})
		return
	}
	rare := float32(0)
	if !usual {
		rare = rareInitial
	}
	if matches(r[:1]) {
		try(above[j-1]+initialGain-rare, step{1, 1, initial - rare})
	}
	if len(r) > 2 && r[1] == 'h' && matches(r[:2]) {
		try(above[j-2]+initialGain-rare, step{1, 2, longInitial - rare})
	}
	if !a.letters[j] { // where the letters end
		for k := len(r) - 1; k >= 2; k-- {
			if matches(r[:k]) {
				try(above[j-k]+partPinyin, step{1, uint8(k), partPinyin})
				break
			}
		}
	}
	if len(r) < 3 {
		return
	}
	for n := max(len(r)-1, 3); n <= len(r)+1 && n <= j; n++ {
		if a.nearly(r, j-n, n) {
			try(above[j-n]+wrongGain, step{1, uint8(n), wrongPinyin})
		}
	}
}

// nearly reports whether the n letters of the query from place i are r with one letter wrong, missing, added or two swapped.
func (a *aligner) nearly(r string, i, n int) bool {
	k := 0
	for k < n && k < len(r) && a.query[i+k].r == rune(r[k]) {
		k++
	}
	rest := func(q, s int) bool { // whether query from i+q is r from s, to their ends
		if n-q != len(r)-s {
			return false
		}
		for ; q < n; q, s = q+1, s+1 {
			if a.query[i+q].r != rune(r[s]) {
				return false
			}
		}
		return true
	}
	for q := range n {
		if !a.letters[i+q] {
			return false
		}
	}
	switch {
	case n == len(r)-1:
		return rest(k, k+1)
	case n == len(r)+1:
		return rest(k+1, k)
	}
	return rest(k+1, k+1) || k+1 < n && a.query[i+k].r == rune(r[k+1]) && a.query[i+k+1].r == rune(r[k]) && rest(k+2, k+2)
}

// sounds is how alike two characters sound: 0 where they do not.
func sounds(a, b sym) float32 {
	best := float32(0)
	for _, x := range a.readings {
		for _, y := range b.readings {
			switch {
			case x == y:
				return sameSound
			case x[0] == y[0] || strings.ContainsRune("ln", rune(x[0])) && strings.ContainsRune("ln", rune(y[0])):
				if blurred(x) == blurred(y) {
					best = alikeSound
				}
			}
		}
	}
	return best
}

package search

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"wangge/domain/grid"
)

// How a search is bounded, and how a place is weighed. What these give is measured by the tests in internal/acceptance.
const (
	maxFolded    = 2 * MaxText // characters; compatibility forms can be longer than what they stand for
	maxTouched   = 400_000     // terms looked at by their grams
	leastGrams   = 6           // looked at all the same
	maxCandidate = 300         // terms laid over the query
	maxAligned   = 80          // terms whose places are weighed
	maxHeads     = 400         // places that a term names alone
	maxMembers   = 300         // places that it names with a number, where the query has none
	fewMembers   = 60          // where it has
	maxNumbered  = 400         // places of one term and number
	maxDocs      = 4000

	leastAligned = 0.45 // of a term or of the query's text
	leastContext = 0.60 // of a division's or an estate's name
	leastScore   = 0.2
	leastOfBest  = 0.40

	adminWeight   = 0.15 // of a character that says province, city or district
	numberWeight  = 2.5  // of a number that tells houses apart; a character is 1
	lightWeight   = 0.4  // of one that may be a unit or a room
	partWeight    = 0.8
	enoughText    = 0.75 // of the question's text; what less of is explained is something else
	conflict      = 0.60 // the place has another number
	apart         = 0.94 // the number stands by another name
	sizeBase      = 0.95 // of a name that initials fit and one place bears, against 100 places
	nameless      = 0.60 // a number alone, of a place that has a name
	wholeName     = 0.70 // what is left of a score where nothing of the rest of the name was asked for
	begunInitials = 0.65 // of a name that initials begin, whatever its length; in full they explain 0.72
	otherName     = 0.995
	addressOnly   = 0.97 // of a shop that only its address fits
	streetOnly    = 0.80 // of a place of which only the street is known
	nearBonus     = 0.05 // where two texts fit alike, right beside the point against far away
	nearHalfM     = 500.0
)

// fits is how well a number of one kind answers a question for another: 0 for not at all.
func fits(asked, known kind) float32 {
	if asked == known {
		return 1
	}
	if asked == anything || known == anything {
		return 0.98
	}
	a, b := min(asked, known), max(asked, known)
	switch {
	case a == door && (b == yard || b == house), a == house && b == storey:
		return 0.93
	case a == door && b == storey, a == yard && b == house, a == lane && b == yard:
		return 0.8
	case a == lane && b == door:
		return 0.75
	case a == lane && b == house, a == house && b == part:
		return 0.5
	}
	return 0
}

// values is how well two numbers agree.
func values(asked, known number) float32 {
	fit := float32(0)
	switch {
	case asked.lo == known.lo && asked.hi == known.hi:
		fit = 1
	case asked.lo >= known.lo && asked.hi <= known.hi:
		fit = 0.98
	case asked.hi > asked.lo && asked.lo <= known.lo && asked.hi >= known.hi:
		fit = 0.9
	default:
		return 0
	}
	if asked.mark != known.mark {
		fit *= 0.5
	}
	return fit
}

// question is a query taken apart.
type question struct {
	parsed
	weight    []float32 // of each symbol
	text      float32   // of all symbols
	heavy     []float32 // of each number; 0 for units and rooms
	explained []float32 // of each symbol, by the place that is weighed
	near      *grid.Point
	aligned   []aligned
	alignedOf []int32 // by term: its place in aligned, from 1
}

// together is a text whose characters all stand apart, 听 雨 路 6 6 号, without its spaces.
func together(text string) string {
	words := strings.Fields(text)
	for _, w := range words {
		if utf8.RuneCountInString(w) > 1 {
			return text
		}
	}
	if len(words) < 4 {
		return text
	}
	return strings.Join(words, "")
}

func ask(q Query) *question {
	s := asDigits(fold(together(q.Text)))
	p := question{parsed: parse(s[:min(len(s), maxFolded)], true), near: q.Near}
	p.roles()
	runes := make([]rune, len(p.syms))
	for i, s := range p.syms {
		runes[i] = s.r
	}
	admin := adminEnd(runes)
	if rest := strings.ReplaceAll(string(runes[admin:]), "\x00", ""); len(p.numbers) == 0 && (len(rest) <= len("办") || strings.HasPrefix(rest, "办事")) {
		admin = 0 // 望舒街道办: the division itself
	}
	p.weight = make([]float32, len(p.syms))
	for i, s := range p.syms {
		p.weight[i] = s.weight()
		if i < admin {
			p.weight[i] *= adminWeight
		}
		p.text += p.weight[i]
	}
	return &p
}

// roles says what each number is for: after a house come the unit and the room, whatever they are called.
func (p *question) roles() {
	p.heavy = make([]float32, len(p.numbers))
	housed, first := false, true
	for i := range p.numbers {
		n := &p.numbers[i]
		if n.kind == anything && housed {
			n.kind = room
			if i+1 < len(p.numbers) && (p.numbers[i+1].kind == anything || p.numbers[i+1].kind == unit || p.numbers[i+1].kind == room) {
				n.kind = unit
			}
		}
		switch n.kind {
		case unit, room:
			housed = true
			continue
		case house:
			housed = true
			p.heavy[i] = numberWeight
		case lane, door, yard:
			p.heavy[i] = numberWeight
		case part:
			p.heavy[i] = partWeight
			continue
		default:
			p.heavy[i] = lightWeight
			if first {
				p.heavy[i] = numberWeight
			}
		}
		first = false
	}
}

// found is a document with what speaks for it.
type found struct {
	doc     int32
	score   float64
	key     float64 // what it is listed by
	metres  float64
	at      *grid.Point
	leftAny []number // numbers without a kind that it does not have
}

// Search lists what q.Text may mean, the likeliest first.
func (x *Index) Search(q Query) []Match {
	p := ask(q)
	p.alignedOf, p.explained = make([]int32, len(x.terms)), make([]float32, len(p.syms))
	x.balance(p)
	x.align(p)
	var list []found
	best := 0.0
	for _, d := range x.candidates(p) {
		f := x.weigh(p, d)
		if f.score >= leastScore {
			list, best = append(list, f), max(best, f.score)
		}
	}
	list = slices.DeleteFunc(list, func(f found) bool { return f.score < best*leastOfBest })
	slices.SortFunc(list, func(a, b found) int {
		da, db := &x.docs[a.doc], &x.docs[b.doc]
		return cmp.Or(cmp.Compare(b.key, a.key), cmp.Compare(da.kind, db.kind), cmp.Compare(x.own(da), x.own(db)),
			cmp.Compare(len(da.name), len(db.name)), cmp.Compare(da.name, db.name), cmp.Compare(a.doc, b.doc))
	})
	list = list[:min(len(list), q.First)]
	out := make([]Match, len(list))
	for i, f := range list {
		out[i] = x.match(p, f)
	}
	return out
}

// balance weighs what many names have in common less than what tells them apart: 路, 大厦, rue de la. All together stay as they
// were, so that names and numbers are weighed as before.
func (x *Index) balance(p *question) {
	sum := float32(0)
	for i := 0; i < len(p.syms); {
		end := p.wordAt(i)
		share := x.rarity(p.syms[i:end])
		for ; i < end; i++ {
			p.weight[i] *= share
			sum += p.weight[i]
		}
	}
	if sum > 0 {
		for i := range p.weight {
			p.weight[i] *= p.text / sum
		}
	}
}

// What a character or word weighs by the share of names that have it: 1 up to rareShare, commonWeight from commonShare on.
const (
	rareShare    = 0.02
	commonShare  = 0.2
	commonWeight = 0.5
	knownNowhere = 0.8 // rather mistyped
)

func (x *Index) rarity(word []sym) float32 {
	n := x.common[wordHash(word)]
	share := float64(n) / float64(len(x.terms))
	switch {
	case n == 0 && len(word) == 1:
		return knownNowhere
	case share <= rareShare:
		return 1
	}
	return float32(1 - (1-commonWeight)*min(math.Log(share/rareShare)/math.Log(commonShare/rareShare), 1))
}

func (x *Index) match(p *question, f found) Match {
	d := &x.docs[f.doc]
	m := Match{Kind: d.kind, Label: d.name, Building: d.building, Estate: d.estate, DivisionID: d.division, Grid: d.grid,
		Location: f.at, Score: math.Round(f.score*1e4) / 1e4}
	if d.kind == Building {
		m.Label += inside(p, f.leftAny)
	}
	if p.near != nil && f.at != nil {
		metres := f.metres
		m.DistanceM = &metres
		for i, g := range d.pieces {
			if &d.at[i] == f.at {
				m.Grid = g
			}
		}
	}
	return m
}

// inside is the unit and the room that were asked for, as a label says them, in whatever order they were.
func inside(p *question, left []number) string {
	said := map[kind][]string{}
	say := func(k kind, n number) {
		if n.lo < letterValue {
			said[k] = append(said[k], fmt.Sprintf("%d%s", n.lo, strings.ToUpper(n.mark)))
		} else {
			said[k] = append(said[k], string(rune(n.lo-letterValue-'a'+'A')))
		}
	}
	for i, n := range left {
		if i == len(left)-1 && (len(left) > 1 || n.lo >= 100) {
			say(room, n)
		} else {
			say(unit, n)
		}
	}
	for _, n := range p.numbers {
		if n.kind == unit || n.kind == room {
			say(n.kind, n)
		}
	}
	out := ""
	if s := said[unit]; len(s) > 0 {
		out = strings.Join(s, "-") + "单元"
	}
	if s := said[room]; len(s) > 0 {
		out += strings.Join(s, "-") + "室"
	}
	if out != "" {
		out = " " + out
	}
	return out
}

// own is the number that tells a document from its neighbours.
func (x *Index) own(d *doc) int32 {
	g := x.desigs[d.from]
	if g.numTo == g.numFrom {
		return 0
	}
	return int32(min(x.nums[g.numTo-1].lo, math.MaxInt32))
}

// align finds the terms that the query's text may mean.
func (x *Index) align(p *question) {
	chosen := x.candidateTerms(p)
	a := newAligner(p.syms, p.breaks)
	for _, t := range chosen {
		l := a.over(t, &x.terms[t])
		if l.cover >= leastAligned || l.score >= leastAligned*p.text {
			if l.initials {
				l.lead *= x.size(t)
			}
			p.aligned = append(p.aligned, l)
		}
	}
	p.aligned = x.meant(p.aligned)
	slices.SortFunc(p.aligned, func(a, b aligned) int {
		return cmp.Or(cmp.Compare(b.worth(), a.worth()), cmp.Compare(a.term, b.term))
	})
	p.aligned = p.aligned[:min(len(p.aligned), maxAligned)]
	for i, l := range p.aligned {
		p.alignedOf[l.term] = int32(i + 1)
	}
}

// size is more for a name of many places: of those that begin alike the largest estate is most likely meant.
func (x *Index) size(t int32) float32 {
	from, _ := slices.BinarySearch(x.members, uint64(t)<<32)
	to, _ := slices.BinarySearch(x.members, uint64(t+1)<<32)
	return float32(sizeBase + (1-sizeBase)*min(math.Log10(float64(1+to-from))/2, 1))
}

// worth is by what the terms are chosen whose places are weighed.
func (l aligned) worth() float32 { return l.score * (0.5 + l.cover) * l.lead * l.lead }

// meant adds to the names of streets what other names of theirs fit better.
func (x *Index) meant(list []aligned) []aligned {
	for _, l := range list[:len(list):len(list)] {
		for _, t := range x.means[l.term] {
			l.term = t
			if i := slices.IndexFunc(list, func(o aligned) bool { return o.term == t }); i < 0 {
				list = append(list, l)
			} else if list[i].worth() < l.worth() {
				list[i] = l
			}
		}
	}
	return list
}

// candidateTerms are the terms that stand in the query as they are, and those that share the most grams with it.
func (x *Index) candidateTerms(p *question) []int32 {
	var out []int32
	chosen := map[int32]bool{}
	choose := func(t int32) {
		if !chosen[t] {
			chosen[t] = true
			out = append(out, t)
		}
	}
	runes := make([]rune, len(p.syms))
	for i, s := range p.syms {
		runes[i] = s.r
	}
	for i := range runes {
		if runes[i] == 0 || i > 0 && isLetter(runes[i]) && isLetter(runes[i-1]) && !slices.Contains(p.breaks, i) {
			continue
		}
		h := uint64(0)
		for _, r := range runes[i:min(len(runes), i+maxTermSyms)] {
			if r == 0 {
				break
			}
			h = roll(h, r)
			if t, ok := x.byHash[h]; ok { // another of the same hash is only laid over the query for nothing
				choose(t)
			}
		}
	}

	type posting struct{ from, to int32 }
	var postings []posting
	grams := gramsOf(p.syms, nil, true)
	for _, g := range grams {
		if i, ok := slices.BinarySearch(x.grams, g); ok {
			postings = append(postings, posting{x.gramFrom[i], x.gramFrom[i+1]})
		}
	}
	slices.SortFunc(postings, func(a, b posting) int { return cmp.Compare(a.to-a.from, b.to-b.from) })
	counts := make([]uint16, len(x.terms))
	var touched []int32
	total := int32(0)
	for i, l := range postings {
		if total += l.to - l.from; i >= leastGrams && total > maxTouched {
			break
		}
		for _, t := range x.gramTerm[l.from:l.to] {
			if counts[t] == 0 {
				touched = append(touched, t)
			}
			counts[t]++
		}
	}
	// The best by rank, without sorting all.
	const ranks = 1024
	rank := func(t int32) int {
		share := float64(counts[t]) / (float64(min(int(x.terms[t].grams), len(grams))) + 1.5)
		return min(int(share*900+float64(counts[t])), ranks-1)
	}
	var histogram [ranks]int
	for _, t := range touched {
		histogram[rank(t)]++
	}
	least, n := ranks-1, histogram[ranks-1]
	for least > 0 && n+histogram[least-1] <= maxCandidate {
		least--
		n += histogram[least]
	}
	spare := maxCandidate - n // of the rank below
	for _, t := range touched {
		if r := rank(t); r >= least {
			choose(t)
		} else if r == least-1 && spare > 0 {
			spare--
			choose(t)
		}
	}
	return out
}

// candidates are the documents to weigh.
func (x *Index) candidates(p *question) []int32 {
	seen := map[int32]bool{}
	var out []int32
	put := func(d int32) {
		if !seen[d] && len(out) < maxDocs {
			seen[d] = true
			out = append(out, d)
		}
	}
	numbered := slices.ContainsFunc(p.heavy, func(w float32) bool { return w > 0 })
	if numbered {
		for _, l := range p.aligned {
			x.byNumber(p, l.term, put)
		}
	}
	for _, l := range p.aligned {
		x.some(p, x.heads, l.term, maxHeads, put)
	}
	for i, l := range p.aligned {
		switch {
		case !numbered && i < 12:
			x.some(p, x.members, l.term, maxMembers, put)
		case i < 12:
			x.some(p, x.members, l.term, fewMembers, put)
		}
	}
	if numbered && (p.text == 0 || len(out) == 0) {
		x.byNumber(p, -1, put)
	}
	return out
}

func (x *Index) byNumber(p *question, t int32, put func(int32)) {
	for i, n := range p.numbers {
		if p.heavy[i] == 0 {
			continue
		}
		for v := n.lo; v <= min(n.hi, n.lo+maxRange); v++ {
			from, _ := slices.BinarySearchFunc(x.byNum, numRef{t, int32(v), 0}, compareNum)
			for k := from; k < len(x.byNum) && k < from+maxNumbered && x.byNum[k].term == t && x.byNum[k].n == int32(v); k++ {
				put(x.byNum[k].doc)
			}
		}
	}
}

// some puts up to most documents of a term: those nearest to the point, where there is one.
func (x *Index) some(p *question, refs []uint64, t int32, most int, put func(int32)) {
	from, _ := slices.BinarySearch(refs, uint64(t)<<32)
	to, _ := slices.BinarySearch(refs, uint64(t+1)<<32)
	list := refs[from:to]
	if p.near == nil || len(list) <= most {
		for _, r := range list[:min(len(list), most)] {
			put(int32(uint32(r)))
		}
		return
	}
	type near struct {
		doc    int32
		metres float64
	}
	all := make([]near, 0, len(list))
	for _, r := range list {
		d := int32(uint32(r))
		metres, _ := x.distance(*p.near, &x.docs[d])
		all = append(all, near{d, metres})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].metres < all[j].metres })
	for _, n := range all[:most] {
		put(n.doc)
	}
}

// distance is metres from a point to a document, and where it is; +Inf where that is unknown.
func (x *Index) distance(from grid.Point, d *doc) (float64, *grid.Point) {
	best, at := math.Inf(1), (*grid.Point)(nil)
	for i := range d.at {
		if m := distanceM(from, d.at[i]); m < best {
			best, at = m, &d.at[i]
		}
	}
	return best, at
}

// weigh says how well a document answers a question. The score is the share of the question that it explains, less for what
// it is besides: an estate is what a question for its name means, a building of it is more than that.
func (x *Index) weigh(p *question, id int32) found {
	d := &x.docs[id]
	f := found{doc: id}
	explained := p.explained[:len(p.syms)]
	lay := func(t int32, least float32) {
		if i := p.alignedOf[t]; i > 0 && p.aligned[i-1].cover >= least {
			for j, q := range p.aligned[i-1].quality {
				explained[j] = max(explained[j], q)
			}
		}
	}
	// What is explained by the designations together, but by one other name at a time.
	explain := func(other *designation) (text float32) {
		clear(explained)
		for i := range x.desigs[d.from:d.to] {
			g := &x.desigs[int(d.from)+i]
			if g == other || !g.other && (other == nil || g.address) {
				for _, t := range x.parts[g.termFrom:g.termTo] {
					lay(t, 0)
				}
			}
		}
		if d.home >= 0 {
			lay(d.home, leastContext)
		}
		if d.context != nil {
			for _, t := range d.context.terms {
				lay(t, leastContext)
			}
		}
		for j, q := range explained {
			text += q * p.weight[j]
		}
		return text
	}
	own := explain(nil)
	for i := range x.desigs[d.from:d.to] {
		g := &x.desigs[int(d.from)+i]
		text := own
		if g.other {
			text = explain(g)
		}
		score, left := x.designated(p, g, text)
		switch {
		case g.other:
			score *= otherName
		case g.address && d.kind != Estate && g.numFrom == g.numTo:
			score *= streetOnly
		case g.address && d.kind == Entity:
			score *= addressOnly
		}
		if score > f.score {
			f.score, f.leftAny = score, left
		}
	}
	f.key = f.score
	switch {
	case p.near != nil:
		f.metres, f.at = x.distance(*p.near, d)
		f.key += nearBonus / (1 + f.metres/nearHalfM)
	case len(d.at) > 0:
		f.at = &d.at[len(d.at)/2]
	}
	return f
}

// designated is the score by one designation, and the numbers without a kind that it does not have.
func (x *Index) designated(p *question, g *designation, text float32) (float64, []number) {
	terms, nums := x.parts[g.termFrom:g.termTo], x.nums[g.numFrom:g.numTo]
	asked, given := p.text, text       // of the question: all, and what is explained
	whole, there := 0.0, 0.0           // of the designation: all, and what is asked for
	factor, touched := 1.0, float32(0) // touched: how well some of its own name is in the question
	lead := float32(1)
	var used uint64 // numbers of the designation
	var left []number
	for _, t := range terms {
		w := float64(x.terms[t].weight)
		whole += w
		if i := p.alignedOf[t]; i > 0 {
			l := &p.aligned[i-1]
			cover := l.cover
			if l.initials && l.begun {
				cover = max(cover, begunInitials)
			}
			there += w * float64(cover)
			if l.score > touched {
				touched, lead = l.score, l.lead
			}
		}
	}
	if len(terms) > 0 && touched == 0 {
		if p.text > 0 {
			return 0, nil
		}
		factor = nameless
	}
	for i, n := range p.numbers {
		weight := p.heavy[i]
		if weight == 0 {
			continue
		}
		best, at := float32(0), -1
		for k := range nums[:min(len(nums), 64)] {
			fit := fits(n.kind, nums[k].kind) * values(n, nums[k].number)
			if fit > 0 && used&(1<<k) != 0 && nums[k].lo == nums[k].hi {
				continue // one number answers once, but a range holds several
			}
			if fit > 0 && !x.beside(p, n, nums[k]) {
				fit *= apart
			}
			if fit > best {
				best, at = fit, k
			}
		}
		if at >= 0 {
			used |= 1 << at
			w := max(weight, numberWeight)
			if weight == partWeight {
				w = partWeight
			}
			asked, given = asked+w, given+w*best
			continue
		}
		asked += weight
		if weight == lightWeight && n.kind == anything {
			left = append(left, n)
		}
		for k := range nums[:min(len(nums), 64)] {
			if weight == numberWeight && used&(1<<k) == 0 && fits(n.kind, nums[k].kind) >= 0.75 {
				factor = conflict
			}
		}
	}
	for k := range nums {
		whole += numberWeight
		if k < 64 && used&(1<<k) != 0 {
			there += numberWeight
		}
	}
	if asked == 0 || whole == 0 {
		return 0, nil
	}
	if p.text > 0 {
		factor *= 0.5 + 0.5*min(float64(text/p.text)/enoughText, 1)
	}
	factor *= float64(lead)
	return min(float64(given/asked), 1) * (wholeName + (1-wholeName)*min(there/whole, 1)) * factor, left
}

// beside reports whether a number of the question stands by the name that it belongs to in a designation.
func (x *Index) beside(p *question, asked number, known docNum) bool {
	if known.term < 0 {
		return true
	}
	i := p.alignedOf[known.term]
	if i == 0 {
		return true // the name was not asked for
	}
	l := &p.aligned[i-1]
	between := func(from, to int) bool { // nothing but numbers
		for j := max(from, 0); j < min(to, len(p.syms)); j++ {
			if p.syms[j].r != 0 {
				return false
			}
		}
		return true
	}
	return asked.at > l.end && between(l.end+1, asked.at) || asked.at < l.start && between(asked.at+1, l.start)
}

package search

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/grid"
	"wangge/domain/key"
)

// Index is everything that can be found, made once from the data. It is not changed afterwards.
//
// Names are kept once each, as terms; a document is a place with its designations, each a few terms and numbers. Two tables
// lead from a term to documents: by a number, and those whose designation it is alone. A third leads from three letters in a
// row, as they are spoken, to terms: so homophones, pinyin and what is mistyped find a term as well as its own characters.
type Index struct {
	change int64
	terms  []term
	byHash map[uint64]int32 // terms by rolling hash of their symbols
	docs   []doc
	desigs []designation
	parts  []int32  // terms of designations
	nums   []docNum // numbers of designations

	heads   []uint64 // term<<32 | document, sorted: a designation is the term alone
	members []uint64 // term<<32 | document, sorted: all others
	byNum   []numRef // sorted

	grams    []uint32 // distinct, sorted
	gramFrom []int32  // where the terms of each begin in gramTerm; one more than grams
	gramTerm []int32

	means  map[int32][]int32 // what another name of streets stands for
	common map[uint64]int32  // in how many terms each character or word is

	divisions map[uuid.UUID]*chain
}

type term struct {
	syms   []sym
	weight float32
	grams  int32
}

type doc struct {
	kind     Kind
	key      key.Key
	name     string // the label
	building *key.Key
	estate   *key.Key
	grid     *key.Key
	division *uuid.UUID
	context  *chain
	home     int32 // the term of its estate; -1
	at       []grid.Point
	pieces   []*key.Key // the grid of each point of a street
	from, to int32      // its designations
}

// chain is the divisions that a document lies in.
type chain struct {
	terms []int32 // from the smallest up
}

type designation struct {
	termFrom, termTo, numFrom, numTo int32
	address                          bool // an address only: what has the name comes first
	other                            bool // another name
}

type docNum struct {
	number
	term int32 // the term it belongs to; -1
}

type numRef struct {
	term int32 // -1: a number without a name
	n    int32
	doc  int32
}

// Len is how many places can be found.
func (x *Index) Len() int { return len(x.docs) }

const maxTermSyms = 48 // longer names are compared by their beginning

// NewIndex makes an index.
func NewIndex(data Data) *Index {
	b := &builder{Index: Index{change: data.Change, byHash: map[uint64]int32{}, means: map[int32][]int32{}, common: map[uint64]int32{}, divisions: map[uuid.UUID]*chain{}}, known: map[string]bool{}, byText: map[string]int32{}, middle: map[uuid.UUID][]grid.Point{}}
	b.divide(data)
	b.build(data)
	b.link()
	return &b.Index
}

type builder struct {
	Index
	known   map[string]bool // names of divisions, folded: what an address may begin with
	byText  map[string]int32
	middle  map[uuid.UUID][]grid.Point
	longest int // of them, characters
}

func (b *builder) term(syms []sym) int32 {
	syms = syms[:min(len(syms), maxTermSyms)]
	runes := make([]rune, len(syms))
	for i, s := range syms {
		runes[i] = s.r
	}
	text := string(runes)
	if t, ok := b.byText[text]; ok {
		return t
	}
	t := int32(len(b.terms))
	w := float32(0)
	for _, s := range syms {
		w += s.weight()
	}
	b.terms = append(b.terms, term{syms: slices.Clone(syms), weight: w})
	b.byText[text] = t
	h := uint64(0)
	for _, r := range runes {
		h = roll(h, r)
	}
	b.byHash[h] = t
	return t
}

// split are the terms and numbers of a text; a number belongs to the term before it, the first to the one after it.
func (b *builder) split(text string, address bool) (terms []int32, nums []docNum) {
	s := fold(text)
	if address {
		s = b.withoutAdmin(s)
	}
	p := parse(s, false)
	from := 0
	for i := 0; i <= len(p.syms); i++ {
		if i < len(p.syms) && p.syms[i].r != 0 {
			continue
		}
		if i > from {
			known := len(b.terms)
			t := b.term(p.syms[from:i])
			if len(b.terms) > known {
				b.count(p, from, i)
			}
			terms = append(terms, t)
			for j := range nums {
				if nums[j].term < 0 {
					nums[j].term = t
				}
			}
		}
		if i < len(p.syms) {
			n := docNum{number: p.numbers[len(nums)], term: -1}
			if len(terms) > 0 {
				n.term = terms[len(terms)-1]
			}
			nums = append(nums, n)
		}
		from = i + 1
	}
	return terms, nums
}

// count notes the words of a new term, each once.
func (b *builder) count(p parsed, from, to int) {
	var words []uint64
	for from < to {
		end := min(p.wordAt(from), to)
		if h := wordHash(p.syms[from:end]); !slices.Contains(words, h) {
			words = append(words, h)
			b.common[h]++
		}
		from = end
	}
}

// administrative is what an address may begin with that names no place in the town: province, city, district, street office.
var administrative = regexp.MustCompile(`^(\p{Han}{2,6}?(省|自治区|特别行政区))?(\p{Han}{2,6}?市)?(\p{Han}{2,5}?[区县旗])?(\p{Han}{2,6}?(街道|镇|乡))?`)

// adminEnd is how much of s is administrative. 小区 and 市场 are not.
func adminEnd(s []rune) int {
	text := string(s)
	end := len([]rune(administrative.FindString(text)))
	for _, no := range []string{"小区", "社区", "校区", "园区", "地区", "厂区", "街区", "城区", "库区", "营区"} {
		if i := strings.Index(text, no); i >= 0 && len([]rune(text[:i]))+2 == end {
			return 0
		}
	}
	if end < len(s) && end > 0 && strings.ContainsRune("场民政路街道大中立第", s[end]) && (s[end-1] == '市' || s[end-1] == '县' || s[end-1] == '镇') {
		return 0
	}
	return end
}

func (b *builder) withoutAdmin(s []rune) []rune {
	if end := adminEnd(s); end > 0 && end+1 < len(s) {
		s = s[end:]
	}
	for n := min(b.longest, len(s)-2); n >= 2; n-- {
		if b.known[string(s[:n])] {
			s = s[n:]
			n = min(b.longest, len(s)-2) + 1
		}
	}
	return s
}

// divide reads the divisions.
func (b *builder) divide(data Data) {
	rows := make(map[uuid.UUID]DivisionRow, len(data.Divisions))
	for _, d := range data.Divisions {
		rows[d.ID] = d
	}
	for _, d := range data.Divisions {
		c := &chain{}
		for at, depth := d, 0; depth < 8; depth++ {
			if terms, _ := b.split(at.Name, false); len(terms) > 0 {
				c.terms = append(c.terms, terms...)
			}
			if at.ParentID == nil {
				break
			}
			parent, ok := rows[*at.ParentID]
			if !ok {
				break
			}
			at = parent
		}
		b.divisions[d.ID] = c
		name := fold(d.Name)
		b.known[string(name)], b.longest = true, max(b.longest, len(name))
	}
	b.middles(data, rows)
	for _, d := range data.Divisions {
		id := d.ID
		at := b.middle[id]
		b.add(doc{kind: Division, name: d.Name, division: &id, context: b.divisions[d.ID], home: -1, at: at}, b.designate(d.Name, false))
	}
}

// middles says where each division is: on its own area, else amid the grids and buildings in it.
func (b *builder) middles(data Data, rows map[uuid.UUID]DivisionRow) {
	type sum struct{ lng, lat, n float64 }
	sums := map[uuid.UUID]sum{}
	add := func(id uuid.UUID, p grid.Point) {
		for range 8 {
			s := sums[id]
			sums[id] = sum{s.lng + p.Lng, s.lat + p.Lat, s.n + 1}
			if rows[id].ParentID == nil {
				return
			}
			id = *rows[id].ParentID
		}
	}
	for _, g := range data.Grids {
		add(g.CommunityID, g.At)
	}
	for _, r := range data.Buildings {
		if r.CommunityID != nil {
			add(*r.CommunityID, r.At)
		}
	}
	for id, d := range rows {
		if s := sums[id]; d.At != nil {
			b.middle[id] = []grid.Point{*d.At}
		} else if s.n > 0 {
			b.middle[id] = []grid.Point{{Lng: s.lng / s.n, Lat: s.lat / s.n}}
		}
	}
}

// named are the terms and numbers that a place goes by.
type named struct {
	terms   []int32
	nums    []docNum
	address bool
	other   bool // another name
}

func (b *builder) designate(text string, address bool) named {
	terms, nums := b.split(text, address)
	return named{terms: terms, nums: nums, address: address}
}

// called are a place's other names, those that it is given and those that stand together in one.
func (b *builder) called(name string, aliases []string) []named {
	out := b.otherwise(name)
	for _, a := range aliases {
		for _, n := range append(b.otherwise(a), b.designate(a, false)) {
			n.other = true
			out = append(out, n)
		}
	}
	return out
}

// simple is the one term that n is, if it is no more.
func (n named) simple() (int32, bool) {
	if len(n.terms) == 1 && len(n.nums) == 0 {
		return n.terms[0], true
	}
	return 0, false
}

// otherwise are the names that stand together in one: 明理楼（法学院）, Stock Exchange / 证券交易所.
func (b *builder) otherwise(text string) []named {
	parts := strings.FieldsFunc(strings.ReplaceAll(text, " - ", "/"), func(r rune) bool { return strings.ContainsRune("()（）[]【】/|｜、;；", r) })
	if len(parts) < 2 || len(parts) > 4 {
		return nil
	}
	var out []named
	for _, p := range parts {
		if n := b.designate(p, false); len(n.terms) > 0 && len(b.terms[n.terms[0]].syms) > 1 {
			out = append(out, n)
		}
	}
	return out
}

func (n named) empty() bool { return len(n.terms)+len(n.nums) == 0 }

func (n named) joined(other named) named {
	return named{terms: slices.Concat(n.terms, other.terms), nums: slices.Concat(n.nums, other.nums), address: n.address && other.address}
}

// add keeps a place. One of unknown location is where its division is; one that is nowhere at all cannot be answered.
func (b *builder) add(d doc, names ...named) {
	if len(d.at) == 0 && d.division != nil {
		d.at = b.middle[*d.division]
	}
	if len(d.at) == 0 {
		return
	}
	d.from = int32(len(b.desigs))
	for i, n := range names {
		if n.empty() || slices.ContainsFunc(names[:i], func(o named) bool { return slices.Equal(o.terms, n.terms) && slices.Equal(o.nums, n.nums) }) {
			continue
		}
		g := designation{termFrom: int32(len(b.parts)), numFrom: int32(len(b.nums)), address: n.address, other: n.other}
		b.parts, b.nums = append(b.parts, n.terms...), append(b.nums, n.nums...)
		g.termTo, g.numTo = int32(len(b.parts)), int32(len(b.nums))
		b.desigs = append(b.desigs, g)
	}
	d.to = int32(len(b.desigs))
	if d.to > d.from {
		b.docs = append(b.docs, d)
	}
}

type estateParts struct {
	name      named
	at        grid.Point
	n         int
	grid      *key.Key
	grids     bool // in more than one
	community *uuid.UUID
	gates     map[gate]int // addresses that its buildings share
}

// gate is how an estate's buildings' addresses begin: 厂前路1号.
type gate struct {
	term int32
	num  number
}

type streetKey struct{ home, name string }

// areaKey is an area in one grid; the zero id: in none.
type areaKey struct {
	home, name string
	grid       uuid.UUID
}

// sameM is how far an estate's middle may be from an area of its name that is the same place.
const sameM = 1000.0

func (b *builder) build(data Data) {
	estates := make(map[uuid.UUID]*estateParts, len(data.Estates))
	for _, e := range data.Estates {
		estates[e.Key.ID] = &estateParts{name: b.designate(e.Name, false), community: e.CommunityID, gates: map[gate]int{}}
	}
	streets := map[streetKey][]grid.Point{}
	pieces := map[streetKey][]*key.Key{}
	shown := map[streetKey]string{}
	others := map[streetKey][]string{}
	isStreet := map[int32]bool{}
	for _, s := range data.Streets {
		k := streetKey{s.Home, string(fold(s.Name))}
		if strings.TrimSpace(k.name) == "" {
			continue
		}
		streets[k] = append(streets[k], s.At)
		var g *key.Key
		if s.GridID != nil {
			g = &key.Key{Home: s.Home, ID: *s.GridID}
		}
		pieces[k] = append(pieces[k], g)
		shown[k] = s.Name
		if t, ok := b.designate(s.Name, false).simple(); ok {
			isStreet[t] = true
		}
		for _, a := range s.Aliases {
			if !slices.Contains(others[k], a) {
				others[k] = append(others[k], a)
			}
		}
	}
	isEstate := map[int32]bool{}
	for _, e := range estates {
		if t, ok := e.name.simple(); ok {
			isEstate[t] = true
		}
	}
	addressed := map[int32][]grid.Point{} // streets that only addresses know
	grids := map[uuid.UUID]*key.Key{}     // of buildings
	for _, r := range data.Buildings {
		name, address := b.designate(r.Name, false), b.designate(r.Address, true)
		d := doc{kind: Building, key: r.Key, building: &r.Key, division: r.CommunityID, home: -1, at: []grid.Point{r.At}}
		if r.GridID != nil {
			if d.grid = grids[*r.GridID]; d.grid == nil {
				d.grid = &key.Key{Home: r.Key.Home, ID: *r.GridID}
				grids[*r.GridID] = d.grid
			}
		}
		var e *estateParts
		if r.EstateID != nil {
			e = estates[*r.EstateID]
		}
		names := []named{name, address, address.joined(name)}
		d.name = label(r.Name, r.Address)
		if d.name == "" && len(r.Aliases) > 0 {
			d.name = r.Aliases[0]
		}
		if e != nil {
			d.estate = &key.Key{Home: r.Key.Home, ID: *r.EstateID}
			if d.division == nil {
				d.division = e.community
			}
			if len(e.name.terms) > 0 {
				d.home = e.name.terms[0]
				if !slices.Contains(name.terms, d.home) {
					names = append([]named{e.name.joined(name)}, names[1:]...)
				}
			}
			e.n++
			e.at.Lng += r.At.Lng
			e.at.Lat += r.At.Lat
			if r.GridID == nil || e.grid != nil && e.grid.ID != *r.GridID {
				e.grids = true
			} else {
				e.grid = d.grid
			}
			if len(address.terms) > 1 && len(address.nums) > 1 {
				e.gates[gate{address.terms[0], address.nums[0].number}]++
			}
		} else if len(name.terms) == 0 && !address.empty() {
			names = names[1:] // "2号楼" alone says nothing
		}
		if d.division != nil {
			d.context = b.divisions[*d.division]
		}
		b.add(d, append(names, b.called(r.Name, r.Aliases)...)...)
		if len(address.terms) > 0 && len(address.nums) > 0 && address.nums[0].term == address.terms[0] {
			if t := address.terms[0]; !isStreet[t] && !isEstate[t] {
				addressed[t] = append(addressed[t], r.At)
			}
		}
	}
	for _, r := range data.Estates {
		e := estates[r.Key.ID]
		k := r.Key
		d := doc{kind: Estate, key: k, name: r.Name, estate: &k, division: r.CommunityID, home: -1}
		if e.n > 0 {
			d.at = []grid.Point{{Lng: e.at.Lng / float64(e.n), Lat: e.at.Lat / float64(e.n)}}
			if !e.grids {
				d.grid = e.grid
			}
		}
		if d.division != nil {
			d.context = b.divisions[*d.division]
		}
		names := []named{e.name}
		for g, n := range e.gates {
			if 2*n > e.n { // at most one
				at := named{terms: []int32{g.term}, nums: []docNum{{number: g.num, term: g.term}}}
				names = append(names, at, at.joined(e.name))
			}
		}
		b.add(d, names...)
	}
	b.areas(data, estates)
	for _, k := range sortedStreets(streets) {
		names := []named{b.designate(shown[k], false)}
		for _, n := range b.called(shown[k], others[k]) {
			t, single := names[0].simple()
			if other, ok := n.simple(); ok && single && other != t {
				if !slices.Contains(b.means[other], t) {
					b.means[other] = append(b.means[other], t)
				}
			} else {
				names = append(names, n)
			}
		}
		b.add(doc{kind: Street, key: key.Key{Home: k.home}, name: shown[k], home: -1, at: streets[k], pieces: pieces[k]}, names...)
	}
	for _, t := range slices.Sorted(maps.Keys(addressed)) {
		at := addressed[t]
		runes := make([]rune, 0, 8)
		for _, s := range b.terms[t].syms {
			runes = append(runes, s.r)
		}
		b.add(doc{kind: Street, name: string(runes), home: -1, at: at}, named{terms: []int32{t}})
	}
	for _, r := range data.Entities {
		d := doc{kind: Entity, key: r.Key, name: r.Name, building: r.Building, division: r.CommunityID, home: -1}
		if r.At != nil {
			d.at = []grid.Point{*r.At}
		}
		if d.division != nil {
			d.context = b.divisions[*d.division]
		}
		name, address := b.designate(r.Name, false), b.designate(r.Address, true)
		b.add(d, append([]named{name, address, address.joined(name)}, b.called(r.Name, r.Aliases)...)...)
	}
	for _, r := range data.Grids {
		k, c := r.Key, r.CommunityID
		b.add(doc{kind: Grid, key: k, name: r.Name, grid: &k, division: &c, context: b.divisions[c], home: -1, at: []grid.Point{r.At}}, b.designate(r.Name, false))
	}
}

// areas adds the areas that are not also estates, once for each grid that they lie in.
func (b *builder) areas(data Data, estates map[uuid.UUID]*estateParts) {
	middles := map[streetKey][]grid.Point{} // of estates
	for _, r := range data.Estates {
		if e := estates[r.Key.ID]; e.n > 0 {
			k := streetKey{r.Key.Home, string(fold(r.Name))}
			middles[k] = append(middles[k], grid.Point{Lng: e.at.Lng / float64(e.n), Lat: e.at.Lat / float64(e.n)})
		}
	}
	communities := make(map[uuid.UUID]uuid.UUID, len(data.Grids))
	for _, g := range data.Grids {
		communities[g.Key.ID] = g.CommunityID
	}
	at := map[areaKey]int{}
	var list []doc
	for _, r := range data.Areas {
		name := string(fold(r.Name))
		if slices.ContainsFunc(middles[streetKey{r.Home, name}], func(p grid.Point) bool { return distanceM(p, r.At) <= sameM }) {
			continue
		}
		k := areaKey{home: r.Home, name: name}
		if r.Grid != nil {
			k.grid = r.Grid.ID
		}
		i, known := at[k]
		if !known {
			i, at[k] = len(list), len(list)
			d := doc{kind: Area, key: key.Key{Home: r.Home}, name: r.Name, home: -1, grid: r.Grid}
			if r.Grid != nil {
				if c, ok := communities[r.Grid.ID]; ok {
					d.division, d.context = &c, b.divisions[c]
				}
			}
			list = append(list, d)
		}
		list[i].at = append(list[i].at, r.At)
	}
	for _, d := range list {
		b.add(d, append([]named{b.designate(d.name, false)}, b.called(d.name, nil)...)...)
	}
}

func sortedStreets(streets map[streetKey][]grid.Point) []streetKey {
	keys := make([]streetKey, 0, len(streets))
	for k := range streets {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y streetKey) int { return cmp.Or(cmp.Compare(x.home, y.home), cmp.Compare(x.name, y.name)) })
	return keys
}

// label is what a building is called: by its name, or by its address where it has none or one that says a number only.
func label(name, address string) string {
	name, address = strings.TrimSpace(name), strings.TrimSpace(address)
	switch {
	case name == "":
		return address
	case address != "" && !strings.Contains(address, name) && len(parse(fold(name), false).syms) == 1:
		return address + name
	}
	return name
}

// link makes the tables.
func (b *builder) link() {
	for i := range b.docs {
		d := &b.docs[i]
		for _, g := range b.desigs[d.from:d.to] {
			terms, nums := b.parts[g.termFrom:g.termTo], b.nums[g.numFrom:g.numTo]
			for _, t := range terms {
				ref := uint64(t)<<32 | uint64(i)
				if len(nums) == 0 {
					b.heads = append(b.heads, ref)
				} else {
					b.members = append(b.members, ref)
				}
			}
			if len(nums) > 0 {
				b.byNum = append(b.byNum, numRef{-1, int32(nums[len(nums)-1].lo), int32(i)})
			}
			for _, n := range nums {
				for v := n.lo; v <= min(n.hi, n.lo+maxRange); v++ {
					for _, t := range terms {
						b.byNum = append(b.byNum, numRef{t, int32(v), int32(i)})
					}
				}
			}
		}
	}
	slices.Sort(b.heads)
	slices.Sort(b.members)
	b.heads, b.members = slices.Clip(slices.Compact(b.heads)), slices.Clip(slices.Compact(b.members))
	slices.SortFunc(b.byNum, compareNum)
	b.byNum = slices.Clip(slices.Compact(b.byNum))

	var pairs []uint64
	var scratch []uint32
	for t := range b.terms {
		scratch = gramsOf(b.terms[t].syms, scratch[:0], false)
		b.terms[t].grams = int32(len(scratch))
		for _, g := range scratch {
			pairs = append(pairs, uint64(g)<<32|uint64(t))
		}
	}
	slices.Sort(pairs)
	b.gramTerm = make([]int32, len(pairs))
	for i, p := range pairs {
		b.gramTerm[i] = int32(uint32(p))
		if g := uint32(p >> 32); len(b.grams) == 0 || b.grams[len(b.grams)-1] != g {
			b.grams, b.gramFrom = append(b.grams, g), append(b.gramFrom, int32(i))
		}
	}
	b.gramFrom = append(b.gramFrom, int32(len(pairs)))
}

func compareNum(x, y numRef) int {
	return cmp.Or(cmp.Compare(x.term, y.term), cmp.Compare(x.n, y.n), cmp.Compare(x.doc, y.doc))
}

// What a gram is of.
const (
	ofSound    = iota << 24 // three letters in a row, as spoken
	ofInitials              // two first letters of syllables
	ofStart                 // the first letter of all
	ofSyllable              // a whole syllable
)

const maxVariants = 8 // of a name with characters of several readings

// gramsOf appends what a name is found by, each once. In a query letters may also be initials.
func gramsOf(syms []sym, out []uint32, query bool) []uint32 {
	primary := func(s sym) string {
		if len(s.readings) > 0 {
			return s.readings[0]
		}
		if s.r == 0 {
			return " "
		}
		return string(s.r)
	}
	sound := func(change int, reading string) {
		var letters []rune
		for i, s := range syms {
			if i == change {
				letters = append(letters, []rune(reading)...)
			} else {
				letters = append(letters, []rune(primary(s))...)
			}
		}
		for i := 0; i+2 < len(letters); i++ {
			if letters[i] != ' ' && letters[i+1] != ' ' && letters[i+2] != ' ' {
				out = append(out, ofSound|hash(letters[i], letters[i+1], letters[i+2]))
			}
		}
	}
	sound(-1, "")
	variants := 0
	for i, s := range syms {
		for _, r := range s.readings[min(1, len(s.readings)):] {
			if variants++; variants > maxVariants {
				break
			}
			sound(i, r)
		}
	}
	for i, s := range syms {
		if s.r == 0 {
			continue
		}
		if len(s.readings) == 0 { // a letter: of a word, or in a query an initial
			if i == 0 {
				out = append(out, ofStart|hash(s.r, 0, 0))
			}
			if query && i+1 < len(syms) && len(syms[i+1].readings) == 0 && syms[i+1].r != 0 {
				out = append(out, ofInitials|hash(s.r, syms[i+1].r, 0))
			}
			continue
		}
		for _, r := range s.readings {
			out = append(out, ofSyllable|hashText(r))
			if query {
				continue
			}
			if i == 0 {
				out = append(out, ofStart|hash(rune(r[0]), 0, 0))
			}
			if i+1 < len(syms) {
				for _, next := range syms[i+1].readings {
					out = append(out, ofInitials|hash(rune(r[0]), rune(next[0]), 0))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// roll adds a symbol to a hash of those before it.
func roll(h uint64, r rune) uint64 {
	h = (h ^ uint64(r)) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func hash(a, b, c rune) uint32 {
	h := uint32(a)*2654435761 ^ uint32(b)*2246822519 ^ uint32(c)*3266489917
	return (h ^ h>>15) & 0xffffff
}

func hashText(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return (h ^ h>>24) & 0xffffff
}

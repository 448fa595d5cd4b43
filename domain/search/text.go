package search

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// sym is one thing to compare: a Chinese character with its readings, or a letter. The zero sym is a wall: a number stood
// there, and no name reaches across it.
type sym struct {
	r        rune
	readings []string // toneless; nil for a letter
}

// A letter says less than a character: jixiechang is as long as 机械厂.
const letterWeight = 0.35

func (s sym) weight() float32 {
	switch {
	case s.r == 0:
		return 0
	case isLetter(s.r):
		return letterWeight
	}
	return 1
}

// traditional are traditional characters with their simplified forms, the likeliest first: TSCharacters.txt of OpenCC 1.1 (Apache-2.0). The
// packages that read it bring a module under the GPL along, under which this program is not.
//
//go:embed traditional.txt
var traditional string

// simplified maps each traditional character to its simplified form.
var simplified = sync.OnceValue(func() map[rune]rune {
	to := map[rune]rune{}
	for line := range strings.Lines(traditional) {
		from, forms, _ := strings.Cut(strings.TrimSpace(line), "\t")
		form, _, _ := strings.Cut(forms, " ")
		r, out := []rune(from), []rune(form)
		if len(r) == 1 && len(out) == 1 && r[0] != out[0] {
			to[r[0]] = out[0]
		}
	}
	return to
})

// Letters that decomposition does not take apart.
var ligatures = strings.NewReplacer("ß", "ss", "œ", "oe", "æ", "ae", "ø", "o", "ł", "l", "đ", "d", "ı", "i", "'", "", "’", "", "`", "",
	"n°", " ", "№", " ", "~", "-", "～", "-", "—", "-", "–", "-", "−", "-", "‐", "-", "‑", "-", "至", "至", "＃", "#", "&", " ")

// fold brings text into the form that is compared: one width, lower case, no accents, simplified characters.
func fold(text string) []rune {
	s := ligatures.Replace(strings.ToLower(text))
	s = ligatures.Replace(strings.ToLower(norm.NFKC.String(s)))
	out := make([]rune, 0, len(s))
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			out = append(out, r)
		}
	}
	out = []rune(lengthen(norm.NFC.String(string(out))))
	to := simplified()
	for i, r := range out {
		if s, ok := to[r]; ok {
			out[i] = s
		}
	}
	informal(out)
	return out
}

var heteronyms = pinyin.Args{Style: pinyin.Normal, Heteronym: true}

var readingsOf sync.Map // rune → []string

// readings are all readings of r without tones, ü written both ways; the usual one first.
func readings(r rune) []string {
	if known, ok := readingsOf.Load(r); ok {
		return known.([]string)
	}
	var out []string
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, s := range pinyin.SinglePinyin(r, heteronyms) {
		s = strings.ReplaceAll(s, "ü", "v")
		add(s)
		add(strings.ReplaceAll(s, "v", "u"))
	}
	for _, s := range english[r] {
		add(s)
	}
	readingsOf.Store(r, out)
	return out
}

// english are the words that stand for a character in the names of streets: East Beijing Road.
var english = map[rune][]string{'路': {"road", "rd"}, '街': {"street"}, '东': {"east"}, '西': {"west"}, '南': {"south"}, '北': {"north"}, '中': {"middle", "central"}}

// shortened are the words that people shorten before or after others.
var shortened = map[string]string{"av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "bvd": "boulevard",
	"boul": "boulevard", "pl": "place", "sq": "square", "rd": "road", "bldg": "building"}

// lengthen writes shortened words out where a longer one stands beside them: bd des moulins. Alone they may be initials.
func lengthen(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		long, ok := shortened[strings.TrimSuffix(w, ".")]
		if ok && (i+1 < len(words) && latin(words[i+1]) || i > 0 && latin(words[i-1])) {
			words[i] = long
			s = strings.Join(words, " ")
		}
	}
	return s
}

func latin(word string) bool {
	return len(word) > 1 && strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// blurred is a reading as those say it who do not tell zh from z, ng from n or l from n.
func blurred(s string) string {
	if len(s) > 1 && s[1] == 'h' {
		s = s[:1] + s[2:]
	}
	if s[0] == 'l' {
		s = "n" + s[1:]
	}
	return strings.TrimSuffix(s, "g")
}

// parsed is a text taken apart: names as symbols, with a wall where each number stood.
type parsed struct {
	syms    []sym
	numbers []number
	breaks  []int // places among syms where a space or a comma stood
}

// wordAt is where the word that begins at place i of the symbols ends: a character, or letters up to a space.
func (p *parsed) wordAt(i int) int {
	end := i + 1
	for end < len(p.syms) && isLetter(p.syms[i].r) && isLetter(p.syms[end].r) && !slices.Contains(p.breaks, end) {
		end++
	}
	return end
}

func wordHash(word []sym) uint64 {
	h := uint64(0)
	for _, s := range word {
		h = roll(h, s.r)
	}
	return h
}

// parse takes a folded text apart. In a query "3-301" are two numbers; in what is known 51-59 is a range.
func parse(s []rune, query bool) parsed {
	var p parsed
	text := func(runes ...rune) {
		for _, r := range runes {
			x := sym{r: r}
			if isHan(r) {
				x.readings = readings(r)
			}
			p.syms = append(p.syms, x)
		}
	}
	put := func(k kind, lo, hi int, mark string) {
		p.numbers = append(p.numbers, number{k, lo, hi, mark, len(p.syms)})
		p.syms = append(p.syms, sym{})
	}
	brk := func() {
		if n := len(p.syms); n > 0 && (len(p.breaks) == 0 || p.breaks[len(p.breaks)-1] != n) {
			p.breaks = append(p.breaks, n)
		}
	}
	for i := 0; i < len(s); {
		r := s[i]
		switch {
		case r == '第' && i+1 < len(s) && (isDigit(s[i+1]) || isNumeral(s[i+1])):
			j := i + 1
			for j < len(s) && (isDigit(s[j]) || isNumeral(s[j])) {
				j++
			}
			if k, _ := suffixAt(s, j); k != anything && isHan(s[j]) {
				i++ // 第7幢 is 7幢
				continue
			}
			text(r)
			if n, _, end, ok := digitsAt(s, i+1); ok && n < 100 && end == j {
				text(spell(n)...)
			} else {
				text(s[i+1 : j]...)
			}
			i = j
		case isDigit(r):
			if n, end, ok := numberedRoad(s, i); ok {
				text(spell(n)...)
				i = end
				continue
			}
			i = digits(s, i, query, &p, text, put)
		case strings.ContainsRune(marks, r) && i+1 < len(s) && isDigit(s[i+1]):
			if n, _, end, ok := digitsAt(s, i+1); ok {
				k, end := suffixAt(s, end)
				put(k, n, n, string(r))
				i = end
			} else {
				text(r)
				i++
			}
		case isNumeral(r):
			j := i
			for j < len(s) && isNumeral(s[j]) {
				j++
			}
			n, ok := readNumerals(s[i:j])
			k, end := suffixAt(s, j)
			if ok && k != anything && isHan(s[end-1]) {
				put(k, n, n, "")
				i = end
			} else if ok && query && (j == len(s) || s[j] == ' ') && i > 0 && strings.ContainsRune(numberedPlaces, s[i-1]) {
				put(anything, n, n, "") // 听雨路七
				i = j
			} else {
				text(s[i:j]...)
				i = j
			}
		case isHan(r):
			text(r)
			i++
		case isLetter(r):
			j := i
			for j < len(s) && isLetter(s[j]) {
				j++
			}
			if j == i+1 && r < 0x80 {
				if k, end := suffixAt(s, j); j < len(s) && isHan(s[j]) && (k == house || k == part || k == unit || k == storey) {
					put(k, letterValue+int(r), letterValue+int(r), "") // B座
					i = end
					continue
				}
			}
			if string(s[i:j]) == "no" && j < len(s) && numberNext(s[j:]) {
				i = j
				continue
			}
			text(s[i:j]...)
			i = j
		default:
			brk()
			i++
		}
	}
	return p
}

// roadWord is what stands after a number that is part of a name in English: East Zhongshan No. 1 Road, 2nd Street.
var roadWord = regexp.MustCompile(`^([1-9][0-9]?)(st|nd|rd|th)?\.? ?(road|rd|street)($|[^a-z])`)

// numberedRoad reads such a number at s[i]; without an ordinal's ending it needs "no" before it.
func numberedRoad(s []rune, i int) (n, end int, ok bool) {
	found := roadWord.FindStringSubmatch(string(s[i:min(i+20, len(s))]))
	if found == nil || i > 0 && isDigit(s[i-1]) || found[2] == "" && !strings.HasSuffix(strings.TrimRight(string(s[max(i-5, 0):i]), ". "), " no") {
		return 0, 0, false
	}
	n, _ = strconv.Atoi(found[1])
	return n, i + len(found[1]) + len(found[2]), true
}

// numberNext reports whether nothing but a point and spaces stands before the next digit: "no. 7".
func numberNext(s []rune) bool {
	for _, r := range s {
		if isDigit(r) {
			return true
		}
		if r != '.' && r != ' ' {
			return false
		}
	}
	return false
}

// digits reads what begins with a digit at s[i]: 7号楼, 1-8号, 7-3-301, S2, 崂山3村. It returns where it ended.
func digits(s []rune, i int, query bool, p *parsed, text func(...rune), put func(kind, int, int, string)) int {
	n, mark, end, ok := digitsAt(s, i)
	if !ok { // a telephone number, a code: letters to compare
		j := i
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		return j
	}
	if k := len(p.syms); k > 0 && mark == "" && i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z' && (i == 1 || !isLetter(s[i-2])) && p.syms[k-1].r == s[i-1] {
		mark = string(s[i-1]) // S2
		p.syms = p.syms[:k-1]
	}
	values, marked := []int{n}, []string{mark}
	for end+1 < len(s) && s[end] == '-' && isDigit(s[end+1]) {
		v, m, next, ok := digitsAt(s, end+1)
		if !ok {
			break
		}
		values, marked, end = append(values, v), append(marked, m), next
	}
	k, after := suffixAt(s, end)
	if k == door && mark == "" && after < len(s) && strings.ContainsRune(marks, s[after]) && (after+1 == len(s) || !isDigit(s[after+1])) {
		marked[len(marked)-1] = string(s[after]) // 15号甲 is 15甲号
		mark = marked[0]
		after++
	}
	if k == anything && len(values) == 1 && mark == "" && n < 100 && end < len(s) && strings.ContainsRune(counted, s[end]) {
		text(spell(n)...)
		return end
	}
	if k == anything && len(values) == 1 && mark == "" && n < 100 && end < len(s) && end+1 < len(s) && isHan(s[end]) && strings.ContainsRune(namelike, s[end+1]) {
		for _, x := range suffixes { // 8号公馆
			if len(x.text) == 1 && s[end] == x.text[0] {
				text(spell(n)...)
				return end
			}
		}
	}
	spread := 0
	if len(values) == 2 {
		spread = values[1] - values[0]
	}
	switch {
	case len(values) == 2 && spread > 0 && (k != anything && k != room && k != unit && spread <= maxRange || !query && spread <= maxRange):
		put(k, values[0], values[1], marked[0])
	case len(values) > 1:
		for j, v := range values {
			put(chained(values, j, k), v, v, marked[j])
		}
	default:
		put(k, n, n, mark)
	}
	return after
}

// chained is what the number at place j of 7-3-301 is: house, unit and room, or house and room.
func chained(values []int, j int, last kind) kind {
	switch n := len(values); {
	case j == n-1 && last != anything:
		return last
	case j == n-1 && (n == 3 || values[j] >= 100 && values[0] < 100):
		return room
	case j == 1 && n == 3:
		return unit
	}
	return anything
}

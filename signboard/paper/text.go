package paper

import (
	"iter"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// Measurer knows how long a line of text is, in millimetres; size in millimetres.
type Measurer interface {
	Width(text string, size float64, bold bool) float64
}

// marks is how many accents may stand on one letter; more are there to spoil a page.
const marks = 2

// Clean is text as it is drawn: on one line, composed (NFC), without what cannot be seen: control characters, marks that turn the direction of writing,
// joiners, variants. Bytes that are no text are dropped.
func Clean(text string) string {
	if clean(text) {
		return text
	}
	seen := strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0' || r == '\u3000':
			return r
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector) || r == utf8.RuneError || r&0xFFFE == 0xFFFE:
			return -1
		}
		return r
	}, text)
	on := 0
	return strings.Map(func(r rune) rune {
		if !unicode.Is(unicode.M, r) {
			on = 0
		} else if on++; on > marks {
			return -1
		}
		return r
	}, norm.NFC.String(seen))
}

// clean reports whether text holds only what nearly all text holds, so that nothing is to be done.
func clean(text string) bool {
	for _, r := range text {
		switch {
		case ' ' <= r && r <= '~', '\u4e00' <= r && r <= '\u9fff', '\u3001' <= r && r <= '\u3029', '\uff01' <= r && r <= '\uff5e':
		default:
			return false
		}
	}
	return true
}

// Lines breaks text into lines no longer than width, in millimetres, as Unicode's rules (UAX 14) allow it: a line does not begin with 。 or ） nor end with
// （ or 《, and Latin words and numbers stay whole unless one is longer than a line. A line break in text is kept; empty lines are not.
func Lines(m Measurer, text string, size, width float64, bold bool) []string {
	var lines []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }) {
		line := ""
		put := func() {
			if line = strings.TrimRight(line, " \u3000"); line != "" {
				lines = append(lines, line)
			}
			line = ""
		}
		fits := func(s string) bool { return m.Width(strings.TrimRight(s, " \u3000"), size, bold) <= width }
		for piece := range Pieces(part) {
			if fits(line + piece) {
				line += piece
				continue
			}
			put()
			if fits(piece) {
				line = piece
				continue
			}
			// Longer than a line: it is broken between any two letters.
			for g := uniseg.NewGraphemes(piece); g.Next(); {
				if !fits(line + g.Str()) {
					put()
				}
				line += g.Str()
			}
		}
		put()
	}
	return lines
}

// Pieces are what a line may be broken between, as Unicode's rules (UAX 14) allow it: 在A座 is 在, A and 座. Together they are text as it is drawn.
func Pieces(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest, state := strings.Trim(Clean(text), " \u3000"), -1
		for rest != "" {
			var piece string
			if piece, rest, _, state = uniseg.FirstLineSegmentInString(rest, state); !yield(piece) {
				return
			}
		}
	}
}

// Even breaks text into as few lines as Lines does, none longer than width, all about as long, and rather where natural says so of the pieces before and
// after a break: 0 not at all to 1. So the last line is no single letter.
func Even(m Measurer, text string, size, width float64, bold bool, natural func(before, after string) float64) []string {
	lines := Lines(m, text, size, width, bold)
	if len(lines) < 2 || strings.ContainsAny(text, "\n\r\u2028\u2029") {
		return lines
	}
	if even := Broken(m, text, size, width, bold, len(lines), natural); even != nil {
		return even
	}
	return lines
}

// Broken breaks text into n lines as Even does; nil: they do not hold it.
func Broken(m Measurer, text string, size, width float64, bold bool, n int, natural func(before, after string) float64) []string {
	pieces := slices.Collect(Pieces(text))
	if n < 1 || len(pieces) < n || len(pieces) > 200 {
		return nil
	}
	// at[i] is how long what stands before piece i is, end[i] the same without the space at its end, and cost[i] what it costs to break there.
	at, end, cost := make([]float64, len(pieces)+1), make([]float64, len(pieces)+1), make([]float64, len(pieces)+1)
	for i, p := range pieces {
		at[i+1] = at[i] + m.Width(p, size, bold)
		end[i+1] = at[i] + m.Width(strings.TrimRight(p, " \u3000"), size, bold)
		if natural != nil && i > 0 {
			cost[i] = 0.6 * (1 - natural(pieces[i-1], p))
		}
	}
	mean := at[len(pieces)] / float64(n)
	// best[k][i]: the least cost of k lines for the pieces before i, and where the last of them begins.
	type step struct {
		cost float64
		from int
	}
	best := make([][]step, n+1)
	for k := range best {
		best[k] = make([]step, len(pieces)+1)
		for i := range best[k] {
			best[k][i].cost = math.Inf(1)
		}
	}
	best[0][0].cost = 0
	for k := 1; k <= n; k++ {
		for i := k; i <= len(pieces); i++ {
			for from := i - 1; from >= k-1; from-- {
				l := end[i] - at[from]
				if l > width+1e-9 {
					break
				}
				off := (l - mean) / mean
				if c := best[k-1][from].cost + off*off + cost[i]; c < best[k][i].cost {
					best[k][i] = step{c, from}
				}
			}
		}
	}
	if math.IsInf(best[n][len(pieces)].cost, 1) {
		return nil
	}
	out := make([]string, n)
	for k, i := n, len(pieces); k > 0; k-- {
		from := best[k][i].from
		out[k-1] = strings.TrimRight(strings.Join(pieces[from:i], ""), " \u3000")
		i = from
	}
	return out
}

// Fit is the largest size from least to most, in millimetres, at which text is one line no longer than width; where there is none, least and false.
func Fit(m Measurer, text string, most, least, width float64, bold bool) (size float64, ok bool) {
	w := m.Width(text, most, bold)
	if w <= width {
		return most, true
	}
	size = math.Floor(most*width/w*100) / 100 // steps of 0.01 mm, so that no rounding makes it too long
	if size < least {
		return least, m.Width(text, least, bold) <= width
	}
	return size, true
}

// Shorten is text where it is no longer than width, in millimetres; else its beginning and "…".
func Shorten(m Measurer, text string, size, width float64, bold bool) string {
	text = Clean(text)
	if m.Width(text, size, bold) <= width {
		return text
	}
	short := ""
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if m.Width(short+g.Str()+"…", size, bold) > width {
			break
		}
		short += g.Str()
	}
	return strings.TrimRight(short, " \u3000") + "…"
}

package coverage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/measure"
)

// What is too small to be meant. Coordinates are kept to 1e-8 degree, 1 mm, and borders that lie at most that far apart are one
// border by intention (geo/coverage): what is left between them are triangles of up to a unit's height, half of that wide on
// average. What rounding of crossings leaves is a hundred thousand times thinner.
const (
	leastWidthM = 0.0007 // mean width of a piece, metres
	leastAreaM2 = 0.001

	// A footprint that a border cuts off less of than this is drawn as well as footprints are.
	leastCutM2    = 0.5
	leastCutShare = 0.001
)

// rounding reports whether a piece is nothing but the rounding of coordinates.
func rounding(piece orb.MultiPolygon) bool {
	m2 := areaM2(piece)
	return m2 < leastAreaM2 || 2*m2 < leastWidthM*measure.LengthM(piece)
}

// genuine leaves out the pieces that are rounding.
func genuine(m orb.MultiPolygon) orb.MultiPolygon {
	return slices.DeleteFunc(slices.Clone(m), func(p orb.Polygon) bool { return rounding(orb.MultiPolygon{p}) })
}

// Share is how much of the division is covered, in percent as people read it, rounded down to hundredths: 100 only where nothing
// is left, and there always. "–" where that is unknown.
func (r Report) Share() string {
	const most = 10_000
	hundredths := float64(most)
	switch {
	case r.AreaM2 <= 0:
		return "–"
	case r.Problems[Gap] > 0 && r.GapM2 >= leastAreaM2:
		// What was measured piece by piece is a hundred-millionth off.
		hundredths = min(math.Floor((r.CoveredM2/r.AreaM2+1e-8)*most), most-1)
	}
	return strconv.FormatFloat(max(hundredths, 0)/100, 'f', -1, 64) + "%"
}

// Ground writes an area for people: below a square kilometre in m², with more digits the smaller it is.
func Ground(m2 float64) string {
	switch {
	case m2 >= 1e6:
		return fmt.Sprintf("%.2f km²", m2/1e6)
	case m2 >= 10:
		return fmt.Sprintf("%.0f m²", m2)
	case m2 < leastAreaM2: // a sum may be off by so little, to either side
		return "0 m²"
	}
	return fmt.Sprintf("%.2g m²", m2)
}

// cutEither are the fixes of an overlap: cut it out of one grid or the other. Of two communities' grids the one comes first that
// strayed from its own. A grid that would lose all it has comes last and is given up instead; else the larger one can spare it
// better. Of two that are the same the later code goes.
func cutEither(a, b Grid, m2 float64, stray map[key.Key]bool) []Fix {
	list := []Grid{a, b}
	whole := func(g Grid) bool { return m2 >= (1-1e-6)*areaM2(g.Boundary) }
	slices.SortStableFunc(list, func(x, y Grid) int {
		switch {
		case stray[x.Key] != stray[y.Key]:
			if stray[x.Key] {
				return -1
			}
			return 1
		case whole(x) != whole(y):
			if whole(x) {
				return 1
			}
			return -1
		case whole(x):
			return -cmp.Compare(x.Code, y.Code)
		}
		return cmp.Or(-cmp.Compare(areaM2(x.Boundary), areaM2(y.Boundary)), cmp.Compare(x.Code, y.Code))
	})
	var out []Fix
	for _, g := range list {
		f := Fix{Action: CutFromGrid, Grid: &g.Key, Args: map[string]any{ArgAreaM2: m2}}
		if whole(g) {
			f.Args[ArgWhole] = true
		}
		out = append(out, f)
	}
	return out
}

// breach reports how n fails a rule, and the limit that it is beyond.
func breach(n int, least, most *int) (kind Kind, limit int, ok bool) {
	switch {
	case most != nil && n > *most:
		return Oversize, *most, true
	case least != nil && n < *least:
		return Undersize, *least, true
	}
	return "", 0, false
}

// tenths is how far n is beyond a limit, as a share of it.
func tenths(n, limit int) float64 {
	return math.Round(10*math.Abs(float64(n-limit))/float64(max(limit, 1))) / 10
}

// halves is tenths for people, so coarse that nobody reads a count from it, for it stands in cursors: all small counts are one,
// and a class is at least as wide as these.
func halves(n, limit int) float64 {
	beyond := math.Abs(float64(blurred(n) - limit))
	return math.Floor(max(beyond-1, 0)/max(float64(limit)/2, place.Fewest)) / 2
}

// blurred is n, but the same for all counts of people that are not told: what everybody sees the order of is ranked by it.
func blurred(n int) int { return max(n, place.Fewest) }

// parts is how many grids a large one is to become.
func parts(p place.SizePolicy, n place.Stats) int {
	out := 2
	for _, rule := range []struct {
		n     int
		limit *int
	}{{n.Households, cmp.Or(p.HouseholdsTarget, p.HouseholdsMax)}, {n.Residents, p.ResidentsMax}} {
		if rule.limit != nil && *rule.limit > 0 {
			out = max(out, int(math.Round(float64(rule.n)/float64(*rule.limit))))
		}
	}
	return out
}

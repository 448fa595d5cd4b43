package grid

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
)

// The rules by which a spot belongs to a grid. They run on a Ground, whatever instant it is of.

// How an answer is judged. σ of a position is its accuracy over sigmaPerAccuracy: a phone's accuracy is the radius
// of the circle that holds it with 68 % probability, and a 2-D Gaussian keeps 68 % within 1.515 σ.
const (
	sigmaPerAccuracy = 1.515
	candidateSigmas  = 3.5    // grids further away hold less than 0.3 % of the probability
	maxCandidateM    = 3000.0 // grids further away are not listed, however inexact the position
	maxCandidates    = 20
	maxTotalReachM   = 3e6   // of all vague points of a request: a thousand at 3 km, ten thousand at 300 m
	sureAbove        = 0.9   // a likelier first candidate needs no confirmation
	zeroM            = 0.005 // a border so near is told as 0 m away, and on which side of it a spot lies is nobody's to say
	leastProbability = 1e-3  // of the likelihood of all; a less likely candidate is not worth a line
)

// match says which grid p belongs to: the one that holds it, of several the one with the lowest code; else the nearest within
// limitM metres, of several equally near the one with the lowest code. Without distance the one to the border of a grid that holds p
// is left out, and without confirm as well, that the border is near does not ask for it.
func (g *Ground) match(p Point, limitM float64, distance, confirm bool) Match {
	here := orb.Point{p.Lng, p.Lat}
	var room [8]coverage.Held
	return g.decide(here, g.cover.Locate(here, room[:0]), limitM, distance, confirm)
}

// decide is match for a place whose grids are held; it changes their order.
func (g *Ground) decide(here orb.Point, held []coverage.Held, limitM float64, distance, confirm bool) Match {
	m := Match{DivisionID: g.divisions.around(here)}
	if len(held) > 0 {
		g.covered(&m, held)
		if distance || confirm && !m.NeedsConfirmation && g.nearBorder(here, held[0].Ref) {
			edge := g.cover.DistanceToBorderM(held[0].Ref, here)
			m.NeedsConfirmation = m.NeedsConfirmation || edge < zeroM
			if distance {
				m.BoundaryDistanceM = &edge
			}
		}
	} else {
		g.missed(&m, here, limitM)
	}
	if m.DivisionID == nil && m.Grid != nil {
		m.DivisionID = &m.Grid.CommunityID
	}
	return m
}

// nearBorder reports whether the border of r may come within zeroM metres of here, which lies in it. That is looked for a
// centimetre around, at a fraction of what the distance costs.
func (g *Ground) nearBorder(here orb.Point, r coverage.Ref) bool {
	const lat = 1e-7 // degrees: 11 mm
	lng := lat / math.Cos(here.Lat()*math.Pi/180)
	var room [8]coverage.Held
	for _, step := range [...]orb.Point{{lng, 0}, {-lng, 0}, {0, lat}, {0, -lat}} {
		around := g.cover.Locate(orb.Point{here[0] + step[0], here[1] + step[1]}, room[:0])
		if !slices.ContainsFunc(around, func(h coverage.Held) bool { return h.Ref == r }) {
			return true
		}
	}
	return false
}

// covered is the answer for a point that grids hold, but for the distance. It puts held in the order of their codes.
func (g *Ground) covered(m *Match, held []coverage.Held) {
	slices.SortFunc(held, func(a, b coverage.Held) int { return byCode(g.at(a.Ref), g.at(b.Ref)) })
	first := held[0]
	m.Grid, m.Rule, m.NeedsConfirmation = g.at(first.Ref), RuleContains, len(held) > 1
	if first.Border {
		m.Rule = RuleBorder
	}
	m.Candidates = make([]Candidate, len(held))
	for i, h := range held {
		m.Candidates[i] = Candidate{Grid: g.at(h.Ref), Probability: 1 / float64(len(held))}
	}
}

// missed is the answer for a point that no grid holds: the nearest grid in reach, or none.
func (g *Ground) missed(m *Match, here orb.Point, limitM float64) {
	m.Rule, m.NeedsConfirmation = RuleNone, true
	near, distanceM, found := g.cover.Nearest(here, limitM, func(a, b coverage.Ref) bool { return byCode(g.at(a), g.at(b)) < 0 })
	if !found {
		return
	}
	m.Rule, m.Grid, m.BoundaryDistanceM = RuleNearest, g.at(near), &distanceM
	m.Candidates = []Candidate{{Grid: m.Grid, Probability: 1, DistanceM: distanceM}}
}

// radius is how far around a position candidates are looked for, metres.
func radius(accuracyM float64) float64 {
	return min(accuracyM/sigmaPerAccuracy*candidateSigmas, maxCandidateM)
}

// reach is how far around the position that m answers for candidates are to be looked for, metres; false: it is known well enough.
func reach(m Match, accuracyM *float64) (float64, bool) {
	if accuracyM == nil || *accuracyM <= 0 {
		return 0, false
	}
	r := radius(*accuracyM)
	// All around it is the grid that holds it. Another may still begin within it, on ground that both cover: who stands outside of such an
	// overlap is not asked about it.
	alone := m.held() && len(m.Candidates) == 1 && *m.BoundaryDistanceM >= r
	return r, !alone || r >= maxCandidateM
}

// held reports whether a grid holds the spot: then Candidates are those that do, until they are weighed.
func (m *Match) held() bool { return m.Rule == RuleContains || m.Rule == RuleBorder }

// weigh gives m, the match of p alone, its candidates: each grid near p with its share of the Gaussian that p, known to accuracyM
// metres, stands for, given that it lies in one of them: the likeliest first, adding up to 1.
func (g *Ground) weigh(m *Match, p Point, accuracyM, radiusM float64) {
	here, sigmaM := orb.Point{p.Lng, p.Lat}, accuracyM/sigmaPerAccuracy
	var room [32]coverage.Ref
	type share struct {
		coverage.Ref
		of float64
	}
	var some [32]share
	list, inAny := some[:0], 0.0
	for _, r := range g.cover.Around(here, radiusM, room[:0]) {
		if of := g.cover.GaussianShare(r, here, sigmaM); of > 0 {
			list = append(list, share{r, of})
			inAny += of
		}
	}
	slices.SortFunc(list, func(x, y share) int { return cmp.Or(cmp.Compare(y.of, x.of), byCode(g.at(x.Ref), g.at(y.Ref))) })
	n, total := 0, 0.0
	for n < min(len(list), maxCandidates) && list[n].of >= leastProbability*inAny {
		total += list[n].of
		n++
	}
	if n > 0 {
		holding := m.Candidates
		if !m.held() {
			holding = nil
		}
		m.Candidates = make([]Candidate, n)
		for i := range m.Candidates {
			c := Candidate{Grid: g.at(list[i].Ref), Probability: list[i].of / total}
			if !slices.ContainsFunc(holding, func(h Candidate) bool { return h.Grid == c.Grid }) {
				c.DistanceM = g.cover.DistanceToBorderM(list[i].Ref, here)
			}
			m.Candidates[i] = c
		}
	}
	m.NeedsConfirmation = unsure(*m, max(0, 1-inAny))
}

// unsure reports whether a person should confirm m: by itself, or because another candidate, or no grid at all, is nearly
// as likely.
func unsure(m Match, elsewhere float64) bool {
	if len(m.Candidates) == 0 {
		return true
	}
	first := m.Candidates[0]
	return m.Grid == nil || m.Rule == RuleNearest || first.Grid.Key != m.Grid.Key || first.Probability*(1-elsewhere) < sureAbove
}

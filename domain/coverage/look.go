package coverage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	geocoverage "wangge/geo/coverage"
	"wangge/geo/measure"
	"wangge/geo/shape"
)

// together is how many divisions are looked at in one transaction, since what is read for many costs hardly more than for one.
const together = 50

// look makes the own findings of some divisions anew. All that lies in a division is looked at as one cover of it, its members:
// its own grids, the divisions beneath that have a boundary, and the grids of those that have none.
func (s *Service) look(ctx context.Context, actor account.Actor, t tree, divisions []uuid.UUID, strays *[]Stray, now stamp) error {
	return s.Store.Alone(ctx, actor, divisions, func(ctx context.Context) error {
		states, err := s.Store.States(ctx, actor, divisions)
		if err != nil {
			return err
		}
		r := &reading{s: s, ctx: ctx, actor: actor, t: t, now: now, strays: strays}
		var list []*looking
		for _, n := range states { // of those that are not gone
			if n.Change < now.n || n.Day != now.day { // nobody else was faster
				// What was read up to here knows this change at least; a later one makes the findings stale again.
				list = append(list, &looking{reading: r, d: t.nodes[n.ID], out: Findings{Division: n.ID, Change: now.n, Day: now.day}})
			}
		}
		if err := r.read(list); err != nil {
			return err
		}
		found := make([]Findings, len(list))
		for i, l := range list {
			for _, step := range []func() error{l.cover, l.outward, l.multiparts, l.buildings, l.staff, l.sizes, l.describe} {
				if err := step(); err != nil {
					return fmt.Errorf("look at division %s: %w", l.d.Code, err)
				}
			}
			found[i] = l.out
		}
		return s.Store.Save(ctx, actor, found)
	})
}

// reading is what was read for divisions that are looked at together.
type reading struct {
	s     *Service
	ctx   context.Context
	actor account.Actor
	t     tree
	now   stamp

	boundaries map[uuid.UUID]orb.MultiPolygon // of the divisions that were asked for; nil where there is none
	foreign    map[uuid.UUID][]Foreign        // of a community, as are cut and unstaffed
	cut        map[uuid.UUID][]Cut
	unstaffed  map[uuid.UUID][]Problem
	counts     map[uuid.UUID]place.Stats // of a grid
	policies   map[uuid.UUID]place.SizePolicy
	strays     *[]Stray // all there are; nil: not read
}

// looking is a division being looked at.
type looking struct {
	*reading
	d   Node
	out Findings

	whole      orb.MultiPolygon // the boundary; nil where there is none
	grids      []Grid           // its own, and those of the divisions beneath without a boundary
	own        []Grid
	children   []uuid.UUID // beneath, with a boundary
	areas      []orb.MultiPolygon
	gaps       []orb.Polygon
	registered bool
	drafts     []draft
}

// draft is a problem whose area's contents and neighbours are still to be told.
type draft struct {
	Problem
	area orb.MultiPolygon // where; nil where contents are known or there is none
	fix  func(beside []Grid) ([]Fix, []key.Key, error)
}

// read reads what the divisions are made of, and gives each its members.
func (r *reading) read(list []*looking) (err error) {
	var bounded, unbounded, ids, lines []uuid.UUID // the divisions whose boundaries, and those whose grids are wanted
	communities := make([]map[uuid.UUID]bool, len(list))
	for i, l := range list {
		beneath := []uuid.UUID{l.d.ID}
		for k := 0; k < len(beneath); k++ {
			for _, c := range r.t.children[beneath[k]] {
				if r.t.nodes[c].Bounded {
					l.children = append(l.children, c)
				} else {
					beneath = append(beneath, c)
				}
			}
		}
		communities[i] = make(map[uuid.UUID]bool, len(beneath))
		for _, c := range beneath {
			communities[i][c] = true
		}
		ids, bounded, unbounded = append(ids, l.d.ID), append(append(bounded, l.d.ID), l.children...), append(unbounded, beneath...)
		lines = append(append(lines, l.d.ID), r.t.above(l.d.ID)...)
	}
	if r.boundaries, err = r.s.Store.Boundaries(r.ctx, r.actor, bounded); err != nil {
		return err
	}
	grids, err := r.s.Store.GridsIn(r.ctx, r.actor, unbounded)
	if err != nil {
		return err
	}
	registered, err := r.s.Store.Registered(r.ctx, r.actor, ids)
	if err != nil {
		return err
	}
	var having []uuid.UUID // grids of their own
	for i, l := range list {
		l.whole, l.registered = r.boundaries[l.d.ID], registered[l.d.ID]
		for _, g := range grids {
			if !communities[i][g.CommunityID] {
				continue
			}
			l.grids, l.areas = append(l.grids, g), append(l.areas, g.Boundary)
			if g.CommunityID == l.d.ID {
				l.own = append(l.own, g)
			}
		}
		for _, c := range l.children {
			l.areas = append(l.areas, r.boundaries[c])
		}
		if len(l.own) > 0 {
			having = append(having, l.d.ID)
		}
	}
	if r.policies, err = r.s.Store.Policies(r.ctx, r.actor, lines); err != nil || len(having) == 0 {
		return err
	}
	return r.readGrids(having)
}

// readGrids reads what is asked of communities that have grids.
func (r *reading) readGrids(communities []uuid.UUID) error {
	foreign, err := r.s.Store.Foreign(r.ctx, r.actor, communities)
	if err != nil {
		return err
	}
	r.foreign = map[uuid.UUID][]Foreign{}
	for _, f := range foreign {
		r.foreign[f.A.CommunityID] = append(r.foreign[f.A.CommunityID], f)
	}
	if r.cut, err = r.s.Store.Cut(r.ctx, r.actor, communities); err != nil {
		return err
	}
	if r.counts, err = r.s.Store.Sizes(r.ctx, r.actor, communities); err != nil {
		return err
	}
	unstaffed, err := r.s.unstaffed(r.ctx, r.actor, communities, r.now)
	r.unstaffed = map[uuid.UUID][]Problem{}
	for _, p := range unstaffed {
		r.unstaffed[p.DivisionIDs[0]] = append(r.unstaffed[p.DivisionIDs[0]], p)
	}
	return err
}

// grid returns the grid that member i is, and false where it is a division.
func (l *looking) grid(i int) (Grid, bool) {
	if i < len(l.grids) {
		return l.grids[i], true
	}
	return Grid{}, false
}

// cover finds what the members leave, what two of them share and what lies beyond the boundary.
func (l *looking) cover() error {
	if len(l.areas) == 0 && l.whole == nil {
		return nil
	}
	if l.whole != nil {
		l.out.Bounded = true
		l.out.AreaM2 = areaM2(l.whole)
		for _, g := range l.grids {
			l.out.CoveredM2 += areaM2(g.Boundary)
		}
	}
	found := geocoverage.FindFaults(l.whole, l.areas)
	faulty := map[int]bool{}
	l.shared(found.Overlaps, faulty)
	l.beyond(found.Outside, faulty)
	for _, g := range found.Gaps {
		piece := orb.MultiPolygon{g}
		if rounding(piece) {
			continue
		}
		l.gaps = append(l.gaps, g)
		m2 := areaM2(piece)
		l.out.GapM2 += m2
		l.draft(draft{Problem: Problem{Kind: Gap, ID: l.id(Gap, placeOf(g)), Weight: m2, DivisionIDs: []uuid.UUID{l.d.ID}}, area: piece,
			fix: func(beside []Grid) ([]Fix, []key.Key, error) {
				near := l.neighbours(piece, beside, nil)
				var grids []key.Key
				for _, n := range near {
					grids = append(grids, n.grid.Key)
				}
				if len(l.own) == 0 { // what is larger than a grid is no part of one, but wants grids of its own
					near = slices.DeleteFunc(near, func(n neighbour) bool { return m2 > areaM2(n.grid.Boundary) })
				}
				fixes, err := l.addTo(piece, near)
				return fixes, grids, err
			}})
	}
	return l.once(faulty)
}

func (l *looking) shared(pairs []geocoverage.Overlap, faulty map[int]bool) {
	for _, p := range pairs {
		i, j, area := p.A, p.B, genuine(p.Area)
		if len(area) == 0 {
			continue
		}
		faulty[i], faulty[j] = true, true
		m2 := areaM2(area)
		a, isGrid := l.grid(i)
		b, alsoGrid := l.grid(j)
		switch {
		case !isGrid && !alsoGrid:
			one, two := l.children[i-len(l.grids)], l.children[j-len(l.grids)]
			l.draft(draft{Problem: Problem{Kind: Overlap, ID: l.id(Overlap, one, two), Weight: m2, DivisionIDs: []uuid.UUID{one, two}}, area: area})
		case a.CommunityID == l.d.ID && b.CommunityID == l.d.ID:
			l.out.OverlapM2 += m2
			l.draft(draft{Problem: Problem{Kind: Overlap, ID: l.id(Overlap, a.Key.ID, b.Key.ID), Weight: m2, DivisionIDs: []uuid.UUID{l.d.ID},
				Grids: []key.Key{a.Key, b.Key}, Fixes: cutEither(a, b, m2, nil)}, area: area})
		}
		// Grids of two communities are found with their communities.
	}
}

func (l *looking) beyond(parts []geocoverage.Outside, faulty map[int]bool) {
	for _, p := range parts {
		i, area := p.Part, genuine(p.Area)
		if len(area) == 0 {
			continue
		}
		faulty[i] = true
		m2 := areaM2(area)
		g, isGrid := l.grid(i)
		switch {
		case !isGrid:
			child := l.children[i-len(l.grids)]
			l.draft(draft{Problem: Problem{Kind: Outside, ID: l.id(Outside, child), Weight: m2, DivisionIDs: []uuid.UUID{child, l.d.ID}}, area: area})
		case g.CommunityID == l.d.ID:
			l.out.OutsideM2 += m2
			l.draft(draft{Problem: Problem{Kind: Outside, ID: l.id(Outside, g.Key.ID), Weight: m2, DivisionIDs: []uuid.UUID{l.d.ID},
				Grids: []key.Key{g.Key}}, area: area, fix: func(beside []Grid) ([]Fix, []key.Key, error) {
				add, err := l.addTo(area, l.neighbours(area, beside, &g))
				cut := Fix{Action: CutFromGrid, Grid: &g.Key, Args: map[string]any{ArgAreaM2: m2}}
				return append([]Fix{cut}, add...), []key.Key{g.Key}, err
			}})
		}
	}
}

// once corrects the figures where members share ground or reach beyond the boundary, so that each spot counts once. A spot
// of a division beneath is covered where that division's report says so.
func (l *looking) once(faulty map[int]bool) error {
	if len(faulty) == 0 || l.whole == nil {
		return nil
	}
	numbers := slices.Sorted(maps.Keys(faulty))
	areas := pick(l.areas, numbers)
	minus := make([]orb.MultiPolygon, len(areas))
	gaps, err := l.s.Store.GapsOf(l.ctx, l.actor, l.children)
	if err != nil {
		return err
	}
	counted, open := 0.0, 0.0 // what the members say for themselves
	for n, i := range numbers {
		m2 := areaM2(areas[n])
		if _, isGrid := l.grid(i); !isGrid {
			minus[n] = gaps[l.children[i-len(l.grids)]]
			gap := areaM2(minus[n])
			open, m2 = open+gap, m2-gap
		}
		counted += m2
	}
	covered := areaM2(geocoverage.Within(l.whole, areas, minus))
	l.out.CoveredM2 += covered - counted
	if open > 0 {
		l.out.GapM2 += areaM2(geocoverage.Within(l.whole, areas, nil)) - covered - open
	}
	return nil
}

// outward finds what the community's grids share with those of other communities.
func (l *looking) outward() error {
	for _, f := range l.foreign[l.d.ID] {
		area := genuine(f.Shared)
		above := l.t.common(f.A.CommunityID, f.B.CommunityID)
		if len(area) == 0 {
			continue
		}
		if above == uuid.Nil {
			above = f.A.CommunityID // nothing is above both
			if f.B.CommunityID.String() < above.String() {
				above = f.B.CommunityID
			}
		}
		a, b := f.A, f.B
		if a.Key.ID.String() > b.Key.ID.String() {
			a, b = b, a // found from the other side it is the same
		}
		m2 := areaM2(area)
		stray := map[key.Key]bool{}
		for _, g := range []Grid{a, b} {
			inside, err := l.mayHold(g.CommunityID, area)
			if err != nil {
				return err
			}
			stray[g.Key] = !inside
		}
		p := Problem{Kind: Overlap, ID: newID(Overlap, a.Key.ID, b.Key.ID), Weight: m2, AreaM2: &m2, DivisionIDs: []uuid.UUID{a.CommunityID, b.CommunityID},
			Grids: []key.Key{a.Key, b.Key}, Fixes: cutEither(a, b, m2, stray)}
		var err error
		if p.Geometry, err = toGeom(area); err != nil {
			return err
		}
		content, err := l.s.Store.Contents(l.ctx, l.actor, []orb.MultiPolygon{area})
		if err != nil {
			return err
		}
		l.fill(&p, content[0])
		l.out.WithOthers = append(l.out.WithOthers, Filed{Problem: p, With: f.B.CommunityID, Division: above})
	}
	return nil
}

func (l *looking) multiparts() error {
	for _, g := range l.own {
		if len(g.Boundary) < 2 {
			continue
		}
		parts := slices.Clone(g.Boundary)
		slices.SortStableFunc(parts, func(p, q orb.Polygon) int {
			return -cmp.Compare(areaM2(orb.MultiPolygon{p}), areaM2(orb.MultiPolygon{q}))
		})
		small := parts[1:]
		l.draft(draft{Problem: Problem{Kind: Multipart, ID: l.id(Multipart, g.Key.ID), Weight: areaM2(small), DivisionIDs: []uuid.UUID{l.d.ID},
			Grids: []key.Key{g.Key}}, area: small, fix: func(beside []Grid) ([]Fix, []key.Key, error) {
			fixes, err := l.addTo(small, l.neighbours(small, beside, &g))
			return fixes, []key.Key{g.Key}, err
		}})
	}
	return nil
}

func (l *looking) buildings() error {
	area := l.whole
	if len(l.children) > 0 { // what lies in one of them is its own
		area = orb.MultiPolygon(l.gaps)
	}
	var where []orb.MultiPolygon
	if len(area) > 0 {
		where = append(where, area)
	}
	if len(l.own) > 0 {
		where = append(where, nil) // what lies in no division at all, beside its grids
	}
	for _, area := range where {
		list, err := l.unassigned(area)
		if err != nil {
			return err
		}
		for _, u := range list {
			p := Problem{Kind: UnassignedBuilding, ID: l.id(UnassignedBuilding, u.Building.ID), DivisionIDs: []uuid.UUID{l.d.ID}, Building: &u.Building}
			if u.Nearest != nil {
				p.Grids = []key.Key{*u.Nearest}
				p.Fixes = assign(u.Building, u.Nearest, map[string]any{ArgDistanceM: u.DistanceM})
			}
			if err := l.building(p, u.Shape, u.Households); err != nil {
				return err
			}
		}
	}
	for _, c := range l.cut[l.d.ID] {
		total, most, in := areaM2(c.Footprint), 0, 0.0
		for i, part := range c.Parts {
			if m2 := areaM2(part); m2 > in {
				most, in = i, m2
			}
		}
		// What lies in one grid wholly is not cut, though another that overlaps it may have a part too.
		if least := max(leastCutM2, leastCutShare*total); in <= least || total-in <= least {
			continue
		}
		holder := c.Grids[most]
		files := holder.CommunityID
		p := Problem{Kind: CutBuilding, ID: l.id(CutBuilding, c.Building.ID), Weight: total - in, DivisionIDs: []uuid.UUID{}, Building: &c.Building}
		for _, g := range c.Grids {
			if c.Own != nil && g.Key.ID == *c.Own {
				files = g.CommunityID
			}
			p.Grids = append(p.Grids, g.Key)
			if !slices.Contains(p.DivisionIDs, g.CommunityID) {
				p.DivisionIDs = append(p.DivisionIDs, g.CommunityID)
			}
		}
		if files != l.d.ID {
			continue // it is the other community's
		}
		p.Fixes = assign(c.Building, &holder.Key, map[string]any{ArgShare: in / total})
		inside, err := l.mayHold(holder.CommunityID, c.Footprint)
		if err != nil {
			return err
		}
		if inside {
			add := Fix{Action: AddToGrid, Grid: &holder.Key, Args: map[string]any{ArgAreaM2: total - in}}
			if c.Own != nil && *c.Own == holder.Key.ID {
				p.Fixes = append([]Fix{add}, p.Fixes...)
			} else {
				p.Fixes = append(p.Fixes, add)
			}
		}
		if err := l.building(p, c.Footprint, c.Households); err != nil {
			return err
		}
	}
	return nil
}

// besideDegrees is more than buildings of nobody's may lie from a community's grids, at any latitude of the country.
const besideDegrees = 0.006

// unassigned finds the buildings of no grid as Sources.Unassigned does, which is asked only where there may be some.
func (l *looking) unassigned(area orb.MultiPolygon) ([]Unassigned, error) {
	box := area.Bound()
	if area == nil {
		for _, g := range l.own {
			box = box.Union(g.Boundary.Bound())
		}
		box = box.Pad(besideDegrees)
	}
	strays := l.strays
	if strays == nil {
		found, err := l.s.Store.Strays(l.ctx, l.actor, &box)
		if err != nil {
			return nil, err
		}
		strays = &found
	}
	var near []uuid.UUID
	for _, b := range *strays {
		if box.Contains(b.At) {
			near = append(near, b.ID)
		}
	}
	if len(near) == 0 {
		return nil, nil
	}
	return l.s.Store.Unassigned(l.ctx, l.actor, l.d.ID, area, near)
}

// building keeps a problem of one building.
func (l *looking) building(p Problem, where orb.Geometry, households *int) error {
	one := 1
	p.Buildings = &one
	if p.Households = households; households == nil && l.registered {
		p.Households = new(int)
	}
	if m, ok := where.(orb.MultiPolygon); ok {
		m2 := areaM2(m)
		p.AreaM2 = &m2
	}
	var err error
	p.Geometry, err = shape.FromOrb(where, shape.SRID)
	l.out.Problems = append(l.out.Problems, p)
	return err
}

func (l *looking) staff() error {
	l.out.Problems = append(l.out.Problems, l.unstaffed[l.d.ID]...)
	return nil
}

// sizes finds grids that the policy holds too large or too small, and communities of too many or too few.
func (l *looking) sizes() error {
	if len(l.own) == 0 && l.d.Level != place.Community {
		return nil
	}
	line := l.t.above(l.d.ID)
	slices.Reverse(line)
	line = append(line, l.d.ID)
	var policies []place.SizePolicy
	for _, d := range line {
		if p, ok := l.policies[d]; ok {
			policies = append(policies, p)
		}
	}
	if len(policies) == 0 {
		return nil
	}
	policy := place.Effective(policies)
	if l.registered {
		if err := l.gridSizes(policy); err != nil {
			return err
		}
	}
	kind, limit, ok := breach(len(l.own), policy.GridsMin, policy.GridsMax)
	if !ok {
		return nil
	}
	p := Problem{Kind: kind, ID: l.id(kind), Weight: tenths(len(l.own), limit), DivisionIDs: []uuid.UUID{l.d.ID}}
	if l.whole != nil {
		p.AreaM2 = &l.out.AreaM2
		var err error
		if p.Geometry, err = toGeom(l.whole); err != nil {
			return err
		}
	}
	all := place.Stats{}
	for _, g := range l.own {
		all.Buildings += l.counts[g.Key.ID].Buildings
		all.Households += l.counts[g.Key.ID].Households
	}
	p.Buildings = &all.Buildings
	if l.registered {
		p.Households = &all.Households
	}
	bySize := slices.Clone(l.own)
	slices.SortStableFunc(bySize, func(a, b Grid) int {
		return cmp.Or(-cmp.Compare(blurred(l.counts[a.Key.ID].Households), blurred(l.counts[b.Key.ID].Households)), -cmp.Compare(areaM2(a.Boundary), areaM2(b.Boundary)))
	})
	switch {
	case len(bySize) == 0:
	case kind == Undersize:
		p.Fixes = []Fix{{Action: SplitGrid, Grid: &bySize[0].Key, Args: map[string]any{ArgParts: 2.0}}}
	default:
		p.Fixes = []Fix{{Action: MergeGrids, Grid: &bySize[len(bySize)-1].Key, Args: map[string]any{ArgItself: true}}}
	}
	l.out.Problems = append(l.out.Problems, p)
	return nil
}

func (l *looking) gridSizes(policy place.SizePolicy) error {
	people := 0
	for _, g := range l.own {
		people += l.counts[g.Key.ID].Residents
	}
	if people == 0 { // nobody counted them
		policy.ResidentsMin, policy.ResidentsMax = nil, nil
	}
	for _, g := range l.own {
		if g.Dedicated {
			continue
		}
		n := l.counts[g.Key.ID]
		found := map[Kind]float64{}
		for _, rule := range []struct {
			n        int
			low, top *int
		}{{n.Households, policy.HouseholdsMin, policy.HouseholdsMax}, {n.Residents, policy.ResidentsMin, policy.ResidentsMax}} {
			if kind, limit, ok := breach(rule.n, rule.low, rule.top); ok {
				found[kind] = max(found[kind], halves(rule.n, limit))
			}
		}
		for _, kind := range []Kind{Oversize, Undersize} {
			weight, ok := found[kind]
			if !ok {
				continue
			}
			m2 := areaM2(g.Boundary)
			p := Problem{Kind: kind, ID: l.id(kind, g.Key.ID), Weight: weight, AreaM2: &m2, DivisionIDs: []uuid.UUID{l.d.ID}, Grids: []key.Key{g.Key},
				Buildings: &n.Buildings, Households: &n.Households}
			if kind == Oversize {
				p.Fixes = []Fix{{Action: SplitGrid, Grid: &g.Key, Args: map[string]any{ArgParts: float64(parts(policy, n))}}}
			} else {
				p.Fixes = l.mergeWith(g, policy)
			}
			var err error
			if p.Geometry, err = toGeom(g.Boundary); err != nil {
				return err
			}
			l.out.Problems = append(l.out.Problems, p)
		}
	}
	return nil
}

// mergeWith ranks the neighbours that a small grid could be merged with: those first with which it stays within the policy,
// the nearest to its target before the others.
func (l *looking) mergeWith(g Grid, policy place.SizePolicy) []Fix {
	type option struct {
		grid      Grid
		tooMany   bool
		deviation int
	}
	var options []option
	for _, o := range l.own {
		if o.Key == g.Key || o.Dedicated || geocoverage.SharedBorderM(g.Boundary, o.Boundary) == 0 {
			continue
		}
		households := blurred(l.counts[g.Key.ID].Households) + blurred(l.counts[o.Key.ID].Households)
		residents := blurred(l.counts[g.Key.ID].Residents) + blurred(l.counts[o.Key.ID].Residents)
		x := option{grid: o}
		x.tooMany = policy.HouseholdsMax != nil && households > *policy.HouseholdsMax || policy.ResidentsMax != nil && residents > *policy.ResidentsMax
		if target := cmp.Or(policy.HouseholdsTarget, policy.HouseholdsMin); target != nil {
			x.deviation = max(households-*target, *target-households)
		}
		options = append(options, x)
	}
	slices.SortStableFunc(options, func(a, b option) int {
		if a.tooMany != b.tooMany {
			if a.tooMany {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.deviation, b.deviation)
	})
	var out []Fix
	for _, o := range options {
		out = append(out, Fix{Action: MergeGrids, Grid: &o.grid.Key})
	}
	return out
}

func (l *looking) draft(d draft) { l.drafts = append(l.drafts, d) }

// describe tells what lies in the drafts' areas and which grids lie beside them.
func (l *looking) describe() error {
	if len(l.drafts) == 0 {
		return nil
	}
	areas := make([]orb.MultiPolygon, len(l.drafts))
	for i, d := range l.drafts {
		areas[i] = d.area
	}
	contents, err := l.s.Store.Contents(l.ctx, l.actor, areas)
	if err != nil {
		return err
	}
	beside, err := l.s.Store.GridsAt(l.ctx, l.actor, areas)
	if err != nil {
		return err
	}
	for i, d := range l.drafts {
		p := d.Problem
		m2 := areaM2(d.area)
		p.AreaM2 = &m2
		if p.Geometry, err = toGeom(d.area); err != nil {
			return err
		}
		l.fill(&p, contents[i])
		if d.fix != nil {
			if p.Fixes, p.Grids, err = d.fix(beside[i]); err != nil {
				return err
			}
		}
		l.out.Problems = append(l.out.Problems, p)
	}
	return nil
}

func (l *looking) fill(p *Problem, c Content) {
	p.Buildings = &c.Buildings
	if l.registered || c.Registered || c.Buildings == 0 {
		p.Households = &c.Households
	}
}

// neighbour is a grid beside an area.
type neighbour struct {
	grid    Grid
	sharedM float64 // border that they have in common
}

// neighbours are the grids that share a border with an area, the longest first. Of what is a community's own only its own grids
// are asked for.
func (l *looking) neighbours(area orb.MultiPolygon, beside []Grid, but *Grid) []neighbour {
	var out []neighbour
	for _, g := range beside {
		foreign := g.CommunityID != l.d.ID
		if but != nil && g.Key == but.Key || but == nil && foreign && len(l.own) > 0 {
			continue
		}
		if m := geocoverage.SharedBorderM(area, g.Boundary); m > 0 {
			out = append(out, neighbour{g, m})
		}
	}
	slices.SortStableFunc(out, func(a, b neighbour) int { return -cmp.Compare(a.sharedM, b.sharedM) })
	return out
}

// addTo are the fixes that add an area to one of its neighbours in one piece, where the neighbour's community may hold it.
func (l *looking) addTo(area orb.MultiPolygon, near []neighbour) ([]Fix, error) {
	m2 := areaM2(area)
	var out []Fix
	held := map[uuid.UUID]bool{}
	for _, n := range near {
		c := n.grid.CommunityID
		inside, known := held[c]
		if !known {
			var err error
			if inside, err = l.mayHold(c, area); err != nil {
				return nil, err
			}
			held[c] = inside
		}
		if inside {
			out = append(out, Fix{Action: AddToGrid, Grid: &n.grid.Key, Args: map[string]any{ArgAreaM2: m2, ArgSharedM: n.sharedM}})
		}
	}
	return out, nil
}

// mayHold reports whether a community's grids may have an area: it has no boundary, or lies around all of it.
func (l *looking) mayHold(community uuid.UUID, area orb.MultiPolygon) (bool, error) {
	boundary, known := l.boundaries[community]
	if !known {
		found, err := l.s.Store.Boundaries(l.ctx, l.actor, []uuid.UUID{community})
		if err != nil {
			return false, err
		}
		boundary = found[community]
		l.boundaries[community] = boundary
	}
	if boundary == nil {
		return true, nil
	}
	// What was computed is snapped for this, and what that puts outside is rounding.
	return !slices.ContainsFunc(geocoverage.FindFaults(boundary, []orb.MultiPolygon{area}).Outside, func(o geocoverage.Outside) bool {
		return len(genuine(o.Area)) > 0
	}), nil
}

// assign is the fix that places a building in a grid of its district; none where the grid lies in another one.
func assign(building key.Key, g *key.Key, args map[string]any) []Fix {
	if place.CheckPlacing(building.Home, *g) != nil {
		return nil
	}
	return []Fix{{Action: AssignBuilding, Grid: g, Args: args}}
}

// lookForStaff looks again at who is in office in divisions of which nothing else changed.
func (s *Service) lookForStaff(ctx context.Context, actor account.Actor, divisions []uuid.UUID, now stamp) error {
	return s.Store.Alone(ctx, actor, divisions, func(ctx context.Context) error {
		found, err := s.unstaffed(ctx, actor, divisions, now)
		if err != nil {
			return err
		}
		return s.Store.SaveStaff(ctx, actor, divisions, now.n, now.day, found)
	})
}

func (s *Service) unstaffed(ctx context.Context, actor account.Actor, communities []uuid.UUID, now stamp) ([]Problem, error) {
	list, err := s.Store.Unstaffed(ctx, actor, communities, now.day)
	if err != nil {
		return nil, err
	}
	out := make([]Problem, 0, len(list))
	for _, e := range list {
		m2 := areaM2(e.Grid.Boundary)
		p := Problem{Kind: Unstaffed, ID: newID(Unstaffed, e.Grid.CommunityID, e.Grid.Key.ID), Weight: float64(e.Buildings), AreaM2: &m2,
			DivisionIDs: []uuid.UUID{e.Grid.CommunityID}, Grids: []key.Key{e.Grid.Key}, Buildings: &e.Buildings, Households: e.Households,
			Fixes: []Fix{{Action: AppointWorker, Grid: &e.Grid.Key}}}
		if p.Geometry, err = toGeom(e.Grid.Boundary); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// id is made from what is wrong and whom it concerns.
func (l *looking) id(k Kind, whom ...uuid.UUID) uuid.UUID {
	return newID(k, append([]uuid.UUID{l.d.ID}, whom...)...)
}

// ids is the name space of problems' ids.
var ids = uuid.MustParse("6c1f2a0e-9a67-5d0b-8a4e-2f6f1f0c7b11")

func newID(k Kind, whom ...uuid.UUID) uuid.UUID {
	name := []byte(k)
	for _, id := range whom {
		name = append(name, id[:]...)
	}
	return uuid.NewSHA1(ids, name)
}

// placeOf tells the gaps of a division apart: by their most western position, the southern one of two.
func placeOf(p orb.Polygon) uuid.UUID {
	first := slices.MinFunc(p[0], func(a, b orb.Point) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return uuid.NewSHA1(ids, fmt.Appendf(nil, "%.8f %.8f", first[0], first[1]))
}

func pick(areas []orb.MultiPolygon, numbers []int) []orb.MultiPolygon {
	out := make([]orb.MultiPolygon, len(numbers))
	for n, i := range numbers {
		out[n] = areas[i]
	}
	return out
}

// areaM2 of what the store gave: its rings are closed and on Earth.
func areaM2(m orb.MultiPolygon) float64 {
	m2, err := measure.AreaM2(m)
	if err != nil {
		panic(fmt.Sprintf("coverage: an area of the store: %v", err))
	}
	return m2
}

// toGeom snaps what was computed, for keeping; what collapses is kept as it was computed.
func toGeom(m orb.MultiPolygon) (geom.T, error) {
	if snapped, dropped := shape.SnapReport(m); len(dropped) == 0 {
		return shape.FromOrb(snapped, shape.SRID)
	}
	return shape.FromOrb(m, shape.SRID)
}

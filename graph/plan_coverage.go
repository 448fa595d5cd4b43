package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/graph/node"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"coverage.past", "Coverage reports are of now; there are none of the past. Ask without asOf.", "覆盖检查报告只反映当前情况，不保存历史，请去掉 asOf。"},
)

// ofNow refuses reports beneath asOf: those of now would be taken for those of then.
func (p *plan) ofNow(field string) error {
	if p.asOf != nil {
		return fault.New(fault.Invalid, field, "coverage.past")
	}
	return nil
}

// coverageOf is how divisions are covered; null where one has no boundary.
func (p *plan) coverageOf(ctx context.Context, nodes []*node.Division, f field) error {
	if err := p.ofNow(""); err != nil {
		return err
	}
	reports, err := p.Coverage.Reports(ctx, p.actor, distinct(nodes, divisionID))
	if err != nil {
		return err
	}
	var all []*node.CoverageReport
	for _, d := range nodes {
		var report *node.CoverageReport
		if r, ok := reports[d.Division.ID]; ok && r.Bounded {
			report = &node.CoverageReport{Report: r}
			all = append(all, report)
		}
		d.Put(f.Alias, report)
	}
	return each(ctx, p, all, f.Selections, "CoverageReport", p.report)
}

// report loads one field of reports.
func (p *plan) report(ctx context.Context, nodes []*node.CoverageReport, f field) error {
	of := func(r *node.CoverageReport) uuid.UUID { return r.DivisionID }
	switch f.Name {
	case "division":
		return oneDivision(ctx, p, nodes, of, f)
	case "problems":
		return problemsOf(ctx, p, nodes, of, f)
	}
	return nil // in the node already
}

// problemsOf loads a page of the problems of a division, of which id is the id.
func problemsOf[N holder](ctx context.Context, p *plan, nodes []N, id func(N) uuid.UUID, f field) error {
	if err := p.ofNow(""); err != nil {
		return err
	}
	args, err := p.ec.field_CoverageReport_problems_args(ctx, f.ArgumentMap(p.op.Variables))
	if err != nil {
		return unread
	}
	kinds, _ := args["kinds"].([]coverage.Kind)
	first, _ := args["first"].(*int)
	after, _ := args["after"].(*string)
	rows, err := p.page(first, after, coverage.ByGravity)
	if err != nil {
		return err
	}
	pages, err := p.Coverage.ProblemsOf(ctx, p.actor, distinct(nodes, id), coverage.Query{
		Kinds: kinds, Args: rows,
		Count:    p.asks(f.Selections, "ProblemConnection", "totalCount"),
		Geometry: p.asksNodes(f.Selections, "Problem", "CoverageProblem", "geometry"),
	})
	if err != nil {
		return err
	}
	return putLists(ctx, listing[coverage.Problem, node.CoverageProblem, *node.ProblemConnection, *node.ProblemEdge]{
		plan:       p,
		typeName:   "Problem",
		connection: func() *node.ProblemConnection { return &node.ProblemConnection{} },
		edge:       func() *node.ProblemEdge { return &node.ProblemEdge{} },
		node: func(row coverage.Problem) *node.CoverageProblem {
			return &node.CoverageProblem{Problem: row}
		},
		load: p.problems,
	}, nodes, id, pages, f)
}

func (p *plan) problems(ctx context.Context, nodes []*node.CoverageProblem, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "CoverageProblem", p.problem)
}

// problem loads one field of problems.
func (p *plan) problem(ctx context.Context, nodes []*node.CoverageProblem, f field) error {
	switch f.Name {
	case "divisions":
		return p.divisionsOf(ctx, nodes, f)
	case "grids":
		return manyGrids(ctx, p, nodes, gridsOfProblem, f)
	case "building":
		return oneBuilding(ctx, p, nodes, func(n *node.CoverageProblem) key.Key { return orZero(n.Problem.Building) }, f)
	case "households":
		for _, n := range nodes {
			n.Put(f.Alias, n.HouseholdsFor(p.actor))
		}
	case "fixes":
		return p.fixes(ctx, nodes, f)
	}
	return nil // in the node already
}

func (p *plan) divisionsOf(ctx context.Context, nodes []*node.CoverageProblem, f field) error {
	all, err := p.Places.DivisionsByID(ctx, p.actor, merged(nodes, func(n *node.CoverageProblem) []uuid.UUID { return n.DivisionIDs }), p.divisionFields(f.Selections))
	if err != nil {
		return err
	}
	var made once[uuid.UUID, node.Division]
	for _, n := range nodes {
		list := make([]*node.Division, 0, len(n.DivisionIDs))
		for _, id := range n.DivisionIDs {
			if d, ok := all[id]; ok {
				list = append(list, made.of(id, func() *node.Division { return &node.Division{Division: d} }))
			}
		}
		n.Put(f.Alias, list)
	}
	return p.divisions(ctx, made.all, f.Selections)
}

// manyGrids loads a field that answers the grids that of names; what there is not is left out.
func manyGrids[N holder](ctx context.Context, p *plan, nodes []N, of func(N) []key.Key, f field) error {
	all, err := p.Grids.ByKeys(ctx, p.actor, merged(nodes, of), &p.at, p.gridFields(f.Selections))
	if err != nil {
		return err
	}
	var made once[key.Key, node.Grid]
	for _, n := range nodes {
		list := make([]*node.Grid, 0, len(of(n)))
		for _, k := range of(n) {
			if g, ok := all[k.ID]; ok {
				list = append(list, made.of(k, func() *node.Grid { return &node.Grid{Grid: g} }))
			}
		}
		n.Put(f.Alias, list)
	}
	return p.grids(ctx, made.all, f.Selections)
}

func gridsOfProblem(n *node.CoverageProblem) []key.Key { return n.Problem.Grids }

// merged returns each key that of gives, once, in their order.
func merged[N any, K comparable](list []N, of func(N) []K) []K {
	seen := map[K]bool{}
	out := []K{}
	for _, n := range list {
		for _, k := range of(n) {
			if !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	return out
}

// fixes are in the problems already; their sentences and grids need the grids' names.
func (p *plan) fixes(ctx context.Context, nodes []*node.CoverageProblem, f field) error {
	var all []*node.ProblemFix
	for _, n := range nodes {
		list := make([]*node.ProblemFix, len(n.Problem.Fixes))
		for i, fix := range n.Problem.Fixes {
			list[i] = &node.ProblemFix{Fix: fix}
		}
		n.Put(f.Alias, list)
		all = append(all, list...)
	}
	return each(ctx, p, all, f.Selections, "ProblemFix", p.fix)
}

// fix loads one field of fixes.
func (p *plan) fix(ctx context.Context, nodes []*node.ProblemFix, f field) error {
	of := func(x *node.ProblemFix) key.Key {
		if x.Fix.Grid == nil {
			return key.Key{}
		}
		return *x.Fix.Grid
	}
	switch f.Name {
	case "grid":
		return oneGrid(ctx, p, nodes, func(x *node.ProblemFix) (key.Key, *grid.Grid) { return of(x), nil }, f)
	case "text":
		all, err := p.Grids.ByKeys(ctx, p.actor, distinct(nodes, of), &p.at, grid.Fields{})
		if err != nil {
			return err
		}
		for _, x := range nodes {
			x.Put(f.Alias, coverage.FixText(x.Fix, all[of(x).ID].Name, language(ctx)))
		}
	}
	return nil // in the node already
}

package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// day is the one given, or that of the plan's instant.
func (p *plan) day(on *civil.Date) civil.Date {
	if on != nil {
		return *on
	}
	return p.Staff.Day(&p.at)
}

// onCall loads who answers for a post of what each node is; args are those of f.
func onCall[N holder](ctx context.Context, p *plan, nodes []N, of func(N) staff.Covered, args map[string]any, f field) error {
	post, on := args["post"].(*staff.Post), args["on"].(*civil.Date)
	if post == nil {
		return fault.New(fault.Invalid, "post", "required", "field", "post")
	}
	list := make([]staff.Covered, len(nodes))
	for i, n := range nodes {
		list[i] = of(n)
	}
	found, err := p.Staff.Covers(ctx, p.actor, *post, list, p.day(on))
	for i, n := range nodes {
		var a *node.Assignment
		if held, ok := found[list[i].Area.ID]; ok {
			a = p.assignment(held)
		}
		n.Put(f.Alias, a)
	}
	return err
}

// informants loads how grids are served by their informants: against the policies of their communities, and with their
// households where the actor may know them.
func (p *plan) informants(ctx context.Context, nodes []*node.Grid, f field) error {
	keys := distinct(nodes, gridKey)
	office, err := p.Staff.InOffice(ctx, p.actor, areas(staff.AreaGrid, keys), &p.at)
	if err != nil {
		return err
	}
	policies, err := p.Places.Policies(ctx, p.actor, distinct(nodes, func(g *node.Grid) uuid.UUID { return g.CommunityID }))
	if err != nil {
		return err
	}
	var stats map[uuid.UUID]place.Stats
	if !p.actor.Reach(account.Households).Empty() {
		if stats, err = p.Places.GridStats(ctx, p.actor, keys, p.asOf); err != nil {
			return err
		}
	}
	for _, g := range nodes {
		policy, ok := policies[g.CommunityID]
		if !ok {
			policy = place.Effective(nil)
		}
		var households *int
		if s := stats[g.Key.ID]; s.Registered && !s.Suppressed {
			households = &s.Households
		}
		g.Put(f.Alias, &node.InformantCheck{InformantCheck: staff.CheckInformants(office[g.Key.ID], staff.InformantLimits{
			Min: policy.InformantsMin, Max: policy.InformantsMax,
			EachMin: policy.HouseholdsPerInformantMin, EachMax: policy.HouseholdsPerInformantMax}, households)})
	}
	return nil
}

func (p *plan) vacanciesOf(ctx context.Context, nodes []*node.Division, f field) error {
	args, err := p.ec.field_Division_vacancies_args(ctx, f.ArgumentMap(p.op.Variables))
	if err != nil {
		return unread
	}
	posts, _ := args["posts"].([]staff.Post)
	on, _ := args["on"].(*civil.Date)
	first, _ := args["first"].(*int)
	after, _ := args["after"].(*string)
	q := staff.VacancyQuery{Posts: posts, Day: p.day(on), Count: p.asks(f.Selections, "VacancyConnection", "totalCount")}
	if q.Args, err = p.page(first, after, staff.ByPlace); err != nil {
		return err
	}
	pages, err := p.Staff.Vacancies(ctx, p.actor, distinct(nodes, divisionID), q)
	if err != nil {
		return err
	}
	return putLists(ctx, listing[staff.Vacancy, node.Vacancy, *node.VacancyConnection, *node.VacancyEdge]{
		plan:       p,
		typeName:   "Vacancy",
		connection: func() *node.VacancyConnection { return &node.VacancyConnection{} },
		edge:       func() *node.VacancyEdge { return &node.VacancyEdge{} },
		node:       p.vacancyNode,
		load: func(ctx context.Context, nodes []*node.Vacancy, sel ast.SelectionSet) error {
			return each(ctx, p, nodes, sel, "Vacancy", p.vacancy)
		},
	}, nodes, divisionID, pages, f)
}

func (p *plan) vacancyNode(v staff.Vacancy) *node.Vacancy {
	out := &node.Vacancy{Vacancy: v}
	if v.Last != nil && p.actor.OneOf(account.Operator) {
		out.Last = p.assignment(*v.Last)
	}
	return out
}

// vacancy loads one field of vacancies.
func (p *plan) vacancy(ctx context.Context, nodes []*node.Vacancy, f field) error {
	of := func(kind staff.AreaKind) func(v *node.Vacancy) key.Key {
		return func(v *node.Vacancy) key.Key {
			if v.Area.Kind != kind {
				return key.Key{}
			}
			return key.Key{Home: v.Area.Home, ID: v.Area.ID}
		}
	}
	switch f.Name {
	case "grid":
		return oneGrid(ctx, p, nodes, func(v *node.Vacancy) (key.Key, *grid.Grid) { return of(staff.AreaGrid)(v), nil }, f)
	case "group":
		return oneGroup(ctx, p, nodes, of(staff.AreaGroup), f)
	case "division":
		return oneDivision(ctx, p, nodes, func(v *node.Vacancy) uuid.UUID { return of(staff.AreaDivision)(v).ID }, f)
	}
	return nil // in the node already
}

// workers is a page of what operators read of workers.
func (p *plan) workers(ctx context.Context, division, text *string, first *int, after *string, sel ast.SelectionSet) (*node.WorkerRecordConnection, error) {
	args, err := p.page(first, after, staff.ByName)
	if err != nil {
		return nil, err
	}
	list, err := p.Staff.Records(ctx, p.actor, staff.RecordQuery{Division: orEmpty(division), Text: orEmpty(text), Day: p.day(nil), Args: args,
		Count: p.asks(sel, "WorkerRecordConnection", "totalCount")})
	if err != nil {
		return nil, renamed(err, "filter.divisions", "division")
	}
	lists, err := listing[staff.Record, node.WorkerRecord, *node.WorkerRecordConnection, *node.WorkerRecordEdge]{
		plan:       p,
		typeName:   "WorkerRecord",
		connection: func() *node.WorkerRecordConnection { return &node.WorkerRecordConnection{} },
		edge:       func() *node.WorkerRecordEdge { return &node.WorkerRecordEdge{} },
		node: func(r staff.Record) *node.WorkerRecord {
			return &node.WorkerRecord{Record: r, Worker: p.worker(r.Worker)}
		},
		load: func(ctx context.Context, nodes []*node.WorkerRecord, sel ast.SelectionSet) error {
			return each(ctx, p, nodes, sel, "WorkerRecord", p.record)
		},
	}.of(ctx, []page.Page[staff.Record]{list}, sel)
	return lists[0], err
}

// record loads one field of workers as operators read them.
func (p *plan) record(ctx context.Context, nodes []*node.WorkerRecord, f field) error {
	keys := distinct(nodes, func(r *node.WorkerRecord) key.Key { return r.Key })
	switch f.Name {
	case "assignments":
		lists, err := p.Staff.AssignmentsOf(ctx, p.actor, keys, p.day(nil))
		for _, r := range nodes {
			r.Put(f.Alias, p.assignments(lists[r.Key.ID]))
		}
		return err
	case "absences":
		lists, err := p.Staff.AbsencesOf(ctx, p.actor, keys, p.day(nil))
		for _, r := range nodes {
			list := make([]*node.Absence, len(lists[r.Key.ID]))
			for i, a := range lists[r.Key.ID] {
				list[i] = &node.Absence{Absence: a}
			}
			r.Put(f.Alias, list)
		}
		return err
	}
	return nil // in the node already
}

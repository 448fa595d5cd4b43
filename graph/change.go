package graph

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// What each field of Mutation does. Fields of errors are those of the input.

func (r *Resolver) createWorker(ctx context.Context, in node.CreateWorkerInput) (*node.CreateWorkerPayload, error) {
	actor := account.FromContext(ctx)
	if err := actor.RequireOperator(); err != nil {
		return nil, err // before a picture is read
	}
	file, err := photoFile(in.Photo)
	if err != nil {
		return nil, within("input", err)
	}
	w := staff.NewWorker{Name: in.Name, WorkPhone: orEmpty(in.WorkPhone), Duties: in.Duties, PhotoFile: file}
	if in.IdempotencyKey != nil {
		if w.IdempotencyKey = *in.IdempotencyKey; w.IdempotencyKey == "" {
			return nil, fault.New(fault.Invalid, "input.idempotencyKey", "worker.retryKey", "max", staff.MaxRetryKey)
		}
	}
	added, err := r.Staff.Add(ctx, actor, w, in.Area.Kind, in.Area.Name)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.CreateWorkerPayload{Worker: r.worker(added)}, nil
}

func (r *Resolver) updateWorker(ctx context.Context, in node.UpdateWorkerInput) (*node.UpdateWorkerPayload, error) {
	k, err := operatorKey(ctx, in.ID, "id", "worker.notFound")
	if err != nil {
		return nil, err
	}
	file, err := photoFile(in.Photo)
	if err != nil {
		return nil, within("input", err)
	}
	w, err := r.Staff.Update(ctx, account.FromContext(ctx), staff.Change{Worker: k, Version: in.Version, Name: in.Name, WorkPhone: in.WorkPhone,
		Duties: in.Duties, PhotoFile: file, NoPhoto: in.RemovePhoto})
	if err != nil {
		return nil, within("input", renamed(err, "workerId", "id"))
	}
	return &node.UpdateWorkerPayload{Worker: r.worker(w), Version: w.Version}, nil
}

// photoFile is a picture's file where one was sent.
func photoFile(encoded *string) ([]byte, error) {
	if encoded == nil {
		return nil, nil
	}
	return staff.PhotoFile(*encoded)
}

func (r *Resolver) appointWorker(ctx context.Context, in node.AppointWorkerInput) (*node.AppointWorkerPayload, error) {
	k, err := keyFor(ctx, account.Appoint, in.WorkerID, "workerId", "worker.notFound")
	if err != nil {
		return nil, err
	}
	a, err := r.Staff.Appoint(ctx, account.FromContext(ctx), staff.Appointment{Worker: k, Post: in.Post, Cover: in.Cover,
		AreaKind: in.Area.Kind, AreaName: in.Area.Name, From: in.From, Until: in.Until})
	if err != nil {
		return nil, within("input", err)
	}
	return &node.AppointWorkerPayload{Assignment: r.assignment(a)}, nil
}

func (r *Resolver) endAssignment(ctx context.Context, in node.EndAssignmentInput) (*node.EndAssignmentPayload, error) {
	k, err := keyFor(ctx, account.Appoint, in.ID, "id", "staff.assignmentNotFound")
	if err != nil {
		return nil, err
	}
	if err := r.Staff.End(ctx, account.FromContext(ctx), k, in.Until); err != nil {
		return nil, within("input", err)
	}
	return &node.EndAssignmentPayload{ID: k.String(), Until: in.Until}, nil
}

func (r *Resolver) recordAbsence(ctx context.Context, in node.RecordAbsenceInput) (*node.RecordAbsencePayload, error) {
	k, err := keyFor(ctx, account.Appoint, in.WorkerID, "workerId", "worker.notFound")
	if err != nil {
		return nil, err
	}
	a, err := r.Staff.RecordAbsence(ctx, account.FromContext(ctx), k, in.From, in.Until)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.RecordAbsencePayload{ID: a.Key.String(), From: a.From, Until: a.Until}, nil
}

func (r *Resolver) endAbsence(ctx context.Context, in node.EndAbsenceInput) (*node.EndAbsencePayload, error) {
	k, err := keyFor(ctx, account.Appoint, in.ID, "id", "staff.absenceNotFound")
	if err != nil {
		return nil, err
	}
	a, left, err := r.Staff.EndAbsence(ctx, account.FromContext(ctx), k, in.Until)
	if err != nil {
		return nil, within("input", renamed(err, "from", "until"))
	}
	if !left {
		return &node.EndAbsencePayload{}, nil
	}
	return &node.EndAbsencePayload{Absence: &node.Absence{Absence: a}}, nil
}

func (r *Resolver) setSizePolicy(ctx context.Context, in node.SetSizePolicyInput) (*node.SetSizePolicyPayload, error) {
	actor := account.FromContext(ctx)
	if err := actor.Require(account.Arrange); err != nil {
		return nil, err // before it is said whether the division exists
	}
	d, err := r.Places.ByCode(ctx, actor, in.Division, place.Fields{})
	if err != nil {
		return nil, renamed(err, "code", "input.division")
	}
	_, err = r.Places.SetPolicy(ctx, actor, place.SizePolicy{
		DivisionID:    d.ID,
		HouseholdsMin: in.HouseholdsMin, HouseholdsTarget: in.HouseholdsTarget, HouseholdsMax: in.HouseholdsMax,
		ResidentsMin: in.ResidentsMin, ResidentsMax: in.ResidentsMax,
		GridsMin: in.GridsMin, GridsMax: in.GridsMax,
		InformantsMin: in.InformantsMin, InformantsMax: in.InformantsMax,
		HouseholdsPerInformantMin: in.HouseholdsPerInformantMin, HouseholdsPerInformantMax: in.HouseholdsPerInformantMax,
		Version: in.Version,
	})
	if err != nil {
		return nil, within("input", err)
	}
	return answered(ctx, r, nil, &node.SetSizePolicyPayload{}, "SetSizePolicyPayload", func(ctx context.Context, p *plan, f field) (any, error) {
		return p.divisionByCode(ctx, d.Code, f.Selections)
	})
}

func (r *Resolver) setDivisionContacts(ctx context.Context, in node.SetDivisionContactsInput) (*node.SetDivisionContactsPayload, error) {
	actor := account.FromContext(ctx)
	if err := actor.Require(account.Arrange); err != nil {
		return nil, err
	}
	c := place.Contacts{SupervisionPhone: orEmpty(in.SupervisionPhone)}
	if s := in.ServiceStation; s != nil {
		c.Station = &place.Station{Name: s.Name, Address: orEmpty(s.Address), Hours: orEmpty(s.Hours), HoursEnglish: orEmpty(s.HoursEnglish), Phone: orEmpty(s.Phone)}
	}
	if in.NightNumbers != nil {
		c.Night = make([]place.NightNumber, len(in.NightNumbers))
		for i, n := range in.NightNumbers {
			c.Night[i] = place.NightNumber{Phone: n.Phone, Name: n.Name, NameEnglish: orEmpty(n.NameEnglish)}
		}
	}
	d, err := r.Places.SetContacts(ctx, actor, in.Division, c, in.Version)
	if err != nil {
		return nil, within("input", renamed(err, "code", "division"))
	}
	return answered(ctx, r, nil, &node.SetDivisionContactsPayload{}, "SetDivisionContactsPayload", func(ctx context.Context, p *plan, f field) (any, error) {
		return p.divisionByCode(ctx, d.Code, f.Selections)
	})
}

func (r *Resolver) recordBoardsPrinted(ctx context.Context, in node.RecordBoardsPrintedInput) (*node.RecordBoardsPrintedPayload, error) {
	actor := account.FromContext(ctx)
	if err := actor.Require(account.Arrange); err != nil {
		return nil, err
	}
	list := make([]board.Printing, len(in.Boards))
	for i, b := range in.Boards {
		list[i] = board.Printing{Name: board.Name{Grid: orEmpty(b.Grid), Building: orEmpty(b.Building)}, Mark: orEmpty(b.Mark)}
	}
	on := r.Staff.Day(nil)
	if in.On != nil {
		on = *in.On
	}
	prints, err := r.Boards.Printed(ctx, actor, list, on)
	if err != nil {
		return nil, within("input", err)
	}
	payload := &node.RecordBoardsPrintedPayload{Prints: make([]*node.BoardPrint, len(prints))}
	for i, p := range prints {
		payload.Prints[i] = &node.BoardPrint{Print: p}
	}
	return payload, nil
}

func (r *Resolver) takeBackBoardsPrinted(ctx context.Context, in node.TakeBackBoardsPrintedInput) (*node.TakeBackBoardsPrintedPayload, error) {
	actor := account.FromContext(ctx)
	if err := actor.Require(account.Arrange); err != nil {
		return nil, err
	}
	list := make([]board.Noted, len(in.Boards))
	for i, b := range in.Boards {
		list[i] = board.Noted{Name: board.Name{Grid: orEmpty(b.Grid), Building: orEmpty(b.Building)}, Revision: b.Revision, Version: orZero(b.Version)}
	}
	n, err := r.Boards.TakeBack(ctx, actor, list)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.TakeBackBoardsPrintedPayload{Count: n}, nil
}

func (r *Resolver) placeBuilding(ctx context.Context, in node.PlaceBuildingInput) (*node.PlaceBuildingPayload, error) {
	k, err := keyFor(ctx, account.Arrange, in.Building, "building", "building.notFound")
	if err != nil {
		return nil, err
	}
	from, err := r.Places.PlaceBuilding(ctx, account.FromContext(ctx), k, in.Grid)
	if err != nil {
		return nil, within("input", renamed(err, "id", "building"))
	}
	return answered(ctx, r, &from, &node.PlaceBuildingPayload{}, "PlaceBuildingPayload", func(ctx context.Context, p *plan, f field) (any, error) {
		found, err := p.Places.BuildingsByKey(ctx, p.actor, []key.Key{k}, &p.at, true)
		if err != nil {
			return nil, err
		}
		nodes := []*node.Building{{Building: found[k.ID]}}
		return nodes[0], p.buildings(ctx, nodes, f.Selections)
	})
}

func (r *Resolver) placeUnit(ctx context.Context, in node.PlaceUnitInput) (*node.PlaceUnitPayload, error) {
	k, err := keyFor(ctx, account.Arrange, in.Unit, "unit", "unit.notFound")
	if err != nil {
		return nil, err
	}
	from, err := r.Places.PlaceUnit(ctx, account.FromContext(ctx), k, in.Grid)
	if err != nil {
		return nil, within("input", renamed(err, "id", "unit"))
	}
	return answered(ctx, r, &from, &node.PlaceUnitPayload{}, "PlaceUnitPayload", func(ctx context.Context, p *plan, f field) (any, error) {
		found, err := p.Places.UnitsByKey(ctx, p.actor, []key.Key{k}, &p.at, true)
		if err != nil {
			return nil, err
		}
		nodes := []*node.Unit{{Unit: found[k.ID]}}
		return nodes[0], p.units(ctx, nodes, f.Selections)
	})
}

func (r *Resolver) renumberDivision(ctx context.Context, in node.RenumberDivisionInput) (*node.RenumberDivisionPayload, error) {
	d, err := r.Places.Renumber(ctx, account.FromContext(ctx), place.Renumbering{Code: in.Code, NewCode: in.NewCode, NewParent: in.NewParent, Version: in.Version})
	if err != nil {
		return nil, within("input", err)
	}
	return answered(ctx, r, nil, &node.RenumberDivisionPayload{}, "RenumberDivisionPayload", func(ctx context.Context, p *plan, f field) (any, error) {
		return p.divisionByCode(ctx, d.Code, f.Selections)
	})
}

func (r *Resolver) recodeGrid(ctx context.Context, in node.RecodeGridInput) (*node.RecodeGridPayload, error) {
	g, err := r.Grids.Recode(ctx, account.FromContext(ctx), in.Code, in.NewCode, in.Version)
	if err != nil {
		return nil, within("input", err)
	}
	return answered(ctx, r, nil, &node.RecodeGridPayload{}, "RecodeGridPayload", func(ctx context.Context, p *plan, f field) (any, error) {
		return p.gridByCode(ctx, g.Code, f.Selections)
	})
}

// answered loads what is asked of a payload: as of now, by the store's clock where at is the instant of the change.
func answered[P holder](ctx context.Context, r *Resolver, at *time.Time, payload P, typeName string, load func(context.Context, *plan, field) (any, error)) (P, error) {
	return planned(ctx, r, at, func(ctx context.Context, p *plan, sel ast.SelectionSet) (P, error) {
		p.asOf = nil // at is the store's now: nobody asked for the past
		return payload, each(ctx, p, []P{payload}, sel, typeName, func(ctx context.Context, _ []P, f field) error {
			if f.Name == "__typename" {
				return nil
			}
			found, err := load(ctx, p, f)
			payload.Put(f.Alias, found)
			return err
		})
	})
}

func (r *Resolver) applyFix(ctx context.Context, in node.ApplyFixInput) (*node.ApplyFixPayload, error) {
	problem, err := uuid.Parse(in.Problem)
	if err != nil {
		problem = uuid.Nil // which no problem has
	}
	moved, err := r.Coverage.Apply(ctx, account.FromContext(ctx), problem, in.Fix, in.DataVersion)
	if err != nil {
		return nil, within("input", err)
	}
	return planned(ctx, r, nil, func(ctx context.Context, p *plan, sel ast.SelectionSet) (*node.ApplyFixPayload, error) {
		payload := &node.ApplyFixPayload{}
		return payload, each(ctx, p, []*node.ApplyFixPayload{payload}, sel, "ApplyFixPayload",
			func(ctx context.Context, all []*node.ApplyFixPayload, f field) error {
				if f.Name != "grids" {
					return nil
				}
				return manyGrids(ctx, p, all, func(*node.ApplyFixPayload) []key.Key { return moved }, f)
			})
	})
}

// operatorKey reads the id of an input. FORBIDDEN: the actor is no operator, and so is not told whether there is such a
// thing. NOT_FOUND: nothing can have that id.
func operatorKey(ctx context.Context, id, field, sentence string) (key.Key, error) {
	if err := account.FromContext(ctx).RequireOperator(); err != nil {
		return key.Key{}, err
	}
	return parsed(id, field, sentence)
}

// keyFor is operatorKey for what those may do who have a right somewhere.
func keyFor(ctx context.Context, right account.Right, id, field, sentence string) (key.Key, error) {
	if err := account.FromContext(ctx).Require(right); err != nil {
		return key.Key{}, err
	}
	return parsed(id, field, sentence)
}

func parsed(id, field, sentence string) (key.Key, error) {
	k, ok := key.Parse(id)
	if !ok {
		return k, fault.New(fault.NotFound, "input."+field, sentence, "id", fault.Shorten(id, 60))
	}
	return k, nil
}

// renamed gives err's field the name that the input has for it.
func renamed(err error, from, to string) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Field != from {
		return err
	}
	moved := *f
	moved.Field = to
	return &moved
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

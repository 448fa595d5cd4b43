package coverage

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"coverage.noProblem", "There is no such problem; it may be mended already.", "没有这个问题，可能已经解决。"},
	[3]string{"coverage.noFix", "The problem has {n} fixes; count from 0.", "该问题有 {n} 个解决办法，从 0 数起。"},
	[3]string{"coverage.notAnArea", "{action} moves no border: it is done with the mutation that is made for it, or by drawing.", "{action} 不涉及边界调整，请用相应的操作或重新绘制。"},
	[3]string{"coverage.nothingLeft", "Nothing would be left of the grid; it has to be given up instead.", "划出后该网格将没有范围，应当撤销该网格。"},
	[3]string{"coverage.beyond", "Part of the area lies outside the grid's community; the community's boundary has to be redrawn first.", "部分区域在该网格所属社区之外，请先调整社区边界。"},
)

// Redraw hands an area over: to a grid, from grids, or both.
type Redraw struct {
	Area   geom.T // CGCS2000 longitude, latitude
	To     *key.Key
	From   []key.Key
	Change int64 // the last change that is known of
}

// Apply does what the fix-th fix of a problem says, where that is to move a border (ADD_TO_GRID, CUT_FROM_GRID): the grids
// get a new boundary from now on, and their buildings are looked at again. version is the Version of a report that the problem
// was read with. Operators only, FORBIDDEN to others. NOT_FOUND: there is no such problem. CONFLICT: the data changed since.
// INVALID: there is no such fix, it moves no border, it would leave nothing of a grid or reach beyond its community. It
// returns the grids whose border moved.
func (s *Service) Apply(ctx context.Context, actor account.Actor, problem uuid.UUID, fix int, version string) ([]key.Key, error) {
	if err := actor.RequireOperator(); err != nil {
		return nil, err
	}
	p, now, err := s.problem(ctx, actor, problem)
	switch {
	case err != nil:
		return nil, err
	case !knew(version, p.Change, now.n):
		return nil, fault.New(fault.Conflict, "dataVersion", "conflict")
	case fix < 0 || fix >= len(p.Fixes):
		return nil, fault.New(fault.Invalid, "fix", "coverage.noFix", "n", len(p.Fixes))
	}
	r, err := redraw(p.Problem, p.Fixes[fix])
	if err != nil {
		return nil, err
	}
	r.Change = now.n
	return r.Grids(), s.Store.Redraw(ctx, actor, r)
}

// Grids are those whose border moves, the one that gets the area first.
func (r Redraw) Grids() []key.Key {
	if r.To == nil {
		return r.From
	}
	return append([]key.Key{*r.To}, r.From...)
}

// Problem returns a problem by its id, as of now. NOT_FOUND: there is none, or it is mended.
func (s *Service) Problem(ctx context.Context, actor account.Actor, id uuid.UUID) (Problem, error) {
	p, _, err := s.problem(ctx, actor, id)
	return p.Problem, err
}

// problem also returns the state of the data. Only the divisions that the problem concerns are made current for it.
func (s *Service) problem(ctx context.Context, actor account.Actor, id uuid.UUID) (Kept, stamp, error) {
	ctx = s.Store.Apart(ctx)
	var now stamp
	p, ok, err := s.Store.Problem(ctx, actor, id)
	if err == nil && ok {
		if now, err = s.current(ctx, actor, append([]uuid.UUID{p.Division}, p.DivisionIDs...)); err == nil {
			p, ok, err = s.Store.Problem(ctx, actor, id)
		}
	}
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "problem", "coverage.noProblem")
	}
	return p, now, err
}

// knew reports whether a report of version was made when change was known, and not of a change that is still to come.
func knew(version string, change, newest int64) bool {
	n, _, _ := strings.Cut(version, "-")
	last, err := strconv.ParseInt(n, 10, 64)
	return err == nil && change <= last && last <= newest
}

// redraw is what a fix does to grids. An area that is added to one is taken from the others that the problem names: they have
// it, but for a gap, which nobody has.
func redraw(p Problem, f Fix) (Redraw, error) {
	r := Redraw{Area: p.Geometry}
	whole, _ := f.Args[ArgWhole].(bool)
	switch {
	case f.Action == CutFromGrid && whole:
		return r, fault.New(fault.Invalid, "fix", "coverage.nothingLeft")
	case f.Action == CutFromGrid && f.Grid != nil:
		r.From = []key.Key{*f.Grid}
	case f.Action == AddToGrid && f.Grid != nil:
		r.To = f.Grid
		if p.Kind != Gap {
			r.From = slices.DeleteFunc(slices.Clone(p.Grids), func(k key.Key) bool { return k == *f.Grid })
		}
	default:
		return r, fault.New(fault.Invalid, "fix", "coverage.notAnArea", "action", string(f.Action))
	}
	return r, nil
}

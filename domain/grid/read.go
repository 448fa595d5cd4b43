package grid

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
)

// What is read of many grids at once. Reading is for everyone; maps leave out what there is not. A nil asOf means now.

// GridsOfGroups returns the grids of each group, by code. The map's key is the group's id.
func (s *Service) GridsOfGroups(ctx context.Context, actor account.Actor, groups []key.Key, asOf *time.Time, with Fields) (map[uuid.UUID][]Grid, error) {
	return s.Store.GridsOfGroups(ctx, actor, groups, s.at(asOf), with)
}

// Neighbours returns the grids that share a border with each grid, the longest border first. The map's key is the
// grid's id.
func (s *Service) Neighbours(ctx context.Context, actor account.Actor, grids []key.Key, asOf *time.Time, with Fields) (map[uuid.UUID][]Neighbour, error) {
	return s.Store.Neighbours(ctx, actor, grids, s.at(asOf), with)
}

// Simplify leaves out vertices of each shape (CGCS2000 degrees) that matter less than toleranceM metres, each shape by
// itself; the answers are in their order and valid.
func (s *Service) Simplify(ctx context.Context, actor account.Actor, shapes []geom.T, toleranceM float64) ([]geom.T, error) {
	return s.Store.Simplify(ctx, actor, shapes, toleranceM)
}

// InvalidReasons says for each shape why it is not valid, "" where it is, in their order.
func (s *Service) InvalidReasons(ctx context.Context, actor account.Actor, shapes []geom.T) ([]string, error) {
	return s.Store.InvalidReasons(ctx, actor, shapes)
}

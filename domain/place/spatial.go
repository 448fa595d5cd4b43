package place

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/page"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

// spatial is the part of Store that relates places by where they lie.
type spatial interface {
	// DivisionNeighbours returns the divisions of its level that share a border with each, by code.
	DivisionNeighbours(ctx context.Context, actor account.Actor, ids []uuid.UUID, with Fields) (map[uuid.UUID][]Division, error)
	// Uncovered is what the grids beneath each division leave of its boundary, empty where nothing is left, snapped; divisions
	// without a boundary are left out. LIMITED: they have more than mostGrids grids together.
	Uncovered(ctx context.Context, actor account.Actor, ids []uuid.UUID, at time.Time, mostGrids int) (map[uuid.UUID]*geom.MultiPolygon, error)
	// BuildingsNear returns a page of the buildings within a distance of a point, the nearest first.
	BuildingsNear(ctx context.Context, actor account.Actor, q NearQuery) (page.Page[Building], error)
}

var _ = fault.Register(
	[3]string{"division.manyGrids", "There are {n} grids beneath; what they leave over is computed for at most {max} at once. Ask for smaller divisions.",
		"其下共有 {n} 个网格，一次最多计算 {max} 个网格的未覆盖范围，请查询更小的区划。"},
	[3]string{"near.within", "withinM must be 0 to {max} metres.", "withinM 应为 0 到 {max} 米。"},
)

// ByDistance is the order of a NearQuery, as its cursors name it.
const ByDistance = "DISTANCE"

// NearQuery is which page of the buildings near a point is read: by their distance, metres on the ellipsoid to the footprint,
// or to the point of a building without one.
type NearQuery struct {
	Near      coord.CGCS2000
	WithinM   float64
	Args      page.Args
	Count     bool // also count them all
	Footprint bool
	OfEach    int       // of the buildings of one grid at most so many, and only those with a name or an address; 0: all. There is only the first page
	At        time.Time // decides which grid they belong to
}

// MaxNearM is the furthest that BuildingsNear looks, metres.
const MaxNearM = 5_000

// BuildingsNear returns a page of the buildings within q.WithinM of a point, the nearest first. INVALID: a distance that is not
// 0 to MaxNearM.
func (s *Service) BuildingsNear(ctx context.Context, actor account.Actor, q NearQuery) (page.Page[Building], error) {
	if !(q.WithinM >= 0 && q.WithinM <= MaxNearM) {
		return page.Page[Building]{}, fault.New(fault.Invalid, "withinM", "near.within", "max", MaxNearM)
	}
	return s.Store.BuildingsNear(ctx, actor, q)
}

// DivisionNeighbours returns the divisions of its level that share a border with each division, by code; a corner is none. The
// map's key is the division's id.
func (s *Service) DivisionNeighbours(ctx context.Context, actor account.Actor, ids []uuid.UUID, with Fields) (map[uuid.UUID][]Division, error) {
	return s.Store.DivisionNeighbours(ctx, actor, ids, with)
}

// maxUncoveredGrids bounds the time that Uncovered takes: PostGIS joins so many areas in about a second.
const maxUncoveredGrids = 2_000

// Uncovered is what the grids beneath each division leave of its boundary, CGCS2000 degrees, snapped: an empty area where nothing
// is left; divisions without a boundary are left out. LIMITED: they have too many grids together.
func (s *Service) Uncovered(ctx context.Context, actor account.Actor, ids []uuid.UUID, asOf *time.Time) (map[uuid.UUID]*geom.MultiPolygon, error) {
	return s.Store.Uncovered(ctx, actor, ids, s.At(asOf), maxUncoveredGrids)
}

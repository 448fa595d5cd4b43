package tile

import (
	"context"
	"time"

	"wangge/domain/account"
	"wangge/domain/coverage"
	entity "wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/scene"
)

// Scenes gives what the layers of grids and divisions are drawn from.
type Scenes interface {
	// Scene returns the scene of an instant that is whole in a box, in degrees of CGCS2000: see scene.Scene. UNAUTHENTICATED: the zero actor.
	Scene(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (scene.Scene, error)
	// Codes returns the codes of grids, which are those of now; of such as there are not, none. UNAUTHENTICATED: the zero actor.
	Codes(ctx context.Context, actor account.Actor, grids []entity.Key) (map[entity.Key]string, error)
}

// Problems gives what the layer gaps is drawn from.
type Problems interface {
	// Shown returns what the stored coverage reports found that lies in a box, by id: see coverage.Shown. Reports are of now, whatever instant a
	// tile is of. UNAUTHENTICATED: the zero actor.
	Shown(ctx context.Context, actor account.Actor, box place.Box) ([]coverage.Shown, error)
}

package tile

import (
	"context"
	"time"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/domain/scene"
)

// Scenes gives what the layers of grids and divisions are drawn from.
type Scenes interface {
	// Scene returns the scene of an instant that is whole in a box, in degrees of CGCS2000: see scene.Scene. UNAUTHENTICATED: the zero actor.
	Scene(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (scene.Scene, error)
}

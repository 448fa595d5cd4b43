// Package graph is the GraphQL API: the schema in schema/*.graphqls, resolvers that are an actor, a call and a return,
// the plan that reads nested fields level by level, the errors that clients see, and the limits of a request. What is
// allowed is left to the domain's services; who is asking, rate limits and CORS to the server around it.
package graph

//go:generate go run ./gen

import (
	"context"

	"wangge/domain/access"
	"wangge/domain/around"
	"wangge/domain/audit"
	"wangge/domain/board"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/resident"
	"wangge/domain/search"
	"wangge/domain/staff"
	"wangge/graph/node"
)

// Resolver is what answers are made of.
type Resolver struct {
	Places   *place.Service
	Grids    *grid.Service
	Staff    *staff.Service
	Coverage *coverage.Service
	Boards   *board.Service
	Search   *search.Service
	Access   *access.Service // nil: there are no accounts
	Around   *around.Service // nil: limits are those that are stored
	Audit    *audit.Service  // nil: nothing is noted, nor can be read

	Residents *resident.Service // files of people; nil: there are none

	// PhotoURL says where a worker's photo is; asked only of workers who have one. Nil: photos are not served.
	PhotoURL func(staff.Worker) string
	// Tilesets are the vector tile layers that are served. Nil: none.
	Tilesets func(context.Context) ([]*node.Tileset, error)
	// TilesChanged follows what changes in tiles, from a version on or, where since is "", from now on; no layers are all. next
	// returns the first change at once and then waits for each; its error is that of its context. Nil: tiles are not followed.
	TilesChanged func(ctx context.Context, since string, layers []string) (next func(context.Context) (*node.TilesChange, error), err error)
}

// Package migrations holds the numbered SQL files that make the schema. Package db runs them.
package migrations

import "embed"

// FS holds the files, in goose's format, at its root.
//
//go:embed *.sql
var FS embed.FS

// RequestRole is the role of PostgreSQL as which all goes that is done for an actor. It owns nothing, so that row-level policies bind it.
const RequestRole = "wangge_app"

package arch

import "slices"

// Modules named more than once.
const (
	geom       = "github.com/twpayne/go-geom"
	orb        = "github.com/paulmach/orb"
	pgx        = "github.com/jackc/pgx/v5"
	uuid       = "github.com/google/uuid"
	gqlgen     = "github.com/99designs/gqlgen"
	gqlparser  = "github.com/vektah/gqlparser/v2"
	compress   = "github.com/klauspost/compress"
	jsontext   = "github.com/go-json-experiment/json"
	prometheus = "github.com/prometheus"
)

var (
	pure   = []string{"geo/coord", "geo/coverage", "geo/limits", "geo/measure", "geo/shape"}
	domain = []string{"domain/access", "domain/account", "domain/around", "domain/audit", "domain/board", "domain/civil", "domain/coverage", "domain/grid", "domain/index", "domain/key", "domain/name", "domain/page", "domain/phone", "domain/place", "domain/portrait", "domain/resident", "domain/scene", "domain/search", "domain/secret", "domain/staff"}

	// below is what the middle row stands on: the words, the geometry, the one error.
	below = slices.Concat(domain, pure, []string{"internal/fault"})

	// graph, tile and web stand on below and on what all answers over HTTP have alike.
	doors = slices.Concat(below, []string{"internal/answer"})
)

// Rooms is the picture. A room's list names every room that it may import, so that reading one line is enough; the
// boxes of the middle row (graph, tile, web, load, db, album) name none of each other.
var Rooms = []Room{
	// Wiring: the only place that knows them all.
	{".", slices.Concat([]string{"graph", "tile", "web", "signboard", "signboard/paper", "load", "load/demo", "db", "album", "live", "internal/answer", "internal/cli", "internal/config",
		"internal/httpauth", "internal/jobs", "internal/keyring", "internal/localpg", "internal/oidc", "internal/ops"}, below), []string{pgx}},

	// The middle row.
	{"graph", doors, []string{gqlgen, gqlparser, geom, orb, uuid, compress, jsontext, "github.com/maypok86/otter/v2", "github.com/coder/websocket"}},
	{"graph/gen", nil, []string{gqlgen, gqlparser}},
	{"tile", slices.Concat([]string{"tile/pmtiles"}, doors), []string{orb, compress, "github.com/maypok86/otter/v2", "google.golang.org/protobuf"}},
	{"tile/pmtiles", nil, []string{compress}},
	{"signboard", slices.Concat([]string{"signboard/chart", "signboard/paper", "internal/cell"}, doors), []string{geom, orb, uuid, "github.com/cespare/xxhash", "github.com/maypok86/otter/v2", "golang.org/x/sync", "golang.org/x/text"}},
	{"web", doors, []string{uuid, "github.com/cespare/xxhash", "golang.org/x/text"}},
	{"load", slices.Concat([]string{"load/demo", "internal/cell"}, below), []string{geom, orb, compress, uuid, "github.com/paulmach/osm",
		"github.com/datadog/czlib", jsontext, "github.com/xuri/excelize/v2", "golang.org/x/text"}},
	{"load/demo", below, []string{orb, "golang.org/x/image"}},
	{"db", slices.Concat([]string{"live", "migrations"}, below), []string{pgx, geom, orb, uuid, "github.com/twpayne/pgx-geom", "github.com/pressly/goose/v3"}},
	{"migrations", nil, nil},
	{"album", []string{"domain/portrait", "internal/fault"}, []string{"gocloud.dev"}},

	{"signboard/chart", []string{"geo/measure", "signboard/paper"}, []string{orb}},
	{"signboard/paper", []string{"internal/fault"}, []string{"github.com/cespare/xxhash", "github.com/tdewolff/font", "github.com/golang/freetype", "github.com/rivo/uniseg",
		"github.com/boombuler/barcode", "golang.org/x/image", "golang.org/x/text"}},

	// What is in force, in memory. The middle row stands on it, of which only db names it: it reads what live asks for.
	{"live", below, []string{uuid}},

	// What the words mean and what is allowed: no SQL, no HTTP, no file format.
	{"domain/key", nil, []string{uuid}},
	{"domain/civil", nil, nil},
	{"domain/index", nil, nil},
	{"domain/phone", nil, nil},
	{"domain/name", []string{"internal/fault"}, nil},
	{"domain/account", []string{"internal/fault"}, []string{uuid}},
	{"domain/access", []string{"domain/account", "domain/audit", "domain/civil", "domain/grid", "domain/key", "domain/name", "domain/page", "domain/place", "domain/staff", "internal/fault"},
		[]string{uuid, "github.com/alexedwards/argon2id", "github.com/pquerna/otp", "golang.org/x/text"}},
	{"domain/page", []string{"internal/fault"}, nil},
	{"domain/audit", []string{"domain/account", "domain/key", "domain/page", "internal/fault"}, nil},
	{"domain/place", []string{"domain/account", "domain/index", "domain/key", "domain/name", "domain/page", "domain/phone", "geo/coord", "geo/measure", "geo/shape", "internal/fault"}, []string{geom, uuid}},
	{"domain/grid", []string{"domain/account", "domain/civil", "domain/index", "domain/key", "domain/page", "domain/phone", "domain/place", "geo/coord", "geo/coverage", "geo/measure", "geo/shape", "internal/fault"}, []string{geom, orb, uuid}},
	{"domain/around", []string{"domain/account", "domain/grid", "domain/key", "domain/place", "geo/coverage", "geo/limits", "geo/shape", "internal/fault"}, []string{geom, orb, uuid}},
	{"domain/board", []string{"domain/account", "domain/around", "domain/civil", "domain/grid", "domain/key", "domain/page", "domain/place", "domain/staff", "geo/shape", "internal/fault"}, []string{geom, orb, uuid}},
	{"domain/coverage", []string{"domain/account", "domain/civil", "domain/grid", "domain/key", "domain/page", "domain/place", "domain/staff", "geo/coord", "geo/coverage", "geo/measure", "geo/shape", "internal/fault"}, []string{geom, orb, uuid, "golang.org/x/sync"}},
	{"domain/scene", []string{"domain/account", "domain/civil", "domain/grid", "domain/key", "domain/place", "domain/staff"}, []string{orb}},
	{"domain/search", []string{"domain/account", "domain/grid", "domain/key", "geo/measure", "internal/fault"},
		[]string{orb, uuid, "github.com/mozillazg/go-pinyin", "golang.org/x/text"}},
	{"domain/resident", []string{"domain/account", "domain/audit", "domain/civil", "domain/key", "domain/phone", "domain/secret", "internal/fault"}, []string{uuid}},
	{"domain/secret", []string{"internal/fault"}, []string{uuid, "golang.org/x/text"}},
	{"domain/portrait", []string{"internal/fault"}, []string{"github.com/bep/imagemeta", "golang.org/x/image"}},
	{"domain/staff", []string{"domain/account", "domain/audit", "domain/civil", "domain/index", "domain/key", "domain/name", "domain/page", "domain/phone", "domain/portrait", "internal/fault"}, []string{uuid}},

	// Pure geometry: no SQL, no HTTP, no clock.
	{"geo/coord", nil, nil},
	{"geo/measure", []string{"geo/coord"}, []string{"github.com/tidwall/geodesic", orb}},
	{"geo/shape", []string{"geo/coord"}, []string{geom, orb}},
	{"geo/limits", []string{"geo/measure"}, []string{orb}},
	{"geo/coverage", []string{"geo/coord", "geo/measure", "geo/shape"}, []string{orb}},

	// The house.
	{"internal/fault", nil, nil},
	{"internal/cell", nil, nil},
	{"internal/answer", []string{"internal/fault"}, []string{"golang.org/x/text"}},
	{"internal/config", []string{"domain/audit", "geo/coord", "internal/fault"}, nil},
	{"internal/ops", []string{"domain/account", "domain/audit", "internal/answer", "internal/fault", "internal/keyfile"}, []string{pgx, prometheus, compress, "github.com/rs/cors", "golang.org/x/time"}},
	{"internal/httpauth", []string{"domain/account", "internal/fault", "internal/keyfile"}, nil},
	{"internal/keyfile", nil, nil},
	{"internal/jobs", nil, []string{pgx, "github.com/riverqueue/river"}},
	{"internal/keyring", []string{"domain/secret", "internal/fault", "internal/keyfile"}, nil},
	{"internal/oidc", []string{"domain/access", "internal/fault"}, []string{"github.com/coreos/go-oidc/v3", "golang.org/x/oauth2"}},
	{"internal/cli", []string{"domain/audit", "domain/coverage", "domain/page", "domain/place", "geo/coord", "geo/shape", "internal/config", "internal/fault"},
		[]string{"github.com/alecthomas/kong", "github.com/schollz/progressbar/v3", "golang.org/x/term"}},
	{"internal/localpg", []string{"internal/fault", "migrations"}, []string{pgx}},
	{"internal/traces", nil, nil}, // what tests leave: no room names it
	{"internal/testdb", []string{"db", "migrations", "internal/localpg", "internal/traces"}, []string{pgx}}, // for tests: no room names it
	{"internal/bench", []string{"db", "domain/account", "domain/civil", "domain/grid", "domain/key", "domain/place", "geo/shape", "internal/localpg"},
		[]string{gqlgen, gqlparser, pgx, orb}}, // measures from outside: no room names it
	{"internal/leaks", []string{"internal/localpg", "internal/traces"}, []string{uuid, "github.com/coder/websocket", "github.com/pquerna/otp", "golang.org/x/text"}}, // plants and looks from outside: no room names it
	{"internal/licence", nil, nil}, // looks from outside: no room names it
	{"internal/arch", nil, nil},
}

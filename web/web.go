// Package web is what a resident opens: the pages that say whose grid a spot is in and whom to call, the same
// answer as JSON (/where), workers' photos, and the API explorer (/graphiql). The scripts are built by build.mjs and
// embedded. Which grid it is, who is on call and who may see what is left to domain/*; tiles and the map's style
// to package tile.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/audit"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Grids answers which grid a spot is in.
type Grids interface {
	// At: INVALID names the coordinate that is no position or outside the window.
	At(ctx context.Context, actor account.Actor, q grid.AtQuery) (grid.Match, error)
	// AtAddress is At where only an address is known. INVALID names "address".
	AtAddress(ctx context.Context, actor account.Actor, address string, asOf *time.Time) (grid.Match, error)
	// ByCode answers for former codes too. NOT_FOUND: none.
	ByCode(ctx context.Context, actor account.Actor, code string, asOf *time.Time, with grid.Fields) (grid.Grid, error)
	// Retired returns a grid that is in force no more, as it was last, and since when. NOT_FOUND: there never was one, or it is in force.
	Retired(ctx context.Context, actor account.Actor, code string) (grid.Grid, time.Time, error)
	// ByKeys leaves out what there is not.
	ByKeys(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error)
	// OfCommunity returns the grids of a division, by code.
	OfCommunity(ctx context.Context, actor account.Actor, communityID uuid.UUID) ([]grid.Grid, error)
	Groups(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]grid.Group, error)
}

// Staff answers whom to call.
type Staff interface {
	// OnCall leaves out grids with nobody to call.
	OnCall(ctx context.Context, actor account.Actor, grids []staff.GridRef, asOf *time.Time) (map[uuid.UUID]staff.Assignment, error)
	// OnCallOf is OnCall for one grid; nil: nobody. The answer may be shared.
	OnCallOf(ctx context.Context, actor account.Actor, g staff.GridRef, asOf *time.Time) (*staff.Assignment, error)
	// InOffice returns the assignments for each area, by the area's id.
	InOffice(ctx context.Context, actor account.Actor, areas []staff.Area, asOf *time.Time) (map[uuid.UUID][]staff.Assignment, error)
	// Badge is what a worker's badge proves today. NOT_FOUND: nothing.
	Badge(ctx context.Context, actor account.Actor, worker key.Key) (staff.Badge, error)
	// Photo: NOT_FOUND where there is no such worker, no photo or none that the actor may see. Where known takes its tag its image is left out.
	Photo(ctx context.Context, actor account.Actor, worker key.Key, small bool, known func(tag string) bool) (staff.Photo, error)
	// Update changes what is said of a worker. NOT_FOUND, INVALID, CONFLICT: the version moved.
	Update(ctx context.Context, actor account.Actor, c staff.Change) (staff.Worker, error)
}

// Places answers what lies around a grid.
type Places interface {
	DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error)
	// Division is DivisionsByID for one, without what is heavy; nil: there is none. The answer may be shared.
	Division(ctx context.Context, actor account.Actor, id uuid.UUID) (*place.Division, error)
	// ByCode: NOT_FOUND where there is no such division.
	ByCode(ctx context.Context, actor account.Actor, code string, with place.Fields) (place.Division, error)
	// Communities returns the divisions that hold grids, by code.
	Communities(ctx context.Context, actor account.Actor) ([]place.Division, error)
	// Children returns the divisions directly within each, by code; the map's key is the parent's id.
	Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error)
	// DivisionStats counts what lies in each division and beneath it.
	DivisionStats(ctx context.Context, actor account.Actor, ids []uuid.UUID, asOf *time.Time) (map[uuid.UUID]place.Stats, error)
	Roots(ctx context.Context, actor account.Actor, with place.Fields) ([]place.Division, error)
	// BuildingsByKey leaves out what there is not.
	BuildingsByKey(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, footprint bool) (map[uuid.UUID]place.Building, error)
	// Building: NOT_FOUND where there is none.
	Building(ctx context.Context, actor account.Actor, k key.Key) (place.Building, error)
	// Contacts returns whom to call in each division, by its id. The answers may be shared.
	Contacts(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID]place.Here, error)
	// BuildingsNear returns the buildings within a distance of a point, the nearest first.
	BuildingsNear(ctx context.Context, actor account.Actor, q place.NearQuery) (page.Page[place.Building], error)
	// At is asOf, or now by the clock that decides who is in office.
	At(asOf *time.Time) time.Time
	// InOneState runs fn so that all it reads with its ctx, of Grids and Staff as well, is one state of the data.
	InOneState(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error
}

// Coverage answers whether anyone is left out.
type Coverage interface {
	// Current waits until the reports are; for who holds no transaction.
	Current(ctx context.Context, actor account.Actor, divisions []uuid.UUID) error
	// Reports leaves out divisions that are not known.
	Reports(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]coverage.Report, error)
	ProblemsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q coverage.Query) (map[uuid.UUID]page.Page[coverage.Problem], error)
	// Problem: NOT_FOUND where there is none, or it is mended.
	Problem(ctx context.Context, actor account.Actor, id uuid.UUID) (coverage.Problem, error)
}

// Around answers what a grid ends at.
type Around interface {
	// Limits are those that are stored, else computed, by the grid's id. With an error it answers what it knows.
	Limits(ctx context.Context, actor account.Actor, grids []grid.Grid, asOf *time.Time) (map[uuid.UUID]beside.Limits, error)
}

// Options are what the pages need. Grids, Staff, Places, Coverage and Search are required.
type Options struct {
	Grids     Grids
	Staff     Staff
	Places    Places
	Coverage  Coverage
	Around    Around // nil: limits in words are those that are stored
	Search    Search
	State     func() string // names the state of the data, as tilesChanged does; nil: it has no name, and a map hears only of what changes after it asks
	Printed   Printed       // nil: no page says whether a board is current
	Boards    bool          // whether /signboards/ is served, so that answers may link to it
	PublicURL string        // where this server is seen from outside; "" makes links relative
	Basemap   []string      // the origins that a basemap comes from; empty: there is none
	Log       *slog.Logger  // nil: slog.Default()
	Access    Access        // nil: nobody can sign in
	Sessions  Sessions      // of browsers; needed with Access
	Provider  Provider      // where people sign in instead; nil: nowhere
	Audit     Audit         // nil: who signs in is not noted

	Origin func(*http.Request) audit.Origin // where a request comes from, for the audit; nil: that is not noted
	// ClientNetwork is by what tries to sign in are counted: the address, or that of a household's network. Nil: by logins alone.
	ClientNetwork func(*http.Request) netip.Addr

	// AsOf is the time the answers are of, in the zone people read it in, and whether that is now: it is not while the
	// database is away and they come from memory. nil: it always is.
	AsOf func() (at time.Time, current bool)

	HouseholdTemplate func(w io.Writer) error // writes the empty list of households, XLSX; nil: it is not served
}

type site struct {
	grids     Grids
	staff     Staff
	places    Places
	coverage  Coverage
	around    Around
	finder    Search
	state     func() string
	printed   Printed
	boards    bool
	publicURL string
	policy    string
	worker    string // the address of the map's worker
	log       *slog.Logger
	access    Access
	sessions  Sessions
	provider  Provider
	audit     Audit
	origin    func(*http.Request) audit.Origin
	network   func(*http.Request) netip.Addr
	asOf      func() (at time.Time, current bool)
}

// patient is h that waits for the database no longer than pagePatience, however often it reads.
func patient(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pagePatience)
		defer cancel()
		h(w, r.WithContext(ctx))
	}
}

// read runs fn for who sent r, on one state of the data: a grid, its worker and its community belong together. UNAVAILABLE: it takes longer than pagePatience. Where
// something that stands beside the answer was late, and took the transaction with it, fn is run once more without; so it must be able to run twice.
func (s *site) read(r *http.Request, fn func(ctx context.Context, actor account.Actor) error) error {
	late := new(bool)
	return answer.Within(context.WithValue(r.Context(), lateKey{}, late), pagePatience, func(ctx context.Context) error {
		err := s.readLong(r.WithContext(ctx), fn)
		if err != nil && *late && ctx.Err() == nil {
			err = s.readLong(r.WithContext(ctx), fn)
		}
		return err
	})
}

type lateKey struct{} // of whether something beside an answer was late, *bool

// readLong is read that may take as long as the request.
func (s *site) readLong(r *http.Request, fn func(ctx context.Context, actor account.Actor) error) error {
	actor := account.FromContext(r.Context())
	return s.places.InOneState(r.Context(), actor, func(ctx context.Context) error { return fn(ctx, actor) })
}

// How long the database may take. What stands beside an answer is left out after patience; an answer that needs one row of it is UNAVAILABLE after answerPatience,
// any page after pagePatience, a photo, which may lie far away, after photoPatience.
const (
	patience       = 300 * time.Millisecond
	answerPatience = time.Second
	pagePatience   = 5 * time.Second
	photoPatience  = 5 * time.Second
	atlasPatience  = 3 * time.Second // what eighty boards say is looked up
)

// soon runs fn, which asks the database for what stands beside an answer. UNAVAILABLE: that takes longer than patience, or something of the same read did.
func soon(ctx context.Context, fn func(ctx context.Context) error) error {
	return soonIn(ctx, patience, fn)
}

// soonIn is soon with a patience of its own.
func soonIn(ctx context.Context, patience time.Duration, fn func(ctx context.Context) error) error {
	late, ok := ctx.Value(lateKey{}).(*bool)
	if ok && *late {
		return fault.New(fault.Unavailable, "", "timeout")
	}
	err := answer.Within(ctx, patience, fn)
	if ok && fault.Is(err, fault.Unavailable) {
		*late = true
	}
	return err
}

// staleSince is the time the data is of where that is not now, else zero.
func (s *site) staleSince() time.Time {
	if at, current := s.asOf(); !current {
		return at
	}
	return time.Time{}
}

// sayAge tells caches and programs how old an answer is that is of at; zero says nothing.
func (s *site) sayAge(h http.Header, at time.Time) {
	if !at.IsZero() {
		h.Set("Age", strconv.Itoa(max(0, int(time.Since(at).Seconds()))))
	}
}

// Register adds the pages to mux, with the answer to every address that nothing else in mux answers. The actor must be in the request's context (account.NewContext).
func Register(mux *http.ServeMux, o Options) {
	s := &site{grids: o.Grids, staff: o.Staff, places: o.Places, coverage: o.Coverage, around: o.Around, finder: o.Search, state: o.State, printed: o.Printed, boards: o.Boards, publicURL: strings.TrimSuffix(o.PublicURL, "/"),
		policy: contentSecurityPolicy(o.Basemap), log: o.Log, asOf: o.AsOf, access: o.Access, sessions: o.Sessions, provider: o.Provider,
		audit: o.Audit, origin: o.Origin, network: o.ClientNetwork}
	s.worker = workerURL(s.policy)
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.state == nil {
		s.state = func() string { return "" }
	}
	if s.asOf == nil {
		s.asOf = func() (time.Time, bool) { return time.Time{}, true }
	}
	mux.HandleFunc("GET /{$}", patient(s.home))
	mux.HandleFunc("GET /g/{code}", patient(s.gridPage))
	mux.HandleFunc("GET /b/{id}", patient(s.buildingPage))
	mux.HandleFunc("GET /w/{worker}", s.badgePage)
	mux.HandleFunc("GET /c", s.communitiesPage)
	mux.HandleFunc("GET /c/{code}", s.communityPage)
	mux.HandleFunc("GET /coverage", s.coveragePage)
	mux.HandleFunc("GET /coverage/{code}", s.coveragePage)
	mux.HandleFunc("GET /where", s.where)
	mux.HandleFunc("GET /search", s.search)
	mux.HandleFunc("GET /photos/{worker}", s.photo)
	mux.HandleFunc("POST /photos/{worker}", s.setPhoto)
	mux.HandleFunc("GET /assets/{file}", s.asset)
	mux.HandleFunc("GET /favicon.ico", favicon)
	mux.HandleFunc("GET /graphiql", s.explorer)
	if o.HouseholdTemplate != nil {
		mux.HandleFunc("GET /templates/households.xlsx", s.template(o.HouseholdTemplate))
	}
	if o.Access != nil {
		s.registerSign(mux)
	}
	mux.HandleFunc("/", s.lost(mux))
}

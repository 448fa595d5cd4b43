// Package search finds places by what people write of them: estates, buildings, shops, streets, divisions and grids, from
// names and numbers in any order and any script, in pinyin or initials, mistyped or not typed to the end. The index is held in
// memory and made anew when the data changes; reading the rows is left to the store, what is answered of a place to others.
package search

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/geo/measure"
	"wangge/internal/fault"
)

// What one question may ask.
const (
	MaxText  = 200 // characters
	MaxFirst = 50
)

// An index of at most smallIndex places is made anew before the question is answered; a larger one beside the questions,
// which the old one answers meanwhile.
const smallIndex = 20_000

var _ = fault.Register(
	[3]string{"search.blank", "The text to search for is empty.", "搜索内容为空。"},
	[3]string{"search.long", "The text to search for is longer than {max} characters.", "搜索内容超过 {max} 个字。"},
	[3]string{"search.first", "first must be 1 to {max}.", "first 应为 1 到 {max}。"},
)

// Kind of a place that can be found.
type Kind uint8

// The kinds, in the order in which equal matches are listed.
const (
	Estate Kind = iota
	Building
	Area // named land where people live, of which no building is known to be an estate of that name
	Division
	Street
	Entity // a legal entity: an employer, a shop
	Grid
)

// Match is a place that was found.
type Match struct {
	Kind       Kind
	Label      string      // its name, with the unit and room that were asked for
	Building   *key.Key    // the building itself, or that of an entity
	Estate     *key.Key    // the estate itself, or that of the building
	DivisionID *uuid.UUID  // the division itself, or the smallest it lies in; nil for a street
	Grid       *key.Key    // the grid itself, or that of all buildings of an estate, or that an area lies in, which is found once in each, or that of the piece of a street nearest to the point; a building's is the one it was assigned to when the index was made, which is asked elsewhere while it can be
	Location   *grid.Point // of a street, one of its pieces; of what has no place of its own, its division's
	Score      float64     // 0 to 1
	DistanceM  *float64    // from the point that was given
}

// Data is what there is to find. Points are CGCS2000.
type Data struct {
	Change    int64 // the last that it knows of, as Store.Newest numbers them
	Divisions []DivisionRow
	Estates   []EstateRow
	Buildings []BuildingRow
	Streets   []StreetRow
	Areas     []AreaRow
	Entities  []EntityRow
	Grids     []GridRow
}

// What the store reads of each.
type (
	DivisionRow struct {
		ID       uuid.UUID
		Name     string
		ParentID *uuid.UUID
		At       *grid.Point
	}
	EstateRow struct {
		Key         key.Key
		Name        string
		CommunityID *uuid.UUID
	}
	BuildingRow struct {
		Key           key.Key
		Name, Address string
		Aliases       []string
		EstateID      *uuid.UUID
		GridID        *uuid.UUID // now
		CommunityID   *uuid.UUID // of its grid
		At            grid.Point
	}
	// StreetRow is a piece of a street.
	StreetRow struct {
		Home, Name string
		Aliases    []string
		At         grid.Point
		GridID     *uuid.UUID // in which that point is now
	}
	// AreaRow is what of an area lies in one grid, or in none.
	AreaRow struct {
		Home, Name string
		At         grid.Point
		Grid       *key.Key // now
	}
	EntityRow struct {
		Key           key.Key
		Name, Address string
		Aliases       []string
		CommunityID   *uuid.UUID
		Building      *key.Key
		At            *grid.Point
	}
	GridRow struct {
		Key         key.Key
		Name        string
		CommunityID uuid.UUID
		At          grid.Point
	}
)

// Store is what the service needs; package db implements it.
type Store interface {
	// Newest is the number of the last change of what can be found.
	Newest(ctx context.Context, actor account.Actor) (int64, error)
	// SearchData reads everything that can be found, in one state of the data.
	SearchData(ctx context.Context, actor account.Actor) (Data, error)
}

// Service answers searches. Everyone may search.
type Service struct {
	Store Store
	Until context.Context // ends what is made beside the questions, as the server does; nil: nothing but a minute does

	// InTouch reports whether the store answers, as far as is known: where it does not, it is not asked, for it may not even refuse.
	// nil: it does.
	InTouch func() bool
	// Version names the state of the data that ctx reads: in the same there is nothing new to find. false: it has no name; nil: never, and the store is asked
	// each time.
	Version func(ctx context.Context) (string, bool)

	index   atomic.Pointer[Index]
	checked atomic.Pointer[string] // the version in which index knew of everything
	mu      sync.Mutex             // held while an index is made
	renewal atomic.Bool
}

// Query is a search.
type Query struct {
	Text  string
	Near  *grid.Point // matches that are alike are listed nearest first
	First int
}

// Search lists what text may mean, the likeliest first. INVALID: the text is blank or longer than MaxText, First is not 1 to
// MaxFirst. The text may be personal: it is in no error and no log.
func (s *Service) Search(ctx context.Context, actor account.Actor, q Query) ([]Match, error) {
	if err := check(q.Text, q.First); err != nil {
		return nil, err
	}
	index, err := s.current(ctx, actor)
	if err != nil {
		return nil, err
	}
	return index.Search(q), nil
}

func check(text string, first int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fault.New(fault.Invalid, "text", "search.blank")
	case utf8.RuneCountInString(text) > MaxText:
		return fault.New(fault.Invalid, "text", "search.long", "max", MaxText)
	case first < 1 || first > MaxFirst:
		return fault.New(fault.Invalid, "first", "search.first", "max", MaxFirst)
	}
	return nil
}

// Warm makes the index, so that the first question does not wait for it.
func (s *Service) Warm(ctx context.Context, actor account.Actor) error {
	_, err := s.current(ctx, actor)
	return err
}

// current is the index of today's data, or, where it is large, one of a moment ago while it is made anew.
func (s *Service) current(ctx context.Context, actor account.Actor) (*Index, error) {
	version, named := "", false
	if s.Version != nil {
		version, named = s.Version(ctx) // before the store is asked, which may know of more
	}
	checked, index := s.checked.Load(), s.index.Load()
	if named && checked != nil && *checked == version && !s.Away() {
		return index, nil
	}
	var newest int64
	err := error(fault.New(fault.Unavailable, "", "database"))
	if !s.Away() {
		newest, err = s.newest(ctx, actor, index != nil)
	}
	switch {
	case err == nil:
	case index != nil && index.Len() > 0 && ctx.Err() == nil && fault.As(err).Code == fault.Unavailable:
		return index, nil // while the store is away, the last answers; one made before there was anything does not know that there is not
	default:
		return nil, err
	}
	switch {
	case index != nil && index.change >= newest:
		if named {
			s.checked.Store(&version)
		}
	case index == nil || index.Len() <= smallIndex:
		return s.renew(ctx, actor, newest)
	case s.renewal.CompareAndSwap(false, true):
		go func() {
			defer s.renewal.Store(false)
			ctx, cancel := context.WithTimeout(cmp.Or(s.Until, context.Background()), time.Minute)
			defer cancel()
			if _, err := s.renew(ctx, actor, newest); err != nil && !errors.Is(err, context.Canceled) {
				slog.Error("the search index could not be renewed; the old one answers", "error", err)
			}
		}()
	}
	return index, nil
}

// patience is how long the store is waited for to tell whether there is something new, where there is an index that answers without.
const patience = 200 * time.Millisecond

func (s *Service) newest(ctx context.Context, actor account.Actor, hurry bool) (int64, error) {
	if !hurry {
		return s.Store.Newest(ctx, actor)
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n, err := s.Store.Newest(asking, actor)
	if err != nil && asking.Err() != nil && ctx.Err() == nil {
		err = fault.Wrap(err, fault.Unavailable, "", "timeout")
	}
	return n, err
}

// Away reports whether the store is known not to answer.
func (s *Service) Away() bool { return s.InTouch != nil && !s.InTouch() }

// renew makes an index that knows of change, unless somebody else has meanwhile.
func (s *Service) renew(ctx context.Context, actor account.Actor, change int64) (*Index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if index := s.index.Load(); index != nil && index.change >= change {
		return index, nil
	}
	data, err := s.Store.SearchData(ctx, actor)
	if err != nil {
		return nil, err
	}
	index := NewIndex(data)
	s.index.Store(index)
	return index, nil
}

// What an address names is sure where it fits well and nothing else fits nearly as well.
const (
	sureScore = 0.93
	sureLead  = 0.04
)

// Named implements grid.Addresses.
func (s *Service) Named(ctx context.Context, actor account.Actor, asked []grid.Address) ([]grid.Named, error) {
	index, err := s.current(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := make([]grid.Named, len(asked))
	for i, a := range asked {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if out[i].Err = check(a.Text, 1); out[i].Err == nil {
			out[i] = sure(index.Search(Query{Text: a.Text, Near: a.Near, First: maxNamed}))
		}
	}
	return out, nil
}

const maxNamed = 5

// sure is what matches, the likeliest first, say of one spot.
func sure(list []Match) (out grid.Named) {
	for _, m := range list {
		if m.decides() {
			out.Places = append(out.Places, grid.NamedPlace{Building: m.Building, Estate: m.Estate, Grid: m.Grid, At: *m.Location, Score: m.Score})
		}
	}
	if len(out.Places) == 0 || out.Places[0].Score < sureScore {
		return out
	}
	first := list[0]
	out.Sure = first.decides()
	for _, other := range list[1:] {
		if other.Score > first.Score-sureLead && !within(other, first) {
			out.Sure = false
		}
	}
	return out
}

// decides reports whether m belongs to one grid.
func (m Match) decides() bool {
	return m.Building != nil || (m.Kind == Estate || m.Kind == Area) && m.Grid != nil
}

// within reports whether a lies in b, or is b said otherwise: a building of the estate, the shop in the building.
func within(a, b Match) bool {
	return b.Kind == Estate && a.Estate != nil && *a.Estate == *b.Estate || a.Building != nil && b.Building != nil && *a.Building == *b.Building
}

func distanceM(a, b grid.Point) float64 {
	return measure.DistanceM(orb.Point{a.Lng, a.Lat}, orb.Point{b.Lng, b.Lat})
}

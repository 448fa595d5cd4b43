package live

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// Source is where the state is read; package db implements it.
type Source interface {
	// Connect opens a connection of its own, which hears of every change that is committed, of every report that is stored and of all that ends, from then on.
	Connect(ctx context.Context) (Link, error)
	// Reachable reports whether it answers, over other connections than a Link's, however often it did not.
	Reachable(ctx context.Context) bool
	// Inside reports whether ctx is that of a use case, whose reads of the store are of one state of the data.
	Inside(ctx context.Context) bool
	// Begin lets the use case of ctx begin to read there: from then on it sees the state of now.
	Begin(ctx context.Context) error
}

// Link is a connection to a Source, for one goroutine. After an error it is good for nothing but Close.
type Link interface {
	// Hear waits for news. Where ctx ends before, it returns its error, and the Link stays good.
	Hear(ctx context.Context) (News, error)
	// Look tells the last change, what o'clock it is, and how much there is to hold.
	Look(ctx context.Context) (Sight, error)
	// Read reads what changed since a mark, or everything, in one state of the data: everything where since is nil, or is no
	// mark of this database, or a change after it is missing. Of the staff it reads who is in office on day or later.
	Read(ctx context.Context, since *Mark, day civil.Date) (Data, error)
	// Applied tells the processes that wait for it that the state of change n is in force here.
	Applied(ctx context.Context, n int64) error
	Close()
}

// News is what a Link hears: a change, that coverage reports are others, or that somebody may do less than before.
type News struct {
	Change   int64 // its number; 0: it is no change
	Ended    bool  // a session, a token or what an account may do
	Reported bool
	Box      *place.Box // where what is reported is other, degrees of CGCS2000; nil: anywhere
}

// Mark is a state of the data: its last change, and when that was noted. The zero Mark is that before the first. A database that
// was put back to an older state reaches a number again, but not at the same time.
type Mark struct {
	N  int64
	At time.Time
}

// Is reports whether both are the same state.
func (m Mark) Is(o Mark) bool { return m.N == o.N && m.At.Equal(o.At) }

// Sight is what a Link sees without reading much.
type Sight struct {
	Mark
	Now   time.Time // by the clock of the database
	Bytes int64     // that the tables take of which memory holds what is in them
}

// Data is what a Link read. A Part says of which things of a kind, and what is read is complete for it.
type Data struct {
	Mark
	Now time.Time // by the clock of the database

	GridsOf     Part             // communities
	Communities []grid.Community // with the versions that are in force or begin later
	Holding     []uuid.UUID      // those of them that have grids, in force or not
	Ended       time.Time        // when the last version that is no more in force ended; zero: none did

	DivisionIDs Part
	Divisions   []place.Division // with their boundaries
	Extent      *place.Box       // of all divisions and all boundaries that grids ever had; nil: not read, or there is none

	Areas   Part           // that people hold posts for
	Tenures []staff.Tenure // where some areas are read, also those that ended

	Drawn    []Drawn
	AllDrawn bool // it cannot be told where: everywhere, and Drawn says nothing
}

// Drawn is where things are drawn otherwise that are not in memory: buildings, roads and land.
type Drawn struct {
	Layers []string    // as tiles call them
	Boxes  []place.Box // CGCS2000 degrees: of what was drawn there before, or is now
}

// Part is all things of a kind, or some.
type Part struct {
	All bool
	IDs []uuid.UUID // where not all
}

// None reports whether p is of nothing.
func (p Part) None() bool { return !p.All && len(p.IDs) == 0 }

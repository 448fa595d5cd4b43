package resident

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
)

// Store is what the service needs kept; package db implements it. A method called with a context that Work handed out joins that transaction. What lies outside the
// actor's reach is as if it were not there.
type Store interface {
	// Work runs fn in one transaction.
	Work(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error

	// Home is a household in force, by its key.
	Home(ctx context.Context, actor account.Actor, household key.Key) (Home, bool, error)
	// HomesAt are the households in force in a room of the building with a code, in a district; two at most. What is "" is not asked for.
	HomesAt(ctx context.Context, actor account.Actor, district, building, unit, room, number string) ([]Home, error)
	// MembersOf are the residencies of a household in force on a day, and who they are of, by the day that they began.
	MembersOf(ctx context.Context, actor account.Actor, h Home, day civil.Date) ([]Residency, map[uuid.UUID]Sealed, error)

	ResidentByKey(ctx context.Context, actor account.Actor, k key.Key) (Sealed, bool, error)
	// HoldResidents are those of a district whom the actor may change; nobody else changes them, or what belongs to them, until the transaction ends.
	HoldResidents(ctx context.Context, actor account.Actor, district string, ids []uuid.UUID) ([]Sealed, error)
	// ByIdentity are those whose identity number has one of the hashes, in a district; "": in whatever one.
	ByIdentity(ctx context.Context, actor account.Actor, district string, lookups [][]byte) ([]Sealed, error)
	// LockNumbers lets nobody else give a number of a district, by its hashes, to anyone until the transaction ends; none: all numbers of the district.
	LockNumbers(ctx context.Context, keeper account.Actor, district string, lookups [][]byte) error
	// ResidenciesOf are all of somebody that the actor may see, by the day that they began.
	ResidenciesOf(ctx context.Context, actor account.Actor, resident key.Key) ([]Residency, error)
	ResidencyByKey(ctx context.Context, actor account.Actor, k key.Key) (Residency, bool, error)
	// AddResident keeps somebody with a first residency, which says where.
	AddResident(ctx context.Context, actor account.Actor, s Sealed, first Residency) error
	// SaveResident puts what is known in the place of what was. CONFLICT: the version moved.
	SaveResident(ctx context.Context, actor account.Actor, s Sealed) error
	// AddResidency and EndResidency keep in step where somebody is today.
	AddResidency(ctx context.Context, actor account.Actor, r Residency, today civil.Date) error
	EndResidency(ctx context.Context, actor account.Actor, k key.Key, until, today civil.Date) error
	// RemoveResident removes somebody with all that belongs to them, and counts it.
	RemoveResident(ctx context.Context, actor account.Actor, k key.Key, why Reason, day civil.Date) error

	// MergeResidents puts what two files come to into the one that is kept, removes the other and counts it. CONFLICT: a version moved.
	MergeResidents(ctx context.Context, actor account.Actor, m Merged, today civil.Date) error

	TagsOf(ctx context.Context, actor account.Actor, residents []key.Key) (map[uuid.UUID][]SealedTag, error)
	TagByKey(ctx context.Context, actor account.Actor, k key.Key) (SealedTag, bool, error)
	// AddTag adds a tag in the place of those of its category that hold no more. lookups are the category's hashes under all keys. CONFLICT: one stands, restricted as this one is or not.
	AddTag(ctx context.Context, actor account.Actor, t SealedTag, lookups [][]byte) error
	RemoveTag(ctx context.Context, actor account.Actor, k key.Key) error
	Categories(ctx context.Context, actor account.Actor) ([]Category, error)
	// SaveCategory adds or changes a category. CONFLICT: the version moved; 0 is one that is not there yet.
	SaveCategory(ctx context.Context, actor account.Actor, c Category) error

	Forms(ctx context.Context, actor account.Actor) ([]Form, error)
	FormOf(ctx context.Context, actor account.Actor, h Home) (SealedForm, bool, error)
	SaveForm(ctx context.Context, actor account.Actor, h Home, f SealedForm) error

	// Expire removes some of what was over before a day for as long as it is kept; true: there may be more.
	Expire(ctx context.Context, keeper account.Actor, day civil.Date) (Ended, bool, error)

	// Use counts one more use by the actor, whatever becomes of the transaction that ctx is in; false: there were most within so long before now, and it is not counted.
	Use(ctx context.Context, actor account.Actor, what string, now time.Time, within time.Duration, most int) (bool, error)
	// Used is how many uses there were after an instant.
	Used(ctx context.Context, actor account.Actor, what string, after time.Time) (int, error)
}

// Recorder keeps the record of who did what; *audit.Service implements it. What it is told within a transaction stays with it; of a refusal it is told outside.
type Recorder interface {
	Record(ctx context.Context, actor account.Actor, e audit.Entry) error
	// Anchored returns when the record cannot be taken away unseen any more.
	Anchored(ctx context.Context)
}

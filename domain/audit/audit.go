// Package audit keeps who did what, when, to which thing, for which purpose and with what result, in chains that show when an entry is
// changed, taken out or put in. It holds no values: what a field said before and after, and what was read, stands nowhere in it. Which
// deeds are noted is left to those who do them; how entries are stored to package db.
package audit

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/fault"
)

// Action is what was done: the name of a mutation (see OfMutation), or one of those below.
type Action string

// What is done beside mutations.
const (
	Import      Action = "IMPORT"       // a file, by a command
	Export      Action = "EXPORT"       // to a file, by a command
	LoadDemo    Action = "LOAD_DEMO"    // the made-up town
	MovePhotos  Action = "MOVE_PHOTOS"  // out of the database
	RotateKeys  Action = "ROTATE_KEYS"  // those that residents' files are sealed with
	MigrateUp   Action = "MIGRATE_UP"   // the tables, by a command: to the migration that it names
	MigrateDown Action = "MIGRATE_DOWN" // the migration that it names was taken back
	ReadAudit   Action = "READ_AUDIT"   // this
	PruneAudit  Action = "PRUNE_AUDIT"  // the entries before the one that it names were removed, since they were old enough
)

// Deeds are actions that are asked for as one.
type Deeds string

// The deeds.
const (
	ReadPersonal   Deeds = "READ_PERSONAL"   // personal data was read or given out
	ChangePersonal Deeds = "CHANGE_PERSONAL" // personal data was noted, changed or removed
)

var deeds = map[Deeds][]Action{
	ReadPersonal: {"READ_HOUSEHOLD_FILE", "REVEAL_RESIDENT", "REVEAL_RESIDENT_NAME", "REVEAL_RESIDENT_IDENTITY_NUMBER", "REVEAL_RESIDENT_PHONE", "REVEAL_RESIDENT_BIRTH_DATE",
		"SEARCH_RESIDENT", "EXPORT_RESIDENT"},
	ChangePersonal: {"CREATE_RESIDENT", "UPDATE_RESIDENT", "MOVE_IN_RESIDENT", "MOVE_OUT_RESIDENT", "ERASE_RESIDENT", "MERGE_RESIDENTS", "SET_CARE_TAG", "REMOVE_CARE_TAG", "FILL_HOUSEHOLD_FORM",
		"IMPORT_RESIDENTS", "EXPIRE_RESIDENTS"},
}

// Actions are those that d asks for; none where there are no such deeds.
func (d Deeds) Actions() []Action { return deeds[d] }

// GivesOut reports whether who does a is told personal values that are masked otherwise, or whose a number is.
func (a Action) GivesOut() bool {
	return a != "READ_HOUSEHOLD_FILE" && slices.Contains(deeds[ReadPersonal], a)
}

// OfMutation is the action of a mutation: createWorker is CREATE_WORKER.
func OfMutation(field string) Action {
	var b strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return Action(b.String())
}

// Purpose is why personal data was read or given out: one of a closed list, since a text of one's own could hold what it was read for.
type Purpose string

// The purposes.
const (
	Incident   Purpose = "INCIDENT"   // an incident that is being handled; with its number
	Visit      Purpose = "VISIT"      // a visit, or a call before it
	Requested  Purpose = "SERVICE"    // something that the resident asked for
	Correction Purpose = "CORRECTION" // to see whether what is kept is right
	Subject    Purpose = "SUBJECT"    // the residents themselves see, take along, correct or have deleted what is kept of them
	Emergency  Purpose = "EMERGENCY"  // danger to life or property
	Authority  Purpose = "AUTHORITY"  // an authority asks by law; with its number
)

var purposes = map[Purpose]bool{Incident: true, Visit: true, Requested: true, Correction: true, Subject: true, Emergency: true, Authority: true}

// Known reports whether p is of the list.
func (p Purpose) Known() bool { return purposes[p] }

// OK is the result of what was done. Any other result is the code of the refusal.
const OK = "OK"

// Object is what was acted on: a kind, as WORKER, and its key or code. It says nothing of the thing beyond where to find it.
type Object struct {
	Kind string
	ID   string // "": it is not known, or none
}

// Entry is a deed.
type Entry struct {
	At       time.Time // by the server's clock, to the microsecond
	Actor    string    // stable, no name
	Role     account.Role
	Action   Action
	Object   Object
	District string // the home key of the district that the object is stored with, whose chain the entry joins; "": that of no district
	Purpose  Purpose
	Case     string // number of the incident or letter that the purpose is about; its form leaves no room for a phone or an identity number
	Result   string // OK, or the code of the refusal
	Change   int64  // the line of the change log that says what is different since; 0: none
	Request  string // id of the request, under which the log knows it; "": a command
	Network  string // from where an account asked, coarsened (see Network); "": the public, or a command
}

// Chain is the name of the chain that e joins.
func (e Entry) Chain() string {
	if e.District == "" {
		return key.Unplaced
	}
	return e.District
}

// CaseForm is that of a case's number: letters, a year, a number. No phone and no identity number has it.
var CaseForm = regexp.MustCompile(`^[A-Z]{1,8}-20[0-9]{2}-[0-9]{1,6}$`)

var (
	actionForm  = regexp.MustCompile(`^[A-Z][A-Z_]{2,49}$`)
	idForm      = regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`)
	actorForm   = regexp.MustCompile(`^[0-9A-Za-z-]{1,80}$`)
	requestForm = regexp.MustCompile(`^[0-9A-Za-z._-]{0,64}$`)
	chainForm   = regexp.MustCompile(`^[0-9a-z]{4,16}$`)
)

// Named is id where an object may be called so, else "".
func Named(id string) string {
	if !idForm.MatchString(id) {
		return ""
	}
	return id
}

// check refuses an entry that could hold more than it should. That is a mistake of ours, never the actor's.
func (e Entry) check() error {
	switch {
	case !actionForm.MatchString(string(e.Action)),
		e.Object.Kind != "" && !actionForm.MatchString(e.Object.Kind),
		e.Object.ID != "" && (e.Object.Kind == "" || !idForm.MatchString(e.Object.ID)),
		!chainForm.MatchString(e.Chain()),
		e.Purpose != "" && !e.Purpose.Known(),
		e.Case != "" && (e.Purpose == "" || !CaseForm.MatchString(e.Case)),
		!actionForm.MatchString(e.Result) && e.Result != OK,
		!actorForm.MatchString(e.Actor), !requestForm.MatchString(e.Request):
		return fmt.Errorf("audit: an entry of %s is not of the form that entries have", e.Action)
	}
	return nil
}

// resultOf is what came of a deed that ended with err.
func resultOf(err error) string {
	if err == nil {
		return OK
	}
	return string(fault.As(err).Code)
}

// Network is the part of an address that is kept: /24 of IPv4, /48 of IPv6, which tells an office from a stranger and not one desk from the next.
func Network(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	bits := 48
	if from.Is4() {
		bits = 24
	}
	p, err := from.Prefix(bits)
	if err != nil || !p.IsValid() {
		return "" // a Unix socket
	}
	return p.String()
}

// Origin is where a request came from.
type Origin struct {
	Request string     // its id
	From    netip.Addr // of the client
}

type originKey struct{}

// From returns ctx with the origin of its request.
func From(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// Note is a deed that is being done: what changes with it in the store is noted with it.
type Note struct {
	mu      sync.Mutex
	actor   account.Actor
	entry   Entry
	about   bool // the entry's object is known to be one, see About
	written bool
	told    bool // by entries of those who did it, which say more
}

type noteKey struct{}

// About says what the deed of ctx is about, where that is found out while it is done: the key.Key or UUID of what it makes, or found. Refusals name it too. Without a
// deed it does nothing.
func About(ctx context.Context, kind string, id fmt.Stringer) {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.entry.Object, n.about = Object{kind, id.String()}, true
		if k, ok := id.(key.Key); ok {
			n.entry.District = k.Home
		}
	}
}

// As says what the deed of ctx is, where a mutation does one of two. Without a deed it does nothing.
func As(ctx context.Context, action Action) {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.entry.Action = action
	}
}

// By says who does the deed of ctx, where that is found out while it is done: who signs in. Without a deed it does nothing.
func By(ctx context.Context, actor account.Actor) {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.actor, n.entry = actor, n.entry.of(ctx, actor)
	}
}

// Changed is the entry for a transaction in which actor, or the door for whoever does the deed of ctx, did what it does; it is to be stored in that transaction. change is the
// line of the change log; 0: there is none, and such a transaction has an entry only where the deed has none yet. False: ctx is of no such deed, or needs no further entry.
func Changed(ctx context.Context, actor account.Actor, change int64) (Entry, bool) {
	n, ok := ctx.Value(noteKey{}).(*Note)
	if !ok {
		return Entry{}, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if actor != n.actor && actor != account.TheDoor() || change == 0 && n.written {
		return Entry{}, false
	}
	e := n.entry
	e.Result, e.Change = OK, change
	return e, true
}

// Stored tells the deed of ctx that a change of it was committed with its entry.
func Stored(ctx context.Context) {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.written = true
	}
}

// Package board says what a signboard (公示牌) tells, which of its revisions say what holds, and which boards are to be printed anew. How a
// board looks is left to package signboard; who is away on a day changes no board.
package board

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// Kind is what a board is of.
type Kind string

// The kinds.
const (
	OfGrid     Kind = "grid"
	OfBuilding Kind = "building"
)

// Of is the grid or the building that a board is of.
type Of struct {
	Kind Kind
	Key  key.Key
}

// Part of what a board says.
type Part string

// The parts.
const (
	People   Part = "PEOPLE"   // who works in the grid, and who leads: names, numbers, duties
	Border   Part = "BORDER"   // where the grid lies, in words too, and the building in it
	Names    Part = "NAMES"    // codes and names
	Contacts Part = "CONTACTS" // whom else to call
)

// Parts lists them in the order of Hashes.
var Parts = []Part{People, Border, Names, Contacts}

// Facts are all that a board says. They are written as JSON to be hashed: a field that comes later is left out while it is empty, so that
// boards that were printed before stay current.
type Facts struct {
	Names struct {
		Code      string   `json:"code"` // of the grid; "" where the building is in none
		Name      string   `json:"name"`
		Group     string   `json:"group"`
		Kind      string   `json:"kind"`
		Divisions []string `json:"divisions"` // around the grid, the largest first, its community last

		// Of a building's board only.
		Building string `json:"building,omitempty"` // its code
		House    string `json:"house,omitempty"`    // its name
		Address  string `json:"address,omitempty"`
		Estate   string `json:"estate,omitempty"`
	}
	People struct {
		Workers    []Person `json:"workers"`              // of the grid, A before B; the first MostWorkers
		Leaders    []Person `json:"leaders"`              // those that the board shows, see Shown; their duties it does not
		Assistants []Person `json:"assistants,omitempty"` // of the grid: names and numbers of the first MostAssistants
	}
	Border struct {
		Grid     string `json:"grid"`               // fingerprint of its boundary, see Fingerprint; "" for none
		Building string `json:"building,omitempty"` // of its footprint or point
		East     string `json:"east"`
		South    string `json:"south"`
		West     string `json:"west"`
		North    string `json:"north"`

		Others [][5]string `json:"others,omitempty"` // of parts that lie apart: which way, east, south, west, north
	}
	Contacts struct {
		Supervision string   `json:"supervision"`
		Station     []string `json:"station"` // name, address, hours, hours in English, phone; nil: none
		Night       []string `json:"night"`   // phone, name and name in English of each
	}
}

// Person is a worker in office, as a board tells.
type Person struct {
	ID     string   `json:"id"` // of the worker: a namesake is somebody else
	Name   string   `json:"name"`
	Phone  string   `json:"phone"`
	Post   string   `json:"post,omitempty"` // of a leader
	Cover  string   `json:"cover"`          // of a worker
	Duties []string `json:"duties"`
	Photo  bool     `json:"photo"`

	Picture string `json:"picture,omitempty"` // tells which photo it is
}

// setContacts puts what holds for a board.
func (f *Facts) setContacts(c place.Contacts) {
	f.Contacts.Supervision = c.SupervisionPhone
	if s := c.Station; s != nil {
		f.Contacts.Station = []string{s.Name, s.Address, s.Hours, s.HoursEnglish, s.Phone}
	}
	for _, n := range c.Night {
		f.Contacts.Night = append(f.Contacts.Night, n.Phone, n.Name, n.NameEnglish)
	}
}

// How many a board shows: workers, who is called first and who stands in; leaders beside whom to call first; assistants. More work in no grid that is of a
// size to be one. Who comes after them, and what becomes of them, changes no board.
const (
	MostWorkers    = 3
	mostLeaders    = 2
	MostAssistants = 4
)

// Held is a post that people hold for a grid, for its group or for its community.
type Held struct {
	staff.Area
	Post staff.Post
}

// Leading are the posts of who leads g, the nearest first: the grid's leaders, its group's where it is in one, the community's chief leader. Pages name the same.
func Leading(g grid.Grid) []Held {
	out := []Held{{staff.Area{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}, staff.GridLeader}}
	if g.GroupID != nil {
		out = append(out, Held{staff.Area{Kind: staff.AreaGroup, Home: g.Key.Home, ID: *g.GroupID}, staff.GridLeader})
	}
	return append(out, Held{staff.Area{Kind: staff.AreaDivision, Home: g.Key.Home, ID: g.CommunityID}, staff.ChiefLeader})
}

// Shown returns who the board of g shows, of those in office, by area, for the areas of Leading: the grid's workers, A before B, of whom it
// shows the first MostWorkers, and who leads, the nearest first. Of those it shows two. Where the first worker has no phone,
// or there is no worker, the nearest leader with a phone is among them; where there is no worker, beside the two. instead is that leader's place in
// leaders where there is no worker; -1: no leader stands in the worker's place.
func Shown(g grid.Grid, office map[uuid.UUID][]staff.Assignment) (workers, leaders []staff.Assignment, instead int) {
	for _, a := range office[g.Key.ID] {
		if a.Post == staff.GridWorker {
			workers = append(workers, a)
		}
	}
	byCover := func(a, b staff.Assignment) int { return cmp.Compare(a.Cover, b.Cover) }
	slices.SortStableFunc(workers, byCover)
	instead = -1
	called, most := len(workers) > 0 && workers[0].Worker.WorkPhone != "", mostLeaders
	for _, held := range Leading(g) {
		for _, a := range slices.SortedStableFunc(slices.Values(office[held.ID]), byCover) {
			if a.Post != held.Post {
				continue
			}
			stands := !called && a.Worker.WorkPhone != ""
			switch {
			case stands:
				called = true
				if len(workers) > 0 {
					most--
				} else {
					instead = len(leaders)
				}
			case most > 0:
				most--
			default:
				continue
			}
			leaders = append(leaders, a)
		}
	}
	return workers, leaders, instead
}

// Assistants returns those of the assignments in office for a grid; a board shows the first MostAssistants, without a face.
func Assistants(ofGrid []staff.Assignment) (out []staff.Assignment) {
	for _, a := range ofGrid {
		if a.Post == staff.Assistant {
			out = append(out, a)
		}
	}
	return out
}

// setPeople puts who is in office, by area, for g, for its group and for its community.
func (f *Facts) setPeople(g grid.Grid, office map[uuid.UUID][]staff.Assignment) {
	workers, leaders, instead := Shown(g, office)
	for _, a := range workers[:min(len(workers), MostWorkers)] {
		p := person(a)
		p.Cover, p.Duties = string(a.Cover), a.Worker.Duties
		if len(p.Duties) == 0 {
			p.Duties = nil // memory and the store say it differently
		}
		f.People.Workers = append(f.People.Workers, p)
	}
	for i, a := range leaders {
		p := person(a)
		if p.Post = string(a.Post); i != instead { // the board shows no face of who stands beside
			p.Photo, p.Picture = false, ""
		}
		f.People.Leaders = append(f.People.Leaders, p)
	}
	assistants := Assistants(office[g.Key.ID])
	for _, a := range assistants[:min(len(assistants), MostAssistants)] {
		p := person(a)
		p.Photo, p.Picture = false, ""
		f.People.Assistants = append(f.People.Assistants, p)
	}
}

func person(a staff.Assignment) Person {
	return Person{ID: a.Worker.Key.String(), Name: a.Worker.Name, Phone: a.Worker.WorkPhone, Photo: a.Worker.HasPhoto, Picture: a.Worker.PhotoID}
}

// Hashes are the SHA-256 of each part, in the order of Parts, in hexadecimal digits.
type Hashes [4]string

// Hashes of what f says. The same facts have the same hashes in every version of the program.
func (f Facts) Hashes() (h Hashes) {
	for i, part := range []any{f.People, f.Border, f.Names, f.Contacts} {
		said, err := json.Marshal(part)
		if err != nil {
			panic(err) // of texts and lists of them
		}
		sum := sha256.Sum256(said)
		h[i] = hex.EncodeToString(sum[:])
	}
	return h
}

// markDigits are the digits of a mark for each part.
const markDigits = 4

// Mark is short for what a board says: 16 hexadecimal digits, which the board carries beside its revision so that it can be told what
// changed since, whether or not it was noted that it was printed.
func (h Hashes) Mark() string {
	var mark strings.Builder
	for _, hash := range h {
		mark.WriteString(hash[:markDigits])
	}
	return mark.String()
}

// Changed are the parts that h says otherwise than before.
func (h Hashes) Changed(before Hashes) []Part {
	return changed(func(i int) bool { return h[i] != before[i] })
}

// ChangedSince are the parts that h says otherwise than a board with a mark. ok is false where that is no mark.
func (h Hashes) ChangedSince(mark string) (parts []Part, ok bool) {
	if len(mark) != len(Parts)*markDigits || strings.Trim(mark, "0123456789abcdef") != "" {
		return nil, false
	}
	return changed(func(i int) bool { return h[i][:markDigits] != mark[i*markDigits:(i+1)*markDigits] }), true
}

func changed(is func(i int) bool) []Part {
	var out []Part
	for i, p := range Parts {
		if is(i) {
			out = append(out, p)
		}
	}
	return out
}

// Print is a revision of a board that was printed.
type Print struct {
	Of       Of
	Revision int // from 1
	Hashes   Hashes
	On       civil.Date // the last time
	By       string     // who noted it last: the actor's id; operators only
	Version  int        // how often it was noted, for TakeBack; from 1
}

// Listed is a print in a list of them.
type Listed struct {
	Print
	Last bool // of its board: it can be taken back
}

// Tally is how many boards there are of a division: each grid has one, and each building.
type Tally struct {
	Printed        int // that were printed, as far as that was noted
	NeverGrids     int // of grids, never printed
	NeverBuildings int
}

// Standing is how a board stands to what was printed of it.
type Standing struct {
	Of       Of
	Revision int // of what it says now
	Hashes   Hashes
	Printed  *Print // the last; nil: never
	Changed  []Part // since that; nil: nothing, or it was never printed
}

// Stand is the rule: what a board says now is a revision of its own, unless it is what was printed last.
func Stand(of Of, now Hashes, last *Print) Standing {
	s := Standing{Of: of, Revision: 1, Hashes: now, Printed: last}
	if last == nil {
		return s
	}
	s.Revision = last.Revision
	if s.Changed = now.Changed(last.Hashes); s.Changed != nil {
		s.Revision++
	}
	return s
}

// Answer is what a board on a wall is told of itself.
type Answer string

// The answers.
const (
	Current  Answer = "CURRENT"  // it says what holds
	Outdated Answer = "OUTDATED" // it does not
	Unknown  Answer = "UNKNOWN"  // it is not known what that revision said
)

// Check is the answer for a revision of a board.
type Check struct {
	Answer   Answer
	Changed  []Part      // where it is outdated
	Revision int         // of what the board says now
	On       *civil.Date // when the revision asked about was printed; nil: that is not known
}

// check is the rule for a board on a wall with a revision and a mark, "" where it has none. printed is that revision; nil: not noted. The
// mark is of the very board, and so goes before what was noted of the revision; where it is that of what was noted, the whole hashes tell, not their first
// digits. What is no mark, says what holds under a revision that there is not yet, or has nothing in common with what holds, is on no board that is known to
// have been drawn here.
func (s Standing) check(revision int, mark string, printed *Print) Check {
	c := Check{Answer: Unknown, Revision: s.Revision}
	if printed != nil {
		c.On = &printed.On
	}
	since, ok := s.Hashes.ChangedSince(mark)
	switch {
	case printed != nil && (mark == "" || mark == printed.Hashes.Mark()):
		since = s.Hashes.Changed(printed.Hashes)
	case !ok, since == nil && revision > s.Revision, len(since) == len(Parts):
		return c
	}
	if c.Answer, c.Changed = Current, since; since != nil {
		c.Answer = Outdated
	}
	return c
}

package place

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/key"
	"wangge/domain/name"
	"wangge/internal/fault"
)

// ImportOptions say how a file goes into the store. A file goes in whole or not at all: one refused row refuses it.
type ImportOptions struct {
	Repair bool       // mend what can be mended instead of refusing it
	DryRun bool       // do everything, then undo it
	IDs    key.Source // makes ids of what is new

	// Of households only, but that District is also where entities lie that say nothing of where.
	SkipRefused bool   // take in the rows that are not refused
	Replace     bool   // the file is the full list of each building in it: what it no longer has ends. Not with SkipRefused
	District    string // home key of the only district in which buildings are looked for; "" is all
}

// Row is what every row of an imported file has.
type Row struct {
	Source   string // how the file names the row: "feature 12", "relation 11384697"
	Code     string
	Name     string    // empty where the file does not say: what is stored stays
	Aliases  []string  // what else it is called; nil where the file does not say. Kept of buildings, roads and legal entities
	Geometry geom.T    // CGCS2000 longitude, latitude, snapped; nil where the row has none
	ID       uuid.UUID // the id that it gets where it is new; zero for any
}

// MaxAliases is how many other names are kept of a place.
const MaxAliases = 20

// DivisionRow is a division in a file. Parent is a code; "" leaves it to the code's own digits.
type DivisionRow struct {
	Row
	Level  Level
	Parent string
	Limits Limits
	// Contacts without night numbers, which a file does not have. Where it names the station that is known, what it does not say of it stays.
	Contacts Contacts
}

// BuildingRow is a building in a file. Its geometry is a footprint or a point.
type BuildingRow struct {
	Row
	Address         string
	Floors          *int
	Estate          string
	EstateManagedBy Manager
	Grid            string // code of its grid; written by exports, not read by imports
}

// RoadRow is a road, or water and green, in a file.
type RoadRow struct {
	Row
	Class string
}

// HouseholdRow is a household in a file: where it lives and how many people it has. The building is found by Building, else by
// its estate and name, else by its address. A row without a room stands for a unit without a household.
type HouseholdRow struct {
	Source           string // "row 12"
	Building         string // code
	Estate           string
	BuildingName     string
	Address          string
	Unit             string // "2单元"
	Room             string // "301"
	Number           string // "" means the dwelling's only one
	Residents        *int
	Use              DwellingUse
	RentalManagement string
}

// EntityRow is a legal entity in a file. Its geometry, where it has one, is a point.
type EntityRow struct {
	Row
	CreditCode        string
	Category          string
	Address           string
	Employees         *int
	PartyOrganisation string
	PartyMembers      *int
}

// Report is what an import did.
type Report struct {
	Read, Added, Updated int
	Refused              int
	Unchanged            int    // of households: rows that say what was known
	Ended                int    // households that the file no longer has, or whose dwelling it calls vacant
	Notes                []Note // every row refused, and every row changed on its way in, with the reason
}

// NoteKind says what happened to a row.
type NoteKind string

// The kinds of note.
const (
	Refused  NoteKind = "refused"
	Repaired NoteKind = "repaired"  // its geometry was mended
	Merged   NoteKind = "merged"    // it shares its code with another row and became part of one area
	Inserted NoteKind = "t-vertex"  // a vertex of a neighbour was inserted in its border
	Snapped  NoteKind = "collapsed" // a part vanished when its coordinates were snapped
	Former   NoteKind = "former"    // it names what it is about by a former code
	Made     NoteKind = "made"      // a division that it lies in was made
	Warned   NoteKind = "warned"    // it was taken in, and something about it is odd
	LeftOut  NoteKind = "left out"  // it is none of what is imported
	NoPlace  NoteKind = "no place"  // it was taken in, and nobody knows where it lies
	Ignored  NoteKind = "ignored"   // a column of the file that means nothing to us
)

// Note is one line of a report.
type Note struct {
	Row      int // which of the rows read it is about, from 1; 0 where that is not known
	Source   string
	Code     string
	Kind     NoteKind
	Field    string
	Reason   string
	Said     *fault.Error // the reason in both languages; nil where it is known in English only
	Lng, Lat *float64     // the place, CGCS2000 degrees, where there is one
}

// Refuse adds a refused row with all that is wrong with it.
func (r *Report) Refuse(notes ...Note) {
	r.Refused++
	for _, n := range notes {
		n.Kind = Refused
		r.Notes = append(r.Notes, n)
	}
}

// RowError is a row that cannot be taken in; an iterator of rows yields it as its error, and goes on.
type RowError struct{ Note Note }

func (e *RowError) Error() string { return e.Note.Source + ": " + e.Note.Reason }

// Refusals are what is wrong with a row whose error is a *RowError, or several joined; nil where err is anything else.
func Refusals(err error) []Note {
	switch e := err.(type) {
	case *RowError:
		return []Note{e.Note}
	case interface{ Unwrap() []error }:
		var all []Note
		for _, part := range e.Unwrap() {
			notes := Refusals(part)
			if notes == nil {
				return nil
			}
			all = append(all, notes...)
		}
		return all
	case interface{ Unwrap() error }:
		return Refusals(e.Unwrap())
	}
	return nil
}

// refuseRow returns the error for a row whose field is wrong.
func refuseRow(r Row, field, format string, args ...any) error {
	return &RowError{Note{Source: r.Source, Code: r.Code, Kind: Refused, Field: field, Reason: fmt.Sprintf(format, args...)}}
}

// refuseSaid is refuseRow with a sentence in both languages.
func refuseSaid(r Row, field, key string, args ...any) error {
	return &RowError{NewNote(r.Source, r.Code, field, fault.New(fault.Invalid, field, key, args...))}
}

var _ = fault.Register(
	[3]string{"row.noCode", "it has no code; name the property that holds it with --field code=PROPERTY", "缺少编号；请用 --field code=列名 指明编号所在的列"},
	[3]string{"row.code", "code {code}: 1 to 32 letters, digits and hyphens are allowed", "编号 {code}：只能是 1 到 32 个字母、数字和连字符"},
	[3]string{"row.tooLong", "the {field} is longer than {max} characters", "{field} 超过 {max} 个字符"},
	[3]string{"row.control", "the {field} holds a control character", "{field} 含有控制字符"},
)

// CheckRow holds for every imported thing: a code that can be one, a name of a reasonable length.
func CheckRow(r Row) error {
	switch {
	case r.Code == "":
		return refuseSaid(r, "code", "row.noCode")
	case !ValidCode(r.Code):
		return refuseSaid(r, "code", "row.code", "code", strconv.Quote(fault.Shorten(r.Code, 40)))
	}
	return CheckText(r, "name", r.Name, 200)
}

// CheckText refuses a text that is too long for the store, does not fit into one line or holds nothing that can be seen. max is in characters.
func CheckText(r Row, field, text string, max int) error {
	switch {
	case utf8.RuneCountInString(text) > max:
		return refuseSaid(r, field, "row.tooLong", "field", strings.ReplaceAll(field, "_", " "), "max", max)
	case !name.Fits(text, max):
		return refuseSaid(r, field, "row.control", "field", strings.ReplaceAll(field, "_", " "))
	case name.Check(field, text) != nil:
		return refuseSaid(r, field, "name.unseen", "field", strings.ReplaceAll(field, "_", " "))
	}
	return nil
}

// CheckLimits is CheckText for the four bounds in words.
func CheckLimits(r Row, l Limits) error {
	return errors.Join(CheckText(r, "limit_east", l.East, 200), CheckText(r, "limit_south", l.South, 200),
		CheckText(r, "limit_west", l.West, 200), CheckText(r, "limit_north", l.North, 200))
}

// CheckDivision is CheckRow with what a division needs besides.
func CheckDivision(r DivisionRow) error {
	if err := CheckRow(r.Row); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(r.Name) == "":
		return refuseRow(r.Row, "name", "a division needs a name; name the property that holds it with --field name=PROPERTY")
	case r.Level.Rank() < 0:
		return refuseRow(r.Row, "level", "level %q is none of PROVINCE, CITY, DISTRICT, TOWN, COMMUNITY (give one for all rows with --level)", fault.Shorten(string(r.Level), 40))
	case r.Parent == r.Code:
		return refuseRow(r.Row, "parent", "it is its own parent")
	case r.Parent != "" && !ValidCode(r.Parent):
		return refuseRow(r.Row, "parent", "the parent's code %q: 1 to 32 letters, digits and hyphens are allowed", fault.Shorten(r.Parent, 40))
	}
	return errors.Join(CheckLimits(r.Row, r.Limits), checkRowContacts(r))
}

// CheckBuilding is CheckRow with what a building needs besides.
func CheckBuilding(r BuildingRow) error {
	if err := CheckRow(r.Row); err != nil {
		return err
	}
	switch {
	case r.Geometry == nil:
		return refuseRow(r.Row, "geometry", "a building needs a footprint or a point")
	case r.Floors != nil && (*r.Floors < 0 || *r.Floors > 200):
		return refuseRow(r.Row, "floors", "floors %d: 0 to 200 are allowed", *r.Floors)
	}
	if err := errors.Join(CheckText(r.Row, "address", r.Address, 300), CheckText(r.Row, "estate", r.Estate, 200)); err != nil {
		return err
	}
	switch r.EstateManagedBy {
	case "", "OWNERS", "COMPANY", "EMPLOYER", "COMMUNITY", "VILLAGE":
		return nil
	}
	return refuseRow(r.Row, "managed_by", "%q manages no estate: OWNERS, COMPANY, EMPLOYER, COMMUNITY or VILLAGE", fault.Shorten(string(r.EstateManagedBy), 40))
}

// CheckRoad is CheckRow with what a road, or water and green, needs besides.
func CheckRoad(r RoadRow) error {
	if err := CheckRow(r.Row); err != nil {
		return err
	}
	if r.Geometry == nil {
		return refuseRow(r.Row, "geometry", "it has no geometry")
	}
	return nil
}

// ParentCodes returns the codes a division's parent may have by its own digits, nearest first: the official codes
// have 2, 4, 6, 9 and 12 digits, each beginning with its parent's.
func ParentCodes(code string) []string {
	parents := []string{}
	if strings.Trim(code, "0123456789") != "" {
		return parents
	}
	for _, n := range []int{9, 6, 4, 2} {
		if n < len(code) {
			parents = append(parents, code[:n])
		}
	}
	return parents
}

// TrimCode drops the zeros that official lists write after a town's, district's or city's code to fill 12 digits.
func TrimCode(code string) string {
	if len(code) != 12 || strings.Trim(code, "0123456789") != "" {
		return code
	}
	for _, n := range []int{2, 4, 6, 9} {
		if strings.Trim(code[n:], "0") == "" {
			return code[:n]
		}
	}
	return code
}

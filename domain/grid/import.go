package grid

import (
	"errors"
	"fmt"
	"strings"

	"wangge/domain/civil"
	"wangge/domain/phone"
	"wangge/domain/place"
)

// ImportOptions say how a file of grids goes into the store.
type ImportOptions struct {
	place.ImportOptions
	Division string      // code of the division that holds the grids of rows which name none
	Level    place.Level // make the divisions that hold grids and are unknown, without a boundary; empty: refuse
	Day      civil.Date  // today: workers that the file names are in office from it
}

// Row is a grid in a file. Community is the code of the division that holds it; "" means the one
// of the options, or the code's first 12 digits.
type Row struct {
	place.Row
	Kind      Kind // empty where the file does not say: what is stored stays, a new grid is COMPREHENSIVE
	Basis     string
	Community string
	Group     string
	Limits    place.Limits
	Worker    string // name of the worker in office from today, where the file knows
	WorkPhone string
}

// CheckRow refuses what cannot be a grid.
func CheckRow(r Row) error {
	if err := place.CheckRow(r.Row); err != nil {
		return err
	}
	refuse := func(field, format string, args ...any) error {
		return &place.RowError{Note: place.Note{Source: r.Source, Code: r.Code, Kind: place.Refused, Field: field,
			Reason: fmt.Sprintf(format, args...)}}
	}
	switch {
	case r.Geometry == nil:
		return refuse("geometry", "a grid needs a boundary")
	case r.Kind != "" && r.Kind != Comprehensive && r.Kind != Dedicated:
		return refuse("kind", "kind %q is neither COMPREHENSIVE nor DEDICATED", r.Kind)
	case r.WorkPhone != "" && !phone.Valid(r.WorkPhone):
		return refuse("work_phone", "a work phone has 3 to 30 digits, +, -, ( ) and spaces")
	case r.WorkPhone != "" && r.Worker == "":
		return refuse("worker", "there is a work phone, and no name of a worker")
	case r.Community != "" && !place.ValidCode(r.Community):
		return refuse("community", "the community's code: 1 to 32 letters, digits and hyphens are allowed")
	}
	if err := errors.Join(place.CheckText(r.Row, "worker", r.Worker, 100), place.CheckText(r.Row, "group", r.Group, 200),
		place.CheckLimits(r.Row, r.Limits)); err != nil {
		return err
	}
	switch r.Basis {
	case "", "ESTATE", "STREET", "VILLAGE_GROUP", "EMPLOYER", "MARKET", "SCHOOL", "OTHER":
		return nil
	}
	return refuse("basis", "basis %q is none of ESTATE, STREET, VILLAGE_GROUP, EMPLOYER, MARKET, SCHOOL, OTHER", r.Basis)
}

// CommunityOf is the code of the division that holds a row's grid: its own word, or the file's, or what the
// code's digits say; "" where none does.
func CommunityOf(r Row, o ImportOptions) string {
	switch {
	case r.Community != "":
		return r.Community
	case o.Division != "":
		return o.Division
	case len(r.Code) > 12 && strings.Trim(r.Code, "0123456789") == "":
		return r.Code[:12]
	}
	return ""
}

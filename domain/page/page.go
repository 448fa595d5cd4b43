// Package page is how long lists are read: a number of rows after a cursor, in a named order (Relay connections).
package page

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"wangge/internal/fault"
)

// Limits of one page. Asking for more is INVALID, never clipped.
const (
	Default     = 50
	MaxPublic   = 200
	MaxStaff    = 500
	MaxOperator = 1000
)

var _ = fault.Register(
	[3]string{"page.tooMany", "first is {first}; it may be 0 to {max}.", "first 为 {first}，只能是 0 到 {max}。"},
	[3]string{"page.badCursor", "after is not a cursor of this list in this order.", "after 不是本列表在此排序下的游标。"},
)

// Cursor is a place in a list: the order it was made in, the order key's value there, and the id that breaks ties.
type Cursor struct {
	Order string  `json:"o"`
	Text  string  `json:"t,omitempty"` // the order key where it is text
	Num   float64 `json:"n,omitempty"` // the order key where it is a number
	ID    string  `json:"i"`
}

// Encode returns the cursor as the opaque text that clients hold.
func (c Cursor) Encode() string {
	raw, _ := json.Marshal(c) // strings and finite numbers only
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Args asks for First rows after After (nil: from the start).
type Args struct {
	First int
	After *Cursor
}

// Parse checks first against max and reads after, which must be a cursor made in order. Errors are INVALID at
// "first" and "after".
func Parse(first, max int, after *string, order string) (Args, error) {
	if first < 0 || first > max {
		return Args{}, fault.New(fault.Invalid, "first", "page.tooMany", "first", first, "max", max)
	}
	args := Args{First: first}
	if after == nil {
		return args, nil
	}
	bad := fault.New(fault.Invalid, "after", "page.badCursor")
	if len(*after) > 1000 {
		return Args{}, bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(*after)
	if err != nil {
		return Args{}, bad
	}
	var c Cursor
	if json.Unmarshal(raw, &c) != nil || c.Order != order || c.ID == "" || strings.ContainsRune(c.Text+c.ID, 0) { // PostgreSQL has no text with a NUL
		return Args{}, bad
	}
	args.After = &c
	return args, nil
}

// Item is a row with its place in the list.
type Item[T any] struct {
	Node      T
	Cursor    Cursor
	DistanceM *float64 // metres, where the list was asked by nearness
}

// Page is a part of a list. Total counts the whole list and is loaded only where asked for.
type Page[T any] struct {
	Items       []Item[T]
	Total       int
	HasNext     bool
	HasPrevious bool
	End         *Cursor // where the next page begins, where that is not after the last of Items; a page that ends early has one
}

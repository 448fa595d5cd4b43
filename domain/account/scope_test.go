package account

import (
	"testing"

	"github.com/google/uuid"

	"wangge/internal/fault"
)

var (
	east, west  = uuid.UUID{1}, uuid.UUID{2} // communities
	first, next = uuid.UUID{3}, uuid.UUID{4} // grids of east
	house       = uuid.UUID{5}               // of first
)

func TestWhatARightReaches(t *testing.T) {
	inFirst := Area{District: "d1", Community: east, Grid: first, Building: house}
	inNext := Area{District: "d1", Community: east, Grid: next}
	inWest := Area{District: "d1", Community: west}
	elsewhere := Area{District: "d2"}
	worker := NewScope(Grant{SetOf(Households, Keep), Reach{Grids: []uuid.UUID{first}}}, Grant{SetOf(Households), Reach{Buildings: []uuid.UUID{house}}})
	for _, c := range []struct {
		name  string
		actor Actor
		right Right
		want  []Area
		not   []Area
	}{
		{"the public nothing", Anyone(), Households, nil, []Area{inFirst, inNext, inWest, elsewhere, {}}},
		{"who gives accounts nothing", Actor{Role: Security}, Households, nil, []Area{inFirst, {}}},
		{"the operator counts everywhere", TheOperator(), Households, []Area{inFirst, inWest, elsewhere, {}}, nil},
		{"the operator opens no file", TheOperator(), Residents, nil, []Area{inFirst, elsewhere, {}}},
		{"staff without a post nothing", Actor{Role: Staff}, Households, nil, []Area{inFirst, {}}},
		{"a worker the grid", Actor{Role: Staff, Scope: worker}, Keep, []Area{inFirst}, []Area{inNext, inWest, elsewhere, {}, {District: "d1"}}},
		{"what lies in no grid is in nobody's", Actor{Role: Staff, Scope: NewScope(Grant{SetOf(Keep), Reach{Grids: []uuid.UUID{{}}}})}, Keep, nil, []Area{{}, {District: "d1"}}},
		{"another right not with it", Actor{Role: Staff, Scope: worker}, Reveal, nil, []Area{inFirst}},
		{"a community its grids", Actor{Role: Staff, Scope: NewScope(Grant{SetOf(Households), Reach{Communities: []uuid.UUID{east}}})}, Households,
			[]Area{inFirst, inNext}, []Area{inWest, elsewhere, {}}},
		{"a district all in it", Actor{Role: Staff, Scope: NewScope(Grant{SetOf(Households), Reach{Districts: []string{"d1"}}})}, Households,
			[]Area{inFirst, inNext, inWest}, []Area{elsewhere, {}}},
		{"a scope is worth nothing to others than staff", Actor{Role: Public, Scope: worker}, Keep, nil, []Area{inFirst}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.actor.Reach(c.right)
			for _, a := range c.want {
				if !r.Holds(a) {
					t.Errorf("not of %v", a)
				}
			}
			for _, a := range c.not {
				if r.Holds(a) {
					t.Errorf("of %v", a)
				}
			}
			if r.Empty() != (c.want == nil && r.Grids == nil) {
				t.Errorf("empty: %v", r.Empty())
			}
		})
	}
}

func TestARightThatReachesNothingIsRefused(t *testing.T) {
	if err := TheOperator().Require(Arrange); err != nil {
		t.Error(err)
	}
	if err := TheOperator().Require(Residents); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the operator opens files: %v", err)
	}
	if err := (Actor{}).Require(Arrange); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	if err := (Actor{Role: Auditor}).RequireOperator(); !fault.Is(err, fault.Forbidden) {
		t.Errorf("who reads the audit operates: %v", err)
	}
}

package staff

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/fault"
)

// Every post that gives what would let its holder make others more than they are is the operator's to give, and the policies of migration 24 name the same.
func TestPostsThatOperatorsAloneGive(t *testing.T) {
	reserved := []Post{ChiefLeader, StationHead, PlatformAdmin}
	for _, p := range []Post{ChiefLeader, GridLeader, GridWorker, Assistant, SectionLeader, GroupLeader, ClusterLeader, BuildingLeader, LeadHouseholder, UnitLeader, Informant, Volunteer,
		StationHead, CounterStaff, PlatformAdmin} {
		if p.ofOperator() != slices.Contains(reserved, p) {
			t.Errorf("%s is the operator's: %v", p, p.ofOperator())
		}
	}
	for p, rights := range rights {
		if rights.Has(account.Appoint) && !p.ofOperator() {
			t.Errorf("%s appoints and is not the operator's", p)
		}
	}
}

func TestWhoMayBePutInOffice(t *testing.T) {
	worker := func(n byte) key.Key { return key.Key{Home: "home1", ID: uuid.UUID{n}} }
	area := func(n byte) Area { return Area{AreaGrid, "home1", uuid.UUID{n}} }
	here, there, elsewhere := area(1), area(2), area(9)
	self, other := worker(1), worker(2)
	post := func(w key.Key, p Post, c Cover, a Area) Assignment {
		return Assignment{Worker: Worker{Key: w}, Post: p, Cover: c, Area: a}
	}
	by := appointer{worker: self, holds: []Assignment{post(self, StationHead, CoverA, here), post(self, GridWorker, CoverB, there)},
		within: func(a Area) bool { return a != elsewhere }}

	for _, c := range []struct {
		name  string
		give  error
		field string
		code  fault.Code
	}{
		{"a post of the area", by.mayGive(other, nil, GridWorker, here, "g"), "", ""},
		{"to who holds another there", by.mayGive(other, []Assignment{post(other, Informant, CoverA, there)}, GridWorker, here, "g"), "", ""},
		{"a post elsewhere", by.mayGive(other, nil, GridWorker, elsewhere, "g"), "area", fault.NotFound},
		{"a post that appoints", by.mayGive(other, nil, StationHead, here, "g"), "post", fault.Forbidden},
		{"a post that arranges", by.mayGive(other, nil, PlatformAdmin, here, "g"), "post", fault.Forbidden},
		{"to oneself", by.mayGive(self, nil, Volunteer, here, "g"), "workerId", fault.Forbidden},
		{"to who holds a post elsewhere", by.mayGive(other, []Assignment{post(other, Volunteer, CoverA, elsewhere)}, GridWorker, here, "g"), "workerId", fault.Forbidden},
		{"to one's chief", by.mayGive(other, []Assignment{post(other, ChiefLeader, CoverA, here)}, GridWorker, here, "g"), "workerId", fault.Forbidden},

		{"end a post", by.mayEnd(post(other, GridWorker, CoverA, here)), "", ""},
		{"end one elsewhere", by.mayEnd(post(other, GridWorker, CoverA, elsewhere)), "id", fault.NotFound},
		{"end the chief's", by.mayEnd(post(other, ChiefLeader, CoverA, here)), "id", fault.Forbidden},
		{"end one's own", by.mayEnd(post(self, Volunteer, CoverA, here)), "id", fault.Forbidden},
		{"end that of one's A", by.mayEnd(post(other, GridWorker, CoverA, there)), "id", fault.Forbidden},
		{"end another post where one stands in", by.mayEnd(post(other, Assistant, CoverA, there)), "", ""},

		{"note away", by.mayNoteAway(other, []Assignment{post(other, GridWorker, CoverA, here), post(other, Volunteer, CoverA, there)}, "workerId"), "", ""},
		{"note oneself away", by.mayNoteAway(self, by.holds, "workerId"), "workerId", fault.Forbidden},
		{"note away who holds nothing", by.mayNoteAway(other, nil, "workerId"), "workerId", fault.Forbidden},
		{"note away who holds a post elsewhere too", by.mayNoteAway(other, []Assignment{post(other, GridWorker, CoverA, here), post(other, Volunteer, CoverA, elsewhere)}, "workerId"), "workerId", fault.Forbidden},
		{"note the chief away", by.mayNoteAway(other, []Assignment{post(other, ChiefLeader, CoverA, here)}, "workerId"), "workerId", fault.Forbidden},
		{"note one's A away", by.mayNoteAway(other, []Assignment{post(other, Volunteer, CoverA, here), post(other, GridWorker, CoverA, there)}, "id"), "id", fault.Forbidden},
	} {
		if c.code == "" {
			if c.give != nil {
				t.Errorf("%s: %v", c.name, c.give)
			}
			continue
		}
		var f *fault.Error
		if !fault.Is(c.give, c.code) || !errors.As(c.give, &f) || f.Field != c.field {
			t.Errorf("%s: %v, want %s at %s", c.name, c.give, c.code, c.field)
		}
	}
}

package place

import "testing"

func TestPastTells(t *testing.T) {
	of := func(households int) Stats { return Stats{Households: households, Residents: 3 * households} }
	for _, c := range []struct {
		name    string
		changes []PeopleChange
		more    []Stats
		tells   bool
	}{
		{"nobody was ever there", nil, []Stats{{}, {}}, false},
		{"as many as ever", []PeopleChange{{300, 900}}, []Stats{of(300), of(300)}, false},
		{"ten left", []PeopleChange{{300, 900}, {-10, -30}}, []Stats{of(290), of(290)}, false},
		{"nine left", []PeopleChange{{300, 900}, {-9, -30}}, []Stats{of(300), of(291)}, true},
		{"one resident more", []PeopleChange{{300, 900}, {0, 1}}, []Stats{of(300)}, true},
		{"a few left, then many came", []PeopleChange{{25, 75}, {-5, -15}, {30, 90}}, []Stats{of(25), of(50)}, true},
		{"a few left long ago, and back at almost that", []PeopleChange{{100, 300}, {-50, -150}, {53, 159}}, []Stats{of(100), of(103)}, true},
		{"a few were the first", []PeopleChange{{5, 15}, {300, 900}}, []Stats{of(305), of(305)}, true},
		{"today's is not in the register", []PeopleChange{{300, 900}}, []Stats{of(300), {Households: 304, Residents: 950}}, true},
	} {
		if got := pastTells(c.changes, c.more...); got != c.tells {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

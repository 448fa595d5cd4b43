package resident

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/key"
)

// TestJoined: two files' residencies are one person's, who lives in one home and is registered in one on each day.
func TestJoined(t *testing.T) {
	a, b := uuid.UUID{10}, uuid.UUID{11}
	n := byte(0)
	at := func(dwelling uuid.UUID, what, from, until string) Residency {
		n++
		r := Residency{Key: key.Key{Home: "h", ID: uuid.UUID{n}}, Dwelling: dwelling, Number: "1", LivesHere: strings.Contains(what, "l"), RegisteredHere: strings.Contains(what, "r"), Tenure: Owner, From: day(from)}
		if until != "" {
			d := day(until)
			r.Until = &d
		}
		return r
	}
	for _, c := range []struct {
		name        string
		keep, other []Residency
		want        string
	}{
		{"nothing", nil, nil, ""},
		{"one file alone", []Residency{at(a, "lr", "2020-01-01", "")}, nil, "a lr 2020-01-01/"},
		{"the same home", []Residency{at(a, "lr", "2020-01-01", "")}, []Residency{at(a, "l", "2021-01-01", "")}, "a lr 2020-01-01/"},
		{"registered in one, living in the other", []Residency{at(a, "r", "2020-01-01", "")}, []Residency{at(b, "l", "2021-01-01", "")}, "a r 2020-01-01/, b l 2021-01-01/"},
		{"both say that they live there: the later", []Residency{at(a, "lr", "2020-01-01", "")}, []Residency{at(b, "l", "2021-01-01", "")}, "a lr 2020-01-01/2021-01-01, a r 2021-01-01/, b l 2021-01-01/"},
		{"of one day: the file that is kept", []Residency{at(a, "l", "2020-01-01", "")}, []Residency{at(b, "l", "2020-01-01", "")}, "a l 2020-01-01/"},
		{"away and back", []Residency{at(a, "l", "2020-01-01", "")}, []Residency{at(b, "l", "2021-01-01", "2022-01-01")}, "a l 2020-01-01/2021-01-01, b l 2021-01-01/2022-01-01, a l 2022-01-01/"},
		{"one after another in one home", []Residency{at(a, "l", "2020-01-01", "2021-01-01")}, []Residency{at(a, "l", "2021-01-01", "2022-01-01")}, "a l 2020-01-01/2022-01-01"},
		{"with a time between", []Residency{at(a, "l", "2020-01-01", "2021-01-01")}, []Residency{at(a, "l", "2021-06-01", "")}, "a l 2020-01-01/2021-01-01, a l 2021-06-01/"},
	} {
		var got []string
		keys := map[key.Key]bool{}
		for _, r := range joined(c.keep, c.other) {
			name := map[uuid.UUID]string{a: "a", b: "b"}[r.Dwelling]
			what, until := "", ""
			if r.LivesHere {
				what += "l"
			}
			if r.RegisteredHere {
				what += "r"
			}
			if r.Until != nil {
				until = r.Until.String()
			}
			if r.Key != (key.Key{}) && keys[r.Key] {
				t.Errorf("%s: an id twice", c.name)
			}
			keys[r.Key] = true
			got = append(got, fmt.Sprintf("%s %s %s/%s", name, what, r.From, until))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
	for d := day("2019-12-30"); d.Before(day("2022-02-01")); d = d.AddDays(1) {
		lives := 0
		for _, r := range joined([]Residency{at(a, "lr", "2020-01-01", "")}, []Residency{at(b, "lr", "2021-01-01", "2022-01-01")}) {
			if r.LivesHere && !d.Before(r.From) && (r.Until == nil || d.Before(*r.Until)) {
				lives++
			}
		}
		if lives > 1 {
			t.Fatalf("they live in %d homes on %s", lives, d)
		}
	}
}

package staff

import "testing"

func TestWhoActs(t *testing.T) {
	post := func(p Post, c Cover, away bool) Assignment { return Assignment{Post: p, Cover: c, Away: away} }
	a, b := post(GridWorker, CoverA, false), post(GridWorker, CoverB, false)
	aAway, bAway := post(GridWorker, CoverA, true), post(GridWorker, CoverB, true)
	for _, c := range []struct {
		name   string
		of     Assignment
		ofArea []Assignment
		want   bool
	}{
		{"the first", a, []Assignment{a, b}, true},
		{"the first while away", aAway, []Assignment{aAway, b}, true},
		{"a stand-in", b, []Assignment{a, b}, false},
		{"a stand-in for who is away", b, []Assignment{aAway, b}, true},
		{"a stand-in who is away too", bAway, []Assignment{aAway, bAway}, false},
		{"a stand-in for nobody", b, []Assignment{b}, true},
		{"a stand-in where another post's holder is away", b, []Assignment{a, post(GridLeader, CoverA, true), b}, false},
		{"a stand-in of a post that many hold, one of them in", post(Assistant, CoverB, false), []Assignment{post(Assistant, CoverA, true), post(Assistant, CoverA, false), post(Assistant, CoverB, false)}, false},
		{"a stand-in who is away, of a post that many hold", post(Assistant, CoverB, true), []Assignment{post(Assistant, CoverB, true), post(Assistant, CoverB, false)}, false},
	} {
		if got := Acts(c.of, c.ofArea); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

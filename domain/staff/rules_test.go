package staff

import "testing"

func TestOnCall(t *testing.T) {
	post := func(name string, p Post, c Cover, away bool) Assignment {
		return Assignment{Worker: Worker{Name: name}, Post: p, Cover: c, Away: away}
	}
	a, aAway := post("A", GridWorker, CoverA, false), post("A", GridWorker, CoverA, true)
	b, bAway := post("B", GridWorker, CoverB, false), post("B", GridWorker, CoverB, true)
	leader, leaderAway := post("L", GridLeader, CoverA, false), post("L", GridLeader, CoverA, true)
	deputy := post("D", GridLeader, CoverB, false)
	informant := post("I", Informant, CoverA, false)
	for _, c := range []struct {
		name          string
		ofGrid, group []Assignment
		want          string // "" for nobody
	}{
		{"A is in", []Assignment{b, a, informant}, []Assignment{leader}, "A"},
		{"A is away and B stands in", []Assignment{aAway, b}, []Assignment{leader}, "B"},
		{"A is away and there is no B: the group's leader", []Assignment{aAway, informant}, []Assignment{leader}, "L"},
		{"A and B are away: the group's leader", []Assignment{aAway, bAway}, []Assignment{leader}, "L"},
		{"all away: the leader's deputy", []Assignment{aAway}, []Assignment{leaderAway, deputy}, "D"},
		{"all away", []Assignment{aAway, bAway}, []Assignment{leaderAway}, ""},
		{"A is away in a grid of no group", []Assignment{aAway}, nil, ""},
		{"no A but a B", []Assignment{b}, []Assignment{leader}, "B"},
		{"no A, and B is away", []Assignment{bAway}, []Assignment{leader}, "L"},
		{"nobody in office is answered by nobody, so that it is seen", []Assignment{informant}, []Assignment{leader}, ""},
		{"nothing at all", nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if w := OnCall(GridWorker, c.ofGrid, c.group); w != nil {
				got = w.Worker.Name
			}
			if got != c.want {
				t.Errorf("%q answers, want %q", got, c.want)
			}
		})
	}
}

func TestOnCallForOtherPosts(t *testing.T) {
	post := func(name string, p Post, c Cover, away bool) Assignment {
		return Assignment{Worker: Worker{Name: name}, Post: p, Cover: c, Away: away}
	}
	group := []Assignment{post("L", GridLeader, CoverA, false)}
	for _, c := range []struct {
		name          string
		post          Post
		ofArea, group []Assignment
		want          string // "" for nobody
	}{
		{"the first of many who is in", Informant, []Assignment{post("I", Informant, CoverA, true), post("J", Informant, CoverA, false), post("K", Informant, CoverA, false)}, group, "J"},
		{"all of many are away: the group's leader", Informant, []Assignment{post("I", Informant, CoverA, true)}, group, "L"},
		{"another post does not answer", Assistant, []Assignment{post("W", GridWorker, CoverA, false)}, group, ""},
		{"a community's chief and the deputy", ChiefLeader, []Assignment{post("C", ChiefLeader, CoverA, true), post("D", ChiefLeader, CoverB, false)}, nil, "D"},
		{"a leader who is away in a group whose leader is away", GridLeader, []Assignment{post("L", GridLeader, CoverA, true)}, []Assignment{post("M", GridLeader, CoverA, true)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if a := OnCall(c.post, c.ofArea, c.group); a != nil {
				got = a.Worker.Name
			}
			if got != c.want {
				t.Errorf("%q answers, want %q", got, c.want)
			}
		})
	}
}

package staff

import (
	"slices"

	"wangge/domain/civil"
)

// OnCall returns who answers for a post of an area on a day, by the assignment they hold, given the area's assignments in office
// that day and those of the group it belongs to (nil where it belongs to none). A answers; while A is away B stands in, and where
// B is away too, or there is none, the group's leader does. A post without A is its B's. One without both is answered by
// nobody: it is vacant, which must be seen. Of a post that many hold the first who is in answers.
func OnCall(post Post, ofArea, ofGroup []Assignment) *Assignment {
	held := false
	for _, cover := range []Cover{CoverA, CoverB} {
		for i := range ofArea {
			a := &ofArea[i]
			if a.Post != post || a.Cover != cover {
				continue
			}
			if !a.Away {
				return a
			}
			held = true
		}
	}
	if !held || len(ofGroup) == 0 {
		return nil
	}
	return Leader(ofGroup)
}

// Leader returns the leader of a grid group who is in today: A, else B, else nobody.
func Leader(ofGroup []Assignment) *Assignment { return OnCall(GridLeader, ofGroup, nil) }

// vacantIn are the posts that Vacancies looks for: where nobody in office is a fault, and the kind of area they are held for.
var vacantIn = []Post{GridWorker, GridLeader, ChiefLeader}

// CheckInformants says how a grid is served by its informants: how many distinct workers of office hold the post.
func CheckInformants(office []Assignment, limits InformantLimits, households *int) InformantCheck {
	var seen []Worker
	for _, a := range office {
		if a.Post == Informant && !slices.ContainsFunc(seen, func(w Worker) bool { return w.Key == a.Worker.Key }) {
			seen = append(seen, a.Worker)
		}
	}
	return InformantCheck{InformantLimits: limits, Count: len(seen), Households: households}
}

// InformantLimits are how many informants a grid should have, and how many households each. Nil means no limit.
type InformantLimits struct{ Min, Max, EachMin, EachMax *int }

// InformantCheck is how a grid is served by its informants. Households is nil where unknown, or not for the one who asks.
type InformantCheck struct {
	InformantLimits
	Count      int
	Households *int
}

// Each is the households for each informant; nil where there is no informant or the households are not known.
func (c InformantCheck) Each() *float64 {
	if c.Households == nil || c.Count == 0 {
		return nil
	}
	each := float64(*c.Households) / float64(c.Count)
	return &each
}

// OK reports whether the limits hold; nil where that cannot be told without the households.
func (c InformantCheck) OK() *bool {
	ok := inside(float64(c.Count), c.Min, c.Max)
	if each := c.Each(); ok && each != nil {
		ok = inside(*each, c.EachMin, c.EachMax)
	} else if ok && c.Count > 0 && (c.EachMin != nil || c.EachMax != nil) {
		return nil
	}
	return &ok
}

func inside(v float64, least, most *int) bool {
	return (least == nil || v >= float64(*least)) && (most == nil || v <= float64(*most))
}

// shortened is an absence that ends on a day; false where nothing of it is left.
func (a Absence) shortened(until civil.Date) (Absence, bool) {
	a.Until = until
	return a, a.From.Before(until)
}

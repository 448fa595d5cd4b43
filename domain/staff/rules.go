package staff

// OnCall returns whom to call for a grid on a day, by the post they hold, given the grid's assignments and its group's leaders in
// office that day. A answers; while A is away B stands in, and where B is away too, or there is none, the group's
// leader does. A grid without A is its B's. One without both is answered by nobody: it is UNSTAFFED, which must be seen.
func OnCall(ofGrid, ofGroup []Assignment) *Assignment {
	a := holder(ofGrid, GridWorker, CoverA)
	b := holder(ofGrid, GridWorker, CoverB)
	switch {
	case a != nil && !a.Away:
		return a
	case b != nil && !b.Away:
		return b
	case a == nil && b == nil:
		return nil
	}
	return Leader(ofGroup)
}

// Leader returns the leader of a grid group who is in today: A, else B, else nobody.
func Leader(ofGroup []Assignment) *Assignment {
	for _, cover := range []Cover{CoverA, CoverB} {
		if l := holder(ofGroup, GridLeader, cover); l != nil && !l.Away {
			return l
		}
	}
	return nil
}

func holder(list []Assignment, post Post, cover Cover) *Assignment {
	for i := range list {
		if list[i].Post == post && list[i].Cover == cover {
			return &list[i]
		}
	}
	return nil
}

package web

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// team reads who is in office for f: A and B, assistants, and who leads, the nearest first.
func (s *site) team(ctx context.Context, actor account.Actor, f *face) error {
	posts := board.Leading(f.Grid)
	posts = append([]board.Held{{Area: posts[0].Area, Post: staff.GridWorker}, {Area: posts[0].Area, Post: staff.Assistant}}, posts...)
	areas := make([]staff.Area, len(posts))
	for i, p := range posts {
		areas[i] = p.Area
	}
	office, err := s.staff.InOffice(ctx, actor, unique(areas), nil)
	if err != nil {
		return err
	}
	for _, p := range posts {
		for _, cover := range []staff.Cover{staff.CoverA, staff.CoverB} {
			for _, a := range office[p.ID] {
				if a.Post == p.Post && a.Cover == cover {
					f.Team = append(f.Team, a)
				}
			}
		}
	}
	return nil
}

// leaders are whom to ask about those of grids that nobody answers for, by the grid's id: of who leads and is in today the nearest with a phone, else the
// nearest.
func (s *site) leaders(ctx context.Context, actor account.Actor, grids []grid.Grid, onCall map[uuid.UUID]staff.Assignment) (map[uuid.UUID]*staff.Assignment, error) {
	var areas []staff.Area
	for _, g := range grids {
		if _, ok := onCall[g.Key.ID]; !ok {
			for _, p := range board.Leading(g) {
				areas = append(areas, p.Area)
			}
		}
	}
	if len(areas) == 0 {
		return nil, nil
	}
	office, err := s.staff.InOffice(ctx, actor, unique(areas), nil)
	out := map[uuid.UUID]*staff.Assignment{}
	for _, g := range grids {
		for _, p := range board.Leading(g) {
			in := staff.OnCall(p.Post, office[p.ID], nil)
			if is := out[g.Key.ID]; in != nil && (is == nil || is.Worker.WorkPhone == "" && in.Worker.WorkPhone != "") {
				out[g.Key.ID] = in
			}
		}
	}
	return out, err
}

// unique is list without what stands in it before.
func unique[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	out := list[:0:0]
	for _, one := range list {
		if !seen[one] {
			seen[one] = true
			out = append(out, one)
		}
	}
	return out
}

// Role says by what right the worker of f answers.
func (v view) Role(f face) (string, error) {
	post := f.Post.Text(v.Lang)
	switch {
	case f.Unstaffed || f.Post == staff.GridWorker && f.Cover != staff.CoverB:
		return post, nil
	case f.Post == staff.GridWorker:
		return v.Say("standsIn", post)
	}
	return v.Say("leaderStandsIn", post)
}

// AskLeader says whom to call of a grid without a worker, whose leader answers.
func (v view) AskLeader(f face) (string, error) {
	post := f.Post.Text(v.Lang)
	if v.Lang == fault.English {
		post = strings.ToLower(post)
	}
	return v.Say("askLeader", post)
}

// Part is what somebody in office is for f: of two grid workers which, of all others their post. Who is away is not the first to call.
func (v view) Part(f face, a staff.Assignment) string {
	both := slices.ContainsFunc(f.Team, func(other staff.Assignment) bool { return other.Post == staff.GridWorker && other.Cover != a.Cover })
	if a.Post != staff.GridWorker || !both || a.Away && a.Cover == staff.CoverA && v.Lang == fault.English {
		return a.Post.Text(v.Lang)
	}
	return a.Cover.Text(v.Lang)
}

// Duties are what the grid worker of f may be called about, not what who stands in does at the office; where none are known those of the post, as on boards.
func (f face) Duties(lang fault.Language) []string {
	if f.Worker != nil && f.Post == staff.GridWorker && len(f.Worker.Duties) > 0 {
		return staff.Duties(f.Worker.Duties, lang)
	}
	for _, a := range f.Team {
		if a.Post == staff.GridWorker && len(a.Worker.Duties) > 0 {
			return staff.Duties(a.Worker.Duties, lang)
		}
	}
	return staff.GeneralDuties(lang)
}

// Instead is whom to call where nobody answers for a grid.
func (v view) Instead() place.Answers { return v.Result.Contacts.Instead(v.Lang) }

// Desk is what a desk is called.
func (v view) Desk(d place.Desk) string { return d.Text(v.Lang) }

// AtNight is what stands above the night numbers.
func (v view) AtNight() string { return place.AtNight(v.Lang) }

// EndsAt is what stands before what a grid ends at on a side.
func (v view) EndsAt(s place.Side) string {
	text := s.Text(v.Lang)
	if v.Lang == fault.English {
		text = strings.ToLower(text) + ": "
	}
	return text
}

package web

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// held is a post that people hold for a grid, for its group or for its community.
type held struct {
	staff.Area
	Post staff.Post
}

// leading are the posts of who leads g, the nearest first, as boards have them.
func leading(g grid.Grid) []held {
	out := []held{{staff.Area{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}, staff.GridLeader}}
	if g.GroupID != nil {
		out = append(out, held{staff.Area{Kind: staff.AreaGroup, Home: g.Key.Home, ID: *g.GroupID}, staff.GridLeader})
	}
	return append(out, held{staff.Area{Kind: staff.AreaDivision, Home: g.Key.Home, ID: g.CommunityID}, staff.ChiefLeader})
}

// team reads who is in office for f: A and B, assistants, and who leads, the nearest first.
func (s *site) team(ctx context.Context, actor account.Actor, f *face) error {
	posts := leading(f.Grid)
	posts = append([]held{{posts[0].Area, staff.GridWorker}, {posts[0].Area, staff.Assistant}}, posts...)
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
			for _, p := range leading(g) {
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
		for _, p := range leading(g) {
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

// Part is what somebody in office is for a grid: of its workers which of the two, of all others their post.
func (v view) Part(a staff.Assignment) string {
	if a.Post == staff.GridWorker {
		return a.Cover.Text(v.Lang)
	}
	return a.Post.Text(v.Lang)
}

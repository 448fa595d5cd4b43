package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// communitiesPage lists the communities that have grids, by town.
func (s *site) communitiesPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	var communities []place.Division
	err := s.read(r, func(ctx context.Context, actor account.Actor) (err error) {
		if communities, err = s.places.Communities(ctx, actor); err == nil {
			v.Towns, err = s.towns(ctx, actor, communities)
		}
		return err
	})
	if err != nil {
		s.refuse(w, r, v, err)
		return
	}
	v.Total, v.Box = len(communities), boxOf(communities)
	if v.Title, err = v.Say("communities"); err != nil {
		s.fail(r, &v, err)
	}
	s.show(w, r, http.StatusOK, v)
}

// towns puts communities under the town that each lies in, keeping their order. Towns of one name are told apart by what
// they lie in themselves.
func (s *site) towns(ctx context.Context, actor account.Actor, communities []place.Division) ([]town, error) {
	known, err := s.parents(ctx, actor, communities)
	if err != nil {
		return nil, err
	}
	var out []town
	var heads []place.Division // of out, in its order; the zero division heads what lies in none
	at := map[uuid.UUID]int{}  // of a head in heads
	names := map[string]int{}
	for _, c := range communities {
		var head place.Division
		if c.ParentID != nil {
			head = known[*c.ParentID]
		}
		i, ok := at[head.ID]
		if !ok {
			i, at[head.ID] = len(out), len(out)
			heads, out = append(heads, head), append(out, town{Name: head.Name})
			names[head.Name]++
		}
		out[i].Communities = append(out[i].Communities, c)
	}
	if len(names) == len(heads) {
		return out, nil
	}
	above, err := s.parents(ctx, actor, heads)
	if err != nil {
		return nil, err
	}
	for i, head := range heads {
		switch {
		case names[head.Name] == 1:
		case head.ParentID != nil && above[*head.ParentID].Name != "":
			out[i].Name = above[*head.ParentID].Name + " · " + head.Name
		default:
			out[i].Name = head.Name + " · " + head.Code
		}
	}
	return out, nil
}

// parents are the divisions that those of list lie in, by their ids.
func (s *site) parents(ctx context.Context, actor account.Actor, list []place.Division) (map[uuid.UUID]place.Division, error) {
	var ids []uuid.UUID
	seen := map[uuid.UUID]bool{}
	for _, d := range list {
		if d.ParentID != nil && !seen[*d.ParentID] {
			seen[*d.ParentID] = true
			ids = append(ids, *d.ParentID)
		}
	}
	return s.places.DivisionsByID(ctx, actor, ids, place.Fields{})
}

// communityPage lists the grids of a division with whom to call; of one that has too many, the divisions beneath it.
func (s *site) communityPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	err := s.readScanned(r, &v, func(ctx context.Context, actor account.Actor) (on printedOn, err error) {
		code := r.PathValue("code")
		if !place.ValidCode(code) { // the store takes no NUL and nothing that is not UTF-8
			return on, fault.New(fault.NotFound, "code", "division.notFound", "code", printable(code))
		}
		d, err := s.places.ByCode(ctx, actor, code, place.Fields{})
		if err != nil {
			return on, err
		}
		v.Community, v.Title = &d, d.Name
		return printedOn{Atlas: d.ID}, s.list(ctx, actor, &v)
	})
	if err != nil {
		s.refuse(w, r, v, err)
		return
	}
	s.show(w, r, http.StatusOK, v)
}

// list fills what is listed of v.Community.
func (s *site) list(ctx context.Context, actor account.Actor, v *view) error {
	d := *v.Community
	boxes := []*place.Box{d.BBox}
	count, err := s.places.DivisionStats(ctx, actor, []uuid.UUID{d.ID}, nil)
	if err != nil {
		return err
	}
	v.Total = count[d.ID].Grids
	beneath := 0 // grids of v.Beneath
	if v.Total > mostListed {
		if v.Beneath, err = s.beneath(ctx, actor, d); err != nil {
			return err
		}
		for i := range v.Beneath {
			beneath += v.Beneath[i].Grids
			boxes = append(boxes, v.Beneath[i].BBox)
		}
	}
	if v.Total > beneath {
		grids, err := s.grids.OfCommunity(ctx, actor, d.ID)
		if err != nil {
			return err
		}
		var own []grid.Grid // that lie in none of v.Beneath
		for i := range grids {
			boxes = append(boxes, &grids[i].BBox)
			if len(v.Beneath) == 0 || grids[i].CommunityID == d.ID {
				own = append(own, grids[i])
			}
		}
		if len(own) > mostListed {
			v.CutFrom, own = len(own), own[:mostListed]
		}
		if v.List, err = s.faces(ctx, actor, own); err != nil {
			return err
		}
		markAlike(v.List)
	}
	v.Box = box(around(boxes))
	return nil
}

// beneath are the divisions directly within d that have grids.
func (s *site) beneath(ctx context.Context, actor account.Actor, d place.Division) ([]part, error) {
	children, err := s.places.Children(ctx, actor, []uuid.UUID{d.ID}, place.Fields{})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(children[d.ID]))
	for i, child := range children[d.ID] {
		ids[i] = child.ID
	}
	counts, err := s.places.DivisionStats(ctx, actor, ids, nil)
	if err != nil {
		return nil, err
	}
	var out []part
	for _, child := range children[d.ID] {
		if n := counts[child.ID].Grids; n > 0 {
			out = append(out, part{child, n})
		}
	}
	return out, nil
}

package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// badge is what the page of a badge says.
type badge struct {
	staff.Badge
	At      string // when it was asked, as a clock shows it
	Initial string
	Photo   string // path; empty: none
	Offices []office

	Unchecked bool // nobody can tell now
}

// Holds reports whether the badge is that of somebody in office.
func (b badge) Holds() bool { return len(b.Posts) > 0 }

// Good reports whether the badge is that of somebody who is in office and not away today.
func (b badge) Good() bool { return b.Holds() && !b.Away }

// office is a post and what it is for.
type office struct {
	Post staff.Post
	Name string // of the area; empty where it is a building
	Path string // of the area's page; empty: it has none
}

// badgePage is where the QR code on a worker's badge leads: whether who shows it is in office today. It is made anew each time and kept by nobody: yesterday's answer
// would let a stranger in. Of a badge that is no longer good nothing is told but that. While the database is away the page says that it cannot tell.
func (s *site) badgePage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	now := s.places.At(nil) // as the day that the badge is good on
	if at, _ := s.asOf(); !at.IsZero() {
		now = now.In(at.Location())
	}
	b := badge{At: now.Format("2006-01-02 15:04")}
	actor := account.FromContext(r.Context())
	err := answer.Within(r.Context(), answerPatience, func(ctx context.Context) error {
		return s.places.InOneState(ctx, actor, func(ctx context.Context) (err error) {
			k, ok := key.Parse(r.PathValue("worker"))
			if !ok {
				return fault.New(fault.NotFound, "worker", "worker.noBadge")
			}
			if b.Badge, err = s.staff.Badge(ctx, actor, k); err == nil {
				b.Offices, err = s.offices(ctx, actor, b.Posts)
			}
			return err
		})
	})
	w.Header().Set("Cache-Control", "no-store")
	b.Unchecked = fault.Is(err, fault.Unavailable)
	if err != nil && (wantsJSON(r) || !b.Unchecked && !fault.Is(err, fault.NotFound)) {
		s.refuse(w, r, v, err)
		return
	}
	status := http.StatusOK
	if err != nil {
		b.Badge = staff.Badge{} // of what was read nothing is told
		status = answer.Refuse(r, s.log, err).Status
	}
	b.Initial = face{Worker: &b.Worker}.Initial()
	if b.Worker.HasPhoto {
		b.Photo = photoPath(b.Worker)
	}
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, "badge", map[string]any{"View": v, "Badge": b}); err != nil {
		answer.Refuse(r, s.log, fmt.Errorf("badge template: %w", err)).Write(w, r)
		return
	}
	header := w.Header()
	header.Add("Vary", "Accept, Accept-Language")
	header.Set("Content-Language", v.HTMLLang())
	header.Set("Content-Security-Policy", s.policy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Robots-Tag", "noindex")
	s.sayAge(header, s.staleSince())
	reply(w, r, status, asHTML, body.Bytes())
}

// offices names what posts are for. Buildings and what is not known any more stay without a name.
func (s *site) offices(ctx context.Context, actor account.Actor, posts []staff.Assignment) ([]office, error) {
	var grids, groups []key.Key
	var divisions []uuid.UUID
	for _, a := range posts {
		switch k := (key.Key{Home: a.Area.Home, ID: a.Area.ID}); a.Area.Kind {
		case staff.AreaGrid:
			grids = append(grids, k)
		case staff.AreaGroup:
			groups = append(groups, k)
		case staff.AreaDivision:
			divisions = append(divisions, k.ID)
		}
	}
	inGrids, err := s.grids.ByKeys(ctx, actor, grids, nil, grid.Fields{})
	if err != nil {
		return nil, err
	}
	inGroups, err := s.grids.Groups(ctx, actor, groups)
	if err != nil {
		return nil, err
	}
	inDivisions, err := s.places.DivisionsByID(ctx, actor, divisions, place.Fields{})
	if err != nil {
		return nil, err
	}
	out := make([]office, len(posts))
	for i, a := range posts {
		out[i].Post = a.Post
		if g, ok := inGrids[a.Area.ID]; ok {
			out[i].Name, out[i].Path = g.Name, gridPath(g.Code)
		} else if g, ok := inGroups[a.Area.ID]; ok {
			out[i].Name = g.Name
		} else if d, ok := inDivisions[a.Area.ID]; ok {
			out[i].Name, out[i].Path = d.Name, "/c/"+d.Code
		}
	}
	return out, nil
}

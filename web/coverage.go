package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// mostProblems is how many problems a page lists, the gravest first.
const mostProblems = 200

// covered is how a division is covered, as the page shows it.
type covered struct {
	Division place.Division // zero on the page of all
	Report   coverage.Report
	Kinds    []kindOf
	Left     int // problems that are not listed
	One      *coverage.Found
	Beneath  []checkedPart
}

// kindOf is the problems of one kind.
type kindOf struct {
	Kind  coverage.Kind
	Total int
	List  []coverage.Found
}

// checkedPart is a division to choose, with how much is wrong there.
type checkedPart struct {
	place.Division
	Report coverage.Report
}

// Wrong counts the problems of all kinds.
func (p checkedPart) Wrong() int { return wrong(p.Report) }

// Wrong counts the problems of all kinds.
func (c covered) Wrong() int { return wrong(c.Report) }

func wrong(r coverage.Report) (n int) {
	for _, k := range r.Problems {
		n += k
	}
	return n
}

// Shows reports whether the page's map shows what is wrong.
func (v view) Shows() bool { return strings.HasPrefix(v.Path, "/coverage") }

// Problem is where the page of one problem is.
func (v view) Problem(id uuid.UUID) string {
	link := v.Link(v.Path)
	if strings.Contains(link, "?") {
		return link + "&problem=" + id.String()
	}
	return link + "?problem=" + id.String()
}

// KindName is what a kind is called in the view's language, as a heading.
func (v view) KindName(k coverage.Kind) string {
	name := k.Text(v.Lang)
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// Mend says what the i-th fix of a problem would do.
func (v view) Mend(f coverage.Found, i int) string { return f.FixText(i, v.Lang) }

// coveragePage says whether anyone in a division is left out; without a code, in which divisions to look.
func (s *site) coveragePage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	err := s.makeCurrent(r)
	if err == nil {
		err = s.read(r, func(ctx context.Context, actor account.Actor) error {
			return s.check(ctx, actor, &v, r.PathValue("code"))
		})
	}
	if err != nil {
		s.refuse(w, r, v, err)
		return
	}
	if v.Title, err = v.Say("leftOut"); err != nil {
		s.fail(r, &v, err)
	}
	s.show(w, r, http.StatusOK, v)
}

// makeCurrent waits for the reports of the page before it is read: whoever reads holds a connection.
func (s *site) makeCurrent(r *http.Request) error {
	ctx, actor, code := r.Context(), account.FromContext(r.Context()), r.PathValue("code")
	var ids []uuid.UUID
	if code == "" {
		roots, err := s.places.Roots(ctx, actor, place.Fields{})
		if err != nil {
			return err
		}
		for _, d := range roots {
			ids = append(ids, d.ID)
		}
	} else {
		if !place.ValidCode(code) { // the store takes no NUL and nothing that is not UTF-8
			return fault.New(fault.NotFound, "code", "division.notFound", "code", printable(code))
		}
		d, err := s.places.ByCode(ctx, actor, code, place.Fields{})
		if err != nil {
			return err
		}
		ids = []uuid.UUID{d.ID}
	}
	if len(ids) == 0 {
		return nil // a nil list stands for all
	}
	return s.coverage.Current(ctx, actor, ids)
}

func (s *site) check(ctx context.Context, actor account.Actor, v *view, code string) error {
	v.Covered = &covered{}
	if code == "" {
		roots, err := s.places.Roots(ctx, actor, place.Fields{})
		v.Box = boxOf(roots)
		if err == nil {
			v.Covered.Beneath, err = s.checkedParts(ctx, actor, roots)
		}
		return err
	}
	d, err := s.places.ByCode(ctx, actor, code, place.Fields{})
	if err != nil {
		return err
	}
	children, err := s.places.Children(ctx, actor, []uuid.UUID{d.ID}, place.Fields{})
	if err != nil {
		return err
	}
	v.Box = box(d.BBox)
	if d.BBox == nil {
		v.Box = boxOf(children[d.ID])
	}
	v.Covered.Division = d
	if v.Covered.Beneath, err = s.checkedParts(ctx, actor, children[d.ID]); err != nil {
		return err
	}
	return s.problems(ctx, actor, v)
}

func (s *site) checkedParts(ctx context.Context, actor account.Actor, list []place.Division) ([]checkedPart, error) {
	ids := make([]uuid.UUID, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	reports, err := s.coverage.Reports(ctx, actor, ids)
	out := make([]checkedPart, len(list))
	for i, d := range list {
		out[i] = checkedPart{d, reports[d.ID]}
	}
	return out, err
}

// problems fills what is wrong in the division of v, and the one problem that the address names.
func (s *site) problems(ctx context.Context, actor account.Actor, v *view) error {
	c := v.Covered
	reports, err := s.coverage.Reports(ctx, actor, []uuid.UUID{c.Division.ID})
	if err != nil {
		return err
	}
	c.Report = reports[c.Division.ID]
	pages, err := s.coverage.ProblemsOf(ctx, actor, []uuid.UUID{c.Division.ID}, coverage.Query{Args: page.Args{First: mostProblems}})
	if err != nil {
		return err
	}
	items := pages[c.Division.ID].Items
	if id, err := uuid.Parse(v.Query.Get("problem")); err == nil {
		p, err := s.coverage.Problem(ctx, actor, id)
		if err != nil {
			return err
		}
		items = append([]page.Item[coverage.Problem]{{Node: p}}, items...)
	}
	found, err := coverage.Named(ctx, actor, s.places, s.grids, items)
	if err != nil {
		return err
	}
	if len(found) > len(pages[c.Division.ID].Items) {
		c.One, found = &found[0], found[1:]
		v.Result.Box = box(c.One.Box)
		if lng, lat, ok := c.One.Spot(); ok {
			v.Result.Lng, v.Result.Lat = degrees(lng), degrees(lat)
		}
	}
	c.Left = c.Wrong() - len(found)
	for _, k := range coverage.Kinds {
		of := kindOf{Kind: k, Total: c.Report.Problems[k]}
		for _, f := range found {
			if f.Kind == k {
				of.List = append(of.List, f)
			}
		}
		if of.Total > 0 {
			c.Kinds = append(c.Kinds, of)
		}
	}
	return nil
}

func coveragePath(code string) string { return "/coverage/" + url.PathEscape(code) }

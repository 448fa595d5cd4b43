package place

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"
)

func TestATreeOfDivisions(t *testing.T) {
	id := func(n byte) uuid.UUID { return uuid.UUID{n} }
	division := func(n byte, code string, parent byte, former ...string) Division {
		d := Division{ID: id(n), Code: code, FormerCodes: former, Boundary: geom.NewMultiPolygon(geom.XY)}
		if parent != 0 {
			p := id(parent)
			d.ParentID = &p
		}
		return d
	}
	tree := NewTree([]Division{
		division(5, "310115005", 1), division(1, "31", 0), division(4, "310115004", 1, "310221004", "310221"), division(9, "32", 0),
		division(6, "310115004002", 4), division(7, "310115004001", 4),
	}, []uuid.UUID{id(6), id(7), id(8)})

	codes := func(list []*Division) (out []string) {
		for _, d := range list {
			out = append(out, d.Code)
		}
		return out
	}
	for _, c := range []struct {
		name string
		got  []*Division
		want []string
	}{
		{"roots", tree.Roots(), []string{"31", "32"}},
		{"children, by code", tree.Children(id(1)), []string{"310115004", "310115005"}},
		{"children of one without", tree.Children(id(9)), nil},
		{"children of nothing", tree.Children(id(8)), nil},
		{"ancestors, the largest first", tree.Ancestors(id(7)), []string{"31", "310115004"}},
		{"ancestors of a root", tree.Ancestors(id(1)), nil},
		{"those with grids", tree.Communities(), []string{"310115004001", "310115004002"}},
		{"those with grids, told anew", tree.WithGrids([]uuid.UUID{id(5)}).Communities(), []string{"310115005"}},
		{"by a code of its own", []*Division{tree.ByCode("310115004")}, []string{"310115004"}},
		{"by a code that it had", []*Division{tree.ByCode("310221")}, []string{"310115004"}},
	} {
		if got := codes(c.got); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if tree.ByCode("33") != nil || tree.ByID(id(8)) != nil {
		t.Error("there is what there is not")
	}
	if got := tree.Subtree(id(1)); len(got) != 5 || got[0] != id(1) || slices.Contains(got, id(9)) || tree.Subtree(id(8)) != nil {
		t.Errorf("beneath 31 are %v", got)
	}
	d := tree.ByID(id(7))
	if d.Only(Fields{}).Boundary != nil || d.Only(Fields{Boundary: true}).Boundary == nil || d.Boundary == nil {
		t.Error("Only keeps the boundary where it is not asked for, or loses it where it is, or changes what is shared")
	}
}

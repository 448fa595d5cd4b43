package chart_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/geo/coverage"
	"wangge/geo/shape"
	"wangge/load/demo"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

// squares measures as fonts do, more or less: a Chinese letter is a square.
type squares struct{}

func (squares) Width(text string, size float64, bold bool) float64 {
	w := 0.0
	for _, r := range text {
		if r >= 0x2e80 {
			w += size
		} else {
			w += 0.55 * size
		}
	}
	return w
}

// svg writes a group as it is, for eyes and golden files.
func svg(g *paper.Group, box paper.Box) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%gmm" height="%gmm" viewBox="%g %g %g %g" font-family="Noto Sans CJK SC">`+"\n",
		box.W, box.H, box.X, box.Y, box.W, box.H)
	colour := func(name string, c paper.Colour) string {
		if c.A == 0 {
			return fmt.Sprintf(` %s="none"`, name)
		}
		s := fmt.Sprintf(` %s="#%02x%02x%02x"`, name, c.R, c.G, c.B)
		if c.A < 255 {
			s += fmt.Sprintf(` %s-opacity="%.2f"`, name, float64(c.A)/255)
		}
		return s
	}
	plain := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;")
	var write func(items []paper.Item)
	write = func(items []paper.Item) {
		for _, item := range items {
			switch i := item.(type) {
			case *paper.Group:
				fmt.Fprintf(&b, `<g class="%s">`+"\n", i.Name)
				write(i.Items)
				b.WriteString("</g>\n")
			case *paper.Shape:
				b.WriteString(`<path fill-rule="evenodd" stroke-linejoin="round"` + colour("fill", i.Fill) + colour("stroke", i.Stroke))
				if i.Width > 0 {
					fmt.Fprintf(&b, ` stroke-width="%g"`, i.Width)
				}
				if i.Dash != nil {
					fmt.Fprintf(&b, ` stroke-dasharray="%s"`, strings.Trim(fmt.Sprint(i.Dash), "[]"))
				}
				b.WriteString(` d="`)
				for _, p := range i.Paths {
					for k, q := range p {
						fmt.Fprintf(&b, "%s%g %g", map[bool]string{true: "M", false: "L"}[k == 0], q.X, q.Y)
					}
					if i.Closed {
						b.WriteString("Z")
					}
				}
				b.WriteString("\"/>\n")
			case *paper.Text:
				fmt.Fprintf(&b, `<text x="%g" y="%g" font-size="%g"%s text-anchor="%s"`, i.At.X, i.At.Y, i.Size, colour("fill", i.Colour),
					[]string{"start", "middle", "end"}[i.Anchor])
				if i.Bold {
					b.WriteString(` font-weight="bold"`)
				}
				if i.Halo > 0 {
					fmt.Fprintf(&b, ` stroke="#fff" stroke-width="%g" stroke-linejoin="round" paint-order="stroke"`, 2*i.Halo)
				}
				if i.Turn != 0 {
					fmt.Fprintf(&b, ` transform="rotate(%g %g %g)"`, i.Turn, i.At.X, i.At.Y)
				}
				fmt.Fprintf(&b, ">%s</text>\n", plain.Replace(i.Text))
			case *paper.Link:
				fmt.Fprintf(&b, `<a href="%s"><title>%s</title><rect x="%g" y="%g" width="%g" height="%g" fill="#00f" fill-opacity="0.07"/></a>`+"\n",
					plain.Replace(i.URL), plain.Replace(i.Label), i.Box.X, i.Box.Y, i.Box.W, i.Box.H)
			default:
				panic(fmt.Sprintf("a map holds a %T", item))
			}
		}
	}
	write(g.Items)
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// town is the made-up community.
var town = sync.OnceValue(demo.Community)

// numbered is a name that ends with a number: of what, and the number.
var numbered = regexp.MustCompile(`^(.*?)([0-9]+(?:-[0-9]+)?)(?:号楼|号|幢|栋)$`)

// townAround is the town without grids.
func townAround() chart.Scene {
	var s chart.Scene
	for _, r := range town().Roads {
		s.Streets = append(s.Streets, chart.Street{Name: r.Name, Class: r.Class, Line: r.Line})
	}
	kinds := map[demo.GroundKind]chart.Ground{demo.Water: chart.Water, demo.Park: chart.Green, demo.Garden: chart.Green,
		demo.Pitch: chart.Paved, demo.Square: chart.Paved, demo.Parking: chart.Paved}
	for _, g := range town().Grounds {
		s.Land = append(s.Land, chart.Land{Ground: kinds[g.Kind], Name: g.Name, Area: orb.MultiPolygon{g.Shape}})
	}
	for _, b := range town().Buildings {
		n := chart.Building{Name: cmp.Or(b.Name, b.Address), Area: orb.MultiPolygon{b.Footprint}}
		if own := numbered.FindStringSubmatch(n.Name); own != nil {
			n.Of, n.Number = own[1], own[2]
		}
		s.Buildings = append(s.Buildings, n)
	}
	return s
}

func townGrid(i int) chart.Grid {
	g := town().Grids[i]
	return chart.Grid{Area: g.Boundary, Name: g.Name, Number: g.Code[12:], URL: "/g/" + g.Code}
}

// townScene is the board of a grid of the town.
func townScene(of int) chart.Scene {
	s := townAround()
	s.Grids = []chart.Grid{townGrid(of)}
	s.Grids[0].URL = ""
	for i := range town().Grids {
		if i != of && coverage.SharedBorderM(town().Grids[of].Boundary, town().Grids[i].Boundary) > 0 {
			s.Neighbours = append(s.Neighbours, townGrid(i))
		}
	}
	return s
}

// townCover is the cover of the town's atlas.
func townCover() chart.Scene {
	s := townAround()
	for i := range town().Grids {
		s.Grids = append(s.Grids, townGrid(i))
	}
	return s
}

// read reads a file of Lujiazui.
func read(t testing.TB, name string) []*geojson.Feature {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "osm-lujiazui", "lujiazui-"+name+".geojson"))
	if err != nil {
		t.Skipf("the real data of Lujiazui are missing: %v", err)
	}
	var all geojson.FeatureCollection
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all.Features
}

func area(t testing.TB, g orb.Geometry) orb.MultiPolygon {
	t.Helper()
	mp, err := shape.MultiPolygon(g)
	if err != nil {
		t.Fatal(err)
	}
	return mp
}

// lujiazui is the real quarter: its grids, and all that lies around.
func lujiazui(t testing.TB) (around chart.Scene, grids []chart.Grid) {
	t.Helper()
	var s chart.Scene
	for _, f := range read(t, "roads") {
		class := f.Properties.MustString("kind_detail", "")
		if f.Properties["kind"] == "ferry" || f.Properties["kind"] == "rail" {
			class = f.Properties.MustString("kind_detail", "ferry")
		}
		add := func(l orb.LineString) {
			s.Streets = append(s.Streets, chart.Street{Name: f.Properties.MustString("name", ""), Class: class, Line: l})
		}
		switch g := f.Geometry.(type) {
		case orb.LineString:
			add(g)
		case orb.MultiLineString:
			for _, l := range g {
				add(l)
			}
		}
	}
	kinds := map[string]chart.Ground{"grass": chart.Green, "park": chart.Green, "recreation_ground": chart.Green, "forest": chart.Green,
		"natural_wood": chart.Green, "garden": chart.Green, "pedestrian": chart.Paved, "parking": chart.Paved, "pitch": chart.Paved}
	for _, f := range read(t, "landuse") {
		if ground, ok := kinds[f.Properties.MustString("kind")]; ok {
			s.Land = append(s.Land, chart.Land{Ground: ground, Name: f.Properties.MustString("name", ""), Area: area(t, f.Geometry)})
		}
	}
	for _, f := range read(t, "water") {
		s.Land = append(s.Land, chart.Land{Ground: chart.Water, Name: f.Properties.MustString("name", ""), Area: area(t, f.Geometry)})
	}
	for _, f := range read(t, "buildings") {
		b := chart.Building{Name: f.Properties.MustString("name", ""), Area: area(t, f.Geometry)}
		if n := f.Properties.MustString("addr_housenumber", ""); n != "" && b.Name == "" {
			b.Of, b.Number = f.Properties.MustString("addr_street", ""), n
			b.Name = b.Of + n + "号"
		}
		s.Buildings = append(s.Buildings, b)
	}
	for _, f := range read(t, "grids") {
		code := f.Properties.MustString("code")
		grids = append(grids, chart.Grid{Area: area(t, f.Geometry), Name: f.Properties.MustString("name"), Number: code[12:], URL: "/g/" + code})
	}
	return s, grids
}

// lujiazuiScene is the board of one of the real grids.
func lujiazuiScene(t testing.TB, of int) chart.Scene {
	s, grids := lujiazui(t)
	return lujiazuiOf(s, grids, of)
}

func lujiazuiOf(s chart.Scene, grids []chart.Grid, of int) chart.Scene {
	s.Grids = []chart.Grid{grids[of]}
	for i := range grids {
		if i != of && coverage.SharedBorderM(grids[of].Area, grids[i].Area) > 0 {
			s.Neighbours = append(s.Neighbours, grids[i])
		}
	}
	return s
}

// every calls do with all items, and the groups that they are in.
func every(items []paper.Item, do func(paper.Item)) {
	for _, i := range items {
		do(i)
		if g, ok := i.(*paper.Group); ok {
			every(g.Items, do)
		}
	}
}

// texts are all that is written.
func texts(g *paper.Group) (out []*paper.Text) {
	every(g.Items, func(i paper.Item) {
		if t, ok := i.(*paper.Text); ok {
			out = append(out, t)
		}
	})
	return out
}

func written(g *paper.Group) (out []string) {
	for _, t := range texts(g) {
		out = append(out, t.Text)
	}
	return out
}

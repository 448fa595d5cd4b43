package demo

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

var update = flag.Bool("update", false, "rewrite the golden drawing")

// TestDrawing keeps the town's looks: whoever changes it sees the new map.
func TestDrawing(t *testing.T) {
	got := drawMap(once())
	golden := filepath.Join("testdata", "community.svg")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the town looks different from %s; look at it after: go test ./load/demo -run Drawing -update", golden)
	}
}

// drawMap makes a map of t as SVG, 1 pixel a metre before scaling.
func drawMap(t Town) []byte {
	const west, east, south, north = -640, 680, -620, 560
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Noto Sans CJK SC, sans-serif">`+"\n", east-west, north-south)
	b.WriteString(`<rect width="100%" height="100%" fill="#f4f2ec"/>` + "\n")
	xy := func(p orb.Point) (float64, float64) {
		return (p[0]-originLng)*metresPerLng - west, north - (p[1]-originLat)*metresPerLat
	}
	line := func(ps []orb.Point) string {
		var d strings.Builder
		for i, p := range ps {
			x, y := xy(p)
			fmt.Fprintf(&d, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], x, y)
		}
		return d.String()
	}
	area := func(mp ...orb.Polygon) string {
		var d strings.Builder
		for _, p := range mp {
			for _, r := range p {
				d.WriteString(line(r) + "Z")
			}
		}
		return d.String()
	}
	fills := map[GroundKind]string{Water: "#a9d3e8", Park: "#c6e3b5", Garden: "#d6ebc8", Pitch: "#e9c9a8", Square: "#ebe6dc", Parking: "#e6e6ea"}
	tint := []string{"#f3c6c0", "#f7dcb4", "#f4efb5", "#cfe8c0", "#bfe3dc", "#c3d7f0", "#dccbee"}
	groups := map[string]int{}
	for i, g := range t.Grids {
		if _, ok := groups[g.Group]; !ok {
			groups[g.Group] = len(groups)
		}
		fmt.Fprintf(&b, `<path d="%s" fill="%s" fill-opacity="%.2f"/>`+"\n", area(g.Boundary...), tint[groups[g.Group]], []float64{0.45, 0.7}[i%2])
	}
	for _, g := range t.Grounds {
		fmt.Fprintf(&b, `<path d="%s" fill="%s"/>`+"\n", area(g.Shape), fills[g.Kind])
	}
	width := map[string]float64{"trunk": 30, "secondary": 19, "tertiary": 14, "residential": 6, "service": 4.4, "footway": 1.6}
	for _, casing := range []bool{true, false} {
		for _, class := range []string{"footway", "service", "residential", "tertiary", "secondary", "trunk"} {
			for _, r := range t.Roads {
				if r.Class != class {
					continue
				}
				w, c := width[class], "#ffffff"
				if class == "trunk" {
					c = "#fbe3a6"
				}
				if class == "footway" {
					c = "#e8dfd0"
				}
				if casing {
					if class == "footway" {
						continue
					}
					w, c = w+1.6, "#d3cdc0"
				}
				fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="%.1f" stroke-linecap="round" stroke-linejoin="round"/>`+"\n", line(r.Line), c, w)
			}
		}
	}
	for _, h := range t.Buildings {
		fill := "#d9cfc4"
		switch {
		case h.Floors >= 12:
			fill = "#b9aeb8"
		case h.Units == 0 && h.Name != "":
			fill = "#c9b7a0"
		case h.Floors >= 5:
			fill = "#cbbfb4"
		}
		fmt.Fprintf(&b, `<path d="%s" fill="%s" fill-rule="evenodd" stroke="#a79a8c" stroke-width=".6"/>`+"\n", area(h.Footprint), fill)
	}
	for _, g := range t.Grids {
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="#7a5ea8" stroke-width="2" stroke-opacity=".75" stroke-linejoin="round"/>`+"\n", area(g.Boundary...))
	}
	for _, d := range t.Divisions {
		if d.Level == "COMMUNITY" {
			fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="#c0392b" stroke-width="2.4" stroke-dasharray="9 5"/>`+"\n", area(d.Boundary...))
		}
	}
	text := func(x, y, turn, size float64, fill, s string) {
		fmt.Fprintf(&b, `<text transform="translate(%.1f %.1f) rotate(%.1f)" font-size="%.0f" fill="%s" stroke="#fff" stroke-width="2.4" paint-order="stroke" text-anchor="middle">%s</text>`+"\n", x, y, turn, size, fill, s)
	}
	for _, r := range t.Roads {
		if r.Name == "" || r.Class == "footway" {
			continue
		}
		i := len(r.Line) / 2
		x0, y0 := xy(r.Line[i-1])
		x1, y1 := xy(r.Line[i])
		turn := math.Atan2(y1-y0, x1-x0) * 180 / math.Pi
		if turn > 90 {
			turn -= 180
		} else if turn < -90 {
			turn += 180
		}
		text((x0+x1)/2, (y0+y1)/2+4, turn, 10, "#555", r.Name)
	}
	for _, h := range t.Buildings {
		if h.Name != "" && h.Units == 0 && !strings.ContainsAny(h.Name, "0123456789") {
			c := h.Footprint.Bound().Center()
			x, y := xy(c)
			text(x, y+3, 0, 7, "#5b3a1e", h.Name)
		}
	}
	for _, g := range t.Grids {
		c := g.Boundary[0].Bound().Center()
		x, y := xy(c)
		text(x, y, 0, 13, "#4a2f86", g.Name)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

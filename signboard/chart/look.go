package chart

import "wangge/signboard/paper"

// The colours are calm in print, and told apart without colour too: what is written is dark, the grid is bright within a strong line with a white edge,
// what lies around it is pale. Text keeps a contrast of 4.5 on everything here.
var (
	ink           = grey(0x33)
	white         = grey(0xff)
	beyond        = grey(0xee) // where no grid is known
	hatch         = grey(0xd4)
	aroundFill    = paper.Colour{R: 0xf4, G: 0xf3, B: 0xef, A: 0xff}
	pale          = paper.Colour{R: 0xff, G: 0xff, B: 0xff, A: 0x80}
	gridLine      = paper.Colour{R: 0x8a, G: 0x12, B: 0x1c, A: 0xff}
	neighbourLine = grey(0x77)
	gridText      = paper.Colour{R: 0x7a, G: 0x0c, B: 0x16, A: 0xff}
	neighbourText = grey(0x50)
	streetText    = grey(0x22)
	waterText     = paper.Colour{R: 0x1f, G: 0x55, B: 0x75, A: 0xff}
	greenText     = paper.Colour{R: 0x2f, G: 0x5a, B: 0x2a, A: 0xff}
	houseText     = grey(0x2b)
	streetNumber  = paper.Colour{R: 0x0a, G: 0x4d, B: 0x6e, A: 0xff} // of a building on a street
	estateText    = paper.Colour{R: 0x6d, G: 0x3f, B: 0x0c, A: 0xff}
	netLine       = paper.Colour{R: 0x33, G: 0x55, B: 0x77, A: 0x48}
	houseFill     = paper.Colour{R: 0xe0, G: 0xd4, B: 0xc2, A: 0xff}
	houseEdge     = paper.Colour{R: 0x8c, G: 0x7c, B: 0x66, A: 0xff}
	hereFill      = paper.Colour{R: 0xc4, G: 0x12, B: 0x1f, A: 0xff}
	hereHouse     = paper.Colour{R: 0xfa, G: 0xc4, B: 0xa2, A: 0xff}

	// A single grid has the first; on a cover neighbours differ. None is the blue or green of water and parks.
	gridTints = []paper.Colour{
		{R: 0xff, G: 0xf6, B: 0xdc, A: 0xff}, {R: 0xec, G: 0xe4, B: 0xf7, A: 0xff}, {R: 0xfb, G: 0xdc, B: 0xc6, A: 0xff},
		{R: 0xf6, G: 0xd3, B: 0xde, A: 0xff}, {R: 0xe9, G: 0xe6, B: 0xb4, A: 0xff}, {R: 0xeb, G: 0xcf, B: 0xe8, A: 0xff},
	}
	grounds = [...]paper.Colour{
		Water: {R: 0xb4, G: 0xd4, B: 0xe6, A: 0xff},
		Green: {R: 0xd0, G: 0xe4, B: 0xc0, A: 0xff},
		Paved: {R: 0xea, G: 0xe6, B: 0xde, A: 0xff},
	}
)

func grey(v uint8) paper.Colour { return paper.Colour{R: v, G: v, B: v, A: 0xff} }

// class is how streets of a class are drawn.
type class struct {
	rank         int     // lower lies above and is named first
	metres       float64 // about how wide it is
	least, most  float64 // width on the sheet, in text sizes
	fill, casing paper.Colour
	dash         []float64 // in text sizes; of those without casing
}

var (
	mainFill, mainEdge     = paper.Colour{R: 0xfd, G: 0xe9, B: 0xb5, A: 0xff}, paper.Colour{R: 0xb0, G: 0x96, B: 0x58, A: 0xff}
	streetFill, streetEdge = white, paper.Colour{R: 0xa9, G: 0xa0, B: 0x94, A: 0xff}
	pathColour             = paper.Colour{R: 0x94, G: 0x86, B: 0x73, A: 0xff}

	trunk     = class{0, 24, 0.6, 2.2, mainFill, mainEdge, nil}
	primary   = class{1, 20, 0.55, 2, mainFill, mainEdge, nil}
	secondary = class{2, 15, 0.5, 1.8, streetFill, streetEdge, nil}
	tertiary  = class{3, 12, 0.42, 1.6, streetFill, streetEdge, nil}
	minor     = class{4, 8, 0.34, 1.5, streetFill, streetEdge, nil}
	service   = class{5, 4.5, 0.2, 1, streetFill, streetEdge, nil}
	footpath  = class{6, 1.5, 0.09, 0.09, pathColour, paper.Colour{}, []float64{0.4, 0.25}}
	railway   = class{7, 3, 0.16, 0.16, grey(0x88), paper.Colour{}, []float64{1, 0.4}}
)

// classes are the values of highway, with those by which other maps call them. Whatever else there is, is drawn as a small street; none are not drawn.
var (
	classes = map[string]*class{
		"motorway": &trunk, "trunk": &trunk, "motorway_link": &secondary, "trunk_link": &secondary, "major_road": &secondary,
		"primary": &primary, "primary_link": &tertiary, "secondary": &secondary, "secondary_link": &tertiary,
		"tertiary": &tertiary, "tertiary_link": &minor,
		"service": &service, "services": &service, "track": &service, "escape": &service,
		"footway": &footpath, "path": &footpath, "steps": &footpath, "cycleway": &footpath, "bridleway": &footpath, "corridor": &footpath,
		"elevator": &footpath, "via_ferrata": &footpath, "rail": &railway, "railway": &railway, "light_rail": &railway, "tram": &railway,
	}
	notDrawn = map[string]bool{"proposed": true, "construction": true, "abandoned": true, "razed": true, "ferry": true, "subway": true, "platform": true}
)

func classOf(name string) *class {
	if notDrawn[name] {
		return nil
	}
	if c := classes[name]; c != nil {
		return c
	}
	return &minor
}

// width of a street on the sheet, millimetres, at so many millimetres a metre.
func (c *class) width(scale, text float64) float64 {
	return min(max(c.metres*scale, c.least*text), c.most*text)
}

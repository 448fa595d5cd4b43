// Package paper is what is printed: sheets in millimetres with shapes, text, pictures and links, and the writers that make SVG, PDF and PNG of the same
// sheet. It knows fonts, Chinese line breaking and fitting; what a board says and where it stands is left to package signboard.
package paper

// Point is a place on a sheet in millimetres from its upper left corner, to the right and down.
type Point struct{ X, Y float64 }

// Box is a rectangle on a sheet in millimetres.
type Box struct{ X, Y, W, H float64 }

// Colour is sRGB with an opacity from 0 to 255.
type Colour struct{ R, G, B, A uint8 }

// Sheet is one page.
type Sheet struct {
	W, H  float64 // millimetres
	Title string  // of the document; plain text
	Lang  string  // BCP 47: "zh-CN", "en"
	Items []Item  // what comes later lies above

	Screen bool // as SVG it fills the window that it is seen in: a phone shows what is measured in millimetres as on a wide screen, too small to tap
}

// Item is something on a sheet: *Shape, *Text, *Picture, *Group or *Link.
type Item interface{ item() }

// Shape is lines or areas.
type Shape struct {
	Paths  [][]Point
	Closed bool      // each path is an area: even-odd, so that a later one within it is a hole
	Fill   Colour    // A 0: none
	Stroke Colour    // A 0: none
	Width  float64   // of the stroke, millimetres
	Dash   []float64 // lengths of strokes and gaps in turns, millimetres; nil: solid
}

// Anchor is which end of a line of text stands at its place.
type Anchor uint8

const (
	Start Anchor = iota
	Middle
	End
)

// Text is one line. It is selectable, and is never markup.
type Text struct {
	At     Point   // of the anchor, on the baseline
	Text   string  // plain
	Size   float64 // of the font, millimetres; a point is 25.4/72
	Bold   bool
	Colour Colour
	Anchor Anchor
	Turn   float64 // degrees clockwise around At
	Halo   float64 // width of a white edge around the letters, for names on maps; millimetres
}

// Picture is a PNG or JPEG that fills its box and is cut off where its shape is another.
type Picture struct {
	Box   Box
	Data  []byte
	Alt   string  // for those who cannot see it
	Round float64 // radius of the corners, millimetres
}

// Group is items that belong together.
type Group struct {
	Name  string // a word for the SVG's class, like "map"; [a-z-]
	Label string // what it shows, for those who cannot see it; ""
	Clip  *Box   // what lies outside is cut off; nil: nothing is
	Items []Item
}

// Link is a place that leads somewhere when it is tapped.
type Link struct {
	Box   Box
	URL   string // https, http, tel or a path; "" where Page is set
	Page  int    // of the same document, from 1; 0: URL leads elsewhere. A sheet by itself has no other pages
	Label string
}

func (*Shape) item()   {}
func (*Text) item()    {}
func (*Picture) item() {}
func (*Group) item()   {}
func (*Link) item()    {}

package signboard

// Format is how large a board is and which way it lies.
type Format struct {
	Size      string // a0 to a4
	Landscape bool
}

// Sizes are those of a Format, the smallest first.
var Sizes = []string{"a4", "a3", "a2", "a1", "a0"}

// upright are the width and height of a portrait sheet (ISO 216), millimetres.
var upright = map[string][2]float64{"a0": {841, 1189}, "a1": {594, 841}, "a2": {420, 594}, "a3": {297, 420}, "a4": {210, 297}, "a5": {148, 210}}

// mm are the width and height of the sheet.
func (f Format) mm() (w, h float64) {
	s := upright[f.Size]
	if f.Landscape {
		return s[1], s[0]
	}
	return s[0], s[1]
}

// What follows is designed for A3; A4 and A2 are that one smaller and larger, but for the map, which shows more where there is more room. A1 and A0 are wall
// charts, see wallW.
const (
	wallStreet = 18.7 // on the design of a wall chart: 60 pt on A1, 85 pt on A0
	margin     = 12.0 // no printer reaches further than 5 mm to the edge of an A4 sheet
	gap        = 5.0
	pad        = 6.0
	round      = 3.0
	columns    = 12
	tiny       = 3.12           // nothing is smaller: 2.2 mm on A4
	least      = 3.4            // size of the smallest font: 10 pt on A3, 7 pt on A4
	street     = 60 * 25.4 / 72 // size of the smallest phone number that is read from the street: 60 pt
)

// span are the left edge and the width of some of the twelve columns of a design that is w wide.
func span(w float64, first, n int) (x, width float64) {
	one := (w - 2*margin - (columns-1)*gap) / columns
	return margin + float64(first)*(one+gap), float64(n)*one + float64(n-1)*gap
}

// A wall chart (A0, A1) is read from two distances: the map up close, the rest from across the room. So it is no board made larger: these are the width
// and the height of its design.
const wallW, wallH = 525.0, 743.0

func (f Format) wall() bool { return f.Size == "a0" || f.Size == "a1" }

// design is how wide the design of a sheet is, which the sheet is larger than by the scale of its pen.
func (f Format) design() float64 {
	switch {
	case f.wall() && f.Landscape:
		return wallH
	case f.wall():
		return wallW
	case f.Landscape:
		return 420
	}
	return 297
}

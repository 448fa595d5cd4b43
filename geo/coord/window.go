package coord

import (
	"fmt"
	"strconv"
	"strings"
)

// Window is the part of the world that a deployment works in, degrees of CGCS2000, its edges included. A place
// outside is refused, so that a point of another town, or one whose system was named wrongly, is not answered.
// A window does not cross the date line.
type Window struct{ West, South, East, North float64 }

// World is the window that refuses nothing on Earth.
var World = Window{West: -180, South: -90, East: 180, North: 90}

// china is the rectangle in which the SDKs shift coordinates. It covers China's neighbours too, and so says only
// where the shift surely does not apply.
var china = Window{West: 72.004, South: 0.8293, East: 137.8347, North: 55.8271}

// OutsideError says that a place lies outside a window.
type OutsideError struct {
	Lng, Lat float64
	Window   Window
	Swapped  bool // with its axes exchanged it would lie inside
}

// Error names the place and the window.
func (e *OutsideError) Error() string {
	s := fmt.Sprintf("%v, %v is outside the window %v (west,south,east,north)", e.Lng, e.Lat, e.Window)
	if e.Swapped {
		s += "; the axes look swapped: longitude comes first, then latitude"
	}
	return s
}

// ParseWindow reads "west,south,east,north" in degrees. It refuses what is not four numbers of this world, and
// west ≥ east or south ≥ north, and says which.
func ParseWindow(s string) (Window, error) {
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return Window{}, fmt.Errorf("window %q must be west,south,east,north: 4 numbers in degrees, has %d", s, len(parts))
	}
	var v [4]float64
	for i, name := range []string{"west", "south", "east", "north"} {
		n, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		if err != nil {
			return Window{}, fmt.Errorf("window %q: %s is not a number: %q", s, name, parts[i])
		}
		v[i] = n
	}
	w := Window{v[0], v[1], v[2], v[3]}
	for _, corner := range [][2]float64{{w.West, w.South}, {w.East, w.North}} {
		if err := CheckWorld(corner[0], corner[1]); err != nil {
			return Window{}, fmt.Errorf("window %q: %w", s, err)
		}
	}
	if w.West >= w.East {
		return Window{}, fmt.Errorf("window %q: west must be less than east", s)
	}
	if w.South >= w.North {
		return Window{}, fmt.Errorf("window %q: south must be less than north", s)
	}
	return w, nil
}

// Contains reports whether p lies in w or on its edge. NaN lies nowhere.
func (w Window) Contains(p CGCS2000) bool {
	return p.Lng >= w.West && p.Lng <= w.East && p.Lat >= w.South && p.Lat <= w.North
}

// Check returns an *OutsideError unless w contains p.
func (w Window) Check(p CGCS2000) error {
	if w.Contains(p) {
		return nil
	}
	return &OutsideError{Lng: p.Lng, Lat: p.Lat, Window: w, Swapped: w.Contains(CGCS2000{p.Lat, p.Lng})}
}

// String is "west,south,east,north", as ParseWindow reads it.
func (w Window) String() string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return f(w.West) + "," + f(w.South) + "," + f(w.East) + "," + f(w.North)
}

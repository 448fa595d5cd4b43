package coord

import (
	"fmt"
	"math"
)

// RangeError says that a pair of numbers is no place on Earth, and which of the two is at fault.
type RangeError struct {
	Coordinate string  // "lng" or "lat"
	Value      float64 // its value, degrees
	Swapped    bool    // the pair would be on Earth with its axes exchanged
}

// Error names the coordinate, its value and what is allowed.
func (e *RangeError) Error() string {
	name, limit := "longitude", 180
	if e.Coordinate == "lat" {
		name, limit = "latitude", 90
	}
	switch {
	case math.IsNaN(e.Value) || math.IsInf(e.Value, 0):
		return fmt.Sprintf("%s (%s) %v is not a finite number", name, e.Coordinate, e.Value)
	case e.Swapped:
		return fmt.Sprintf("%s (%s) %v is outside -%d..%d; the axes look swapped: longitude comes first, then latitude",
			name, e.Coordinate, e.Value, limit, limit)
	default:
		return fmt.Sprintf("%s (%s) %v is outside -%d..%d", name, e.Coordinate, e.Value, limit, limit)
	}
}

// CheckWorld returns a *RangeError unless lng, lat (degrees) is a place on Earth: both finite,
// longitude within ±180, latitude within ±90, limits included.
func CheckWorld(lng, lat float64) error {
	// One comparison each is false for NaN as well, so the good case costs two.
	lngOK, latOK := math.Abs(lng) <= 180, math.Abs(lat) <= 90
	switch {
	case lngOK && latOK:
		return nil
	case math.IsNaN(lng) || math.IsInf(lng, 0):
		return &RangeError{Coordinate: "lng", Value: lng}
	case !latOK:
		return &RangeError{Coordinate: "lat", Value: lat, Swapped: math.Abs(lat) <= 180 && math.Abs(lng) <= 90}
	default:
		return &RangeError{Coordinate: "lng", Value: lng}
	}
}

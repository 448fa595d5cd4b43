package measure_test

import (
	"fmt"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

// PostGIS' ST_Area(geography) gives the same.
func ExampleAreaM2() {
	a, _ := measure.AreaM2(box(121.50, 31.20, 121.51, 31.21))
	fmt.Printf("%.0f m²\n", a)
	// Output: 1056612 m²
}

func ExampleDistanceToBoundaryM() {
	grid := orb.MultiPolygon{box(121.50, 31.20, 121.51, 31.21)}
	fmt.Printf("%.1f m\n", measure.DistanceToBoundaryM(orb.Point{121.511, 31.205}, grid))
	// Output: 95.3 m
}

func box(west, south, east, north float64) orb.Polygon {
	return orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}.ToPolygon()
}

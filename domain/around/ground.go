package around

import "slices"

// Ground is what a piece of land looks like from above. Maps on screens and on boards colour land by it, so that both show the same.
type Ground string

// The grounds that have a colour. Land of any other class has none: a district of homes is no park, nor is what nobody knows.
const (
	Water Ground = "WATER"
	Green Ground = "GREEN"
	Paved Ground = "PAVED" // squares, parking, sports grounds
)

// classes are the classes of land of each ground, as OpenStreetMap and those who cut it into layers call them.
var classes = map[Ground][]string{
	Water: {"water", "river", "riverbank", "stream", "canal", "lake", "pond", "reservoir", "basin", "bay", "wetland", "dock", "swimming_pool"},
	Green: {"green", "park", "garden", "grass", "grassland", "lawn", "meadow", "forest", "wood", "natural_wood", "scrub", "heath", "village_green",
		"recreation_ground", "nature_reserve", "protected_area", "national_park", "cemetery", "grave_yard", "golf_course", "zoo", "allotments", "orchard",
		"vineyard", "farm", "farmland", "flowerbed", "shrubbery", "plant_nursery", "dog_park", "tree_row", "greenfield", "greenery"},
	Paved: {"plaza", "square", "pedestrian", "footway", "parking", "pitch", "track", "playground"},
}

// Classes are the classes of land that look like g.
func Classes(g Ground) []string { return slices.Clone(classes[g]) }

// GroundOf is what land of a class looks like; "": it has no colour of its own.
func GroundOf(class string) Ground {
	for g, list := range classes {
		if slices.Contains(list, class) {
			return g
		}
	}
	return ""
}

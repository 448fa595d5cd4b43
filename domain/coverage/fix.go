package coverage

import (
	"math"
	"strconv"

	"wangge/internal/fault"
)

// Args of a Fix. None is a count of households: the sentence is for everyone.
const (
	ArgAreaM2    = "areaM2"    // square metres that change hands
	ArgSharedM   = "sharedM"   // metres of border that the area has in common with the grid
	ArgDistanceM = "distanceM" // metres from the building to the grid
	ArgShare     = "share"     // of the building's footprint that lies in the grid, 0 to 1
	ArgWhole     = "whole"     // true: the area is all of the grid, another one has it too
	ArgItself    = "itself"    // true: the grid is to be merged with one beside it
	ArgParts     = "parts"     // how many grids are to come of one
)

var _ = fault.Register(
	[3]string{"fix.add", "Add the {areaM2} m² to grid {grid}, which shares {sharedM} m of border with it.", "将这 {areaM2} 平方米划入“{grid}”，两者共有边界 {sharedM} 米。"},
	[3]string{"fix.addRest", "Add the other {areaM2} m² of it to grid {grid}.", "将其余 {areaM2} 平方米划入“{grid}”。"},
	[3]string{"fix.cut", "Cut the {areaM2} m² out of grid {grid}.", "将这 {areaM2} 平方米从“{grid}”划出。"},
	[3]string{"fix.drop", "Give up grid {grid}: another grid has all of its area.", "撤销“{grid}”：其全部范围已属于另一网格。"},
	[3]string{"fix.assignNear", "Give the building to grid {grid}, {distanceM} m away.", "将该楼栋划给“{grid}”，相距 {distanceM} 米。"},
	[3]string{"fix.assignShare", "Give the whole building to grid {grid}, which holds {share} % of it.", "将整栋楼划给“{grid}”，该网格已占其 {share}%。"},
	[3]string{"fix.appoint", "Appoint a grid worker for grid {grid}.", "为“{grid}”任命网格员。"},
	[3]string{"fix.split", "Split grid {grid} into {parts}.", "将“{grid}”拆分为 {parts} 个网格。"},
	[3]string{"fix.mergeAway", "Merge grid {grid} with one beside it.", "将“{grid}”并入相邻网格。"},
	[3]string{"fix.merge", "Merge it with grid {grid}.", "与“{grid}”合并。"},
)

// FixText says in a sentence what a fix would do; gridName is what people call its grid.
func FixText(f Fix, gridName string, lang fault.Language) string {
	keys := map[Action]string{AddToGrid: "fix.add", CutFromGrid: "fix.cut", AssignBuilding: "fix.assignShare",
		AppointWorker: "fix.appoint", SplitGrid: "fix.split", MergeGrids: "fix.merge"}
	k := keys[f.Action]
	if _, near := f.Args[ArgDistanceM]; near {
		k = "fix.assignNear"
	}
	if _, shared := f.Args[ArgSharedM]; f.Action == AddToGrid && !shared {
		k = "fix.addRest"
	}
	if whole, _ := f.Args[ArgWhole].(bool); whole {
		k = "fix.drop"
	}
	if itself, _ := f.Args[ArgItself].(bool); itself {
		k = "fix.mergeAway"
	}
	args := map[string]any{"grid": gridName}
	for name, v := range f.Args {
		n, ok := v.(float64)
		if !ok {
			continue
		}
		if name == ArgShare {
			n *= 100
		}
		args[name] = figure(n)
	}
	return (&fault.Error{Key: k, Args: args}).Text(lang)
}

// figure rounds for a reader: whole from 10 up, one decimal from 1, two beneath.
func figure(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 10 || abs == math.Trunc(abs):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case abs >= 1:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}
